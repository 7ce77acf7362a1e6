// The engine: transactions in, features, scores and fired alerts out. The folder's face.
//
// Order    process applies a batch after all batches before it; the outcome is the same for every
//          split into batches and every number of threads (design S4).
// Owner    the engine owns all state (key tables, histories) and the columns Results points to.
// Thread   one thread drives an engine; it uses EngineOptions::threads of its own inside.
// Errors   the constructor throws ConfigError or ModelError; afterwards nothing throws. A full key
//          table refuses the transaction (Results::refused), it never scores wrong.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>

#include "base/batch.h"
#include "scoring/plan.h"
#include "scoring/results.h"

namespace warpscore {

struct EngineOptions {
  std::uint32_t threads = 1;
  std::uint32_t batch_max = 4096;  // most transactions in one batch
};

struct EngineCounters {  // since the start; read by the thread that drives the engine
  std::uint64_t transactions = 0;
  std::uint64_t late = 0;       // event time before the newest of one of its keys
  std::uint64_t overflows = 0;  // sums and expressions that left the 64-bit range
  std::uint64_t truncated = 0;  // transactions with a feature cut by the history limit
  std::uint64_t refused = 0;    // key table full
  std::uint64_t labels = 0;
  std::uint64_t labels_unmatched = 0;
  std::uint64_t keys = 0;         // held now, over all tables
  std::uint64_t state_bytes = 0;  // held now
};

// One verdict of the labels topic: finds its transaction by id, time and key fields (design S8).
struct Label {
  std::uint64_t id_hash = 0;
  std::int64_t time_ms = 0;
  const Key* keys = nullptr;  // [schema.key_count]
  bool fraud = false;
};

class Engine {
 public:
  Engine(const Plan& plan, const EngineOptions& options);
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  // Where batches are to lie (pinned on CUDA).
  [[nodiscard]] std::pmr::memory_resource& batch_memory();

  // REQUIRES batch.size() <= options.batch_max.
  void process(const BatchView& batch, Results& results);
  // The same effect on state, nothing computed: for rebuilding it (design section 5). A refused
  // transaction is refused again.
  void replay(const BatchView& batch);
  // true: found in at least one key table, and applied.
  bool apply_label(const Label& label);

  [[nodiscard]] const EngineCounters& counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warpscore
