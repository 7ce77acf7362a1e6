#include "scoring/xgboost.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace warpscore {
namespace {

constexpr std::int64_t kInt32Max = std::numeric_limits<std::int32_t>::max();

std::int64_t integer_or(const Field& object, std::string_view key, std::int64_t otherwise,
                        std::int64_t most) {
  return object.has(key) ? object.at(key).integer_between(0, most) : otherwise;
}

void check_version(const Field& root) {
  if (!root.has("version")) return;
  const Field version = root.at("version");
  const Value::Numbers& numbers = version.numbers();
  if (numbers.empty() || !(numbers[0] >= 1.0 && numbers[0] < 4.0)) {
    version.fail("this XGBoost version is unknown here; save the model with a 1.x, 2.x or 3.x");
  }
}

void check_kind(const Field& learner) {
  const Field objective = learner.at("objective").at("name");
  if (objective.text() != "binary:logistic" && objective.text() != "reg:logistic") {
    objective.fail("objective \"" + objective.text() +
                   "\" gives no probability of fraud; train with binary:logistic or reg:logistic");
  }
  const Field booster = learner.at("gradient_booster").at("name");
  if (booster.text() == "dart") {
    booster.fail("DART scales its trees and is not supported; train with booster gbtree");
  }
  if (booster.text() != "gbtree") {
    booster.fail("booster \"" + booster.text() + "\" has no trees; train with booster gbtree");
  }
  const Field parameters = learner.at("learner_model_param");
  if (integer_or(parameters, "num_class", 0, kInt32Max) > 1) {
    parameters.at("num_class").fail("several classes are not supported; train a yes/no model");
  }
  if (integer_or(parameters, "num_target", 1, kInt32Max) > 1) {
    parameters.at("num_target").fail("several targets are not supported; train on one label");
  }
}

// XGBoost keeps it as text, "5E-1" and since 3.1 "[5E-1]", and computes with float32. The same
// steps in float32, clamping included (v3.2 regression_loss.h), with libm's logf as XGBoost calls
// it.
float base_margin_of(const Field& base_score) {
  const std::string_view whole = base_score.text();
  std::string_view text = whole;
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.find(',') != std::string_view::npos) {
    base_score.fail("several base scores are not supported; train a yes/no model on one label");
  }
  float score = 0.0F;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), score);
  if (error != std::errc() || stop != text.data() + text.size() ||
      !(score >= 0.0F && score <= 1.0F)) {
    base_score.fail("\"" + std::string(whole.substr(0, 40)) +
                    "\" is no probability between 0 and 1; set base_score and train again");
  }
  constexpr float kEpsilon = 1e-6F;
  score = std::min(std::max(score, kEpsilon), 1.0F - kEpsilon);
  return -std::log(1.0F / score - 1.0F);
}

std::vector<std::string> read_feature_names(const Field& learner, std::uint32_t feature_count) {
  if (learner.has("feature_types")) {
    const Field types = learner.at("feature_types");
    const std::vector<std::string> texts = types.texts();
    const auto found = std::find(texts.begin(), texts.end(), "c");
    if (found != texts.end()) {
      types.fail_at(static_cast<std::size_t>(found - texts.begin()),
                    "categorical features are not supported; train on numbers or one-hot columns");
    }
  }
  if (!learner.has("feature_names")) return {};
  const Field field = learner.at("feature_names");
  std::vector<std::string> names = field.texts();
  if (!names.empty() && names.size() != feature_count) {
    field.fail("holds " + std::to_string(names.size()) + " names for " +
               std::to_string(feature_count) + " features; save the model again");
  }
  return names;
}

