// How ThreadQueue runs a kernel: workers, the orders they take the work in, and the team they form.
//
// Order    that of a step is drawn from the seed: forwards, backwards, or with a stride, so that a
//          kernel whose result depends on it is caught.
// Memory   a team's shared memory holds arbitrary bytes when it begins, and under AddressSanitizer
//          what is behind shared_bytes() may not be touched.
// Thread   as many workers as asked for, the caller of run() being number 0.
#pragma once

#include <atomic>
#include <barrier>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "kernels/queue.h"

namespace warpscore {

// A number of 64 bits that looks random, of two others.
[[nodiscard]] inline std::uint64_t mixed(std::uint64_t a, std::uint64_t b) {
  std::uint64_t x = a * 0x9e3779b97f4a7c15U + b + 0x632be59bd9b4e019U;
  x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9U;
  x = (x ^ x >> 27) * 0x94d049bb133111ebU;
  return x ^ x >> 31;
}

// Every number below `count` once, in an order drawn from the seed.
class SomeOrder {
 public:
  SomeOrder(std::uint64_t seed, std::uint64_t count);

  // f of the first-th number, the (first+step)-th, ... of this order, before the last-th.
  template <class F>
  void each(std::uint64_t first, std::uint64_t last, std::uint64_t step, const F& f) const {
    if (first >= last) return;
    std::uint64_t at = (start_ + first * stride_) % count_;
    const std::uint64_t jump = step * stride_ % count_;
    for (std::uint64_t k = first; k < last; k += step) {
      f(static_cast<std::uint32_t>(at));
      at += jump;
      if (at >= count_) at -= count_;
    }
  }

 private:
  std::uint64_t count_;
  std::uint64_t stride_ = 1;  // shares no divisor with the count, so that every number comes once
  std::uint64_t start_ = 0;
};

class HostWorkers {
 public:
  explicit HostWorkers(std::uint32_t count);
  ~HostWorkers();
  HostWorkers(const HostWorkers&) = delete;
  HostWorkers& operator=(const HostWorkers&) = delete;

  [[nodiscard]] std::uint32_t count() const { return count_; }

  // f(worker) on every worker at once; returns when all have returned.
  template <class F>
  void run(const F& f) {
    job_ = [](const void* context, std::uint32_t worker) {
      (*static_cast<const F*>(context))(worker);
    };
    context_ = &f;
    run_job();
  }

  void meet() { barrier_.arrive_and_wait(); }

  // The worker's memory for a team, of which it may use `bytes`, filled from the seed.
  std::byte* shared_memory(std::uint32_t worker, std::size_t bytes, std::uint64_t seed);

 private:
  void run_job();
  void help(std::uint32_t worker);

  const std::uint32_t count_;
  std::unique_ptr<std::byte[]> shared_memory_;
  std::barrier<> barrier_;

  // Written by run() before the round begins.
  void (*job_)(const void*, std::uint32_t) = nullptr;
  const void* context_ = nullptr;
  std::atomic<bool> ends_{false};

  std::atomic<std::uint32_t> round_{0};
  std::atomic<std::uint32_t> busy_{0};
  std::vector<std::thread> threads_;  // the last member: they use the others
};

// The Team of kernels/queue.h. All workers of a team run the whole task, as a GPU's threads do;
// what a task does outside of its steps is done by each of them.
class HostTeam {
 public:
  // One of all the workers, which form one team; or a worker that is a team by itself.
  HostTeam(HostWorkers& all, std::uint32_t worker, std::byte* shared, std::uint64_t seed)
      : all_(&all), worker_(worker), workers_(all.count()), shared_(shared), seed_(seed) {}
  HostTeam(std::byte* shared, std::uint64_t seed) : shared_(shared), seed_(seed) {}

  template <class F>
  void each(std::uint32_t count, const F& f) {
    if (count > 0) SomeOrder(mixed(seed_, ++steps_), count).each(worker_, count, workers_, f);
    meet();
  }
  template <class F>
  void leader(const F& f) {
    if (worker_ == 0) f();
    meet();
  }
  [[nodiscard]] std::byte* shared_memory() const;  // not of whole_team

  template <class T>
  [[nodiscard]] T agree(const T& word) {
    const T value = word;
    meet();
    return value;
  }

 private:
  void meet() {
    if (workers_ > 1) all_->meet();
  }

  HostWorkers* all_ = nullptr;
  std::uint32_t worker_ = 0;
  std::uint32_t workers_ = 1;
  std::byte* shared_;
  std::uint64_t seed_;
  std::uint64_t steps_ = 0;
};

}  // namespace warpscore
