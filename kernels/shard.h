// One shard of a key table: its index, its slots and the memory of its histories, as plain data.
//
// Layout   index: open addressing, linear probing, a power of two of 64-bit entries (upper half a
//          tag, lower half slot number + 1; 0 is free), at most 5/8 full. Slots have a fixed size
//          and never move. Histories are rings of a power of two of rows, allocated by size class
//          and reused through free lists.
// Memory   on the host three ranges of reserved addresses that fill from the front; pages come on
//          first touch and are zero, which is what an empty index needs (kernels/key_tables.cpp).
//          On a device one pool of 64-byte units for all tables (kernels/device_tables.h).
// Thread   one worker at a time drives a shard, and shards share nothing; but a device has one
//          shard per table that all its workers drive at once (`pool` is set): see
//          kernels/shared_shard.h.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/key.h"
#include "base/lane.h"
#include "base/shared_word.h"
#include "kernels/table_plan.h"

namespace warpscore {

inline constexpr std::uint32_t kShardBits = 4;
inline constexpr std::uint32_t kShards = 1 << kShardBits;
inline constexpr std::uint32_t kSizeClasses = 32;  // log2 of a ring's rows

struct SlotHead {
  Key key;                         // empty: the slot is free, and `head` is the next free one
  std::int64_t newest = kMissing;  // T
  std::uint64_t head = 0;          // rows [head, end) are held, in time order
  std::uint64_t end = 0;
  std::uint64_t sequence = 0;       // transactions applied
  std::int64_t dropped = kMissing;  // newest time that the history limit took away
  std::uint32_t ring = 0;           // 64-byte units into the shard's ring memory
  std::uint8_t size_class = 0;
  bool has_ring = false;
  bool has_late = false;  // time order and applied order differ somewhere
  // The size class that applying one transaction after the other would have come to: what state is
  // charged for. A device may hold a larger ring for a while (kernels/long_run.h).
  std::uint8_t charged_class = 0;
};
static_assert(sizeof(SlotHead) == 64);

struct FreeList;  // kernels/shared_shard.h

// The memory of a device's tables: units of 64 bytes, handed out from the front.
struct UnitPool {
  std::uint64_t used = 0;
  std::uint64_t units = 0;
};

struct Shard {
  std::uint64_t* index = nullptr;
  std::uint64_t index_mask = 0;
  std::uint64_t* index_next = nullptr;  // free memory for the next, larger index
  std::byte* slots = nullptr;
  std::uint32_t slot_bytes = 0;
  std::uint32_t slot_stride = 0;  // from a slot number to the next: slot_bytes; with a pool 64
  std::uint32_t slots_used = 0;   // slots ever handed out
  std::uint32_t slot_free = 0;    // first free slot + 1, 0: none
  std::uint64_t keys = 0;         // that have had a transaction
  std::byte* rings = nullptr;
  std::uint64_t rings_used = 0;                // 64-byte units
  std::uint32_t ring_free[kSizeClasses] = {};  // first free ring + 1 of each class
  std::uint64_t state_bytes = 0;  // of slots and rings in use: a function of the applied order

  std::uint64_t overflows = 0;

  // Of a device's shard only (kernels/shared_shard.h).
  UnitPool* pool = nullptr;
  std::uint64_t* index_old = nullptr;  // being moved over, cell by cell; nullptr: nothing is
  std::uint64_t index_old_mask = 0;
  std::uint64_t cells = 0;    // of the index that are taken
  std::uint64_t growths = 0;  // that the host has asked for
  FreeList* free = nullptr;   // [kFreeLists]
};

WARPSCORE_HD inline std::uint64_t hash_of(const Key& key) {
  return mix64(key.low ^ mix64(key.high + 0x9e3779b97f4a7c15ULL));
}
WARPSCORE_HD inline std::uint32_t shard_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> (64 - kShardBits));
}

WARPSCORE_HD inline SlotHead* slot_at(const Shard& shard, std::uint32_t number) {
  return reinterpret_cast<SlotHead*>(shard.slots +
                                     static_cast<std::size_t>(number) * shard.slot_stride);
}
WARPSCORE_HD inline std::uint32_t number_of(const Shard& shard, const SlotHead& slot) {
  return static_cast<std::uint32_t>(
      static_cast<std::size_t>(reinterpret_cast<const std::byte*>(&slot) - shard.slots) /
      shard.slot_stride);
}

