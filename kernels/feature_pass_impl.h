// The feature pass as one template over a Thrust policy; included by feature_pass_*.{cpp,cu} only.
#pragma once

#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>

#include <cstdint>

#include "kernels/advance.h"
#include "kernels/feature_pass.h"

namespace warpscore {

// Applies some rows, in the order given, to one shard (or, alone, to all shards of a table).
struct ApplyRows {
  const TablePlan* plan;
  Shard* shards;  // of the table
  PassColumns columns;
  std::uint32_t table;
  const std::uint64_t* hashes;  // by row - first
  std::uint32_t first;
  bool answer;

  WARPSCORE_HD void prefetch_index(std::uint32_t row) const {
    const std::uint64_t hash = hashes[row - first];
    const Shard& shard = shards[shard_of(hash)];
    WARPSCORE_PREFETCH(shard.index + (hash & shard.index_mask));
  }
  WARPSCORE_HD SlotHead* prefetch_slot(std::uint32_t row) const {
    const std::uint64_t hash = hashes[row - first];
    const Shard& shard = shards[shard_of(hash)];
    SlotHead* const slot = guess_slot(shard, hash);
    if (slot == nullptr) return nullptr;
    for (std::uint32_t line = 0; line < shard.slot_bytes; line += 64) {
      WARPSCORE_PREFETCH(reinterpret_cast<std::byte*>(slot) + line);
    }
    return slot;
  }
  // The rows that appending and the edges will touch: where they were last time.
  WARPSCORE_HD void prefetch_rows(std::uint32_t row, SlotHead* slot) const {
    if (slot == nullptr || !slot->has_ring) return;
    const History history(*plan, shards[shard_of(hashes[row - first])], *slot);
    WARPSCORE_PREFETCH(history.row(slot->end));
    WARPSCORE_PREFETCH(history.row(slot->end) + plan->row_words - 1);
    WARPSCORE_PREFETCH(history.row(slot->head));
    for (std::uint32_t i = 0; i < plan->edge_count; ++i) {
      const std::uint64_t hint = history.word(plan->hints + i);
      WARPSCORE_PREFETCH(history.row(hint) + plan->row_words - 1);
      WARPSCORE_PREFETCH(history.row(hint - 1));
    }
  }

  WARPSCORE_HD void without_key(std::uint32_t row) const {
    for (std::uint32_t i = 0; answer && i < plan->query_count; ++i) {
      columns.outputs[plan->queries[i].output][row] = answer_without_key(plan->queries[i].op);
    }
    if (columns.clocks[table] != nullptr) columns.clocks[table][row] = columns.time_ms[row];
  }

  // `guess`: the slot found ahead, or nullptr; another key may have the same tag.
  WARPSCORE_HD void apply(std::uint32_t row, SlotHead* guess) const {
    if (columns.refused != nullptr && columns.refused[row] != 0) return without_key(row);
    const Key& key = columns.keys[plan->key][row];
    if (key.empty()) return without_key(row);
    const std::uint64_t hash = hashes[row - first];
    Shard& shard = shards[shard_of(hash)];
    SlotHead* slot = guess;
    if (slot == nullptr || !(slot->key == key)) slot = find_slot(shard, key, hash);
    if (slot == nullptr) slot = insert_slot(shard, *plan, key, hash);
    History history(*plan, shard, *slot);
    advance(history, *plan, shard, columns, table, row, answer);
  }

  // Three steps ahead of each other, so that the misses of several keys overlap; the distances were
  // tuned with bench/micro/feature_pass_bench.
  template <class RowAt>
  WARPSCORE_HD void run(const RowAt& row_at, std::uint32_t count) const {
    constexpr std::uint32_t kIndexAhead = 32;
    constexpr std::uint32_t kSlotAhead = 20;
    constexpr std::uint32_t kRowsAhead = 10;
    constexpr std::uint32_t kKept = 32;  // a power of two above kSlotAhead
    SlotHead* guesses[kKept] = {};
    for (std::uint32_t i = 0; i < kIndexAhead && i < count; ++i) prefetch_index(row_at(i));
    for (std::uint32_t i = 0; i < kSlotAhead && i < count; ++i) {
      guesses[i % kKept] = prefetch_slot(row_at(i));
    }
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i + kIndexAhead < count) prefetch_index(row_at(i + kIndexAhead));
      if (i + kSlotAhead < count) {
        guesses[(i + kSlotAhead) % kKept] = prefetch_slot(row_at(i + kSlotAhead));
      }
      if (i + kRowsAhead < count) {
        prefetch_rows(row_at(i + kRowsAhead), guesses[(i + kRowsAhead) % kKept]);
      }
      apply(row_at(i), guesses[i % kKept]);
    }
  }
};

// One worker: all rows in the order of the batch, no grouping.
struct InOrder {
  std::uint32_t first;
  WARPSCORE_HD std::uint32_t operator()(std::uint32_t i) const { return first + i; }
};

struct Grouped {
  const std::uint32_t* rows;
  WARPSCORE_HD std::uint32_t operator()(std::uint32_t i) const { return rows[i]; }
};

struct ApplyShard {
  ApplyRows task;
  const std::uint32_t* rows;
  const std::uint32_t* starts;  // [kShards + 1]
  WARPSCORE_HD void operator()(std::uint32_t shard) const {
    task.run(Grouped{rows + starts[shard]}, starts[shard + 1] - starts[shard]);
  }
};

// Row numbers by shard, each shard's in the order of the batch.
inline void group_by_shard(ShardOrder& order, std::uint32_t first, std::uint32_t count,
                           std::uint32_t (&starts)[kShards + 1]) {
  for (std::uint32_t& start : starts) start = 0;
  for (std::uint32_t i = 0; i < count; ++i) ++starts[shard_of(order.hashes[i]) + 1];
  for (std::uint32_t s = 0; s < kShards; ++s) starts[s + 1] += starts[s];
  std::uint32_t next[kShards];
  for (std::uint32_t s = 0; s < kShards; ++s) next[s] = starts[s];
  for (std::uint32_t i = 0; i < count; ++i) {
    order.rows[next[shard_of(order.hashes[i])]++] = first + i;
  }
}

// Tables one after another: a child table needs the clock of its parent, which comes before it.
template <class Policy>
void feature_pass(const Policy& policy, KeyTables& tables, const PassColumns& columns,
                  std::uint32_t first, std::uint32_t count, PassMode mode, std::uint32_t workers,
                  ShardOrder& order) {
  for (std::uint32_t table = 0; table < tables.size(); ++table) {
    const TablePlan& plan = tables.plan(table);
    const Key* const keys = columns.keys[plan.key];
    for (std::uint32_t i = 0; i < count; ++i) order.hashes[i] = hash_of(keys[first + i]);
    const ApplyRows task{
        &plan, tables.shards() + table * kShards, columns, table, order.hashes.get(),
        first, mode == PassMode::kAnswer};
    if (workers == 1 || count == 1) {
      task.run(InOrder{first}, count);
      continue;
    }
    std::uint32_t starts[kShards + 1];
    group_by_shard(order, first, count, starts);
    thrust::for_each_n(policy, thrust::counting_iterator<std::uint32_t>(0), kShards,
                       ApplyShard{task, order.rows.get(), starts});
  }
}

}  // namespace warpscore
