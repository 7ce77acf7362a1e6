// A ring between two threads: one pushes, one pops, and neither waits for the other.
//
// Memory   all slots are allocated by the constructor. What each side writes has its own cache
//          line; each side keeps a copy of the other's index and reads the real one only when the
//          copy says full or empty, so the lines rarely travel.
// Order    elements come out in the order they went in. What the producer wrote before try_push is
//          seen by the consumer after the try_pop that got the element, and the other way round for
//          a place that is free again.
// Thread   try_push: the producer; try_pop: the consumer; the rest: anyone.
// Errors   none: full and empty are return values.
// Proof    tests/base/ring_explorer_test.cpp runs this template through every execution that the
//          C++ memory model allows at small capacities. `Atomics` is there for it.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "base/atomics.h"
#include "base/check.h"

namespace warpscore {

template <class T, class Atomics = StdAtomics>
class SpscRing {
 public:
  explicit SpscRing(std::size_t capacity)
      : capacity_(capacity), slot_mask_(std::bit_ceil(capacity) - 1), slots_(slot_mask_ + 1) {
    WARPSCORE_CHECK(capacity > 0);
  }
  SpscRing(const SpscRing&) = delete;
  SpscRing& operator=(const SpscRing&) = delete;

  [[nodiscard]] bool try_push(T value) noexcept {
    if (pushed_ - popped_seen_ == capacity_) {
      popped_seen_ = popped_shared_.load(std::memory_order_acquire);
      if (pushed_ - popped_seen_ == capacity_) return false;
    }
    slots_[pushed_ & slot_mask_].put(std::move(value));
    pushed_shared_.store(++pushed_, std::memory_order_release);
    return true;
  }

  [[nodiscard]] bool try_pop(T& value) noexcept {
    if (popped_ == pushed_seen_) {
      pushed_seen_ = pushed_shared_.load(std::memory_order_acquire);
      if (popped_ == pushed_seen_) return false;
    }
    value = slots_[popped_ & slot_mask_].take();
    popped_shared_.store(++popped_, std::memory_order_release);
    return true;
  }

  // How many elements there were at some moment of the call: nothing may be concluded from it about
  // the elements, so its loads need no order.
  [[nodiscard]] std::size_t size_approx() const noexcept {
    const std::uint64_t popped = popped_shared_.load(std::memory_order_relaxed);
    const std::uint64_t pushed = pushed_shared_.load(std::memory_order_relaxed);
    return pushed < popped ? 0 : std::min<std::size_t>(pushed - popped, capacity_);
  }
  [[nodiscard]] bool empty() const noexcept { return size_approx() == 0; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }

 private:
  using Index = typename Atomics::template Atomic<std::uint64_t>;

  // Constant after construction.
  const std::size_t capacity_;
  const std::size_t slot_mask_;
  std::vector<typename Atomics::template Plain<T>> slots_;

  // Indices count up for ever; at 10^9 a second they wrap after 584 years.
  // The producer's line. `pushed_` is its own copy of `pushed_shared_`.
  alignas(kCacheLineBytes) Index pushed_shared_{0};
  std::uint64_t pushed_ = 0;
  std::uint64_t popped_seen_ = 0;

  // The consumer's line.
  alignas(kCacheLineBytes) Index popped_shared_{0};
  std::uint64_t popped_ = 0;
  std::uint64_t pushed_seen_ = 0;
};

}  // namespace warpscore
