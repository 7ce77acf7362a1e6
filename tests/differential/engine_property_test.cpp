// The engine against docs/semantics.md as slow code (tests/support/oracle.h), on random input.
//
// Every failure prints its seed (tests/support/case_count.h).
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <string>

#include "scoring/engine.h"
#include "tests/differential/random_case.h"
#include "tests/support/case_count.h"
#include "tests/support/cases.h"
#include "tests/support/cuda_engine.h"
#include "tests/support/engine_run.h"
#include "tests/support/oracle.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kTextsMax = 1U << 16;

struct OracleRun {
  std::vector<OracleResult> rows;
  std::vector<std::optional<bool>> labels_found;
  OracleCounters counters;
  std::vector<std::string> names;
};

OracleRun run_oracle(const PlanInput& input, const OracleTexts& texts,
                     const std::vector<Step>& steps) {
  Oracle oracle(input, texts);
  OracleRun run;
  for (const Step& step : steps) {
    if (step.is_label) {
      run.labels_found.push_back(oracle.apply_label(step.transaction, step.fraud));
    } else {
      run.rows.push_back(oracle.apply(step.transaction));
    }
  }
  run.counters = oracle.counters();
  run.names = oracle.names();
  return run;
}

bool equal_lanes(LaneType type, Lane left, Lane right) {
  return is_missing(type, left) ? is_missing(type, right) : left == right;
}

std::string describe(const FeatureSpec& block) {
  std::string text = "name=" + block.name.text + " key=" + block.key.text +
                     " value=" + block.value.text + " expr=" + block.expr.text +
                     " where=" + block.where.text + " delay=" + std::to_string(block.delay_ms) +
                     (block.closed_both ? " closed=both" : "");
  for (const TextAt& op : block.ops) text += " op=" + op.text;
  for (const WindowSpec& window : block.windows) text += " window=" + window.text;
  for (const TextAt& field : block.same) text += " same=" + field.text;
  if (block.lookback_ms) text += " lookback=" + std::to_string(*block.lookback_ms);
  return text;
}

std::string describe(const PlanInput& input) {
  std::string text = "history=" + std::to_string(input.state.history_max) +
                     " keys=" + std::to_string(input.state.keys_max) + "\n";
  for (const FeatureSpec& block : input.features) text += describe(block) + "\n";
  return text;
}

// Without a feature over them, labels are looked for nowhere.
bool reads_labels(const PlanInput& input) {
  return std::any_of(input.features.begin(), input.features.end(),
                     [](const FeatureSpec& block) { return block.value.text == "label"; });
}

// The first lane that differs ends the comparison: the rest would only repeat it.
::testing::AssertionResult same_results(const Plan& plan, const EngineRun& engine,
                                        const OracleRun& oracle, const Dictionary& dictionary) {
  if (engine.rows.size() != oracle.rows.size())
    return ::testing::AssertionFailure() << "another number of rows";
  if (plan.features().size() != oracle.names.size())
    return ::testing::AssertionFailure() << "another number of features";
  for (std::size_t row = 0; row < engine.rows.size(); ++row) {
    const RowResult& ours = engine.rows[row];
    const OracleResult& theirs = oracle.rows[row];
    if (ours.refused != theirs.refused)
      return ::testing::AssertionFailure()
             << "row " << row << " is refused by " << (ours.refused ? "the engine" : "the oracle");
    for (std::size_t i = 0; i < theirs.features.size(); ++i) {
      const FeatureColumn& column = plan.features()[i];
      if (column.name != oracle.names[i])
        return ::testing::AssertionFailure()
               << "feature " << i << " is " << column.name << ", not " << oracle.names[i];
      if (!equal_lanes(column.type.type, ours.features[i], theirs.features[i]))
        return ::testing::AssertionFailure()
               << "row " << row << ", " << column.name << ": "
               << text_of_lane(column.type, ours.features[i], dictionary) << ", the oracle "
               << text_of_lane(column.type, theirs.features[i], dictionary);
      if (ours.truncated[i] != theirs.truncated[i])
        return ::testing::AssertionFailure()
               << "row " << row << ", " << column.name << ": marked truncated by "
               << (ours.truncated[i] ? "the engine" : "the oracle") << " only";
    }
  }
  return ::testing::AssertionSuccess();
}

