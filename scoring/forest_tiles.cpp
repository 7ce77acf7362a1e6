#include "scoring/forest_tiles.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <map>
#include <utility>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kNoArea = 0;
// Below this a chunk would hold too few trees: smaller tiles, or none, are better.
constexpr std::size_t kAreaBytesMin = 16 << 10;

// What nodes ask of one feature.
struct Asked {
  std::vector<float> thresholds;  // ascending, distinct
  bool by_side[2] = {false, false};
  std::uint32_t column_by_side[2] = {kNoColumn, kNoColumn};  // where what is missing goes: 0 left
};

// By feature. Empty if a threshold is NaN or there are too many of one feature.
std::map<std::uint32_t, Asked> asked_of(std::span<const ForestNode> nodes) {
  std::map<std::uint32_t, Asked> asked;
  for (const ForestNode& node : nodes) {
    if (node.left == 0) continue;
    if (node.value != node.value) return {};
    Asked& one = asked[node.feature];
    one.thresholds.push_back(node.value);
    one.by_side[node.nan_right] = true;
  }
  std::uint32_t columns = 0;
  for (auto& [feature, one] : asked) {
    std::sort(one.thresholds.begin(), one.thresholds.end());
    one.thresholds.erase(std::unique(one.thresholds.begin(), one.thresholds.end()),
                         one.thresholds.end());
    if (one.thresholds.size() > kThresholdsMax) return {};
    for (const std::uint32_t side : {0, 1}) {
      if (one.by_side[side]) one.column_by_side[side] = columns++;
    }
  }
  return asked;
}

struct Shape {
  std::uint32_t tile_rows_max = 0;
  std::size_t area_bytes = kNoArea;
};

// Tiles of many rows before those of few, since each tile reads all trees anew; and half of the
// fast memory before all of it, so that a multiprocessor has two teams, of which one walks while
// the other fetches.
Shape shape_of(std::uint32_t columns, std::size_t shared_bytes) {
  const std::size_t few = tile_bytes_beside_area(kTileRowsFew, columns);
  const std::size_t many = std::max(few, tile_bytes_beside_area(kTileRowsMany, columns));
  for (const std::uint32_t rows : {kTileRowsMany, kTileRowsFew}) {
    const std::size_t beside = rows == kTileRowsMany ? many : few;
    for (const std::size_t bytes : {shared_bytes / 2, shared_bytes}) {
      if (bytes >= beside + kAreaBytesMin) return {rows, (bytes - beside) / 16 * 16};
    }
  }
  return {};
}

std::uint32_t depth_of(const ForestView& forest, std::uint32_t root) {
  struct At {
    std::uint32_t number, depth;
  };
  std::uint32_t deepest = 0;
  std::vector<At> open = {{root, 0}};
  while (!open.empty()) {
    const At at = open.back();
    open.pop_back();
    deepest = std::max(deepest, at.depth);
    const std::uint32_t left = forest.nodes[at.number].left;
    if (left == 0) continue;
    open.push_back({left, at.depth + 1});
    open.push_back({left + 1, at.depth + 1});
  }
  return deepest;
}

}  // namespace

class ForestPacker {
 public:
  ForestPacker(const ForestView& forest, std::map<std::uint32_t, Asked> asked, const Shape& shape)
      : forest_(forest),
        asked_(std::move(asked)),
        area_words_(static_cast<std::uint32_t>(shape.area_bytes / sizeof(std::uint32_t))) {}

  void pack(ForestTiles& tiles) {
    pack_features();
    for (std::uint32_t t = 0; t < forest_.tree_count; t += kTreesOfGroup) pack_group(t);
    end_chunk();
    tiles.features_ = append(tiles, std::span(features_));
    tiles.stages_ = append(tiles, std::span(stages_));
    tiles.chunks_ = append(tiles, std::span(chunks_));
    tiles.deep_nodes_ = append(tiles, std::span(deep_nodes_));
    tiles.tables_ = append(tiles, std::span(tables_));
    tiles.trees_ = append(tiles, std::span(trees_));
    tiles.view_.stage_count = static_cast<std::uint32_t>(stages_.size());
    tiles.view_.chunk_count = static_cast<std::uint32_t>(chunks_.size());
    for (const RankStage& stage : stages_) needs(tiles, stage.words);
    for (const TreeChunk& chunk : chunks_) needs(tiles, chunk.words);
    tiles.deep_group_count_ = deep_group_count_;
  }

  // The first word of a copy of these at the blob's end.
  template <class T>
  static std::size_t append(ForestTiles& tiles, std::span<const T> items) {
    static_assert(sizeof(T) % sizeof(std::uint32_t) == 0);
    pad(tiles.blob_);
    const std::size_t first = tiles.blob_.size();
    tiles.blob_.resize(first + items.size_bytes() / sizeof(std::uint32_t));
    if (!items.empty()) std::memcpy(&tiles.blob_[first], items.data(), items.size_bytes());
    return first;
  }
  template <class T>
  static std::size_t append(ForestTiles& tiles, std::span<T> items) {
    return append(tiles, std::span<const T>(items));
  }

