// The Queue of kernels/queue.h on a CUDA device. Only .cu files include it.
//
// Layout   three streams: copies in, kernels, copies out; events tie them where the contract does.
// Began    the first thread of every kernel stores the launch's number in a word of pinned memory,
//          so when a device fails the kernel that began last is known, and its batch.
// Memory   cudaMalloc and pinned host memory, at start-up only. No managed memory: its pages move
//          when they like.
// Sort     CUB's radix sort, in room for `rows_max` pairs that the constructor takes.
// Thread   one thread drives a queue; its staging memory may be had by any.
// Errors   as kernels/queue.h: DeviceError from the constructor and the memories, device_failed
// from
//          the rest.
#pragma once

#include <cooperative_groups.h>
#include <cuda_runtime_api.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <type_traits>
#include <vector>

#include "kernels/queue.h"

namespace warpscore {

// Host memory that stays where it is, so that a device copies from it and to it by itself.
class PinnedMemory : public std::pmr::memory_resource {
  void* do_allocate(std::size_t bytes, std::size_t alignment) override;
  void do_deallocate(void* address, std::size_t bytes, std::size_t alignment) override;
  [[nodiscard]] bool do_is_equal(const std::pmr::memory_resource& other) const noexcept override;
};

// What a kernel says when it begins.
struct KernelBegan {
  std::uint32_t* word;  // in pinned memory
  std::uint32_t launch;

  __device__ void say() const {
    if (blockIdx.x == 0 && threadIdx.x == 0) *static_cast<volatile std::uint32_t*>(word) = launch;
  }
};

// A Team of one block.
class CudaBlockTeam {
 public:
  __device__ explicit CudaBlockTeam(std::byte* shared) : shared_(shared) {}

  template <class F>
  __device__ void each(std::uint32_t count, const F& f) {
    for (std::uint64_t i = threadIdx.x; i < count; i += blockDim.x)
      f(static_cast<std::uint32_t>(i));
    __syncthreads();
  }
  template <class F>
  __device__ void leader(const F& f) {
    if (threadIdx.x == 0) f();
    __syncthreads();
  }
  [[nodiscard]] __device__ std::byte* shared_memory() const { return shared_; }

  template <class T>
  [[nodiscard]] __device__ T agree(const T& word) {
    const T value = word;
    __syncthreads();
    return value;
  }

 private:
  std::byte* shared_;
};

// A Team of all blocks of a cooperative launch. Meeting makes what each wrote visible to all.
class CudaGridTeam {
 public:
  template <class F>
  __device__ void each(std::uint32_t count, const F& f) {
    const std::uint64_t workers = std::uint64_t{gridDim.x} * blockDim.x;
    for (std::uint64_t i = worker(); i < count; i += workers) f(static_cast<std::uint32_t>(i));
    meet();
  }
  template <class F>
  __device__ void leader(const F& f) {
    if (worker() == 0) f();
    meet();
  }
  template <class T>
  [[nodiscard]] __device__ T agree(const T& word) {
    const T value = word;
    meet();
    return value;
  }

 private:
  [[nodiscard]] __device__ static std::uint64_t worker() {
    return std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x;
  }
  __device__ static void meet() { cooperative_groups::this_grid().sync(); }
};

inline constexpr std::uint32_t kEachThreads = 256;

template <class Task>
__global__ void __launch_bounds__(kEachThreads)
    each_kernel(const __grid_constant__ Task task, std::uint32_t count, KernelBegan began) {
  began.say();
  const std::uint64_t i = std::uint64_t{blockIdx.x} * kEachThreads + threadIdx.x;
  if (i < count) task(static_cast<std::uint32_t>(i));
}

template <class Task>
__global__ void __launch_bounds__(Task::kThreads)
    teams_kernel(const __grid_constant__ Task task, std::uint32_t count, KernelBegan began) {
  extern __shared__ __align__(16) std::byte shared[];
  began.say();
  for (std::uint64_t number = blockIdx.x; number < count; number += gridDim.x) {
    CudaBlockTeam team(shared);
    task(team, static_cast<std::uint32_t>(number));
    __syncthreads();  // the next team has the same shared memory
  }
}

template <class Task>
__global__ void __launch_bounds__(Task::kThreads)
    whole_team_kernel(const __grid_constant__ Task task, KernelBegan began) {
  began.say();
  CudaGridTeam team;
  task(team);
}

class CudaQueue {
 public:
  explicit CudaQueue(std::uint32_t rows_max);
  ~CudaQueue();  // what is queued is done first
  CudaQueue(const CudaQueue&) = delete;
  CudaQueue& operator=(const CudaQueue&) = delete;

