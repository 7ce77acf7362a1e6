// Runs a sequence of transactions and labels through a fresh engine, in batches of any sizes, any
// number of them in flight.
//
// Order   a label is applied between batches: the batch under way is submitted before it, and may
//         be in flight still. Labels that follow one another are given at once.
// Owner   what is returned is copied; nothing points into the engine.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
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
  std::string engine;  // its name: which backend ran

  // Every bit of every result: two runs are the same if and only if these are equal.
  [[nodiscard]] std::string bytes() const;
};

struct EngineRunOptions {
  std::uint32_t threads = 1;
  std::uint32_t batch_max = 4096;
  std::size_t replayed = 0;  // so many steps at the start are only replayed, and give no rows
  std::function<std::uint32_t()> batch_size;  // of the next batch, 1..batch_max; none: batch_max
  // Most batches in flight once the next is submitted, at least 1; none: any, each time another.
  std::function<std::uint32_t()> in_flight;
  // The engine to run; none: the CPU's.
  std::function<std::unique_ptr<EngineBackend>(const Plan&, const EngineOptions&)> open;
};

void add_row(Batch& batch, const Schema& schema, const Transaction& transaction);

[[nodiscard]] EngineRun run_engine(const Plan& plan, std::span<const Step> steps,
                                   const EngineRunOptions& options);

}  // namespace warpscore
