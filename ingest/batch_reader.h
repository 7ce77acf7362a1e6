// One reader thread: polls its partitions of a topic, decodes straight into batches, hands them
// over.
//
// Flow    poll, decode, append; a batch is handed over when it is full, or when the engine has
// nothing
//         waiting and there is nothing more to read now: no lingering at low load.
// Order   in a batch and from batch to batch, a partition's messages keep their offset order.
//         Partitions take turns of at most kTurnMessages, so a hot one cannot starve an idle one.
// Push back  no free batch, no polling. A live consumer is never paused and never sought.
// Thread  next belongs to the engine thread, give_back to the commit thread, the rest to the owner.
// Errors  the constructor and start throw KafkaError. A bad message is data: a reject. When reading
//         cannot go on without losing something the thread ends, and failed() is true.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "base/dictionary.h"
#include "base/input_range.h"
#include "base/kafka.h"
#include "base/schema.h"
#include "ingest/batch_pool.h"
#include "ingest/decode.h"

namespace warpscore {

struct ReaderOptions {
  KafkaSettings settings;
  std::string topic;
  InputTopic kind = InputTopic::kTransactions;
  std::uint32_t number = 0;     // of this reader
  std::uint32_t batches = 8;    // under way at most
  std::uint32_t batch_max = 0;  // transactions in one
};

struct ReaderPosition {
  std::int32_t partition = 0;
  std::int64_t offset = kOffsetBeginning;
};

class BatchReader {
 public:
  // `handed_over` is called on the reader's thread after a batch has been handed over.
  BatchReader(const ReaderOptions& options, const Schema& schema, Dictionary& dictionary,
              const DecodeOptions& decode, std::pmr::memory_resource& memory,
              std::function<void()> handed_over);
  ~BatchReader();  // stops and joins

  void start(const std::vector<ReaderPosition>& positions);
  void add_partition(std::int32_t partition);  // one that is new: read from its beginning
  void stop();                                 // no more batches after this returns

  [[nodiscard]] ReadBatch* next() noexcept;  // nullptr: nothing ready
  void give_back(ReadBatch* batch) noexcept;

  [[nodiscard]] bool failed() const noexcept;
  [[nodiscard]] std::string why() const;                  // REQUIRES failed()
  [[nodiscard]] std::uint64_t messages() const noexcept;  // read since the start
  [[nodiscard]] std::uint64_t waiting() const noexcept;   // fetched, not yet read; a moment ago

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warpscore
