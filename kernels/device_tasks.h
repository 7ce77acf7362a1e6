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
#include "kernels/label.h"
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

struct OpenBatch {  // one team
  static constexpr std::uint32_t kThreads = 256;
  PassWork work;
  PassBatch batch;

  [[nodiscard]] std::size_t shared_bytes() const { return 0; }

  // The host grows an index in time; where the pool is spent it could not.
  WARPSCORE_HD void open_table(std::uint32_t t) const {
    const Shard& shard = work.set.shards[t];
    work.lists[t] = RunList{};
    if ((shard.cells + batch.rows) * 8 > (shard.index_mask + 1) * 7) {
      shared_or(work.control->stopped, 1U);
    }
    const std::uint32_t free = can_take(shard.free[0]);
    if (batch.rows <= free) return;
    shared_add(work.control->wanted_units, std::uint64_t{batch.rows - free} * units_of_slot(shard));
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t) const {
    PassControl& control = *work.control;
    team.each(work.set.tables * kFreeLists, [&](std::uint32_t i) { recycle(work.free_lists[i]); });
    team.leader([&] {
      *batch.report = BatchReport{};
      control.wanted_units = 0;
    });
    team.each(work.set.tables, [&](std::uint32_t t) { open_table(t); });
    team.leader([&] {
      if (control.wanted_units > control.pool.units - control.pool.used) control.stopped = 1;
    });
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
  // Most runs are of one row: the first look tells, and of r rows some 2 log r do.
  WARPSCORE_HD static std::uint32_t length(const std::uint32_t* slots, std::uint32_t p,
                                           std::uint32_t rows) {
    std::uint32_t same = p;  // slots[same] is the run's, those from `other` on are not
    std::uint32_t other = p + 1;
    for (std::uint32_t step = 1; other < rows && slots[other] == slots[p]; step *= 2) {
      same = other;
      other = rows - other > step ? other + step : rows;
    }
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
      // Row by row a key has a ring of each class on the way.
      std::uint8_t c = slot.has_ring ? static_cast<std::uint8_t>(slot.size_class + 1) : kFirstClass;
      for (; c <= size_class; ++c) shared_add(list.rings[c], 1U);
      bytes += 64 * ring_units(plan, size_class);
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

struct Decide {  // one team
  static constexpr std::uint32_t kThreads = 256;
  PassWork work;
  PassBatch batch;

  [[nodiscard]] std::size_t shared_bytes() const { return 0; }

  // Does every row fit, whatever comes before it in the batch? A bound: who does not, may.
  WARPSCORE_HD void add_rings(std::uint32_t table, std::uint32_t size_class) const {
    const std::uint32_t wanted = work.lists[table].rings[size_class];
    const std::uint32_t free = can_take(work.set.shards[table].free[1 + size_class]);
    if (wanted <= free) return;
    shared_add(
        work.control->wanted_units,
        (wanted - free) * ring_units(work.set.plans[table], static_cast<std::uint8_t>(size_class)));
  }
  WARPSCORE_HD void add_bytes(std::uint32_t table) const {
    const TablePlan& plan = work.set.plans[table];
    const Shard& shard = work.set.shards[table];
    const RunList& list = work.lists[table];
    shared_add(work.control->wanted_bytes, shard.state_bytes + list.bytes + list.bytes_top +
                                               shard.slot_bytes +
                                               64 * ring_units(plan, kFirstClass));
    if (work.limits.keys_max == 0 || plan.clock != kNone) return;
    if (shard.keys + list.new_keys > work.limits.keys_max) shared_or(work.control->stopped, 1U);
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t) const {
    PassControl& control = *work.control;
    team.leader([&] {
      control.wanted_units = 0;
      control.wanted_bytes = 0;
    });
    team.each(work.set.tables * kSizeClasses,
              [&](std::uint32_t i) { add_rings(i / kSizeClasses, i % kSizeClasses); });
    team.each(work.set.tables, [&](std::uint32_t t) { add_bytes(t); });
    team.leader([&] {
      const std::uint64_t memory_max = work.limits.memory_max;
      if (control.wanted_units > control.pool.units - control.pool.used) control.stopped = 1;
      if (memory_max != 0 && control.wanted_bytes > memory_max) control.stopped = 1;
      control.go = control.stopped == 0 ? 1 : 0;
    });
  }
};

// All of the above for a small batch, by one team: a sort of the whole device costs the same for
// any small size, and every kernel its launch.
struct GroupSmall {
  static constexpr std::uint32_t kThreads = 1024;
  PassWork work;
  PassBatch batch;

  [[nodiscard]] WARPSCORE_HD std::uint32_t size() const { return power_of_two_from(batch.rows); }
  [[nodiscard]] std::size_t shared_bytes() const { return sort_bytes(size()); }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    OpenBatch{work, batch}(team, number);
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
    Decide{work, batch}(team, number);
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
                            std::uint32_t table, Run run, const RunScratch& scratch,
                            const SortMemory& sort) {
  Shard& shard = work.set.shards[table];
  const std::size_t first = work.place(table, run.first);
  LongRun long_run(work.set.plans[table], shard, batch.columns, table, batch.answer, scratch, sort,
                   *slot_at(shard, work.keys_out[first]), work.rows_out + first);
  long_run.run(team, run.count);
}

struct ApplyLongRuns {  // team n of `teams`: every teams-th long run
  static constexpr std::uint32_t kThreads = 256;
  PassWork work;
  PassBatch batch;
  std::uint32_t table;
  std::uint32_t teams;
  std::uint32_t
      sort_size;  // what a team sorts at most lies in its shared memory; 0: in its scratch

  [[nodiscard]] std::size_t shared_bytes() const { return sort_bytes(sort_size); }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    if (work.control->go == 0) return;
    const std::uint32_t count = work.lists[table].count;
    const RunScratch& scratch = work.scratches[number];
    SortMemory sort = scratch.sort;
    if (sort_size != 0) {
      sort.keys = reinterpret_cast<std::uint64_t*>(team.shared_memory());
      sort.rows = reinterpret_cast<std::uint32_t*>(sort.keys + sort_size);
    }
    for (std::uint32_t i = number; i < count; i += teams) {
      apply_run(team, work, batch, table, work.run(table, i), scratch, sort);
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
      apply_run(team, work, batch, table, run, *work.hot_scratch, work.hot_scratch->sort);
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

struct CloseBatch {  // one team
  static constexpr std::uint32_t kThreads = 64;
  PassWork work;
  PassBatch batch;

  [[nodiscard]] std::size_t shared_bytes() const { return 0; }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t) const {
    BatchReport& report = *batch.report;
    team.leader([&] {
      report.declined = work.control->go == 0 ? 1 : 0;
      report.tables = work.set.tables;
      report.pool_used = work.control->pool.used;
      report.program_overflows = *batch.program_overflows;
      report.state_bytes = 0;  // a batch that was declined is closed twice
      report.keys = 0;
      report.overflows = 0;
    });
    team.each(work.set.tables, [&](std::uint32_t t) {
      const Shard& shard = work.set.shards[t];
      shared_add(report.state_bytes, shard.state_bytes);
      shared_add(report.keys, shard.keys);
      shared_add(report.overflows, shard.overflows);
      report.cells[t] = shard.cells;
      report.index[t] = shard.index_mask + 1;
      report.growths[t] = shard.growths;
    });
  }
};

}  // namespace warpscore
