// The engine's bench on any Queue: what it does in a second with its batches on the device, over
// PCIe, alone, with hot keys, and against the CPU.
//
// Order    first what the device copies; then, of each workload, the results of a sample against
//          the CPU's engine, byte for byte, before any time counts; then its figures.
// Windows  are full when the clock starts: 32 payments of each account in the longest, unless it
//          is said.
// Goals    ../shared/performance.md F2, by number in goals.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/device/engine_rig.h"

namespace warpscore {

struct EngineBenchSizes {
  std::uint32_t accounts = 1'000'000;
  std::uint32_t many_accounts = 20'000'000;
  std::uint32_t sample_accounts = 20'000;  // few, so that windows fill in a few batches
  std::uint32_t sample_batches = 6;
  std::uint32_t batch = 65'536;
  std::array<std::uint32_t, 3> pcie_rows = {4'096, 16'384, 65'536};
  std::array<std::uint32_t, 2> latency_rows = {1'024, 16'384};
  std::uint32_t latency_batches = 2'000;
  std::uint32_t cycled_rows = 1U << 20;  // of batches in host memory
  std::size_t copied_bytes = 256U << 20;
  std::uint64_t pool_bytes = 0;
  RunSizes runs;
  std::uint64_t first_cells = 1U << 20;
  double span_seconds = 0.3;
  double cpu_fill_seconds = 10;
  int spans = 5;

  [[nodiscard]] static EngineBenchSizes of(const BenchOptions& options) {
    EngineBenchSizes sizes;
    if (options.quick) {
      sizes.accounts = 100'000;
      sizes.many_accounts = 1'000'000;
      sizes.latency_batches = 200;
      sizes.span_seconds = 0.05;
      sizes.cpu_fill_seconds = 1;
      sizes.spans = 3;
    }
    if (options.is_small) {
      sizes = {.accounts = 60,
               .many_accounts = 100,
               .sample_accounts = 40,
               .sample_batches = 4,
               .batch = 512,
               .pcie_rows = {64, 128, 512},
               .latency_rows = {32, 128},
               .latency_batches = 5,
               .cycled_rows = 1024,
               .copied_bytes = 1U << 16,
               .pool_bytes = 16U << 20,
               .runs = {4, 64, 100},
               .first_cells = 64,
               .span_seconds = 0.001,
               .cpu_fill_seconds = 0.1,
               .spans = 1};
    }
    return sizes;
  }
};

template <class Queue>
class EngineBench {
 public:
  using Rig = EngineRig<Queue>;
  // A new queue for batches of so many rows.
  using OpenQueue = std::function<std::unique_ptr<MeasuredQueue<Queue>>(std::uint32_t)>;

  EngineBench(OpenQueue open, Figures& figures)
      : open_(std::move(open)),
        figures_(figures),
        sizes_(EngineBenchSizes::of(figures.options())),
        plan_100_({BenchFeatures::kAll, 100, 6}),
        plan_300_({BenchFeatures::kAll, 300, 6}),
        windows_({BenchFeatures::kWindows, 0, 0}) {
    uniform_.accounts = sizes_.accounts;
  }

  // What is worth most first: the time may run out.
  void run() {
    copy_rate_ = measure_bandwidths(*open_(1024), sizes_.copied_bytes, figures_);
    if (figures_.wants("resident")) resident();
    if (figures_.wants("PCIe")) over_pcie();
    if (figures_.wants("latency")) latency();
    if (figures_.wants("features alone")) features_alone();
    if (figures_.wants("CPU")) against_cpu();
    if (figures_.wants("hot key")) hot_keys();
    if (figures_.wants("profile")) profile();
    if (figures_.wants("hot terminal")) hot_terminal();
  }

 private:
  [[nodiscard]] std::unique_ptr<Rig> make_rig(const BenchPlan& plan, const Workload& work,
                                              std::uint32_t batch) {
    const RigOptions options{batch, sizes_.pool_bytes, sizes_.runs, sizes_.first_cells};
    return std::make_unique<Rig>(open_(batch), plan, work, options);
  }

