#include "tests/support/thread_queue_team.h"

#include <sanitizer/asan_interface.h>

#include <cstring>
#include <numeric>

#include "base/check.h"

namespace warpscore {

SomeOrder::SomeOrder(std::uint64_t seed, std::uint64_t count) : count_(count) {
  switch (seed & 3) {
    case 0:
      return;
    case 1:
      start_ = count - 1;
      stride_ = count - 1 + (count == 1);
      return;
    default:
      start_ = (seed >> 2) % count;
      stride_ = 1 + mixed(seed, count) % count;
      while (std::gcd(stride_, count) != 1) ++stride_;
  }
}

HostWorkers::HostWorkers(std::uint32_t count)
    : count_(count),
      shared_memory_(std::make_unique_for_overwrite<std::byte[]>(count * kSharedBytesMax)),
      barrier_(count) {
  WARPSCORE_CHECK(count > 0);
  for (std::uint32_t worker = 1; worker < count; ++worker) {
    threads_.emplace_back([this, worker] { help(worker); });
  }
}

HostWorkers::~HostWorkers() {
  ends_.store(true, std::memory_order_relaxed);
  round_.fetch_add(1, std::memory_order_release);
  round_.notify_all();
  for (std::thread& thread : threads_) thread.join();
  ASAN_UNPOISON_MEMORY_REGION(shared_memory_.get(), count_ * kSharedBytesMax);
}

void HostWorkers::run_job() {
  if (count_ > 1) {
    busy_.store(count_ - 1, std::memory_order_relaxed);
    round_.fetch_add(1, std::memory_order_release);
    round_.notify_all();
  }
  job_(context_, 0);
  for (std::uint32_t busy = busy_.load(std::memory_order_acquire); busy > 0;
       busy = busy_.load(std::memory_order_acquire)) {
    busy_.wait(busy, std::memory_order_acquire);
  }
}

void HostWorkers::help(std::uint32_t worker) {
  for (std::uint32_t round = 0;; ++round) {
    round_.wait(round, std::memory_order_acquire);
    if (ends_.load(std::memory_order_relaxed)) return;
    job_(context_, worker);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) busy_.notify_one();
  }
}

std::byte* HostWorkers::shared_memory(std::uint32_t worker, std::size_t bytes, std::uint64_t seed) {
  WARPSCORE_CHECK(bytes <= kSharedBytesMax);
  std::byte* const memory = shared_memory_.get() + worker * kSharedBytesMax;
  ASAN_UNPOISON_MEMORY_REGION(memory, kSharedBytesMax);
  std::memset(memory, static_cast<int>(seed & 0xff), bytes);
  ASAN_POISON_MEMORY_REGION(memory + bytes, kSharedBytesMax - bytes);
  return memory;
}

std::byte* HostTeam::shared_memory() const {
  WARPSCORE_CHECK(shared_ != nullptr);
  return shared_;
}

}  // namespace warpscore
