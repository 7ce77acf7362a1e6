#include <chrono>
#include <cstdio>
#include <cub/device/device_radix_sort.cuh>
#include <string>
#include <thread>

#include "base/check.h"
#include "kernels/device_info.h"
#include "kernels/queue_cuda.cuh"

namespace warpscore {
namespace {

using std::chrono::microseconds;
using std::chrono::steady_clock;

constexpr std::size_t kPage = 4096;
constexpr microseconds kSpin{200};  // a small batch is done before: a nap takes longer than it says
constexpr microseconds kNap{20};

// CUB's kernels say nothing when they begin; this one says it for them.
__global__ void begin_kernel(KernelBegan began) { began.say(); }

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

// For what happens at start-up.
void require(cudaError_t error, const char* what) {
  if (error == cudaSuccess) return;
  cudaGetLastError();
  throw DeviceError(std::string("the CUDA device fails at start: ") + what + ": " +
                    cudaGetErrorString(error) + " (" + cudaGetErrorName(error) + ")");
}

cudaStream_t new_stream() {
  cudaStream_t stream = nullptr;
  require(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking), "a stream");
  return stream;
}

cudaEvent_t new_event() {
  cudaEvent_t event = nullptr;
  require(cudaEventCreateWithFlags(&event, cudaEventDisableTiming), "an event");
  return event;
}

std::uint32_t attribute(cudaDeviceAttr which) {
  int value = 0;
  require(cudaDeviceGetAttribute(&value, which, 0), "an attribute");
  return static_cast<std::uint32_t>(value);
}

cudaError_t sort_pairs(void* memory, std::size_t& bytes, const SortPairs& pairs,
                       std::uint32_t count, std::uint32_t key_bits, cudaStream_t stream) {
  return cub::DeviceRadixSort::SortPairs(memory, bytes, pairs.keys_in, pairs.keys_out,
                                         pairs.values_in, pairs.values_out, count, 0,
                                         static_cast<int>(key_bits), stream);
}

}  // namespace

void* PinnedMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  WARPSCORE_CHECK(alignment <= kPage);
  void* address = nullptr;
  const cudaError_t error = cudaHostAlloc(&address, std::max<std::size_t>(bytes, 1),
                                          cudaHostAllocPortable | cudaHostAllocMapped);
  if (error == cudaSuccess) return address;
  cudaGetLastError();
  throw DeviceError("the host's memory cannot be pinned: " + std::to_string(bytes) +
                    " bytes asked for (" + cudaGetErrorName(error) +
                    "); make the batches smaller or fewer, or give the machine more memory");
}

void PinnedMemory::do_deallocate(void* address, std::size_t /*bytes*/, std::size_t /*alignment*/) {
  cudaFreeHost(address);
}

bool PinnedMemory::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return dynamic_cast<const PinnedMemory*>(&other) != nullptr;
}

CudaQueue::CudaQueue(std::uint32_t rows_max) : rows_max_(rows_max) {
  std::string why_not;
  if (!find_cuda(why_not)) throw DeviceError(why_not);
  multiprocessors_ = attribute(cudaDevAttrMultiProcessorCount);
  shared_bytes_max_ =
      std::min<std::size_t>(kSharedBytesMax, attribute(cudaDevAttrMaxSharedMemoryPerBlockOptin));
  in_ = new_stream();
  compute_ = new_stream();
  out_ = new_stream();
  tie_ = new_event();
  for (PendingFence& fence : fences_) fence.event = new_event();
  launch_names_[0] = {"none", 0};
  began_ = static_cast<std::uint32_t*>(staging_.allocate(sizeof *began_));
  *began_ = 0;
  require(sort_pairs(nullptr, sort_bytes_, SortPairs{}, rows_max, 32, compute_), "sort");
  sort_memory_ = device_memory(sort_bytes_);
}

CudaQueue::~CudaQueue() {
  wait(fence());
  for (std::byte* const block : device_blocks_) cudaFree(block);
  staging_.deallocate(began_, sizeof *began_);
  for (const PendingFence& fence : fences_) cudaEventDestroy(fence.event);
  cudaEventDestroy(tie_);
  for (const cudaStream_t stream : {in_, compute_, out_}) cudaStreamDestroy(stream);
}

std::byte* CudaQueue::device_memory(std::size_t bytes) {
  void* address = nullptr;
  const cudaError_t error = cudaMalloc(&address, std::max<std::size_t>(bytes, 1));
  if (error == cudaErrorMemoryAllocation) {
    cudaGetLastError();
    throw DeviceError("out of device memory: " + std::to_string(bytes) + " bytes asked for, " +
                      std::to_string(device_memory_free()) +
                      " free; set [device] memory to less, keep fewer keys or shorter histories,"
                      " or end what else runs on the device");
  }
  require(error, "memory");
  device_blocks_.push_back(static_cast<std::byte*>(address));
  require(cudaMemsetAsync(address, 0, bytes, compute_), "memory");
  require(cudaStreamSynchronize(compute_), "memory");  // copies in do not wait for kernels
  return static_cast<std::byte*>(address);
}

