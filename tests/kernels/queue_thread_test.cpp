// ThreadQueue does what every Queue does, catches what a pass forgets, and ends a hung process.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <new>
#include <set>
#include <thread>

#include "tests/kernels/queue_test_impl.h"
#include "tests/support/thread_queue.h"

namespace {

std::atomic<std::uint64_t> allocations{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  allocations.fetch_add(1, std::memory_order_relaxed);
  return std::malloc(size);
}
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (void* const memory = operator new(size, std::nothrow)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace warpscore {
namespace {

template <bool kAsynchronous, std::uint32_t kWorkers>
struct ThreadBed {
  using Queue = ThreadQueue;
  static constexpr int kRounds = 6;
  static bool present(std::string&) { return true; }
  static std::unique_ptr<Queue> open() {
    static std::uint64_t seed = 0;
    return std::make_unique<Queue>(ThreadQueueOptions{.seed = ++seed,
                                                      .asynchronous = kAsynchronous,
                                                      .workers = kWorkers,
                                                      .rows_max = kTestRowsMax});
  }
};

using Beds = testing::Types<ThreadBed<false, 1>, ThreadBed<false, 3>, ThreadBed<true, 1>,
                            ThreadBed<true, 4>>;
INSTANTIATE_TYPED_TEST_SUITE_P(Thread, QueueTest, Beds);

// One number goes in, gets one added and comes out; what came out.
std::uint32_t one_more(std::uint64_t seed, std::uint32_t number, bool copied_in, bool computed) {
  ThreadQueue queue({.seed = seed, .rows_max = 1});
  auto* const device = reinterpret_cast<std::uint32_t*>(queue.device_memory(sizeof number));
  std::pmr::vector<std::uint32_t> in(1, number, &queue.staging_memory());
  std::pmr::vector<std::uint32_t> out(1, 0, &queue.staging_memory());
  queue.copy_in(device, in.data(), sizeof number);
  if (copied_in) queue.copied_in();
  queue.each("add one", 1, AddOne{device});
  if (computed) queue.computed();
  queue.copy_out(out.data(), device, sizeof number);
  queue.wait(queue.fence());
  return out[0];
}

TEST(ThreadQueueTest, a_tie_that_is_missing_shows_in_some_run_and_no_other_does) {
  std::set<std::uint32_t> tied;
  std::set<std::uint32_t> not_copied_in;
  std::set<std::uint32_t> not_computed;
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    tied.insert(one_more(seed, 10, true, true));
    not_copied_in.insert(one_more(seed, 10, false, true));
    not_computed.insert(one_more(seed, 10, true, false));
  }
  EXPECT_EQ(tied, std::set<std::uint32_t>({11}));
  EXPECT_EQ(not_copied_in, std::set<std::uint32_t>({1, 10, 11}));
  EXPECT_EQ(not_computed, std::set<std::uint32_t>({0, 10, 11}));
}

TEST(ThreadQueueTest, the_same_seed_gives_the_same_run) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    EXPECT_EQ(one_more(seed, 10, false, false), one_more(seed, 10, false, false)) << seed;
  }
}

struct TakeTurns {
  std::uint32_t* turn;
  std::uint32_t* of;
  void operator()(std::uint32_t i) const { of[i] = (*turn)++; }
};

TEST(ThreadQueueTest, indices_come_in_orders_that_depend_on_the_seed) {
  constexpr std::uint32_t kCount = 50;
  std::set<std::vector<std::uint32_t>> orders;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    ThreadQueue queue({.seed = seed, .rows_max = 1});
    auto* const turn = reinterpret_cast<std::uint32_t*>(queue.device_memory(4));
    auto* const of = reinterpret_cast<std::uint32_t*>(queue.device_memory(kCount * 4));
    queue.each("take turns", kCount, TakeTurns{turn, of});
    queue.wait(queue.fence());
    orders.emplace(of, of + kCount);
  }
  EXPECT_GE(orders.size(), 15u);
  for (std::vector<std::uint32_t> order : orders) {
    std::sort(order.begin(), order.end());
    for (std::uint32_t i = 0; i < kCount; ++i) EXPECT_EQ(order[i], i);
  }
}

