// The forest on a device: ranks, then trees, tile by tile. A template over the Team; included by
// what is instantiated with a Queue.
//
// Steps    a team has a tile of rows. (1) Stage by stage it fetches features' search trees into its
//          fast memory and turns the tile's values into ranks there, ranks[column][slot of row].
//          (2) Chunk by chunk it fetches trees into the same area, and its workers walk them.
// Many     rows (tiles of 256): a worker has a row and adds its leaves as it goes.
// Few      (tiles of 64): 4 workers have a row and every fourth group; they put the leaves of 16
//          groups down, then one adds them up in the order of the trees. So each walks a quarter
//          of the trees, and a batch of 16,384 rows is 256 teams and not 64, of which half of the
//          device would be idle. Where all rows fit the device as tiles of few, it takes those.
// Banks    fast memory has 32 banks of a word. A level's nodes are consecutive words, up to level 5
//          one bank each, so lanes on different nodes do not wait for each other. A row's ranks all
//          lie in one bank, and the rows of a warp in 32 different ones (slot_of), whichever column
//          each lane asks. What still conflicts: levels 6 and deeper, and leaves (2 ways at 64).
// Cost     of a level in one warp: 2 reads and 9 other instructions, of which 4 are for the integer
//          units: 2 cycles of fast memory, 2 of those units, 2.75 of four schedulers (as nvcc 13.0
//          compiled it for sm_90). A tree of depth 6 is 20 cycles with its leaf, 300 are 6,000 for
//          32 rows: 132 multiprocessors of 1.7 GHz would score 1.2 G rows/s. Not yet measured.
// Latency  a level waits for two reads one after another, about 85 cycles, and occupies 3: 30 walks
//          must be under way. Two teams of 8 warps with kTreesOfGroup walks each are 64. Hence half
//          of the fast memory for a team (forest_tiles.cpp): of its 100 KiB the ranks of 64
//          features are 32, and 66 hold 130 trees of depth 6.
// Fetches  300 trees are 150 KiB, thresholds 64 KiB, for 256 rows: 0.9 GB in a million, of what the
//          L2 cache gives in 0.2 ms while the other team walks (0.8 ms).
// Searches go four rows at a time: 8 steps each, 6,000 cycles for 64 features of 256 rows, beside
//          48,000 of walking.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "scoring/forest_tiles.h"

namespace warpscore {

// What is scored. All pointers are to device memory.
struct ForestRows {
  const float* columns;  // feature f of row r at columns[f * stride + r]; NaN is missing
  std::size_t stride;
  const std::uint32_t* rows;  // how many
  float* margins;             // by row
};

struct alignas(16) FourWords {
  std::uint32_t words[4];
};

// from and to are aligned to 16; count is a multiple of 4. Four reads are under way at once.
WARPSCORE_TEAM_CODE
template <class Team>
WARPSCORE_HD void fetch_words(Team& team, const std::uint32_t* from, std::uint32_t* to,
                              std::uint32_t count) {
  const auto* const source = reinterpret_cast<const FourWords*>(from);
  auto* const target = reinterpret_cast<FourWords*>(to);
  const std::uint32_t items = count / 4;
  const std::uint32_t step = items / 4;
  team.each(step, [=](std::uint32_t i) {
    const FourWords a = source[i];
    const FourWords b = source[i + step];
    const FourWords c = source[i + 2 * step];
    const FourWords d = source[i + 3 * step];
    target[i] = a;
    target[i + step] = b;
    target[i + 2 * step] = c;
    target[i + 3 * step] = d;
  });
  team.each(items - 4 * step,
            [=](std::uint32_t i) { target[4 * step + i] = source[4 * step + i]; });
}

// Thresholds at or below each of four values: none for NaN.
WARPSCORE_HD inline void find_ranks(const std::uint32_t* table, std::uint32_t depth,
                                    const float (&values)[4], std::uint32_t (&ranks)[4]) {
  for (std::uint32_t j = 0; j < 4; ++j) ranks[j] = 1;
  for (std::uint32_t level = 0; level < depth; ++level) {
    for (std::uint32_t j = 0; j < 4; ++j) {
      const float threshold = std::bit_cast<float>(table[ranks[j]]);
      ranks[j] = 2 * ranks[j] + (values[j] >= threshold ? 1U : 0U);
    }
  }
  for (std::uint32_t j = 0; j < 4; ++j) ranks[j] -= 1U << depth;
}

template <std::uint32_t kRows>
struct ScoreForestTile {
  static constexpr std::uint32_t kThreads = kTileThreads;
  static_assert(kRows % 64 == 0 && kThreads % kRows == 0);

