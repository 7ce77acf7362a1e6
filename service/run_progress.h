// What the pipeline has done so far: written by its threads, read once in ten seconds for the log.
//
// Thread  note_commit by the commit thread, the rest by whoever shows it. One lock, taken about
//         twenty times a second.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/input_range.h"
#include "publish/committer.h"

namespace warpscore {

// Times from a transaction's Kafka timestamp to its commit, in buckets of at most an eighth of
// their value.
class LatencyHistogram {
 public:
  void add(std::int64_t ms) noexcept;
  [[nodiscard]] std::int64_t percentile(double part) const noexcept;  // -1 if it is empty
  void clear() noexcept { *this = {}; }

 private:
  static constexpr std::size_t kPerDoubling = 8;
  static constexpr std::size_t kBuckets = 40 * kPerDoubling;
  [[nodiscard]] static std::size_t bucket_of(std::int64_t ms) noexcept;
  [[nodiscard]] static std::int64_t upper_of(std::size_t bucket) noexcept;

  std::array<std::uint64_t, kBuckets> counts_{};
  std::uint64_t total_ = 0;
};

class RunProgress {
 public:
  struct Shown {
    std::uint64_t commits = 0;  // since the start
    std::uint64_t scores = 0;
    std::uint64_t alerts = 0;
    std::uint64_t dead_letters = 0;
    std::int64_t p50_ms = -1;  // since the last show
    std::int64_t p99_ms = -1;
  };

  void note_commit(const Committed& committed);
  [[nodiscard]] Shown show();
  [[nodiscard]] std::vector<InputPosition> positions() const;  // committed

 private:
  mutable std::mutex mutex_;
  Shown sums_;
  LatencyHistogram latency_;
  std::vector<InputPosition> positions_;
};

}  // namespace warpscore