 private:
  static constexpr std::uint32_t kWordsOfRoots = kTreesOfGroup;

  // Copies go by 16 bytes.
  static void pad(std::vector<std::uint32_t>& words) { words.resize((words.size() + 3) / 4 * 4); }
  static void needs(ForestTiles& tiles, std::uint32_t words) {
    tiles.view_.area_words = std::max(tiles.view_.area_words, words);
  }

  // --- Features ----------------------------------------------------------------------------------

  void pack_features() {
    for (const auto& [feature, asked] : asked_) {
      const auto depth = static_cast<std::uint32_t>(std::bit_width(asked.thresholds.size()));
      const std::uint32_t words = std::max(4U, 1U << depth);
      const bool fits = words <= area_words_;
      if (stages_.empty() || stages_.back().words == 0 || !fits ||
          stages_.back().words + words > area_words_) {
        stages_.push_back({static_cast<std::uint32_t>(features_.size()), 0,
                           static_cast<std::uint32_t>(tables_.size()), 0});
      }
      RankStage& stage = stages_.back();
      ++stage.feature_count;
      if (fits) stage.words += words;
      const auto table = static_cast<std::uint32_t>(tables_.size());
      features_.push_back(
          {feature, depth, table, asked.column_by_side[0], asked.column_by_side[1]});
      tables_.resize(table + words);
      pack_thresholds(asked.thresholds, depth, &tables_[table]);
    }
  }

  // In-order, the complete tree's nodes are the thresholds ascending.
  static void pack_thresholds(std::span<const float> thresholds, std::uint32_t depth,
                              std::uint32_t* table) {
    for (std::uint32_t level = 0; level < depth; ++level) {
      const std::uint32_t half = 1U << (depth - level - 1);
      for (std::uint32_t i = 0; i < 1U << level; ++i) {
        const std::size_t rank =
            std::size_t{2} * half * i + half;  // of this node's threshold, from 1
        const float threshold = rank <= thresholds.size() ? thresholds[rank - 1]
                                                          : std::numeric_limits<float>::quiet_NaN();
        table[(1U << level) + i] = std::bit_cast<std::uint32_t>(threshold);
      }
    }
  }

  std::uint32_t question_of(const ForestNode& node) const {
    const Asked& asked = asked_.at(node.feature);
    const auto at = std::lower_bound(asked.thresholds.begin(), asked.thresholds.end(), node.value);
    const auto k = static_cast<std::uint32_t>(at - asked.thresholds.begin()) + 1;
    return tile_question(asked.column_by_side[node.nan_right], k);
  }

  // --- Trees -------------------------------------------------------------------------------------

  void pack_group(std::uint32_t first) {
    std::uint32_t depth = 0;
    const std::uint32_t last = std::min(first + kTreesOfGroup, forest_.tree_count);
    for (std::uint32_t t = first; t < last; ++t) {
      depth = std::max(depth, depth_of(forest_, forest_.roots[t]));
    }
    // With it comes its word of the directory, which is made up to four.
    const bool deep =
        depth > kTileDepthMax || (2 * kTreesOfGroup << depth) + kWordsOfRoots > area_words_;
    const std::uint32_t words = deep ? kWordsOfRoots : 2 * kTreesOfGroup << depth;
    const auto directory = static_cast<std::uint32_t>(directory_.size() + 4) / 4 * 4;
    if (directory + chunk_trees_.size() + words > area_words_) end_chunk();
    const auto at = static_cast<std::uint32_t>(chunk_trees_.size());
    directory_.push_back({at, deep ? kDeepGroup : depth});
    chunk_trees_.resize(at + words);
    deep_group_count_ += deep ? 1 : 0;
    for (std::uint32_t i = 0; i < kTreesOfGroup; ++i) {
      std::uint32_t* const tree = &chunk_trees_[at + (deep ? i : i * (2U << depth))];
      if (first + i >= forest_.tree_count) {
        if (deep) *tree = deep_leaf(-0.0F);
        if (!deep) pack_constant(tree, depth, -0.0F);
      } else {
        const std::uint32_t root = forest_.roots[first + i];
        if (deep) *tree = pack_deep(root);
        if (!deep) pack_node(tree, 1, depth, root);
      }
    }
  }

  // The subtree at `at`, which has `levels` below it.
  void pack_node(std::uint32_t* tree, std::uint32_t at, std::uint32_t levels,
                 std::uint32_t number) const {
    const ForestNode& node = forest_.nodes[number];
    if (levels == 0) {
      WARPSCORE_CHECK(node.left == 0);
      tree[at] = std::bit_cast<std::uint32_t>(node.value);
      return;
    }
    const bool leaf = node.left == 0;
    tree[at] = leaf ? tile_question(0, 1) : question_of(node);
    pack_node(tree, 2 * at, levels - 1, leaf ? number : node.left);
    pack_node(tree, 2 * at + 1, levels - 1, leaf ? number : node.left + 1);
  }

