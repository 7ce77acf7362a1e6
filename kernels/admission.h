// May one more transaction be applied, under the limits of design S6? The rule, for host and
// device.
//
// Units    bytes as state is charged for them (SlotHead::charged_class); of a device's pool also
//          the units that are really taken.
// Thread   one worker, and nobody applies meanwhile.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/history.h"
#include "kernels/pass_columns.h"
#include "kernels/shard.h"

namespace warpscore {

struct StateLimits {           // 0: none
  std::uint64_t keys_max = 0;  // of each table that is no child
  std::uint64_t memory_max = 0;
};

// The tables of an engine, as plain data; [tables * shards_each] shards, table-major.
struct TableSet {
  const TablePlan* plans = nullptr;
  Shard* shards = nullptr;
  std::uint32_t tables = 0;
  std::uint32_t shards_each = kShards;

  [[nodiscard]] WARPSCORE_HD Shard& shard(std::uint32_t table, std::uint64_t hash) const {
    return shards[table * shards_each + (shards_each == 1 ? 0 : shard_of(hash))];
  }
  [[nodiscard]] WARPSCORE_HD std::uint64_t keys(std::uint32_t table) const {
    std::uint64_t keys = 0;
    for (std::uint32_t s = 0; s < shards_each; ++s) keys += shards[table * shards_each + s].keys;
    return keys;
  }
  [[nodiscard]] WARPSCORE_HD std::uint64_t state_bytes() const {
    std::uint64_t bytes = 0;
    for (std::uint32_t s = 0; s < tables * shards_each; ++s) bytes += shards[s].state_bytes;
    return bytes;
  }
};

// Bytes that applying one transaction to a key would add: a slot if it is new, what a larger ring
// has more if its own is full. `slot`: nullptr if there is none.
WARPSCORE_HD inline std::uint64_t bytes_wanted(const TablePlan& plan, const Shard& shard,
                                               const SlotHead* slot) {
  const std::uint64_t first_ring = plan.keeps_rows ? 64 * ring_units(plan, kFirstClass) : 0;
  if (slot == nullptr || slot->sequence == 0) return shard.slot_bytes + first_ring;
  if (!slot->has_ring) return first_ring;
  if ((slot->end - slot->head) >> slot->charged_class == 0) return 0;
  const auto next = static_cast<std::uint8_t>(slot->charged_class + 1);
  return 64 * (ring_units(plan, next) - ring_units(plan, slot->charged_class));
}

// Units of a device's pool that it would take, where the free lists have none.
WARPSCORE_HD inline std::uint64_t units_wanted(const TablePlan& plan, const Shard& shard,
                                               const SlotHead* slot) {
  std::uint64_t units = 0;
  if (slot == nullptr && can_take(shard.free[0]) == 0) units += units_of_slot(shard);
  if (!plan.keeps_rows) return units;
  std::uint8_t size_class = kFirstClass;
  if (slot != nullptr && slot->has_ring) {
    if ((slot->end - slot->head) >> slot->size_class == 0) return units;
    size_class = static_cast<std::uint8_t>(slot->size_class + 1);
  }
  if (can_take(shard.free[1 + size_class]) == 0) units += ring_units(plan, size_class);
  return units;
}

// A device's index fills up to 7/8 where there is no memory for a larger one.
WARPSCORE_HD inline bool has_cell(const Shard& shard) {
  return (shard.cells + 1) * 8 <= (shard.index_mask + 1) * 7;
}

WARPSCORE_HD inline bool fits(const TableSet& set, const StateLimits& limits,
                              const PassColumns& columns, std::uint32_t row) {
  std::uint64_t bytes = limits.memory_max == 0 ? 0 : set.state_bytes();
  std::uint64_t units = 0;
  for (std::uint32_t t = 0; t < set.tables; ++t) {
    const TablePlan& plan = set.plans[t];
    const Key& key = columns.keys[plan.key][row];
    if (key.empty()) continue;
    const std::uint64_t hash = hash_of(key);
    const Shard& shard = set.shard(t, hash);
    const SlotHead* const slot = find_slot(shard, key, hash);
    bytes += bytes_wanted(plan, shard, slot);
    if (shard.pool != nullptr) {
      units += units_wanted(plan, shard, slot);
      if (slot == nullptr && !has_cell(shard)) return false;
      if (units > shard.pool->units - shard.pool->used) return false;
    }
    if (limits.keys_max == 0 || plan.clock != kNone) continue;
    const bool is_new = slot == nullptr || slot->sequence == 0;
    if (is_new && set.keys(t) >= limits.keys_max) return false;
  }
  return limits.memory_max == 0 || bytes <= limits.memory_max;
}

}  // namespace warpscore
