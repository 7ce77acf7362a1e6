// Runs a sequence of transactions and labels through a fresh engine, in batches of any sizes.
//
// Order   a label is applied between batches: the batch under way is processed before it.
// Owner   what is returned is copied; nothing points into the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "scoring/engine.h"
#include "tests/support/oracle.h"

namespace warpscore {

struct Step {
  Transaction transaction;
  bool is_label = false;  // then the verdict on that transaction
  bool fraud = false;
};

struct RowResult {
  bool refused = false;
  std::vector<Lane> features;
  std::vector<bool> truncated;
  std::vector<bool> fired;
  double margin = 0;
  double score = 0;
};

struct EngineRun {
  std::vector<RowResult> rows;  // of the steps that are no labels
  std::vector<bool> labels_found;
  EngineCounters counters;

  // Every bit of every result: two runs are the same if and only if these are equal.
  [[nodiscard]] std::string bytes() const;
};

struct EngineRunOptions {
  std::uint32_t threads = 1;
  std::uint32_t batch_max = 4096;
  std::size_t replayed = 0;  // so many steps at the start are only replayed, and give no rows
  std::function<std::uint32_t()> batch_size;  // of the next batch, 1..batch_max; none: batch_max
};

[[nodiscard]] EngineRun run_engine(const Plan& plan, std::span<const Step> steps,
                                   const EngineRunOptions& options);

}  // namespace warpscore
