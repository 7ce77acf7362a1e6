#include "tests/support/thread_queue.h"

#include <algorithm>
#include <bit>
#include <chrono>
#include <string>

#include "base/check.h"

namespace warpscore {
namespace {

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

struct Copy {
  void* to;
  const void* from;
  std::size_t bytes_each;
  std::size_t pitch;
  std::uint32_t columns;
};

struct Zero {
  void* device;
  std::size_t bytes;
};

struct Sort {
  SortPairs pairs;
  std::uint32_t count;
  std::uint32_t key_mask;
  std::uint64_t* scratch;
};

void run_copy(const Copy& copy) {
  for (std::size_t i = 0; i < copy.columns; ++i) {
    std::memcpy(static_cast<std::byte*>(copy.to) + i * copy.pitch,
                static_cast<const std::byte*>(copy.from) + i * copy.pitch, copy.bytes_each);
  }
}

// The position below the key makes the order of the pairs a total one, and so the sort stable.
void run_sort(const Sort& sort, std::uint64_t seed) {
  const SortPairs& pairs = sort.pairs;
  for (std::uint32_t i = 0; i < sort.count; ++i) {
    sort.scratch[i] = std::uint64_t{pairs.keys_in[i] & sort.key_mask} << 32 | i;
  }
  std::sort(sort.scratch, sort.scratch + sort.count);
  for (std::uint32_t i = 0; i < sort.count; ++i) {
    const auto from = static_cast<std::uint32_t>(sort.scratch[i]);
    pairs.keys_out[i] = pairs.keys_in[from];
    pairs.values_out[i] = pairs.values_in[from];
  }
  // The contract leaves them as scratch; who still reads them is to notice.
  std::memset(pairs.keys_in, static_cast<int>(seed & 0xff), sort.count * sizeof *pairs.keys_in);
  std::memset(pairs.values_in, static_cast<int>(seed & 0xff), sort.count * sizeof *pairs.values_in);
}

constexpr std::size_t kDeviceAlignment = 256;  // as cudaMalloc's

}  // namespace

TrackedMemory::~TrackedMemory() {
  for (const Block& block : blocks_) {
    ::operator delete[](block.address, std::align_val_t{block.alignment});
  }
}

bool TrackedMemory::holds(const void* address, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  const auto* const begin = static_cast<const std::byte*>(address);
  return std::any_of(blocks_.begin(), blocks_.end(), [&](const Block& block) {
    return begin >= block.address && begin + bytes <= block.address + block.bytes;
  });
}

std::size_t TrackedMemory::bytes() const {
  const std::lock_guard lock(mutex_);
  std::size_t sum = 0;
  for (const Block& block : blocks_) sum += block.bytes;
  return sum;
}

void* TrackedMemory::do_allocate(std::size_t bytes, std::size_t alignment) {
  auto* const address =
      static_cast<std::byte*>(::operator new[](bytes, std::align_val_t{alignment}));
  std::memset(address, 0xa5, bytes);
  const std::lock_guard lock(mutex_);
  blocks_.push_back({address, bytes, alignment});
  return address;
}

void TrackedMemory::do_deallocate(void* address, std::size_t /*bytes*/, std::size_t alignment) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(blocks_.begin(), blocks_.end(),
                                    [&](const Block& block) { return block.address == address; });
    WARPSCORE_CHECK(found != blocks_.end());
    blocks_.erase(found);
  }
  ::operator delete[](address, std::align_val_t{alignment});
}

bool TrackedMemory::do_is_equal(const std::pmr::memory_resource& other) const noexcept {
  return this == &other;
}

ThreadQueue::ThreadQueue(const ThreadQueueOptions& options)
    : options_(options), sort_scratch_(options.rows_max), workers_(options.workers) {
  for (Lane& lane : lanes_) {
    lane.operations = std::make_unique_for_overwrite<Operation[]>(kOperationsMax);
  }
  if (!options_.asynchronous) return;
  for (std::size_t i = 0; i < kLanes; ++i) {
    lanes_[i].thread = std::thread([this, i] { run_lane(static_cast<LaneIndex>(i)); });
  }
}

ThreadQueue::~ThreadQueue() {
  wait(fence());
  if (!options_.asynchronous) return;
  for (std::size_t i = 0; i < kLanes; ++i) {
    claim(static_cast<LaneIndex>(i), "end", 0).run = nullptr;
    publish(static_cast<LaneIndex>(i));
    lanes_[i].thread.join();
  }
}

