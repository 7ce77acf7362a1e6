// A batch that may not fit the limits of design S6, applied row by row; and the sweep of idle keys.
//
// Order    BeginAdmission, then AdmitRows until all rows are done, a sweep between them where one
//          asks for it, then EndAdmission. Nothing else is in flight.
// Thread   one worker alone applies rows; a sweep has one worker per cell of the index.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/admission.h"
#include "kernels/device_tasks.h"

namespace warpscore {

// Applies the rows from control.next_row on, one worker alone: each is admitted or refused in its
// turn, as Admission does on the host. Stops with wants_eviction before a row that does not fit and
// that a sweep of idle keys might help.
struct AdmitRows {
  PassWork work;
  PassBatch batch;
  std::int64_t horizon_min;    // of all tables
  std::uint32_t rows_at_once;  // so that no kernel runs long enough to look hung

  // Nobody else is at work, so what this kernel gave back can be taken at once.
  WARPSCORE_HD bool fits_here(std::uint32_t row) const {
    if (fits(work.set, work.limits, batch.columns, row)) return true;
    for (std::uint32_t i = 0; i < work.set.tables * kFreeLists; ++i) recycle(work.free_lists[i]);
    return fits(work.set, work.limits, batch.columns, row);
  }
  // A sweep finds keys that are idle at last, or slots of keys whose batch was declined.
  WARPSCORE_HD bool sweep_helps(std::int64_t newest) const {
    if (newest >= work.control->sweep_at) return true;
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      const Shard& shard = work.set.shards[t];
      if (shard.cells != shard.keys) return true;
    }
    return false;
  }

  WARPSCORE_HD void apply(std::uint32_t row, bool admitted) const {
    const PassColumns& columns = batch.columns;
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      const TablePlan& plan = work.set.plans[t];
      const Key& key = columns.keys[plan.key][row];
      if (!admitted || key.empty()) {
        answer_keyless(plan, columns, t, row, batch.answer);
        continue;
      }
      Shard& shard = work.set.shards[t];
      SlotHead& slot = *slot_at(shard, find_or_insert(shard, plan, key, hash_of(key)));
      History history(plan, shard, slot);
      advance(history, plan, shard, columns, t, row, batch.answer);
    }
  }

  WARPSCORE_HD void operator()(std::uint32_t) const {
    PassControl& control = *work.control;
    control.wants_eviction = 0;
    for (std::uint32_t done = 0; done < rows_at_once && control.next_row < batch.rows; ++done) {
      const std::uint32_t row = control.next_row;
      const std::int64_t time_ms = batch.columns.time_ms[row];
      const std::int64_t newest = control.watermark > time_ms ? control.watermark : time_ms;
      const bool admitted = fits_here(row);
      if (!admitted && sweep_helps(newest)) {
        control.sweep_newest = newest;
        control.sweep_at = INT64_MAX;
        control.wants_eviction = 1;
        return;
      }
      apply(row, admitted);
      if (admitted) {
        control.watermark = newest;
        const std::int64_t idle_at = time_ms + horizon_min + 1;
        if (idle_at < control.sweep_at) control.sweep_at = idle_at;
      } else {
        batch.columns.refused[row] = 1;
        ++control.refused;
      }
      ++control.next_row;
    }
  }
};

struct EvictCells {  // worker i: cell first + i
  PassWork work;
  std::uint32_t table;
  std::uint64_t first;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    Shard& shard = work.set.shards[table];
    if (first + i > shard.index_mask) return;  // the host thinks that it grew
    const TablePlan& plan = work.set.plans[table];
    const std::int64_t newest = work.control->sweep_newest;
    const std::int64_t oldest = plan.horizon < 0 ? INT64_MIN : newest - plan.horizon;
    std::uint64_t& cell = shard.index[first + i];
    if (evict_cell(shard, cell, oldest, FreeRing{plan, shard}) || plan.horizon < 0) return;
    if (cell == 0) return;
    const SlotHead* const slot = slot_at(shard, static_cast<std::uint32_t>(cell) - 1);
    shared_min(work.control->sweep_at, slot->newest + plan.horizon + 1);
  }
  struct FreeRing {
    const TablePlan& plan;
    Shard& shard;
    WARPSCORE_HD void operator()(SlotHead& slot) const { History(plan, shard, slot).free_ring(); }
  };
};

struct MarkGaps {  // worker i: cell first + i
  PassWork work;
  std::uint32_t table;
  std::uint64_t first;
  WARPSCORE_HD void operator()(std::uint32_t i) const {
    Shard& shard = work.set.shards[table];
    if (first + i <= shard.index_mask) mark_gap(shard, first + i);
  }
};

struct CloseGaps {  // worker i: cell first + i
  PassWork work;
  std::uint32_t table;
  std::uint64_t first;
  WARPSCORE_HD void operator()(std::uint32_t i) const {
    Shard& shard = work.set.shards[table];
    if (first + i <= shard.index_mask) close_gaps(shard, first + i);
  }
};

struct Recycle {  // worker i: free list i of all tables
  PassWork work;
  WARPSCORE_HD void operator()(std::uint32_t i) const { recycle(work.free_lists[i]); }
};

struct BeginAdmission {  // one worker
  PassWork work;
  PassBatch batch;
  std::int64_t watermark;
  std::int64_t sweep_at;
  WARPSCORE_HD void operator()(std::uint32_t) const {
    PassControl& control = *work.control;
    control.next_row = 0;
    control.refused = 0;
    control.watermark = watermark;
    control.sweep_at = sweep_at;
    control.go = 1;
    *batch.report = BatchReport{};
  }
};

struct EndAdmission {  // one worker: batches are applied at once again
  PassWork work;
  WARPSCORE_HD void operator()(std::uint32_t) const { work.control->stopped = 0; }
};

}  // namespace warpscore
