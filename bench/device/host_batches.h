// Batches of Workload's payments in host memory, gone through again and again.
//
// Time     a batch that is taken again is moved on by the time that all of them span: the stream
//          never goes back. Whoever takes it pays for that, as for no other part of its making.
// Owner    itself, of memory that the engine gives (pinned on CUDA); it outlives what is in flight.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <vector>

#include "base/batch.h"
#include "bench/device/workload.h"
#include "kernels/staged.h"

namespace warpscore {

class HostBatches {
 public:
  HostBatches(std::pmr::memory_resource& memory, std::uint32_t count, std::uint32_t rows) {
    for (std::uint32_t n = 0; n < count; ++n) {
      batches_.push_back(std::make_unique<OneBatch>(memory, rows));
    }
  }

  // Payments `first` and after it.
  void fill(const Workload& work, std::uint64_t first) {
    const std::uint64_t start = first;
    for (const auto& batch : batches_) {
      const std::uint32_t rows = batch->view.size;
      const MakePayments make{work, batch->targets, first};
      for (std::uint32_t i = 0; i < rows; ++i) make(i);
      first += rows;
    }
    span_ms_ = time_of_payment(work, first) - time_of_payment(work, start);
    taken_ = 0;
  }

  BatchView next() {
    OneBatch& batch = *batches_[taken_ % batches_.size()];
    if (taken_++ >= batches_.size()) {
      for (std::uint32_t i = 0; i < batch.view.size; ++i) batch.time_ms[i] += span_ms_;
    }
    return batch.view;
  }
  [[nodiscard]] const BatchView& first_view() const { return batches_[0]->view; }
  [[nodiscard]] const PaymentTargets& first_targets() const { return batches_[0]->targets; }
  [[nodiscard]] std::size_t count() const { return batches_.size(); }

 private:
  struct OneBatch {
    OneBatch(std::pmr::memory_resource& memory, std::uint32_t rows)
        : time_ms(memory, rows),
          customer(memory, rows),
          terminal(memory, rows),
          customer_lane(memory, rows),
          terminal_lane(memory, rows),
          amount(memory, rows),
          targets{time_ms.data(),       customer.data(),      terminal.data(),
                  customer_lane.data(), terminal_lane.data(), amount.data()} {
      view.size = rows;
      view.time_ms = time_ms.data();
      view.keys = keys;
      view.fields = fields;
    }
    OneBatch(const OneBatch&) = delete;
    OneBatch& operator=(const OneBatch&) = delete;

    StagedArray<std::int64_t> time_ms;
    StagedArray<Key> customer;
    StagedArray<Key> terminal;
    StagedArray<Lane> customer_lane;
    StagedArray<Lane> terminal_lane;
    StagedArray<Lane> amount;
    const PaymentTargets targets;
    const Key* keys[2] = {targets.customer, targets.terminal};
    const Lane* fields[3] = {targets.customer_lane, targets.terminal_lane, targets.amount};
    BatchView view;
  };

  std::vector<std::unique_ptr<OneBatch>> batches_;
  std::int64_t span_ms_ = 0;
  std::uint64_t taken_ = 0;
};

}  // namespace warpscore
