// The engine: transactions in, features, scores and fired alerts out. The folder's face.
//
// Order    a batch is applied after all submitted before it, and finished in that order; the
// outcome
//          is the same for every split into batches, every number of threads and every device
//          (design S4).
// Owner    the engine owns all state (key tables, histories) and the columns Results points to; it
//          outlives batches and Results. A submitted batch and its Results stay untouched until
//          finished.
// Thread   one thread drives an engine; the CPU's uses EngineOptions::threads of its own inside.
// Errors   the constructor throws ConfigError, ModelError or DeviceError; afterwards nothing
// throws.
//          A full key table refuses the transaction (Results::refused), it never scores wrong. A
//          device error ends the process (kernels/queue.h).
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <span>
#include <string>

#include "base/batch.h"
#include "scoring/engine_backend.h"
#include "scoring/plan.h"
#include "scoring/results.h"

namespace warpscore {

class Engine {
 public:
  Engine(const Plan& plan, const EngineOptions& options);
  explicit Engine(std::unique_ptr<EngineBackend> backend);

  // Where batches are to lie (pinned on CUDA).
  [[nodiscard]] std::pmr::memory_resource& batch_memory() { return backend_->batch_memory(); }

  [[nodiscard]] std::uint32_t in_flight_max() const { return in_flight_max_; }
  [[nodiscard]] std::uint32_t in_flight() const { return in_flight_; }
  // Gives Results its memory now and not at the first submit, which then costs what all cost.
  void prepare(Results& results);
  // REQUIRES 1..batch_max transactions, and in_flight() < in_flight_max().
  void submit(const BatchView& batch, Results& results);
  // true: the oldest batch is finished and in flight no more. With `wait` always true.
  // REQUIRES in_flight() > 0.
  bool finish_oldest(bool wait);

  // submit and finish, of an empty batch too. REQUIRES in_flight() == 0.
  void process(const BatchView& batch, Results& results);
  // The same effect on state, nothing computed: for rebuilding it (design section 5). A refused
  // transaction is refused again. The batch is free again on return.
  void replay(const BatchView& batch);
  // After all batches submitted. found[i] = 1: in at least one key table, and applied.
  void apply_labels(std::span<const Label> labels, std::uint8_t* found);
  bool apply_label(const Label& label);

  [[nodiscard]] const EngineCounters& counters() const { return backend_->counters(); }
  [[nodiscard]] const char* name() const { return backend_->name(); }  // "cpu" or "cuda"
  [[nodiscard]] std::string describe() const { return backend_->describe(); }

 private:
  const std::unique_ptr<EngineBackend> backend_;
  const std::uint32_t in_flight_max_;
  std::uint32_t in_flight_ = 0;
};

}  // namespace warpscore
