// What the feature pass of a device works on, as plain data in device memory: its control words,
// and how a batch is shared out into runs.
//
// Run      the transactions of one key in one batch. Rows are sorted by slot, stably, so a run lies
//          together in the order of the batch. Short ones are walked by one thread with advance(),
//          long ones applied by a team, hot ones by a team of the whole device.
// Decline  whether a batch fits the limits of design S6 is known before anything is applied. One
//          that may not fit is declined, and all that are queued behind it: they change nothing,
//          and the host has them applied row by row (AdmitRows), in order.
// Owner    kernels/device_tables.h.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/admission.h"
#include "kernels/long_run_scratch.h"
#include "kernels/pass_columns.h"
#include "kernels/queue.h"
#include "kernels/shared_shard.h"
#include "kernels/table_plan.h"

namespace warpscore {

inline constexpr std::uint32_t kTablesMax = 64;

struct RunSizes {
  std::uint32_t short_run = 16;      // at most so many rows are walked by one thread
  std::uint32_t hot_run = 4096;      // more rows are the whole device's
  std::uint32_t small_batch = 4096;  // is grouped by one team, in its shared memory
};

// What the last kernel of a batch says about it, and of the state behind it.
struct BatchReport {
  std::uint32_t declined = 0;
  std::uint32_t tables = 0;
  std::uint64_t late = 0;
  std::uint64_t truncated = 0;
  std::uint64_t overflows = 0;          // of window sums, since the start
  std::uint64_t program_overflows = 0;  // rows of this batch (PassBatch)
  std::uint64_t keys = 0;
  std::uint64_t state_bytes = 0;
  std::uint64_t pool_used = 0;
  std::uint64_t cells[kTablesMax] = {};    // of each index that are taken
  std::uint64_t index[kTablesMax] = {};    // how many each has
  std::uint64_t growths[kTablesMax] = {};  // of each until then
};

struct RunList {
  std::uint32_t count = 0;
  std::uint32_t new_keys = 0;
  std::uint32_t hot_count = 0;
  std::uint32_t padding = 0;
  std::uint32_t rings[kSizeClasses] = {};  // of each class that the table's runs could take
  std::uint64_t bytes = 0;                 // of state, charged
  std::uint64_t bytes_top = 0;             // most that one row asks for on its way there
};

struct Run {
  std::uint32_t first = 0;  // place in the sorted rows
  std::uint32_t count = 0;
};

// Words that live as long as the tables.
struct PassControl {
  UnitPool pool;
  std::uint32_t stopped = 0;  // a batch was declined: nothing is applied until the host says so
  std::uint32_t go = 0;       // the batch at hand is applied
  std::uint64_t wanted_units = 0;  // at most, by the batch at hand
  std::uint64_t wanted_bytes = 0;  // state would be at most so many behind it
  // Row by row (AdmitRows).
  std::uint32_t next_row = 0;
  std::uint32_t wants_eviction = 0;
  std::uint64_t refused = 0;
  std::int64_t watermark = kMissing;
  std::int64_t sweep_at = INT64_MAX;     // before the newest time is this, no key is idle
  std::int64_t sweep_newest = kMissing;  // the newest time as a sweep sees it
};

// Arrays of one batch at a time: kernels of different batches never overlap.
struct PassWork {
  TableSet set;
  PassControl* control = nullptr;
  StateLimits limits;
  RunSizes sizes;
  std::uint32_t rows_max = 0;
  std::uint32_t* keys_in = nullptr;  // [table][rows_max], as SortPairs has them
  std::uint32_t* keys_out = nullptr;
  std::uint32_t* rows_in = nullptr;
  std::uint32_t* rows_out = nullptr;
  RunList* lists = nullptr;        // [table]
  FreeList* free_lists = nullptr;  // [table][kFreeLists]
  Run* runs = nullptr;  // [table][runs_max]: long ones from the front, hot ones from the back
  std::uint32_t runs_max = 0;
  const RunScratch* scratches = nullptr;  // [teams] of long runs
  const RunScratch* hot_scratch = nullptr;

  [[nodiscard]] WARPSCORE_HD std::size_t place(std::uint32_t table, std::uint32_t i) const {
    return std::size_t{table} * rows_max + i;
  }
  [[nodiscard]] WARPSCORE_HD SortPairs pairs(std::uint32_t table) const {
    const std::size_t first = place(table, 0);
    return {keys_in + first, keys_out + first, rows_in + first, rows_out + first};
  }
  [[nodiscard]] WARPSCORE_HD Run& run(std::uint32_t table, std::uint32_t i) const {
    return runs[std::size_t{table} * runs_max + i];
  }
};

}  // namespace warpscore
