// What a row of an expression costs on one core, in the blocks that the engine runs.
//
//   expression_bench        items_per_second: rows; per_row: ns
//
// The expressions are those of the Handbook's configuration and of workload R1, and one for each
// kind of operation that is not a plain loop.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/key.h"
#include "scoring/expression.h"

namespace {

using namespace warpscore;

constexpr std::uint32_t kRows = 8192;  // columns stay in L2: the loads are the engine's cost

struct Column {
  std::string_view name;
  ColumnType type;
};

constexpr Column kColumns[] = {
    {"time", {LaneType::kTime, 0}},        {"amount", {LaneType::kDecimal, 2}},
    {"fee", {LaneType::kDecimal, 3}},      {"country", {LaneType::kEnum, 0}},
    {"home", {LaneType::kEnum, 0}},        {"c1_n", {LaneType::kInteger, 0}},
    {"c1_sum", {LaneType::kInteger, 0}},   {"sum_1d", {LaneType::kDecimal, 2}},
    {"score", {LaneType::kDouble, 0}},     {"gap", {LaneType::kDouble, 0}},
    {"before_time", {LaneType::kTime, 0}}, {"label", {LaneType::kBool, 0}}};

class BenchScope : public Scope {
 public:
  std::optional<Symbol> find(std::string_view name) override {
    for (std::uint32_t i = 0; i < std::size(kColumns); ++i) {
      if (kColumns[i].name == name) return Symbol{i, kColumns[i].type};
    }
    return std::nullopt;
  }
  std::optional<Symbol> previous(std::string_view, std::string_view field) override {
    return find("before_" + std::string(field));
  }
  [[nodiscard]] std::vector<std::string> names() const override { return {}; }
};

std::vector<Lane> make_column(const Column& column, std::uint32_t number) {
  std::vector<Lane> lanes(kRows);
  std::uint64_t state = number + 1;
  for (Lane& lane : lanes) {
    state = mix64(state + 0x9e3779b97f4a7c15ULL);
    const auto small = static_cast<Lane>(state % 50'000);
    lane = small;
    if (column.type.type == LaneType::kTime) lane = 1'700'000'000'000 + small * 1000;
    if (column.type.type == LaneType::kEnum) lane = small % 20;
    if (column.type.type == LaneType::kBool) lane = small % 2;
    if (column.type.type == LaneType::kDouble) lane = lane_of(static_cast<double>(small) / 5e4);
    if (state % 31 == 0) lane = column.type.type == LaneType::kDouble ? kMissingDouble : kMissing;
  }
  return lanes;
}

void run(benchmark::State& state, std::string_view expression) {
  BenchScope scope;
  Dictionary dictionary(100);
  const Program program = compile_expression(expression, scope, dictionary);
  std::vector<std::vector<Lane>> columns;
  std::vector<const Lane*> pointers;
  for (std::uint32_t i = 0; i < std::size(kColumns); ++i) {
    columns.push_back(make_column(kColumns[i], i));
  }
  for (const auto& column : columns) pointers.push_back(column.data());
  std::vector<Lane> scratch(program.registers * kProgramBlock);
  std::vector<Lane> out(kRows);
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_program_blocks(view_of(program), pointers.data(), 0, kRows,
                                                scratch.data(), out.data()));
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * kRows);
  const auto rows = static_cast<double>(state.iterations()) * kRows;
  state.counters["per_row"] =
      benchmark::Counter(rows, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
  state.counters["steps"] = static_cast<double>(program.code.size());
}

struct Case {
  const char* name;
  const char* expression;
};

constexpr Case kCases[] = {
    {"load", "c1_n"},
    {"night", "time.getHours() <= 6"},
    {"weekend", "time.getDayOfWeek() == 0 || time.getDayOfWeek() == 6"},
    {"average", "double(c1_sum) / 100.0 / double(c1_n)"},
    {"risk", "c1_n == 0 ? 0.0 : double(c1_sum) / double(c1_n)"},
    {"spree", "c1_n > 10 && amount >= 220.00"},
    {"high", "score >= 0.5"},
    {"minor", "minor(amount)"},
    {"has", "has(gap) ? gap : -1.0"},
    {"soon", "time - previous(account).time < duration(\"60s\")"},
    {"abroad", "country != home && amount > 50.00"},
    {"among_8", "country in [\"a\", \"b\", \"c\", \"d\", \"e\", \"f\", \"g\", \"h\"]"},
    {"sum_of_decimals", "amount + fee > 500.00"},
    {"ratio", "amount / sum_1d > 0.5"},
    {"integer_division", "c1_n == 0 ? 0 : c1_sum / c1_n"},
    {"product", "c1_n * c1_sum"},
    {"decimal_with_double", "amount > score"},
    {"calendar", "time.getFullYear()"},
};

}  // namespace

int main(int argc, char** argv) {
  for (const Case& made : kCases) {
    benchmark::RegisterBenchmark(made.name,
                                 [&made](benchmark::State& state) { run(state, made.expression); });
  }
  benchmark::RegisterBenchmark("compile", [](benchmark::State& state) {
    BenchScope scope;
    Dictionary dictionary(100);
    for (auto _ : state) {
      benchmark::DoNotOptimize(
          compile_expression("c1_n > 10 && amount >= 220.00", scope, dictionary));
    }
  });
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
