// Values that expressions spell out, parsed exactly: nothing is rounded but a double.
//
// Errors  nothing is thrown: the caller knows the position and the mend.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/lane.h"

namespace warpscore::expression {

enum class Fit : std::uint8_t { kExact, kTooPrecise, kTooLarge };

struct Units {
  Lane value = 0;
  Fit fit = Fit::kExact;
};

// "500.00", "5e2" or "0x1f" in units of 10^-scale. kTooPrecise if a digit would be lost.
[[nodiscard]] Units units_of_number(std::string_view spelling, bool negative, unsigned scale);

// Nothing if it is infinite, or not 0 but rounded to 0.
[[nodiscard]] std::optional<double> double_of_number(std::string_view spelling);

// Milliseconds of "90s", "1h30m", "-1.5h", "2d": units d h m s ms us ns. kTooPrecise if they are
// no whole number of milliseconds; nothing if it is no such text.
[[nodiscard]] std::optional<Units> parse_cel_duration(std::string_view text);

// Epoch milliseconds of RFC 3339, years 1 to 9999, without leap seconds.
[[nodiscard]] std::optional<Units> parse_timestamp(std::string_view text);

[[nodiscard]] constexpr Lane power_of_ten(unsigned exponent) {
  Lane power = 1;
  for (unsigned i = 0; i < exponent; ++i) power *= 10;
  return power;
}

}  // namespace warpscore::expression
