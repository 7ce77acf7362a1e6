#include "ingest/read_ahead.h"

#include <chrono>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::chrono::milliseconds kLookAgain{100};

}  // namespace

ReadAhead::ReadAhead(FileReader& reader, const Schema& schema, std::uint32_t rows,
                     std::size_t text_bytes, std::pmr::memory_resource& memory)
    : reader_(reader) {
  for (std::unique_ptr<Batch>& batch : batches_) {
    batch = std::make_unique<Batch>(schema, rows, text_bytes, memory);
    WARPSCORE_CHECK(free_.try_push(batch.get()));
  }
  thread_ = std::thread([this] { run(); });
}

ReadAhead::~ReadAhead() {
  stopped_.store(true, std::memory_order_release);
  producer_.wake();
  thread_.join();
}

Batch* ReadAhead::next() {
  Batch* batch = nullptr;
  while (!consumer_.wait([&] { return full_.try_pop(batch); }, kLookAgain)) {
  }
  if (batch == nullptr && error_) std::rethrow_exception(error_);
  return batch;
}

void ReadAhead::give_back(Batch* batch) {
  WARPSCORE_CHECK(free_.try_push(batch));
  producer_.wake();
}

void ReadAhead::run() {
  try {
    for (;;) {
      Batch* batch = nullptr;
      const auto have_batch = [&] {
        return free_.try_pop(batch) || stopped_.load(std::memory_order_acquire);
      };
      while (!producer_.wait(have_batch, kLookAgain)) {
      }
      if (batch == nullptr) return;  // stopped
      batch->clear();
      if (!reader_.next(*batch)) break;
      bytes_read_.store(reader_.bytes_read(), std::memory_order_relaxed);
      WARPSCORE_CHECK(full_.try_push(batch));
      consumer_.wake();
    }
  } catch (...) {
    error_ = std::current_exception();
  }
  WARPSCORE_CHECK(full_.try_push(nullptr));
  consumer_.wake();
}

}  // namespace warpscore
