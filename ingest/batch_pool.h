// The fixed set of batches that a reader fills, one after the other, and gets back.
//
// Memory  columns and texts come from the memory resource, once, at construction.
// Thread  plain data: a batch belongs to whoever holds the pointer.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <string>
#include <vector>

#include "base/batch.h"
#include "base/input_range.h"
#include "base/schema.h"
#include "ingest/decode.h"

namespace warpscore {

struct ReadLabel {        // one record of the labels topic
  bool rejected = false;  // then `reject` says why and `label` means nothing
  DecodedLabel label;
  Reject reject;
  Source source;
  std::int64_t timestamp_ms = 0;
  std::string key;  // the original bytes
  std::string value;
};

// What a reader hands over: transactions, or labels, with the slices of the input they came from.
struct ReadBatch {
  ReadBatch(const Schema& schema, std::uint32_t batch_max, std::size_t text_bytes,
            std::pmr::memory_resource& memory, std::uint32_t number_of_reader)
      : transactions(schema, batch_max, text_bytes, memory), reader(number_of_reader) {}

  void clear() {
    transactions.clear();
    labels.clear();
    ranges.clear();
  }

  Batch transactions;
  std::vector<ReadLabel> labels;
  std::vector<InputRange> ranges;  // in the order applied
  const std::uint32_t reader;      // to whom it goes back
};

class BatchPool {
 public:
  BatchPool(const Schema& schema, std::uint32_t batches, std::uint32_t batch_max,
            std::pmr::memory_resource& memory, std::uint32_t reader);

  // Room for the texts of a batch: ordinary transactions fill the rows first, long ones the texts.
  // One of the longest fits with its key in any case.
  [[nodiscard]] static std::size_t text_bytes_of(std::uint32_t batch_max);

  [[nodiscard]] ReadBatch* take() noexcept;  // nullptr: all are on their way
  void put(ReadBatch* batch) noexcept;

 private:
  std::vector<std::unique_ptr<ReadBatch>> batches_;
  std::vector<ReadBatch*> free_;
};

}  // namespace warpscore
