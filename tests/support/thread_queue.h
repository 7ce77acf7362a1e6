// The Queue of kernels/queue.h on host threads: the passes' own templates run, and are held against
// the oracle, where there is no GPU; and what a queue leaves open is drawn from a seed.
//
// Layout   three lanes as CUDA's three streams: copies in, kernels, copies out. Each runs its
//          operations in the order queued; copied_in(), computed() and fence() are all that ties
//          one to another. A pass that forgets one is caught, by value or by ThreadSanitizer.
// Order    asynchronous: a thread per lane. Otherwise nothing runs before passed(), wait() or a
//          lane that is full: the caller then runs operations of lanes drawn from the seed, and the
//          same seed gives the same run.
// Workers  that run a kernel: several teams at once, or all of them as one team.
// Memory   device memory lies on the heap and staging memory begins with arbitrary bytes. A copy or
//          zero() outside of them is a broken invariant. Nothing is allocated after the constructor
//          but by the two memories.
// Thread   as the concept: one thread drives a queue; its memory comes from any.
// Errors   as the concept, DeviceError when `device_bytes` are spent.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <memory_resource>
#include <new>
#include <thread>
#include <type_traits>
#include <vector>

#include "base/check.h"
#include "kernels/queue.h"
#include "tests/support/thread_queue_team.h"

namespace warpscore {

struct ThreadQueueOptions {
  std::uint64_t seed = 1;
  bool asynchronous = false;
  std::uint32_t workers = 1;
  std::uint32_t rows_max = 1U << 17;  // of sort()
  std::size_t device_bytes = std::size_t{4} << 30;
  std::size_t shared_bytes_max = kSharedBytesMax;
  // A sanitizer on a busy machine is no device: only the tests of patience ask for the real one.
  std::int64_t patience_ms = 60 * kBatchPatienceMs;
};

// Memory from the heap that knows its own addresses.
class TrackedMemory : public std::pmr::memory_resource {
 public:
  ~TrackedMemory() override;
  [[nodiscard]] bool holds(const void* address, std::size_t bytes) const;
  [[nodiscard]] std::size_t bytes() const;  // that are held now

 private:
  struct Block {
    std::byte* address;
    std::size_t bytes;
    std::size_t alignment;
  };
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* address, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;

  mutable std::mutex mutex_;
  std::vector<Block> blocks_;  // protected by mutex_
};

class ThreadQueue {
 public:
  explicit ThreadQueue(const ThreadQueueOptions& options = {});
  ~ThreadQueue();  // what is queued is done first
  ThreadQueue(const ThreadQueue&) = delete;
  ThreadQueue& operator=(const ThreadQueue&) = delete;

  std::pmr::memory_resource& staging_memory() { return staging_; }
  std::byte* device_memory(std::size_t bytes);
  [[nodiscard]] std::size_t device_memory_free() const;
  [[nodiscard]] std::size_t device_memory_used() const { return device_.bytes(); }

  [[nodiscard]] std::size_t shared_bytes_max() const { return options_.shared_bytes_max; }

  void begin(std::uint64_t batch) { batch_ = batch; }
  void copy_in(void* device, const void* staged, std::size_t bytes);
  void copied_in() { ties_[kKernels][kIn] = lanes_[kIn].queued.load(std::memory_order_relaxed); }
  void zero(void* device, std::size_t bytes);

  template <class Task>
  void each(const char* name, std::uint32_t count, const Task& task) {
    if (count > 0) put(kKernels, name, count, task, &run_each<Task>);
  }
  template <class Task>
  void teams(const char* name, std::uint32_t count, const Task& task) {
    static_assert(Task::kThreads > 0);
    WARPSCORE_CHECK(task.shared_bytes() <= options_.shared_bytes_max);
    if (count > 0) put(kKernels, name, count, task, &run_teams<Task>);
  }
  template <class Task>
  void whole_team(const char* name, const Task& task) {
    static_assert(Task::kThreads > 0);
    put(kKernels, name, 1, task, &run_whole_team<Task>);
  }
  void sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits);

  void computed();
  void copy_out(void* staged, const void* device, std::size_t bytes);
  void copy_out_columns(void* staged, const void* device, std::size_t bytes_each, std::size_t pitch,
                        std::uint32_t columns);
  Fence fence();
  [[nodiscard]] bool passed(Fence fence);
  void wait(Fence fence);

 private:
  static constexpr std::size_t kOperationsMax = 128;  // of a lane
  static constexpr std::size_t kFencesMax = 64;
  enum LaneIndex : std::size_t { kIn, kKernels, kOut, kLanes };

  using Ties = std::array<std::uint64_t, kLanes>;  // so many operations of each lane come before

  struct Operation {
    void (*run)(const Operation&, HostWorkers&);
    const char* name;
    std::uint64_t batch;
    std::uint64_t seed;
    std::uint32_t count;
    Ties after;
    alignas(16) std::byte task[kTaskBytesMax];

