// The key tables of an engine in a device's memory, and the feature pass over them: what a batch
// costs is queued here, kernel by kernel.
//
// Memory   all of it is taken at construction. The pool holds slots, rings and indexes of all
//          tables and fills from the front; what grows leaves its old place to the free lists (an
//          index: unused, as much again in all). No batch allocates.
// Growth   before an index is 5/8 full a larger one is begun, and every batch moves some cells.
// Limits   apply() queues a batch to be applied at once if it fits design S6 whatever its order. If
//          its report says `declined`, nothing of it and of those queued behind it was applied: the
//          caller waits for all, has it applied by admit(), and queues the others again.
// Order    batches, labels and admissions take effect in the order queued.
// Thread   one thread drives it.
// Errors   the constructor throws DeviceError.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "base/check.h"
#include "kernels/admission_tasks.h"
#include "kernels/device_tasks.h"
#include "kernels/device_work.h"
#include "kernels/growth_tasks.h"
#include "kernels/label_tasks.h"
#include "kernels/queue.h"
#include "kernels/staged.h"

namespace warpscore {

struct DeviceTablesOptions {
  std::uint32_t rows_max = 4096;  // of a batch
  StateLimits limits;
  RunSizes sizes;
  std::uint64_t pool_bytes = 0;          // rounded up to what the first indexes need
  std::uint64_t first_cells = 1U << 16;  // of a new index; a power of two
  std::uint32_t long_teams = 128;
  std::uint32_t long_rows = 1024;    // of a stretch of a long run
  std::uint32_t rows_at_once = 256;  // that one worker admits in one kernel
};

// Where everything but the pool lies in one block. `block`: nullptr to learn the bytes.
struct DeviceTablesLayout {
  DeviceTablesLayout(std::span<const TablePlan> plans, const DeviceTablesOptions& options,
                     std::byte* block);
  PassWork work;
  std::vector<RunScratch> scratches;  // of long runs, then the hot ones'
  RunScratch* device_scratches = nullptr;
  std::size_t bytes = 0;
};

inline DeviceTablesLayout::DeviceTablesLayout(std::span<const TablePlan> plans,
                                              const DeviceTablesOptions& options,
                                              std::byte* block) {
  const auto tables = static_cast<std::uint32_t>(plans.size());
  const std::size_t rows = std::size_t{tables} * options.rows_max;
  work.rows_max = options.rows_max;
  work.runs_max = options.rows_max / options.sizes.short_run + 1;
  work.limits = options.limits;
  work.sizes = options.sizes;
  Carver carver(block);
  carver.take(work.control, 1);
  carver.take(work.set.shards, tables);
  carver.take(work.lists, tables);
  carver.take(work.free_lists, std::size_t{tables} * kFreeLists);
  carver.take(work.runs, std::size_t{tables} * work.runs_max);
  carver.take(work.keys_in, rows);
  carver.take(work.keys_out, rows);
  carver.take(work.rows_in, rows);
  carver.take(work.rows_out, rows);
  carver.take(device_scratches, options.long_teams + 1);
  bytes = carver.bytes();
  for (std::uint32_t n = 0; n <= options.long_teams; ++n) {
    const std::uint32_t of_rows = n < options.long_teams ? options.long_rows : options.rows_max;
    std::size_t one = 0;
    std::byte* const at = block == nullptr ? nullptr : block + bytes;
    scratches.push_back(carve_run_scratch(plans.data(), tables, of_rows, at, one));
    bytes += one;
  }
  work.scratches = device_scratches;
  work.hot_scratch = device_scratches + options.long_teams;
}

template <class Queue>
class DeviceTables {
 public:
  // `plans` as the host has them and `device_plans` as the device does; both outlive this.
  DeviceTables(Queue& queue, std::span<const TablePlan> plans, const TablePlan* device_plans,
               const DeviceTablesOptions& options);

  // Bytes beside the pool that such tables take.
  [[nodiscard]] static std::size_t fixed_bytes(std::span<const TablePlan> plans,
                                               const DeviceTablesOptions& options) {
    return DeviceTablesLayout(plans, options, nullptr).bytes;
  }

  // Queues the pass of a batch; its report is set up by it, and complete after close().
  void apply(const PassBatch& batch);
  void close(const PassBatch& batch, std::uint32_t truncated_words);
  // The report of the oldest batch that has not been noted yet, of so many rows, applied or not.
  void note(const BatchReport& report, std::uint32_t rows);

  // Queues and waits for one batch, row by row: REQUIRES that nothing is in flight. `watermark` is
  // the newest time of all that was applied before, and before it is `sweep_at` no key is idle;
  // both are brought up to date. Returns how many rows were refused.
  std::uint64_t admit(const PassBatch& batch, std::int64_t& watermark, std::int64_t& sweep_at);
  // The newest time at which a key may be idle that has a transaction of this time.
  [[nodiscard]] std::int64_t idle_at(std::int64_t time_ms) const {
    return time_ms + horizon_min_ + 1;
  }

