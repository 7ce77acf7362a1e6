// A Queue that a bench steers between batches: what an engine queues through it can be made on the
// device instead of copied, emptied of its work, timed kernel by kernel, or left out.
//
// What     everything but what is named below goes to the Queue behind it, as it came.
//          make_batches  columns of Workload's payments are written by a kernel where a batch would
//                        have been copied in: the engine with its batches resident on the device
//          keep_results  false: only reports are copied out
//          leave_out     kernels whose names begin with one of these are not queued
//          hollow        kernels do nothing; as many are launched, and all is copied
//          profile       each kernel is waited for; seconds by name, launch and wait included
// Thread   as the Queue.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "bench/device/device_bench.h"
#include "bench/device/workload.h"
#include "kernels/admission_tasks.h"
#include "kernels/device_tasks.h"
#include "kernels/queue.h"

namespace warpscore {

struct NoWork {
  static constexpr std::uint32_t kThreads = 64;
  [[nodiscard]] std::size_t shared_bytes() const { return 0; }

  WARPSCORE_HD void operator()(std::uint32_t) const {}
  template <class Team>
  WARPSCORE_HD void operator()(Team&) const {}
  template <class Team>
  WARPSCORE_HD void operator()(Team&, std::uint32_t) const {}
};

struct KernelTime {
  const char* name;
  double seconds;
  std::uint32_t count;
};

template <class Base>
class MeasuredQueue : public Base {
 public:
  using Base::Base;

  // `staged`: the batch view's columns, by whose addresses copies are known. nullptr: all is copied
  // again. The next batch begins with payment `first`.
  void make_batches(const PaymentTargets* staged, const Workload& work, std::uint64_t first) {
    staged_ = staged;
    work_ = work;
    next_payment_ = first;
  }
  [[nodiscard]] std::uint64_t next_payment() const { return next_payment_; }
  void keep_results(bool keep) { keeps_results_ = keep; }
  void leave_out(std::vector<std::string_view> names) { left_out_ = std::move(names); }
  void hollow(bool hollow) { hollow_ = hollow; }
  void profile(bool profile) { profile_ = profile; }
  [[nodiscard]] const std::vector<KernelTime>& kernel_times() const { return times_; }

  // Since reset_counts().
  [[nodiscard]] std::uint64_t kernels() const { return kernels_; }
  [[nodiscard]] std::uint64_t bytes_in() const { return bytes_in_; }
  [[nodiscard]] std::uint64_t bytes_out() const { return bytes_out_; }
  void reset_counts() {
    kernels_ = bytes_in_ = bytes_out_ = 0;
    times_.clear();
  }
  // How often rows were admitted one by one: the pool was too small for what is measured.
  [[nodiscard]] std::uint64_t admissions() const { return admissions_; }
  // Of the feature pass that was queued last: where the tables' memory is.
  [[nodiscard]] const PassWork& pass_work() const { return pass_work_; }

  void copy_in(void* device, const void* staged, std::size_t bytes) {
    if (staged_ != nullptr && is_made(device, staged)) {
      if (staged == staged_->time_ms) made_ = static_cast<std::uint32_t>(bytes / sizeof(Lane));
      return;
    }
    bytes_in_ += bytes;
    Base::copy_in(device, staged, bytes);
  }
  void copied_in() {
    Base::copied_in();
    if (made_ == 0) return;
    Base::each("make payments", made_, MakePayments{work_, targets_, next_payment_});
    next_payment_ += made_;
    made_ = 0;
    targets_ = {};
  }
  void copy_out(void* staged, const void* device, std::size_t bytes) {
    if (!keeps_results_ && bytes != sizeof(BatchReport)) return;
    bytes_out_ += bytes;
    Base::copy_out(staged, device, bytes);
  }
  void copy_out_columns(void* staged, const void* device, std::size_t bytes_each, std::size_t pitch,
                        std::uint32_t columns) {
    if (!keeps_results_) return;
    bytes_out_ += bytes_each * columns;
    Base::copy_out_columns(staged, device, bytes_each, pitch, columns);
  }

  template <class Task>
  void each(const char* name, std::uint32_t count, const Task& task) {
    if constexpr (std::is_same_v<Task, FindKeys>) pass_work_ = task.work;
    if constexpr (std::is_same_v<Task, AdmitRows>) ++admissions_;
    run(
        name, count, [&] { Base::each(name, count, task); },
        [&] { Base::each(name, 1, NoWork{}); });
  }
  template <class Task>
  void teams(const char* name, std::uint32_t count, const Task& task) {
    if constexpr (std::is_same_v<Task, GroupSmall>) pass_work_ = task.work;
    run(
        name, count, [&] { Base::teams(name, count, task); },
        [&] { Base::teams(name, 1, NoWork{}); });
  }
  template <class Task>
  void whole_team(const char* name, const Task& task) {
    run(
        name, 1, [&] { Base::whole_team(name, task); }, [&] { Base::whole_team(name, NoWork{}); });
  }
  void sort(const SortPairs& pairs, std::uint32_t count, std::uint32_t key_bits) {
    run(
        "sort", count, [&] { Base::sort(pairs, count, key_bits); },
        [&] { Base::each("sort", 1, NoWork{}); });
  }

 private:
  bool is_made(void* device, const void* staged) {
    const auto take = [&](auto* column, auto*& target) {
      if (column == nullptr || staged != column) return false;
      target = static_cast<std::remove_reference_t<decltype(target)>>(device);
      return true;
    };
    return take(staged_->time_ms, targets_.time_ms) || take(staged_->customer, targets_.customer) ||
           take(staged_->terminal, targets_.terminal) ||
           take(staged_->customer_lane, targets_.customer_lane) ||
           take(staged_->terminal_lane, targets_.terminal_lane) ||
           take(staged_->amount, targets_.amount);
  }

  template <class Queued, class Emptied>
  void run(const char* name, std::uint32_t count, const Queued& queued, const Emptied& emptied) {
    for (const std::string_view left : left_out_) {
      if (std::string_view(name).starts_with(left)) return;
    }
    if (count == 0) return;
    ++kernels_;
    if (profile_) {
      time(name, queued);
    } else if (hollow_) {
      emptied();
    } else {
      queued();
    }
  }

  template <class Queued>
  void time(const char* name, const Queued& queued) {
    Base::wait(Base::fence());
    const Stopwatch watch;
    queued();
    Base::wait(Base::fence());
    const double seconds = watch.seconds();
    for (KernelTime& one : times_) {
      if (std::strcmp(one.name, name) != 0) continue;
      one.seconds += seconds;
      ++one.count;
      return;
    }
    times_.push_back({name, seconds, 1});
  }

  const PaymentTargets* staged_ = nullptr;
  Workload work_;
  PaymentTargets targets_;
  std::uint64_t next_payment_ = 0;
  std::uint32_t made_ = 0;  // rows of the batch whose copies are replaced
  bool keeps_results_ = true;
  bool hollow_ = false;
  bool profile_ = false;
  std::vector<std::string_view> left_out_;
  std::uint64_t kernels_ = 0;
  std::uint64_t bytes_in_ = 0;
  std::uint64_t bytes_out_ = 0;
  std::uint64_t admissions_ = 0;
  std::vector<KernelTime> times_;
  PassWork pass_work_;
};

}  // namespace warpscore
