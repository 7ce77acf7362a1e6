// Records on their way out: the bytes of one batch's scores, alerts and dead letters.
//
// Memory  `bytes` does not change once the block has been handed to the committer: librdkafka sends
//         from it, and after a lost answer the very same bytes are sent again.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/input_range.h"

namespace warpscore {

enum class Output : std::uint8_t { kScores, kAlerts, kDeadLetters, kChangelog };
inline constexpr std::size_t kOutputs = 4;

struct OutputRecord {
  Output output{};
  std::int32_t source_partition = 0;  // decides the partition where there is no key
  std::uint32_t key_offset = 0;
  std::uint32_t key_size = 0;
  std::uint32_t value_offset = 0;
  std::uint32_t value_size = 0;
};

struct OutputBlock {
  std::string bytes;
  std::vector<OutputRecord> records;
  std::vector<InputRange> ranges;           // that these records answer to
  std::vector<std::int64_t> timestamps_ms;  // Kafka's, of some of the transactions: for measuring

  void clear() {
    bytes.clear();
    records.clear();
    ranges.clear();
    timestamps_ms.clear();
  }
  // false: it only tells of control records that were passed.
  [[nodiscard]] bool has_messages() const {
    for (const InputRange& range : ranges)
      if (range.applied + range.rejected != 0) return true;
    return !records.empty();
  }
  [[nodiscard]] std::string_view key(const OutputRecord& record) const {
    return std::string_view(bytes).substr(record.key_offset, record.key_size);
  }
  [[nodiscard]] std::string_view value(const OutputRecord& record) const {
    return std::string_view(bytes).substr(record.value_offset, record.value_size);
  }
};

}  // namespace warpscore
