#include "scoring/admission.h"

#include <algorithm>

#include "kernels/history.h"

namespace warpscore {

Admission::Admission(const StateSpec& limits, KeyTables& tables)
    : limits_(limits), tables_(tables) {
  for (std::uint32_t t = 0; t < tables_.size(); ++t) {
    const std::int64_t horizon = tables_.plan(t).horizon;
    if (horizon >= 0) horizon_min_ = std::min(horizon_min_, horizon);
  }
}

bool Admission::limit_near(std::uint32_t rows) const {
  std::uint64_t most_per_row = 0;
  for (std::uint32_t t = 0; t < tables_.size(); ++t) {
    const TablePlan& plan = tables_.plan(t);
    const bool plain = plan.clock == kNone;
    if (limits_.keys_max != 0 && plain && tables_.keys(t) + rows > limits_.keys_max) return true;
    most_per_row += 64 + sizeof(SlotHead) + 8 * plan.slot_words;
    most_per_row += 2 * 64 * ring_units(plan, kFirstClass);
  }
  if (limits_.memory_max == 0) return false;
  // Rings double: state can at most double beside what new keys bring.
  return 2 * tables_.state_bytes() + rows * most_per_row > limits_.memory_max;
}

bool Admission::fits(const PassColumns& columns, std::uint32_t row) const {
  return warpscore::fits(tables_.set(), {limits_.keys_max, limits_.memory_max}, columns, row);
}

// A sweep looks at every key, so it is not tried again before time has gone on or a key has come
// that is idle already (applied()).
bool Admission::evict(std::int64_t watermark) {
  if (evicted_at_ == watermark) return false;
  evicted_at_ = watermark;
  std::uint64_t evicted = 0;
  for (std::uint32_t t = 0; t < tables_.size(); ++t) {
    const TablePlan& plan = tables_.plan(t);
    if (plan.horizon < 0) continue;
    evicted += tables_.evict_idle(t, watermark - plan.horizon);
  }
  return evicted != 0;
}

bool Admission::admit(const PassColumns& columns, std::uint32_t row, std::int64_t watermark) {
  if (fits(columns, row)) return true;
  return evict(watermark) && fits(columns, row);
}

}  // namespace warpscore
