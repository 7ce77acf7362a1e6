#include "scoring/expression_literals.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace warpscore::expression {
namespace {

constexpr Units kTooLarge = {0, Fit::kTooLarge};
constexpr Units kTooPrecise = {0, Fit::kTooPrecise};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// What is neither 0 nor within ±(2^63 - 1) does not fit a lane.
Units signed_units(__int128 magnitude, bool negative) {
  if (magnitude > INT64_MAX) return kTooLarge;
  const auto value = static_cast<Lane>(magnitude);
  return {negative ? -value : value, Fit::kExact};
}

Units units_of_hex(std::string_view digits, bool negative, unsigned scale) {
  std::uint64_t value = 0;
  const auto [end, error] =
      std::from_chars(digits.data(), digits.data() + digits.size(), value, 16);
  if (error != std::errc{} || end != digits.data() + digits.size()) return kTooLarge;
  return signed_units(static_cast<__int128>(value) * power_of_ten(scale), negative);
}

// "12.50e3": the digits 1250 and the exponent 1.
struct Digits {
  __int128 value = 0;
  std::int64_t exponent = 0;
  bool too_many = false;
};

Digits read_digits(std::string_view spelling) {
  constexpr __int128 kValueMax = static_cast<__int128>(1) << 120;
  Digits digits;
  bool fraction = false;
  std::size_t i = 0;
  std::int64_t zeros = 0;  // held back: trailing ones only move the exponent
  for (; i < spelling.size() && (is_digit(spelling[i]) || spelling[i] == '.'); ++i) {
    if (spelling[i] == '.') {
      fraction = true;
      continue;
    }
    digits.exponent -= fraction ? 1 : 0;
    if (spelling[i] == '0') {
      ++zeros;
      continue;
    }
    if (digits.value == 0) zeros = 0;
    for (; zeros >= 0 && !digits.too_many; --zeros) {
      digits.too_many = digits.value > kValueMax / 10;
      if (!digits.too_many) digits.value *= 10;
    }
    digits.value += spelling[i] - '0';
    zeros = 0;
  }
  digits.exponent += zeros;
  if (i < spelling.size()) {  // e or E
    const std::size_t from = spelling[i + 1] == '+' ? i + 2 : i + 1;
    std::int32_t exponent = 0;
    const auto [end, error] =
        std::from_chars(spelling.data() + from, spelling.data() + spelling.size(), exponent);
    if (error != std::errc{}) exponent = spelling[i + 1] == '-' ? -1'000'000 : 1'000'000;
    digits.exponent += exponent;
  }
  return digits;
}

// Reads an unsigned number of exactly `count` digits.
std::optional<Lane> fixed_digits(std::string_view text, std::size_t at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  Lane value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (!is_digit(text[i])) return std::nullopt;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// Days from 1970-01-01 to a date of the Gregorian calendar; month 1..12.
Lane days_of_civil(Lane year, Lane month, Lane date) {
  const Lane march_year = month <= 2 ? year - 1 : year;
  const Lane era = march_year / 400;  // years are positive here
  const Lane year_of_era = march_year - era * 400;
  const Lane march_month = (month + 9) % 12;
  const Lane day_of_year = (153 * march_month + 2) / 5 + date - 1;
  return era * 146'097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
         719'468;
}

Lane days_in_month(Lane year, Lane month) {
  constexpr std::array<Lane, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
  return kDays[static_cast<std::size_t>(month - 1)] + (month == 2 && leap ? 1 : 0);
}

// ".125" at `at`: milliseconds. Moves `at` behind it.
Units read_fraction(std::string_view text, std::size_t& at) {
  Units units;
  if (at >= text.size() || text[at] != '.') return units;
  Lane weight = 100;
  for (++at; at < text.size() && is_digit(text[at]); ++at) {
    if (weight == 0 && text[at] != '0') units.fit = Fit::kTooPrecise;
    units.value += (text[at] - '0') * weight;
    weight /= 10;
  }
  return units;
}

// "Z" or "+01:30" from `at` to the end: minutes.
std::optional<Lane> read_offset(std::string_view text, std::size_t at) {
  const std::string_view rest = text.substr(at);
  if (rest == "Z" || rest == "z") return 0;
  if (rest.size() != 6 || (rest[0] != '+' && rest[0] != '-') || rest[3] != ':') {
    return std::nullopt;
  }
  const auto hours = fixed_digits(rest, 1, 2);
  const auto minutes = fixed_digits(rest, 4, 2);
  if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
  return (rest[0] == '-' ? -1 : 1) * (*hours * 60 + *minutes);
}

constexpr __int128 kNsPerMs = 1'000'000;

std::optional<__int128> unit_ns(std::string_view unit) {
  static constexpr std::array<std::pair<std::string_view, std::int64_t>, 7> kUnits = {
      {{"ns", 1},
       {"us", 1'000},
       {"ms", 1'000'000},
       {"s", 1'000'000'000},
       {"m", 60'000'000'000},
       {"h", 3'600'000'000'000},
       {"d", 86'400'000'000'000}}};
  for (const auto& [name, ns] : kUnits) {
    if (name == unit) return ns;
  }
  return std::nullopt;
}

struct Term {
  __int128 ns = 0;
  Fit fit = Fit::kExact;
};

constexpr __int128 kNsMax = static_cast<__int128>(INT64_MAX) * kNsPerMs;

Term term_of(const Digits& digits, __int128 unit) {
  if (digits.value == 0) return {};
  Term term{digits.value, Fit::kExact};
  std::int64_t exponent = digits.exponent;
  for (; exponent < 0 && unit % 10 == 0; ++exponent) unit /= 10;
  if (digits.too_many || term.ns > kNsMax / unit) return {0, Fit::kTooLarge};
  term.ns *= unit;
  for (; exponent > 0; --exponent) {
    if (term.ns > kNsMax) return {0, Fit::kTooLarge};
    term.ns *= 10;
  }
  for (; exponent < 0 && term.ns != 0; ++exponent) {
    if (term.ns % 10 != 0) return {0, Fit::kTooPrecise};
    term.ns /= 10;
  }
  return term;
}

// Takes "1.5h" off the front of a text.
std::optional<Term> take_term(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && (is_digit(text[end]) || text[end] == '.')) ++end;
  const std::string_view number = text.substr(0, end);
  if (number.empty() || number == "." || number.find('.') != number.rfind('.')) {
    return std::nullopt;
  }
  const std::size_t begin = end;
  while (end < text.size() && !is_digit(text[end]) && text[end] != '.') ++end;
  const auto unit = unit_ns(text.substr(begin, end - begin));
  text.remove_prefix(end);
  if (!unit) return std::nullopt;
  return term_of(read_digits(number), *unit);
}

}  // namespace

Units units_of_number(std::string_view spelling, bool negative, unsigned scale) {
  if (spelling.size() > 2 && (spelling[1] == 'x' || spelling[1] == 'X')) {
    return units_of_hex(spelling.substr(2), negative, scale);
  }
  Digits digits = read_digits(spelling);
  if (digits.value == 0) return {};
  digits.exponent += scale;
  if (digits.exponent < 0) return kTooPrecise;
  if (digits.too_many) return kTooLarge;
  for (; digits.exponent > 0; --digits.exponent) {
    if (digits.value > INT64_MAX) return kTooLarge;
    digits.value *= 10;
  }
  return signed_units(digits.value, negative);
}

std::optional<double> double_of_number(std::string_view spelling) {
  double value = 0;
  const auto [end, error] =
      std::from_chars(spelling.data(), spelling.data() + spelling.size(), value);
  if (error != std::errc{} || end != spelling.data() + spelling.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<Units> parse_cel_duration(std::string_view text) {
  const bool negative = !text.empty() && text[0] == '-';
  if (!text.empty() && (text[0] == '-' || text[0] == '+')) text.remove_prefix(1);
  if (text == "0") return Units{};
  if (text.empty()) return std::nullopt;
  Term total;
  while (!text.empty()) {
    const auto term = take_term(text);
    if (!term) return std::nullopt;
    total.ns += term->ns;
    total.fit = std::max({total.fit, term->fit, total.ns > kNsMax ? Fit::kTooLarge : Fit::kExact});
    total.ns = std::min(total.ns, kNsMax);
  }
  if (total.fit == Fit::kExact && total.ns % kNsPerMs != 0) return kTooPrecise;
  if (total.fit != Fit::kExact) return Units{0, total.fit};
  return signed_units(total.ns / kNsPerMs, negative);
}

std::optional<Units> parse_timestamp(std::string_view text) {
  const auto year = fixed_digits(text, 0, 4);
  const auto month = fixed_digits(text, 5, 2);
  const auto date = fixed_digits(text, 8, 2);
  const auto hours = fixed_digits(text, 11, 2);
  const auto minutes = fixed_digits(text, 14, 2);
  const auto seconds = fixed_digits(text, 17, 2);
  if (!year || !month || !date || !hours || !minutes || !seconds) return std::nullopt;
  const bool separated = text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' &&
                         (text[10] == 'T' || text[10] == 't');
  if (!separated || *year < 1 || *month < 1 || *month > 12 || *date < 1) return std::nullopt;
  if (*date > days_in_month(*year, *month)) return std::nullopt;
  if (*hours > 23 || *minutes > 59 || *seconds > 59) return std::nullopt;
  std::size_t at = 19;
  const Units fraction = read_fraction(text, at);
  const auto offset = read_offset(text, at);
  if (!offset) return std::nullopt;
  if (fraction.fit != Fit::kExact) return fraction;
  const Lane day_minutes = *hours * 60 + *minutes - *offset;
  const Lane days = days_of_civil(*year, *month, *date);
  return Units{(days * 1440 + day_minutes) * 60'000 + *seconds * 1000 + fraction.value,
               Fit::kExact};
}

}  // namespace warpscore::expression
