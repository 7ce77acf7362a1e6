#include "base/dictionary.h"

#include <mutex>

#include "base/check.h"

namespace warpscore {

Lane Dictionary::number_of(std::string_view text) {
  {
    std::shared_lock lock(mutex_);
    if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  }
  std::unique_lock lock(mutex_);
  if (const auto found = numbers_.find(text); found != numbers_.end()) return found->second;
  if (texts_.size() >= texts_max_) return kMissing;
  const auto number = static_cast<std::uint32_t>(texts_.size());
  texts_.emplace_back(text);
  numbers_.emplace(texts_.back(), number);
  return number;
}

std::string_view Dictionary::text_of(Lane number) const {
  std::shared_lock lock(mutex_);
  WARPSCORE_CHECK(number >= 0 && static_cast<std::size_t>(number) < texts_.size());
  return texts_[static_cast<std::size_t>(number)];
}

std::uint32_t Dictionary::size() const {
  std::shared_lock lock(mutex_);
  return static_cast<std::uint32_t>(texts_.size());
}

namespace {
constexpr std::size_t kCacheEntries = 32768;  // direct mapped; a power of two
}

DictionaryCache::DictionaryCache(Dictionary& dictionary)
    : dictionary_(dictionary), entries_(std::make_unique<Entry[]>(kCacheEntries)) {}

Lane DictionaryCache::number_of(std::string_view text) {
  Entry& entry = entries_[std::hash<std::string_view>{}(text) & (kCacheEntries - 1)];
  if (entry.number != kMissing && entry.text == text) return entry.number;
  const Lane number = dictionary_.number_of(text);
  if (number != kMissing) entry = {dictionary_.text_of(number), number};
  return number;
}

}  // namespace warpscore
