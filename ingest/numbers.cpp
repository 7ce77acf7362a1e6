#include "ingest/numbers.h"

#include <algorithm>
#include <cstddef>
#include <limits>

namespace warpscore {
namespace {

constexpr std::int64_t kExponentMax = 1'000'000'000;  // beyond any text's length: saturates there
constexpr std::int64_t kSignificantMax = 19;          // decimal digits of 2^63 - 1
constexpr std::size_t kFastDigitsMax = 18;            // any number of these fits
constexpr std::int64_t kPowersOfTen[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};
constexpr unsigned kFastScaleMax = 6;

bool is_digit(char c) { return static_cast<unsigned char>(c - '0') < 10; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  std::size_t end = at;
  while (end < text.size() && is_digit(text[end])) ++end;
  return end - at;
}

// The parts of a number: ±whole.fraction e exponent.
struct Parts {
  bool negative = false;
  std::string_view whole;
  std::string_view fraction;
  std::int64_t exponent = 0;

  [[nodiscard]] std::int64_t digits() const {
    return static_cast<std::int64_t>(whole.size() + fraction.size());
  }
  [[nodiscard]] int digit(std::int64_t i) const {
    const auto at = static_cast<std::size_t>(i);
    return (at < whole.size() ? whole[at] : fraction[at - whole.size()]) - '0';
  }
};

// Reads e[+-]digits at `at`, to the end of the text.
bool split_exponent(std::string_view text, std::size_t at, std::int64_t& exponent) {
  ++at;  // e or E
  bool negative = false;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) negative = text[at++] == '-';
  const std::size_t size = digits_at(text, at);
  if (size == 0 || at + size != text.size()) return false;
  for (const char c : text.substr(at)) {
    exponent = std::min<std::int64_t>(exponent * 10 + (c - '0'), kExponentMax);
  }
  if (negative) exponent = -exponent;
  return true;
}

bool split(std::string_view text, Parts& parts) {
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) parts.negative = text[at++] == '-';
  parts.whole = text.substr(at, digits_at(text, at));
  at += parts.whole.size();
  if (at < text.size() && text[at] == '.') {
    ++at;
    parts.fraction = text.substr(at, digits_at(text, at));
    at += parts.fraction.size();
  }
  if (parts.digits() == 0) return false;
  if (at == text.size()) return true;
  if (text[at] != 'e' && text[at] != 'E') return false;
  return split_exponent(text, at, parts.exponent);
}

ParsedNumber parse_any(std::string_view text, unsigned scale) {
  Parts parts;
  if (!split(text, parts)) return {0, NumberError::kSyntax};
  // Digits [first, end) make the integer; those from `end` on must be zeros.
  const std::int64_t end =
      static_cast<std::int64_t>(parts.whole.size()) + parts.exponent + static_cast<int>(scale);
  std::int64_t first = 0;
  while (first < parts.digits() && parts.digit(first) == 0) ++first;
  if (first == parts.digits()) return {};  // zero
  std::int64_t last = parts.digits() - 1;
  while (parts.digit(last) == 0) --last;
  if (last >= end) return {0, NumberError::kTooManyDigits};
  if (end - first > kSignificantMax) return {0, NumberError::kOverflow};
  std::uint64_t magnitude = 0;
  for (std::int64_t i = first; i < end; ++i) {
    magnitude = magnitude * 10 + static_cast<unsigned>(i < parts.digits() ? parts.digit(i) : 0);
  }
  if (magnitude > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max())) {
    return {0, NumberError::kOverflow};
  }
  const auto value = static_cast<std::int64_t>(magnitude);
  return {parts.negative ? -value : value, NumberError::kNone};
}

}  // namespace

ParsedNumber parse_scaled(std::string_view text, unsigned scale) {
  // The usual case, [-]digits[.digits] with few digits, in one pass; parse_any does the rest.
  if (text.empty() || text.size() > kFastDigitsMax || scale > kFastScaleMax) {
    return parse_any(text, scale);
  }
  std::size_t at = text[0] == '-' ? 1 : 0;
  const bool negative = at == 1;
  std::int64_t value = 0;
  const std::size_t whole_at = at;
  while (at < text.size() && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
  const std::size_t whole = at - whole_at;
  if (whole == 0 || whole + scale > kFastDigitsMax) return parse_any(text, scale);
  std::size_t fraction = 0;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction_at = ++at;
    while (at < text.size() && is_digit(text[at])) value = value * 10 + (text[at++] - '0');
    fraction = at - fraction_at;
  }
  if (at != text.size() || fraction > scale) return parse_any(text, scale);
  value *= kPowersOfTen[scale - fraction];
  return {negative ? -value : value, NumberError::kNone};
}

bool is_json_number(std::string_view text) {
  std::size_t at = 0;
  if (at < text.size() && text[at] == '-') ++at;
  const std::size_t whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at == text.size()) return true;
  if (text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
    if (at == text.size()) return true;
  }
  if (text[at] != 'e' && text[at] != 'E') return false;
  ++at;
  if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
  const std::size_t exponent = digits_at(text, at);
  return exponent > 0 && at + exponent == text.size();
}

}  // namespace warpscore
