// Reads a file one step ahead of the engine, on a thread of its own.
//
// Memory  a few batches, from the memory resource; they go out full and come back to be filled.
// Order   as in the file.
// Thread  next and give_back: one consumer.
// Errors  next throws what FileReader threw.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <exception>
#include <memory>
#include <memory_resource>
#include <thread>

#include "base/batch.h"
#include "base/parker.h"
#include "base/ring.h"
#include "ingest/file_reader.h"

namespace warpscore {

class ReadAhead {
 public:
  ReadAhead(FileReader& reader, const Schema& schema, std::uint32_t rows, std::size_t text_bytes,
            std::pmr::memory_resource& memory);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  [[nodiscard]] Batch* next();  // nullptr: the file is at its end
  void give_back(Batch* batch);
  [[nodiscard]] std::uint64_t bytes_read() const {
    return bytes_read_.load(std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t kBatches = 4;

  void run();

  FileReader& reader_;
  std::array<std::unique_ptr<Batch>, kBatches> batches_;
  SpscRing<Batch*> full_{kBatches + 1};  // nullptr behind the last batch: the end
  SpscRing<Batch*> free_{kBatches};
  Parker consumer_;
  Parker producer_;
  std::atomic<bool> stopped_{false};
  std::atomic<std::uint64_t> bytes_read_{0};
  std::exception_ptr error_;  // set before the end is pushed, read after it is popped
  std::thread thread_;
};

}  // namespace warpscore
