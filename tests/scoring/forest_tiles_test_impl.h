// The device's forest on any Queue against walk_forest: every bit of every margin.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "scoring/forest_tiles_impl.h"
#include "tests/scoring/forest_tiles_case.h"

namespace warpscore {

// A tile of more than so many rows is chosen only for large batches; the tests want it for all.
enum class TileChoice : std::uint8_t { kAsQueued, kMany };

// Brings forests and rows to a queue's device and margins back, one case after another in the same
// memory, which takes what is `bytes_max` in all.
template <class Queue>
class ForestRunner {
 public:
  ForestRunner(Queue& queue, std::size_t bytes_max)
      : queue_(queue),
        bytes_(bytes_max),
        staged_(static_cast<std::byte*>(queue.staging_memory().allocate(bytes_max, 16))),
        device_(queue.device_memory(bytes_max)) {}
  ForestRunner(const ForestRunner&) = delete;
  ForestRunner& operator=(const ForestRunner&) = delete;
  ~ForestRunner() {
    queue_.wait(queue_.fence());
    queue_.staging_memory().deallocate(staged_, bytes_, 16);
  }

  // Queues for rows_max rows, of which there are those of the case; gives all rows_max margins.
  std::vector<float> margins(const ForestCase& given, const ForestTiles& tiles, TileChoice choice,
                             std::uint32_t rows_max) {
    used_ = 0;
    const std::byte* const blob = up(tiles.bytes().data(), tiles.bytes().size());
    const std::size_t column_bytes = given.columns.size() * sizeof(float);
    const std::size_t columns_at = bytes_ - column_bytes;  // a read beyond them leaves the memory
    if (column_bytes > 0) std::memcpy(staged_ + columns_at, given.columns.data(), column_bytes);
    const std::byte* const rows = up(&given.rows, sizeof given.rows);
    const std::vector<float> untouched(rows_max, kUntouched);
    std::byte* const margins = up(untouched.data(), rows_max * sizeof(float));
    queue_.begin(++batch_);
    EXPECT_LE(used_, columns_at);
    queue_.copy_in(device_, staged_, used_);
    queue_.copy_in(device_ + columns_at, staged_ + columns_at, column_bytes);
    queue_.copied_in();
    const ForestTilesView view = tiles.view(blob);
    const ForestRows in{reinterpret_cast<const float*>(device_ + columns_at), given.rows,
                        reinterpret_cast<const std::uint32_t*>(rows),
                        reinterpret_cast<float*>(margins)};
    if (choice == TileChoice::kMany && tiles.tile_rows_max() == kTileRowsMany) {
      const std::uint32_t teams = (rows_max + kTileRowsMany - 1) / kTileRowsMany;
      queue_.teams("score_forest", teams, ScoreForestTile<kTileRowsMany>{view, in});
    } else {
      enqueue_forest(queue_, view, in, rows_max);
    }
    queue_.computed();
    queue_.copy_out(staged_, margins, rows_max * sizeof(float));
    queue_.wait(queue_.fence());
    std::vector<float> found(rows_max);
    if (rows_max > 0) std::memcpy(found.data(), staged_, rows_max * sizeof(float));
    return found;
  }

  static constexpr float kUntouched = 77.0F;

 private:
  std::byte* up(const void* data, std::size_t bytes) {
    std::byte* const at = device_ + used_;
    EXPECT_LE(used_ + bytes, bytes_);
    if (bytes > 0) std::memcpy(staged_ + used_, data, bytes);
    used_ += (bytes + 15) / 16 * 16;
    return at;
  }