// How many of the trees score: all, or those up to the best iteration of early stopping.
std::size_t used_trees(const Field& learner, const Field& model, std::size_t trees) {
  if (!learner.has("attributes") || !learner.at("attributes").has("best_iteration")) return trees;
  const Field best = learner.at("attributes").at("best_iteration");
  const auto iterations = static_cast<std::size_t>(best.integer_between(0, kInt32Max - 1)) + 1;
  std::size_t used = 0;
  if (model.has("iteration_indptr")) {
    const Field starts = model.at("iteration_indptr");
    const Value::Numbers& numbers = starts.numbers();
    if (iterations >= numbers.size()) {
      best.fail("names an iteration that the model has not; save the model again, unsliced");
    }
    const double end = numbers[iterations];
    if (!(end >= 0.0 && end <= static_cast<double>(trees) && end == std::floor(end))) {
      starts.fail_at(iterations, "is no number of trees; save the model again");
    }
    used = static_cast<std::size_t>(end);
  } else {
    const std::int64_t parallel =
        integer_or(model.at("gbtree_model_param"), "num_parallel_tree", 1, kTreesMax);
    used = iterations * static_cast<std::size_t>(std::max<std::int64_t>(parallel, 1));
  }
  if (used > trees) {
    best.fail("names an iteration that the model has not; save the model again, unsliced");
  }
  return used;
}

// One tree of the file, checked and renumbered: breadth first, siblings side by side.
class TreeReader {
 public:
  TreeReader(const Field& tree, std::uint32_t feature_count)
      : left_(tree.at("left_children")),
        right_(tree.at("right_children")),
        feature_(tree.at("split_indices")),
        condition_(tree.at("split_conditions")),
        default_left_(tree.at("default_left")),
        feature_count_(feature_count) {
    const Field parameters = tree.at("tree_param");
    node_count_ =
        static_cast<std::size_t>(parameters.at("num_nodes").integer_between(1, kForestNodesMax));
    if (integer_or(parameters, "size_leaf_vector", 0, kInt32Max) > 1) {
      parameters.at("size_leaf_vector")
          .fail("leaves that are vectors are not supported; train with one_output_per_tree");
    }
    for (const Field* field : {&left_, &right_, &feature_, &condition_, &default_left_}) {
      if (field->numbers().size() != node_count_) {
        field->fail("holds " + std::to_string(field->numbers().size()) + " numbers for " +
                    std::to_string(node_count_) + " nodes; is the file complete?");
      }
    }
    refuse_categories(tree);
  }

  void append_to(std::vector<ForestNode>& nodes) {
    constexpr std::size_t kRoot = 0;
    std::vector<std::uint8_t> reached(node_count_, 0);
    std::vector<std::size_t> queue = {kRoot};  // the file's numbers, in our order
    reached[kRoot] = 1;
    const std::size_t first = nodes.size();
    for (std::size_t at = 0; at < queue.size(); ++at) {
      const std::size_t node = queue[at];
      const float value = finite_value(node);
      const double left = left_.numbers()[node];
      const double right = right_.numbers()[node];
      if (left == -1.0 && right == -1.0) {
        nodes.push_back({value, 0, 0, 0});
        continue;
      }
      const auto pair = static_cast<std::uint32_t>(first + queue.size());
      const double default_left = default_left_.numbers()[node];
      if (default_left != 0.0 && default_left != 1.0) {
        default_left_.fail_at(node, "is neither 0 nor 1; save the model again");
      }
      nodes.push_back({value, feature_of(node), pair, default_left == 1.0 ? 0U : 1U});
      queue.push_back(take_child(left_, node, reached));
      queue.push_back(take_child(right_, node, reached));
    }
    refuse_lost(reached);
  }

 private:
  void refuse_categories(const Field& tree) {
    if (tree.has("categories") && !tree.at("categories").empty_array()) {
      tree.at("categories")
          .fail("categorical splits are not supported; train on numbers or one-hot columns");
    }
    if (!tree.has("split_type")) return;
    const Field types = tree.at("split_type");
    const Value::Numbers& numbers = types.numbers();
    const auto found =
        std::find_if(numbers.begin(), numbers.end(), [](double type) { return type != 0.0; });
    if (found != numbers.end()) {
      types.fail_at(static_cast<std::size_t>(found - numbers.begin()),
                    "categorical splits are not supported; train on numbers or one-hot columns");
    }
  }