  std::pmr::memory_resource& staging_memory() { return staging_; }
  std::byte* device_memory(std::size_t bytes);
  [[nodiscard]] std::size_t device_memory_free() const;
  [[nodiscard]] std::size_t shared_bytes_max() const { return shared_bytes_max_; }

  void begin(std::uint64_t batch) { batch_ = batch; }
  void copy_in(void* device, const void* staged, std::size_t bytes);
  void copied_in() { tie(in_, compute_); }
  void zero(void* device, std::size_t bytes);

  template <class Task>
  void each(const char* name, std::uint32_t count, const Task& task) {
    check_task<Task>();
    if (count == 0) return;
    const std::uint32_t blocks = (count - 1) / kEachThreads + 1;
    each_kernel<<<blocks, kEachThreads, 0, compute_>>>(task, count, launch(name));
    check_launch(name, cudaGetLastError());
  }

  template <class Task>
  void teams(const char* name, std::uint32_t count, const Task& task) {
    check_task<Task>();
    if (count == 0) return;
    static const cudaError_t allowed = allow_shared_memory(teams_kernel<Task>);  // once is enough
    check_launch(name, allowed);
    teams_kernel<<<std::min(count, kBlocksMax), Task::kThreads, task.shared_bytes(), compute_>>>(
        task, count, launch(name));
    check_launch(name, cudaGetLastError());
  }

  template <class Task>
  void whole_team(const char* name, const Task& task) {
    check_task<Task>();
    static const std::uint32_t blocks = blocks_at_once(whole_team_kernel<Task>, Task::kThreads);
    KernelBegan began = launch(name);
    void* arguments[] = {const_cast<Task*>(&task), &began};
    check_launch(name, cudaLaunchCooperativeKernel(whole_team_kernel<Task>, blocks, Task::kThreads,
                                                   arguments, 0, compute_));
  }

  void sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits);

  void computed() { tie(compute_, out_); }
  void copy_out(void* staged, const void* device, std::size_t bytes);
  void copy_out_columns(void* staged, const void* device, std::size_t bytes_each, std::size_t pitch,
                        std::uint32_t columns);
  Fence fence();
  [[nodiscard]] bool passed(Fence fence);
  void wait(Fence fence);

 private:
  static constexpr std::uint32_t kFencesMax = 64;
  static constexpr std::uint32_t kLaunchesMax = 4096;  // CUDA itself queues no more than 1,024
  static constexpr std::uint32_t kBlocksMax = 1U << 30;

  struct PendingFence {
    cudaEvent_t event;
    std::uint64_t batch;
    std::int64_t since_ms;
  };
  struct Launch {
    const char* kernel;
    std::uint64_t batch;
  };

  template <class Task>
  static void check_task() {
    static_assert(std::is_trivially_copyable_v<Task> && sizeof(Task) <= kTaskBytesMax);
  }
  template <class Kernel>
  cudaError_t allow_shared_memory(Kernel* kernel) const {
    return cudaFuncSetAttribute(kernel, cudaFuncAttributeMaxDynamicSharedMemorySize,
                                static_cast<int>(shared_bytes_max_));
  }
  // More blocks than the device runs at once could not meet.
  template <class Kernel>
  std::uint32_t blocks_at_once(Kernel* kernel, int threads) const {
    int of_each = 0;
    check(cudaOccupancyMaxActiveBlocksPerMultiprocessor(&of_each, kernel, threads, 0));
    return static_cast<std::uint32_t>(of_each) * multiprocessors_;
  }

  KernelBegan launch(const char* name);
  void tie(cudaStream_t first, cudaStream_t then);
  void check_launch(const char* name, cudaError_t error) const;
  void check(cudaError_t error) const;
  [[nodiscard]] const Launch& began() const;
  [[noreturn]] static void fail(cudaError_t error, const char* kernel, std::uint64_t batch);
  [[nodiscard]] bool pass_oldest();

  // Constant after construction.
  std::uint32_t rows_max_;
  std::uint32_t multiprocessors_ = 0;
  std::size_t shared_bytes_max_ = 0;
  cudaStream_t in_ = nullptr;
  cudaStream_t compute_ = nullptr;
  cudaStream_t out_ = nullptr;
  cudaEvent_t tie_ = nullptr;
  std::byte* sort_memory_ = nullptr;
  std::size_t sort_bytes_ = 0;
  std::uint32_t* began_ = nullptr;  // pinned; written by kernels

  PinnedMemory staging_;
  std::vector<std::byte*> device_blocks_;
  std::uint64_t batch_ = 0;
  std::uint32_t launches_ = 0;
  std::array<Launch, kLaunchesMax> launch_names_{};
  std::array<PendingFence, kFencesMax> fences_{};
  std::uint64_t fences_queued_ = 0;
  std::uint64_t fences_passed_ = 0;
};

}  // namespace warpscore
