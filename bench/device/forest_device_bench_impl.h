// The forest's bench on any Queue: rows per second by trees and depth, in tiles and by walking.
//
// Order    first what the device copies in a second, which all else is to be seen against; then of
//          each forest every margin against the host's, bit for bit, before any time counts.
// Forests  complete trees with random questions, 255 thresholds a feature as XGBoost's 256 bins
//          give, 1 % of the values missing, each feature's to one side.
// Time     of spans of `span_seconds`, each of many batches queued one after another; "alone" is
// one
//          batch from queuing it to knowing that it is done.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <limits>
#include <random>
#include <string>
#include <vector>

#include "base/check.h"
#include "bench/device/device_bench.h"
#include "scoring/forest_tiles_impl.h"

namespace warpscore {

struct ForestBenchSize {
  std::uint32_t trees;
  std::uint32_t depth;
  Goal goal = {};
};

struct ForestBenchOptions {
  std::uint32_t features = 64;
  std::uint32_t rows = 1'000'000;
  std::vector<ForestBenchSize> sizes = {
      {100, 6, Goal::at_least(800)}, {300, 6, Goal::at_least(300)}, {500, 8, Goal::at_least(120)}};
  std::vector<std::uint32_t> rows_alone = {1024, 16'384};
  double span_seconds = 0.2;
  std::size_t copied_bytes = 256U << 20;
};

inline Forest make_bench_forest(const ForestBenchSize& size, std::uint32_t features) {
  constexpr std::uint32_t kThresholds = 255;
  std::mt19937 random(1);
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  const std::uint32_t splits = (1U << size.depth) - 1;
  for (std::uint32_t t = 0; t < size.trees; ++t) {
    const auto root = static_cast<std::uint32_t>(nodes.size());
    roots.push_back(root);
    for (std::uint32_t i = 0; i < 2 * splits + 1; ++i) {
      const std::uint32_t feature = random() % features;
      const float threshold = static_cast<float>(random() % kThresholds);
      const float leaf = static_cast<float>(random() % 2001) / 10'000.0F - 0.1F;
      if (i < splits) {
        nodes.push_back({threshold, feature, root + 2 * i + 1, feature % 2});
      } else {
        nodes.push_back({leaf, 0, 0, 0});
      }
    }
  }
  return {std::move(nodes), std::move(roots), features, -2.0F};
}

// One forest after another on one queue, in device memory taken when it is made.
template <class Queue>
class ForestBench {
 public:
  ForestBench(Queue& queue, const ForestBenchOptions& options, Figures& figures)
      : queue_(queue),
        options_(options),
        figures_(figures),
        column_bytes_(round_up(std::size_t{options.features} * options.rows * sizeof(float))),
        margin_bytes_(round_up(options.rows * sizeof(float))),
        staged_(static_cast<std::byte*>(queue.staging_memory().allocate(column_bytes_, 16))),
        columns_(queue.device_memory(column_bytes_)),
        margins_(queue.device_memory(margin_bytes_)),
        rows_(queue.device_memory(16)),
        host_columns_(std::size_t{options.features} * options.rows),
        expected_(options.rows) {
    std::mt19937 random(2);
    for (float& value : host_columns_) {
      value = static_cast<float>(random() % 256) - 0.5F;
      if (random() % 100 == 0) value = std::numeric_limits<float>::quiet_NaN();
    }
    upload(columns_, host_columns_.data(), host_columns_.size() * sizeof(float));
  }
  ForestBench(const ForestBench&) = delete;
  ForestBench& operator=(const ForestBench&) = delete;
  ~ForestBench() { queue_.staging_memory().deallocate(staged_, column_bytes_, 16); }

  void run() {
    measure_bandwidths(queue_, options_.copied_bytes, figures_);
    for (const ForestBenchSize& size : options_.sizes) {
      if (figures_.wants("forest")) run_forest(size);
    }
  }

 private:
  static std::size_t round_up(std::size_t bytes) { return (bytes + 15) / 16 * 16; }

  void upload(std::byte* device, const void* data, std::size_t bytes) {
    for (std::size_t done = 0; done < bytes; done += column_bytes_) {
      const std::size_t part = std::min(column_bytes_, bytes - done);
      std::memcpy(staged_, static_cast<const std::byte*>(data) + done, part);
      queue_.begin(++batch_);
      queue_.copy_in(device + done, staged_, part);
      queue_.copied_in();
      queue_.wait(queue_.fence());
    }
  }

