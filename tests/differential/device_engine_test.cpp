// The GPU's engine against the CPU's: the same bytes, counters and charged state included, for
// random configurations, traffic and sizes of everything. Every kernel of it runs on host threads;
// and on a GPU where there is one.
//
// Every failure prints its seed (tests/support/case_count.h).
#include <gtest/gtest.h>

#include <string>

#include "scoring/engine.h"
#include "tests/differential/random_case.h"
#include "tests/support/case_count.h"
#include "tests/support/cuda_engine.h"
#include "tests/support/engine_run.h"
#include "tests/support/thread_engine.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kTextsMax = 1U << 16;

enum class Where : std::uint8_t { kThreads, kCuda };

EngineRunOptions on_device(Where where, std::uint64_t seed, Random& random,
                           std::uint32_t batch_max) {
  EngineRunOptions options;
  options.batch_max = batch_max;
  options.batch_size = random_batches(random, batch_max);
  options.open = [seed](const Plan& plan, const EngineOptions& engine) {
    ThreadEngineOptions threads;
    threads.seed = seed;
    threads.asynchronous = seed % 7 == 0;
    threads.workers = seed % 5 == 0 ? 3 : 1;
    return open_thread_engine(plan, engine, threads);
  };
  if (where == Where::kCuda) options.open = cuda_engine_if_present();
  return options;
}

// What differs first, as rows and features: the bytes alone would say nothing.
::testing::AssertionResult same_runs(const Plan& plan, const EngineRun& device,
                                     const EngineRun& host) {
  const bool same_state = device.counters.keys == host.counters.keys &&
                          device.counters.state_bytes == host.counters.state_bytes;
  if (same_state && device.bytes() == host.bytes()) return ::testing::AssertionSuccess();
  for (std::size_t row = 0; row < host.rows.size(); ++row) {
    const RowResult& ours = device.rows.at(row);
    const RowResult& theirs = host.rows[row];
    if (ours.refused != theirs.refused) {
      return ::testing::AssertionFailure() << "row " << row << ": refused " << ours.refused;
    }
    for (std::size_t f = 0; f < theirs.features.size(); ++f) {
      if (ours.features[f] == theirs.features[f] && ours.truncated[f] == theirs.truncated[f]) {
        continue;
      }
      return ::testing::AssertionFailure()
             << "row " << row << ", " << plan.features()[f].name << ": " << ours.features[f]
             << ", the CPU " << theirs.features[f];
    }
    if (ours.fired != theirs.fired) return ::testing::AssertionFailure() << "alerts of row " << row;
  }
  const EngineCounters& a = device.counters;
  const EngineCounters& b = host.counters;
  return ::testing::AssertionFailure()
         << "scores, labels or counters: late " << a.late << "/" << b.late << ", overflows "
         << a.overflows << "/" << b.overflows << ", truncated " << a.truncated << "/" << b.truncated
         << ", refused " << a.refused << "/" << b.refused << ", labels " << a.labels << "/"
         << b.labels << ", keys " << a.keys << "/" << b.keys << ", bytes " << a.state_bytes << "/"
         << b.state_bytes;
}

void compare(Where where, std::uint64_t seed, const PlanInput& input,
             const std::vector<Step>& steps, Dictionary& dictionary, std::uint32_t batch_max) {
  SCOPED_TRACE("seed " + std::to_string(seed));
  const Plan plan(input, dictionary);
  Random random(seed ^ 0x9b0);
  const EngineRun host = run_engine(plan, steps, {});
  const EngineRun device = run_engine(plan, steps, on_device(where, seed, random, batch_max));
  EXPECT_EQ(device.engine, "cuda");
  EXPECT_EQ(host.engine, "cpu");
  ASSERT_TRUE(same_runs(plan, device, host));
}

template <class Make>
void for_seeds(std::uint64_t usual_first, std::uint64_t usual_cases, const Make& make) {
  const std::uint64_t first = first_seed(usual_first);
  for (std::uint64_t seed = first; seed < first + case_count(usual_cases); ++seed) {
    make(seed);
    if (::testing::Test::HasFatalFailure()) return;
  }
}

