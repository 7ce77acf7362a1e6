#include "ingest/numbers.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace warpscore {
namespace {

using enum NumberError;

struct Case {
  std::string text;
  unsigned scale;
  NumberError error;
  std::int64_t value;
};

TEST(Numbers, ParseScaled) {
  const std::string zeros(60'000, '0');
  const Case cases[] = {
      {"0", 0, kNone, 0},
      {"-0", 2, kNone, 0},
      {"12.34", 2, kNone, 1234},
      {"-12.34", 2, kNone, -1234},
      {"12.3", 2, kNone, 1230},
      {"12", 2, kNone, 1200},
      {"1.500", 2, kNone, 150},
      {"1.505", 2, kTooManyDigits, 0},
      {"0.000001", 6, kNone, 1},
      {"0.0000001", 6, kTooManyDigits, 0},
      {"1.0", 0, kNone, 1},
      {"1e3", 0, kNone, 1000},
      {"1E+3", 0, kNone, 1000},
      {"1.5e1", 0, kNone, 15},
      {"1.55e1", 0, kTooManyDigits, 0},
      {"1500e-2", 0, kNone, 15},
      {"1500e-3", 0, kTooManyDigits, 0},
      {"15e-1", 2, kNone, 150},
      {"0e999999999999", 0, kNone, 0},
      {"0.0e-999999999999", 0, kNone, 0},
      {"1e999999999999", 0, kOverflow, 0},
      {"1e-999999999999", 6, kTooManyDigits, 0},
      {"9223372036854775807", 0, kNone, INT64_MAX},
      {"-9223372036854775807", 0, kNone, -INT64_MAX},
      {"-9223372036854775808", 0, kOverflow, 0},
      {"9223372036854775808", 0, kOverflow, 0},
      {"18446744073709551616", 0, kOverflow, 0},
      {"92233720368547758.07", 2, kNone, INT64_MAX},
      {"92233720368547758.08", 2, kOverflow, 0},
      {"9223372036854.775807", 6, kNone, INT64_MAX},
      {"9223372036855", 6, kOverflow, 0},
      {"0." + zeros + "1e60001", 0, kNone, 1},
      {"1" + zeros + "e-60000", 2, kNone, 100},
      {zeros + "7", 0, kNone, 7},
      {"+5", 0, kNone, 5},
      {"007", 0, kNone, 7},
      {".5", 1, kNone, 5},
      {"5.", 0, kNone, 5},
      {"", 0, kSyntax, 0},
      {"-", 0, kSyntax, 0},
      {".", 0, kSyntax, 0},
      {"-.", 0, kSyntax, 0},
      {"--1", 0, kSyntax, 0},
      {"1e", 0, kSyntax, 0},
      {"1e+", 0, kSyntax, 0},
      {"e5", 0, kSyntax, 0},
      {"1 ", 0, kSyntax, 0},
      {" 1", 0, kSyntax, 0},
      {"1,5", 2, kSyntax, 0},
      {"0x10", 0, kSyntax, 0},
      {"nan", 0, kSyntax, 0},
      {"1.2.3", 2, kSyntax, 0},
      {"123456789012345678901234567890x", 0, kSyntax, 0},
  };
  for (const Case& c : cases) {
    const ParsedNumber got = parse_scaled(c.text, c.scale);
    EXPECT_EQ(static_cast<int>(got.error), static_cast<int>(c.error)) << c.text.substr(0, 40);
    if (c.error == kNone) {
      EXPECT_EQ(got.value, c.value) << c.text.substr(0, 40);
    }
  }
}

// Every number written with its scale's digits, with more zeros, and with an exponent reads back.
TEST(Numbers, RoundTrip) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 100'000; ++i) {
    const unsigned scale = static_cast<unsigned>(random() % 7);
    const auto value = static_cast<std::int64_t>(random()) >> (random() % 64);
    if (value == INT64_MIN) continue;
    std::string digits = std::to_string(value < 0 ? -value : value);
    const std::string sign = value < 0 ? "-" : "";
    const std::string with_exponent = sign + digits + "e-" + std::to_string(scale);
    if (digits.size() <= scale) digits.insert(0, scale + 1 - digits.size(), '0');
    const std::string plain = sign + digits.substr(0, digits.size() - scale) +
                              (scale > 0 ? "." + digits.substr(digits.size() - scale) : "");
    for (const std::string& text : {plain, scale > 0 ? plain + "000" : plain, with_exponent}) {
      const ParsedNumber got = parse_scaled(text, scale);
      ASSERT_EQ(static_cast<int>(got.error), 0) << text;
      ASSERT_EQ(got.value, value) << text;
    }
  }
}

TEST(Numbers, JsonGrammar) {
  for (const char* good : {"0", "-0", "1", "10", "-1.5", "0.5", "1e5", "1E+5", "1.0e-5", "0e0"}) {
    EXPECT_TRUE(is_json_number(good)) << good;
  }
  for (const char* bad : {"", "-", "+1", "01", "-01", "00", ".5", "5.", "1e", "1e+", "1.e5", "1x",
                          "0x1", "1.2.3", "Infinity", "--1", "1 "}) {
    EXPECT_FALSE(is_json_number(bad)) << bad;
  }
}

}  // namespace
}  // namespace warpscore