  void set_rows(std::uint32_t rows) { upload(rows_, &rows, sizeof rows); }
  [[nodiscard]] ForestRows rows_in() const {
    return {reinterpret_cast<const float*>(columns_), options_.rows,
            reinterpret_cast<const std::uint32_t*>(rows_), reinterpret_cast<float*>(margins_)};
  }

  void run_forest(const ForestBenchSize& size) {
    const Forest forest = make_bench_forest(size, options_.features);
    std::vector<const float*> pointers;
    for (std::uint32_t f = 0; f < options_.features; ++f) {
      pointers.push_back(&host_columns_[std::size_t{f} * options_.rows]);
    }
    Forest::Scratch scratch(forest);
    forest.margins(pointers.data(), options_.rows, expected_.data(), scratch);
    Spread rates[2];
    for (const bool tiled : {true, false}) {
      const ForestTiles tiles(forest.view(), forest.nodes().size(), tiled ? kSharedBytesMax : 0);
      WARPSCORE_CHECK(tiles.tiled() == tiled);
      std::byte* const blob = queue_.device_memory(tiles.bytes().size());
      upload(blob, tiles.bytes().data(), tiles.bytes().size());
      rates[tiled ? 0 : 1] = run_tiles(size, tiles.view(blob));
    }
    if (rates[0].median == 0 || rates[1].median == 0) return;
    figures_.figure(name_of(size) + ", tiles over walked", ratio_of(rates[0], rates[1]), "times",
                    Goal::at_least(3));
  }
  [[nodiscard]] static std::string name_of(const ForestBenchSize& size) {
    return "forest " + std::to_string(size.trees) + "x" + std::to_string(size.depth);
  }

  // Rows a second; 0: they were not right.
  Spread run_tiles(const ForestBenchSize& size, const ForestTilesView& view) {
    const bool is_tiled = view.tile_rows_max != 0;
    const std::string name = name_of(size) + (is_tiled ? ", tiles" : ", walked");
    const auto score = [&](std::uint32_t rows) { enqueue_forest(queue_, view, rows_in(), rows); };
    set_rows(options_.rows);
    const std::size_t differing = check([&] { score(options_.rows); });
    if (differing != 0) {
      figures_.fail(name + ": " + std::to_string(differing) + " of " +
                    std::to_string(options_.rows) + " margins differ from the host's");
      return {};
    }
    QueueTimer<Queue> timer(queue_, options_.span_seconds);
    const Spread rates = each_of(timer.queued([&] { score(options_.rows); }),
                                 [&](double seconds) { return 1e-6 * options_.rows / seconds; });
    figures_.figure(name, rates, "M rows/s", is_tiled ? size.goal : Goal{});
    const auto microseconds = [](double seconds) { return 1e6 * seconds; };
    for (const std::uint32_t rows : options_.rows_alone) {
      set_rows(rows);
      const std::string of_rows = name + ", " + std::to_string(rows) + " rows";
      const Spread queued = timer.queued([&] { score(rows); });
      const Spread alone = timer.alone([&] { score(rows); });
      figures_.figure(of_rows + ", each when queued", each_of(queued, microseconds), "us");
      figures_.figure(of_rows + ", alone", each_of(alone, microseconds), "us");
    }
    return rates;
  }

  template <class Enqueue>
  std::size_t check(const Enqueue& enqueue) {
    queue_.zero(margins_, margin_bytes_);
    enqueue();
    queue_.computed();
    queue_.copy_out(staged_, margins_, expected_.size() * sizeof(float));
    queue_.wait(queue_.fence());
    const auto* const found = reinterpret_cast<const float*>(staged_);
    std::size_t differing = 0;
    for (std::size_t r = 0; r < expected_.size(); ++r) {
      const bool same =
          std::bit_cast<std::uint32_t>(found[r]) == std::bit_cast<std::uint32_t>(expected_[r]);
      differing += same ? 0 : 1;
    }
    return differing;
  }

  Queue& queue_;
  const ForestBenchOptions options_;
  Figures& figures_;
  const std::size_t column_bytes_;
  const std::size_t margin_bytes_;
  std::byte* const staged_;
  std::byte* const columns_;
  std::byte* const margins_;
  std::byte* const rows_;
  std::vector<float> host_columns_;
  std::vector<float> expected_;
  std::uint64_t batch_ = 0;
};

}  // namespace warpscore
