// The feature pass alone: key table, histories and windows, without expressions and model.
//
// bm_feature_pass/<keys>/<rows in the longest window>/<skew>: skew 0 every key alike, 1 Zipf (1/k),
// 2 one key has 30 %, 3 one key has all. Features: count, sum, max, stddev_pop over 1/24, 1/4 and
// all of the window, and distinct terminals over all of it.
// The prefetch distances in kernels/feature_pass_impl.h were chosen with keys = 1,000,000.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory>
#include <vector>

#include "bench/micro/payments.h"
#include "scoring/engine.h"
#include "service/generator.h"

namespace warpscore::bench {
namespace {

constexpr std::uint32_t kBatch = 4096;
constexpr std::int64_t kHourMs = 3'600'000;

FeatureSpec block(const std::string& name, std::vector<std::string> ops, const std::string& value,
                  std::int64_t length_ms) {
  FeatureSpec spec;
  spec.name.text = name;
  spec.key.text = "customer";
  spec.value.text = value;
  for (std::string& op : ops) spec.ops.push_back({std::move(op), {}});
  spec.windows.push_back({std::to_string(length_ms) + "ms", length_ms, {}});
  return spec;
}

PlanInput plan_input() {
  PlanInput input;
  input.schema = payment_schema();
  for (const std::int64_t hours : {1, 6, 24}) {
    input.features.push_back(block("{op}_" + std::to_string(hours),
                                   {"count", "sum", "max", "stddev_pop"}, "amount",
                                   hours * kHourMs));
  }
  input.features.push_back(block("terminals", {"distinct"}, "terminal", 24 * kHourMs));
  return input;
}

std::uint64_t draw_key(GeneratorRandom& random, std::uint64_t keys, int skew) {
  if (skew == 3 || (skew == 2 && random.uniform() < 0.3)) return 0;
  if (skew != 1) return random.next() % keys;
  // Inverse of the continuous 1/k law on [1, keys + 1).
  return static_cast<std::uint64_t>(std::pow(static_cast<double>(keys + 1), random.uniform())) - 1;
}

// So many payments that each key of a uniform draw sees `rows` in 24 hours, when they span that.
PaymentColumns draw(std::uint64_t keys, std::uint64_t rows, int skew, std::int64_t& span_ms) {
  PaymentColumns columns;
  GeneratorRandom random(42);
  const std::uint32_t size = 1U << 21;
  const double step_ms = 24.0 * kHourMs / static_cast<double>(keys * rows);
  for (std::uint32_t i = 0; i < size; ++i) {
    const auto time_ms = 1'600'000'000'000 + static_cast<std::int64_t>(step_ms * i);
    columns.add(time_ms, draw_key(random, keys, skew), random.next() % 1000,
                static_cast<std::int64_t>(random.next() % 100'000), false);
  }
  span_ms = static_cast<std::int64_t>(step_ms * size) + 1;
  return columns;
}

void bm_feature_pass(benchmark::State& state) {
  Dictionary dictionary(16);
  const Plan plan(plan_input(), dictionary);
  Engine engine(plan, {1, kBatch});
  std::int64_t span_ms = 0;
  PaymentColumns columns =
      draw(static_cast<std::uint64_t>(state.range(0)), static_cast<std::uint64_t>(state.range(1)),
           static_cast<int>(state.range(2)), span_ms);
  Results results;
  PaymentView view;
  std::uint32_t at = 0;
  for (; at + kBatch <= columns.size(); at += kBatch) {
    engine.process(view.of(columns, at, kBatch), results);
  }
  columns.shift(span_ms);
  at = 0;
  for (auto _ : state) {
    engine.process(view.of(columns, at, kBatch), results);
    at += kBatch;
    if (at + kBatch <= columns.size()) continue;
    state.PauseTiming();
    columns.shift(span_ms);
    at = 0;
    state.ResumeTiming();
  }
  benchmark::DoNotOptimize(results.features[0][0]);
  state.SetItemsProcessed(state.iterations() * kBatch);
  state.counters["bytes_per_key"] = static_cast<double>(engine.counters().state_bytes) /
                                    static_cast<double>(engine.counters().keys);
}
BENCHMARK(bm_feature_pass)
    ->ArgNames({"keys", "rows", "skew"})
    ->ArgsProduct({{10'000, 1'000'000}, {8}, {0, 1, 2, 3}})
    ->Args({10'000, 64, 0})
    ->Args({1'000, 1024, 0})
    ->Args({100, 16'384, 0});

}  // namespace
}  // namespace warpscore::bench

BENCHMARK_MAIN();