  Queue& queue_;
  std::size_t bytes_;
  std::byte* staged_;
  std::byte* device_;
  std::size_t used_ = 0;
  std::uint64_t batch_ = 0;
};

// The bits of one forest: by tiles of both sizes and by walking, with the fast memory given.
template <class Queue>
void expect_same_margins(ForestRunner<Queue>& runner, const ForestCase& given,
                         std::size_t shared_bytes, const std::string& what) {
  SCOPED_TRACE(what + ", " + std::to_string(given.rows) + " rows, " + std::to_string(shared_bytes) +
               " bytes");
  const ForestTiles tiles(given.forest.view(), given.forest.nodes().size(), shared_bytes);
  for (const TileChoice choice : {TileChoice::kAsQueued, TileChoice::kMany}) {
    const std::vector<float> found = runner.margins(given, tiles, choice, given.rows);
    EXPECT_EQ(differing_bits(found, given.expected), 0U) << "choice " << static_cast<int>(choice);
  }
}

inline std::string words_of(const ForestShape& shape) {
  return std::to_string(shape.trees) + " trees of " + std::to_string(shape.leaves) +
         " leaves, depth " + std::to_string(shape.depth_max) + ", " +
         std::to_string(shape.features) + " features, " + std::to_string(shape.thresholds) +
         " thresholds, seed " + std::to_string(shape.seed);
}

// Shapes that between them have stumps, chains, complete and ragged trees, one chunk and many, deep
// groups, features searched where they lie, and what is not tiled.
inline std::vector<ForestShape> forest_shapes() {
  std::vector<ForestShape> shapes;
  for (std::uint32_t depth = 0; depth <= 14; ++depth) {
    shapes.push_back({7, 8, depth % 3 == 0 ? 20U : 5000U, depth, 60, 65, false, depth + 1});
  }
  for (const std::uint32_t trees : {1U, 2U, 3U, 4U, 5U, 63U, 64U, 65U, 66U, 130U, 600U}) {
    shapes.push_back({trees, 12, 30, 6, 50, 70, false, trees});
  }
  for (const std::uint32_t features : {1U, 2U, 5U, 64U, 150U, 300U}) {
    shapes.push_back({100, features, 200, 8, 300, 100, false, features});
  }
  for (const std::uint32_t thresholds : {1U, 2U, 3U, 255U, 256U, 4000U, 60'000U}) {
    shapes.push_back({160, 2, 300, 9, thresholds, 100, false, thresholds});
  }
  for (const std::uint32_t rows : {0U, 1U, 31U, 63U, 64U, 65U, 255U, 256U, 257U, 5000U}) {
    shapes.push_back({9, 6, 40, 7, 60, rows, false, rows + 1});
  }
  for (const std::uint32_t leaves : {9U, 40U, 300U, 2000U}) {
    shapes.push_back({5, 3, leaves, leaves, 100, 80, true, leaves});
  }
  return shapes;
}

// Little fast memory makes chunks, stages and deep groups many; none of it leaves walking.
template <class Queue>
void expect_same_for_all_forests(Queue& queue) {
  ForestRunner<Queue> runner(queue, std::size_t{16} << 20);
  for (const ForestShape& shape : forest_shapes()) {
    const ForestCase given(shape);
    for (const std::size_t bytes : {kSharedBytesMax, std::size_t{48} << 10, std::size_t{0}}) {
      expect_same_margins(runner, given, bytes, words_of(shape));
    }
  }
}

// The count is a word on the device: rows beyond it are not touched, whole tiles of them neither.
template <class Queue>
void expect_rows_beyond_untouched(Queue& queue) {
  ForestRunner<Queue> runner(queue, std::size_t{4} << 20);
  for (const std::uint32_t rows : {0U, 1U, 64U, 300U}) {
    const ForestCase given({20, 6, 40, 6, 40, rows, false, 3});
    for (const std::size_t bytes : {kSharedBytesMax, std::size_t{0}}) {
      const ForestTiles tiles(given.forest.view(), given.forest.nodes().size(), bytes);
      for (const TileChoice choice : {TileChoice::kAsQueued, TileChoice::kMany}) {
        std::vector<float> expected = given.expected;
        expected.resize(1000, ForestRunner<Queue>::kUntouched);
        EXPECT_EQ(differing_bits(runner.margins(given, tiles, choice, 1000), expected), 0U) << rows;
      }
    }
  }
}

// Where the sign of zero shows what was added: the last group's filling must not change it.
template <class Queue>
void expect_zeros_keep_their_sign(Queue& queue) {
  ForestRunner<Queue> runner(queue, std::size_t{1} << 20);
  for (const std::uint32_t trees : {0U, 1U, 3U, 4U, 6U}) {
    std::vector<ForestNode> nodes(trees, ForestNode{-0.0F, 0, 0, 0});
    std::vector<std::uint32_t> roots(trees);
    for (std::uint32_t t = 0; t < trees; ++t) roots[t] = t;
    const ForestCase given(Forest(nodes, roots, 0, -0.0F), 70, 1);
    ASSERT_TRUE(std::signbit(given.expected[0]));
    for (const std::size_t bytes : {kSharedBytesMax, std::size_t{0}}) {
      expect_same_margins(runner, given, bytes, std::to_string(trees) + " trees of -0");
    }
  }
}

}  // namespace warpscore
