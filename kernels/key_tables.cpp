#include "kernels/key_tables.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "base/machine.h"
#include "kernels/history.h"

namespace warpscore {
namespace {

constexpr std::uint64_t kFirstIndexEntries = 1024;

}  // namespace

ReservedMemory::ReservedMemory(std::size_t bytes) : bytes_(bytes) {
  void* const start = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (start == MAP_FAILED) {
    throw std::runtime_error("cannot reserve " + std::to_string(bytes >> 30) +
                             " GiB of addresses for key tables: " + std::strerror(errno) +
                             " (vm.overcommit_memory = 2 and ulimit -v forbid it)");
  }
  data_ = static_cast<std::byte*>(start);
}

ReservedMemory::~ReservedMemory() {
  if (data_ != nullptr) munmap(data_, bytes_);
}

ReservedMemory::ReservedMemory(ReservedMemory&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)), bytes_(other.bytes_) {}

KeyTables::KeyTables(std::span<const TablePlan> plans) : plans_(plans) {
  const std::size_t range = machine_memory_bytes();
  for (const TablePlan& plan : plans_) {
    for (std::uint32_t s = 0; s < kShards; ++s) {
      Shard shard;
      shard.index = reinterpret_cast<std::uint64_t*>(memory_.emplace_back(range).data());
      shard.index_mask = kFirstIndexEntries - 1;
      shard.index_next = shard.index + kFirstIndexEntries;
      shard.slots = memory_.emplace_back(range).data();
      shard.slot_bytes = slot_bytes_of(plan);
      shard.slot_stride = shard.slot_bytes;
      shard.rings = memory_.emplace_back(range).data();
      shards_.push_back(shard);
    }
  }
}

std::uint64_t KeyTables::keys(std::uint32_t table) const {
  std::uint64_t keys = 0;
  for (std::uint32_t s = 0; s < kShards; ++s) keys += shards_[table * kShards + s].keys;
  return keys;
}

std::uint64_t KeyTables::state_bytes() const {
  std::uint64_t bytes = 0;
  for (const Shard& shard : shards_) bytes += shard.state_bytes;
  return bytes;
}

std::uint64_t KeyTables::overflows() const {
  std::uint64_t overflows = 0;
  for (const Shard& shard : shards_) overflows += shard.overflows;
  return overflows;
}

std::uint64_t KeyTables::evict_idle(std::uint32_t table, std::int64_t oldest) {
  std::uint64_t evicted = 0;
  for (std::uint32_t s = 0; s < kShards; ++s) {
    Shard& owner = shards_[table * kShards + s];
    const std::uint64_t before = owner.keys;
    for (std::uint32_t number = 0; number < owner.slots_used; ++number) {
      SlotHead* const slot = slot_at(owner, number);
      if (slot->key.empty() || slot->newest >= oldest) continue;
      History(plans_[table], owner, *slot).free_ring();
      *slot = SlotHead{};
      slot->head = owner.slot_free;
      owner.slot_free = number + 1;
      --owner.keys;
      owner.state_bytes -= owner.slot_bytes;
    }
    if (owner.keys == before) continue;
    evicted += before - owner.keys;
    std::memset(owner.index, 0, (owner.index_mask + 1) * sizeof(std::uint64_t));
    for (std::uint32_t number = 0; number < owner.slots_used; ++number) {
      const SlotHead* const slot = slot_at(owner, number);
      if (!slot->key.empty()) index_put(owner, hash_of(slot->key), number);
    }
  }
  return evicted;
}

}  // namespace warpscore
