// A shard that all workers of a device drive at once: find or insert, and memory for slots, rings.
//
// Index    a worker that inserts locks the free cell it came to, fills the slot, then publishes the
//          entry; who meets a locked cell with its own tag waits. Nothing is taken out while keys
//          are inserted, so that every probe ends at the same cell for everyone.
// Growth   a larger index is filled from the old one some cells per batch (move_cells); until that
//          is done both are looked up, and new keys go to the new one. No batch waits for more.
// Memory   slots and rings come from the free lists, then from the pool. What is given back waits
// in
//          lists of its own until no kernel runs (recycle): so a list is only taken from, or only
//          given to, and a plain stack by compare-and-swap is safe (no ABA).
// Errors   there is room: who queues the work has seen to it (kernels/device_pass_impl.h).
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/shard.h"

namespace warpscore {

inline constexpr std::uint32_t kLockedSlot = 0xffffffff;  // lower half of a cell being filled

// Takes the first of a list that nobody gives to meanwhile; 0: empty. `link(n)` is the word of
// entry n (counted from 1) that names the next.
template <class Link>
WARPSCORE_HD inline std::uint32_t take_first(std::uint32_t& first, const Link& link) {
  std::uint32_t seen = load_acquire(first);
  while (seen != 0) {
    const std::uint32_t next = shared_load(link(seen));
    if (compare_and_swap(first, seen, next)) return seen;
  }
  return 0;
}
// Gives to a list that nobody takes from meanwhile.
template <class Link>
WARPSCORE_HD inline void give_back(std::uint32_t& first, std::uint32_t entry, const Link& link) {
  std::uint32_t seen = shared_load(first);
  do {
    link(entry) = seen;
  } while (!compare_and_swap(first, seen, entry));
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
  const std::uint32_t free = take_first(shard.slot_free, SlotLink{&shard});
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
    if (tag_of(entry) != tag_of(hash) || entry == kTombstone) continue;
    entry = settled(cell);
    const std::uint32_t number = static_cast<std::uint32_t>(entry) - 1;
    if (slot_at(shard, number)->key == key) return number;
  }
}

// Moves one cell of the old index to the new one. Cells in any order, but no insertion meanwhile.
WARPSCORE_HD inline void move_cell(Shard& shard, std::uint64_t at) {
  const std::uint64_t entry = shard.index_old[at];
  if (entry == 0 || entry == kTombstone) return;
  const SlotHead* const slot = slot_at(shard, static_cast<std::uint32_t>(entry) - 1);
  const std::uint64_t hash = hash_of(slot->key);
  for (std::uint64_t to = hash & shard.index_mask;; to = (to + 1) & shard.index_mask) {
    std::uint64_t expected = 0;
    if (!compare_and_swap(shard.index[to], expected, entry)) continue;
    shared_add(shard.cells, std::uint64_t{1});
    return;
  }
}

// Between batches: what was given back can be taken again, where all that was free is used up.
WARPSCORE_HD inline void recycle(Shard& shard) {
  if (shard.slot_free == 0) {
    shard.slot_free = shard.slot_returned;
    shard.slot_returned = 0;
  }
  for (std::uint32_t c = 0; c < kSizeClasses; ++c) {
    if (shard.ring_free[c] != 0) continue;
    shard.ring_free[c] = shard.ring_returned[c];
    shard.ring_returned[c] = 0;
  }
}

// Takes a key out whose newest time is before `oldest` (or that never had a transaction). One
// worker per cell of `index`, nobody else at work. true: a key that counted has gone.
template <class FreeRing>
WARPSCORE_HD inline bool evict_cell(Shard& shard, std::uint64_t& cell, std::int64_t oldest,
                                    const FreeRing& free_ring) {
  if (cell == 0 || cell == kTombstone) return false;
  const std::uint32_t number = static_cast<std::uint32_t>(cell) - 1;
  SlotHead* const slot = slot_at(shard, number);
  if (slot->sequence != 0 && slot->newest >= oldest) return false;
  const bool counted = slot->sequence != 0;
  free_ring(*slot);
  if (counted) {
    shared_add(shard.keys, ~std::uint64_t{0});
    shared_add(shard.state_bytes, 0 - std::uint64_t{shard.slot_bytes});
  }
  give_back(shard.slot_returned, number + 1, SlotLink{&shard});
  cell = kTombstone;
  return counted;
}

}  // namespace warpscore