  // Is a sample of this workload right? What is not is said, and is not measured.
  bool check(const std::string& name, const BenchPlan& plan, Workload work) {
    work.accounts = sizes_.sample_accounts;
    constexpr std::uint64_t kSamplePool = std::uint64_t{2} << 30;
    const RigOptions options{sizes_.batch, sizes_.pool_bytes != 0 ? sizes_.pool_bytes : kSamplePool,
                             sizes_.runs, sizes_.first_cells};
    const auto rig = std::make_unique<Rig>(open_(sizes_.batch), plan, work, options);
    const std::uint32_t differing =
        differing_from_cpu(*rig, plan, work, sizes_.batch, sizes_.sample_batches);
    if (differing == 0 && rig->is_sound()) return true;
    figures_.fail(name + ": " + std::to_string(differing) +
                  " columns of a sample differ from the CPU's; not measured");
    return false;
  }

  [[nodiscard]] std::unique_ptr<Rig> filled(const BenchPlan& plan, const Workload& work,
                                            std::uint32_t batch) {
    auto rig = make_rig(plan, work, batch);
    rig->fill(std::uint64_t{work.accounts} * work.rows_in_window);
    return rig;
  }
  // Says why if there is none.
  bool sound(const std::string& name, const Rig& rig) {
    if (!rig.is_sound()) {
      figures_.fail(name + ": the device's memory is too small for this; not measured");
    }
    return rig.is_sound();
  }

  [[nodiscard]] static Spread millions(const Spread& rates) {
    return each_of(rates, [](double rate) { return 1e-6 * rate; });
  }

  // One figure of batches on the device; 0: it could not be measured.
  double resident_figure(const std::string& name, const BenchPlan& plan, const Workload& work,
                         Goal goal = {}) {
    if (!check(name, plan, work)) return 0;
    const auto rig = filled(plan, work, sizes_.batch);
    const Spread rates = rig->resident_rate(sizes_.span_seconds, sizes_.spans);
    if (!sound(name, *rig)) return 0;
    figures_.figure(name, millions(rates), "M tx/s", goal);
    return rates.median;
  }

  void resident() {
    resident_300_ =
        resident_figure("resident 300x6, uniform", plan_300_, uniform_, Goal::at_least(200));
    resident_100_ =
        resident_figure("resident 100x6, uniform", plan_100_, uniform_, Goal::at_least(350));
    Workload by_rank = uniform_;
    by_rank.by_rank = true;
    resident_figure("resident 300x6, by the 1/k law", plan_300_, by_rank);
    Workload many = uniform_;
    many.rows_in_window = 4;
    const double room =
        0.5 * static_cast<double>(open_(1024)->device_memory_free()) / plan_300_.bytes_each(4);
    many.accounts = static_cast<std::uint32_t>(std::min<double>(sizes_.many_accounts, room));
    resident_figure("resident 300x6, " + std::to_string(many.accounts) + " accounts, 4 rows each",
                    plan_300_, many);
  }

  // ---- over PCIe

  [[nodiscard]] Spread pcie_rates(Rig& rig, std::uint32_t rows) {
    HostBatches batches(rig.engine().batch_memory(), std::max(8U, sizes_.cycled_rows / rows), rows);
    batches.fill(uniform_, rig.next_payment());
    const auto next = [&] { return batches.next(); };
    rig.rate(sizes_.span_seconds / 4, next);
    std::vector<double> rates;
    for (int i = 0; i < sizes_.spans; ++i) rates.push_back(rig.rate(sizes_.span_seconds, next));
    return spread_of(rates);
  }

  void over_pcie() {
    if (!check("PCIe", plan_300_, uniform_)) return;
    const auto rig = filled(plan_300_, uniform_, sizes_.batch);
    rig->queue().reset_counts();
    for (const std::uint32_t rows : sizes_.pcie_rows) {
      const Spread rates = pcie_rates(*rig, rows);
      if (!sound("PCIe", *rig)) return;
      pcie_300_ = rates;
      const bool is_largest = rows == sizes_.pcie_rows.back();
      figures_.figure("PCIe 300x6, batches of " + std::to_string(rows), millions(rates), "M tx/s",
                      is_largest ? Goal::at_least(150) : Goal{});
    }
    if (resident_300_ > 0) {
      figures_.figure("PCIe 300x6 over resident",
                      each_of(pcie_300_, [&](double rate) { return rate / resident_300_; }),
                      "times", Goal::at_least(0.7));
    }
    count_one_batch(*rig);
  }

