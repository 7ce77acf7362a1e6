#include "ingest/timestamp.h"

#include <cstddef>

#include "ingest/numbers.h"

namespace warpscore {
namespace {

constexpr std::int64_t kDayMs = 86'400'000;
constexpr std::size_t kDateTimeSize = 19;  // YYYY-MM-DDTHH:MM:SS

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar, its year starting in March
// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms").
std::int64_t days_of(int year, int month, int day) {
  year -= month <= 2 ? 1 : 0;
  const int era = (year >= 0 ? year : year - 399) / 400;
  const int year_of_era = year - era * 400;
  const int day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
  const int day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<std::int64_t>(era) * 146'097 + day_of_era - 719'468;
}

int days_in(int year, int month) {
  constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  const bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
  return month == 2 && leap ? 29 : kDays[month - 1];
}

// `size` digits at `at`; -1 if one is none.
int digits(std::string_view text, std::size_t at, std::size_t size) {
  int value = 0;
  for (std::size_t i = at; i < at + size; ++i) {
    if (text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

// "Z" or "+HH:MM", all of `text`: how far local time is ahead.
std::optional<std::int64_t> parse_offset(std::string_view text) {
  if (text == "Z" || text == "z") return 0;
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return {};
  const int hours = digits(text, 1, 2);
  const int minutes = digits(text, 4, 2);
  if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59) return {};
  const std::int64_t ahead_ms = (hours * 60 + minutes) * std::int64_t{60'000};
  return text[0] == '+' ? ahead_ms : -ahead_ms;
}

std::optional<std::int64_t> parse_rfc3339(std::string_view text) {
  if (text.size() <= kDateTimeSize) return {};
  const bool separated = text[4] == '-' && text[7] == '-' && text[13] == ':' && text[16] == ':' &&
                         (text[10] == 'T' || text[10] == 't' || text[10] == ' ');
  const int year = digits(text, 0, 4);
  const int month = digits(text, 5, 2);
  const int day = digits(text, 8, 2);
  const int hour = digits(text, 11, 2);
  const int minute = digits(text, 14, 2);
  const int second = digits(text, 17, 2);
  if (!separated || year < 0 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
    return {};
  }
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return {};

  std::size_t at = kDateTimeSize;
  int fraction_ms = 0;
  if (text[at] == '.') {
    int unit_ms = 100;
    const std::size_t first = ++at;
    for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, unit_ms /= 10) {
      fraction_ms += (text[at] - '0') * unit_ms;  // unit 0 after three digits: cut off
    }
    if (at == first) return {};
  }
  const auto ahead_ms = parse_offset(text.substr(at));
  if (!ahead_ms) return {};
  return days_of(year, month, day) * kDayMs + ((hour * 60 + minute) * 60 + second) * 1000LL +
         fraction_ms - *ahead_ms;
}

}  // namespace

std::optional<std::int64_t> parse_time(std::string_view text, TimeFormat format) {
  std::int64_t time_ms = 0;
  if (format == TimeFormat::kRfc3339) {
    const auto parsed = parse_rfc3339(text);
    if (!parsed) return {};
    time_ms = *parsed;
  } else {
    const ParsedNumber parsed = parse_scaled(text, format == TimeFormat::kEpochSeconds ? 3 : 0);
    if (parsed.error != NumberError::kNone) return {};
    time_ms = parsed.value;
  }
  if (time_ms < 0 || time_ms > kTimeMaxMs) return {};
  return time_ms;
}

}  // namespace warpscore
