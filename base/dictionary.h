// Numbers for the texts of enum fields: equal text, equal number, whichever field or thread.
//
// Order   numbers follow the order of first sight and mean nothing: no output depends on them.
// Thread  number_of and text_of may be called by any thread; a text keeps its number for ever.
// Memory  one dictionary a process; its limit (most texts) is given at construction.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/lane.h"

namespace warpscore {

class Dictionary {
 public:
  explicit Dictionary(std::uint32_t texts_max) : texts_max_(texts_max) {}
  // kMissing when the dictionary is full and the text is new.
  [[nodiscard]] Lane number_of(std::string_view text);
  [[nodiscard]] std::string_view text_of(Lane number) const;
  [[nodiscard]] std::uint32_t size() const;

 private:
  const std::uint32_t texts_max_;
  mutable std::shared_mutex mutex_;
  std::deque<std::string> texts_;  // a deque: views of its strings stay good as it grows
  std::unordered_map<std::string_view, std::uint32_t> numbers_;
};

// A thread's own memory of a dictionary: no lock for a text seen before.
class DictionaryCache {
 public:
  explicit DictionaryCache(Dictionary& dictionary);
  [[nodiscard]] Lane number_of(std::string_view text);

 private:
  struct Entry {
    std::string_view text;  // the dictionary's own bytes
    Lane number = kMissing;
  };
  Dictionary& dictionary_;
  std::unique_ptr<Entry[]> entries_;
};

}  // namespace warpscore
