#include "base/key.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace warpscore {

Key key_of_long_text(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {hash.low64, hash.high64 | 0xffULL << 56};
}

}  // namespace warpscore
