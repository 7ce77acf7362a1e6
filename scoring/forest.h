// A forest of regression trees: features in, margin out, bit for bit as XGBoost adds on the CPU.
//
// Units   features are float32, NaN is missing; a margin is float32 log-odds.
// Order   margin = ((base + leaf of tree 0) + leaf of tree 1) + ..., in float32: XGBoost's own CPU
//         order (its GPU adds in another one), so every implementation here gives the same bits.
// Layout  the input is columns: columns[f][row]. Trees are nodes of 16 bytes in one array, siblings
//         side by side and behind their parent, so that a walk ends whatever the file said.
// Owner   Forest owns nodes and plan and never changes; ForestView and Scratch belong to the
// caller. Thread  any number of threads may call margins() on one Forest, each with a Scratch of
// its own. Errors  none: what is malformed was refused by the loader; a wrong call breaks a
// WARPSCORE_CHECK.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/host_device.h"

namespace warpscore {

struct ForestPlan;  // what the fast implementations run; made once from the trees

struct alignas(16) ForestNode {
  float value;            // threshold: left if feature < value; in a leaf what it adds
  std::uint32_t feature;  // unused in a leaf
  std::uint32_t left;     // number in the forest's node array, right = left + 1; 0: this is a leaf
  std::uint32_t nan_right;  // where a missing feature goes: 0 left, 1 right
};
static_assert(sizeof(ForestNode) == 16);

// What a walker needs: plain pointers, to host or to device memory.
struct ForestView {
  const ForestNode* nodes;
  const std::uint32_t* roots;  // one per tree, in the order of addition
  std::uint32_t tree_count;
  std::uint32_t feature_count;
  float base_margin;
};

// The node a row moves on to. `node` is no leaf.
WARPSCORE_HD inline std::uint32_t next_node(const ForestNode& node, float feature) {
  const bool missing = feature != feature;
  const std::uint32_t right = missing ? node.nan_right : (feature < node.value ? 0U : 1U);
  return node.left + right;
}

// The margin of one row, by walking: the reference, and the task of a device worker.
// `row(f)` gives feature f of the row as float.
template <class Row>
WARPSCORE_HD inline float walk_forest(const ForestView& forest, const Row& row) {
  float margin = forest.base_margin;
  for (std::uint32_t tree = 0; tree < forest.tree_count; ++tree) {
    std::uint32_t number = forest.roots[tree];
    while (forest.nodes[number].left != 0) {
      const ForestNode& node = forest.nodes[number];
      number = next_node(node, row(node.feature));
    }
    margin = margin + forest.nodes[number].value;
  }
  return margin;
}

enum class ForestImplementation : std::uint8_t {
  kWalk,      // walk_forest row by row
  kPortable,  // bit-sliced on 64-bit words
  kAvx2,
  kAvx512,
};

const char* name_of(ForestImplementation implementation);

// Those this build and this CPU can run, slowest first; the last one is what margins() uses.
std::span<const ForestImplementation> forest_implementations();

class Forest {
 public:
  // Working memory of one thread: sized once for a forest, then nothing allocates.
  class Scratch {
   public:
    explicit Scratch(const Forest& forest);

   private:
    friend class Forest;
    struct Free {
      void operator()(std::byte* memory) const;
    };
    const ForestPlan* plan_;  // of the forest it was made for, to know a wrong call
    std::unique_ptr<std::byte[], Free> memory_;
  };

  // REQUIRES: the nodes are forests as described above: roots and children in range, every child
  // behind its parent, features below feature_count. load_model() makes no others.
  Forest(std::vector<ForestNode> nodes, std::vector<std::uint32_t> roots,
         std::uint32_t feature_count, float base_margin);
  Forest(Forest&&) noexcept;
  Forest& operator=(Forest&&) noexcept;
  ~Forest();

  ForestView view() const;
  std::span<const ForestNode> nodes() const { return nodes_; }
  std::span<const std::uint32_t> roots() const { return roots_; }

  // out[row] = margin of row. `columns` are feature_count pointers to `rows` floats each.
  void margins(const float* const* columns, std::size_t rows, float* out, Scratch& scratch) const;
  // The same by one named implementation, which must be among forest_implementations().
  void margins(ForestImplementation implementation, const float* const* columns, std::size_t rows,
               float* out, Scratch& scratch) const;

 private:
  std::vector<ForestNode> nodes_;
  std::vector<std::uint32_t> roots_;
  std::uint32_t feature_count_;
  float base_margin_;
  std::unique_ptr<const ForestPlan> plan_;
};

}  // namespace warpscore
