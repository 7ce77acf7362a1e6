// The whole engine from memory: columns in, features, margins, scores and alerts out.
//
// bm_engine/<batch>/<threads>: the configuration of WARPSCORE_BENCH_CONFIG (one with the fields
// customer, terminal and amount, such as the Handbook's), or the example that comes with the
// program. Payments are the generator's, 91 days of 5,000 customers, one round after another.
// items_per_second is transactions; divide by threads for the rate of a core.
#include <benchmark/benchmark.h>

#include <cstdlib>
#include <memory>

#include "bench/micro/payments.h"
#include "scoring/engine.h"
#include "service/generator.h"
#include "service/setup.h"

namespace warpscore::bench {
namespace {

constexpr std::uint32_t kPayments = 800'000;

PaymentColumns& payments() {
  static PaymentColumns columns = [] {
    PaymentColumns made;
    Generator generator({Scenario::kHandbook, 1, 5'000});
    for (std::uint32_t i = 0; i < kPayments; ++i) {
      const GeneratedPayment payment = generator.next();
      made.add(payment.time_ms, payment.customer, payment.terminal, payment.amount_cents,
               payment.fraud);
    }
    return made;
  }();
  return columns;
}

const Setup& setup() {
  static const std::optional<Setup> read = [] {
    const char* const file = std::getenv("WARPSCORE_BENCH_CONFIG");
    return file == nullptr ? embedded_setup() : read_setup(file);
  }();
  if (!read) std::exit(78);
  return *read;
}

void bm_engine(benchmark::State& state) {
  const auto batch = static_cast<std::uint32_t>(state.range(0));
  PaymentColumns& columns = payments();
  Engine engine(*setup().plan, {static_cast<std::uint32_t>(state.range(1)), batch});
  Results results;
  PaymentView view;
  std::uint32_t at = 0;
  const auto step = [&] {
    engine.process(view.of(columns, at, batch), results);
    at += batch;
    if (at + batch <= columns.size()) return false;
    at = 0;
    return true;
  };
  const std::int64_t round_ms = columns.time_ms.back() - columns.time_ms.front() + 1;
  while (!step()) {  // the first round fills the windows
  }
  columns.shift(round_ms);
  for (auto _ : state) {
    if (!step()) continue;
    state.PauseTiming();
    columns.shift(round_ms);
    state.ResumeTiming();
  }
  benchmark::DoNotOptimize(results.score[0]);
  state.SetItemsProcessed(state.iterations() * batch);
  state.counters["state_bytes"] = static_cast<double>(engine.counters().state_bytes);
}
BENCHMARK(bm_engine)
    ->ArgNames({"batch", "threads"})
    ->ArgsProduct({{64, 512, 4096}, {1, 2}})
    ->UseRealTime();

}  // namespace
}  // namespace warpscore::bench

BENCHMARK_MAIN();
