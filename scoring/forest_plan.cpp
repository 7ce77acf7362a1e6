#include "scoring/forest_plan.h"

#include <algorithm>
#include <bit>
#include <limits>
#include <utility>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kThresholdsOfGroupMax = (1U << kRankBitsMax) - 1;
constexpr std::uint32_t kLeafTableFloatsMin = 16;

// A question asked by nodes: is the feature at or above the threshold, and what if it is missing.
struct Question {
  std::uint32_t feature;
  float threshold;
  std::uint32_t nan_left;

  friend bool operator<(const Question& a, const Question& b) {
    if (a.feature != b.feature) return a.feature < b.feature;
    if (a.threshold != b.threshold) return a.threshold < b.threshold;
    return a.nan_left < b.nan_left;
  }
  friend bool operator==(const Question& a, const Question& b) {
    return a.feature == b.feature && a.threshold == b.threshold && a.nan_left == b.nan_left;
  }
};

Question question_of(const ForestNode& node) {
  return {node.feature, node.value, node.nan_right ^ 1U};
}

// The part of a tree that is bit-sliced: all of it, or the top down to kExitsMax exits.
struct Top {
  struct Node {
    std::uint32_t number;     // in the forest
    std::uint32_t left = 0;   // in `nodes`, right = left + 1; 0: an exit
    std::uint32_t exits = 1;  // at and below it
    std::uint32_t depth = 0;
  };
  std::vector<Node> nodes;  // breadth first, so the shallow ones are in when the exits run out
  std::uint32_t depth = 0;
  bool walks = false;  // some exit is no leaf
};

Top top_of(const ForestView& forest, std::uint32_t root) {
  Top top;
  top.nodes.push_back({root});
  std::uint32_t exits = 1;
  for (std::size_t at = 0; at < top.nodes.size(); ++at) {
    const Top::Node node = top.nodes[at];
    const std::uint32_t left = forest.nodes[node.number].left;
    top.depth = std::max(top.depth, node.depth);
    if (left == 0) continue;
    if (exits == kExitsMax) {
      top.walks = true;
      continue;
    }
    ++exits;
    top.nodes[at].left = static_cast<std::uint32_t>(top.nodes.size());
    top.nodes.push_back({left, 0, 1, node.depth + 1});
    top.nodes.push_back({left + 1, 0, 1, node.depth + 1});
  }
  for (std::size_t at = top.nodes.size(); at-- > 0;) {
    Top::Node& node = top.nodes[at];
    if (node.left != 0) node.exits = top.nodes[node.left].exits + top.nodes[node.left + 1].exits;
  }
  return top;
}

// Codes and multiplexers of one tree for one number of code bits.
//
// A node owns an interval of codes and shares it out at the most even-numbered place that leaves
// both children room; an exit owns the largest aligned block of its interval, whose lower bits are
// free. So a balanced tree gets its paths as codes, a skewed one still fits, and where a bit is
// free in one child the multiplexer falls away.
class TreeCoder {
 public:
  TreeCoder(const Top& top, const std::vector<std::uint32_t>& masks, std::uint32_t code_bits,
            std::uint32_t first_result)
      : top_(&top), masks_(&masks), code_bits_(code_bits), first_result_(first_result) {
    codes_.resize(top.nodes.size());
    share_out(0, 0, 1U << code_bits);
    for (std::uint32_t bit = 0; bit < code_bits; ++bit) {
      const std::uint32_t plane = plane_of(0, bit);
      planes_[bit] = plane == kFree ? kMaskZeros : plane;
    }
  }

  struct Code {
    std::uint32_t first = 0;
    std::uint32_t free_bits = 0;
  };
  const Code& code_of(std::size_t node) const { return codes_[node]; }
  const std::vector<MuxOp>& ops() const { return ops_; }
  const std::uint32_t* planes() const { return planes_; }
  std::uint32_t code_bits() const { return code_bits_; }

  // Rough cost of 512 rows in cycles with AVX-512; bench/micro/forest_bench tuned it.
  std::uint32_t cost() const {
    constexpr std::uint32_t kLookUp[kCodeBitsMax + 1] = {30,  50,  55,  60,  65,  70, 130,
                                                         240, 450, 900, 920, 940, 960};
    return 2 * static_cast<std::uint32_t>(ops_.size()) + kLookUp[code_bits_];
  }

 private:
  static constexpr std::uint32_t kFree = std::numeric_limits<std::uint32_t>::max();