// A slot's head and words, made up to whole lines.
inline std::uint32_t slot_bytes_of(const TablePlan& plan) {
  return static_cast<std::uint32_t>((sizeof(SlotHead) + 8 * plan.slot_words + 63) / 64 * 64);
}

// Counts on a shard's words; other workers may do so at once.
WARPSCORE_HD inline void count_on(const Shard& shard, std::uint64_t& word, std::uint64_t amount) {
  if (shard.pool != nullptr) {
    shared_add(word, amount);
  } else {
    word += amount;
  }
}

WARPSCORE_HD inline std::uint64_t tag_of(std::uint64_t hash) { return hash & ~0xffffffffULL; }

WARPSCORE_HD inline SlotHead* find_in(const Shard& shard, const std::uint64_t* index,
                                      std::uint64_t mask, const Key& key, std::uint64_t hash) {
  for (std::uint64_t at = hash & mask;; at = (at + 1) & mask) {
    const std::uint64_t entry = index[at];
    if (entry == 0) return nullptr;
    if (tag_of(entry) != tag_of(hash)) continue;
    SlotHead* const slot = slot_at(shard, static_cast<std::uint32_t>(entry) - 1);
    if (slot->key == key) return slot;
  }
}

WARPSCORE_HD inline SlotHead* find_slot(const Shard& shard, const Key& key, std::uint64_t hash) {
  SlotHead* const slot = find_in(shard, shard.index, shard.index_mask, key, hash);
  if (slot != nullptr || shard.index_old == nullptr) return slot;
  return find_in(shard, shard.index_old, shard.index_old_mask, key, hash);
}

// The slot that find_slot would look at first, by its tag alone: to fetch it ahead of its use.
WARPSCORE_HD inline SlotHead* guess_slot(const Shard& shard, std::uint64_t hash) {
  for (std::uint64_t at = hash & shard.index_mask;; at = (at + 1) & shard.index_mask) {
    const std::uint64_t entry = shard.index[at];
    if (entry == 0) return nullptr;
    if (tag_of(entry) == tag_of(hash)) {
      return slot_at(shard, static_cast<std::uint32_t>(entry) - 1);
    }
  }
}

WARPSCORE_HD inline void index_put(Shard& shard, std::uint64_t hash, std::uint32_t number) {
  std::uint64_t at = hash & shard.index_mask;
  while (shard.index[at] != 0) at = (at + 1) & shard.index_mask;
  shard.index[at] = tag_of(hash) | (number + 1);
}

// Twice the index, in fresh memory: the old one is given up, which costs as much again in all.
WARPSCORE_HD inline void grow_index(Shard& shard) {
  const std::uint64_t size = (shard.index_mask + 1) * 2;
  shard.index = shard.index_next;
  shard.index_next += size;
  shard.index_mask = size - 1;
  for (std::uint32_t number = 0; number < shard.slots_used; ++number) {
    const SlotHead* const slot = slot_at(shard, number);
    if (!slot->key.empty()) index_put(shard, hash_of(slot->key), number);
  }
}

// An empty slot for this key. It counts as a key from its first transaction (kernels/advance.h).
WARPSCORE_HD inline void start_slot(SlotHead& slot, const TablePlan& plan, const Key& key) {
  slot = SlotHead{};
  slot.key = key;
  auto* const words = reinterpret_cast<std::uint64_t*>(&slot + 1);
  for (std::uint32_t i = 0; i < plan.slot_words; ++i) words[i] = 0;
  for (std::uint32_t i = 0; i < plan.last_count; ++i) {
    words[plan.lasts[i].time_word] = static_cast<std::uint64_t>(kMissing);
  }
}

WARPSCORE_HD inline SlotHead* insert_slot(Shard& shard, const TablePlan& plan, const Key& key,
                                          std::uint64_t hash) {
  if ((shard.keys + 1) * 8 > (shard.index_mask + 1) * 5) grow_index(shard);
  std::uint32_t number = shard.slots_used;
  if (shard.slot_free != 0) {
    number = shard.slot_free - 1;
    shard.slot_free = static_cast<std::uint32_t>(slot_at(shard, number)->head);
  } else {
    ++shard.slots_used;
  }
  SlotHead* const slot = slot_at(shard, number);
  start_slot(*slot, plan, key);
  index_put(shard, hash, number);
  return slot;
}

}  // namespace warpscore
