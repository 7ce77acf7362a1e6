#include "bench/device/bench_plan.h"

#include <algorithm>
#include <charconv>
#include <random>
#include <span>
#include <string>
#include <vector>

#include "kernels/history.h"
#include "kernels/shard.h"
#include "scoring/compiled_plan.h"

namespace warpscore {
namespace {

constexpr std::int64_t kDayMs = 24LL * 3'600'000;

Schema schema() {
  Schema schema;
  schema.id_source = "tx_id";
  schema.time_source = "ts_ms";
  schema.fields = {{"customer", "customer", FieldType::kKey, 0, false, false, 0, 0},
                   {"terminal", "terminal", FieldType::kKey, 0, false, false, 0, 1},
                   {"amount", "amount", FieldType::kDecimal, 2, false, false, 0, 0}};
  schema.key_count = 2;
  return schema;
}

FeatureSpec windows(const char* key, const char* value, const std::vector<const char*>& ops,
                    const std::vector<std::int64_t>& days) {
  FeatureSpec spec;
  spec.name.text = std::string(key) + "_{op}_{days}";
  spec.key.text = key;
  spec.value.text = value;
  for (const char* op : ops) spec.ops.push_back({op, {}});
  for (const std::int64_t count : days) {
    spec.windows.push_back({std::to_string(count) + "d", count * kDayMs, {}});
  }
  return spec;
}

FeatureSpec without_window(const char* name, const char* value, const char* op) {
  FeatureSpec spec;
  spec.name.text = name;
  spec.key.text = "customer";
  spec.value.text = value;
  spec.ops.push_back({op, {}});
  spec.lookback_ms = 30 * kDayMs;
  return spec;
}

FeatureSpec expression(const char* name, const char* text) {
  FeatureSpec spec;
  spec.name.text = name;
  spec.expr.text = text;
  return spec;
}

std::vector<FeatureSpec> feature_specs(BenchFeatures wanted) {
  const FeatureSpec since = without_window("customer_seconds_since", "", "seconds_since_last");
  if (wanted == BenchFeatures::kSeenLast) return {since};
  std::vector<FeatureSpec> specs = {
      windows("customer", "amount", {"count", "sum", "mean", "stddev", "max"}, {1, 7, 30}),
      without_window("customer_last", "amount", "last"),
      since,
      windows("terminal", "", {"count"}, {1, 7, 30}),
      windows("terminal", "customer", {"distinct"}, {1, 7}),
  };
  if (wanted == BenchFeatures::kWindows) return specs;
  specs.push_back(expression("amount_share", "double(amount) / customer_mean_30"));
  specs.push_back(expression("minute_of_day", "time.getHours() * 60 + time.getMinutes()"));
  return specs;
}

// About the greatest value that a feature takes, by its name.
double scale_of(const std::string& name) {
  if (name.find("count") != std::string::npos || name.find("distinct") != std::string::npos) {
    return 60;
  }
  if (name.find("sum") != std::string::npos) return 15'000;
  if (name.find("since") != std::string::npos) return 300'000;
  if (name.find("share") != std::string::npos) return 2;
  if (name.find("minute") != std::string::npos) return 1440;
  return 500;
}

// A model file, as XGBoost writes it.
class ModelText {
 public:
  ModelText(const BenchPlanOptions& options, const std::vector<FeatureColumn>& features)
      : splits_((1U << options.depth) - 1), features_(features) {
    text_ =
        R"({"version":[3,2,0],"learner":{"objective":{"name":"binary:logistic"},)"
        R"("learner_model_param":{"base_score":"1E-1","num_class":"0","num_target":"1",)"
        R"("num_feature":")" +
        std::to_string(features.size()) +
        R"("},"gradient_booster":{"name":"gbtree","model":{"gbtree_model_param":{"num_trees":")" +
        std::to_string(options.trees) + R"("},"trees":[)";
    for (std::uint32_t t = 0; t < options.trees; ++t) {
      if (t != 0) text_ += ',';
      add_tree();
    }
    text_ += "]}}}}";
  }
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(text_)); }

 private:
  // One number for each node.
  template <class Function>
  void add_list(const char* name, const Function& of_node) {
    text_ += std::string(",\"") + name + "\":[";
    for (std::uint32_t node = 0; node < 2 * splits_ + 1; ++node) {
      char number[32];
      const auto [end, error] =
          std::to_chars(number, number + sizeof number, static_cast<float>(of_node(node)));
      if (node != 0) text_ += ',';
      text_.append(number, end);
    }
    text_ += ']';
  }

