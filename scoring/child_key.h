// The key of a child table (`same`): a key field together with the values of other fields.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/key.h"
#include "base/lane.h"

namespace warpscore {

// The identity of (key, value): a bijection of the key for a given value.
WARPSCORE_HD inline Key joined_key(const Key& key, Lane value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return {mix64(key.low ^ mix64(bits + 0x9e3779b97f4a7c15ULL)),
          mix64(key.high + mix64(bits ^ 0xd1b54a32d192ed03ULL))};
}

// The identity of (parent, value, value...) with row's values of fields[same[0]], fields[same[1]]
// and so on. No key stays no key.
WARPSCORE_HD inline Key child_key(const Key& parent, const std::uint32_t* same,
                                  std::uint32_t same_count, const Lane* const* fields,
                                  std::uint32_t row) {
  Key key = parent;
  if (parent.empty()) return key;
  for (std::uint32_t i = 0; i < same_count; ++i) key = joined_key(key, fields[same[i]][row]);
  return key;
}

}  // namespace warpscore
