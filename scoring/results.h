// What the engine says about a batch: one column per feature, a score, the alerts that fired.
//
// Layout   columns of `size` rows. features[f][row] in the order configured (Plan::features()).
//          fired and truncated are bit sets of 64 per word: fired[w][row] bit b is alert 64*w+b;
//          truncated likewise by feature, and only where a history limit is configured.
// Units    lanes as in base/lane.h. margin: log-odds (of a forest a float32's exact value). score:
//          probability. Both NaN where the model gave none, or there is no model.
// Owner    itself, of memory that the engine gives it the first time and fills again afterwards: it
//          belongs to that engine, which must outlive it. Each batch in flight has its own.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/lane.h"

namespace warpscore {

// The columns' memory, which only the backend that made it looks into.
struct ResultMemory {
  ResultMemory() = default;
  virtual ~ResultMemory() = default;
  ResultMemory(const ResultMemory&) = delete;
  ResultMemory& operator=(const ResultMemory&) = delete;
};

struct Results {
  std::uint32_t size = 0;
  std::vector<const Lane*> features;
  const double* margin = nullptr;
  const double* score = nullptr;
  std::vector<const std::uint64_t*> fired;
  std::vector<const std::uint64_t*> truncated;  // empty where no history limit is configured
  const std::uint8_t* refused = nullptr;        // 1: a key table was full; nothing was applied

  std::unique_ptr<ResultMemory> memory;  // behind the pointers above

  [[nodiscard]] bool alert_fired(std::uint32_t alert, std::uint32_t row) const {
    return (fired[alert / 64][row] >> (alert % 64) & 1) != 0;
  }
  [[nodiscard]] bool is_truncated(std::uint32_t feature, std::uint32_t row) const {
    return !truncated.empty() && (truncated[feature / 64][row] >> (feature % 64) & 1) != 0;
  }
};

}  // namespace warpscore
