// What must not matter does not: splits into batches, threads, a replay in place of the first part;
// and what must not cost does not: the history of a hot key.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "scoring/engine.h"
#include "tests/differential/random_case.h"
#include "tests/support/case_count.h"
#include "tests/support/cuda_engine.h"
#include "tests/support/engine_run.h"
#include "tests/support/thread_engine.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kTextsMax = 1U << 16;
const auto kSplits = static_cast<std::uint32_t>(case_count(50));

// A model over fields, so that margins, scores and an alert on the score are compared as well.
class ModelFile {
 public:
  ModelFile()
      : path_(std::filesystem::temp_directory_path() /
              ("warpscore-invariance-" + std::to_string(getpid()) + ".json")) {
    std::ofstream(path_) << R"({"features": ["amount", "points"], "mean": [1000.5, 3.25],)"
                         << R"( "scale": [750.0, 900.0], "coef": [0.7, -1.3], "intercept": 0.1})";
  }
  ~ModelFile() { std::filesystem::remove(path_); }
  ModelFile(const ModelFile&) = delete;
  ModelFile& operator=(const ModelFile&) = delete;
  [[nodiscard]] std::string path() const { return path_.string(); }

 private:
  std::filesystem::path path_;
};

AlertSpec alert_of(const std::string& name, const std::string& when) {
  AlertSpec alert;
  alert.name = name;
  alert.when.text = when;
  alert.severity = "high";
  return alert;
}

PlanInput input_of_everything(const ModelFile& model) {
  PlanInput input;
  input.schema = random_case_schema(LabelsFrom::kTopic);
  input.features = every_feature(LabelsFrom::kTopic);
  ModelSpec spec;
  spec.path.text = model.path();
  input.model = spec;
  input.alerts = {alert_of("likely", "score >= 0.6"),
                  alert_of("large", "amount > 30.00 || country != home"),
                  alert_of("moved", "previous(customer).country != country && has(points)")};
  return input;
}

TrafficShape busy_shape(std::uint32_t hot_percent) {
  TrafficShape shape;
  shape.transactions = 3000;
  shape.keys = 400;
  shape.hot_percent = hot_percent;
  shape.extreme_percent = 1;
  shape.tie_percent = 90;
  return shape;
}

// The GPU's engine, on host threads for some splits and on a GPU, where there is one, for all.
std::vector<OpenEngine> device_engines(std::uint32_t split) {
  std::vector<OpenEngine> engines;
  if (split % 5 == 0) {
    engines.emplace_back([split](const Plan& plan, const EngineOptions& options) {
      return open_thread_engine(plan, options, {.seed = split + 1});
    });
  }
  if (OpenEngine cuda = cuda_engine_if_present()) engines.push_back(std::move(cuda));
  return engines;
}

// Runs the sequence whole, then split at random on one, two and three threads.
EngineRun same_for_all_splits(const Plan& plan, const std::vector<Step>& steps, Random& random,
                              std::uint32_t splits) {
  EngineRun whole = run_engine(plan, steps, {});
  const std::string expected = whole.bytes();
  for (std::uint32_t split = 0; split < splits; ++split) {
    EngineRunOptions options;
    options.threads = 1 + split % 3;
    options.batch_max = split % 5 == 0 ? 4096 : 300;
    options.batch_size = random_batches(random, options.batch_max);
    const std::string bytes = run_engine(plan, steps, options).bytes();
    EXPECT_TRUE(bytes == expected) << "split " << split << ", " << options.threads << " threads";
    if (bytes != expected) break;
    for (const OpenEngine& open : device_engines(split)) {
      options.open = open;
      EXPECT_TRUE(run_engine(plan, steps, options).bytes() == expected) << "on a device, " << split;
    }
  }
  return whole;
}

enum class Limits : std::uint8_t { kNone, kHistoryAndKeys, kMemory };

StateSpec state_of(Limits limits, std::uint64_t memory_max) {
  StateSpec state;
  if (limits == Limits::kHistoryAndKeys) {
    state.history_max = 20;
    state.keys_max = 80;
  }
  if (limits == Limits::kMemory) state.memory_max = memory_max;
  return state;
}

