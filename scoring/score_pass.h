// What the score pass of a device reads and writes: the columns of one batch in flight.
//
// Layout   all of it in device memory, arrays of pointers included; a column has `stride` rows. Two
//          columns may be the same memory where the plan says so (a step's and its feature's).
// Units    lanes; score and margin are the lanes of doubles, as alerts read them.
// Owner    the device's engine fills one per slot when it starts; tasks hold it by value.
#pragma once

#include <cstdint>

#include "base/key.h"
#include "base/lane.h"

namespace warpscore {

struct ScoreColumns {
  const Lane* const* columns = nullptr;  // by column number (CompiledPlan::columns)
  const Lane* const* fields = nullptr;   // the schema's
  const Key* const* keys = nullptr;      // the schema's key fields
  Key* const* children = nullptr;        // keys of the child tables, in the order of the tables
  Lane* const* selectors = nullptr;      // what `where` says, for the feature pass
  std::uint8_t* late = nullptr;
  std::uint8_t* refused = nullptr;
  std::uint64_t* const* truncated = nullptr;  // [DevicePlanView::truncated_words]

  Lane* const* steps = nullptr;   // the same memory as their columns
  std::uint32_t* rows = nullptr;  // how many there are; written by enqueue_prepare
  float* inputs = nullptr;        // of a forest: input f of row i is inputs[f * stride + i]
  float* forest_margins = nullptr;
  std::uint32_t stride = 0;  // batch_max

  Lane* margin = nullptr;  // the same memory as the columns of kMargin and kScore
  Lane* score = nullptr;
  Lane* condition = nullptr;              // of the alert at hand; scratch
  std::uint64_t* const* fired = nullptr;  // [alerts / 64, rounded up]
  std::uint64_t* overflows = nullptr;     // one word; rows of programs that failed are added
};

}  // namespace warpscore
