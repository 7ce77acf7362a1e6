// The columns of one batch in flight, in a device's memory.
//
// Layout   one block: what is copied in (time, ids, keys, fields, label), what the passes work
// with,
//          then the result columns, of eight bytes a row and one behind the other so that one copy
//          takes them out: features, margin, score, words of fired alerts, words of marks. Behind
//          all of it the arrays of pointers by which tasks find their columns.
// Owner    scoring/device_engine_impl.h, one per batch in flight.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/device_tasks.h"
#include "scoring/compiled_plan.h"
#include "scoring/score_pass.h"

namespace warpscore {

// What of a batch a plan reads, and where in the block it lies.
struct SlotLayout {
  // `block`: where the slot will be on the device, or nullptr to learn the bytes.
  SlotLayout(const CompiledPlan& plan, std::uint32_t rows_max, std::byte* block);

  std::int64_t* time_ms = nullptr;
  std::uint64_t* id_hash = nullptr;  // nullptr: no table asks for it; likewise below
  Lane* label = nullptr;
  Lane* missing_label = nullptr;  // all kMissing, where labels are in no batch
  std::vector<Key*> keys;         // the schema's, then of child tables
  std::vector<Lane*> fields;      // by the schema's number
  std::byte* results = nullptr;   // result columns, rows_max rows each
  std::uint32_t result_columns = 0;
  std::uint32_t fired_words = 0;
  std::uint32_t truncated_words = 0;
  std::uint64_t* overflows = nullptr;
  BatchReport* report = nullptr;
  PassColumns pass;
  ScoreColumns score;

  // The arrays of pointers: `pointers` is what they hold, to be copied to `pointer_block`.
  std::vector<void*> pointers;
  void** pointer_block = nullptr;
  std::size_t bytes = 0;

 private:
  void place_inputs(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max);
  void place_results(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max);
  void place_work(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max);
  void list_pointers(const CompiledPlan& plan);
  void place_pointers(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max);

  std::vector<std::size_t> starts_;  // of each list in `pointers`
  std::vector<Lane*> queries_;
  std::vector<Lane*> steps_;
  std::vector<Lane*> selectors_;
  std::vector<std::int64_t*> clocks_;
  std::vector<std::uint64_t*> fired_;
  std::vector<std::uint64_t*> truncated_;
};

}  // namespace warpscore