  ForestTilesView forest;
  ForestRows in;
  // Of a column of ranks. No constant, since by one the compiler would multiply in three steps.
  std::uint32_t column_bytes = 2 * kRows;

  [[nodiscard]] std::size_t shared_bytes() const {
    return forest.area_words * sizeof(std::uint32_t) +
           tile_bytes_beside_area(kRows, forest.column_count);
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    const std::uint32_t rows = *in.rows;
    const std::uint32_t first = number * kRows;
    if (first >= rows) return;
    const std::uint32_t count = rows - first < kRows ? rows - first : kRows;
    std::byte* const fast = team.shared_memory();
    auto* const area = reinterpret_cast<std::uint32_t*>(fast);
    auto* const margins = reinterpret_cast<float*>(area + forest.area_words);
    auto* const leaves = margins + kRows;
    auto* const ranks = reinterpret_cast<std::uint16_t*>(leaves + kLeavesKept * kRows);
    for (std::uint32_t s = 0; s < forest.stage_count; ++s) {
      rank_stage(team, forest.stages[s], first, count, area, ranks);
    }
    const float base = forest.base_margin;
    team.each(count, [=](std::uint32_t row) { margins[row] = base; });
    for (std::uint32_t c = 0; c < forest.chunk_count; ++c) {
      const TreeChunk chunk = forest.chunks[c];
      fetch_words(team, forest.trees + chunk.first_word, area, chunk.words);
      if constexpr (kWorkersOfRow == 1) {
        add_chunk(team, chunk.group_count, count, fast, margins);
      } else {
        add_chunk_together(team, chunk.group_count, count, fast, leaves, margins);
      }
    }
    float* const out = in.margins + first;
    team.each(count, [=](std::uint32_t row) { out[row] = margins[row]; });
  }

 private:
  static constexpr std::uint32_t kWorkersOfRow = kThreads / kRows;
  static constexpr std::uint32_t kLeavesKept =
      kWorkersOfRow == 1 ? 0 : kRoundGroups * kTreesOfGroup;

  // Where a row is among the ranks of a column. Rows r and r + 32 share a word, so that the 32 of a
  // warp are in 32 banks.
  WARPSCORE_HD static std::uint32_t slot_of(std::uint32_t row) {
    return 2 * (row % 32 + row / 64 * 32) + row / 32 % 2;
  }

  WARPSCORE_HD const std::byte* ranks_of(const std::byte* fast, std::uint32_t row) const {
    return fast + 4 * (forest.area_words + (1 + kLeavesKept) * kRows) + 2 * slot_of(row);
  }

