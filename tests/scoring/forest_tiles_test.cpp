// The tiled forest on host threads: what is packed how, and the bits of the team code.
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <limits>

#include "scoring/model_file.h"
#include "tests/scoring/forest_tiles_test_impl.h"
#include "tests/support/thread_queue.h"

namespace warpscore {
namespace {

namespace fs = std::filesystem;

ForestTiles tiles_of(const Forest& forest, std::size_t shared_bytes = kSharedBytesMax) {
  return {forest.view(), forest.nodes().size(), shared_bytes};
}

Forest copy_of(const Forest& forest) {
  const ForestView view = forest.view();
  return {{forest.nodes().begin(), forest.nodes().end()},
          {forest.roots().begin(), forest.roots().end()},
          view.feature_count,
          view.base_margin};
}

TEST(ForestTilesTest, GivesTheBitsOfWalking) {
  ThreadQueue queue;
  expect_same_for_all_forests(queue);
}

TEST(ForestTilesTest, GivesThemFromThreads) {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {  // either a team per worker or all in one
    ThreadQueueOptions options;
    options.seed = seed;
    options.asynchronous = true;
    options.workers = 3;
    ThreadQueue queue(options);
    ForestRunner<ThreadQueue> runner(queue, std::size_t{8} << 20);
    for (const std::uint32_t depth : {1U, 6U, 12U}) {
      const ForestShape shape{130, 20, 64, depth, 300, 600, false, depth};
      const ForestCase given(shape);
      for (const std::size_t bytes : {kSharedBytesMax, std::size_t{48} << 10}) {
        expect_same_margins(runner, given, bytes, words_of(shape));
      }
    }
  }
}

TEST(ForestTilesTest, LeavesRowsBeyondTheCountAlone) {
  ThreadQueue queue;
  expect_rows_beyond_untouched(queue);
}

TEST(ForestTilesTest, AddsNothingForTreesThatAreNotThere) {
  ThreadQueue queue;
  expect_zeros_keep_their_sign(queue);
}

TEST(ForestTilesTest, TakesTilesOfManyRowsForLargeBatches) {
  ThreadQueue queue;
  ForestRunner<ThreadQueue> runner(queue, std::size_t{4} << 20);
  const ForestCase given({5, 4, 8, 3, 20, kRowsFewMax + 1, false, 9});
  expect_same_margins(runner, given, kSharedBytesMax, "one row more than tiles of few take");
}

// 300 trees of depth 6 over 64 features with 255 thresholds each, as a model of payments has.
TEST(ForestTilesTest, LeavesRoomForTwoTeamsWhereThatIsPossible) {
  std::mt19937 random(1);
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  for (std::uint32_t t = 0; t < 300; ++t) {
    const auto root = static_cast<std::uint32_t>(nodes.size());
    roots.push_back(root);
    for (std::uint32_t i = 0; i < 127; ++i) {
      const std::uint32_t left = i < 63 ? root + 2 * i + 1 : 0;
      nodes.push_back({static_cast<float>(random() % 255), static_cast<std::uint32_t>(i % 64), left,
                       static_cast<std::uint32_t>(i % 64 % 2)});
    }
  }
  const Forest forest(nodes, roots, 64, 0.0F);
  const ForestTiles tiles = tiles_of(forest);
  EXPECT_EQ(tiles.tile_rows_max(), kTileRowsMany);
  EXPECT_EQ(tiles.column_count(), 63U);
  EXPECT_EQ(tiles.chunk_count(), 3U);
  EXPECT_EQ(tiles.deep_group_count(), 0U);
  const ForestTilesView view = tiles.view(tiles.bytes().data());
  EXPECT_LE((ScoreForestTile<kTileRowsMany>{view, {}}.shared_bytes()), kSharedBytesMax / 2);
  EXPECT_LE((ScoreForestTile<kTileRowsFew>{view, {}}.shared_bytes()), kSharedBytesMax / 2);
}

TEST(ForestTilesTest, CasesHoldWhatMatters) {
  std::size_t tiled = 0, few_only = 0, walked = 0, deep_groups = 0, both_ways = 0, in_place = 0;
  std::uint32_t chunks = 0, stages = 0;
  for (const ForestShape& shape : forest_shapes()) {
    const ForestCase given(shape);
    for (const std::size_t bytes : {kSharedBytesMax, std::size_t{48} << 10}) {
      const ForestTiles tiles = tiles_of(given.forest, bytes);
      const ForestTilesView view = tiles.view(tiles.bytes().data());
      tiled += tiles.tiled() ? 1 : 0;
      walked += tiles.tiled() ? 0 : 1;
      few_only += tiles.tile_rows_max() == kTileRowsFew ? 1 : 0;
      deep_groups += tiles.deep_group_count();
      chunks = std::max(chunks, tiles.chunk_count());
      stages = std::max(stages, view.stage_count);
      for (std::uint32_t s = 0; s < view.stage_count; ++s) {
        in_place += view.stages[s].words == 0 ? 1 : 0;
        const RankedFeature& feature = view.features[view.stages[s].first_feature];
        both_ways += feature.column_left != kNoColumn && feature.column_right != kNoColumn ? 1 : 0;
      }
    }
  }
  EXPECT_GT(tiled, 50U);
  EXPECT_GT(few_only, 0U);
  EXPECT_GT(walked, 0U);
  EXPECT_GT(deep_groups, 10U);
  EXPECT_GT(both_ways, 20U);
  EXPECT_GT(in_place, 0U);
  EXPECT_GT(chunks, 5U);
  EXPECT_GT(stages, 1U);
}

TEST(ForestTilesTest, WalksWhatCannotBeRanked) {
  const float nan = std::numeric_limits<float>::quiet_NaN();
  const Forest of_nan({{nan, 0, 1, 0}, {1.0F, 0, 0, 0}, {2.0F, 0, 0, 0}}, {0}, 1, 0.0F);
  EXPECT_FALSE(tiles_of(of_nan).tiled());
  EXPECT_FALSE(tiles_of(of_nan, 0).tiled());
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  for (std::uint32_t i = 0; i <= kThresholdsMax; ++i) {
    roots.push_back(3 * i);
    nodes.push_back({static_cast<float>(i), 0, 3 * i + 1, 1});
    nodes.insert(nodes.end(), 2, ForestNode{0.5F, 0, 0, 0});
  }
  ThreadQueue queue;
  ForestRunner<ThreadQueue> runner(queue, std::size_t{16} << 20);
  const ForestCase too_many(Forest(nodes, roots, 1, 0.0F), 9, 1);
  EXPECT_FALSE(tiles_of(too_many.forest).tiled());
  expect_same_margins(runner, too_many, kSharedBytesMax, "too many thresholds");
  const ForestCase odd(copy_of(of_nan), 9, 1);
  expect_same_margins(runner, odd, kSharedBytesMax, "a threshold that is NaN");
  // One less fits, and the rank of the highest is still below that of what is missing.
  nodes.resize(3 * kThresholdsMax);
  roots.resize(kThresholdsMax);
  const ForestCase most(Forest(nodes, roots, 1, 0.0F), 9, 1);
  EXPECT_TRUE(tiles_of(most.forest).tiled());
  expect_same_margins(runner, most, kSharedBytesMax, "as many thresholds as a rank can tell");
}

TEST(ForestTilesTest, ScoresTheExamplesModel) {
  const Model model = load_model(WARPSCORE_EXAMPLE_MODEL);
  const ForestCase given(copy_of(*model.forest), 700, 1);
  EXPECT_TRUE(tiles_of(given.forest).tiled());
  ThreadQueue queue;
  ForestRunner<ThreadQueue> runner(queue, std::size_t{4} << 20);
  expect_same_margins(runner, given, kSharedBytesMax, "the example's model");
}

std::vector<float> read_floats(const fs::path& path, std::size_t count) {
  std::vector<float> floats(count);
  std::ifstream file(path, std::ios::binary);
  file.read(reinterpret_cast<char*>(floats.data()),
            static_cast<std::streamsize>(count * sizeof(float)));
  EXPECT_TRUE(file) << path;
  return floats;
}

// Models that XGBoost trained (make_models.py), and its own margins.
TEST(ForestTilesTest, ScoresAsXgboost) {
  constexpr std::uint32_t kRows = 1000;
  const fs::path folder = WARPSCORE_XGBOOST_MODELS;
  std::ifstream list(folder / "models.txt");
  if (!list) {
    GTEST_SKIP() << "no models in " << folder << ": scripts/setup brings the Python to train them";
  }
  ThreadQueue queue;
  ForestRunner<ThreadQueue> runner(queue, std::size_t{16} << 20);
  std::string name;
  std::size_t features = 0, rows = 0, trees = 0, models = 0;
  for (; list >> name >> features >> rows >> trees; ++models) {
    ForestCase given(copy_of(*load_model(folder / (name + ".ubj")).forest), kRows, 1);
    EXPECT_TRUE(tiles_of(given.forest).tiled()) << name;
    expect_same_margins(runner, given, kSharedBytesMax, name + " with values of our own");
    const std::vector<float> x = read_floats(folder / (name + ".x"), kRows * features);
    for (std::size_t i = 0; i < x.size(); ++i) {
      given.columns[i % features * kRows + i / features] = x[i];
    }
    given.expected = read_floats(folder / (name + ".margin"), kRows);
    expect_same_margins(runner, given, kSharedBytesMax, name);
  }
  EXPECT_GT(models, 10U);
}

}  // namespace
}  // namespace warpscore