  void count_one_batch(Rig& rig) {
    HostBatches batches(rig.engine().batch_memory(), 1, sizes_.batch);
    batches.fill(uniform_, rig.next_payment() + sizes_.cycled_rows);
    rig.queue().reset_counts();
    const Stopwatch watch;
    rig.submit(batches.next());
    const double seconds = watch.seconds();
    rig.engine().finish_oldest(true);
    const auto each = [&](std::uint64_t bytes) {
      return static_cast<double>(bytes) / sizes_.batch;
    };
    figures_.figure("PCIe 300x6, in a transaction", each(rig.queue().bytes_in()), "bytes");
    figures_.figure("PCIe 300x6, out a transaction", each(rig.queue().bytes_out()), "bytes");
    figures_.figure("PCIe 300x6, kernels of a batch", static_cast<double>(rig.queue().kernels()),
                    "kernels");
    figures_.figure("PCIe 300x6, the host's part of a batch", 1e6 * seconds, "us");
  }

  // ---- one batch alone

  void latency() {
    if (!check("latency", plan_300_, uniform_)) return;
    const auto rig = filled(plan_300_, uniform_, sizes_.batch);
    for (const std::uint32_t rows : sizes_.latency_rows) {
      HostBatches batches(rig->engine().batch_memory(), std::max(8U, sizes_.cycled_rows / rows),
                          rows);
      batches.fill(uniform_, rig->next_payment());
      rig->latencies(batches, sizes_.latency_batches / 10);
      const std::vector<double> real = rig->latencies(batches, sizes_.latency_batches);
      if (!sound("latency", *rig)) return;
      const std::string name = "latency of " + std::to_string(rows);
      const double p99 = print_latency(name, real, rows == sizes_.latency_rows[0] ? 100 : 250);
      rig->queue().hollow(true);
      const std::vector<double> empty = rig->latencies(batches, sizes_.latency_batches);
      rig->queue().hollow(false);
      const double floor = print_latency(name + ", kernels without work", empty, 0);
      figures_.figure(name + ", p99 over kernels without work", p99 / floor, "times",
                      Goal::at_most(4));
    }
  }

  // The p99, in microseconds.
  double print_latency(const std::string& name, const std::vector<double>& sorted, double goal) {
    const auto at = [&](double share) {
      const auto last = static_cast<double>(sorted.size() - 1);
      return 1e6 * sorted[static_cast<std::size_t>(share * last)];
    };
    const Spread p50{at(0.5), at(0), at(1)};
    figures_.figure(name + ", p50", p50, "us");
    figures_.figure(name + ", p99", Spread{at(0.99), at(0), at(1)}, "us",
                    goal > 0 ? Goal::at_most(goal) : Goal{});
    return at(0.99);
  }

  // ---- parts

  void features_alone() {
    if (!check("features alone", windows_, uniform_)) return;
    for (const std::uint32_t rows : {sizes_.batch, 4 * sizes_.batch}) {
      const auto rig = filled(windows_, uniform_, rows);
      rig->queue().leave_out({"prepare rows", "expressions", "scores and alerts"});
      const Spread rates = rig->resident_rate(sizes_.span_seconds, sizes_.spans);
      const std::string name = "features alone, batches of " + std::to_string(rows);
      if (!sound(name, *rig)) return;
      figures_.figure(name, millions(rates), "M tx/s");
      const Spread share = each_of(
          rates, [&](double rate) { return 1e-9 * rate * windows_.useful_bytes() / copy_rate_; });
      figures_.figure(name + ", useful bytes over copied", share, "times", Goal::at_least(0.5));
    }
    figures_.figure("features alone, useful bytes of a transaction", windows_.useful_bytes(),
                    "bytes");
  }

  void against_cpu() {
    Engine cpu(plan_300_.plan(), {host_threads(), sizes_.batch});
    const std::uint32_t cycled = std::max(8U, sizes_.cycled_rows / sizes_.batch);
    HostBatches batches(cpu.batch_memory(), cycled, sizes_.batch);
    const Stopwatch watch;
    const std::uint64_t wanted = std::uint64_t{uniform_.accounts} * uniform_.rows_in_window;
    std::uint64_t done = 0;
    while (done < wanted && watch.seconds() < sizes_.cpu_fill_seconds) {
      batches.fill(uniform_, done);
      for (std::uint32_t n = 0; n < cycled; ++n) cpu.replay(batches.next());
      done += std::uint64_t{cycled} * sizes_.batch;
    }
    figures_.figure("CPU 300x6, its windows are full to",
                    std::min(1.0, static_cast<double>(done) / static_cast<double>(wanted)),
                    "of all");
    batches.fill(uniform_, done);
    Results results;
    std::vector<double> rates;
    for (int i = 0; i < sizes_.spans; ++i) rates.push_back(cpu_rate(cpu, batches, results));
    const Spread spread = spread_of(rates);
    figures_.figure("CPU 300x6, " + std::to_string(host_threads()) + " threads", millions(spread),
                    "M tx/s");
    if (pcie_300_.median > 0) {
      figures_.figure("PCIe 300x6 over CPU", ratio_of(pcie_300_, spread), "times",
                      Goal::at_least(8));
    }
  }

