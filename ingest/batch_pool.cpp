#include "ingest/batch_pool.h"

#include "base/check.h"

namespace warpscore {
std::size_t BatchPool::text_bytes_of(std::uint32_t batch_max) {
  constexpr std::size_t kTextPerRow = 512;
  return batch_max * kTextPerRow + 4 * kValueBytesMax;
}

BatchPool::BatchPool(const Schema& schema, std::uint32_t batches, std::uint32_t batch_max,
                     std::pmr::memory_resource& memory, std::uint32_t reader) {
  for (std::uint32_t i = 0; i < batches; ++i) {
    batches_.push_back(
        std::make_unique<ReadBatch>(schema, batch_max, text_bytes_of(batch_max), memory, reader));
    free_.push_back(batches_.back().get());
  }
}

ReadBatch* BatchPool::take() noexcept {
  if (free_.empty()) return nullptr;
  ReadBatch* batch = free_.back();
  free_.pop_back();
  return batch;
}

void BatchPool::put(ReadBatch* batch) noexcept {
  WARPSCORE_CHECK(free_.size() < batches_.size());
  batch->clear();
  free_.push_back(batch);
}

}  // namespace warpscore