  void add_tree() {
    std::vector<std::uint32_t> feature(splits_);
    for (std::uint32_t& one : feature) {
      one = static_cast<std::uint32_t>(random_() % features_.size());
    }
    text_ += R"({"tree_param":{"num_nodes":")" + std::to_string(2 * splits_ + 1) + R"("})";
    add_list("left_children",
             [&](std::uint32_t node) -> double { return node < splits_ ? 2.0 * node + 1 : -1; });
    add_list("right_children",
             [&](std::uint32_t node) -> double { return node < splits_ ? 2.0 * node + 2 : -1; });
    add_list("split_indices",
             [&](std::uint32_t node) -> double { return node < splits_ ? feature[node] : 0; });
    add_list("default_left", [&](std::uint32_t node) -> double { return node % 2; });
    add_list("split_conditions", [&](std::uint32_t node) -> double {
      if (node >= splits_) return static_cast<double>(random_() % 2001) / 10'000.0 - 0.1;
      const double rank = static_cast<double>(random_() % 255 + 1) / 256.0;
      return scale_of(features_[feature[node]].name) * rank;
    });
    text_ += '}';
  }

  const std::uint32_t splits_;
  const std::vector<FeatureColumn>& features_;
  std::mt19937 random_{1};
  std::string text_;
};

std::size_t fields_read(const TableParts& parts) {
  std::vector<std::uint32_t> fields;
  for (const SumWord& sum : parts.sums) fields.push_back(sum.member.value);
  for (const DistinctSet& set : parts.distincts) fields.push_back(set.member.value);
  for (const LastSet& set : parts.lasts) fields.push_back(set.member.value);
  std::erase(fields, kNone);
  std::sort(fields.begin(), fields.end());
  return static_cast<std::size_t>(std::unique(fields.begin(), fields.end()) - fields.begin());
}

}  // namespace

BenchPlan::BenchPlan(const BenchPlanOptions& options) : dictionary_(16) {
  PlanInput input;
  input.schema = schema();
  input.features = feature_specs(options.features);
  if (options.features == BenchFeatures::kAll) {
    const std::vector<FeatureColumn> features = Plan(input, dictionary_).features();
    const ModelText model(options, features);
    ModelSpec spec;
    spec.path.text = "the bench's model";
    spec.bytes = model.bytes();
    spec.has_features = true;
    for (const FeatureColumn& feature : features) spec.list.push_back({feature.name, {}});
    input.model = spec;
    AlertSpec alert;
    alert.name = "likely fraud";
    alert.when.text = "score > 0.9 && amount > 100";
    alert.severity = "high";
    input.alerts.push_back(alert);
    plan_ = std::make_unique<Plan>(std::move(input), dictionary_);
    return;
  }
  plan_ = std::make_unique<Plan>(std::move(input), dictionary_);
}

double BenchPlan::useful_bytes() const {
  const CompiledPlan& plan = plan_->compiled();
  double bytes = sizeof(std::int64_t);  // the time
  for (std::size_t t = 0; t < plan.tables.size(); ++t) {
    const TablePlan& table = plan.tables[t];
    const TableParts& parts = plan.parts[t];
    bytes += sizeof(Key) + sizeof(std::uint64_t);
    bytes += 2.0 * slot_bytes_of(table);
    bytes += 8.0 * static_cast<double>(table.row_words * (table.keeps_rows ? 1 : 0));
    bytes += 8.0 * static_cast<double>(fields_read(parts) + parts.queries.size());
    bytes += 16.0 * static_cast<double>(parts.edges.size());
    const std::size_t sums = parts.counts.size() + parts.sums.size() + 2 * parts.squares.size();
    bytes += 8.0 * static_cast<double>(sums * parts.edges.size());
  }
  return bytes;
}

double BenchPlan::bytes_each(std::uint32_t rows) const {
  double bytes = 0;
  for (const TablePlan& table : plan_->compiled().tables) {
    bytes += slot_bytes_of(table) + 2 * 8 * 2 / 0.625;
    // Twice the mean: few accounts have more.
    for (std::uint8_t c = kFirstClass; table.keeps_rows; ++c) {
      bytes += 64.0 * static_cast<double>(ring_units(table, c));
      if ((1U << c) >= 2 * rows) break;
    }
  }
  return bytes;
}

}  // namespace warpscore