void compare_with_oracle(std::uint64_t seed, const RandomCase& example, Dictionary& dictionary) {
  SCOPED_TRACE("seed " + std::to_string(seed) + "\n" + describe(example.input));
  const Plan plan(example.input, dictionary);
  Random random(seed ^ 0x5eed);
  EngineRunOptions options;
  options.threads = 1 + static_cast<std::uint32_t>(seed % 3);
  options.batch_max = 64;
  options.batch_size = random_batches(random, options.batch_max);
  const EngineRun engine = run_engine(plan, example.steps, options);
  const OracleRun oracle = run_oracle(example.input, example.texts, example.steps);
  ASSERT_TRUE(same_results(plan, engine, oracle, dictionary));
  options.open = cuda_engine_if_present();
  if (options.open) {
    const EngineRun device = run_engine(plan, example.steps, options);
    EXPECT_EQ(device.engine, "cuda");
    ASSERT_TRUE(same_results(plan, device, oracle, dictionary)) << "on CUDA";
  }
  EXPECT_EQ(engine.counters.transactions, oracle.counters.transactions);
  EXPECT_EQ(engine.counters.late, oracle.counters.late);
  EXPECT_EQ(engine.counters.refused, oracle.counters.refused);
  EXPECT_GE(engine.counters.overflows, oracle.counters.sum_overflows);
  // With a history limit a label may come for a transaction that had to go.
  if (example.input.state.history_max != 0) return;
  ASSERT_EQ(engine.labels_found.size(), oracle.labels_found.size());
  for (std::size_t i = 0; i < oracle.labels_found.size(); ++i) {
    const std::optional<bool> expected = oracle.labels_found[i];
    if (reads_labels(example.input) && expected) {
      EXPECT_EQ(engine.labels_found[i], *expected) << "label " << i;
    }
  }
}

TEST(EngineProperty, EqualsTheOracleOnRandomCases) {
  const std::uint64_t first = first_seed(1);
  const std::uint64_t cases = case_count(600);
  for (std::uint64_t seed = first; seed < first + cases; ++seed) {
    Dictionary dictionary(kTextsMax);
    compare_with_oracle(seed, make_random_case(seed, dictionary), dictionary);
    if (HasFatalFailure()) return;
  }
}

TEST(EngineProperty, EqualsTheOracleOnLongSequences) {
  for (std::uint64_t seed = 9001; seed <= 9006; ++seed) {
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    const auto labels = static_cast<LabelsFrom>(seed % 3);
    RandomCase example;
    example.input.schema = random_case_schema(labels);
    example.input.features = every_feature(labels);
    example.texts = random_case_texts(dictionary);
    TrafficShape shape;
    shape.transactions = 2500;
    shape.keys = 40;
    shape.hot_percent = seed % 2 == 0 ? 30 : 100;
    shape.extreme_percent = 1;
    example.steps = random_steps(random, example.input.schema, shape, labels, dictionary);
    compare_with_oracle(seed, example, dictionary);
    if (HasFatalFailure()) return;
  }
}

// A full table: idle keys go first, and a transaction for which no room comes is refused whole.
TEST(EngineProperty, EqualsTheOracleWhenTablesAreFull) {
  std::uint64_t refused = 0;
  const std::uint64_t cases = case_count(150);
  for (std::uint64_t seed = 20'001; seed <= 20'000 + cases; ++seed) {
    Dictionary dictionary(kTextsMax);
    Random random(seed);
    RandomCase example = make_random_case(seed, dictionary);
    example.input.schema = random_case_schema(LabelsFrom::kNowhere);
    std::erase_if(example.input.features, [](const FeatureSpec& block) {
      return block.value.text == "label" || block.where.text.starts_with("label");
    });
    if (example.input.features.empty()) continue;
    example.input.state.keys_max = 2 + random.below(10);
    TrafficShape shape;
    shape.keys = 12;
    shape.late_percent = seed % 2 == 0 ? 0 : 15;
    shape.step_max = random.one_of<std::uint32_t>({1, 3, 12, 30});
    example.steps =
        random_steps(random, example.input.schema, shape, LabelsFrom::kNowhere, dictionary);
    compare_with_oracle(seed, example, dictionary);
    if (HasFatalFailure()) return;
    refused += run_oracle(example.input, example.texts, example.steps).counters.refused;
  }
  if (cases < 150) return;
  EXPECT_GT(refused, 100U) << "the cases no longer fill a table";
}

}  // namespace
}  // namespace warpscore
