// The tasks of the feature pass on a device, in the order in which a batch meets them.
//
// Thread   as each says: one worker per row, per sorted place, or one alone; teams for long runs.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/advance.h"
#include "kernels/device_work.h"
#include "kernels/long_run.h"
#include "kernels/shared_shard.h"
#include "kernels/team_algorithms.h"

namespace warpscore {

// A batch as the tasks see it.
struct PassBatch {
  PassColumns columns;
  BatchReport* report = nullptr;
  const std::uint64_t* program_overflows = nullptr;  // rows of expressions that failed
  std::uint32_t rows = 0;
  bool answer = true;
};

// ---- before: is there room for what finding keys may insert?

struct OpenBatch {  // one worker
  PassWork work;
  PassBatch batch;

  WARPSCORE_HD void operator()(std::uint32_t) const {
    *batch.report = BatchReport{};
    PassControl& control = *work.control;
    std::uint64_t units = 0;
    bool room = true;
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      const Shard& shard = work.set.shards[t];
      work.lists[t] = RunList{};
      units += std::uint64_t{batch.rows} * units_of_slot(shard);
      // The host grows an index in time; where the pool is spent it could not.
      room = room && (shard.cells + batch.rows) * 8 <= (shard.index_mask + 1) * 7;
    }
    room = room && units <= control.pool.units - control.pool.used;
    if (!room) control.stopped = 1;
  }
};

// ---- rows to slots

struct FindKeys {  // worker i: row i % rows of table i / rows
  PassWork work;
  PassBatch batch;

  WARPSCORE_HD std::uint32_t slot_of(std::uint32_t table, std::uint32_t row) const {
    const TablePlan& plan = work.set.plans[table];
    const Key& key = batch.columns.keys[plan.key][row];
    if (key.empty() || work.control->stopped != 0) return kNone;
    return find_or_insert(work.set.shards[table], plan, key, hash_of(key));
  }
  WARPSCORE_HD void operator()(std::uint32_t i) const {
    const std::uint32_t table = i / batch.rows;
    const std::uint32_t row = i % batch.rows;
    const std::size_t place = work.place(table, row);
    work.keys_in[place] = slot_of(table, row);
    work.rows_in[place] = row;
  }
};

// ---- sorted places to runs

struct PlanRuns {  // worker i: sorted place i % rows of table i / rows
  PassWork work;
  PassBatch batch;

  WARPSCORE_HD static bool begins(const std::uint32_t* slots, std::uint32_t p) {
    return slots[p] != kNone && (p == 0 || slots[p - 1] != slots[p]);
  }
  WARPSCORE_HD bool is_short(const std::uint32_t* slots, std::uint32_t p) const {
    const std::uint32_t behind = p + work.sizes.short_run;
    return behind >= batch.rows || slots[behind] != slots[p];
  }
  WARPSCORE_HD static std::uint32_t length(const std::uint32_t* slots, std::uint32_t p,
                                           std::uint32_t rows) {
    std::uint32_t same = p;  // slots[same] is the run's, those from `other` on are not
    std::uint32_t other = rows;
    while (other - same > 1) {
      const std::uint32_t middle = same + (other - same) / 2;
      if (slots[middle] == slots[p]) {
        same = middle;
      } else {
        other = middle;
      }
    }
    return other - p;
  }

  WARPSCORE_HD void add_wants(std::uint32_t table, const SlotHead& slot,
                              std::uint32_t count) const {
    const TablePlan& plan = work.set.plans[table];
    const Shard& shard = work.set.shards[table];
    RunList& list = work.lists[table];
    std::uint64_t bytes = 0;
    if (slot.sequence == 0) {
      shared_add(list.new_keys, 1U);
      bytes += shard.slot_bytes;
    }
    const std::uint64_t held = slot.has_ring ? slot.end - slot.head : 0;
    std::uint8_t size_class = slot.has_ring ? slot.size_class : kFirstClass;
    while ((1ULL << size_class) < held + count) ++size_class;
    const bool grows = !slot.has_ring || size_class != slot.size_class ||
                       (held + count - 1) >> slot.charged_class != 0;
    if (plan.keeps_rows && grows) {
      const std::uint64_t units = ring_units(plan, size_class);
      shared_add(list.units, units);
      bytes += 64 * units;
    }
    if (bytes == 0) return;
    shared_add(list.bytes, bytes);
    shared_max(list.bytes_top, bytes);
  }

