// Texts of times -> epoch milliseconds UTC.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/schema.h"

namespace warpscore {

inline constexpr std::int64_t kTimeMaxMs = 253402300799999;  // 9999-12-31T23:59:59.999Z

// nullopt: not a time of this format, or outside 1970-01-01T00:00:00Z .. kTimeMaxMs.
// kEpochMs       an integer. kEpochSeconds: a number with at most three digits after the point.
// kRfc3339       with offset; digits beyond the milliseconds are cut off (towards the past). The
//                second 60 of a leap second is the second after it.
[[nodiscard]] std::optional<std::int64_t> parse_time(std::string_view text, TimeFormat format);

}  // namespace warpscore
