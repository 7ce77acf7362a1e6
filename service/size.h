// Sizes as people write them: "512MiB", "8GB", "80%".
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace warpscore {

struct Size {  // one of the two, the other 0
  std::uint64_t bytes = 0;
  std::uint32_t percent = 0;
};

// Whole numbers above 0 with B, kB, MB, GB, TB, KiB, MiB, GiB, TiB or % (up to 100); nothing if the
// text is no size.
[[nodiscard]] std::optional<Size> parse_size(std::string_view text);

}  // namespace warpscore
