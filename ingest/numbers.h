// Decimal text -> exact integers. No floating point anywhere.
//
// Units  parse_scaled gives units of 10^-scale.
#pragma once

#include <cstdint>
#include <string_view>

namespace warpscore {

enum class NumberError : std::uint8_t {
  kNone,
  kSyntax,         // not a number
  kTooManyDigits,  // not a whole number of 10^-scale: 1.505 at scale 2
  kOverflow,       // outside [-(2^63 - 1), 2^63 - 1]
};

struct ParsedNumber {
  std::int64_t value = 0;
  NumberError error = NumberError::kNone;
};

// Sign (+ or -), digits with or without a point, exponent; any length. "1.500" and "15e-1" at scale
// 2 are 150. A superset of JSON's numbers: "+5", "007", ".5" and "5." are numbers too.
[[nodiscard]] ParsedNumber parse_scaled(std::string_view text, unsigned scale);

// The grammar of RFC 8259, all of `text`.
[[nodiscard]] bool is_json_number(std::string_view text);

}  // namespace warpscore
