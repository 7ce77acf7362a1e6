// A batch: transactions in the order in which they are applied, one column per property.
//
// Layout  every column has `capacity` places in one block taken from the memory resource it was
//         built with (pinned pages on CUDA; whoever fills a batch does not know).
// Units   time_ms, timestamp_ms: epoch milliseconds UTC. Lanes as in base/lane.h.
// Text    the original bytes of every row, copied: scores quote the id, alerts the fields, dead
//         letters all of it. Offsets are into text().
// Rejects rows that never became a transaction, with the reason; they keep their source, so the
//         ranges of a batch are whole.
// Thread  plain data. Filled by one thread, handed over whole, then read-only until cleared.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/key.h"
#include "base/lane.h"
#include "base/rejects.h"
#include "base/schema.h"

namespace warpscore {

struct TextRange {
  std::uint32_t offset = 0;
  std::uint32_t size = 0;
};

struct Source {  // where a transaction came from
  std::int32_t partition = 0;
  std::int64_t offset =
      0;  // Kafka offset; in a file the row number, from 1, the header not counted
};

// What the engine reads: pointers into a batch's columns.
struct BatchView {
  std::uint32_t size = 0;
  const std::int64_t* time_ms = nullptr;
  const Key* const* keys = nullptr;     // [schema.key_count][size]
  const Lane* const* fields = nullptr;  // [schema.fields.size()][size]
  const Lane* label = nullptr;          // 0, 1 or kMissing; nullptr unless labels are in the input
  const std::uint64_t* id_hash = nullptr;  // XXH3-64 of the id's text
};

struct Reject {
  RejectReason reason{};
  Source source;
  std::int64_t timestamp_ms = 0;
  TextRange key;
  TextRange value;
  std::string detail;  // a sentence that names the field and what was wrong with it
};

class Batch {
 public:
  Batch(const Schema& schema, std::uint32_t capacity, std::size_t text_bytes,
        std::pmr::memory_resource& memory);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  void clear() noexcept;
  [[nodiscard]] bool full() const noexcept { return size_ == capacity_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }
  [[nodiscard]] std::uint32_t capacity() const noexcept { return capacity_; }

  // Text: room for `bytes` more? A row longer than the whole text block never fits.
  [[nodiscard]] bool has_room(std::size_t bytes) const noexcept {
    return text_used_ + bytes <= text_capacity_;
  }
  TextRange add_text(std::string_view bytes) noexcept;  // REQUIRES has_room(bytes.size())
  [[nodiscard]] std::string_view text(TextRange range) const noexcept {
    return {text_ + range.offset, range.size};
  }

  // The row under construction is row size(); commit_row makes it part of the batch.
  struct Row {
    std::int64_t* time_ms;
    std::int64_t* timestamp_ms;
    std::uint64_t* id_hash;
    Source* source;
    TextRange* id;     // the id's text, without quotes
    bool* id_quoted;   // it was a JSON string: written back as one
    TextRange* key;    // the Kafka key
    TextRange* value;  // the original bytes
    Lane* label;
  };
  [[nodiscard]] Row row() noexcept;
  void set_key(std::uint32_t key_index, const Key& key) noexcept { keys_[key_index][size_] = key; }
  void set_field(std::uint32_t field, Lane lane) noexcept { fields_[field][size_] = lane; }
  void commit_row() noexcept { ++size_; }

  std::vector<Reject>& rejects() noexcept { return rejects_; }
  [[nodiscard]] const std::vector<Reject>& rejects() const noexcept { return rejects_; }

  [[nodiscard]] BatchView view() const noexcept;
  [[nodiscard]] std::int64_t time_ms(std::uint32_t row) const noexcept { return time_ms_[row]; }
  [[nodiscard]] std::int64_t timestamp_ms(std::uint32_t row) const noexcept {
    return timestamp_ms_[row];
  }
  [[nodiscard]] Lane field(std::uint32_t field, std::uint32_t row) const noexcept {
    return fields_[field][row];
  }
  [[nodiscard]] const Source& source(std::uint32_t row) const noexcept { return source_[row]; }
  [[nodiscard]] std::string_view id(std::uint32_t row) const noexcept { return text(id_[row]); }
  [[nodiscard]] bool id_quoted(std::uint32_t row) const noexcept { return id_quoted_[row]; }
  [[nodiscard]] std::string_view key(std::uint32_t row) const noexcept { return text(key_[row]); }
  [[nodiscard]] std::string_view value(std::uint32_t row) const noexcept {
    return text(value_[row]);
  }

 private:
  template <class T>
  T* column(std::byte*& at);

  std::pmr::memory_resource& memory_;
  const bool has_label_;
  const std::uint32_t capacity_;
  const std::size_t text_capacity_;
  std::size_t block_bytes_ = 0;
  std::byte* block_ = nullptr;

  std::uint32_t size_ = 0;
  std::size_t text_used_ = 0;
  std::int64_t* time_ms_ = nullptr;
  std::int64_t* timestamp_ms_ = nullptr;
  std::uint64_t* id_hash_ = nullptr;
  Source* source_ = nullptr;
  TextRange* id_ = nullptr;
  TextRange* key_ = nullptr;
  TextRange* value_ = nullptr;
  bool* id_quoted_ = nullptr;
  Lane* label_ = nullptr;
  char* text_ = nullptr;
  std::vector<Key*> keys_;
  std::vector<Lane*> fields_;
  std::vector<Reject> rejects_;
};

}  // namespace warpscore