class DeviceEngineTest : public ::testing::TestWithParam<Where> {
 protected:
  void SetUp() override {
    if (GetParam() == Where::kCuda && !cuda_engine_if_present()) {
      GTEST_SKIP() << "no CUDA device here: the same kernels ran on host threads";
    }
  }
};
INSTANTIATE_TEST_SUITE_P(Devices, DeviceEngineTest,
                         ::testing::Values(Where::kThreads, Where::kCuda), [](const auto& param) {
                           return param.param == Where::kCuda ? "Cuda" : "Threads";
                         });

TEST_P(DeviceEngineTest, EqualsTheCpuOnRandomCases) {
  for_seeds(1, 300, [&](std::uint64_t seed) {
    Dictionary dictionary(kTextsMax);
    const RandomCase example = make_random_case(seed, dictionary);
    compare(GetParam(), seed, example.input, example.steps, dictionary, 64);
  });
}

// Runs of one key that teams and the whole device apply, with late rows among them.
TEST_P(DeviceEngineTest, EqualsTheCpuOnHotKeys) {
  for_seeds(1001, 60, [&](std::uint64_t seed) {
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    RandomCase example = make_random_case(seed, dictionary);
    const auto labels = static_cast<LabelsFrom>(seed % 3);
    example.input.schema = random_case_schema(labels);
    example.input.features = every_feature(labels);
    example.input.state.keys_max = 0;
    TrafficShape shape;
    shape.transactions = 1200;
    shape.keys = 3;
    shape.hot_percent = random.one_of<std::uint32_t>({30, 90, 100});
    shape.late_percent = random.one_of<std::uint32_t>({0, 1, 10, 40});
    shape.extreme_percent = seed % 4 == 0 ? 1 : 0;
    shape.step_max = random.one_of<std::uint32_t>({1, 2, 12});
    shape.tie_percent = random.one_of<std::uint32_t>({0, 50, 95});
    example.steps = random_steps(random, example.input.schema, shape, labels, dictionary);
    compare(GetParam(), seed, example.input, example.steps, dictionary, 600);
  });
}

// One feature block of random kind on hot keys: what every_feature's shortest edge hides.
TEST_P(DeviceEngineTest, EqualsTheCpuOnHotKeysOfRandomFeatures) {
  for_seeds(2001, 300, [&](std::uint64_t seed) {
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    RandomCase example = make_random_case(seed, dictionary);
    LabelsFrom labels = LabelsFrom::kNowhere;
    for (const LabelsFrom from : {LabelsFrom::kInput, LabelsFrom::kTopic}) {
      if (random_case_schema(from).labels.has_value() == example.input.schema.labels.has_value() &&
          random_case_schema(from).label_in_input() == example.input.schema.label_in_input()) {
        labels = from;
      }
    }
    TrafficShape shape;
    shape.transactions = 500;
    shape.keys = 2;
    shape.hot_percent = random.one_of<std::uint32_t>({60, 100});
    shape.late_percent = random.one_of<std::uint32_t>({0, 2, 20, 50});
    shape.step_max = random.one_of<std::uint32_t>({1, 3, 30});
    shape.tie_percent = random.one_of<std::uint32_t>({0, 60, 95});
    example.steps = random_steps(random, example.input.schema, shape, labels, dictionary);
    compare(GetParam(), seed, example.input, example.steps, dictionary, 250);
  });
}

TEST_P(DeviceEngineTest, EqualsTheCpuWhenTablesAreFull) {
  std::uint64_t refused = 0;
  for_seeds(20'001, 100, [&](std::uint64_t seed) {
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    RandomCase example = make_random_case(seed, dictionary);
    example.input.state.keys_max = seed % 2 == 0 ? 2 + random.below(10) : 0;
    if (seed % 3 == 0) example.input.state.memory_max = 2000 + random.below(20'000);
    const Plan plan(example.input, dictionary);
    refused += run_engine(plan, example.steps, {}).counters.refused;
    compare(GetParam(), seed, example.input, example.steps, dictionary, 64);
  });
  if (case_count(100) < 100) return;
  EXPECT_GT(refused, 100U) << "the cases no longer fill a table";
}

}  // namespace
}  // namespace warpscore
