// Who is let in when state is limited: the `keys` and `memory` of design S6.
//
// Order    decides row by row in the order of application, so that the outcome does not depend on
//          how the sequence is split; only used while a limit is near.
// Thread   the engine's.
#pragma once

#include <cstdint>

#include "kernels/key_tables.h"
#include "kernels/pass_columns.h"
#include "scoring/spec.h"

namespace warpscore {

class Admission {
 public:
  Admission(const StateSpec& limits, KeyTables& tables);

  // Could a batch of `rows` transactions meet a limit? If not, nobody needs to be asked.
  [[nodiscard]] bool limit_near(std::uint32_t rows) const;
  // May the transaction of this row be applied? Drops idle keys if that makes room. `watermark`:
  // the newest event time of any transaction, this one included.
  [[nodiscard]] bool admit(const PassColumns& columns, std::uint32_t row, std::int64_t watermark);
  // To be told of every transaction that is applied: a very late one may bring a key that is idle
  // at once, so that the next sweep need not wait for time to go on.
  void applied(std::int64_t time_ms) {
    if (time_ms + horizon_min_ < evicted_at_) evicted_at_ = kMissing;
  }

 private:
  [[nodiscard]] bool fits(const PassColumns& columns, std::uint32_t row) const;
  [[nodiscard]] bool evict(std::int64_t watermark);

  const StateSpec limits_;
  KeyTables& tables_;
  std::int64_t horizon_min_ = std::int64_t{1} << 60;
  std::int64_t evicted_at_ = kMissing;  // watermark of the last sweep
};

}  // namespace warpscore
