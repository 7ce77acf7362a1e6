// Lets one thread sleep until another has something for it, with a time limit.
//
// Order    a wake that comes before the sleep is kept and ends the next one at once: none is lost.
//          What a thread wrote before wake() is seen by the sleeper after the sleep that it ended.
// Thread   wait and park_for: one thread, the owner; wake: any number of threads.
// Errors   none. A sleep may end early, for no reason: look again at what you wait for.
// Proof    tests/base/ring_explorer_test.cpp, together with the ring.
//
// The classical handshake ("I write that I sleep, then look at the ring; you push, then look
// whether I sleep") uses two variables, so it is right only if all four accesses are sequentially
// consistent, the ring's own among them. Here both sides exchange one word instead: one of two
// exchanges comes first, the other sees it, and release and acquire suffice.
#pragma once

#include <chrono>
#include <cstdint>

#include "base/atomics.h"

namespace warpscore {

template <class Atomics>
class BasicParker {
 public:
  BasicParker() = default;
  BasicParker(const BasicParker&) = delete;
  BasicParker& operator=(const BasicParker&) = delete;

  // Ends the owner's sleep, or its next one. Call it after the push, not before. One locked
  // instruction; a system call only if the owner sleeps.
  void wake() noexcept {
    if (state_.exchange(kNotified, std::memory_order_release) == kParked) {
      Atomics::wake_one(state_);
    }
  }

  // Sleeps until a wake since the last sleep, or for `duration`.
  void park_for(std::chrono::nanoseconds duration) noexcept {
    // kNotified becomes kEmpty and kEmpty becomes kParked, in one step.
    if (state_.fetch_sub(1, std::memory_order_acquire) == kNotified) return;
    if (duration > std::chrono::nanoseconds::zero()) {
      Atomics::wait_for(state_, kParked, duration);
    }
    state_.exchange(kEmpty, std::memory_order_acquire);
  }

  // Tries `predicate` until it holds: some rounds of spinning, then after each wake. False: it did
  // not hold within `max_duration`.
  template <class Predicate>
  [[nodiscard]] bool wait(Predicate predicate, std::chrono::nanoseconds max_duration) {
    for (std::uint32_t i = 0; i < Atomics::kSpins; ++i) {
      if (predicate()) return true;
      Atomics::pause();
    }
    const std::chrono::nanoseconds end = Atomics::now() + max_duration;
    while (!predicate()) {
      const std::chrono::nanoseconds left = end - Atomics::now();
      if (left <= std::chrono::nanoseconds::zero()) return false;
      park_for(left);
    }
    return true;
  }

 private:
  static constexpr std::uint32_t kParked = 0;
  static constexpr std::uint32_t kEmpty = 1;
  static constexpr std::uint32_t kNotified = 2;

  alignas(kCacheLineBytes) typename Atomics::template Atomic<std::uint32_t> state_{kEmpty};
};

using Parker = BasicParker<StdAtomics>;

}  // namespace warpscore
