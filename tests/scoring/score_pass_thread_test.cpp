// The score pass on host threads, and the blob of a plan.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <set>

#include "tests/scoring/score_pass_test_impl.h"
#include "tests/support/thread_queue.h"

namespace warpscore {
namespace {

TEST(ScorePassTest, GivesTheBitsOfTheBlockPass) {
  ThreadQueue queue;
  expect_same_for_all_shapes(queue, 1);
}

TEST(ScorePassTest, GivesThemFromThreads) {
  ThreadQueueOptions options;
  options.seed = 7;
  options.asynchronous = true;
  options.workers = 3;
  ThreadQueue queue(options);
  expect_same_for_all_shapes(queue, 1000);
}

// What the cases above are worth: each kind of model, marks, children and overflows occurs.
TEST(ScorePassTest, CasesHoldWhatMatters) {
  std::set<int> models;
  std::uint64_t overflows = 0;
  std::uint32_t fired = 0;
  std::uint32_t scores = 0;
  std::uint32_t deepest = 0;
  std::size_t children = 0;
  std::size_t selectors = 0;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    ScoreCaseShape shape;
    shape.seed = seed;
    shape.deep = seed % 3 == 0;
    const ScoreCase given(shape);
    models.insert(given.plan.model ? static_cast<int>(given.plan.model->kind) : -1);
    const ScoreAnswers host = answers_of_host(given, given.rows);
    overflows += host.overflows;
    for (const std::uint64_t bits : host.fired[0]) fired += bits != 0 ? 1 : 0;
    for (const Lane score : host.score) {
      const double value = double_of(score);
      scores += value > 0.0 && value < 1.0 ? 1 : 0;
    }
    selectors += given.plan.selectors.size();
    for (const TableParts& parts : given.plan.parts) children += parts.same.empty() ? 0 : 1;
    for (const Program& step : given.plan.steps) deepest = std::max(deepest, step.registers);
  }
  EXPECT_EQ(models.size(), 3U);
  EXPECT_GT(overflows, 1000U);
  EXPECT_GT(fired, 1000U);
  EXPECT_GT(scores, 1000U);
  EXPECT_GT(children, 20U);
  EXPECT_GT(selectors, 20U);
  EXPECT_GT(deepest, kProgramRegistersMax / 2);
}

TEST(DevicePlanTest, HoldsEveryArrayAtItsDeviceAddress) {
  ScoreCaseShape shape;
  shape.seed = 5;
  const ScoreCase given(shape);
  const CompiledPlan& plan = given.plan;
  const DevicePlan device_plan(plan);
  const std::size_t bytes = device_plan.bytes();
  std::vector<Key> here(bytes / sizeof(Key) + 1);
  std::vector<Key> there(bytes / sizeof(Key) + 1, Key{1, 2});
  auto* const staged = reinterpret_cast<std::byte*>(here.data());
  auto* const device = reinterpret_cast<std::byte*>(there.data());
  const DevicePlanView view = device_plan.lay_out(staged, device);
  EXPECT_EQ(there, std::vector<Key>(there.size(), Key{1, 2})) << "the device is not touched";
  std::memcpy(device, staged, bytes);  // the upload
  std::ranges::fill(here, Key{});      // nothing may lead back to the staged copy

  ASSERT_EQ(view.table_count, plan.tables.size());
  for (std::uint32_t t = 0; t < view.table_count; ++t) {
    const TablePlan& table = view.tables[t];
    const TablePlan& original = plan.tables[t];
    ASSERT_EQ(table.query_count, original.query_count);
    EXPECT_EQ(table.row_words, original.row_words);
    EXPECT_EQ(table.slot_words, original.slot_words);
    for (std::uint32_t q = 0; q < table.query_count; ++q) {
      EXPECT_EQ(table.queries[q].op, original.queries[q].op);
      EXPECT_EQ(table.queries[q].output, original.queries[q].output);
    }
    for (std::uint32_t e = 0; e < table.edge_count; ++e) {
      EXPECT_EQ(table.edges[e].offset, original.edges[e].offset);
    }
  }
  ASSERT_EQ(view.step_count, plan.steps.size());
  for (std::uint32_t s = 0; s < view.step_count; ++s) {
    ASSERT_EQ(view.steps[s].size, plan.steps[s].code.size());
    for (std::uint32_t i = 0; i < view.steps[s].size; ++i) {
      EXPECT_EQ(view.steps[s].code[i].op, plan.steps[s].code[i].op);
      EXPECT_EQ(view.steps[s].code[i].constant, plan.steps[s].code[i].constant);
    }
    EXPECT_LE(plan.steps[s].registers, view.step_registers);
  }
  EXPECT_EQ(view.alert_count, plan.alerts.size());
  EXPECT_EQ(view.input_count, plan.model_inputs.size());
}

TEST(DevicePlanTest, OfAnEmptyPlanIsEmpty) {
  const CompiledPlan plan;
  EXPECT_EQ(DevicePlan(plan).bytes(), 0U);
  ThreadQueue queue;
  const DevicePlanView view = upload_plan(queue, DevicePlan(plan));
  EXPECT_EQ(view.tables, nullptr);
  EXPECT_EQ(view.model, DeviceModel::kNone);
}

// Keys of child tables are in no file, but two versions that share a history must agree on them.
TEST(ChildKeyTest, StaysWhatItIs) {
  const Lane fields[2] = {42, kMissing};
  const Lane* const columns[2] = {fields, fields + 1};
  const std::uint32_t same[2] = {0, 1};
  const Key key = child_key(key_of("c-17"), same, 2, columns, 0);
  EXPECT_EQ(key.low, 0x5c56ebcac1e20e07ULL);
  EXPECT_EQ(key.high, 0x206c1f1c947beee0ULL);
  EXPECT_NE(key, child_key(key_of("c-17"), same, 1, columns, 0));
  EXPECT_TRUE(child_key(Key{}, same, 2, columns, 0).empty());
}

TEST(ModelInputTest, ConvertsAsTheFormatsSay) {
  const ColumnType integer{LaneType::kInteger, 0};
  const ColumnType decimal{LaneType::kDecimal, 2};
  const ColumnType real{LaneType::kDouble, 0};
  // One rounding: through double it would be a tie and go to the even neighbour below.
  EXPECT_EQ(as_float(integer, 1.0, (Lane{1} << 60) + (Lane{1} << 36) + 1), 0x1.000002p60F);
  EXPECT_EQ(as_float(decimal, unit_of(decimal), 12'345), 123.45F);
  EXPECT_EQ(as_double(decimal, unit_of(decimal), 12'345), 123.45);
  EXPECT_EQ(as_float(real, 1.0, lane_of(1e300)), std::numeric_limits<float>::infinity());
  EXPECT_TRUE(std::isnan(as_float(integer, 1.0, kMissing)));
  EXPECT_TRUE(std::isnan(as_float(decimal, 100.0, kMissing)));
  EXPECT_TRUE(std::isnan(as_double(real, 1.0, kMissingDouble)));
  const double negative_nan = std::bit_cast<double>(0xfff8000000000000ULL);
  EXPECT_EQ(lane_of(known_or_missing(negative_nan)), kMissingDouble);
  EXPECT_EQ(known_or_missing(-1.5), -1.5);
}

}  // namespace
}  // namespace warpscore
