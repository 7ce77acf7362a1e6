#include "publish/value_text.h"

#include <gtest/gtest.h>

#include <charconv>
#include <cmath>
#include <limits>
#include <random>

namespace warpscore {
namespace {

template <class... Arguments>
std::string text(char* (*write)(char*, Arguments...), std::type_identity_t<Arguments>... values) {
  char buffer[kValueTextMax];
  return {buffer, write(buffer, values...)};
}

TEST(ValueText, Decimals) {
  EXPECT_EQ(text(write_decimal, 150, 2), "1.50");
  EXPECT_EQ(text(write_decimal, -5, 2), "-0.05");
  EXPECT_EQ(text(write_decimal, 0, 2), "0.00");
  EXPECT_EQ(text(write_decimal, 7, 0), "7");
  EXPECT_EQ(text(write_decimal, INT64_MAX, 6), "9223372036854.775807");
  EXPECT_EQ(text(write_decimal, -INT64_MAX, 1), "-922337203685477580.7");
}

TEST(ValueText, Doubles) {
  EXPECT_EQ(text(write_double, 0.0), "0");
  EXPECT_EQ(text(write_double, -0.0), "-0");
  EXPECT_EQ(text(write_double, 57.16), "57.16");
  EXPECT_EQ(text(write_double, -3.0), "-3");
  EXPECT_EQ(text(write_double, 0.1 + 0.2), "0.30000000000000004");
  EXPECT_EQ(text(write_double, 1e5), "1e+05");
  EXPECT_EQ(text(write_double, std::numeric_limits<double>::infinity()), "inf");
  EXPECT_EQ(text(write_double, -std::numeric_limits<double>::infinity()), "-inf");
  EXPECT_EQ(text(write_double, -std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
  EXPECT_EQ(text(write_double, std::numeric_limits<double>::denorm_min()), "5e-324");
  EXPECT_EQ(text(write_float, 2.1F), "2.1");
}

// The quick way for hundredths gives the bytes of std::to_chars: all of them, and neighbours.
TEST(ValueText, DoublesAreThoseOfToChars) {
  const auto expect_same = [](double value) {
    char buffer[64];
    const std::string expected(buffer, std::to_chars(buffer, buffer + 64, value).ptr);
    ASSERT_EQ(text(write_double, value), expected);
  };
  for (int i = -10'100'000; i <= 10'100'000; i += 7) {
    expect_same(i / 100.0);
    expect_same(std::nextafter(i / 100.0, 1e9));
  }
  std::mt19937_64 random(3);
  for (int i = 0; i < 1'000'000; ++i) {
    expect_same(std::bit_cast<double>(random()));
    expect_same(static_cast<double>(random() % 1'000'000) /
                static_cast<double>(1 + random() % 1000));
  }
}

TEST(ValueText, Times) {
  EXPECT_EQ(text(write_rfc3339, 0), "1970-01-01T00:00:00.000Z");
  EXPECT_EQ(text(write_rfc3339, 1522540831007), "2018-04-01T00:00:31.007Z");
  EXPECT_EQ(text(write_rfc3339, 951868799999), "2000-02-29T23:59:59.999Z");
  EXPECT_EQ(text(write_rfc3339, 253402300799999), "9999-12-31T23:59:59.999Z");
}

TEST(ValueText, Lanes) {
  EXPECT_EQ(text(write_lane, ColumnType{LaneType::kInteger, 0}, -INT64_MAX),
            "-9223372036854775807");
  EXPECT_EQ(text(write_lane, ColumnType{LaneType::kDecimal, 2}, 1), "0.01");
  EXPECT_EQ(text(write_lane, ColumnType{LaneType::kBool, 0}, 1), "1");
  EXPECT_EQ(text(write_lane, ColumnType{LaneType::kDouble, 0}, lane_of(0.5)), "0.5");
  EXPECT_DEATH((void)text(write_lane, ColumnType{LaneType::kKey, 0}, 1), "broken invariant");
}

}  // namespace
}  // namespace warpscore
