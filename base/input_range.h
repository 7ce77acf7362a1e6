// Which slices of the input were applied, in which order: what reader, engine thread, manifest and
// restore tell each other.
#pragma once

#include <cstdint>
#include <vector>

namespace warpscore {

enum class InputTopic : std::uint8_t { kTransactions = 0, kLabels = 1 };

// A contiguous slice of a partition, applied whole. Offsets in [first, end) at which there is no
// message (control records, what compaction took) count as read.
struct InputRange {
  InputTopic topic{};
  std::int32_t partition = 0;
  std::int64_t first = 0;
  std::int64_t end = 0;
  std::uint32_t applied = 0;   // transactions or labels that reached the engine
  std::uint32_t rejected = 0;  // messages that could not be decoded and became dead letters
  friend bool operator==(const InputRange&, const InputRange&) = default;
};

struct InputPosition {
  InputTopic topic{};
  std::int32_t partition = 0;
  std::int64_t next = 0;  // the first offset that has not been read
  friend bool operator==(const InputPosition&, const InputPosition&) = default;
};

// Appends a range, or makes the last one longer where it goes on from there.
void append_range(std::vector<InputRange>& ranges, const InputRange& range);

// Sets, or adds, the position of a partition.
void set_position(std::vector<InputPosition>& positions, const InputPosition& position);

}  // namespace warpscore