class EngineInvariance : public ::testing::Test {
 protected:
  // `memory_max` counts for Limits::kMemory only.
  EngineRun check_splits(Limits limits, std::uint32_t hot_percent, std::uint64_t memory_max,
                         std::uint32_t splits) {
    Dictionary dictionary(kTextsMax);
    Random random(31 + hot_percent);
    PlanInput input = input_of_everything(model_);
    input.state = state_of(limits, memory_max);
    const std::vector<Step> steps =
        random_steps(random, input.schema, busy_shape(hot_percent), LabelsFrom::kTopic, dictionary);
    const Plan plan(input, dictionary);
    return same_for_all_splits(plan, steps, random, splits);
  }

  ModelFile model_;
};

// The same bytes for every split into batches and every number of threads (design S4).
TEST_F(EngineInvariance, SplitsAndThreadsChangeNothing) {
  check_splits(Limits::kNone, 30, 0, kSplits);
  check_splits(Limits::kNone, 100, 0, kSplits);
}

TEST_F(EngineInvariance, NorWhereHistoriesAndTablesAreFull) {
  const EngineRun run = check_splits(Limits::kHistoryAndKeys, 30, 0, kSplits);
  EXPECT_GT(run.counters.refused, 100U);
  EXPECT_LT(run.counters.refused, 2500U);
  EXPECT_GT(run.counters.truncated, 100U);
  EXPECT_GT(check_splits(Limits::kHistoryAndKeys, 100, 0, kSplits).counters.truncated, 1000U);
}

TEST_F(EngineInvariance, NorWhereMemoryIsFull) {
  const std::uint64_t needed = check_splits(Limits::kNone, 30, 0, 0).counters.state_bytes;
  const EngineRun run = check_splits(Limits::kMemory, 30, needed / 6, kSplits);
  EXPECT_GT(run.counters.refused, 100U);
  EXPECT_LT(run.counters.refused, 2900U);
}

// State rebuilt by replay (design section 5) goes on as if nothing had happened.
TEST_F(EngineInvariance, AfterAReplayItGoesOnAsBefore) {
  for (const Limits limits : {Limits::kNone, Limits::kHistoryAndKeys}) {
    Dictionary dictionary(kTextsMax);
    Random random(17);
    PlanInput input = input_of_everything(model_);
    input.state = state_of(limits, 0);
    const std::vector<Step> steps =
        random_steps(random, input.schema, busy_shape(30), LabelsFrom::kTopic, dictionary);
    const Plan plan(input, dictionary);
    EngineRun whole = run_engine(plan, steps, {});
    for (const std::size_t replayed : {1, 700, 2500}) {
      EngineRunOptions options;
      options.threads = 2;
      options.batch_max = 300;
      options.replayed = replayed;
      options.batch_size = random_batches(random, options.batch_max);
      EngineRun continued = run_engine(plan, steps, options);
      continued.counters = {};
      EngineRun rest = whole;
      rest.counters = {};
      rest.rows.erase(rest.rows.begin(), rest.rows.end() - continued.rows.size());
      EXPECT_EQ(continued.bytes(), rest.bytes()) << replayed << " replayed";
    }
  }
}

FeatureSpec hot_block(const std::vector<std::string>& ops, const std::string& value) {
  FeatureSpec block;
  block.name.text = "f_" + value + "_{op}_{window}";
  block.key.text = "customer";
  block.value.text = value;
  for (const std::string& op : ops) block.ops.push_back({op, {}});
  block.windows = {{"1d", 86'400'000, {}}, {"3650d", 3650 * 86'400'000LL, {}}};
  return block;
}

// One key holds all traffic, and its windows all of the history: a scan would take hours.
TEST_F(EngineInvariance, AHotKeyCostsNoScanOfItsHistory) {
  Dictionary dictionary(kTextsMax);
  Random random(5);
  PlanInput input;
  input.schema = random_case_schema(LabelsFrom::kNowhere);
  input.features = {hot_block({"count", "sum", "mean", "min", "max", "stddev"}, "amount"),
                    hot_block({"distinct"}, "country")};
  TrafficShape shape;
  shape.transactions = 200'000;
  shape.hot_percent = 100;
  shape.late_percent = 3;
  shape.step_max = 1;
  const std::vector<Step> steps =
      random_steps(random, input.schema, shape, LabelsFrom::kNowhere, dictionary);
  const Plan plan(input, dictionary);
  const auto start = std::chrono::steady_clock::now();
  const EngineRun run = run_engine(plan, steps, {});
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(run.counters.transactions, steps.size());
  EXPECT_LT(spent.count(), 20.0);
}

}  // namespace
}  // namespace warpscore
