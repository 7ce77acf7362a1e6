// The operations of a Program, and what each does to the lanes of one row.
//
// Units   lanes as in base/lane.h; missing in, missing out, unless a comment says otherwise.
// Errors  "failed" is an overflow, a division by zero or a conversion out of range: the result is
//         missing and the row is counted.
// Formula no libm, no builtins: the same integer and IEEE steps on host and device (design S3).
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/lane.h"

namespace warpscore {

// Operands are registers `left` and `right`, the result goes to `target`, unless stated.
enum class Op : std::uint8_t {
  // Moves.
  kLoad,          // a column
  kConstant,      // `constant`
  kSelect,        // left ? right : register `column`; missing left: `constant`
  kGuard,         // 1 where register `column` (if any) is 1 and left is as `constant` says
  kReturn,        // left is the result
  kReturnDouble,  // same; every NaN becomes kMissingDouble
  kCountFailed,   // adds up left
  // Integers, decimals, times, durations. These can fail; `column` is packed by pack_failure.
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
  kScale,     // left * constant
  kRatio,     // double(left * low 32 bits of constant) / double(right * high 32 bits)
  kTruncate,  // double to integer
  // These cannot.
  kNegate,
  kDivideBy,       // left / constant, truncated
  kRemainderBy,    // left % constant
  kFloorDivideBy,  // left / constant, rounded down
  // Doubles.
  kAddDouble,
  kSubtractDouble,
  kMultiplyDouble,
  kDivideDouble,
  kNegateDouble,
  kToDouble,  // double(left) / constant
  // Comparisons: false (0) if a side is missing.
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kEqualDouble,
  kNotEqualDouble,
  kLessDouble,
  kLessEqualDouble,
  kCompareScaled,  // left * low half of constant with right * high half; `column` is a mask
  kCompareMixed,   // left / constant with the double right; `column` is a mask
  kAmong,          // target | left == constant
  kAmongDouble,
  kHas,
  kHasDouble,
  // Logic with three values.
  kAnd,
  kOr,
  kNot,
  // Parts of a time in UTC.
  kHours,
  kMinutes,
  kSeconds,
  kMilliseconds,
  kDayOfWeek,
  kFullYear,
  kMonth,
  kDate,
  kDayOfMonth,
  kDayOfYear,
};

// Masks of kCompareScaled and kCompareMixed: which outcomes are true.
inline constexpr std::uint32_t kOutcomeLess = 1;
inline constexpr std::uint32_t kOutcomeEqual = 2;
inline constexpr std::uint32_t kOutcomeGreater = 4;

// kGuard: the row is live where left == (constant & 1), or is not if constant & 2.
inline constexpr Lane kLiveIfFalse = 0;
inline constexpr Lane kLiveIfTrue = 1;
inline constexpr Lane kLiveUnlessFalse = 2;
inline constexpr Lane kLiveUnlessTrue = 3;

// An operation that can fail marks failures in one register, in rows that a guard register calls
// live: so `n == 0 ? 0 : s / n` counts no division by zero.
inline constexpr std::uint32_t kNoRegister = 0xff;
WARPSCORE_HD constexpr std::uint32_t pack_failure(std::uint32_t guard, std::uint32_t flags) {
  return guard | flags << 8;
}

WARPSCORE_HD constexpr Lane pack_factors(std::uint32_t left, std::uint32_t right) {
  return static_cast<Lane>(left) | static_cast<Lane>(right) << 32;
}
WARPSCORE_HD constexpr Lane left_factor(Lane packed) { return packed & 0xffffffff; }
WARPSCORE_HD constexpr Lane right_factor(Lane packed) { return packed >> 32; }

struct Checked {
  Lane value;
  bool failed;  // never set if an operand is missing
};

WARPSCORE_HD inline Checked checked(Lane value, bool missing, bool overflow) {
  const bool bad = missing | overflow | (value == kMissing);
  return {bad ? kMissing : value, bad && !missing};
}

WARPSCORE_HD inline Checked add_lanes(Lane a, Lane b) {
  const Lane sum = static_cast<Lane>(static_cast<std::uint64_t>(a) + static_cast<std::uint64_t>(b));
  return checked(sum, (a == kMissing) | (b == kMissing), ((a ^ sum) & (b ^ sum)) < 0);
}

WARPSCORE_HD inline Checked subtract_lanes(Lane a, Lane b) {
  const Lane difference =
      static_cast<Lane>(static_cast<std::uint64_t>(a) - static_cast<std::uint64_t>(b));
  return checked(difference, (a == kMissing) | (b == kMissing), ((a ^ b) & (a ^ difference)) < 0);
}

WARPSCORE_HD inline Checked multiply_lanes(Lane a, Lane b) {
  const auto product = static_cast<__int128>(a) * b;
  const auto low = static_cast<Lane>(product);
  return checked(low, (a == kMissing) | (b == kMissing), product != low);
}

// kMissing / -1 would trap, but is missing before it is divided.
WARPSCORE_HD inline Checked divide_lanes(Lane a, Lane b) {
  const bool missing = (a == kMissing) | (b == kMissing);
  const bool bad = missing | (b == 0);
  return checked(bad ? 0 : a / b, missing, b == 0);
}

WARPSCORE_HD inline Checked remainder_lanes(Lane a, Lane b) {
  const bool missing = (a == kMissing) | (b == kMissing);
  const bool bad = missing | (b == 0);
  return checked(bad ? 0 : a % b, missing, b == 0);
}

// The true ratio of two decimals: scaled exactly to one scale, then one IEEE division.
WARPSCORE_HD inline Checked ratio_of_lanes(Lane a, Lane b, Lane factors) {
  const Checked left = multiply_lanes(a, left_factor(factors));
  const Checked right = multiply_lanes(b, right_factor(factors));
  if (left.value == kMissing || right.value == kMissing) {
    const bool missing = a == kMissing || b == kMissing;
    return {kMissingDouble, !missing};
  }
  return {lane_of(static_cast<double>(left.value) / static_cast<double>(right.value)), false};
}

// Towards zero. 2^63 is exact as a double; -2^63 is kMissing, so no legal number either.
WARPSCORE_HD inline Checked truncate_lane(Lane lane) {
  const double value = double_of(lane);
  const bool fits = value > -0x1p63 && value < 0x1p63;
  return {fits ? static_cast<Lane>(value) : kMissing, value == value && !fits};
}

WARPSCORE_HD inline Lane to_double(Lane lane, Lane divisor) {
  if (lane == kMissing) return kMissingDouble;
  return lane_of(static_cast<double>(lane) / static_cast<double>(divisor));
}

WARPSCORE_HD inline Lane outcome_in(std::uint32_t mask, int order) {
  return static_cast<Lane>(mask >> (order + 1) & 1);
}

WARPSCORE_HD inline Lane compare_scaled(Lane a, Lane b, Lane factors, std::uint32_t mask) {
  if (a == kMissing || b == kMissing) return 0;
  const auto left = static_cast<__int128>(a) * left_factor(factors);
  const auto right = static_cast<__int128>(b) * right_factor(factors);
  return outcome_in(mask, (left > right) - (left < right));
}

// Whether |units| / power is below (-1), at (0) or above (1) mantissa * 2^shift, exactly. The
// mantissa has 53 bits and the power at most 20, so their product fits with room to shift.
WARPSCORE_HD inline int order_of_magnitudes(std::uint64_t units, std::uint64_t power,
                                            std::uint64_t mantissa, int shift) {
  using Wide = unsigned __int128;
  if (shift >= 11) return -1;  // at least 2^63
  const Wide product = static_cast<Wide>(mantissa) * power;
  if (shift >= 0) {
    const Wide right = product << shift;
    return (units > right) - (units < right);
  }
  if (shift <= -128) return 1;  // units is not 0 here
  const Wide right = product >> -shift;
  if (units != right) return units > right ? 1 : -1;
  return right << -shift == product ? 0 : -1;
}

// The order of units / power and a double that is not NaN.
WARPSCORE_HD inline int order_with_double(Lane units, Lane power, double value) {
  const Lane bits = lane_of(value);
  const int sign = (units > 0) - (units < 0);
  const int other = (value > 0) - (value < 0);
  if (sign != other) return sign < other ? -1 : 1;
  if (sign == 0) return 0;
  const int exponent = static_cast<int>(bits >> 52 & 0x7ff);
  if (exponent == 0x7ff) return -other;
  const auto fraction = static_cast<std::uint64_t>(bits) & 0xfffffffffffffULL;
  const std::uint64_t mantissa = exponent == 0 ? fraction : fraction | 1ULL << 52;
  const auto magnitude = static_cast<std::uint64_t>(units < 0 ? -units : units);
  const int shift = (exponent == 0 ? 1 : exponent) - 1075;
  return sign * order_of_magnitudes(magnitude, static_cast<std::uint64_t>(power), mantissa, shift);
}

WARPSCORE_HD inline Lane compare_mixed(Lane units, Lane lane, Lane power, std::uint32_t mask) {
  const double value = double_of(lane);
  if (units == kMissing || value != value) return 0;
  return outcome_in(mask, order_with_double(units, power, value));
}

WARPSCORE_HD inline Lane and_lanes(Lane a, Lane b) {
  const Lane both = ((a == kMissing) | (b == kMissing)) ? kMissing : 1;
  return ((a == 0) | (b == 0)) ? 0 : both;
}

WARPSCORE_HD inline Lane or_lanes(Lane a, Lane b) {
  const Lane neither = ((a == kMissing) | (b == kMissing)) ? kMissing : 0;
  return ((a == 1) | (b == 1)) ? 1 : neither;
}

WARPSCORE_HD constexpr Lane floor_divide(Lane a, Lane b) {  // b > 0
  const Lane quotient = a / b;
  return quotient - (a % b < 0 ? 1 : 0);
}

inline constexpr Lane kDayMs = 86'400'000;

// (time / unit, rounded down, + offset) modulo cycle, never negative: hours, minutes, weekdays...
template <Lane unit, Lane cycle, Lane offset>
WARPSCORE_HD inline Lane cycle_of(Lane time) {
  if (time == kMissing) return kMissing;
  const Lane rest = (floor_divide(time, unit) + offset) % cycle;
  return rest < 0 ? rest + cycle : rest;
}

struct CivilDate {
  Lane year;
  Lane month;         // 0..11
  Lane date;          // 1..31
  Lane day_of_month;  // 0..30
  Lane day_of_year;   // 0..365
};

// From days since 1970 in the proleptic Gregorian calendar: years begin on 1 March, so that the
// leap day is the last of its year (Hinnant, "chrono-compatible low-level date algorithms").
WARPSCORE_HD inline CivilDate civil_of_days(Lane days) {
  const Lane shifted = days + 719'468;  // 0000-03-01
  const Lane era = floor_divide(shifted, 146'097);
  const Lane day_of_era = shifted - era * 146'097;
  const Lane year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const Lane march_day = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const Lane march_month = (5 * march_day + 2) / 153;
  const Lane date = march_day - (153 * march_month + 2) / 5 + 1;
  const Lane month = march_month < 10 ? march_month + 2 : march_month - 10;
  const Lane year = year_of_era + era * 400 + (month <= 1 ? 1 : 0);
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  const Lane day_of_year = month <= 1 ? march_day - 306 : march_day + 59 + (leap ? 1 : 0);
  return {year, month, date, date - 1, day_of_year};
}

}  // namespace warpscore
