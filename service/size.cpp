#include "service/size.h"

#include <array>
#include <charconv>
#include <limits>

namespace warpscore {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array<Unit, 9> kUnits = {{{"B", 1},
                                         {"kB", 1'000},
                                         {"MB", 1'000'000},
                                         {"GB", 1'000'000'000},
                                         {"TB", 1'000'000'000'000},
                                         {"KiB", 1ULL << 10},
                                         {"MiB", 1ULL << 20},
                                         {"GiB", 1ULL << 30},
                                         {"TiB", 1ULL << 40}}};

}  // namespace

std::optional<Size> parse_size(std::string_view text) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || number == 0) return std::nullopt;
  std::string_view unit(end, text.data() + text.size() - end);
  if (unit == "%") {
    if (number > 100) return std::nullopt;
    return Size{0, static_cast<std::uint32_t>(number)};
  }
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  for (const Unit& known : kUnits)
    if (known.name == unit && number <= std::numeric_limits<std::uint64_t>::max() / known.bytes)
      return Size{number * known.bytes, 0};
  return std::nullopt;
}

}  // namespace warpscore