  // Pruning leaves nodes behind that no other leads to; XGBoost marks them in place of a feature.
  void refuse_lost(const std::vector<std::uint8_t>& reached) const {
    constexpr double kDeleted = std::numeric_limits<std::int32_t>::max();
    for (std::size_t node = 0; node < node_count_; ++node) {
      if (reached[node] == 0 && feature_.numbers()[node] != kDeleted) {
        left_.fail_at(node, "belongs to a node that no other leads to; is the file intact?");
      }
    }
  }

  float finite_value(std::size_t node) const {
    const double value = condition_.numbers()[node];
    if (!(std::abs(value) <= std::numeric_limits<float>::max())) {
      condition_.fail_at(node, "is not finite in float32; train again without infinite values");
    }
    return static_cast<float>(value);
  }

  std::uint32_t feature_of(std::size_t node) const {
    const double feature = feature_.numbers()[node];
    if (!(feature >= 0.0 && feature < feature_count_ && feature == std::floor(feature))) {
      feature_.fail_at(node, "is no feature: the model has " + std::to_string(feature_count_) +
                                 "; is the file intact?");
    }
    return static_cast<std::uint32_t>(feature);
  }

  std::size_t take_child(const Field& children, std::size_t node,
                         std::vector<std::uint8_t>& reached) const {
    const double number = children.numbers()[node];
    if (!(number >= 1.0 && number < static_cast<double>(node_count_) &&
          number == std::floor(number))) {
      children.fail_at(node, "is no node: the tree has " + std::to_string(node_count_) +
                                 "; is the file intact?");
    }
    const auto child = static_cast<std::size_t>(number);
    if (reached[child] != 0) {
      children.fail_at(node, "node " + std::to_string(child) +
                                 " has two parents, so this is no tree; is the file intact?");
    }
    reached[child] = 1;
    return child;
  }

  Field left_;
  Field right_;
  Field feature_;
  Field condition_;
  Field default_left_;
  std::uint32_t feature_count_;
  std::size_t node_count_ = 0;
};

void read_trees(const Field& learner, XgboostModel& result) {
  const Field model = learner.at("gradient_booster").at("model");
  const Field trees = model.at("trees");
  const auto count = static_cast<std::size_t>(
      model.at("gbtree_model_param").at("num_trees").integer_between(0, kTreesMax));
  if (trees.size() != count) {
    trees.fail("holds " + std::to_string(trees.size()) + " trees where num_trees says " +
               std::to_string(count) + "; is the file complete?");
  }
  if (model.has("tree_info")) {
    const Value::Numbers& groups = model.at("tree_info").numbers();
    if (std::any_of(groups.begin(), groups.end(), [](double group) { return group != 0.0; })) {
      model.at("tree_info").fail("several classes are not supported; train a yes/no model");
    }
  }
  const std::size_t used = used_trees(learner, model, count);
  for (std::size_t t = 0; t < used; ++t) {
    const Field tree = trees.at(t);
    result.roots.push_back(static_cast<std::uint32_t>(result.nodes.size()));
    TreeReader(tree, result.feature_count).append_to(result.nodes);
    if (result.nodes.size() > static_cast<std::size_t>(kForestNodesMax)) {
      tree.fail("the trees up to here have more than " + std::to_string(kForestNodesMax) +
                " nodes; train fewer or smaller trees");
    }
  }
}

}  // namespace

XgboostModel read_xgboost(const Value& document) {
  const Field root(document, "");
  check_version(root);
  const Field learner = root.at("learner");
  check_kind(learner);
  const Field parameters = learner.at("learner_model_param");
  XgboostModel result;
  result.feature_count =
      static_cast<std::uint32_t>(parameters.at("num_feature").integer_between(0, kFeaturesMax));
  result.base_margin = base_margin_of(parameters.at("base_score"));
  result.feature_names = read_feature_names(learner, result.feature_count);
  read_trees(learner, result);
  return result;
}

}  // namespace warpscore
