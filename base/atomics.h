// What lock-free code stands on: atomics, plain memory between threads, sleeping on a word.
//
// Ring and Parker take it as a template argument, so that their proof can put a model of the C++
// memory in its place (tests/support/explorer.h). There is no fence here: ThreadSanitizer does not
// model one.
#pragma once

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <ctime>
#include <utility>

namespace warpscore {

inline constexpr std::size_t kCacheLineBytes = 64;

inline void spin_pause() noexcept {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;

  // Memory that is handed from thread to thread; the atomics around it keep accesses apart.
  template <class T>
  class Plain {
   public:
    void put(T value) noexcept { value_ = std::move(value); }
    [[nodiscard]] T take() noexcept { return std::move(value_); }

   private:
    T value_{};
  };

  // Rounds of trying before a thread sleeps: at some 40 ns each about what one sleep and wake cost.
  static constexpr std::uint32_t kSpins = 100;
  static void pause() noexcept { spin_pause(); }

  static std::chrono::nanoseconds now() noexcept {
    return std::chrono::steady_clock::now().time_since_epoch();
  }

  // Sleeps while `word` holds `expected`, until wake_one or the end of `duration`. It may also
  // return for no reason.
  static void wait_for(std::atomic<std::uint32_t>& word, std::uint32_t expected,
                       std::chrono::nanoseconds duration) noexcept {
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(duration);
    const timespec limit{.tv_sec = seconds.count(), .tv_nsec = (duration - seconds).count()};
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, expected, &limit, nullptr, 0);
  }
  static void wake_one(std::atomic<std::uint32_t>& word) noexcept {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  }
};

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));  // futex wants a word

}  // namespace warpscore
