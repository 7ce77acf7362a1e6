// A forest packed for a GPU: small trees of ranks that fit a team's fast memory.
//
// Method   A comparison only asks where a value stands among its feature's thresholds. So a row's
//          feature becomes its rank, the number of thresholds at or below it, in 16 bits, and a
//          node asks "rank >= k?" in 4 bytes. What is missing has the rank 0 in the columns whose
//          nodes send it left and the highest in those whose nodes send it right: a feature that
//          is asked both ways has two columns, and no node knows of missing values.
// Trees    are complete, of 2^(depth+1) words: node i's children are 2i and 2i+1, the words from
//          2^depth on are leaf values, and what is shallower is filled up with its own leaf. Four
//          trees in the order of addition are a group, of one depth, walked side by side to hide
//          latency. The last group is filled up with trees that add -0.0, which changes no float.
// Deeper   a group with a tree deeper than kTileDepthMax stays in device memory as DeepNodes, which
//          ask the same ranks.
// Walked   a forest that asks too many columns or thresholds for this, or a threshold that is NaN,
//          is not tiled: each row walks its ForestNodes. The bits are the same.
// Bits     margin = ((base + leaf of tree 0) + leaf of tree 1) + ..., as walk_forest.
// Layout   all of it is one blob without pointers, which one copy brings to the device; a
//          ForestTilesView is pointers into a copy of it.
// Owner    ForestTiles owns the blob and never changes; views belong to the caller.
// Thread   any number may read it.
// Errors   none: the trees are a Forest's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "kernels/queue.h"
#include "scoring/forest.h"

namespace warpscore {

inline constexpr std::uint32_t kTreesOfGroup = 4;
inline constexpr std::uint32_t kTileDepthMax = 10;
inline constexpr std::uint32_t kDeepGroup = 15;  // in place of a depth
inline constexpr std::uint32_t kNoColumn = 0xFFFFFFFF;
inline constexpr std::uint32_t kRankMissing = 0xFFFF;  // at least every k
inline constexpr std::uint32_t kThresholdsMax = 0xFFFF;

// Rows of a tile: many where there are enough of them to fill the device with tiles, else few,
// whose trees a team's workers share.
inline constexpr std::uint32_t kTileRowsMany = 256;
inline constexpr std::uint32_t kTileRowsFew = 64;
inline constexpr std::uint32_t kTileThreads = 256;
inline constexpr std::uint32_t kRoundGroups = 16;  // whose leaves a tile of few rows keeps at once

// A question in one word: rank of `column` >= k, 1 <= k <= kThresholdsMax.
constexpr std::uint32_t tile_question(std::uint32_t column, std::uint32_t k) {
  return k << 16 | column;
}
constexpr std::uint32_t question_column(std::uint32_t question) { return question & 0xFFFFU; }
constexpr std::uint32_t question_rank(std::uint32_t question) { return question >> 16; }

// How a feature's ranks are found: a search tree of 2^depth words, node i's children 2i and 2i+1,
// thresholds as float bits, filled up with NaN, which nothing reaches.
struct RankedFeature {
  std::uint32_t feature;
  std::uint32_t depth;
  std::uint32_t table;         // word among the tables
  std::uint32_t column_left;   // whose nodes send what is missing left; or kNoColumn
  std::uint32_t column_right;  // to the right; or kNoColumn
};

// Features whose search trees are in fast memory at once; one that is too large for that is a stage
// of its own, searched where it lies.
struct RankStage {
  std::uint32_t first_feature;
  std::uint32_t feature_count;
  std::uint32_t first_word;
  std::uint32_t words;  // 0: searched where it lies
};

// Groups whose trees are in fast memory at once. It begins with a directory, a word for each group:
// its first word in the chunk << 4 | its depth, or kDeepGroup. A deep group is the four numbers of
// its trees' DeepNodes.
struct TreeChunk {
  std::uint32_t first_word;
  std::uint32_t words;
  std::uint32_t group_count;
};

// A leaf asks nothing (0), and `next` is its value's bits; else the children are next and next + 1.
struct alignas(8) DeepNode {
  std::uint32_t question;
  std::uint32_t next;
};

struct ForestTilesView {
  const RankedFeature* features;
  const RankStage* stages;
  const TreeChunk* chunks;
  const DeepNode* deep_nodes;
  const std::uint32_t* tables;
  const std::uint32_t* trees;
  ForestView walked;  // its trees are here only if the forest is not tiled
  float base_margin;
  std::uint32_t stage_count;
  std::uint32_t chunk_count;
  std::uint32_t column_count;
  std::uint32_t area_words;     // of fast memory, for a stage or a chunk at a time
  std::uint32_t tile_rows_max;  // kTileRowsMany, kTileRowsFew, or 0: not tiled
};

// Fast memory of a team beside the area: margins, leaves of a round, ranks.
constexpr std::size_t tile_bytes_beside_area(std::uint32_t rows, std::uint32_t columns) {
  const std::size_t leaves = rows < kTileThreads ? kRoundGroups * kTreesOfGroup : 0;
  return rows * (sizeof(float) * (1 + leaves) + sizeof(std::uint16_t) * columns);
}

class ForestTiles {
 public:
  // REQUIRES: what Forest requires of its nodes. `shared_bytes`: what a team may have; 0 makes a
  // forest that is walked.
  ForestTiles(const ForestView& forest, std::size_t node_count,
              std::size_t shared_bytes = kSharedBytesMax);

  // To be copied to an address aligned to 16.
  [[nodiscard]] std::span<const std::byte> bytes() const { return std::as_bytes(std::span(blob_)); }
  // `base`: where bytes() are now, on the host or on a device.
  [[nodiscard]] ForestTilesView view(const std::byte* base) const;

  [[nodiscard]] bool tiled() const { return view_.tile_rows_max != 0; }
  [[nodiscard]] std::uint32_t column_count() const { return view_.column_count; }
  [[nodiscard]] std::uint32_t chunk_count() const { return view_.chunk_count; }
  [[nodiscard]] std::uint32_t tile_rows_max() const { return view_.tile_rows_max; }
  [[nodiscard]] std::size_t deep_group_count() const { return deep_group_count_; }

 private:
  friend class ForestPacker;

  std::vector<std::uint32_t> blob_;
  ForestTilesView view_{};  // numbers only
  std::size_t features_ = 0, stages_ = 0, chunks_ = 0, deep_nodes_ = 0, tables_ = 0, trees_ = 0;
  std::size_t nodes_ = 0, roots_ = 0;  // all: first words in the blob
  std::size_t deep_group_count_ = 0;
};

}  // namespace warpscore