  // The ranks of a feature in four rows; a slot without a row gets those of the tile's last one.
  WARPSCORE_HD void rank_rows(const RankedFeature& feature, const std::uint32_t* table,
                              const float* column, std::uint32_t row, std::uint32_t count,
                              std::uint16_t* ranks) const {
    constexpr std::uint32_t kApart = kRows / 4;
    float values[4];
    std::uint32_t found[4];
    for (std::uint32_t j = 0; j < 4; ++j) {
      const std::uint32_t r = row + j * kApart;
      values[j] = column[r < count ? r : count - 1];
    }
    find_ranks(table, feature.depth, values, found);
    for (std::uint32_t j = 0; j < 4; ++j) {
      const std::uint32_t slot = slot_of(row + j * kApart);
      const bool missing = values[j] != values[j];
      if (feature.column_left != kNoColumn) {
        ranks[feature.column_left * kRows + slot] = static_cast<std::uint16_t>(found[j]);
      }
      if (feature.column_right != kNoColumn) {
        ranks[feature.column_right * kRows + slot] =
            static_cast<std::uint16_t>(missing ? kRankMissing : found[j]);
      }
    }
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void rank_stage(Team& team, const RankStage& stage, std::uint32_t first,
                               std::uint32_t count, std::uint32_t* area,
                               std::uint16_t* ranks) const {
    constexpr std::uint32_t kItems = kRows / 4;
    fetch_words(team, forest.tables + stage.first_word, area, stage.words);
    team.each(stage.feature_count * kItems, [=, this](std::uint32_t i) {
      const RankedFeature feature = forest.features[stage.first_feature + i / kItems];
      const float* const column = in.columns + feature.feature * in.stride + first;
      // Two calls, so that the compiler knows which memory each of them reads.
      if (stage.words != 0) {
        const std::uint32_t* const table = area + (feature.table - stage.first_word);
        rank_rows(feature, table, column, i % kItems, count, ranks);
      } else {
        rank_rows(feature, forest.tables + feature.table, column, i % kItems, count, ranks);
      }
    });
  }

  WARPSCORE_HD static std::uint32_t word_at(const std::byte* fast, std::uint32_t offset) {
    return *reinterpret_cast<const std::uint32_t*>(fast + offset);
  }
  // rank >= question_rank(question), without taking the question apart. `ranks` are the row's.
  WARPSCORE_HD bool goes_right(const std::byte* ranks, std::uint32_t question) const {
    const std::byte* const at = ranks + question_column(question) * column_bytes;
    const std::uint32_t rank = *reinterpret_cast<const std::uint16_t*>(at);
    return (rank << 16 | 0xFFFFU) >= question;
  }

  // All by offsets in bytes from the team's fast memory: node i of a tree is at tree + 4 i, so its
  // child at tree + 4 (2 i + right) is at twice its own offset, less the tree's, and 4 if right.
  // This is the loop that all the time goes into.
  WARPSCORE_HD void walk_tile(const std::byte* fast, std::uint32_t trees, std::uint32_t depth,
                              const std::byte* ranks, float (&leaves)[kTreesOfGroup]) const {
    std::uint32_t at[kTreesOfGroup];
    std::uint32_t tree[kTreesOfGroup];
    for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
      tree[j] = trees + (8 * j << depth);
      at[j] = tree[j] + 4;
    }
    for (std::uint32_t level = 0; level < depth; ++level) {
      for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
        const auto question = word_at(fast, at[j]);
        const bool right = goes_right(ranks, question);
        at[j] = 2 * at[j] + (right ? 4 - tree[j] : 0 - tree[j]);
      }
    }
    for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
      leaves[j] = std::bit_cast<float>(word_at(fast, at[j]));
    }
  }

  WARPSCORE_HD void walk_deep(const std::byte* fast, std::uint32_t roots, const std::byte* ranks,
                              float (&leaves)[kTreesOfGroup]) const {
    DeepNode at[kTreesOfGroup];
    for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
      at[j] = forest.deep_nodes[word_at(fast, roots + 4 * j)];
    }
    for (bool moved = true; moved;) {
      moved = false;
      for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
        if (at[j].question == 0) continue;
        const bool right = goes_right(ranks, at[j].question);
        at[j] = forest.deep_nodes[at[j].next + (right ? 1U : 0U)];
        moved = true;
      }
    }
    for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) leaves[j] = std::bit_cast<float>(at[j].next);
  }

  // The leaves that a row, whose ranks begin at `ranks`, reaches in a group of the chunk.
  WARPSCORE_HD void walk_group(const std::byte* fast, std::uint32_t group, const std::byte* ranks,
                               float (&leaves)[kTreesOfGroup]) const {
    const std::uint32_t entry = word_at(fast, 4 * group);
    const std::uint32_t trees = entry >> 4 << 2;
    const std::uint32_t depth = entry & 15U;
    if (depth == kDeepGroup) {
      walk_deep(fast, trees, ranks, leaves);
    } else {
      walk_tile(fast, trees, depth, ranks, leaves);
    }
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void add_chunk(Team& team, std::uint32_t groups, std::uint32_t count,
                              const std::byte* fast, float* margins) const {
    team.each(count, [=, this](std::uint32_t row) {
      const std::byte* const ranks = ranks_of(fast, row);
      float margin = margins[row];
      for (std::uint32_t group = 0; group < groups; ++group) {
        float leaves[kTreesOfGroup];
        walk_group(fast, group, ranks, leaves);
        for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) margin = margin + leaves[j];
      }
      margins[row] = margin;
    });
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void add_chunk_together(Team& team, std::uint32_t groups, std::uint32_t count,
                                       const std::byte* fast, float* kept, float* margins) const {
    for (std::uint32_t begin = 0; begin < groups; begin += kRoundGroups) {
      const std::uint32_t end = groups - begin < kRoundGroups ? groups : begin + kRoundGroups;
      team.each(kThreads, [=, this](std::uint32_t i) {
        const std::uint32_t row = i % kRows;
        if (row >= count) return;
        const std::byte* const ranks = ranks_of(fast, row);
        for (std::uint32_t group = begin + i / kRows; group < end; group += kWorkersOfRow) {
          float leaves[kTreesOfGroup];
          walk_group(fast, group, ranks, leaves);
          for (std::uint32_t j = 0; j < kTreesOfGroup; ++j) {
            kept[((group - begin) * kTreesOfGroup + j) * kRows + row] = leaves[j];
          }
        }
      });
      team.each(count, [=](std::uint32_t row) {
        float margin = margins[row];
        for (std::uint32_t tree = 0; tree < (end - begin) * kTreesOfGroup; ++tree) {
          margin = margin + kept[tree * kRows + row];
        }
        margins[row] = margin;
      });
    }
  }
};

