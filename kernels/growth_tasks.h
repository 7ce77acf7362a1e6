// The index of a device's table grows while batches go on.
//
// Order    BeginGrowth, MoveCells some cells per batch until all are moved, EndGrowth. Each does
//          nothing where BeginGrowth found no room: the host, which queues them without asking,
//          does not know.
// Thread   as each says.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "kernels/device_work.h"
#include "kernels/shared_shard.h"

namespace warpscore {

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
    if (shard.index_old == nullptr || first + i > shard.index_old_mask) return;
    move_cell(shard, first + i);
  }
};

struct EndGrowth {  // one worker: all cells have been moved
  PassWork work;
  std::uint32_t table;
  WARPSCORE_HD void operator()(std::uint32_t) const { work.set.shards[table].index_old = nullptr; }
};

}  // namespace warpscore
