// The tasks of a device beside the path of a batch: admission row by row, eviction, labels.
//
// Thread   as each says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/device_tasks.h"
#include "kernels/label.h"

namespace warpscore {

// ---- limits, row by row

// Applies the rows from control.next_row on, one worker alone: each is admitted or refused in its
// turn, as Admission does on the host. Stops with wants_eviction before a row that does not fit and
// that a sweep of idle keys might help.
struct AdmitRows {
  PassWork work;
  PassBatch batch;
  std::int64_t horizon_min;
  std::uint32_t rows_at_once;  // so that no kernel runs long enough to look hung
  bool can_evict;

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
      const bool admitted = fits(work.set, work.limits, batch.columns, row);
      if (!admitted && can_evict && control.evicted_at != newest) {
        control.evicted_at = newest;
        control.wants_eviction = 1;
        return;
      }
      apply(row, admitted);
      if (admitted) {
        control.watermark = newest;
        if (time_ms + horizon_min < control.evicted_at) control.evicted_at = kMissing;
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
    const TablePlan& plan = work.set.plans[table];
    evict_cell(shard, shard.index[first + i], work.control->evicted_at - plan.horizon,
               FreeRing{plan, shard});
  }
  struct FreeRing {
    const TablePlan& plan;
    Shard& shard;
    WARPSCORE_HD void operator()(SlotHead& slot) const { History(plan, shard, slot).free_ring(); }
  };
};

struct Recycle {  // one worker
  PassWork work;
  WARPSCORE_HD void operator()(std::uint32_t) const {
    for (std::uint32_t t = 0; t < work.set.tables; ++t) recycle(work.set.shards[t]);
  }
};

struct BeginAdmission {  // one worker
  PassWork work;
  PassBatch batch;
  std::int64_t watermark;
  std::int64_t evicted_at;
  WARPSCORE_HD void operator()(std::uint32_t) const {
    PassControl& control = *work.control;
    control.next_row = 0;
    control.refused = 0;
    control.watermark = watermark;
    control.evicted_at = evicted_at;
    control.go = 1;
    *batch.report = BatchReport{};
  }
};

struct EndAdmission {  // one worker: batches are applied at once again
  PassWork work;
  WARPSCORE_HD void operator()(std::uint32_t) const { work.control->stopped = 0; }
};

// ---- labels

struct DeviceLabel {
  std::uint64_t id_hash = 0;
  std::int64_t time_ms = 0;
  std::uint32_t fraud = 0;
  std::uint32_t found = 0;
};

// Worker w of kWorkers: the labels of the keys that fall to it, in order; so labels of one
// transaction take effect one after the other, and different keys at once.
struct ApplyLabels {
  static constexpr std::uint32_t kWorkers = 2048;
  PassWork work;
  DeviceLabel* labels;
  const Key* keys;  // [label][key_count]
  std::uint32_t count;
  std::uint32_t key_count;

  WARPSCORE_HD void apply_one(std::uint32_t worker, std::uint32_t table, std::uint32_t i) const {
    const TablePlan& plan = work.set.plans[table];
    const Key& key = keys[std::size_t{i} * key_count + plan.key];
    const std::uint64_t hash = hash_of(key);
    if (key.empty() || hash % kWorkers != worker) return;
    DeviceLabel& label = labels[i];
    const Lane fraud = label.fraud;
    Shard& shard = work.set.shards[table];
    if (apply_label(shard, plan, key, label.time_ms, label.id_hash, fraud)) {
      shared_or(label.found, 1U);
    }
  }
  WARPSCORE_HD void operator()(std::uint32_t worker) const {
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      if (work.set.plans[t].id_word == kNone) continue;
      for (std::uint32_t i = 0; i < count; ++i) apply_one(worker, t, i);
    }
  }
};

}  // namespace warpscore
