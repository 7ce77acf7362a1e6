// One value of a transaction or a feature as every stage passes it on: eight bytes, a "lane".
//
// Units    integer: the number; decimal: units of 10^-scale; time: epoch milliseconds UTC;
//          duration: milliseconds; boolean: 0 or 1; enum: the number its text has in the Dictionary
//          (equal text, equal number; the order means nothing); key: its 63-bit fingerprint;
//          double: the bits of an IEEE double.
// Missing  kMissing for all of them but double, where NaN is missing (design S10). So the smallest
//          int64 is no legal number: decoding refuses it, arithmetic that reaches it is an
//          overflow.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "base/host_device.h"

namespace warpscore {

using Lane = std::int64_t;

inline constexpr Lane kMissing = std::numeric_limits<std::int64_t>::min();

// std::bit_cast is constexpr, which nvcc takes on the device as well.
WARPSCORE_HD constexpr Lane lane_of(double value) { return std::bit_cast<Lane>(value); }
WARPSCORE_HD constexpr double double_of(Lane lane) { return std::bit_cast<double>(lane); }

inline constexpr Lane kMissingDouble =
    std::bit_cast<Lane>(std::numeric_limits<double>::quiet_NaN());

enum class LaneType : std::uint8_t {
  kInteger,
  kDecimal,  // with a scale of 0..6 beside it
  kDouble,
  kBool,
  kTime,
  kDuration,
  kEnum,
  kKey,
};

// What a column of lanes holds. `scale` is 0 unless `type` is kDecimal.
struct ColumnType {
  LaneType type = LaneType::kInteger;
  std::uint8_t scale = 0;
  friend bool operator==(const ColumnType&, const ColumnType&) = default;
};

WARPSCORE_HD constexpr bool is_missing(LaneType type, Lane lane) {
  if (type != LaneType::kDouble) return lane == kMissing;
  const double value = double_of(lane);
  return value != value;
}

}  // namespace warpscore
