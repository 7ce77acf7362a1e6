#include "service/duration.h"

#include <array>

#include "base/check.h"

namespace warpscore {
namespace {

struct Unit {
  std::string_view name;
  std::int64_t ms;
};

// Largest first: the order in which the parts of a duration must stand.
constexpr std::array<Unit, 6> kUnits = {{{"w", 7 * 86'400'000LL},
                                         {"d", 86'400'000},
                                         {"h", 3'600'000},
                                         {"m", 60'000},
                                         {"s", 1'000},
                                         {"ms", 1}}};

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text.empty()) return std::nullopt;
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  std::size_t i = 0;
  while (i < text.size()) {
    const std::size_t digits = i;
    std::int64_t number = 0;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      number = number * 10 + (text[i] - '0');
      if (number > kMaxDurationMs) return std::nullopt;
    }
    const std::size_t letters = i;
    while (i < text.size() && text[i] >= 'a' && text[i] <= 'z') ++i;
    if (letters == digits || i == letters) return std::nullopt;
    const std::string_view name = text.substr(letters, i - letters);
    while (next_unit < kUnits.size() && kUnits[next_unit].name != name) ++next_unit;
    if (next_unit == kUnits.size()) return std::nullopt;
    const std::int64_t unit_ms = kUnits[next_unit++].ms;
    if (number > (kMaxDurationMs - total) / unit_ms) return std::nullopt;
    total += number * unit_ms;
  }
  return total;
}

std::string format_duration(std::int64_t ms) {
  WARPSCORE_CHECK(ms >= 0);
  if (ms == 0) return "0s";
  std::string text;
  for (const Unit& unit : kUnits) {
    if (unit.name == "w") continue;  // "30d", not "4w2d"
    if (ms >= unit.ms) text += std::to_string(ms / unit.ms) + std::string(unit.name);
    ms %= unit.ms;
  }
  return text;
}

}  // namespace warpscore