  void share_out(std::uint32_t number, std::uint32_t first, std::uint32_t end) {
    const Top::Node& node = top_->nodes[number];
    if (node.left == 0) {
      std::uint32_t free_bits = code_bits_;
      std::uint32_t block = 0;
      for (;; --free_bits) {
        const std::uint32_t size = 1U << free_bits;
        block = (first + size - 1) / size * size;
        if (block + size <= end) break;
      }
      codes_[number] = {block, free_bits};
      return;
    }
    const std::uint32_t least = first + top_->nodes[node.left].exits;
    const std::uint32_t most = end - top_->nodes[node.left + 1].exits;
    WARPSCORE_CHECK(least <= most);
    std::uint32_t middle = least;
    for (std::uint32_t size = 1U << code_bits_; size != 0; size >>= 1) {
      middle = (least + size - 1) / size * size;
      if (middle <= most) break;
    }
    share_out(node.left, first, middle);
    share_out(node.left + 1, middle, end);
  }

  std::uint32_t plane_of(std::uint32_t number, std::uint32_t bit) {
    const Top::Node& node = top_->nodes[number];
    if (node.left == 0) {
      const Code& code = codes_[number];
      if (bit < code.free_bits) return kFree;
      return (code.first >> bit & 1U) != 0 ? kMaskOnes : kMaskZeros;
    }
    const std::uint32_t left = plane_of(node.left, bit);
    const std::uint32_t right = plane_of(node.left + 1, bit);
    if (left == kFree || left == right) return right;
    if (right == kFree) return left;
    const std::uint32_t select = (*masks_)[number];
    if (left == kMaskZeros && right == kMaskOnes) return select;
    ops_.push_back({select, right, left});
    return first_result_ + static_cast<std::uint32_t>(ops_.size() - 1) * kMaskWords;
  }

  const Top* top_;
  const std::vector<std::uint32_t>* masks_;
  std::uint32_t code_bits_;
  std::uint32_t first_result_;
  std::vector<Code> codes_;
  std::vector<MuxOp> ops_;
  std::uint32_t planes_[kCodeBitsMax] = {};
};

class Planner {
 public:
  explicit Planner(const ForestView& forest) : forest_(forest) {}

  ForestPlan make() {
    std::vector<Top> tops;
    tops.reserve(forest_.tree_count);
    for (std::uint32_t t = 0; t < forest_.tree_count; ++t) {
      tops.push_back(top_of(forest_, forest_.roots[t]));
      for (const Top::Node& node : tops.back().nodes) {
        if (node.left != 0) questions_.push_back(question_of(forest_.nodes[node.number]));
      }
    }
    std::sort(questions_.begin(), questions_.end());
    questions_.erase(std::unique(questions_.begin(), questions_.end()), questions_.end());
    make_groups();
    for (const Top& top : tops) add_tree(top);
    return std::move(plan_);
  }

 private:
  void make_groups() {
    std::size_t at = 0;
    while (at < questions_.size()) {
      const std::uint32_t feature = questions_[at].feature;
      std::vector<float> thresholds;
      std::size_t end = at;
      for (; end < questions_.size() && questions_[end].feature == feature; ++end) {
        const float threshold = questions_[end].threshold;
        if (!thresholds.empty() && thresholds.back() == threshold) continue;
        if (thresholds.size() == kThresholdsOfGroupMax) break;
        thresholds.push_back(threshold);
      }
      add_group(at, end, thresholds);
      at = end;
    }
  }

  void add_group(std::size_t first, std::size_t end, const std::vector<float>& thresholds) {
    const auto rank_bits = static_cast<std::uint32_t>(std::bit_width(thresholds.size()));
    const std::uint32_t low_bits = rank_bits / 2;
    RankGroup group{questions_[first].feature, rank_bits,
                    static_cast<std::uint32_t>(plan_.search_tables.size()),
                    static_cast<std::uint32_t>(end - first), false};
    std::uint32_t rank = 0;
    for (std::size_t q = first; q < end; ++q) {
      if (q == first || questions_[q].threshold != questions_[q - 1].threshold) ++rank;
      group.any_nan_left = group.any_nan_left || questions_[q].nan_left != 0;
      plan_.conditions.push_back({static_cast<std::uint8_t>(rank >> low_bits),
                                  static_cast<std::uint8_t>(rank & ((1U << low_bits) - 1)),
                                  static_cast<std::uint8_t>(questions_[q].nan_left)});
    }
    plan_.groups.push_back(group);
    add_search_table(thresholds, rank_bits);
  }

