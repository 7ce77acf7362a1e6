#include "base/input_range.h"

#include <algorithm>
#include <limits>

namespace warpscore {

void append_range(std::vector<InputRange>& ranges, const InputRange& range) {
  constexpr std::uint32_t kCountMax = std::numeric_limits<std::uint32_t>::max();
  if (!ranges.empty()) {
    InputRange& last = ranges.back();
    const bool goes_on = last.topic == range.topic && last.partition == range.partition &&
                         last.end == range.first && kCountMax - last.applied >= range.applied &&
                         kCountMax - last.rejected >= range.rejected;
    if (goes_on) {
      last.end = range.end;
      last.applied += range.applied;
      last.rejected += range.rejected;
      return;
    }
  }
  ranges.push_back(range);
}

void set_position(std::vector<InputPosition>& positions, const InputPosition& position) {
  const auto known = std::find_if(positions.begin(), positions.end(), [&](const auto& entry) {
    return entry.topic == position.topic && entry.partition == position.partition;
  });
  if (known == positions.end()) {
    positions.push_back(position);
  } else {
    known->next = position.next;
  }
}

}  // namespace warpscore
