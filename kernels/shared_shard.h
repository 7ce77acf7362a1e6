// A shard that all workers of a device drive at once: find or insert, and memory for slots, rings.
//
// Index    a worker that inserts locks the free cell it came to, fills the slot, then publishes the
//          entry; who meets a locked cell with its own tag waits. Nothing is taken out while keys
//          are inserted, so that every probe ends at the same cell for everyone.
// Growth   a larger index is filled from the old one some cells per batch (move_cells); until that
//          is done both are looked up, and new keys go to the new one. No batch waits for more.
// Memory   slots and rings come from the free lists, then from the pool. What is given back can be
//          taken again once no kernel runs (recycle), so that nobody takes from a list while
//          another gives to it.
// Errors   there is room: who queues the work has seen to it (OpenBatch, Decide, fits()).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/shard.h"

namespace warpscore {

inline constexpr std::uint32_t kLockedSlot = 0xffffffff;  // lower half of a cell being filled

// What was given back of one kind: one side is taken from while the other is given to. Each side is
// many lists, for all workers at one word would wait for each other: entry number i of a side is in
// list i % kFreeHeads, so that who takes the i-th finds one there.
inline constexpr std::uint32_t kFreeHeads = 256;
inline constexpr std::uint32_t kFreeLists = 1 + kSizeClasses;  // of a shard: slots, rings by class

struct FreeList {
  std::uint32_t first[2][kFreeHeads] = {};  // an entry's number, counted from 1; 0: none
  std::int32_t count[2] = {};
  std::uint32_t turn = 0;  // the side that is taken from
};

WARPSCORE_HD inline std::uint32_t can_take(const FreeList& list) {
  const std::int32_t count = shared_load(list.count[list.turn]);
  return count < 0 ? 0 : static_cast<std::uint32_t>(count);
}

// 0: there is none. `link(n)` is the word of entry n that names the next.
template <class Link>
WARPSCORE_HD inline std::uint32_t take(FreeList& list, const Link& link) {
  if (can_take(list) == 0) return 0;
  std::int32_t& count = list.count[list.turn];
  const std::int32_t left = shared_add(count, -1) - 1;
  if (left < 0) {
    shared_add(count, 1);
    return 0;
  }
  // No entry comes back to this side meanwhile, so a head that is the same is the same list.
  std::uint32_t& head = list.first[list.turn][static_cast<std::uint32_t>(left) % kFreeHeads];
  std::uint32_t entry = load_acquire(head);
  while (!compare_and_swap(head, entry, shared_load(link(entry)))) {
  }
  return entry;
}
template <class Link>
WARPSCORE_HD inline void give_back(FreeList& list, std::uint32_t entry, const Link& link) {
  const std::uint32_t side = 1 - list.turn;
  const auto number = static_cast<std::uint32_t>(shared_add(list.count[side], 1));
  link(entry) = shared_exchange(list.first[side][number % kFreeHeads], entry);
}
// Nobody else at work: from here on the side that has more is taken from.
WARPSCORE_HD inline void recycle(FreeList& list) {
  if (list.count[1 - list.turn] > list.count[list.turn]) list.turn = 1 - list.turn;
}

struct RingLink {  // the first word of a ring's memory
  std::byte* rings;
  WARPSCORE_HD std::uint32_t& operator()(std::uint32_t entry) const {
    return *reinterpret_cast<std::uint32_t*>(rings + std::size_t{entry - 1} * 64);
  }
};
struct SlotLink {  // SlotHead::ring of the free slot
  const Shard* shard;
  WARPSCORE_HD std::uint32_t& operator()(std::uint32_t entry) const {
    return slot_at(*shard, entry - 1)->ring;
  }
};

WARPSCORE_HD inline std::uint32_t units_of_slot(const Shard& shard) {
  return shard.slot_bytes / 64;
}

WARPSCORE_HD inline std::uint32_t take_units(Shard& shard, std::uint64_t units) {
  return static_cast<std::uint32_t>(shared_add(shard.pool->used, units));
}

WARPSCORE_HD inline std::uint32_t take_slot(Shard& shard) {
  const std::uint32_t free = take(shard.free[0], SlotLink{&shard});
  return free != 0 ? free - 1 : take_units(shard, units_of_slot(shard));
}

// The entry of a cell once nobody holds its lock.
WARPSCORE_HD inline std::uint64_t settled(const std::uint64_t& cell) {
  std::uint64_t entry = load_acquire(cell);
  while (static_cast<std::uint32_t>(entry) == kLockedSlot) entry = load_acquire(cell);
  return entry;
}

// The slot of this key, made if there is none. Any number of workers at once, of one key too.
WARPSCORE_HD inline std::uint32_t find_or_insert(Shard& shard, const TablePlan& plan,
                                                 const Key& key, std::uint64_t hash) {
  if (shard.index_old != nullptr) {
    const SlotHead* const slot = find_in(shard, shard.index_old, shard.index_old_mask, key, hash);
    if (slot != nullptr) return number_of(shard, *slot);
  }
  for (std::uint64_t at = hash & shard.index_mask;; at = (at + 1) & shard.index_mask) {
    std::uint64_t& cell = shard.index[at];
    std::uint64_t entry = load_acquire(cell);
    if (entry == 0 && compare_and_swap(cell, entry, tag_of(hash) | kLockedSlot)) {
      const std::uint32_t number = take_slot(shard);
      start_slot(*slot_at(shard, number), plan, key);
      shared_add(shard.cells, std::uint64_t{1});
      store_release(cell, tag_of(hash) | (number + 1));
      return number;
    }
    if (tag_of(entry) != tag_of(hash)) continue;
    entry = settled(cell);
    const std::uint32_t number = static_cast<std::uint32_t>(entry) - 1;
    if (slot_at(shard, number)->key == key) return number;
  }
}

// Moves one cell of the old index to the new one. Cells in any order, but no insertion meanwhile.
WARPSCORE_HD inline void move_cell(Shard& shard, std::uint64_t at) {
  const std::uint64_t entry = shard.index_old[at];
  if (entry == 0) return;
  const SlotHead* const slot = slot_at(shard, static_cast<std::uint32_t>(entry) - 1);
  const std::uint64_t hash = hash_of(slot->key);
  for (std::uint64_t to = hash & shard.index_mask;; to = (to + 1) & shard.index_mask) {
    std::uint64_t expected = 0;
    if (!compare_and_swap(shard.index[to], expected, entry)) continue;
    shared_add(shard.cells, std::uint64_t{1});
    return;
  }
}

// ---- a sweep: evict_cell for every cell, then mark_gap for every cell, then close_gaps. One
// worker per cell, nobody else at work.

inline constexpr std::uint64_t kEvictedCell = 0xfffffffe;  // held a key that is gone
inline constexpr std::uint64_t kBeforeCells = 0xfffffffd;  // free, but the next cell is not

// Takes a key out whose newest time is before `oldest` (or that never had a transaction).
template <class FreeRing>
WARPSCORE_HD inline bool evict_cell(Shard& shard, std::uint64_t& cell, std::int64_t oldest,
                                    const FreeRing& free_ring) {
  if (cell == 0) return false;
  const std::uint32_t number = static_cast<std::uint32_t>(cell) - 1;
  SlotHead* const slot = slot_at(shard, number);
  if (slot->sequence != 0 && slot->newest >= oldest) return false;
  if (slot->sequence != 0) {
    shared_add(shard.keys, ~std::uint64_t{0});
    shared_add(shard.state_bytes, 0 - std::uint64_t{shard.slot_bytes});
  }
  free_ring(*slot);
  give_back(shard.free[0], number + 1, SlotLink{&shard});
  shared_add(shard.cells, ~std::uint64_t{0});
  cell = kEvictedCell;
  return true;
}

WARPSCORE_HD inline bool is_free(std::uint64_t entry) {
  return entry == 0 || entry == kBeforeCells;
}

WARPSCORE_HD inline void mark_gap(Shard& shard, std::uint64_t at) {
  if (shard.index[at] != 0) return;
  if (is_free(shared_load(shard.index[(at + 1) & shard.index_mask]))) return;
  store_release(shard.index[at], kBeforeCells);
}

// The cells from a free one to the next, filled anew from the front. An entry moves towards the
// cell where its probe begins, which lies among them; so they are nobody else's.
WARPSCORE_HD inline void close_gaps(Shard& shard, std::uint64_t before) {
  if (shared_load(shard.index[before]) != kBeforeCells) return;
  const std::uint64_t mask = shard.index_mask;
  for (std::uint64_t at = (before + 1) & mask;; at = (at + 1) & mask) {
    const std::uint64_t entry = shared_load(shard.index[at]);
    if (is_free(entry)) break;
    shard.index[at] = 0;
    if (entry == kEvictedCell) continue;
    std::uint64_t to = hash_of(slot_at(shard, static_cast<std::uint32_t>(entry) - 1)->key) & mask;
    while (shard.index[to] != 0) to = (to + 1) & mask;
    shard.index[to] = entry;
  }
  store_release(shard.index[before], std::uint64_t{0});
}

}  // namespace warpscore
