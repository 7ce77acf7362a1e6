#include "base/batch.h"

#include <cstring>

#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::size_t kAlignment = 64;

std::size_t padded(std::size_t bytes) { return (bytes + kAlignment - 1) & ~(kAlignment - 1); }

std::size_t bytes_of_columns(const Schema& schema, std::size_t capacity) {
  std::size_t bytes = 0;
  bytes += 3 * padded(capacity * sizeof(std::int64_t));
  bytes += padded(capacity * sizeof(Source));
  bytes += 3 * padded(capacity * sizeof(TextRange));
  bytes += padded(capacity * sizeof(bool));
  bytes += padded(capacity * sizeof(Lane));  // label
  bytes += schema.key_count * padded(capacity * sizeof(Key));
  bytes += schema.fields.size() * padded(capacity * sizeof(Lane));
  return bytes;
}

}  // namespace

template <class T>
T* Batch::column(std::byte*& at) {
  T* const start = reinterpret_cast<T*>(at);
  at += padded(capacity_ * sizeof(T));
  return start;
}

Batch::Batch(const Schema& schema, std::uint32_t capacity, std::size_t text_bytes,
             std::pmr::memory_resource& memory)
    : memory_(memory),
      has_label_(schema.label_in_input()),
      capacity_(capacity),
      text_capacity_(text_bytes) {
  WARPSCORE_CHECK(capacity > 0 && text_bytes < (1ULL << 32));
  block_bytes_ = bytes_of_columns(schema, capacity) + padded(text_bytes);
  block_ = static_cast<std::byte*>(memory_.allocate(block_bytes_, kAlignment));
  std::memset(block_, 0, block_bytes_);  // touched now, so that no page faults come later
  std::byte* at = block_;
  time_ms_ = column<std::int64_t>(at);
  timestamp_ms_ = column<std::int64_t>(at);
  id_hash_ = column<std::uint64_t>(at);
  source_ = column<Source>(at);
  id_ = column<TextRange>(at);
  key_ = column<TextRange>(at);
  value_ = column<TextRange>(at);
  id_quoted_ = column<bool>(at);
  label_ = column<Lane>(at);
  for (std::uint32_t i = 0; i < schema.key_count; ++i) keys_.push_back(column<Key>(at));
  for (std::size_t i = 0; i < schema.fields.size(); ++i) fields_.push_back(column<Lane>(at));
  text_ = reinterpret_cast<char*>(at);
  WARPSCORE_CHECK(at + padded(text_bytes) == block_ + block_bytes_);
}

Batch::~Batch() { memory_.deallocate(block_, block_bytes_, kAlignment); }

void Batch::clear() noexcept {
  size_ = 0;
  text_used_ = 0;
  rejects_.clear();
}

TextRange Batch::add_text(std::string_view bytes) noexcept {
  const TextRange range{static_cast<std::uint32_t>(text_used_),
                        static_cast<std::uint32_t>(bytes.size())};
  if (!bytes.empty()) std::memcpy(text_ + text_used_, bytes.data(), bytes.size());
  text_used_ += bytes.size();
  return range;
}

Batch::Row Batch::row() noexcept {
  return {time_ms_ + size_,   timestamp_ms_ + size_, id_hash_ + size_, source_ + size_, id_ + size_,
          id_quoted_ + size_, key_ + size_,          value_ + size_,   label_ + size_};
}

BatchView Batch::view() const noexcept {
  return {size_, time_ms_, keys_.data(), fields_.data(), has_label_ ? label_ : nullptr, id_hash_};
}

}  // namespace warpscore
