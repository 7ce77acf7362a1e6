// Values -> text. One form per value, everywhere: std::to_chars and integer arithmetic, no locale.
//
// write_*  write to a buffer with room for kValueTextMax bytes and return the end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/lane.h"

namespace warpscore {

inline constexpr std::size_t kValueTextMax = 32;

[[nodiscard]] char* write_integer(char* out, std::int64_t value);
// All digits of the scale: 150 at scale 2 is 1.50.
[[nodiscard]] char* write_decimal(char* out, std::int64_t units, unsigned scale);
// The shortest text that reads back equal; nan, inf and -inf.
[[nodiscard]] char* write_double(char* out, double value);
[[nodiscard]] char* write_float(char* out, float value);
// 2018-04-01T00:00:31.000Z: always with milliseconds. REQUIRES years 1970 to 9999.
[[nodiscard]] char* write_rfc3339(char* out, std::int64_t time_ms);

// Numbers, decimals, booleans (0/1), times and durations (ms). REQUIRES !is_missing, not an enum
// nor a key.
[[nodiscard]] char* write_lane(char* out, ColumnType type, Lane lane);

}  // namespace warpscore
