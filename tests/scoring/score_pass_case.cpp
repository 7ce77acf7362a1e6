#include "tests/scoring/score_pass_case.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <string>

#include "scoring/block_pass.h"
#include "scoring/model_input.h"
#include "scoring/plan_builder.h"
#include "tests/support/cases.h"

namespace warpscore {
namespace {

const std::vector<std::string> kExpressions = {
    "points * points",
    "points + 9223372036854775000",
    "points % 7 == 0 ? points / (points - points) : points",
    "points > 0 && 100 / points > 3",
    "amount / 3",
    "amount / points",
    "amount * 92233720368547758",
    "double(points) * 1.5 - 2.0e300",
    "int(double(points) * 3.0)",
    "double(amount) / 0.0",
    "minor(amount) * 4611686018427387904",
    "time.getHours() * 60 + time.getMinutes()",
    "time.getDayOfYear() + time.getFullYear() * 1000",
    "time.getDayOfWeek() == 0 || time.getMonth() == 11",
    "country in [\"NL\", \"BE\"] ? amount : 0.50",
    "has(points) && points > 10 || !online",
    "terminal == merchant || customer == 17",
    "amount > 10.5 && amount < double(points)",
    "time - previous(customer).time",
    "previous(terminal).country != home",
    "amount - previous(merchant).amount",
    "first * 2 - points",
    "int(1.0e300 * second)",
};

const std::vector<std::string> kAlerts = {
    "score >= 0.5",
    "margin < 0.0 || !(score < 0.9)",
    "points * points > 100",
    "online",
    "first > 5 || second < 0.5",
    "score > 0.2 && points + 9223372036854775000 > 1",
    "country != home && amount > 20",
    "!(amount / points > 0.1)",
};

bool is_number(LaneType type) {
  return type == LaneType::kInteger || type == LaneType::kDecimal || type == LaneType::kDouble ||
         type == LaneType::kBool;
}

FeatureSpec expression(const std::string& name, const std::string& text) {
  FeatureSpec spec;
  spec.name.text = name;
  spec.expr.text = text;
  spec.lookback_ms = 1'000'000;
  return spec;
}

// `where` of the random features never overflows; this one does.
FeatureSpec overflowing_where() {
  FeatureSpec spec;
  spec.name.text = "large_squares";
  spec.key.text = "customer";
  spec.ops.push_back({"count", {}});
  spec.windows.push_back({"1h", 3'600'000, {}});
  spec.where.text = "points * points > 100";
  return spec;
}

// Each operand on the right waits for the one on its left: as many registers as it is deep.
std::string deep_expression() {
  std::string text = "points";
  for (std::uint32_t i = 0; i < 50; ++i) text = "points - (" + text + ")";
  return text;
}

double random_double(Random& random) {
  switch (random.below(12)) {
    case 0:
      return std::numeric_limits<double>::infinity();
    case 1:
      return -std::numeric_limits<double>::infinity();
    case 2:
      return -0.0;
    case 3:
      return std::numeric_limits<double>::denorm_min();
    case 4:
      return 1.0e300;
    default:
      return (static_cast<double>(random.below(20'000)) - 10'000.0) / 64.0;
  }
}

Lane random_integer(Random& random) {
  if (random.percent(80)) return static_cast<Lane>(random.below(400)) - 200;
  const auto wide = static_cast<Lane>(random.next() >> random.below(63));
  return wide == kMissing ? 0 : wide;
}

Lane random_lane(Random& random, ColumnType type) {
  switch (type.type) {
    case LaneType::kDouble:
      return lane_of(random_double(random));
    case LaneType::kBool:
      return random.below(2);
    case LaneType::kTime:
      return kCaseStartMs + static_cast<Lane>(random.next() >> 24) -
             static_cast<Lane>(random.next() >> 24);
    case LaneType::kEnum:
      return random.below(6);
    case LaneType::kKey:
      return fingerprint_of(key_of(std::to_string(random.below(20))));
    default:
      return random_integer(random);
  }
}

}  // namespace

ScoreCase::ScoreCase(const ScoreCaseShape& shape) : rows(shape.rows) {
  Random random(shape.seed);
  make_plan(random, shape);
  make_columns(random, shape);
  const std::uint32_t kind = random.below(5);
  if (kind < 3) add_forest(random);
  if (kind == 3) add_logistic(random);
}

void ScoreCase::make_plan(Random& random, const ScoreCaseShape& shape) {
  PlanInput input;
  input.schema = random_case_schema(LabelsFrom::kInput);
  for (FeatureSpec& spec : every_feature(LabelsFrom::kInput)) {
    if (random.percent(20)) input.features.push_back(std::move(spec));
  }
  input.features.push_back(expression("first", random.percent(50) ? "points * 3" : "points"));
  input.features.push_back(expression("second", "double(amount) / 7.0"));
  if (random.percent(50)) input.features.push_back(overflowing_where());
  for (std::size_t e = 0; e < kExpressions.size(); ++e) {
    if (!random.percent(50)) continue;
    input.features.push_back(expression("x" + std::to_string(e), kExpressions[e]));
  }
  if (shape.deep) input.features.push_back(expression("deep", deep_expression()));
  for (std::uint32_t a = 0; a < shape.alerts; ++a) {
    AlertSpec alert;
    alert.name = "a" + std::to_string(a);
    alert.when.text = random.one_of(kAlerts);
    alert.severity = "low";
    input.alerts.push_back(alert);
  }
  if (random.percent(50)) input.state.history_max = 10;
  plan.schema = input.schema;
  plan.dictionary = &dictionary;
  plan.state = input.state;
  PlanBuilder(input, plan).build();
}

std::vector<Lane> ScoreCase::random_lanes(Random& random, ColumnType type) {
  const Lane missing = type.type == LaneType::kDouble ? kMissingDouble : kMissing;
  const std::uint32_t missing_percent = random.one_of<std::uint32_t>({0, 0, 0, 15, 15, 60, 100});
  std::vector<Lane> lanes(rows);
  for (Lane& lane : lanes) {
    lane = random.percent(missing_percent) ? missing : random_lane(random, type);
  }
  return lanes;
}

void ScoreCase::make_columns(Random& random, const ScoreCaseShape& shape) {
  queries.resize(plan.query_count);
  for (const Field& field : plan.schema.fields) {
    fields.push_back(random_lanes(random, field.column_type()));
  }
  for (const ColumnSource& source : plan.columns) {
    if (source.kind == ColumnKind::kQuery) {
      queries[source.index] = random_lanes(random, source.type);
    }
  }
  time = random_lanes(random, {LaneType::kTime, 0});
  label = random_lanes(random, {LaneType::kBool, 0});
  keys.resize(plan.schema.key_count, std::vector<Key>(rows));
  for (std::vector<Key>& column : keys) {
    for (Key& key : column) {
      if (!random.percent(20)) key = {random.next(), random.next()};
    }
  }
  refused.resize(rows);
  for (std::uint8_t& row : refused) row = shape.refuses && random.percent(30) ? 1 : 0;
}

const std::vector<Lane>* ScoreCase::given(const ColumnSource& source) const {
  switch (source.kind) {
    case ColumnKind::kField:
      return &fields[source.index];
    case ColumnKind::kTime:
      return &time;
    case ColumnKind::kLabel:
      return &label;
    case ColumnKind::kQuery:
      return &queries[source.index];
    default:
      return nullptr;
  }
}

// Inputs are any columns that are numbers; thresholds are often values that occur.
void ScoreCase::add_forest(Random& random) {
  std::vector<std::uint32_t> numbers;
  for (std::uint32_t c = 0; c < plan.columns.size(); ++c) {
    const ColumnKind kind = plan.columns[c].kind;
    if (kind == ColumnKind::kScore || kind == ColumnKind::kMargin) continue;
    if (is_number(plan.columns[c].type.type)) numbers.push_back(c);
  }
  const std::uint32_t feature_count = 1 + random.below(40);
  for (std::uint32_t f = 0; f < feature_count; ++f) {
    const std::uint32_t column = random.one_of(numbers);
    plan.model_inputs.push_back({column, plan.columns[column].type});
  }
  const auto threshold = [&](std::uint32_t feature) {
    const ModelInput& input = plan.model_inputs[feature];
    const std::vector<Lane>* const lanes = given(plan.columns[input.column]);
    const float other = static_cast<float>(random.below(400)) / 4.0F - 50.0F;
    if (lanes == nullptr || random.percent(30)) return other;
    const float value = as_float(input.type, unit_of(input.type), (*lanes)[random.below(rows)]);
    return std::isfinite(value) ? value : other;
  };
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  for (std::uint32_t t = 0, trees = 1 + random.below(20); t < trees; ++t) {
    std::vector<std::uint32_t> open = {static_cast<std::uint32_t>(nodes.size())};
    roots.push_back(open[0]);
    nodes.push_back({});
    for (std::uint32_t s = random.below(30); s > 0; --s) {
      const std::uint32_t number = open.back();
      open.pop_back();
      const std::uint32_t feature = random.below(feature_count);
      const auto left = static_cast<std::uint32_t>(nodes.size());
      nodes[number] = {threshold(feature), feature, left, random.below(2)};
      nodes.insert(nodes.end(), 2, ForestNode{});
      open.insert(open.begin(), {left, left + 1});
    }
    for (const std::uint32_t leaf : open) {
      nodes[leaf].value = (static_cast<float>(random.below(2000)) - 1000.0F) / 1024.0F / 3.0F;
    }
  }
  plan.model.emplace();
  plan.model->kind = ModelKind::kForest;
  plan.model->feature_count = feature_count;
  plan.model->tree_count = static_cast<std::uint32_t>(roots.size());
  plan.model->forest.emplace(std::move(nodes), std::move(roots), feature_count, -0.125F);
}

// Few inputs mostly, so that not every margin is missing; many, so that infinities meet.
void ScoreCase::add_logistic(Random& random) {
  Logistic logistic;
  const std::uint32_t input_percent = random.one_of<std::uint32_t>({5, 15, 50});
  for (std::uint32_t c = 0; c < plan.columns.size(); ++c) {
    const ColumnKind kind = plan.columns[c].kind;
    if (kind == ColumnKind::kScore || kind == ColumnKind::kMargin) continue;
    if (!is_number(plan.columns[c].type.type) || !random.percent(input_percent)) continue;
    plan.model_inputs.push_back({c, plan.columns[c].type});
    logistic.mean.push_back(static_cast<double>(random.below(100)) / 3.0);
    logistic.scale.push_back(static_cast<double>(random.below(100)) / 7.0 + 0.1);
    logistic.coef.push_back(static_cast<double>(random.below(100)) / 300.0 - 0.15);
  }
  logistic.intercept = -0.3;
  plan.model.emplace();
  plan.model->kind = ModelKind::kLogistic;
  plan.model->feature_count = static_cast<std::uint32_t>(logistic.coef.size());
  plan.model->logistic = std::move(logistic);
}

ScoreAnswers answers_of_host(const ScoreCase& given, std::uint32_t rows) {
  const CompiledPlan& plan = given.plan;
  ScoreAnswers answers;
  answers.selectors.resize(plan.selectors.size(), std::vector<Lane>(rows));
  answers.steps.resize(plan.steps.size(), std::vector<Lane>(rows));
  answers.fired.resize((plan.alerts.size() + 63) / 64, std::vector<std::uint64_t>(rows));
  answers.margin.resize(rows);
  answers.score.resize(rows);
  std::vector<double> margin(rows);
  std::vector<double> score(rows);
  std::vector<Lane> condition(rows);
  std::vector<const Lane*> columns;
  for (const ColumnSource& source : plan.columns) {
    const std::vector<Lane>* lanes = given.given(source);
    if (source.kind == ColumnKind::kStep) lanes = &answers.steps[source.index];
    if (source.kind == ColumnKind::kScore) lanes = &answers.score;
    if (source.kind == ColumnKind::kMargin) lanes = &answers.margin;
    columns.push_back(lanes->data());
  }
  std::vector<Lane*> selectors;
  std::vector<Lane*> steps;
  std::vector<std::uint64_t*> fired;
  for (auto& column : answers.selectors) selectors.push_back(column.data());
  for (auto& column : answers.steps) steps.push_back(column.data());
  for (auto& column : answers.fired) fired.push_back(column.data());
  std::vector<std::unique_ptr<BlockScratch>> workers;
  workers.push_back(std::make_unique<BlockScratch>(plan));
  run_selectors(plan, columns.data(), rows, selectors.data(), *workers[0]);
  BlockColumns block;
  block.size = rows;
  block.columns = columns.data();
  block.steps = steps.data();
  block.score_lane = answers.score.data();
  block.margin_lane = answers.margin.data();
  block.condition = condition.data();
  block.score = score.data();
  block.margin = margin.data();
  block.fired = fired.data();
  block.refused = given.refused.data();
  run_block_pass(plan, block, workers);
  answers.overflows = workers[0]->overflows;
  return answers;
}

}  // namespace warpscore
