#include "service/run_progress.h"

#include <algorithm>
#include <bit>

#include "base/log.h"

namespace warpscore {

std::size_t LatencyHistogram::bucket_of(std::int64_t ms) noexcept {
  const std::uint64_t value = static_cast<std::uint64_t>(std::max<std::int64_t>(ms, 0));
  if (value < kPerDoubling) return value;
  const std::size_t doubling = std::bit_width(value) - std::bit_width(kPerDoubling) + 1;
  const std::size_t bucket = doubling * kPerDoubling + (value >> (doubling - 1)) - kPerDoubling;
  return std::min(bucket, kBuckets - 1);
}

std::int64_t LatencyHistogram::upper_of(std::size_t bucket) noexcept {
  if (bucket < kPerDoubling) return static_cast<std::int64_t>(bucket);
  const std::size_t doubling = bucket / kPerDoubling;
  const std::uint64_t step = bucket % kPerDoubling;
  return static_cast<std::int64_t>(((kPerDoubling + step + 1) << (doubling - 1)) - 1);
}

void LatencyHistogram::add(std::int64_t ms) noexcept {
  ++counts_[bucket_of(ms)];
  ++total_;
}

std::int64_t LatencyHistogram::percentile(double part) const noexcept {
  if (total_ == 0) return -1;
  const std::uint64_t wanted =
      std::max<std::uint64_t>(1, static_cast<std::uint64_t>(part * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted) return upper_of(bucket);
  }
  return upper_of(kBuckets - 1);
}

void RunProgress::note_commit(const Committed& committed) {
  const std::int64_t now = wall_ms();
  const std::lock_guard lock(mutex_);
  positions_ = *committed.positions;
  if (committed.blocks->empty()) return;  // a claim, or only control records
  ++sums_.commits;
  sums_.scores += committed.scores;
  sums_.alerts += committed.alerts;
  sums_.dead_letters += committed.dead_letters;
  for (const auto& block : *committed.blocks)
    for (const std::int64_t timestamp : block->timestamps_ms) latency_.add(now - timestamp);
}

RunProgress::Shown RunProgress::show() {
  const std::lock_guard lock(mutex_);
  Shown shown = sums_;
  shown.p50_ms = latency_.percentile(0.5);
  shown.p99_ms = latency_.percentile(0.99);
  latency_.clear();
  return shown;
}

std::vector<InputPosition> RunProgress::positions() const {
  const std::lock_guard lock(mutex_);
  return positions_;
}

}  // namespace warpscore
