// The engine on a device, over any Queue (kernels/queue.h): what happens to a batch is on one page.
//
// Order    one slot per batch in flight; kernels of one batch run after those of the batch before,
//          while copies of others go on beside them.
// Decline  a batch that may not fit the limits is applied row by row once all before it are
//          finished, and those behind it are queued again (kernels/device_tables.h).
// Memory   all of it taken at construction, but a Results' when it is prepared.
// Thread   one thread drives it.
// Errors   the constructor throws DeviceError; later a device error ends the process.
#pragma once

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "kernels/device_tables.h"
#include "kernels/staged.h"
#include "scoring/device_plan.h"
#include "scoring/device_slot.h"
#include "scoring/engine_backend.h"
#include "scoring/plan.h"
#include "scoring/score_pass_impl.h"

namespace warpscore {

// What tests choose to meet the rare cases; 0: from the memory that is free.
struct DeviceEngineOptions {
  std::uint64_t pool_bytes = 0;
  RunSizes sizes;
  std::uint64_t first_cells = 1U << 20;
  std::uint32_t long_teams = 128;
  std::uint32_t long_rows = 1024;
  std::uint32_t rows_at_once = 256;
  std::string description;
};

inline constexpr std::uint64_t kPoolBytesMin = 64U << 20;

template <class Queue>
class DeviceEngine : public EngineBackend {
 public:
  DeviceEngine(const Plan& plan, const EngineOptions& options, const DeviceEngineOptions& device,
               std::unique_ptr<Queue> queue);
  ~DeviceEngine() override;

  std::pmr::memory_resource& batch_memory() override { return queue_->staging_memory(); }
  std::uint32_t in_flight_max() const override { return kSlots; }
  void prepare(Results& results) override;
  void submit(const BatchView& batch, Results& results) override;
  bool finish_oldest(bool wait) override;
  void replay(const BatchView& batch) override;
  void apply_labels(std::span<const Label> labels, std::uint8_t* found) override;
  const EngineCounters& counters() override { return counters_; }
  const char* name() const override { return "cuda"; }
  std::string describe() const override { return description_; }

 private:
  static constexpr std::uint32_t kSlots = 4;
  static constexpr std::uint32_t kLabelsAtOnce = 128;  // of one hot key they take their time

  // Host memory that the device copies to: the result columns, then refused rows.
  struct StagedResults : ResultMemory {
    StagedResults(std::pmr::memory_resource& memory, std::size_t bytes) : block(memory, bytes) {}
    const StagedArray<std::byte> block;
  };
  struct Slot {
    SlotLayout on_device;
    StagedArray<BatchReport> report;
    std::byte* results = nullptr;  // the staged columns; nullptr: a replay
    std::uint32_t rows = 0;
    std::int64_t oldest_ms = 0;  // event times of the batch
    std::int64_t newest_ms = 0;
    Fence fence{};
    bool settled = false;
  };

  void open(const EngineOptions& options, const DeviceEngineOptions& device);
  void add_slot();
  void start(const BatchView& batch, std::byte* results);
  void copy_in(const Slot& slot, const BatchView& batch);
  void queue_passes(Slot& slot);
  void queue_scores(Slot& slot);
  PassBatch pass_of(const Slot& slot) const;
  Slot& slot_at_turn(std::uint32_t turn) { return slots_[(oldest_ + turn) % kSlots]; }
  void settle(std::uint32_t turn);
  void settle_all();
  void admit_declined(std::uint32_t turn);
  void account(const Slot& slot, bool at_once);
  std::uint32_t apply_some_labels(std::span<const Label> labels, std::uint8_t* found);

  const CompiledPlan& plan_;
  const std::uint32_t batch_max_;
  const std::string description_;
  const std::unique_ptr<Queue> queue_;
  DevicePlanView on_device_;
  std::unique_ptr<DeviceTables<Queue>> tables_;
  std::vector<Slot> slots_;
  std::uint32_t oldest_ = 0;
  std::uint32_t in_flight_ = 0;
  std::uint64_t sequence_ = 0;
  std::int64_t watermark_ = kMissing;   // newest event time applied
  std::int64_t sweep_at_ = INT64_MAX;   // before the watermark is this, no key is idle
  std::uint64_t window_overflows_ = 0;
  std::uint64_t program_overflows_ = 0;
  EngineCounters counters_;