std::size_t CudaQueue::device_memory_free() const {
  std::size_t bytes_free = 0;
  std::size_t bytes = 0;
  require(cudaMemGetInfo(&bytes_free, &bytes), "memory");
  return bytes_free;
}

void CudaQueue::copy_in(void* device, const void* staged, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(device, staged, bytes, cudaMemcpyHostToDevice, in_));
}

void CudaQueue::zero(void* device, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemsetAsync(device, 0, bytes, compute_));
}

void CudaQueue::sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits) {
  if (count == 0) return;
  WARPSCORE_CHECK(count <= rows_max_ && key_bits >= 1 && key_bits <= 32);
  begin_kernel<<<1, 1, 0, compute_>>>(launch("sort"));
  check_launch("sort", cudaGetLastError());
  std::size_t bytes = sort_bytes_;
  check_launch("sort", sort_pairs(sort_memory_, bytes, pairs, count, key_bits, compute_));
}

void CudaQueue::copy_out(void* staged, const void* device, std::size_t bytes) {
  if (bytes == 0) return;
  check(cudaMemcpyAsync(staged, device, bytes, cudaMemcpyDeviceToHost, out_));
}

void CudaQueue::copy_out_columns(void* staged, const void* device, std::size_t bytes_each,
                                 std::size_t pitch, std::uint32_t columns) {
  if (bytes_each == 0 || columns == 0) return;
  check(cudaMemcpy2DAsync(staged, pitch, device, pitch, bytes_each, columns, cudaMemcpyDeviceToHost,
                          out_));
}

Fence CudaQueue::fence() {
  if (fences_queued_ - fences_passed_ == kFencesMax) wait(Fence{fences_passed_ + 1});
  tie(in_, out_);
  tie(compute_, out_);
  PendingFence& fence = fences_[fences_queued_ % kFencesMax];
  fence.batch = batch_;
  fence.since_ms = now_ms();
  check(cudaEventRecord(fence.event, out_));
  return Fence{++fences_queued_};
}

bool CudaQueue::passed(Fence fence) {
  WARPSCORE_CHECK(static_cast<std::uint64_t>(fence) <= fences_queued_);
  while (fences_passed_ < static_cast<std::uint64_t>(fence)) {
    if (!pass_oldest()) return false;
  }
  return true;
}

void CudaQueue::wait(Fence fence) {
  const steady_clock::time_point began = steady_clock::now();
  while (!passed(fence)) {
    if (steady_clock::now() - began > kSpin) std::this_thread::sleep_for(kNap);
  }
}

bool CudaQueue::pass_oldest() {
  const PendingFence& oldest = fences_[fences_passed_ % kFencesMax];
  const cudaError_t state = cudaEventQuery(oldest.event);
  if (state == cudaErrorNotReady) {
    if (now_ms() - oldest.since_ms > kBatchPatienceMs) {
      device_failed(kExitDeviceHung, "a batch takes longer than the device is given",
                    began().kernel, oldest.batch);
    }
    return false;
  }
  check(state);
  ++fences_passed_;
  // The next one had to wait for it: what follows is its own time.
  PendingFence& next = fences_[fences_passed_ % kFencesMax];
  if (fences_passed_ != fences_queued_) next.since_ms = std::max(next.since_ms, now_ms());
  return true;
}

KernelBegan CudaQueue::launch(const char* name) {
  ++launches_;
  launch_names_[launches_ % kLaunchesMax] = {name, batch_};
  return {began_, launches_};
}

// A wait looks at its event when it is queued, so one event serves every tie.
void CudaQueue::tie(cudaStream_t first, cudaStream_t then) {
  check(cudaEventRecord(tie_, first));
  check(cudaStreamWaitEvent(then, tie_, 0));
}

// A launch also reports what an earlier kernel did; the stream knows which of the two it was.
void CudaQueue::check_launch(const char* name, cudaError_t error) const {
  if (error == cudaSuccess) return;
  const cudaError_t earlier = cudaStreamQuery(compute_);
  if (earlier != cudaErrorNotReady) check(earlier);
  fail(error, name, batch_);
}

void CudaQueue::check(cudaError_t error) const {
  if (error != cudaSuccess) fail(error, began().kernel, began().batch);
}

void CudaQueue::fail(cudaError_t error, const char* kernel, std::uint64_t batch) {
  std::array<char, 200> what{};
  std::snprintf(what.data(), what.size(), "%s (%s, %d)", cudaGetErrorString(error),
                cudaGetErrorName(error), static_cast<int>(error));
  device_failed(kExitDeviceError, what.data(), kernel, batch);
}

const CudaQueue::Launch& CudaQueue::began() const {
  const std::uint32_t launch = *static_cast<const volatile std::uint32_t*>(began_);
  return launch_names_[launch % kLaunchesMax];
}

}  // namespace warpscore