  WARPSCORE_HD void plan_run(std::uint32_t table, std::uint32_t p) const {
    const std::uint32_t* const slots = work.keys_out + work.place(table, 0);
    if (!begins(slots, p)) return;
    const std::uint32_t count = length(slots, p, batch.rows);
    add_wants(table, *slot_at(work.set.shards[table], slots[p]), count);
    if (count <= work.sizes.short_run) return;
    RunList& list = work.lists[table];
    if (count > work.sizes.hot_run) {
      work.run(table, work.runs_max - 1 - shared_add(list.hot_count, 1U)) = {p, count};
    } else {
      work.run(table, shared_add(list.count, 1U)) = {p, count};
    }
  }
  WARPSCORE_HD void operator()(std::uint32_t i) const { plan_run(i / batch.rows, i % batch.rows); }
};

struct Decide {  // one worker
  PassWork work;
  PassBatch batch;

  // Does every row fit, whatever comes before it in the batch? A bound: who does not, may.
  WARPSCORE_HD bool all_fit() const {
    const PassControl& control = *work.control;
    std::uint64_t units = 0;
    std::uint64_t bytes = work.set.state_bytes();
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      const TablePlan& plan = work.set.plans[t];
      const Shard& shard = work.set.shards[t];
      const RunList& list = work.lists[t];
      units += list.units;
      bytes += list.bytes + list.bytes_top + shard.slot_bytes + 64 * ring_units(plan, kFirstClass);
      if (work.limits.keys_max == 0 || plan.clock != kNone) continue;
      if (shard.keys + list.new_keys > work.limits.keys_max) return false;
    }
    if (units > control.pool.units - control.pool.used) return false;
    return work.limits.memory_max == 0 || bytes <= work.limits.memory_max;
  }
  WARPSCORE_HD void operator()(std::uint32_t) const {
    PassControl& control = *work.control;
    if (control.stopped == 0 && !all_fit()) control.stopped = 1;
    control.go = control.stopped == 0 ? 1 : 0;
  }
};

// All of the above for a small batch, by one team: a sort of the whole device costs the same for
// any small size, and every kernel its launch.
struct GroupSmall {
  static constexpr std::uint32_t kThreads = 1024;
  PassWork work;
  PassBatch batch;

  [[nodiscard]] WARPSCORE_HD std::uint32_t size() const { return power_of_two_from(batch.rows); }
  [[nodiscard]] std::size_t shared_bytes() const {
    return std::size_t{size()} * (sizeof(std::uint64_t) + sizeof(std::uint32_t));
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t) const {
    team.leader([&] { OpenBatch{work, batch}(0); });
    auto* const keys = reinterpret_cast<std::uint64_t*>(team.shared_memory());
    auto* const rows = reinterpret_cast<std::uint32_t*>(keys + size());
    const FindKeys find{work, batch};
    const PlanRuns plan{work, batch};
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      team.each(size(), [&](std::uint32_t i) {
        keys[i] = i < batch.rows ? find.slot_of(t, i) : ~0ULL;
        rows[i] = i;
      });
      team_sort(team, size(), keys, rows);
      team.each(batch.rows, [&](std::uint32_t i) {
        work.keys_out[work.place(t, i)] = static_cast<std::uint32_t>(keys[i]);
        work.rows_out[work.place(t, i)] = rows[i];
      });
      team.each(batch.rows, [&](std::uint32_t i) { plan.plan_run(t, i); });
    }
    team.leader([&] { Decide{work, batch}(0); });
  }
};

// ---- runs to answers

// The outputs of a row that has no key in this table, or that was refused.
WARPSCORE_HD inline void answer_keyless(const TablePlan& plan, const PassColumns& columns,
                                        std::uint32_t table, std::uint32_t row, bool answer) {
  for (std::uint32_t i = 0; answer && i < plan.query_count; ++i) {
    columns.outputs[plan.queries[i].output][row] = answer_without_key(plan.queries[i].op);
  }
  if (columns.clocks[table] != nullptr) columns.clocks[table][row] = columns.time_ms[row];
}

struct ApplyShortRuns {  // worker p: the run that begins at sorted place p, if it is a short one
  PassWork work;
  PassBatch batch;
  std::uint32_t table;

  WARPSCORE_HD void operator()(std::uint32_t p) const {
    if (work.control->go == 0) return;
    const TablePlan& plan = work.set.plans[table];
    const std::uint32_t* const slots = work.keys_out + work.place(table, 0);
    const std::uint32_t* const rows = work.rows_out + work.place(table, 0);
    if (slots[p] == kNone) {
      return answer_keyless(plan, batch.columns, table, rows[p], batch.answer);
    }
    if (!PlanRuns::begins(slots, p) || !PlanRuns{work, batch}.is_short(slots, p)) return;
    Shard& shard = work.set.shards[table];
    SlotHead* const slot = slot_at(shard, slots[p]);
    for (std::uint32_t at = p; at < batch.rows && slots[at] == slots[p]; ++at) {
      History history(plan, shard, *slot);
      advance(history, plan, shard, batch.columns, table, rows[at], batch.answer);
    }
  }
};

