// An engine on a device with its queue at hand, its windows filled, and the ways to drive it that
// benches compare.
//
// Resident  batches are made on the device (MeasuredQueue), only reports come back: what is left is
//           the kernels, and the host that queues them.
// PCIe      batches lie in pinned memory and go in, results come out, as in the service.
// Thread    one.
// Errors    DeviceError from the constructor. is_sound(): no batch was declined, which would have
//           been measured as a crawl.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "bench/device/bench_plan.h"
#include "bench/device/host_batches.h"
#include "bench/device/measured_queue.h"
#include "scoring/device_engine_impl.h"
#include "scoring/engine.h"

namespace warpscore {

inline std::uint32_t host_threads() { return std::max(1U, std::thread::hardware_concurrency()); }

struct RigOptions {
  std::uint32_t batch_max = 65'536;
  std::uint64_t pool_bytes = 0;  // 0: of what is free, as the service does
  RunSizes sizes;
  std::uint64_t first_cells = 1U << 20;
};

template <class Queue>
class EngineRig {
 public:
  using Measured = MeasuredQueue<Queue>;

  EngineRig(std::unique_ptr<Measured> queue, const BenchPlan& plan, const Workload& work,
            const RigOptions& options)
      : queue_(*queue),
        work_(work),
        engine_(std::make_unique<DeviceEngine<Measured>>(
            plan.plan(), EngineOptions{1, options.batch_max, Device::kCuda, 80},
            device_options(options), std::move(queue))),
        resident_(engine_.batch_memory(), 1, options.batch_max),
        results_(engine_.in_flight_max()) {
    resident_.fill(work_, 0);
    for (Results& results : results_) engine_.prepare(results);
  }

  Measured& queue() { return queue_; }
  Engine& engine() { return engine_; }

  // The first payments, applied without answers.
  void fill(std::uint64_t rows) {
    queue_.make_batches(&resident_.first_targets(), work_, 0);
    const std::uint32_t each = resident_.first_view().size;
    for (std::uint64_t done = 0; done < rows; done += each) engine_.replay(resident_.first_view());
    begin_copies();
  }
  [[nodiscard]] std::uint64_t next_payment() const { return queue_.next_payment(); }
  [[nodiscard]] bool is_sound() const { return queue_.admissions() == 0; }

  void begin_resident() {
    queue_.make_batches(&resident_.first_targets(), work_, next_payment());
    queue_.keep_results(false);
  }
  void begin_copies() {
    queue_.make_batches(nullptr, work_, next_payment());
    queue_.keep_results(true);
  }
  [[nodiscard]] const BatchView& resident_view() const { return resident_.first_view(); }

  [[nodiscard]] const PaymentTargets& resident_targets() const { return resident_.first_targets(); }

  // Transactions a second, with as many batches in flight as there may be.
  template <class NextView>
  double rate(double seconds, const NextView& next) {
    const Stopwatch watch;
    std::uint64_t rows = 0;
    do {
      if (engine_.in_flight() == engine_.in_flight_max()) engine_.finish_oldest(true);
      const BatchView view = next();
      rows += view.size;
      submit(view);
    } while (watch.seconds() < seconds);
    while (engine_.in_flight() != 0) engine_.finish_oldest(true);
    return static_cast<double>(rows) / watch.seconds();
  }
  Spread resident_rate(double seconds, int spans) {
    begin_resident();
    const auto next = [this] { return resident_view(); };
    rate(seconds / 4, next);
    std::vector<double> rates;
    for (int i = 0; i < spans; ++i) rates.push_back(rate(seconds, next));
    begin_copies();
    return spread_of(rates);
  }

  // Seconds from submit() to the answer of each of so many batches, in order of length.
  std::vector<double> latencies(HostBatches& batches, std::uint32_t count) {
    std::vector<double> seconds;
    for (std::uint32_t i = 0; i < count; ++i) {
      const BatchView view = batches.next();
      const Stopwatch watch;
      submit(view);
      engine_.finish_oldest(true);
      seconds.push_back(watch.seconds());
    }
    std::sort(seconds.begin(), seconds.end());
    return seconds;
  }

  const Results& submit(const BatchView& view) {
    Results& results = results_[turn_++ % results_.size()];
    engine_.submit(view, results);
    return results;
  }

 private:
  static DeviceEngineOptions device_options(const RigOptions& options) {
    DeviceEngineOptions device;
    device.pool_bytes = options.pool_bytes;
    device.sizes = options.sizes;
    device.first_cells = options.first_cells;
    device.description = "cuda: a bench's";
    return device;
  }

  Measured& queue_;  // the engine's
  const Workload work_;
  Engine engine_;
  HostBatches resident_;
  std::vector<Results> results_;
  std::uint64_t turn_ = 0;
};

// Columns that differ between two results of a batch.
inline std::uint32_t differing_columns(const Results& a, const Results& b) {
  std::uint32_t differing = 0;
  const auto compare = [&](const auto* x, const auto* y) {
    if (std::memcmp(x, y, a.size * sizeof(*x)) != 0) ++differing;
  };
  for (std::size_t f = 0; f < a.features.size(); ++f) compare(a.features[f], b.features[f]);
  compare(a.margin, b.margin);
  compare(a.score, b.score);
  compare(a.refused, b.refused);
  for (std::size_t w = 0; w < a.fired.size(); ++w) compare(a.fired[w], b.fired[w]);
  return differing;
}

// The device against the CPU on some batches of the rig's workload, copied in and made on the
// device: how many columns of results differ. REQUIRES a fresh rig.
template <class Queue>
std::uint32_t differing_from_cpu(EngineRig<Queue>& rig, const BenchPlan& plan, const Workload& work,
                                 std::uint32_t rows, std::uint32_t batches) {
  Engine cpu(plan.plan(), {host_threads(), rows});
  HostBatches host(rig.engine().batch_memory(), 1, rows);
  Results expected;
  std::uint32_t differing = 0;
  for (std::uint32_t n = 0; n < batches; ++n) {
    host.fill(work, std::uint64_t{n} * rows);
    BatchView view = host.first_view();
    if (n % 2 == 1) view.size = rows / 16 + n;  // a small one, grouped by one team
    cpu.process(view, expected);
    if (n % 3 == 2) rig.queue().make_batches(&host.first_targets(), work, std::uint64_t{n} * rows);
    const Results& found = rig.submit(view);
    rig.engine().finish_oldest(true);
    rig.queue().make_batches(nullptr, work, 0);
    differing += differing_columns(expected, found);
  }
  return differing;
}

}  // namespace warpscore
