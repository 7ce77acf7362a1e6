// The engine's face: several batches in flight, which backend runs, and what it says of itself.
#include "scoring/engine.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

#include "kernels/device_info.h"
#include "scoring/host_engine.h"
#include "tests/differential/random_case.h"
#include "tests/support/engine_run.h"
#include "tests/support/late_engine.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kTextsMax = 1U << 16;
constexpr std::size_t kTextBytes = 64;

class EngineFace : public ::testing::Test {
 protected:
  EngineFace() : dictionary_(kTextsMax), random_(7) {
    PlanInput input;
    input.schema = random_case_schema(LabelsFrom::kTopic);
    input.features = every_feature(LabelsFrom::kTopic);
    TrafficShape shape;
    shape.transactions = 2000;
    shape.keys = 40;
    shape.tie_percent = 50;
    steps_ = random_steps(random_, input.schema, shape, LabelsFrom::kTopic, dictionary_);
    plan_ = std::make_unique<Plan>(std::move(input), dictionary_);
  }

  const Transaction& next_transaction() {
    while (steps_[next_ % steps_.size()].is_label) ++next_;
    return steps_[next_++ % steps_.size()].transaction;
  }

  Dictionary dictionary_;
  Random random_;
  std::size_t next_ = 0;
  std::vector<Step> steps_;
  std::unique_ptr<Plan> plan_;
};

std::unique_ptr<EngineBackend> open_late(const Plan& plan, const EngineOptions& options) {
  return open_late_engine(plan, options, "late");
}

TEST_F(EngineFace, HowManyAreInFlightChangesNothing) {
  EngineRunOptions one;
  one.in_flight = [] { return 1; };
  const EngineRun whole = run_engine(*plan_, steps_, one);
  EXPECT_EQ(whole.engine, "cpu");
  EXPECT_GT(whole.counters.labels, 10U);
  const std::string expected = whole.bytes();
  for (std::uint32_t run = 0; run < 24; ++run) {
    EngineRunOptions options;
    options.threads = 1 + run % 2;
    options.batch_max = 200;
    options.batch_size = random_batches(random_, options.batch_max);
    if (run % 3 == 1) options.in_flight = [] { return 1000; };  // as many as the engine takes
    if (run % 4 != 0) options.open = open_late;
    const EngineRun again = run_engine(*plan_, steps_, options);
    EXPECT_EQ(again.engine, run % 4 != 0 ? "late" : "cpu");
    EXPECT_TRUE(again.bytes() == expected) << "run " << run;
  }
}

TEST_F(EngineFace, BatchesAreFinishedInTheirOrder) {
  for (const auto& open : {open_host_engine, open_late}) {
    EngineOptions options;
    options.batch_max = 16;
    Engine engine(open(*plan_, options));
    const std::uint32_t most = engine.in_flight_max();
    ASSERT_GE(most, 2U);
    std::vector<std::unique_ptr<Batch>> batches;
    std::vector<Results> results(most);
    std::uint64_t rows = 0;
    for (std::uint32_t i = 0; i < most; ++i) {
      EXPECT_EQ(engine.in_flight(), i);
      batches.push_back(
          std::make_unique<Batch>(plan_->schema(), 16, kTextBytes, engine.batch_memory()));
      for (std::uint32_t row = 0; row <= i; ++row) {
        add_row(*batches[i], plan_->schema(), next_transaction());
      }
      rows += batches[i]->size();
      engine.submit(batches[i]->view(), results[i]);
    }
    EXPECT_EQ(engine.in_flight(), most);
    for (std::uint32_t i = 0; i < most; ++i) {
      EXPECT_TRUE(engine.finish_oldest(true));
      EXPECT_EQ(results[i].size, i + 1);
      EXPECT_EQ(results[i].features.size(), plan_->features().size());
      EXPECT_EQ(engine.in_flight(), most - i - 1);
    }
    EXPECT_EQ(engine.counters().transactions, rows);
  }
}

TEST_F(EngineFace, AnEmptyBatchHasNoRowsAndChangesNothing) {
  Engine engine(*plan_, {});
  const Batch batch(plan_->schema(), 16, kTextBytes, engine.batch_memory());
  Results results;
  engine.process(batch.view(), results);
  engine.replay(batch.view());
  EXPECT_EQ(results.size, 0U);
  EXPECT_EQ(results.features.size(), plan_->features().size());
  EXPECT_EQ(engine.in_flight(), 0U);
  EXPECT_EQ(engine.counters().transactions, 0U);
}

// No test may pass on another device than it was meant for.
TEST_F(EngineFace, TheDeviceAskedForIsTheOneThatRuns) {
  EngineOptions options;
  options.threads = 3;
  EXPECT_STREQ(Engine(*plan_, options).name(), "cpu");
  EXPECT_EQ(Engine(*plan_, options).describe(), "cpu, 3 threads");

  options.device = Device::kCuda;
  options.device_memory_percent = 10;
  std::string why_not;
  const std::optional<DeviceInfo> device = find_cuda(why_not);
  if (!device) {
    EXPECT_FALSE(why_not.empty());
    EXPECT_EQ(why_not.find('\n'), std::string::npos);
    EXPECT_THROW(Engine(*plan_, options), DeviceError);
    return;
  }
  std::printf("CUDA device: %s\n", device->name.c_str());
  Engine engine(*plan_, options);
  EXPECT_STREQ(engine.name(), "cuda");
  EXPECT_NE(engine.describe().find(device->name), std::string::npos) << engine.describe();
  Batch batch(plan_->schema(), 16, kTextBytes, engine.batch_memory());
  for (int row = 0; row < 5; ++row) add_row(batch, plan_->schema(), next_transaction());
  Results results;
  engine.process(batch.view(), results);
  EXPECT_EQ(results.size, 5U);
  EXPECT_EQ(engine.counters().transactions, 5U);
}

}  // namespace
}  // namespace warpscore