  bool wants_labels_ = false;
  DeviceLabel* labels_ = nullptr;  // on the device, and staged
  Key* label_keys_ = nullptr;
  StagedArray<DeviceLabel> staged_labels_;
  StagedArray<Key> staged_label_keys_;
};

// What is in flight still writes to memory that others own.
template <class Queue>
DeviceEngine<Queue>::~DeviceEngine() {
  for (std::uint32_t turn = 0; turn < in_flight_; ++turn) queue_->wait(slot_at_turn(turn).fence);
}

// ---- the path of a batch, on one page

template <class Queue>
void DeviceEngine<Queue>::start(const BatchView& batch, std::byte* results) {
  WARPSCORE_CHECK(batch.size > 0 && batch.size <= batch_max_ && in_flight_ < kSlots);
  Slot& slot = slot_at_turn(in_flight_);
  slot.rows = batch.size;
  slot.results = results;
  slot.settled = false;
  const auto [oldest, newest] = std::minmax_element(batch.time_ms, batch.time_ms + batch.size);
  slot.oldest_ms = *oldest;
  slot.newest_ms = *newest;
  queue_->begin(++sequence_);
  copy_in(slot, batch);
  queue_->copied_in();
  queue_passes(slot);
  ++in_flight_;
}

template <class Queue>
void DeviceEngine<Queue>::queue_passes(Slot& slot) {
  queue_->zero(slot.on_device.overflows, sizeof(std::uint64_t));
  enqueue_prepare(*queue_, on_device_, slot.on_device.score, slot.rows);
  tables_->apply(pass_of(slot));
  queue_scores(slot);
}

template <class Queue>
void DeviceEngine<Queue>::queue_scores(Slot& slot) {
  const SlotLayout& columns = slot.on_device;
  const bool answer = slot.results != nullptr;
  if (answer) enqueue_score(*queue_, on_device_, columns.score, slot.rows);
  tables_->close(pass_of(slot), answer ? columns.truncated_words : 0);
  queue_->computed();
  if (answer) {
    const std::size_t pitch = std::size_t{batch_max_} * sizeof(Lane);
    queue_->copy_out_columns(slot.results, columns.results, slot.rows * sizeof(Lane), pitch,
                             columns.result_columns);
    queue_->copy_out(slot.results + columns.result_columns * pitch, columns.score.refused,
                     slot.rows);
  }
  queue_->copy_out(slot.report.data(), columns.report, sizeof(BatchReport));
  slot.fence = queue_->fence();
}

template <class Queue>
void DeviceEngine<Queue>::submit(const BatchView& batch, Results& results) {
  start(batch, static_cast<StagedResults&>(*results.memory).block.data());
}

template <class Queue>
bool DeviceEngine<Queue>::finish_oldest(bool wait) {
  WARPSCORE_CHECK(in_flight_ > 0);
  if (!wait && !slot_at_turn(0).settled && !queue_->passed(slot_at_turn(0).fence)) return false;
  settle(0);
  oldest_ = (oldest_ + 1) % kSlots;
  --in_flight_;
  return true;
}

// ---- what became of a batch

// Makes sure that a batch has been applied; those before it are settled.
template <class Queue>
void DeviceEngine<Queue>::settle(std::uint32_t turn) {
  Slot& slot = slot_at_turn(turn);
  if (slot.settled) return;
  queue_->wait(slot.fence);
  if (slot.report->declined != 0) {
    admit_declined(turn);
  } else {
    tables_->note(slot.report[0], slot.rows);
    account(slot, true);
  }
  slot.settled = true;
}

template <class Queue>
void DeviceEngine<Queue>::settle_all() {
  for (std::uint32_t turn = 0; turn < in_flight_; ++turn) settle(turn);
}

// This batch was declined, and with it all behind it.
template <class Queue>
void DeviceEngine<Queue>::admit_declined(std::uint32_t turn) {
  for (std::uint32_t t = turn; t < in_flight_; ++t) {
    queue_->wait(slot_at_turn(t).fence);
    tables_->note(slot_at_turn(t).report[0], slot_at_turn(t).rows);
  }
  Slot& slot = slot_at_turn(turn);
  queue_->begin(sequence_ - (in_flight_ - 1 - turn));
  queue_->zero(slot.on_device.overflows, sizeof(std::uint64_t));
  enqueue_prepare(*queue_, on_device_, slot.on_device.score, slot.rows);
  counters_.refused += tables_->admit(pass_of(slot), watermark_, sweep_at_);
  queue_scores(slot);
  queue_->wait(slot.fence);
  tables_->note(slot.report[0], slot.rows);
  account(slot, false);
  for (std::uint32_t t = turn + 1; t < in_flight_; ++t) {
    queue_->begin(sequence_ - (in_flight_ - 1 - t));
    queue_passes(slot_at_turn(t));
  }
}

template <class Queue>
void DeviceEngine<Queue>::account(const Slot& slot, bool at_once) {
  const BatchReport& report = slot.report[0];
  if (at_once) {  // else admit() did this row by row
    watermark_ = std::max(watermark_, slot.newest_ms);
    sweep_at_ = std::min(sweep_at_, tables_->idle_at(slot.oldest_ms));
  }
  counters_.transactions += slot.rows;
  counters_.late += report.late;
  counters_.truncated += report.truncated;
  window_overflows_ = report.overflows;
  program_overflows_ += report.program_overflows;
  counters_.overflows = window_overflows_ + program_overflows_;
  counters_.keys = report.keys;
  counters_.state_bytes = report.state_bytes;
}

template <class Queue>
void DeviceEngine<Queue>::replay(const BatchView& batch) {
  WARPSCORE_CHECK(in_flight_ == 0);
  start(batch, nullptr);
  finish_oldest(true);
}

template <class Queue>
PassBatch DeviceEngine<Queue>::pass_of(const Slot& slot) const {
  PassBatch batch;
  batch.columns = slot.on_device.pass;
  batch.columns.size = slot.rows;
  batch.report = slot.on_device.report;
  batch.program_overflows = slot.on_device.overflows;
  batch.rows = slot.rows;
  batch.answer = slot.results != nullptr;
  return batch;
}

template <class Queue>
void DeviceEngine<Queue>::copy_in(const Slot& slot, const BatchView& batch) {
  const SlotLayout& to = slot.on_device;
  const auto copy = [&](auto* target, const auto* source) {
    if (target != nullptr) queue_->copy_in(target, source, batch.size * sizeof(*source));
  };
  copy(to.time_ms, batch.time_ms);
  copy(to.id_hash, batch.id_hash);
  for (std::uint32_t k = 0; k < plan_.schema.key_count; ++k) copy(to.keys[k], batch.keys[k]);
  for (std::size_t f = 0; f < to.fields.size(); ++f) copy(to.fields[f], batch.fields[f]);
  copy(to.label, batch.label);
}

// ---- labels

template <class Queue>
void DeviceEngine<Queue>::apply_labels(std::span<const Label> labels, std::uint8_t* found) {
  settle_all();
  while (!labels.empty()) {
    const std::size_t some = std::min<std::size_t>(labels.size(), kLabelsAtOnce);
    const std::uint32_t hits = apply_some_labels(labels.first(some), found);
    counters_.labels += hits;
    counters_.labels_unmatched += some - hits;
    labels = labels.subspan(some);
    found += some;
  }
}

template <class Queue>
std::uint32_t DeviceEngine<Queue>::apply_some_labels(std::span<const Label> labels,
                                                     std::uint8_t* found) {
  const auto count = static_cast<std::uint32_t>(labels.size());
  if (!wants_labels_) {  // nobody asks for them, so none is missing
    std::memset(found, 1, count);
    return count;
  }
  const std::uint32_t key_count = plan_.schema.key_count;
  for (std::uint32_t i = 0; i < count; ++i) {
    const Label& label = labels[i];
    staged_labels_[i] = {label.id_hash, label.time_ms, label.fraud ? 1U : 0U, 0U};
    std::copy_n(label.keys, key_count, &staged_label_keys_[std::size_t{i} * key_count]);
  }
  queue_->begin(++sequence_);
  queue_->copy_in(labels_, staged_labels_.data(), count * sizeof(DeviceLabel));
  queue_->copy_in(label_keys_, staged_label_keys_.data(),
                  std::size_t{count} * key_count * sizeof(Key));
  queue_->copied_in();
  tables_->apply_labels(labels_, label_keys_, count, key_count);
  queue_->computed();
  queue_->copy_out(staged_labels_.data(), labels_, count * sizeof(DeviceLabel));
  queue_->wait(queue_->fence());
  std::uint32_t hits = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    found[i] = staged_labels_[i].found != 0 ? 1 : 0;
    hits += found[i];
  }
  return hits;
}

