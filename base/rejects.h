// Why a transaction or a label was refused: the reason codes of the dead-letter topic.
//
// The codes are part of the format (docs/formats.md): add, never rename.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace warpscore {

enum class RejectReason : std::uint8_t {
  kNotJson,         // not one JSON object (or, in a file, not a CSV row of the header's width)
  kTooLong,         // value longer than 64 KiB
  kTooDeep,         // nested deeper than 8 levels
  kMissingField,    // a field that is not optional is absent, null or empty
  kWrongType,       // a field holds another type than configured
  kTooManyDigits,   // a decimal with more digits after the point than its scale
  kOverflow,        // a number outside the 64-bit range
  kBadTime,         // not a time, or outside the years 1970 to 9999
  kTimeInFuture,    // further than max_future_skew ahead of the Kafka timestamp
  kEnumFull,        // a new value of an enum that already has its most
  kTableFull,       // a new key, and the key table is full
  kLabelUnmatched,  // a label whose transaction was not found
};
inline constexpr std::size_t kRejectReasons = 12;

[[nodiscard]] constexpr std::string_view name_of(RejectReason reason) {
  constexpr std::array<std::string_view, kRejectReasons> kNames = {
      "not_json",       "too_long",        "too_deep",        "missing_field",
      "wrong_type",     "too_many_digits", "number_overflow", "bad_time",
      "time_in_future", "enum_full",       "table_full",      "label_unmatched"};
  return kNames[static_cast<std::size_t>(reason)];
}

}  // namespace warpscore