// A row by itself, node by node in device memory: what is not tiled, and the bench's baseline.
struct WalkForestRow {
  ForestView forest;
  ForestRows in;

  WARPSCORE_HD void operator()(std::uint32_t row) const {
    if (row >= *in.rows) return;
    in.margins[row] =
        walk_forest(forest, [&](std::uint32_t f) { return in.columns[f * in.stride + row]; });
  }
};

// So many tiles of few rows are at once on 132 multiprocessors that have two teams each.
inline constexpr std::uint32_t kRowsFewMax = 2 * 132 * kTileRowsFew;

// Queues the margins of all rows, of which there are at most rows_max.
template <class Queue>
void enqueue_forest(Queue& queue, const ForestTilesView& forest, const ForestRows& in,
                    std::uint32_t rows_max) {
  if (forest.tile_rows_max == 0) {
    queue.each("walk_forest", rows_max, WalkForestRow{forest.walked, in});
  } else if (forest.tile_rows_max == kTileRowsMany && rows_max > kRowsFewMax) {
    const std::uint32_t tiles = (rows_max - 1) / kTileRowsMany + 1;
    queue.teams("score_forest", tiles, ScoreForestTile<kTileRowsMany>{forest, in});
  } else {
    const std::uint32_t tiles = (rows_max + kTileRowsFew - 1) / kTileRowsFew;
    queue.teams("score_forest_few", tiles, ScoreForestTile<kTileRowsFew>{forest, in});
  }
}

}  // namespace warpscore
