// What handing over an element costs: the ring, the ring with sleeping sides, a queue with a mutex.
//
// Axes: capacity. One iteration hands over kBatch elements between two threads.
#include <benchmark/benchmark.h>

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "base/parker.h"
#include "base/ring.h"

namespace warpscore {
namespace {

constexpr std::uint64_t kBatch = 1'000'000;
constexpr std::chrono::seconds kPatience{60};

struct Descriptor {
  std::uint64_t number;
  std::uint64_t offset;
};

class SpinningRing {
 public:
  explicit SpinningRing(std::size_t capacity) : ring_(capacity) {}
  void push(Descriptor value) {
    while (!ring_.try_push(value)) std::this_thread::yield();
  }
  Descriptor pop() {
    Descriptor value;
    while (!ring_.try_pop(value)) std::this_thread::yield();
    return value;
  }

 private:
  SpscRing<Descriptor> ring_;
};

class ParkingRing {
 public:
  explicit ParkingRing(std::size_t capacity) : ring_(capacity) {}
  void push(Descriptor value) {
    while (!producer_.wait([&] { return ring_.try_push(value); }, kPatience)) {
    }
    consumer_.wake();
  }
  Descriptor pop() {
    Descriptor value;
    while (!consumer_.wait([&] { return ring_.try_pop(value); }, kPatience)) {
    }
    producer_.wake();
    return value;
  }

 private:
  SpscRing<Descriptor> ring_;
  Parker producer_;
  Parker consumer_;
};

class MutexQueue {
 public:
  explicit MutexQueue(std::size_t capacity) : capacity_(capacity) {}
  void push(Descriptor value) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return values_.size() < capacity_; });
    values_.push_back(value);
    lock.unlock();
    changed_.notify_one();
  }
  Descriptor pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !values_.empty(); });
    const Descriptor value = values_.front();
    values_.pop_front();
    lock.unlock();
    changed_.notify_one();
    return value;
  }

 private:
  const std::size_t capacity_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Descriptor> values_;
};

template <class Queue>
void hand_over(benchmark::State& state) {
  Queue queue(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    std::thread producer([&] {
      for (std::uint64_t i = 0; i < kBatch; ++i) queue.push({i, i});
    });
    std::uint64_t wrong = 0;
    for (std::uint64_t i = 0; i < kBatch; ++i) wrong += queue.pop().number != i;
    producer.join();
    if (wrong != 0) state.SkipWithError("elements lost or out of turn");
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * kBatch));
}
BENCHMARK_TEMPLATE(hand_over, SpinningRing)->Arg(64)->Arg(1024)->UseRealTime();
BENCHMARK_TEMPLATE(hand_over, ParkingRing)->Arg(64)->Arg(1024)->UseRealTime();
BENCHMARK_TEMPLATE(hand_over, MutexQueue)->Arg(64)->Arg(1024)->UseRealTime();

// The instructions alone: no other thread, so no line travels.
void push_and_pop_alone(benchmark::State& state) {
  SpscRing<Descriptor> ring(1024);
  Descriptor value{};
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring.try_push(value));
    benchmark::DoNotOptimize(ring.try_pop(value));
  }
}
BENCHMARK(push_and_pop_alone);

void wake_nobody(benchmark::State& state) {
  Parker parker;
  for (auto _ : state) parker.wake();
}
BENCHMARK(wake_nobody);

// From a wake to the answer of the thread that it woke, both asleep: two wakes and two sleeps.
void wake_and_answer(benchmark::State& state) {
  ParkingRing there(1);
  ParkingRing back(1);
  std::thread echo([&] {
    for (;;) {
      const Descriptor value = there.pop();
      back.push(value);
      if (value.number == 0) return;
    }
  });
  for (auto _ : state) {
    there.push({1, 0});
    benchmark::DoNotOptimize(back.pop());
  }
  there.push({0, 0});
  back.pop();
  echo.join();
}
BENCHMARK(wake_and_answer)->UseRealTime();

}  // namespace
}  // namespace warpscore

BENCHMARK_MAIN();