  [[nodiscard]] double cpu_rate(Engine& cpu, HostBatches& batches, Results& results) const {
    const Stopwatch watch;
    std::uint64_t rows = 0;
    do {
      cpu.process(batches.next(), results);
      rows += sizes_.batch;
    } while (watch.seconds() < sizes_.span_seconds);
    return static_cast<double>(rows) / watch.seconds();
  }

  // ---- hot keys

  void hot_keys() {
    double uniform = resident_100_;
    if (uniform == 0) uniform = resident_figure("hot key 0 %, 100x6", plan_100_, uniform_);
    for (const std::uint32_t late : {0U, 5U}) {
      for (const std::uint32_t hot : {0U, 30U, 100U}) {
        if (hot == 0 && late == 0) continue;  // that is `uniform`
        if (!figures_.wants("hot key")) return;
        Workload work = uniform_;
        work.hot_percent = hot;
        work.late_percent = late;
        const std::string name =
            "hot key " + std::to_string(hot) + " %, 100x6" + (late != 0 ? ", 5 % late" : "");
        const double rate = resident_figure(name, plan_100_, work);
        if (rate == 0 || uniform == 0) continue;
        Goal goal;
        if (late == 0) goal = Goal::at_least(hot == 30 ? 0.8 : 0.5);
        figures_.figure(name + ", over uniform", rate / uniform, "times", goal);
      }
    }
  }

  // The worst that is known: late rows of a hot key in a table with distinct values are applied one
  // by one.
  void hot_terminal() {
    Workload work = uniform_;
    work.hot_terminal_percent = 30;
    resident_figure("hot terminal 30 %, 100x6, distinct values", plan_100_, work);
    work.late_percent = 1;
    resident_figure("hot terminal 30 %, 100x6, distinct values, 1 % late", plan_100_, work);
  }

  // ---- where the time goes

  void profile() {
    constexpr int kBatches = 20;
    const auto rig = filled(plan_300_, uniform_, sizes_.batch);
    const auto next = [&] { return rig->resident_view(); };
    rig->begin_resident();
    rig->rate(sizes_.span_seconds / 4, next);
    rig->queue().reset_counts();
    rig->queue().profile(true);
    for (int i = 0; i < kBatches; ++i) {
      rig->submit(next());
      rig->engine().finish_oldest(true);
    }
    rig->queue().profile(false);
    std::vector<KernelTime> times = rig->queue().kernel_times();
    std::sort(times.begin(), times.end(),
              [](const KernelTime& a, const KernelTime& b) { return a.seconds > b.seconds; });
    figures_.say("profile 300x6: each kernel waited for, so each has a launch and a wait in it");
    for (const KernelTime& one : times) {
      figures_.figure(std::string("profile 300x6, ") + one.name, 1e6 * one.seconds / kBatches,
                      "us a batch");
    }
    QueueTimer<MeasuredQueue<Queue>> timer(rig->queue(), 0.01);
    const Spread empty = timer.alone([&] { rig->queue().each("nothing", 1, NoWork{}); });
    figures_.figure("profile, a kernel without work",
                    each_of(empty, [](double seconds) { return 1e6 * seconds; }), "us");
  }

  const OpenQueue open_;
  Figures& figures_;
  const EngineBenchSizes sizes_;
  const BenchPlan plan_100_;
  const BenchPlan plan_300_;
  const BenchPlan windows_;
  Workload uniform_;
  double copy_rate_ = 0;
  double resident_300_ = 0;  // transactions a second; 0: not measured
  double resident_100_ = 0;
  Spread pcie_300_;
};

}  // namespace warpscore