std::byte* ThreadQueue::device_memory(std::size_t bytes) {
  if (bytes > device_memory_free()) {
    throw DeviceError("out of device memory: " + std::to_string(bytes) + " bytes asked for, " +
                      std::to_string(device_memory_free()) + " free");
  }
  auto* const memory = static_cast<std::byte*>(device_.allocate(bytes, kDeviceAlignment));
  std::memset(memory, 0, bytes);
  return memory;
}

std::size_t ThreadQueue::device_memory_free() const {
  return options_.device_bytes - device_.bytes();
}

void ThreadQueue::copy_in(void* device, const void* staged, std::size_t bytes) {
  if (bytes == 0) return;
  WARPSCORE_CHECK(staging_.holds(staged, bytes) && device_.holds(device, bytes));
  put(kIn, "copy_in", 1, Copy{device, staged, bytes, bytes, 1},
      [](const Operation& operation, HostWorkers&) { run_copy(operation.as<Copy>()); });
}

void ThreadQueue::zero(void* device, std::size_t bytes) {
  if (bytes == 0) return;
  WARPSCORE_CHECK(device_.holds(device, bytes));
  put(kKernels, "zero", 1, Zero{device, bytes}, [](const Operation& operation, HostWorkers&) {
    std::memset(operation.as<Zero>().device, 0, operation.as<Zero>().bytes);
  });
}

void ThreadQueue::sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits) {
  if (count == 0) return;
  WARPSCORE_CHECK(count <= options_.rows_max && key_bits >= 1 && key_bits <= 32);
  const std::size_t bytes = count * sizeof(std::uint32_t);
  WARPSCORE_CHECK(device_.holds(pairs.keys_in, bytes) && device_.holds(pairs.keys_out, bytes));
  WARPSCORE_CHECK(device_.holds(pairs.values_in, bytes) && device_.holds(pairs.values_out, bytes));
  const std::uint32_t mask = ~std::uint32_t{0} >> (32 - key_bits);
  put(kKernels, "sort", count, Sort{pairs, count, mask, sort_scratch_.data()},
      [](const Operation& operation, HostWorkers&) {
        run_sort(operation.as<Sort>(), operation.seed);
      });
}

// What the kernels from here on would see, copies out see too.
void ThreadQueue::computed() {
  ties_[kOut][kIn] = std::max(ties_[kOut][kIn], ties_[kKernels][kIn]);
  ties_[kOut][kKernels] = lanes_[kKernels].queued.load(std::memory_order_relaxed);
}

void ThreadQueue::copy_out(void* staged, const void* device, std::size_t bytes) {
  copy_out_columns(staged, device, bytes, bytes, 1);
}

void ThreadQueue::copy_out_columns(void* staged, const void* device, std::size_t bytes_each,
                                   std::size_t pitch, std::uint32_t columns) {
  if (bytes_each == 0 || columns == 0) return;
  WARPSCORE_CHECK(bytes_each <= pitch);
  const std::size_t bytes = (columns - 1) * pitch + bytes_each;
  WARPSCORE_CHECK(staging_.holds(staged, bytes) && device_.holds(device, bytes));
  put(kOut, "copy_out", 1, Copy{staged, device, bytes_each, pitch, columns},
      [](const Operation& operation, HostWorkers&) { run_copy(operation.as<Copy>()); });
}

Fence ThreadQueue::fence() {
  for (std::size_t i = 0; i < kOut; ++i) {
    ties_[kOut][i] = lanes_[i].queued.load(std::memory_order_relaxed);
  }
  struct Nothing {};
  put(kOut, "fence", 1, Nothing{}, [](const Operation&, HostWorkers&) {});
  const std::uint64_t number = lanes_[kOut].queued.load(std::memory_order_relaxed);
  if (fences_queued_ - fences_passed_ == kFencesMax) {
    wait(Fence{fences_[fences_passed_ % kFencesMax].number});
    check_patience();
  }
  fences_[fences_queued_++ % kFencesMax] = {number, batch_, now_ms()};
  return Fence{number};
}

bool ThreadQueue::passed(Fence fence) {
  const auto number = static_cast<std::uint64_t>(fence);
  for (std::uint64_t some = mixed(options_.seed, ++drawn_) % 8 + 1;
       !options_.asynchronous && some > 0 && !is_done(kOut, number); --some) {
    run_some_lane();
  }
  check_patience();
  if (is_done(kOut, number)) return true;
  std::this_thread::yield();  // who asks again at once leaves the lanes a processor
  return false;
}

