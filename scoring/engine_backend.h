// What is behind an Engine: one backend per kind of device, called once per batch.
//
// Order    batches, replays and labels take effect in the order given. Batches are finished in the
//          order submitted.
// Owner    the backend owns all state, the memory of batches and of Results; it must outlive both.
// Memory   a submitted batch and its Results stay untouched until finished. A replayed batch is
// free
//          again on return. Nothing allocates after the first use of a Results.
// Thread   one thread drives a backend.
// Errors   constructors throw ConfigError, or DeviceError (kernels/queue.h); afterwards nothing
//          throws. A device error ends the process.
#pragma once

#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>

#include "base/batch.h"
#include "kernels/queue.h"
#include "scoring/results.h"

namespace warpscore {

struct EngineOptions {
  std::uint32_t threads = 1;       // of the CPU's engine
  std::uint32_t batch_max = 4096;  // most transactions in one batch
  Device device = Device::kCpu;
  // Of the device's memory (of the CPU: the machine's), where the plan limits it by no bytes.
  std::uint32_t device_memory_percent = 80;
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

class EngineBackend {
 public:
  EngineBackend() = default;
  virtual ~EngineBackend() = default;
  EngineBackend(const EngineBackend&) = delete;
  EngineBackend& operator=(const EngineBackend&) = delete;

  // Where batches are to lie (pinned on CUDA).
  [[nodiscard]] virtual std::pmr::memory_resource& batch_memory() = 0;
  // Most batches submitted and not finished, at least 1.
  [[nodiscard]] virtual std::uint32_t in_flight_max() const = 0;

  // Gives a Results without memory its columns, batch_max rows each, and points it at them.
  virtual void prepare(Results& results) = 0;
  // REQUIRES a prepared Results, 1..batch_max transactions, fewer than in_flight_max() in flight.
  virtual void submit(const BatchView& batch, Results& results) = 0;
  // true: the oldest batch is finished; its Results are filled, and it is in flight no more. With
  // `wait` always true. REQUIRES one in flight.
  virtual bool finish_oldest(bool wait) = 0;
  // The same effect on state, nothing computed. REQUIRES 1..batch_max transactions.
  virtual void replay(const BatchView& batch) = 0;
  // found[i] = 1: in at least one key table, and applied. Filled on return.
  virtual void apply_labels(std::span<const Label> labels, std::uint8_t* found) = 0;

  // Of what is finished; of batches in flight they may hold a part.
  [[nodiscard]] virtual const EngineCounters& counters() = 0;
  // "cpu" or "cuda".
  [[nodiscard]] virtual const char* name() const = 0;
  // For a log line: "cpu, 8 threads", "cuda: NVIDIA H100 80GB HBM3, ...".
  [[nodiscard]] virtual std::string describe() const = 0;
};

}  // namespace warpscore