TEST(ThreadQueueTest, nothing_is_allocated_once_the_memory_is_there) {
  for (const bool asynchronous : {false, true}) {
    ThreadQueue queue({.asynchronous = asynchronous, .workers = 3, .rows_max = 100});
    std::array<std::uint32_t*, 4> device{};
    for (auto& numbers : device) {
      numbers = reinterpret_cast<std::uint32_t*>(queue.device_memory(400));
    }
    std::pmr::vector<std::uint32_t> staged(100, 3, &queue.staging_memory());
    const std::uint64_t before = allocations;
    for (std::uint64_t batch = 0; batch < 500; ++batch) {
      queue.begin(batch);
      queue.copy_in(device[0], staged.data(), 400);
      queue.copied_in();
      queue.zero(device[2], 400);
      queue.each("add one", 100, AddOne{device[0]});
      queue.teams("reverse", 10, ReverseParts{device[0], 100, 10});
      queue.whole_team("prefix sums", PrefixSums{device[0], device[1], 100});
      queue.sort({device[0], device[1], device[2], device[3]}, 100, 20);
      queue.computed();
      queue.copy_out(staged.data(), device[1], 400);
      queue.wait(queue.fence());
    }
    EXPECT_EQ(allocations, before);
  }
}

TEST(ThreadQueueDeathTest, staged_memory_is_the_queues_own) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  ThreadQueue queue({.rows_max = 1});
  std::byte* const device = queue.device_memory(8);
  std::pmr::vector<std::byte> staged(8, std::byte{}, &queue.staging_memory());
  std::vector<std::byte> other(8);
  queue.copy_in(device, staged.data(), 8);
  queue.wait(queue.fence());
  EXPECT_DEATH(queue.copy_in(device, other.data(), 8), "staging_.holds");
  EXPECT_DEATH(queue.copy_in(device, staged.data(), 9), "staging_.holds");
  EXPECT_DEATH(queue.copy_out(staged.data(), device + 1, 8), "device_.holds");
  EXPECT_DEATH(queue.zero(other.data(), 8), "device_.holds");
}

struct Sleep {
  void operator()(std::uint32_t) const { std::this_thread::sleep_for(std::chrono::seconds(20)); }
};

struct SleepTwice {
  static constexpr int kThreads = 32;
  static std::size_t shared_bytes() { return 0; }
  template <class Team>
  void operator()(Team& team, std::uint32_t) const {
    team.leader([] { std::this_thread::sleep_for(std::chrono::seconds(20)); });
  }
};

void hang(bool waits) {
  ThreadQueue queue(
      {.asynchronous = true, .workers = 2, .rows_max = 1, .patience_ms = kBatchPatienceMs});
  std::uint32_t* const device = reinterpret_cast<std::uint32_t*>(queue.device_memory(4));
  queue.begin(40);
  queue.each("add one", 1, AddOne{device});
  queue.wait(queue.fence());
  queue.begin(41);
  if (waits) {
    queue.each("the sleeper", 1, Sleep{});
  } else {
    queue.teams("the sleepers", 2, SleepTwice{});
  }
  const Fence hung = queue.fence();
  queue.begin(42);
  queue.each("add one", 1, AddOne{device});
  if (waits) queue.wait(queue.fence());
  while (!queue.passed(hung)) {
  }
}

TEST(ThreadQueueDeathTest, a_batch_that_takes_too_long_ends_the_process_with_a_line) {
  testing::FLAGS_gtest_death_test_style = "threadsafe";
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EXIT(hang(true), testing::ExitedWithCode(kExitDeviceHung),
              "warpscore: the device failed: a batch takes longer than the device is given; kernel "
              "the sleeper, batch 41, of which nothing was committed\n");
  EXPECT_EXIT(hang(false), testing::ExitedWithCode(kExitDeviceHung),
              "kernel the sleepers, batch 41");
  EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(15));
}

}  // namespace
}  // namespace warpscore