    template <class Task>
    [[nodiscard]] const Task& as() const {
      return *std::launder(reinterpret_cast<const Task*>(task));
    }
  };
  struct Lane {
    std::unique_ptr<Operation[]> operations;
    std::atomic<std::uint64_t> queued{0};  // written by the driver
    std::atomic<std::uint64_t> done{0};    // written by who runs the lane
    std::thread thread;
  };
  struct PendingFence {
    std::uint64_t number;
    std::uint64_t batch;
    std::int64_t since_ms;
  };

  template <class Task>
  static void run_each(const Operation& operation, HostWorkers& workers);
  template <class Task>
  static void run_teams(const Operation& operation, HostWorkers& workers);
  template <class Task>
  static void run_whole_team(const Operation& operation, HostWorkers& workers);

  template <class Task>
  void put(LaneIndex lane, const char* name, std::uint32_t count, const Task& task,
           void (*run)(const Operation&, HostWorkers&)) {
    static_assert(std::is_trivially_copyable_v<Task> && sizeof(Task) <= kTaskBytesMax);
    static_assert(alignof(Task) <= 16);
    Operation& operation = claim(lane, name, count);
    operation.run = run;
    std::memcpy(operation.task, &task, sizeof task);
    publish(lane);
  }
  Operation& claim(LaneIndex lane, const char* name, std::uint32_t count);
  void publish(LaneIndex lane);

  [[nodiscard]] bool is_done(LaneIndex lane, std::uint64_t number) const;
  [[nodiscard]] bool may_run(LaneIndex lane) const;
  void run_next(LaneIndex lane);
  void run_some_lane();
  void run_lane(LaneIndex lane);
  void give_way();
  void check_patience();

  const ThreadQueueOptions options_;
  TrackedMemory staging_;
  TrackedMemory device_;
  std::vector<std::byte*> device_blocks_;
  std::vector<std::uint64_t> sort_scratch_;
  HostWorkers workers_;

  // The driver's own.
  std::uint64_t batch_ = 0;
  std::uint64_t drawn_ = 0;  // how often the seed was drawn from
  std::array<Ties, kLanes> ties_{};
  std::array<PendingFence, kFencesMax> fences_;
  std::uint64_t fences_queued_ = 0;
  std::uint64_t fences_passed_ = 0;

  std::atomic<const char*> began_{"none"};  // the kernel that began last
  std::array<Lane, kLanes> lanes_;
};

template <class Task>
void ThreadQueue::run_each(const Operation& operation, HostWorkers& workers) {
  const Task& task = operation.as<Task>();
  const std::uint64_t count = operation.count;
  const SomeOrder order(operation.seed, count);
  const auto run = [&task](std::uint32_t i) { task(i); };
  if (workers.count() == 1) return order.each(0, count, 1, run);
  // Few at a time: neighbours meet at the words that they share.
  constexpr std::uint64_t kAtOnce = 16;
  std::atomic<std::uint64_t> next{0};
  workers.run([&](std::uint32_t) {
    for (std::uint64_t k = 0; (k = next.fetch_add(kAtOnce, std::memory_order_relaxed)) < count;) {
      order.each(k, std::min(k + kAtOnce, count), 1, run);
    }
  });
}

template <class Task>
void ThreadQueue::run_teams(const Operation& operation, HostWorkers& workers) {
  const Task& task = operation.as<Task>();
  const std::size_t bytes = task.shared_bytes();
  const std::uint64_t count = operation.count;
  const SomeOrder order(operation.seed, count);
  if ((operation.seed >> 8 & 1) == 0) {  // a worker is a team
    std::atomic<std::uint64_t> next{0};
    return workers.run([&](std::uint32_t worker) {
      for (std::uint64_t k = 0; (k = next.fetch_add(1, std::memory_order_relaxed)) < count;) {
        order.each(k, k + 1, 1, [&](std::uint32_t number) {
          const std::uint64_t seed = mixed(operation.seed, number);
          HostTeam team(workers.shared_memory(worker, bytes, seed), seed);
          task(team, number);
        });
      }
    });
  }
  order.each(0, count, 1, [&](std::uint32_t number) {  // all are one team
    const std::uint64_t seed = mixed(operation.seed, number);
    std::byte* const shared = workers.shared_memory(0, bytes, seed);
    workers.run([&](std::uint32_t worker) {
      HostTeam team(workers, worker, shared, seed);
      task(team, number);
    });
  });
}

template <class Task>
void ThreadQueue::run_whole_team(const Operation& operation, HostWorkers& workers) {
  const Task& task = operation.as<Task>();
  workers.run([&](std::uint32_t worker) {
    HostTeam team(workers, worker, nullptr, operation.seed);
    task(team);
  });
}

}  // namespace warpscore
