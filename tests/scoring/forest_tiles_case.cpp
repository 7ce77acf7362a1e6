#include "tests/scoring/forest_tiles_case.h"

#include <bit>
#include <limits>
#include <utility>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr float kInfinity = std::numeric_limits<float>::infinity();
constexpr float kDenormal = std::numeric_limits<float>::denorm_min();

// Values of which several are equal, or nearly.
float some_value(std::mt19937& random, std::uint32_t distinct) {
  switch (random() % 40) {
    case 0:
      return kInfinity;
    case 1:
      return -kInfinity;
    case 2:
      return -0.0F;
    case 3:
      return 0.0F;
    case 4:
      return kDenormal;
    case 5:
      return -kDenormal;
    case 6:
      return 3 * kDenormal;
    default:
      return static_cast<float>(random() % distinct) - 3.0F;
  }
}

class Grower {
 public:
  Grower(const ForestShape& shape, std::mt19937& random) : shape_(shape), random_(random) {}

  Forest grow() {
    for (std::uint32_t t = 0; t < shape_.trees; ++t) {
      // One feature in four is asked by no tree.
      grow_tree(t % 2 == 0 ? shape_.depth_max : static_cast<std::uint32_t>(random_() % 6));
    }
    std::normal_distribution<float> value(0.0F, 0.3F);
    for (ForestNode& node : nodes_) {
      if (node.left == 0) node.value = value(random_);
    }
    return {std::move(nodes_), std::move(roots_), shape_.features, -0.25F};
  }

 private:
  struct Leaf {
    std::uint32_t number, depth;
  };

  void grow_tree(std::uint32_t depth_max) {
    const auto root = static_cast<std::uint32_t>(nodes_.size());
    roots_.push_back(root);
    nodes_.push_back({});
    std::vector<Leaf> open = {{root, 0}};
    for (std::uint32_t made = 1; made < shape_.leaves && !open.empty();) {
      const std::size_t pick = shape_.chains ? open.size() - 1 : random_() % open.size();
      const Leaf leaf = open[pick];
      open.erase(open.begin() + static_cast<std::ptrdiff_t>(pick));
      if (leaf.depth >= depth_max) continue;
      const auto left = static_cast<std::uint32_t>(nodes_.size());
      std::uint32_t feature = random_() % shape_.features;
      if (shape_.features > 3) feature = feature / 4 * 4 + feature % 3;
      feature = std::min(feature, shape_.features - 1);
      nodes_[leaf.number] = {some_value(random_, shape_.thresholds), feature, left,
                             static_cast<std::uint32_t>(random_() % 2)};
      nodes_.insert(nodes_.end(), 2, ForestNode{});
      open.push_back({left, leaf.depth + 1});
      open.push_back({left + 1, leaf.depth + 1});
      ++made;
    }
  }

  const ForestShape& shape_;
  std::mt19937& random_;
  std::vector<ForestNode> nodes_;
  std::vector<std::uint32_t> roots_;
};

Forest grow(const ForestShape& shape) {
  std::mt19937 random(shape.seed);
  return Grower(shape, random).grow();
}

std::vector<float> values_for(const Forest& forest, std::uint32_t rows, std::uint32_t seed) {
  std::mt19937 random(seed);
  const std::uint32_t features = forest.view().feature_count;
  std::vector<std::vector<float>> thresholds(features);
  for (const ForestNode& node : forest.nodes()) {
    if (node.left != 0) thresholds[node.feature].push_back(node.value);
  }
  std::vector<float> columns;
  columns.reserve(std::size_t{features} * rows);
  for (const std::vector<float>& of_feature : thresholds) {
    for (std::uint32_t r = 0; r < rows; ++r) {
      const std::uint32_t kind = random() % 10;
      float value = some_value(random, 100);
      if (kind < 6 && !of_feature.empty()) value = of_feature[random() % of_feature.size()];
      if (kind < 2) value = std::nextafter(value, -kInfinity);
      if (kind == 2) value = std::nextafter(value, kInfinity);
      if (kind == 9) value = std::numeric_limits<float>::quiet_NaN();
      columns.push_back(value);
    }
  }
  return columns;
}

}  // namespace

ForestCase::ForestCase(const ForestShape& shape)
    : ForestCase(grow(shape), shape.rows, shape.seed + 1000) {}

ForestCase::ForestCase(Forest given, std::uint32_t row_count, std::uint32_t seed)
    : forest(std::move(given)),
      rows(row_count),
      columns(values_for(forest, row_count, seed)),
      expected(row_count) {
  std::vector<const float*> pointers;
  for (std::uint32_t f = 0; f < forest.view().feature_count; ++f) {
    pointers.push_back(columns.data() + std::size_t{f} * rows);
  }
  for (std::uint32_t r = 0; r < rows; ++r) {
    expected[r] = walk_forest(forest.view(), [&](std::uint32_t f) { return pointers[f][r]; });
  }
  Forest::Scratch scratch(forest);
  std::vector<float> host(rows);
  forest.margins(pointers.data(), rows, host.data(), scratch);
  WARPSCORE_CHECK(differing_bits(host, expected) == 0);
}

std::size_t differing_bits(const std::vector<float>& a, const std::vector<float>& b) {
  std::size_t count = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    count += std::bit_cast<std::uint32_t>(a[i]) != std::bit_cast<std::uint32_t>(b[i]) ? 1 : 0;
  }
  return count;
}

}  // namespace warpscore