  void add_search_table(const std::vector<float>& thresholds, std::uint32_t rank_bits) {
    const std::size_t table = plan_.search_tables.size();
    plan_.search_tables.resize(table + search_level_offset(std::max(rank_bits, 4U)),
                               std::numeric_limits<float>::infinity());
    for (std::uint32_t level = 0; level < rank_bits; ++level) {
      for (std::uint32_t path = 0; path < 1U << level; ++path) {
        std::uint32_t prefix = 0;  // the path with the first answer highest
        for (std::uint32_t bit = 0; bit < level; ++bit) prefix = prefix << 1 | (path >> bit & 1U);
        const std::uint32_t span = 1U << (rank_bits - level);
        const std::uint32_t place = prefix * span + span / 2 - 1;
        if (place < thresholds.size()) {
          plan_.search_tables[table + search_level_offset(level) + path] = thresholds[place];
        }
      }
    }
  }

  void add_tree(const Top& top) {
    std::vector<std::uint32_t> masks(top.nodes.size(), 0);
    for (std::size_t n = 0; n < top.nodes.size(); ++n) {
      if (top.nodes[n].left == 0) continue;
      const Question question = question_of(forest_.nodes[top.nodes[n].number]);
      const auto found = std::lower_bound(questions_.begin(), questions_.end(), question);
      masks[n] =
          kMaskFirstCondition + static_cast<std::uint32_t>(found - questions_.begin()) * kMaskWords;
    }
    const auto least = static_cast<std::uint32_t>(std::bit_width(top.nodes[0].exits - 1));
    const std::uint32_t most = std::max(least, std::min(top.depth, kCodeBitsMax));
    TreeCoder best(top, masks, least, plan_.first_result());
    for (std::uint32_t bits = least + 1; bits <= most; ++bits) {
      TreeCoder coder(top, masks, bits, plan_.first_result());
      if (coder.cost() < best.cost()) best = std::move(coder);
    }
    append(top, best);
  }

  void append(const Top& top, const TreeCoder& coder) {
    TreePlan tree{};
    tree.op_count = static_cast<std::uint32_t>(coder.ops().size());
    tree.code_bits = coder.code_bits();
    std::copy_n(coder.planes(), kCodeBitsMax, tree.planes);
    tree.walks = top.walks;
    tree.table = static_cast<std::uint32_t>(top.walks ? plan_.exits.size() : plan_.leaves.size());
    const std::uint32_t size = std::max(1U << tree.code_bits, kLeafTableFloatsMin);
    if (top.walks) {
      plan_.exits.resize(tree.table + size, top.nodes[0].number);
    } else {
      plan_.leaves.resize(tree.table + size, 0.0F);
    }
    for (std::size_t n = 0; n < top.nodes.size(); ++n) {
      if (top.nodes[n].left != 0) continue;
      const TreeCoder::Code& code = coder.code_of(n);
      for (std::uint32_t c = code.first; c < code.first + (1U << code.free_bits); ++c) {
        if (top.walks) {
          plan_.exits[tree.table + c] = top.nodes[n].number;
        } else {
          plan_.leaves[tree.table + c] = forest_.nodes[top.nodes[n].number].value;
        }
      }
    }
    plan_.ops.insert(plan_.ops.end(), coder.ops().begin(), coder.ops().end());
    plan_.ops_of_a_tree_max = std::max(plan_.ops_of_a_tree_max, tree.op_count);
    plan_.trees.push_back(tree);
  }

  const ForestView& forest_;
  std::vector<Question> questions_;
  ForestPlan plan_;
};

// The promise of Forest's constructor: walks end, and read nothing but nodes and features.
void check_forest(const ForestView& forest, std::size_t node_count) {
  for (std::size_t n = 0; n < node_count; ++n) {
    const ForestNode& node = forest.nodes[n];
    if (node.left == 0) continue;
    WARPSCORE_CHECK(node.left > n && std::size_t{node.left} + 1 < node_count);
    WARPSCORE_CHECK(node.feature < forest.feature_count && node.nan_right <= 1);
  }
  for (std::uint32_t t = 0; t < forest.tree_count; ++t) {
    WARPSCORE_CHECK(forest.roots[t] < node_count);
  }
}

}  // namespace

ForestPlan make_forest_plan(const ForestView& forest, std::size_t node_count) {
  check_forest(forest, node_count);
  return Planner(forest).make();
}

}  // namespace warpscore
