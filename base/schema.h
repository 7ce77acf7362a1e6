// What a transaction of one deployment consists of: the [input.fields] and [labels] of its
// configuration, in the order written there.
//
// Owner   built once by service/config, then read-only and shared by every stage.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/lane.h"

namespace warpscore {

enum class FieldType : std::uint8_t { kKey, kInteger, kDecimal, kEnum, kBool };
enum class TimeFormat : std::uint8_t { kEpochMs, kEpochSeconds, kRfc3339 };

struct Field {
  std::string name;    // in expressions and features
  std::string source;  // in the input: JSON member or CSV column
  FieldType type = FieldType::kInteger;
  std::uint8_t scale = 0;       // kDecimal: digits after the point, 0..6
  bool optional = false;        // may be absent, null or empty: then its lane is missing
  bool masked = false;          // kKey: shown as its last four characters in alerts
  std::uint32_t enum_max = 0;   // kEnum: most distinct values accepted; 0: no limit
  std::uint32_t key_index = 0;  // kKey: which of the batch's key columns

  [[nodiscard]] ColumnType column_type() const {
    switch (type) {
      case FieldType::kKey:
        return {LaneType::kKey, 0};
      case FieldType::kInteger:
        return {LaneType::kInteger, 0};
      case FieldType::kDecimal:
        return {LaneType::kDecimal, scale};
      case FieldType::kEnum:
        return {LaneType::kEnum, 0};
      case FieldType::kBool:
        return {LaneType::kBool, 0};
    }
    return {};
  }
};

// Labels as a column of the input, or as a topic of their own (design S8).
struct LabelSource {
  std::string field;  // column of the input; empty when they come from `topic`
  std::string topic;
  std::string id;     // member that holds the transaction's id (topic only)
  std::string value;  // member that holds yes or no (topic only)
};

struct Schema {
  std::string id_source;
  std::string time_source;
  TimeFormat time_format = TimeFormat::kEpochMs;
  std::vector<Field> fields;
  std::uint32_t key_count = 0;
  std::optional<LabelSource> labels;

  [[nodiscard]] const Field* find(std::string_view name) const {
    for (const Field& field : fields)
      if (field.name == name) return &field;
    return nullptr;
  }
  [[nodiscard]] bool label_in_input() const { return labels && !labels->field.empty(); }
};

}  // namespace warpscore
