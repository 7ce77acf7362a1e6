// The GPU's engine with too little memory, on host threads: it refuses rows, and what it takes is
// right; nothing is written beside the pool (AddressSanitizer would see it) and nothing hangs.
//
// Which rows are refused for want of a device's memory depends on how batches fell, so the CPU is
// given the others alone: their answers are to be the same. (Not so where rows are late: one may
// come after its key was idle long enough to go, and the CPU's had no reason to go.)
//
// Every failure prints its seed: WARPSCORE_SEED=N runs that case alone, WARPSCORE_CASES how many.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string>
#include <vector>

#include "tests/differential/random_case.h"
#include "tests/support/engine_run.h"
#include "tests/support/thread_engine.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kTextsMax = 1U << 16;
constexpr std::int64_t kHourMs = 3'600'000;

std::uint64_t number_from_environment(const char* name, std::uint64_t otherwise) {
  const char* const text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

EngineRun run_with_pool(const Plan& plan, std::span<const Step> steps, std::uint64_t seed,
                        std::uint64_t pool_bytes, std::uint32_t batch_max) {
  Random random(seed ^ 0x9001);
  EngineRunOptions options;
  options.batch_max = batch_max;
  options.batch_size = random_batches(random, batch_max);
  options.open = [=](const Plan& opened, const EngineOptions& engine) {
    ThreadEngineOptions threads;
    threads.seed = seed;
    threads.asynchronous = seed % 7 == 0;
    threads.workers = seed % 5 == 0 ? 3 : 1;
    threads.pool_bytes = pool_bytes;
    return open_thread_engine(opened, engine, threads);
  };
  return run_engine(plan, steps, options);
}

std::vector<Step> without_refused(const std::vector<Step>& steps, const EngineRun& run) {
  std::vector<Step> taken;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (!run.rows.at(i).refused) taken.push_back(steps[i]);
  }
  return taken;
}

void sort_by_time(std::vector<Step>& steps) {
  std::stable_sort(steps.begin(), steps.end(), [](const Step& a, const Step& b) {
    return a.transaction.time_ms < b.transaction.time_ms;
  });
}

void expect_taken_rows_equal(const Plan& plan, const EngineRun& device, const EngineRun& host) {
  std::size_t at = 0;
  for (std::size_t row = 0; row < device.rows.size(); ++row) {
    const RowResult& ours = device.rows[row];
    if (ours.refused) continue;
    const RowResult& theirs = host.rows.at(at++);
    for (std::size_t f = 0; f < theirs.features.size(); ++f) {
      ASSERT_EQ(ours.features[f], theirs.features[f])
          << "row " << row << ", " << plan.features()[f].name;
      ASSERT_EQ(ours.truncated[f], theirs.truncated[f]);
    }
    ASSERT_EQ(ours.fired, theirs.fired);
  }
  EXPECT_EQ(device.counters.late, host.counters.late);
}

TEST(DevicePool, RowsThatHaveNoRoomAreRefusedAndTheOthersAreRight) {
  std::uint64_t refused = 0;
  std::uint64_t taken = 0;
  const std::uint64_t first = number_from_environment("WARPSCORE_SEED", 1);
  const bool one = std::getenv("WARPSCORE_SEED") != nullptr;
  const std::uint64_t cases = number_from_environment("WARPSCORE_CASES", one ? 1 : 200);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    RandomCase example = make_random_case(seed, dictionary);
    if (example.input.schema.labels.has_value() && !example.input.schema.label_in_input()) continue;
    const auto labels =
        example.input.schema.label_in_input() ? LabelsFrom::kInput : LabelsFrom::kNowhere;
    TrafficShape shape;
    shape.transactions = 400;
    shape.keys = random.one_of<std::uint32_t>({3, 30, 300});
    shape.hot_percent = random.one_of<std::uint32_t>({0, 30, 95});
    shape.late_percent = random.one_of<std::uint32_t>({0, 0, 5, 30});
    shape.step_max = random.one_of<std::uint32_t>({1, 3, 40});
    example.steps = random_steps(random, example.input.schema, shape, labels, dictionary);
    if (shape.late_percent == 0) sort_by_time(example.steps);
    const Plan plan(example.input, dictionary);
    const std::uint64_t pool_bytes =
        2000 + random.below(random.one_of<std::uint32_t>({10'000, 60'000, 400'000}));
    const EngineRun device = run_with_pool(plan, example.steps, seed, pool_bytes, 150);
    refused += device.counters.refused;
    taken += device.counters.transactions - device.counters.refused;
    if (shape.late_percent != 0) continue;
    const EngineRun host = run_engine(plan, without_refused(example.steps, device), {});
    expect_taken_rows_equal(plan, device, host);
    if (::testing::Test::HasFatalFailure()) return;
  }
  if (one) return;
  EXPECT_GT(refused, taken / 10);
  EXPECT_GT(taken, refused / 10);
}

// Customers that come, stay for a while and are never seen again, many more than the pool holds.
std::vector<Step> passing_customers(const Schema& schema, std::uint32_t customers,
                                    Dictionary& dictionary) {
  Random random(11);
  std::vector<Step> steps;
  TrafficShape shape;
  shape.transactions = 1;
  for (std::uint32_t i = 0; i < customers * 3; ++i) {
    Step step = random_steps(random, schema, shape, LabelsFrom::kNowhere, dictionary)[0];
    step.transaction.time_ms = i * kHourMs / 10;
    const std::uint32_t customer = i / 3 - std::min(i / 3, random.below(10));
    step.transaction.keys[0] = key_of("customer " + std::to_string(customer));
    step.transaction.fields[0] = fingerprint_of(step.transaction.keys[0]);
    steps.push_back(step);
  }
  return steps;
}

TEST(DevicePool, WhatIdleKeysHadIsUsedAgain) {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    Dictionary dictionary(kTextsMax);
    PlanInput input;
    input.schema = random_case_schema(LabelsFrom::kNowhere);
    FeatureSpec block;
    block.name.text = "sum_{op}_{window}";
    block.key.text = "customer";
    block.value.text = "amount";
    for (const char* const op : {"sum", "max", "stddev"}) block.ops.push_back({op, {}});
    block.windows.push_back({"5h", 5 * kHourMs, {}});
    input.features.push_back(block);
    const std::vector<Step> steps = passing_customers(input.schema, 3000, dictionary);
    const Plan plan(input, dictionary);
    const EngineRun device = run_with_pool(plan, steps, seed, 250'000, 64);
    EXPECT_EQ(device.counters.refused, 0U);
    const EngineRun host = run_engine(plan, steps, {});
    expect_taken_rows_equal(plan, device, host);
    EXPECT_LT(device.counters.keys, host.counters.keys / 2) << "no key was ever evicted";
  }
}

}  // namespace
}  // namespace warpscore
