// The columns of one batch as the feature pass reads and writes them.
//
// Layout   every column has `size` rows. keys: one column per key field, then one per child table
//          (key field and `same` values together). outputs: one column per query of any table.
// Owner    scoring/engine; plain data, passed by value.
#pragma once

#include <cstdint>

#include "base/key.h"
#include "base/lane.h"
#include "kernels/table_plan.h"

namespace warpscore {

struct PassColumns {
  std::uint32_t size = 0;
  const std::int64_t* time_ms = nullptr;
  const std::uint64_t* id_hash = nullptr;
  const Key* const* keys = nullptr;
  const Lane* const* values = nullptr;     // the schema's fields
  const Lane* label = nullptr;             // nullptr: labels are not in the input
  const Lane* const* selectors = nullptr;  // `where` of the transaction itself: 1 takes part
  std::uint32_t selector_count = 0;
  std::uint8_t* refused = nullptr;  // 1: not applied at all; nullptr: none is
  Lane* const* outputs = nullptr;
  std::int64_t* const* clocks = nullptr;      // [table]: T after each row; for child tables
  std::uint8_t* late = nullptr;               // set to 1 where t < T of one of its keys
  std::uint64_t* const* truncated = nullptr;  // [feature / 64]; nullptr: no history limit

  [[nodiscard]] WARPSCORE_HD Lane value_of(std::uint32_t value, std::uint32_t row) const {
    if (value == kLabelValue) return label == nullptr ? kMissing : label[row];
    return values[value][row];
  }
};

}  // namespace warpscore
