// What a model reads of a feature's lane: the float boundary, one source for host and device.
//
// Units    a decimal is its value, not its units; a missing lane is NaN.
// Formula  an integer goes to float32 in one rounding, everything else through double
//          (docs/semantics.md).
#pragma once

#include <cstdint>
#include <limits>

#include "base/host_device.h"
#include "base/lane.h"

namespace warpscore {

// 10^scale: exact, as scales are at most 6.
WARPSCORE_HD constexpr double unit_of(ColumnType type) {
  double unit = 1.0;
  for (std::uint8_t s = 0; s < type.scale; ++s) unit *= 10.0;
  return unit;
}

// `unit` is unit_of(type): who has many lanes of one type makes it once.
WARPSCORE_HD inline double as_double(ColumnType type, double unit, Lane lane) {
  if (is_missing(type.type, lane)) return double_of(kMissingDouble);
  if (type.type == LaneType::kDouble) return double_of(lane);
  const double units = static_cast<double>(lane);
  return type.type == LaneType::kDecimal ? units / unit : units;
}

WARPSCORE_HD inline float as_float(ColumnType type, double unit, Lane lane) {
  if (type.type == LaneType::kInteger || type.type == LaneType::kBool) {
    return lane == kMissing ? std::numeric_limits<float>::quiet_NaN() : static_cast<float>(lane);
  }
  return static_cast<float>(as_double(type, unit, lane));
}

// The one NaN of a margin that is none: which NaN an operation gives differs between processors.
WARPSCORE_HD inline double known_or_missing(double margin) {
  return margin == margin ? margin : double_of(kMissingDouble);
}

}  // namespace warpscore
