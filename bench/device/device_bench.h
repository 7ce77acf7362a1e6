// What every device bench begins with: what the device copies, and how long queued work takes.
//
// Units    GB/s: a copy on the device counts what it reads and what it writes; over PCIe what
//          crosses it. "both" is in and out at once, added up.
// Time     of the host's clock, from queuing to knowing that all is done: spans of many pieces of
//          work, none so long that the queue takes it for hung.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/host_device.h"
#include "bench/device/figures.h"
#include "kernels/staged.h"

namespace warpscore {

struct alignas(16) SixteenBytes {
  std::uint64_t words[2];
};

struct CopyBytes {
  const SixteenBytes* from;
  SixteenBytes* to;

  WARPSCORE_HD void operator()(std::uint32_t i) const { to[i] = from[i]; }
};

class Stopwatch {
 public:
  [[nodiscard]] double seconds() const {
    return std::chrono::duration<double>(Clock::now() - started_).count();
  }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point started_ = Clock::now();
};

template <class Queue>
class QueueTimer {
 public:
  QueueTimer(Queue& queue, double span_seconds) : queue_(queue), span_seconds_(span_seconds) {}

  // Seconds that each takes when `repeats` are queued one after another.
  template <class Enqueue>
  double once(const Enqueue& enqueue, std::uint32_t repeats) {
    const Stopwatch watch;
    queue_.begin(++batch_);
    for (std::uint32_t i = 0; i < repeats; ++i) enqueue();
    queue_.wait(queue_.fence());
    return watch.seconds() / repeats;
  }
  // The same of so many that they fill a span, five spans.
  template <class Enqueue>
  Spread queued(const Enqueue& enqueue) {
    once(enqueue, 1);
    const double wanted = span_seconds_ / std::max(once(enqueue, 1), 1e-9);
    const auto repeats = static_cast<std::uint32_t>(std::clamp(wanted, 1.0, 500.0));
    std::vector<double> seconds;
    for (int i = 0; i < kSpans; ++i) seconds.push_back(once(enqueue, repeats));
    return spread_of(seconds);
  }
  // Of one alone.
  template <class Enqueue>
  Spread alone(const Enqueue& enqueue) {
    std::vector<double> seconds;
    for (int i = 0; i < 51; ++i) seconds.push_back(once(enqueue, 1));
    return spread_of(seconds);
  }

 private:
  static constexpr int kSpans = 5;

  Queue& queue_;
  const double span_seconds_;
  std::uint64_t batch_ = 0;
};

// Prints what the device copies, and what PCIe carries; returns the first, in GB/s. Takes 2 * bytes
// of the queue's device memory for good.
template <class Queue>
double measure_bandwidths(Queue& queue, std::size_t bytes, Figures& figures) {
  bytes = bytes / sizeof(SixteenBytes) * sizeof(SixteenBytes);
  std::byte* const from = queue.device_memory(bytes);
  std::byte* const to = queue.device_memory(bytes);
  const StagedArray<std::byte> in(queue.staging_memory(), bytes);
  const StagedArray<std::byte> out(queue.staging_memory(), bytes);
  std::fill_n(in.data(), bytes, std::byte{1});
  std::fill_n(out.data(), bytes, std::byte{1});  // its pages are there before the clock runs
  QueueTimer<Queue> timer(queue, 0.1);
  const auto print = [&](const char* name, double times, const std::function<void()>& copy) {
    const Spread rate = each_of(timer.queued(copy), [&](double seconds) {
      return 1e-9 * times * static_cast<double>(bytes) / seconds;
    });
    figures.figure(name, rate, "GB/s");
    return rate.median;
  };
  const CopyBytes copy{reinterpret_cast<const SixteenBytes*>(from),
                       reinterpret_cast<SixteenBytes*>(to)};
  const auto items = static_cast<std::uint32_t>(bytes / sizeof(SixteenBytes));
  const auto copy_in = [&] { queue.copy_in(to, in.data(), bytes); };
  const auto copy_out = [&] { queue.copy_out(out.data(), from, bytes); };
  const double rate = print("device copy", 2, [&] { queue.each("copy bytes", items, copy); });
  print("PCIe in", 1, copy_in);
  print("PCIe out", 1, copy_out);
  print("PCIe both", 2, [&] {
    copy_in();
    copy_out();
  });
  return rate;
}

}  // namespace warpscore
