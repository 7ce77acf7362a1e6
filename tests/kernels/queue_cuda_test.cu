// CudaQueue does what every Queue does, and a device that fails or hangs ends the process.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/time.h>

#include <chrono>
#include <cstdio>

#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"
#include "tests/kernels/queue_test_impl.h"

namespace warpscore {
namespace {

struct CudaBed {
  using Queue = CudaQueue;
  static constexpr int kRounds = 3;
  static bool present(std::string& why_not) { return find_cuda(why_not).has_value(); }
  static std::unique_ptr<Queue> open() { return std::make_unique<Queue>(kTestRowsMax); }
};
INSTANTIATE_TYPED_TEST_SUITE_P(Cuda, QueueTest, CudaBed);

TEST(NoCudaQueueTest, without_a_device_the_constructor_says_why) {
  std::string why_not;
  if (find_cuda(why_not)) GTEST_SKIP() << "there is a device";
  try {
    CudaQueue queue(kTestRowsMax);
    FAIL() << "opened a queue on no device";
  } catch (const DeviceError& error) {
    EXPECT_EQ(why_not, error.what());
  }
}

class CudaQueueTest : public testing::Test {
 protected:
  void SetUp() override {
    testing::FLAGS_gtest_death_test_style = "threadsafe";  // CUDA does not survive a fork
    std::string why_not;
    const std::optional<DeviceInfo> info = find_cuda(why_not);
    if (!info) GTEST_SKIP() << why_not;
    std::printf("on %s, compute capability %u, %u multiprocessors, %.1f of %.1f GiB free\n",
                info->name.c_str(), info->compute_capability, info->multiprocessors,
                static_cast<double>(info->bytes_free) / (1U << 30),
                static_cast<double>(info->bytes) / (1U << 30));
  }
};
using CudaQueueDeathTest = CudaQueueTest;

TEST_F(CudaQueueTest, memory_comes_back_when_the_queue_goes) {
  std::size_t free_before = 0;
  {
    CudaQueue queue(kTestRowsMax);
    free_before = queue.device_memory_free();
    queue.device_memory(std::size_t{256} << 20);
    EXPECT_LE(queue.device_memory_free(), free_before - (std::size_t{256} << 20));
  }
  CudaQueue queue(kTestRowsMax);
  EXPECT_GE(queue.device_memory_free() + (std::size_t{16} << 20), free_before);
}

struct WriteTo {
  std::uint32_t* nowhere;
  WARPSCORE_HD void operator()(std::uint32_t i) const { nowhere[i] = i; }
};

// Ends when the word is not zero, which nobody sees to.
struct Endless {
  std::uint32_t* word;
  WARPSCORE_HD void operator()(std::uint32_t) const {
    while (shared_load(*word) == 0) {
    }
  }
};

// SIGALRM, and with it another end than the one that is expected, if it takes longer.
void limit_ms(long ms) {
  itimerval timer{};
  timer.it_value.tv_sec = ms / 1000;
  timer.it_value.tv_usec = ms % 1000 * 1000;
  ::setitimer(ITIMER_REAL, &timer, nullptr);
}

template <class Task>
void fail_in_batch_41(const char* name, Task task, long ms) {
  CudaQueue queue(kTestRowsMax);
  auto* const device = reinterpret_cast<std::uint32_t*>(queue.device_memory(400));
  queue.begin(40);
  queue.each("add one", 100, AddOne{device});
  queue.wait(queue.fence());
  if constexpr (requires { task.word; }) task.word = device;
  queue.begin(41);
  queue.zero(device, 400);
  limit_ms(ms);
  queue.each(name, 1, task);
  const Fence failed = queue.fence();
  queue.begin(42);
  queue.each("add one", 100, AddOne{device});
  while (!queue.passed(failed)) {
  }
}

TEST_F(CudaQueueDeathTest, a_write_to_nowhere_ends_the_process_within_100_ms) {
  EXPECT_EXIT(fail_in_batch_41("writes to nowhere", WriteTo{nullptr}, 100),
              testing::ExitedWithCode(kExitDeviceError),
              "cudaErrorIllegalAddress, 700\\); kernel writes to nowhere, batch 41");
}

TEST_F(CudaQueueDeathTest, an_endless_kernel_ends_the_process_after_two_seconds) {
  const auto began = std::chrono::steady_clock::now();
  EXPECT_EXIT(fail_in_batch_41("endless", Endless{nullptr}, kBatchPatienceMs + 500),
              testing::ExitedWithCode(kExitDeviceHung), "kernel endless, batch 41");
  EXPECT_GE(std::chrono::steady_clock::now() - began, std::chrono::milliseconds(kBatchPatienceMs));
}

struct TooMuchShared {
  static constexpr int kThreads = 32;
  [[nodiscard]] static std::size_t shared_bytes() { return std::size_t{1} << 20; }
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team&, std::uint32_t) const {}
};

void launch_too_much() {
  CudaQueue queue(kTestRowsMax);
  queue.begin(7);
  queue.teams("too much", 1, TooMuchShared{});
}

TEST_F(CudaQueueDeathTest, a_launch_that_the_device_refuses_names_its_kernel) {
  EXPECT_EXIT(launch_too_much(), testing::ExitedWithCode(kExitDeviceError),
              "cudaError[A-Za-z]*, [0-9]+\\); kernel too much, batch 7");
}

}  // namespace
}  // namespace warpscore
