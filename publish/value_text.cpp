#include "publish/value_text.h"

#include <charconv>
#include <cstring>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::int64_t kPowersOfTen[] = {1, 10, 100, 1'000, 10'000, 100'000, 1'000'000};
constexpr double kShortIntegers = 100'000;  // below it the fixed form is never the longer one

char* write_two(char* out, int value) {
  *out++ = static_cast<char>('0' + value / 10);
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

// Sums and ratios are often whole, or whole hundredths: amounts, and counts as doubles. A decimal
// of at most 15 digits that reads back equal is the shortest one, so this gives the bytes of
// std::to_chars at a third of its time. nullptr: not such a value.
char* write_hundredths(char* out, double value) {
  if (!(value > -kShortIntegers && value < kShortIntegers)) return nullptr;
  const double scaled = value * 100;
  const auto hundredths = static_cast<std::int64_t>(scaled < 0 ? scaled - 0.5 : scaled + 0.5);
  if (hundredths == 0 || static_cast<double>(hundredths) / 100 != value) return nullptr;
  char* end = write_decimal(out, hundredths, 2);
  if (end[-1] == '0') {
    --end;
    if (end[-1] == '0') end -= 2;
  }
  return end;
}

}  // namespace

char* write_integer(char* out, std::int64_t value) {
  return std::to_chars(out, out + kValueTextMax, value).ptr;
}

char* write_decimal(char* out, std::int64_t units, unsigned scale) {
  WARPSCORE_CHECK(scale <= 6);
  if (scale == 0) return write_integer(out, units);
  if (units < 0) {
    *out++ = '-';
    units = -units;  // never the smallest: that is kMissing
  }
  out = write_integer(out, units / kPowersOfTen[scale]);
  *out++ = '.';
  std::int64_t fraction = units % kPowersOfTen[scale];
  for (unsigned i = scale; i > 0; --i) {
    out[i - 1] = static_cast<char>('0' + fraction % 10);
    fraction /= 10;
  }
  return out + scale;
}

char* write_double(char* out, double value) {
  if (char* const end = write_hundredths(out, value); end != nullptr) return end;
  return std::to_chars(out, out + kValueTextMax, value).ptr;
}

char* write_float(char* out, float value) {
  return std::to_chars(out, out + kValueTextMax, value).ptr;
}

char* write_rfc3339(char* out, std::int64_t time_ms) {
  WARPSCORE_CHECK(time_ms >= 0 && time_ms < 253402300800000);
  constexpr std::int64_t kDayMs = 86'400'000;
  const std::int64_t days = time_ms / kDayMs + 719'468;  // since 0000-03-01
  const auto of_day_ms = static_cast<int>(time_ms % kDayMs);
  // Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms".
  const std::int64_t era = days / 146'097;
  const auto day_of_era = static_cast<int>(days - era * 146'097);
  const int year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const int shifted_month = (5 * day_of_year + 2) / 153;  // 0 is March
  const int day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const int month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int year = year_of_era + static_cast<int>(era) * 400 + (month <= 2 ? 1 : 0);

  out = write_two(write_two(out, year / 100), year % 100);
  *out++ = '-';
  out = write_two(out, month);
  *out++ = '-';
  out = write_two(out, day);
  *out++ = 'T';
  out = write_two(out, of_day_ms / 3'600'000);
  *out++ = ':';
  out = write_two(out, of_day_ms / 60'000 % 60);
  *out++ = ':';
  out = write_two(out, of_day_ms / 1'000 % 60);
  *out++ = '.';
  *out++ = static_cast<char>('0' + of_day_ms % 1'000 / 100);
  out = write_two(out, of_day_ms % 100);
  *out++ = 'Z';
  return out;
}

char* write_lane(char* out, ColumnType type, Lane lane) {
  switch (type.type) {
    case LaneType::kDecimal:
      return write_decimal(out, lane, type.scale);
    case LaneType::kDouble:
      return write_double(out, double_of(lane));
    case LaneType::kInteger:
    case LaneType::kBool:
    case LaneType::kTime:
    case LaneType::kDuration:
      return write_integer(out, lane);
    case LaneType::kEnum:
    case LaneType::kKey:
      break;
  }
  WARPSCORE_CHECK(!"an enum or a key has no number to be written");
  return out;
}

}  // namespace warpscore
