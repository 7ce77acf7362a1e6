// SpscRing and Parker from one thread, and sleeping with a limit.
#include "base/ring.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/parker.h"

namespace warpscore {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

TEST(SpscRingTest, empty_refuses_a_pop_and_leaves_the_value) {
  SpscRing<int> ring(4);
  int value = 7;
  EXPECT_FALSE(ring.try_pop(value));
  EXPECT_EQ(value, 7);
  EXPECT_TRUE(ring.empty());
}

TEST(SpscRingTest, holds_exactly_its_capacity_whatever_that_is) {
  for (std::size_t capacity = 1; capacity <= 9; ++capacity) {
    SpscRing<std::size_t> ring(capacity);
    EXPECT_EQ(ring.capacity(), capacity);
    for (std::size_t i = 0; i < capacity; ++i) EXPECT_TRUE(ring.try_push(i));
    EXPECT_FALSE(ring.try_push(99)) << capacity;
    EXPECT_EQ(ring.size_approx(), capacity);
    std::size_t value = 0;
    EXPECT_TRUE(ring.try_pop(value));
    EXPECT_EQ(value, 0u);
    EXPECT_TRUE(ring.try_push(capacity));
    EXPECT_FALSE(ring.try_push(99)) << capacity;
    for (std::size_t i = 1; i <= capacity; ++i) {
      EXPECT_TRUE(ring.try_pop(value));
      EXPECT_EQ(value, i);
    }
    EXPECT_FALSE(ring.try_pop(value));
  }
}

TEST(SpscRingTest, keeps_the_order_over_many_rounds) {
  SpscRing<std::uint32_t> ring(3);
  std::uint32_t pushed = 0;
  std::uint32_t popped = 0;
  for (std::uint32_t round = 0; round < 1'000; ++round) {
    for (std::uint32_t i = 0; i <= round % 4; ++i) pushed += ring.try_push(pushed);
    EXPECT_EQ(ring.size_approx(), pushed - popped);
    for (std::uint32_t i = 0; i <= round % 3; ++i) {
      std::uint32_t value = 0;
      if (!ring.try_pop(value)) break;
      EXPECT_EQ(value, popped++);
    }
  }
  EXPECT_GT(popped, 1'000u);
}

TEST(SpscRingTest, passes_what_can_only_be_moved) {
  SpscRing<std::unique_ptr<std::string>> ring(2);
  EXPECT_TRUE(ring.try_push(std::make_unique<std::string>("one")));
  std::unique_ptr<std::string> value;
  EXPECT_TRUE(ring.try_pop(value));
  EXPECT_EQ(*value, "one");
}

TEST(SpscRingDeathTest, a_ring_for_nothing_is_a_broken_invariant) {
  EXPECT_DEATH(SpscRing<int>(0), "capacity > 0");
}

TEST(ParkerTest, a_wake_before_the_sleep_ends_it_at_once) {
  Parker parker;
  parker.wake();
  parker.wake();  // kept once
  const auto start = steady_clock::now();
  parker.park_for(std::chrono::seconds(60));
  EXPECT_LT(steady_clock::now() - start, std::chrono::seconds(30));
  parker.park_for(milliseconds(1));
  EXPECT_GE(steady_clock::now() - start, milliseconds(1));
}

TEST(ParkerTest, wait_gives_up_after_its_time_and_not_before) {
  Parker parker;
  const auto start = steady_clock::now();
  EXPECT_FALSE(parker.wait([] { return false; }, milliseconds(20)));
  EXPECT_GE(steady_clock::now() - start, milliseconds(20));
  EXPECT_FALSE(parker.wait([] { return false; }, milliseconds(0)));
  EXPECT_FALSE(parker.wait([] { return false; }, milliseconds(-5)));
}

TEST(ParkerTest, wait_sees_what_was_true_already) {
  Parker parker;
  EXPECT_TRUE(parker.wait([] { return true; }, milliseconds(0)));
}

TEST(ParkerTest, wakes_from_several_threads_reach_one_sleeper) {
  Parker parker;
  std::atomic<std::uint32_t> arrived{0};
  std::vector<std::jthread> wakers;
  for (std::uint32_t i = 0; i < 4; ++i) {
    wakers.emplace_back([&] {
      std::this_thread::sleep_for(milliseconds(5));
      arrived.fetch_add(1, std::memory_order_release);
      parker.wake();
    });
  }
  EXPECT_TRUE(parker.wait([&] { return arrived.load(std::memory_order_acquire) == 4; },
                          std::chrono::seconds(60)));
}

}  // namespace
}  // namespace warpscore