// ---- start

template <class Queue>
DeviceEngine<Queue>::DeviceEngine(const Plan& plan, const EngineOptions& options,
                                  const DeviceEngineOptions& device, std::unique_ptr<Queue> queue)
    : plan_(plan.compiled()),
      batch_max_(options.batch_max),
      description_(device.description),
      queue_(std::move(queue)) {
  on_device_ = upload_plan(*queue_, DevicePlan(plan_, queue_->shared_bytes_max()));
  for (std::uint32_t i = 0; i < kSlots; ++i) add_slot();
  const auto asks = [](const TablePlan& table) { return table.id_word != kNone; };
  wants_labels_ = std::any_of(plan_.tables.begin(), plan_.tables.end(), asks);
  if (wants_labels_) {
    const std::size_t keys = std::size_t{kLabelsAtOnce} * plan_.schema.key_count;
    std::pmr::memory_resource& staging = queue_->staging_memory();
    staged_labels_ = StagedArray<DeviceLabel>(staging, kLabelsAtOnce);
    staged_label_keys_ = StagedArray<Key>(staging, keys);
    labels_ = reinterpret_cast<DeviceLabel*>(queue_->device_memory(staged_labels_.bytes()));
    label_keys_ = reinterpret_cast<Key*>(queue_->device_memory(staged_label_keys_.bytes()));
  }
  open(options, device);
}

