// The hot path: reader threads -> engine thread -> commit thread. It owns them all.
//
// Flow     readers decode into batches and pass pointers; the engine thread submits them to the
//          engine, several at once where it works on a device of its own, and hands on what is
//          finished; the commit thread encodes, writes and commits, and gives the batches back.
//          Threads meet only in single-producer single-consumer rings, and in counters.
// Order    the engine thread decides the order in which batches are applied, by taking turns
//          between the readers; they are finished in that order, and the manifest of each commit
//          records it.
// Thread   start, drain and the rest belong to one thread, the owner's.
// Errors   the constructor and start throw KafkaError. Later: failure(), and the process ends.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/dictionary.h"
#include "base/input_range.h"
#include "ingest/batch_reader.h"
#include "ingest/decode.h"
#include "publish/block_encoder.h"
#include "publish/committer.h"
#include "scoring/engine.h"
#include "scoring/plan.h"
#include "service/run_progress.h"

namespace warpscore {

struct PipelineOptions {
  KafkaSettings settings;
  std::string input_topic;
  std::string labels_topic;  // "" if there is none
  std::vector<std::int32_t> input_partitions;
  std::int32_t labels_partitions = 0;
  std::uint32_t readers = 1;
  std::uint32_t batch_max = 4096;
  DecodeOptions decode;
  BlockOptions block;
};

struct PipelineFailure {
  CommitStatus status = CommitStatus::kOk;
  std::string why;
};

class Pipeline {
 public:
  // All of them must outlive the pipeline. The engine has the state as of `positions`.
  Pipeline(PipelineOptions options, const Plan& plan, Engine& engine, Committer& committer);
  ~Pipeline();

  void start(const std::vector<InputPosition>& positions);
  void add_partition(InputTopic topic, std::int32_t partition);
  // Stops reading; scores and commits what was read.
  void drain();

  [[nodiscard]] bool failed() const noexcept;
  [[nodiscard]] PipelineFailure failure() const;  // REQUIRES failed()

  [[nodiscard]] std::uint64_t messages_read() const;
  [[nodiscard]] std::uint64_t messages_waiting() const;  // fetched, not yet read
  [[nodiscard]] std::uint64_t batches() const;
  // What was applied but does not show in outputs.
  [[nodiscard]] EngineCounters engine_counters() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warpscore
