// The forest by implementation and shape, on random trees: what tuned the costs in forest_plan.cpp
// and the number of rows from which a block pays (forest.cpp).
#include <benchmark/benchmark.h>

#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "scoring/forest.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kFeatures = 64;
constexpr std::uint32_t kTrees = 100;
constexpr std::uint32_t kThresholds = 255;  // of a feature, as XGBoost's 256 bins give

// Trees with `leaves` leaves, split at random, no deeper than `depth`.
Forest grow(std::uint32_t leaves, std::uint32_t depth) {
  std::mt19937 random(1);
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  for (std::uint32_t t = 0; t < kTrees; ++t) {
    std::vector<std::pair<std::uint32_t, std::uint32_t>> open;  // number, depth
    roots.push_back(static_cast<std::uint32_t>(nodes.size()));
    open.push_back({roots.back(), 0});
    nodes.push_back({});
    for (std::uint32_t made = 1; made < leaves && !open.empty();) {
      const std::size_t pick = random() % open.size();
      const auto [number, at] = open[pick];
      open[pick] = open.back();
      open.pop_back();
      if (at == depth) continue;
      const auto left = static_cast<std::uint32_t>(nodes.size());
      nodes[number] = {static_cast<float>(random() % kThresholds),
                       static_cast<std::uint32_t>(random() % kFeatures), left, 0};
      nodes.insert(nodes.end(), 2, {0.01F, 0, 0, 0});
      open.push_back({left, at + 1});
      open.push_back({left + 1, at + 1});
      ++made;
    }
  }
  return {std::move(nodes), std::move(roots), kFeatures, 0.0F};
}

void score(benchmark::State& state, ForestImplementation implementation, std::uint32_t leaves,
           std::uint32_t depth) {
  const auto rows = static_cast<std::size_t>(state.range(0));
  const Forest forest = grow(leaves, depth);
  Forest::Scratch scratch(forest);
  std::mt19937 random(2);
  std::vector<float> values(rows * kFeatures);
  for (float& value : values) value = static_cast<float>(random() % (kThresholds + 1)) - 0.5F;
  std::vector<const float*> columns;
  for (std::uint32_t f = 0; f < kFeatures; ++f) columns.push_back(&values[f * rows]);
  std::vector<float> margins(rows);
  std::vector<float> expected(rows);
  forest.margins(ForestImplementation::kWalk, columns.data(), rows, expected.data(), scratch);
  for (auto _ : state) {
    forest.margins(implementation, columns.data(), rows, margins.data(), scratch);
    benchmark::ClobberMemory();
  }
  WARPSCORE_CHECK(margins == expected);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
}

void register_all() {
  struct Shape {
    std::uint32_t leaves, depth;
  };
  for (const ForestImplementation implementation : forest_implementations()) {
    for (const Shape shape : {Shape{16, 4}, Shape{23, 6}, Shape{64, 6}, Shape{64, 12},
                              Shape{128, 7}, Shape{256, 8}, Shape{1000, 12}}) {
      const std::string name = std::string("forest/") + name_of(implementation) +
                               "/leaves:" + std::to_string(shape.leaves) +
                               "/depth:" + std::to_string(shape.depth);
      auto* bench = benchmark::RegisterBenchmark(name.c_str(), score, implementation, shape.leaves,
                                                 shape.depth);
      bench->ArgName("rows")->Arg(8192);
      if (shape.leaves == 64 && shape.depth == 6) bench->Arg(1)->Arg(4)->Arg(8)->Arg(16)->Arg(64);
    }
  }
}

}  // namespace
}  // namespace warpscore

int main(int count, char** arguments) {
  benchmark::Initialize(&count, arguments);
  warpscore::register_all();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
