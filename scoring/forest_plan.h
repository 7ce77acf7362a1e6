// What the bit-sliced implementations run: a forest turned into masks over 512 rows.
//
// Method   Rows are taken in blocks of 512, one bit per row. (1) A feature's sorted thresholds are
//          searched binary, all rows side by side; the answers of level t are bit t of the row's
//          rank and form one mask. (2) From the 2 x 4 masks of a rank every comparison "rank >= k"
//          is one or two bit operations: H[a+1] | (H[a] & L[c]), where k = 16 a + c and H, L are
//          the comparisons of its upper and lower half. So a distinct (feature, threshold) costs
//          one mask, whatever many nodes ask it. (3) A tree's leaves have codes of up to 12 bits,
//          nested as the tree is; bit b of the code of the leaf that a row reaches is a few
//          multiplexers over node masks. (4) The code looks the leaf's value up, which is added: in
//          tree order.
// Deeper   a tree of more than 4096 leaves is cut: its code names a node, from where rows walk on.
// Bits     masks only choose; the one float operation on values is margin + leaf, so that every
//          implementation gives the bits of walk_forest.
// Owner    Forest; never changes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "scoring/forest.h"

namespace warpscore {

inline constexpr std::size_t kBlockRows = 512;
inline constexpr std::size_t kMaskBytes = kBlockRows / 8;
inline constexpr std::uint32_t kMaskWords = kMaskBytes / 8;
inline constexpr std::uint32_t kRankBitsMax = 8;
inline constexpr std::uint32_t kCodeBitsMax = 12;
inline constexpr std::uint32_t kPlanes = 16;  // room for the bits of the two bytes of a code
inline constexpr std::uint32_t kExitsMax = 1U << kCodeBitsMax;

// Masks are named by their place in the pool, in words: two constants, the conditions, then a
// tree's results.
inline constexpr std::uint32_t kMaskZeros = 0;
inline constexpr std::uint32_t kMaskOnes = kMaskWords;
inline constexpr std::uint32_t kMaskFirstCondition = 2 * kMaskWords;

// Level t of a search table has 2^t thresholds, chosen by the answers so far, the first lowest.
// Levels begin at multiples of 16 floats, the width of a register.
constexpr std::uint32_t search_level_offset(std::uint32_t level) {
  return level <= 4 ? 16 * level : 48 + (1U << level);
}

// "Goes right" at a threshold: rank >= 1 + its place in the group.
struct Condition {
  std::uint8_t high;      // upper half of that number
  std::uint8_t low;       // lower half
  std::uint8_t nan_left;  // 1: a missing feature goes left
};

// Up to 255 thresholds of one feature. Its conditions follow those of the group before.
struct RankGroup {
  std::uint32_t feature;
  std::uint32_t rank_bits;
  std::uint32_t table;  // offset of its search table
  std::uint32_t condition_count;
  bool any_nan_left;
};

// One result mask: where `select` is set the bit of `right`, else of `left`.
struct MuxOp {
  std::uint32_t select;
  std::uint32_t right;
  std::uint32_t left;
};

struct TreePlan {
  std::uint32_t op_count;  // its operations follow those of the tree before
  std::uint32_t code_bits;
  std::uint32_t planes[kPlanes];  // masks of the code's bits, lowest first
  std::uint32_t table;            // offset of its 2^code_bits leaf values, or of its exits
  bool walks;                     // the code names a node in `exits` instead of a leaf value
};

struct ForestPlan {
  std::vector<float> search_tables;
  std::vector<RankGroup> groups;  // by feature, ascending
  std::vector<Condition> conditions;
  std::vector<MuxOp> ops;
  std::vector<TreePlan> trees;
  std::vector<float> leaves;         // tables of at least 16, a register's width
  std::vector<std::uint32_t> exits;  // numbers of nodes
  std::uint32_t ops_of_a_tree_max = 0;

  std::uint32_t first_result() const {
    return kMaskFirstCondition + static_cast<std::uint32_t>(conditions.size() * kMaskWords);
  }
  std::size_t mask_words() const {
    return first_result() + std::size_t{ops_of_a_tree_max} * kMaskWords;
  }
};

ForestPlan make_forest_plan(const ForestView& forest, std::size_t node_count);

// Working memory of one block, all parts aligned to 64 bytes.
struct BlockMemory {
  std::uint64_t* masks;  // mask_words()
  float* column;         // kBlockRows: a feature's last rows, made up to a whole block
  float* margins;        // kBlockRows, in an order of the implementation's own
  std::uint16_t* codes;  // kBlockRows
};

struct BlockRowsIn {
  const float* const* columns;
  std::size_t first;
  std::size_t rows;  // 1..kBlockRows
};

// Margins of one block into out[0..rows). One per implementation, the same source.
using ScoreBlock = void (*)(const ForestPlan&, const ForestView&, const BlockRowsIn&,
                            const BlockMemory&, float* out);
void score_block_portable(const ForestPlan&, const ForestView&, const BlockRowsIn&,
                          const BlockMemory&, float* out);
void score_block_avx2(const ForestPlan&, const ForestView&, const BlockRowsIn&, const BlockMemory&,
                      float* out);
void score_block_avx512(const ForestPlan&, const ForestView&, const BlockRowsIn&,
                        const BlockMemory&, float* out);

}  // namespace warpscore
