// The forest's bench on any Queue: rows per second by trees and depth, in tiles and by walking.
//
// Order    first what the device copies in a second, which all else is to be seen against; then of
//          each forest every margin against the host's, bit for bit, before any time counts.
// Forests  complete trees with random questions, 255 thresholds a feature as XGBoost's 256 bins
//          give, 1 % of the values missing, each feature's to one side.
// Time     the best of three spans of `span_seconds`, each of many batches queued one after
// another;
//          "alone" is one batch from queuing it to knowing that it is done.
#pragma once

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <limits>
#include <random>
#include <vector>

#include "base/check.h"
#include "scoring/forest_tiles_impl.h"

namespace warpscore {

struct ForestBenchSize {
  std::uint32_t trees;
  std::uint32_t depth;
};

struct ForestBenchOptions {
  std::uint32_t features = 64;
  std::uint32_t rows = 1'000'000;
  std::vector<ForestBenchSize> sizes = {{100, 6}, {300, 6}, {500, 8}};
  std::vector<std::uint32_t> rows_alone = {1024, 16'384};
  double span_seconds = 0.2;
};

struct CopyWords {
  const FourWords* from;
  FourWords* to;

  WARPSCORE_HD void operator()(std::uint32_t i) const { to[i] = from[i]; }
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
  ForestBench(Queue& queue, const ForestBenchOptions& options)
      : queue_(queue),
        options_(options),
        column_bytes_(round_up(std::size_t{options.features} * options.rows * sizeof(float))),
        margin_bytes_(round_up(options.rows * sizeof(float))),
        staged_(static_cast<std::byte*>(queue.staging_memory().allocate(column_bytes_, 16))),
        columns_(queue.device_memory(column_bytes_)),
        copied_(queue.device_memory(column_bytes_)),
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

  // How many margins differ from the host's.
  std::size_t run(std::FILE* out) {
    const CopyWords copy{reinterpret_cast<const FourWords*>(columns_),
                         reinterpret_cast<FourWords*>(copied_)};
    const auto words = static_cast<std::uint32_t>(column_bytes_ / sizeof(FourWords));
    const double seconds = span([&] { queue_.each("copy_words", words, copy); });
    std::fprintf(out, "copy: %.1f GB/s read and written together\n",
                 2e-9 * static_cast<double>(column_bytes_) / seconds);
    std::size_t differing = 0;
    for (const ForestBenchSize& size : options_.sizes) differing += run_forest(size, out);
    return differing;
  }

 private:
  using Clock = std::chrono::steady_clock;

  static std::size_t round_up(std::size_t bytes) { return (bytes + 15) / 16 * 16; }
  static double seconds_since(Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  }

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

  template <class Enqueue>
  double once(const Enqueue& enqueue, std::uint32_t repeats) {
    const auto start = Clock::now();
    queue_.begin(++batch_);
    for (std::uint32_t i = 0; i < repeats; ++i) enqueue();
    queue_.wait(queue_.fence());
    return seconds_since(start) / repeats;
  }

  // Seconds that each takes when many are queued: no more than a queue takes or patience lasts.
  template <class Enqueue>
  double span(const Enqueue& enqueue) {
    once(enqueue, 1);
    const double alone = once(enqueue, 1);
    const double wanted = options_.span_seconds / std::max(alone, 1e-9);
    const auto repeats = static_cast<std::uint32_t>(std::clamp(wanted, 1.0, 500.0));
    double best = std::numeric_limits<double>::max();
    for (int i = 0; i < 3; ++i) best = std::min(best, once(enqueue, repeats));
    return best;
  }

  template <class Enqueue>
  double alone(const Enqueue& enqueue) {
    std::vector<double> seconds;
    for (int i = 0; i < 51; ++i) seconds.push_back(once(enqueue, 1));
    std::nth_element(seconds.begin(), seconds.begin() + 25, seconds.end());
    return seconds[25];
  }

  void set_rows(std::uint32_t rows) { upload(rows_, &rows, sizeof rows); }
  [[nodiscard]] ForestRows rows_in() const {
    return {reinterpret_cast<const float*>(columns_), options_.rows,
            reinterpret_cast<const std::uint32_t*>(rows_), reinterpret_cast<float*>(margins_)};
  }

  std::size_t run_forest(const ForestBenchSize& size, std::FILE* out) {
    const Forest forest = make_bench_forest(size, options_.features);
    std::vector<const float*> pointers;
    for (std::uint32_t f = 0; f < options_.features; ++f) {
      pointers.push_back(&host_columns_[std::size_t{f} * options_.rows]);
    }
    Forest::Scratch scratch(forest);
    forest.margins(pointers.data(), options_.rows, expected_.data(), scratch);
    std::size_t differing = 0;
    for (const bool tiled : {true, false}) {
      const ForestTiles tiles(forest.view(), forest.nodes().size(), tiled ? kSharedBytesMax : 0);
      WARPSCORE_CHECK(tiles.tiled() == tiled);
      std::byte* const blob = queue_.device_memory(tiles.bytes().size());
      upload(blob, tiles.bytes().data(), tiles.bytes().size());
      differing += run_tiles(size, tiles.view(blob), out);
    }
    return differing;
  }

  std::size_t run_tiles(const ForestBenchSize& size, const ForestTilesView& view, std::FILE* out) {
    char name[64];
    std::snprintf(name, sizeof name, "forest %u x depth %u, %s", size.trees, size.depth,
                  view.tile_rows_max != 0 ? "tiles" : "walked");
    const auto score = [&](std::uint32_t rows) { enqueue_forest(queue_, view, rows_in(), rows); };
    set_rows(options_.rows);
    const std::size_t differing = check([&] { score(options_.rows); });
    if (differing != 0) {
      std::fprintf(out, "%s: %zu of %u margins differ from the host's\n", name, differing,
                   options_.rows);
      return differing;
    }
    const double seconds = span([&] { score(options_.rows); });
    std::fprintf(out, "%s: %.1f M rows/s (%u rows in %.3f ms, all bits the host's)\n", name,
                 1e-6 * options_.rows / seconds, options_.rows, 1e3 * seconds);
    for (const std::uint32_t rows : options_.rows_alone) {
      set_rows(rows);
      const double queued = span([&] { score(rows); });
      const double single = alone([&] { score(rows); });
      std::fprintf(out, "%s: %u rows: %.1f us each when queued, %.1f us alone (median)\n", name,
                   rows, 1e6 * queued, 1e6 * single);
    }
    return 0;
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
  const std::size_t column_bytes_;
  const std::size_t margin_bytes_;
  std::byte* const staged_;
  std::byte* const columns_;
  std::byte* const copied_;
  std::byte* const margins_;
  std::byte* const rows_;
  std::vector<float> host_columns_;
  std::vector<float> expected_;
  std::uint64_t batch_ = 0;
};

}  // namespace warpscore