  // Labels and keys in device memory; found is set in them.
  void apply_labels(DeviceLabel* labels, const Key* keys, std::uint32_t count,
                    std::uint32_t key_count) {
    queue_.teams("labels", ApplyLabels::kTeams, ApplyLabels{work_, labels, keys, count, key_count});
  }

 private:
  // What the host knows of an index without asking: upper bounds.
  struct Index {
    std::uint64_t cells = 0;  // taken
    std::uint64_t capacity = 0;
    std::uint64_t old_capacity = 0;
    std::uint64_t moved = 0;
    std::uint64_t growths = 0;
    bool grows = false;
  };

  void set_up(const TablePlan* device_plans);
  void grow(std::uint32_t rows);
  void move_cells(std::uint32_t table, std::uint64_t cells);
  void finish_growth();
  void evict();
  template <class Task>
  void sweep(const char* name, std::uint32_t table);
  [[nodiscard]] std::uint32_t tables() const { return static_cast<std::uint32_t>(plans_.size()); }

  Queue& queue_;
  const std::span<const TablePlan> plans_;
  const DeviceTablesOptions options_;
  PassWork work_;
  std::vector<Index> indexes_;
  std::uint64_t pool_units_ = 0;
  std::uint64_t rows_unnoted_ = 0;
  std::int64_t horizon_min_ = std::int64_t{1} << 60;
  StagedArray<PassControl> staged_control_;
};

template <class Queue>
DeviceTables<Queue>::DeviceTables(Queue& queue, std::span<const TablePlan> plans,
                                  const TablePlan* device_plans, const DeviceTablesOptions& options)
    : queue_(queue), plans_(plans), options_(options), indexes_(plans.size()) {
  WARPSCORE_CHECK(plans.size() <= kTablesMax && std::has_single_bit(options.first_cells));
  for (const TablePlan& plan : plans_) {
    if (plan.horizon >= 0) horizon_min_ = std::min(horizon_min_, plan.horizon);
  }
  set_up(device_plans);
}

// Everything in its place, with empty indexes at the front of the pool.
template <class Queue>
void DeviceTables<Queue>::set_up(const TablePlan* device_plans) {
  std::byte* const block = queue_.device_memory(fixed_bytes(plans_, options_));
  const DeviceTablesLayout layout(plans_, options_, block);
  work_ = layout.work;
  const std::uint64_t index_units = options_.first_cells * sizeof(std::uint64_t) / 64;
  const std::uint64_t least = index_units * tables() + 1;
  pool_units_ = std::max(options_.pool_bytes / 64, least);
  // A unit's number is 32 bits and the last ones mean something else (kNone, kLockedSlot).
  pool_units_ = std::min(pool_units_, std::uint64_t{0xfffffff0});
  std::byte* const pool = queue_.device_memory(pool_units_ * 64);

  const StagedArray<Shard> shards(queue_.staging_memory(), tables());
  const StagedArray<RunScratch> scratches(queue_.staging_memory(), layout.scratches.size());
  staged_control_ = StagedArray<PassControl>(queue_.staging_memory(), 1);
  for (std::uint32_t t = 0; t < tables(); ++t) {
    Shard& shard = *new (&shards[t]) Shard;
    shard.pool = &work_.control->pool;
    shard.free = work_.free_lists + std::size_t{t} * kFreeLists;
    shard.slots = pool;
    shard.rings = pool;
    shard.slot_stride = 64;
    shard.slot_bytes = slot_bytes_of(plans_[t]);
    shard.index = reinterpret_cast<std::uint64_t*>(pool + t * index_units * 64);
    shard.index_mask = options_.first_cells - 1;
    indexes_[t].capacity = options_.first_cells;
  }
  std::uninitialized_copy(layout.scratches.begin(), layout.scratches.end(), scratches.data());
  new (staged_control_.data()) PassControl;
  staged_control_->pool = {index_units * tables(), pool_units_};
  queue_.copy_in(work_.set.shards, shards.data(), shards.bytes());
  queue_.copy_in(layout.device_scratches, scratches.data(), scratches.bytes());
  queue_.copy_in(work_.control, staged_control_.data(), staged_control_.bytes());
  queue_.copied_in();
  queue_.wait(queue_.fence());
  work_.set.plans = device_plans;
  work_.set.tables = tables();
  work_.set.shards_each = 1;
}

// ---- a batch

template <class Queue>
void DeviceTables<Queue>::apply(const PassBatch& batch) {
  const std::uint32_t rows = batch.rows;
  grow(rows);
  rows_unnoted_ += rows;
  if (rows <= options_.sizes.small_batch) {
    queue_.teams("group small batch", 1, GroupSmall{work_, batch});
  } else {
    queue_.teams("open batch", 1, OpenBatch{work_, batch});
    queue_.each("find keys", rows * tables(), FindKeys{work_, batch});
    for (std::uint32_t t = 0; t < tables(); ++t) {
      queue_.sort(work_.pairs(t), rows, static_cast<std::uint32_t>(std::bit_width(pool_units_)));
    }
    queue_.each("plan runs", rows * tables(), PlanRuns{work_, batch});
    queue_.teams("decide", 1, Decide{work_, batch});
  }
  std::uint32_t sort_size = power_of_two_from(2 * options_.long_rows);
  if (sort_bytes(sort_size) > queue_.shared_bytes_max()) sort_size = 0;
  for (std::uint32_t t = 0; t < tables(); ++t) {  // a child table needs its parent's clock
    queue_.each("short runs", rows, ApplyShortRuns{work_, batch, t});
    if (rows > options_.sizes.short_run) {
      const std::uint32_t teams = std::min(options_.long_teams, rows / options_.sizes.short_run);
      queue_.teams("long runs", teams, ApplyLongRuns{work_, batch, t, teams, sort_size});
    }
    if (rows > options_.sizes.hot_run) queue_.whole_team("hot runs", ApplyHotRuns{work_, batch, t});
  }
}

template <class Queue>
void DeviceTables<Queue>::close(const PassBatch& batch, std::uint32_t truncated_words) {
  queue_.each("count marks", batch.rows, CountMarks{batch, truncated_words});
  queue_.teams("close batch", 1, CloseBatch{work_, batch});
}

template <class Queue>
void DeviceTables<Queue>::note(const BatchReport& report, std::uint32_t rows) {
  rows_unnoted_ -= rows;
  for (std::uint32_t t = 0; t < tables(); ++t) {
    Index& index = indexes_[t];
    if (index.grows || report.growths[t] != index.growths) continue;  // it speaks of an older one
    // It may not have grown where it should have: the pool was spent.
    index.capacity = report.index[t];
    index.cells = report.cells[t] + rows_unnoted_;
  }
}

// ---- indexes

template <class Queue>
void DeviceTables<Queue>::grow(std::uint32_t rows) {
  for (std::uint32_t t = 0; t < tables(); ++t) {
    Index& index = indexes_[t];
    // Twice the cells hold as many keys again; moved four to a row, they are there before that.
    if (index.grows) move_cells(t, std::uint64_t{4} * rows + 1024);
    if ((index.cells + rows) * 8 > index.capacity * 5) {
      if (index.grows) move_cells(t, index.old_capacity);
      index.old_capacity = index.capacity;
      while ((index.cells + rows) * 8 > index.capacity * 5) index.capacity *= 2;
      index.moved = 0;
      index.grows = true;
      ++index.growths;
      queue_.each("begin growth", 1, BeginGrowth{work_, t, index.capacity});
    }
    index.cells += rows;
  }
}

template <class Queue>
void DeviceTables<Queue>::move_cells(std::uint32_t table, std::uint64_t cells) {
  Index& index = indexes_[table];
  cells = std::min(cells, index.old_capacity - index.moved);
  queue_.each("move index", static_cast<std::uint32_t>(cells),
              MoveCells{work_, table, index.moved});
  index.moved += cells;
  if (index.moved != index.old_capacity) return;
  queue_.each("end growth", 1, EndGrowth{work_, table});
  index.grows = false;
}

template <class Queue>
void DeviceTables<Queue>::finish_growth() {
  for (std::uint32_t t = 0; t < tables(); ++t) {
    if (indexes_[t].grows) move_cells(t, indexes_[t].old_capacity);
  }
}

// ---- limits

// Cells by cells, each part waited for: a sweep of all is no kernel that hangs.
template <class Queue>
template <class Task>
void DeviceTables<Queue>::sweep(const char* name, std::uint32_t table) {
  constexpr std::uint64_t kAtOnce = 1U << 26;
  for (std::uint64_t first = 0; first < indexes_[table].capacity; first += kAtOnce) {
    const std::uint64_t cells = std::min(kAtOnce, indexes_[table].capacity - first);
    queue_.each(name, static_cast<std::uint32_t>(cells), Task{work_, table, first});
    queue_.wait(queue_.fence());
  }
}

template <class Queue>
void DeviceTables<Queue>::evict() {
  for (std::uint32_t t = 0; t < tables(); ++t) {
    sweep<EvictCells>("evict idle keys", t);
    sweep<MarkGaps>("mark gaps", t);
    sweep<CloseGaps>("close gaps", t);
  }
  queue_.each("recycle", tables() * kFreeLists, Recycle{work_});
}

template <class Queue>
std::uint64_t DeviceTables<Queue>::admit(const PassBatch& batch, std::int64_t& watermark,
                                         std::int64_t& sweep_at) {
  WARPSCORE_CHECK(rows_unnoted_ == 0);
  rows_unnoted_ = batch.rows;
  queue_.each("begin admission", 1, BeginAdmission{work_, batch, watermark, sweep_at});
  do {
    grow(options_.rows_at_once);
    finish_growth();  // a sweep looks at one index
    queue_.each("admit rows", 1, AdmitRows{work_, batch, horizon_min_, options_.rows_at_once});
    queue_.computed();
    queue_.copy_out(staged_control_.data(), work_.control, sizeof(PassControl));
    queue_.wait(queue_.fence());
    if (staged_control_->wants_eviction != 0) evict();
  } while (staged_control_->next_row != batch.rows);
  queue_.each("end admission", 1, EndAdmission{work_});
  watermark = staged_control_->watermark;
  sweep_at = staged_control_->sweep_at;
  return staged_control_->refused;
}

}  // namespace warpscore