WARPSCORE_TEAM_CODE
template <class Team>
WARPSCORE_HD void apply_run(Team& team, const PassWork& work, const PassBatch& batch,
                            std::uint32_t table, Run run, const RunScratch& scratch) {
  Shard& shard = work.set.shards[table];
  const std::size_t first = work.place(table, run.first);
  LongRun long_run(work.set.plans[table], shard, batch.columns, table, batch.answer, scratch,
                   *slot_at(shard, work.keys_out[first]), work.rows_out + first);
  long_run.run(team, run.count);
}

struct ApplyLongRuns {  // team n of `teams`: every teams-th long run
  static constexpr std::uint32_t kThreads = 256;
  PassWork work;
  PassBatch batch;
  std::uint32_t table;
  std::uint32_t teams;

  [[nodiscard]] std::size_t shared_bytes() const { return 0; }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    if (work.control->go == 0) return;
    const std::uint32_t count = work.lists[table].count;
    for (std::uint32_t i = number; i < count; i += teams) {
      apply_run(team, work, batch, table, work.run(table, i), work.scratches[number]);
    }
  }
};

struct ApplyHotRuns {  // the whole device, one hot run after another
  static constexpr std::uint32_t kThreads = 256;
  PassWork work;
  PassBatch batch;
  std::uint32_t table;

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team) const {
    if (work.control->go == 0) return;
    const std::uint32_t count = work.lists[table].hot_count;
    for (std::uint32_t i = 0; i < count; ++i) {
      const Run run = work.run(table, work.runs_max - 1 - i);
      apply_run(team, work, batch, table, run, *work.hot_scratch);
    }
  }
};

// ---- after

struct CountMarks {  // worker i: row i
  PassBatch batch;
  std::uint32_t truncated_words;

  WARPSCORE_HD void operator()(std::uint32_t row) const {
    if (batch.columns.late[row] != 0) shared_add(batch.report->late, std::uint64_t{1});
    for (std::uint32_t w = 0; w < truncated_words; ++w) {
      if (batch.columns.truncated[w][row] == 0) continue;
      shared_add(batch.report->truncated, std::uint64_t{1});
      return;
    }
  }
};

struct CloseBatch {  // one worker
  PassWork work;
  PassBatch batch;

  WARPSCORE_HD void operator()(std::uint32_t) const {
    BatchReport& report = *batch.report;
    report.declined = work.control->go == 0 ? 1 : 0;
    report.tables = work.set.tables;
    report.state_bytes = work.set.state_bytes();
    report.pool_used = work.control->pool.used;
    report.keys = 0;
    report.overflows = 0;
    report.program_overflows = *batch.program_overflows;
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      Shard& shard = work.set.shards[t];
      report.keys += shard.keys;
      report.overflows += shard.overflows;
      report.cells[t] = shard.cells;
      report.index[t] = shard.index_mask + 1;
      report.growths[t] = shard.growths;
      recycle(shard);
    }
  }
};

// ---- the index grows

struct BeginGrowth {  // one worker; does nothing where the pool has no room
  PassWork work;
  std::uint32_t table;
  std::uint64_t cells;

  WARPSCORE_HD void operator()(std::uint32_t) const {
    Shard& shard = work.set.shards[table];
    UnitPool& pool = work.control->pool;
    ++shard.growths;
    const std::uint64_t units = cells * sizeof(std::uint64_t) / 64;
    if (units > pool.units - pool.used) return;
    shard.index_old = shard.index;
    shard.index_old_mask = shard.index_mask;
    shard.index = reinterpret_cast<std::uint64_t*>(shard.rings + pool.used * 64);  // fresh: zero
    shard.index_mask = cells - 1;
    shard.cells = 0;
    pool.used += units;
  }
};

struct MoveCells {  // worker i: cell first + i of the old index
  PassWork work;
  std::uint32_t table;
  std::uint64_t first;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    Shard& shard = work.set.shards[table];
    if (shard.index_old != nullptr) move_cell(shard, first + i);
  }
};

struct EndGrowth {  // one worker
  PassWork work;
  std::uint32_t table;
  WARPSCORE_HD void operator()(std::uint32_t) const { work.set.shards[table].index_old = nullptr; }
};

}  // namespace warpscore