// The tables last: their pool is what the rest leaves.
template <class Queue>
void DeviceEngine<Queue>::open(const EngineOptions& options, const DeviceEngineOptions& device) {
  DeviceTablesOptions tables;
  tables.rows_max = batch_max_;
  tables.limits = {plan_.state.keys_max, plan_.state.memory_max};
  tables.sizes = device.sizes;
  tables.first_cells = device.first_cells;
  tables.long_teams = device.long_teams;
  tables.long_rows = std::min(device.long_rows, batch_max_);
  tables.rows_at_once = device.rows_at_once;
  tables.pool_bytes = device.pool_bytes;
  if (tables.pool_bytes == 0) {
    const std::size_t fixed = DeviceTables<Queue>::fixed_bytes(plan_.tables, tables);
    const std::size_t share = queue_->device_memory_free() / 100 * options.device_memory_percent;
    if (share < fixed + kPoolBytesMin) {
      throw DeviceError(
          "the device has " + std::to_string(queue_->device_memory_free() >> 20) +
          " MiB free, of which it may take " + std::to_string(options.device_memory_percent) +
          " % ([device] " + "memory); batches of " + std::to_string(batch_max_) +
          " and this configuration need " + std::to_string((fixed + kPoolBytesMin) >> 20) + " MiB");
    }
    tables.pool_bytes = share - fixed;
  }
  tables_ = std::make_unique<DeviceTables<Queue>>(*queue_, plan_.tables, on_device_.tables, tables);
}

template <class Queue>
void DeviceEngine<Queue>::add_slot() {
  const std::size_t bytes = SlotLayout(plan_, batch_max_, nullptr).bytes;
  Slot slot{.on_device = SlotLayout(plan_, batch_max_, queue_->device_memory(bytes)),
            .report = StagedArray<BatchReport>(queue_->staging_memory(), 1)};
  const SlotLayout& layout = slot.on_device;
  const StagedArray<void*> pointers(queue_->staging_memory(), layout.pointers.size());
  const StagedArray<Lane> missing(queue_->staging_memory(), batch_max_);
  std::copy(layout.pointers.begin(), layout.pointers.end(), pointers.data());
  std::fill_n(missing.data(), batch_max_, kMissing);
  queue_->copy_in(layout.pointer_block, pointers.data(), pointers.bytes());
  if (layout.missing_label != nullptr) {
    queue_->copy_in(layout.missing_label, missing.data(), missing.bytes());
  }
  queue_->copied_in();
  queue_->wait(queue_->fence());
  slots_.push_back(std::move(slot));
}

template <class Queue>
void DeviceEngine<Queue>::prepare(Results& results) {
  const SlotLayout& layout = slots_[0].on_device;
  const std::size_t rows = batch_max_;
  auto made = std::make_unique<StagedResults>(queue_->staging_memory(),
                                              layout.result_columns * rows * sizeof(Lane) + rows);
  const auto* next = reinterpret_cast<const Lane*>(made->block.data());
  const auto column = [&] { return std::exchange(next, next + rows); };
  results.features.clear();
  for (std::size_t f = 0; f < plan_.features.size(); ++f) results.features.push_back(column());
  results.margin = reinterpret_cast<const double*>(column());
  results.score = reinterpret_cast<const double*>(column());
  results.fired.clear();
  for (std::uint32_t w = 0; w < layout.fired_words; ++w) {
    results.fired.push_back(reinterpret_cast<const std::uint64_t*>(column()));
  }
  results.truncated.clear();
  for (std::uint32_t w = 0; w < layout.truncated_words; ++w) {
    results.truncated.push_back(reinterpret_cast<const std::uint64_t*>(column()));
  }
  results.refused = reinterpret_cast<const std::uint8_t*>(next);
  results.memory = std::move(made);
}

}  // namespace warpscore
