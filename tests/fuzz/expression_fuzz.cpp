// Any bytes as an expression: an error with a position inside the text, or a program that gives the
// same for every size of block and reads only what it lists.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "scoring/expression.h"

namespace {

using namespace warpscore;

constexpr std::uint32_t kRows = 133;  // one full block and a part
constexpr std::uint32_t kColumns = 12;

// n, m: integers; d, e: decimals; x, y: doubles; b: boolean; t, u: times; s: duration; c: enum; k:
// key.
class FuzzScope : public Scope {
 public:
  std::optional<Symbol> find(std::string_view name) override {
    static constexpr std::string_view kNames = "nmdexybtusck";
    static constexpr ColumnType kTypes[kColumns] = {
        {LaneType::kInteger, 0},  {LaneType::kInteger, 0}, {LaneType::kDecimal, 2},
        {LaneType::kDecimal, 6},  {LaneType::kDouble, 0},  {LaneType::kDouble, 0},
        {LaneType::kBool, 0},     {LaneType::kTime, 0},    {LaneType::kTime, 0},
        {LaneType::kDuration, 0}, {LaneType::kEnum, 0},    {LaneType::kKey, 0}};
    if (name == "time") name = "t";
    const std::size_t found = kNames.find(name);
    if (name.size() != 1 || found == std::string_view::npos) return std::nullopt;
    return Symbol{static_cast<std::uint32_t>(found), kTypes[found]};
  }
  std::optional<Symbol> previous(std::string_view key, std::string_view field) override {
    if (key != "k") return std::nullopt;
    return find(field);
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    return {"n", "m", "d", "e", "x", "y", "b", "time", "u", "s", "c", "k"};
  }
};

Lane lane_at(std::uint32_t column, std::uint32_t row) {
  const bool is_double = column == 4 || column == 5;
  if (row % 7 == 6) return is_double ? kMissingDouble : kMissing;
  if (column == 6) return row % 2;
  const Lane small = static_cast<Lane>(row * 2654435761U + column * 40503U) - (1LL << 31);
  if (is_double) return lane_of(row % 5 == 0 ? 0x1p63 : static_cast<double>(small) / 16);
  if (row % 5 == 0) return row % 2 == 0 ? INT64_MAX : -INT64_MAX;
  return row % 3 == 0 ? small % 10 : small;
}

const std::vector<std::vector<Lane>>& columns() {
  static const auto* const kMade = [] {
    auto* made = new std::vector<std::vector<Lane>>(kColumns, std::vector<Lane>(kRows));
    for (std::uint32_t c = 0; c < kColumns; ++c) {
      for (std::uint32_t r = 0; r < kRows; ++r) (*made)[c][r] = lane_at(c, r);
    }
    return made;
  }();
  return *kMade;
}

void run(const Program& program) {
  std::vector<const Lane*> pointers(kColumns, nullptr);
  for (const std::uint32_t column : program.columns) pointers[column] = columns()[column].data();
  WARPSCORE_CHECK(program.registers <= kProgramRegistersMax);
  std::vector<Lane> scratch(program.registers * kProgramBlock);
  std::vector<Lane> wide(kRows);
  std::vector<Lane> narrow(kRows);
  const std::uint32_t failed_wide = run_program<kProgramBlock>(view_of(program), pointers.data(), 0,
                                                               kRows, scratch.data(), wide.data());
  const std::uint32_t failed_narrow =
      run_program<1>(view_of(program), pointers.data(), 0, kRows, scratch.data(), narrow.data());
  WARPSCORE_CHECK(wide == narrow && failed_wide == failed_narrow && failed_wide <= kRows);
  for (const Lane lane : wide) {
    const bool boolean = program.type.type == LaneType::kBool;
    WARPSCORE_CHECK(!boolean || lane == 0 || lane == 1 || lane == kMissing);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    FuzzScope scope;
    Dictionary dictionary(100);
    (void)names_in(text);
    run(compile_expression(text, scope, dictionary));
  } catch (const ExpressionError& error) {
    WARPSCORE_CHECK(error.position() <= size && *error.what() != '\0');
  }
  return 0;
}