  static void pack_constant(std::uint32_t* tree, std::uint32_t depth, float value) {
    std::fill_n(tree, 1U << depth, tile_question(0, 1));
    std::fill_n(tree + (1U << depth), 1U << depth, std::bit_cast<std::uint32_t>(value));
  }

  // Breadth first, so that the levels all rows pass are together. The number of the root.
  std::uint32_t pack_deep(std::uint32_t root) {
    const auto first = static_cast<std::uint32_t>(deep_nodes_.size());
    std::vector<std::uint32_t> numbers = {root};
    for (std::size_t i = 0; i < numbers.size(); ++i) {
      const ForestNode& node = forest_.nodes[numbers[i]];
      if (node.left == 0) {
        deep_nodes_.push_back({0, std::bit_cast<std::uint32_t>(node.value)});
        continue;
      }
      const auto next = static_cast<std::uint32_t>(first + numbers.size());
      deep_nodes_.push_back({question_of(node), next});
      numbers.insert(numbers.end(), {node.left, node.left + 1});
    }
    return first;
  }
  std::uint32_t deep_leaf(float value) {
    deep_nodes_.push_back({0, std::bit_cast<std::uint32_t>(value)});
    return static_cast<std::uint32_t>(deep_nodes_.size() - 1);
  }

  void end_chunk() {
    if (directory_.empty()) return;
    const auto first = static_cast<std::uint32_t>(trees_.size());
    const auto before = static_cast<std::uint32_t>((directory_.size() + 3) / 4 * 4);
    for (const Entry& entry : directory_) trees_.push_back((before + entry.at) << 4 | entry.depth);
    pad(trees_);
    trees_.insert(trees_.end(), chunk_trees_.begin(), chunk_trees_.end());
    chunks_.push_back({first, static_cast<std::uint32_t>(trees_.size()) - first,
                       static_cast<std::uint32_t>(directory_.size())});
    WARPSCORE_CHECK(chunks_.back().words <= area_words_);
    directory_.clear();
    chunk_trees_.clear();
  }

  const ForestView forest_;
  const std::map<std::uint32_t, Asked> asked_;
  const std::uint32_t area_words_;

  std::vector<RankedFeature> features_;
  std::vector<RankStage> stages_;
  std::vector<std::uint32_t> tables_;
  std::vector<TreeChunk> chunks_;
  std::vector<std::uint32_t> trees_;
  std::vector<DeepNode> deep_nodes_;
  std::size_t deep_group_count_ = 0;

  // The chunk in the making.
  struct Entry {
    std::uint32_t at, depth;
  };
  std::vector<Entry> directory_;
  std::vector<std::uint32_t> chunk_trees_;
};

ForestTiles::ForestTiles(const ForestView& forest, std::size_t node_count,
                         std::size_t shared_bytes) {
  const std::span nodes(forest.nodes, node_count);
  std::map<std::uint32_t, Asked> asked = asked_of(nodes);
  std::uint32_t columns = 0;
  for (const auto& [feature, one] : asked) columns += one.by_side[0] + one.by_side[1];
  const bool asks = std::any_of(nodes.begin(), nodes.end(),
                                [](const ForestNode& node) { return node.left != 0; });
  const bool can_rank = !asks || !asked.empty();
  const Shape shape = can_rank ? shape_of(columns, shared_bytes) : Shape{};
  view_.walked = {nullptr, nullptr, forest.tree_count, forest.feature_count, forest.base_margin};
  view_.base_margin = forest.base_margin;
  view_.tile_rows_max = shape.tile_rows_max;
  if (!tiled()) {
    nodes_ = ForestPacker::append(*this, nodes);
    roots_ = ForestPacker::append(*this, std::span(forest.roots, forest.tree_count));
    return;
  }
  view_.column_count = columns;
  ForestPacker(forest, std::move(asked), shape).pack(*this);
}

ForestTilesView ForestTiles::view(const std::byte* base) const {
  const auto* const words = reinterpret_cast<const std::uint32_t*>(base);
  ForestTilesView view = view_;
  view.features = reinterpret_cast<const RankedFeature*>(words + features_);
  view.stages = reinterpret_cast<const RankStage*>(words + stages_);
  view.chunks = reinterpret_cast<const TreeChunk*>(words + chunks_);
  view.deep_nodes = reinterpret_cast<const DeepNode*>(words + deep_nodes_);
  view.tables = words + tables_;
  view.trees = words + trees_;
  view.walked.nodes = reinterpret_cast<const ForestNode*>(words + nodes_);
  view.walked.roots = words + roots_;
  return view;
}

}  // namespace warpscore
