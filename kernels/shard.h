// One shard of a key table: its index, its slots and the memory of its histories, as plain data.
//
// Layout   index: open addressing, linear probing, a power of two of 64-bit entries (upper half a
//          tag, lower half slot number + 1; 0 is free), at most 5/8 full. Slots have a fixed size
//          and never move. Histories are rings of a power of two of rows, allocated by size class
//          and reused through free lists.
// Memory   three ranges of reserved addresses that fill from the front; pages come on first touch
//          and are zero, which is what an empty index needs (kernels/key_tables.cpp).
// Thread   one worker at a time drives a shard; shards share nothing.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/key.h"
#include "base/lane.h"
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
  std::uint8_t padding = 0;
};
static_assert(sizeof(SlotHead) == 64);

struct Shard {
  std::uint64_t* index = nullptr;
  std::uint64_t index_mask = 0;
  std::uint64_t* index_next = nullptr;  // free memory for the next, larger index
  std::byte* slots = nullptr;
  std::uint32_t slot_bytes = 0;
  std::uint32_t slots_used = 0;  // slots ever handed out
  std::uint32_t slot_free = 0;   // first free slot + 1, 0: none
  std::uint64_t keys = 0;
  std::byte* rings = nullptr;
  std::uint64_t rings_used = 0;                // 64-byte units
  std::uint32_t ring_free[kSizeClasses] = {};  // first free ring + 1 of each class
  std::uint64_t state_bytes = 0;  // of slots and rings in use: a function of the applied order

  std::uint64_t overflows = 0;
};

WARPSCORE_HD inline std::uint64_t hash_of(const Key& key) {
  return mix64(key.low ^ mix64(key.high + 0x9e3779b97f4a7c15ULL));
}
WARPSCORE_HD inline std::uint32_t shard_of(std::uint64_t hash) {
  return static_cast<std::uint32_t>(hash >> (64 - kShardBits));
}

WARPSCORE_HD inline SlotHead* slot_at(const Shard& shard, std::uint32_t number) {
  return reinterpret_cast<SlotHead*>(shard.slots +
                                     static_cast<std::size_t>(number) * shard.slot_bytes);
}

WARPSCORE_HD inline std::uint64_t tag_of(std::uint64_t hash) { return hash & ~0xffffffffULL; }

WARPSCORE_HD inline SlotHead* find_slot(const Shard& shard, const Key& key, std::uint64_t hash) {
  for (std::uint64_t at = hash & shard.index_mask;; at = (at + 1) & shard.index_mask) {
    const std::uint64_t entry = shard.index[at];
    if (entry == 0) return nullptr;
    if (tag_of(entry) != tag_of(hash)) continue;
    SlotHead* const slot = slot_at(shard, static_cast<std::uint32_t>(entry) - 1);
    if (slot->key == key) return slot;
  }
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
  *slot = SlotHead{};
  slot->key = key;
  auto* const words = reinterpret_cast<std::uint64_t*>(slot + 1);
  for (std::uint32_t i = 0; i < plan.slot_words; ++i) words[i] = 0;
  for (std::uint32_t i = 0; i < plan.last_count; ++i) {
    words[plan.lasts[i].time_word] = static_cast<std::uint64_t>(kMissing);
  }
  index_put(shard, hash, number);
  ++shard.keys;
  shard.state_bytes += shard.slot_bytes;
  return slot;
}

}  // namespace warpscore