void ThreadQueue::wait(Fence fence) {
  const auto number = static_cast<std::uint64_t>(fence);
  WARPSCORE_CHECK(number <= lanes_[kOut].queued.load(std::memory_order_relaxed));
  while (!is_done(kOut, number)) give_way();
}

ThreadQueue::Operation& ThreadQueue::claim(LaneIndex lane, const char* name, std::uint32_t count) {
  Lane& to = lanes_[lane];
  const std::uint64_t number = to.queued.load(std::memory_order_relaxed);
  while (number >= kOperationsMax && !is_done(lane, number - kOperationsMax + 1)) give_way();
  Operation& operation = to.operations[number % kOperationsMax];
  operation.name = name;
  operation.batch = batch_;
  operation.seed = mixed(options_.seed, ++drawn_);
  operation.count = count;
  operation.after = ties_[lane];
  return operation;
}

void ThreadQueue::publish(LaneIndex lane) {
  lanes_[lane].queued.fetch_add(1, std::memory_order_release);
  if (options_.asynchronous) lanes_[lane].queued.notify_one();
}

bool ThreadQueue::is_done(LaneIndex lane, std::uint64_t number) const {
  return lanes_[lane].done.load(std::memory_order_acquire) >= number;
}

bool ThreadQueue::may_run(LaneIndex lane) const {
  const std::uint64_t next = lanes_[lane].done.load(std::memory_order_relaxed);
  if (next == lanes_[lane].queued.load(std::memory_order_relaxed)) return false;
  const Ties& after = lanes_[lane].operations[next % kOperationsMax].after;
  for (std::size_t i = 0; i < kLanes; ++i) {
    if (!is_done(static_cast<LaneIndex>(i), after[i])) return false;
  }
  return true;
}

void ThreadQueue::run_next(LaneIndex lane) {
  const std::uint64_t next = lanes_[lane].done.load(std::memory_order_relaxed);
  const Operation& operation = lanes_[lane].operations[next % kOperationsMax];
  if (lane == kKernels) began_.store(operation.name, std::memory_order_relaxed);
  operation.run(operation, workers_);
  lanes_[lane].done.store(next + 1, std::memory_order_release);
}

// What an operation waits for was queued before it, so there is always a lane that may run.
void ThreadQueue::run_some_lane() {
  const std::uint64_t first = mixed(options_.seed, ++drawn_);
  for (std::size_t i = 0; i < kLanes; ++i) {
    const auto lane = static_cast<LaneIndex>((first + i) % kLanes);
    if (may_run(lane)) return run_next(lane);
  }
  WARPSCORE_CHECK(!"nothing is left to run, and the fence has not passed");
}

void ThreadQueue::run_lane(LaneIndex lane) {
  Lane& own = lanes_[lane];
  for (std::uint64_t next = 0;; ++next) {
    own.queued.wait(next, std::memory_order_acquire);
    const Operation& operation = own.operations[next % kOperationsMax];
    if (operation.run == nullptr) return;
    for (std::size_t i = 0; i < kLanes; ++i) {
      // Only lanes that the operation is tied to are looked at: an acquire more would hide a
      // missing tie from ThreadSanitizer.
      for (std::uint64_t done = 0; operation.after[i] > 0;) {
        done = lanes_[i].done.load(std::memory_order_acquire);
        if (done >= operation.after[i]) break;
        lanes_[i].done.wait(done, std::memory_order_acquire);
      }
    }
    run_next(lane);
    own.done.notify_all();
  }
}

void ThreadQueue::give_way() {
  if (!options_.asynchronous) return run_some_lane();
  std::this_thread::sleep_for(std::chrono::microseconds(50));
  check_patience();
}

void ThreadQueue::check_patience() {
  while (fences_passed_ < fences_queued_ &&
         is_done(kOut, fences_[fences_passed_ % kFencesMax].number)) {
    ++fences_passed_;
  }
  if (!options_.asynchronous || fences_passed_ == fences_queued_) return;
  const PendingFence& oldest = fences_[fences_passed_ % kFencesMax];
  if (now_ms() - oldest.since_ms <= options_.patience_ms) return;
  device_failed(kExitDeviceHung, "a batch takes longer than the device is given",
                began_.load(std::memory_order_relaxed), oldest.batch);
}

}  // namespace warpscore
