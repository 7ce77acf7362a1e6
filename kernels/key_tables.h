// All key tables of an engine: the owner of their shards and of the memory they fill.
//
// Memory   addresses are reserved at construction (as much as the machine has, for every range) and
//          pages taken on first touch; nothing else is allocated while transactions are applied.
// Thread   one thread owns it; the feature pass drives the shards inside.
// Errors   the constructor throws std::runtime_error if addresses cannot be reserved.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/admission.h"
#include "kernels/shard.h"
#include "kernels/table_plan.h"

namespace warpscore {

class ReservedMemory {  // a range of addresses; pages come on first touch
 public:
  explicit ReservedMemory(std::size_t bytes);
  ~ReservedMemory();
  ReservedMemory(ReservedMemory&& other) noexcept;
  ReservedMemory& operator=(ReservedMemory&&) = delete;
  [[nodiscard]] std::byte* data() const { return data_; }

 private:
  std::byte* data_ = nullptr;
  std::size_t bytes_ = 0;
};

class KeyTables {
 public:
  // `plans` and what they point to must outlive this.
  explicit KeyTables(std::span<const TablePlan> plans);

  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(plans_.size()); }
  [[nodiscard]] const TablePlan& plan(std::uint32_t table) const { return plans_[table]; }
  // [size() * kShards], table-major.
  [[nodiscard]] Shard* shards() { return shards_.data(); }
  [[nodiscard]] Shard& shard(std::uint32_t table, std::uint64_t hash) {
    return shards_[table * kShards + shard_of(hash)];
  }

  [[nodiscard]] std::uint64_t keys(std::uint32_t table) const;
  [[nodiscard]] std::uint64_t state_bytes() const;
  [[nodiscard]] std::uint64_t overflows() const;

  [[nodiscard]] TableSet set() { return {plans_.data(), shards_.data(), size(), kShards}; }
  // Drops the keys whose newest time is before `oldest`; returns how many.
  std::uint64_t evict_idle(std::uint32_t table, std::int64_t oldest);

 private:
  std::span<const TablePlan> plans_;
  std::vector<ReservedMemory> memory_;
  std::vector<Shard> shards_;
};

}  // namespace warpscore
