// Features, model and alerts as the configuration states them, before they are compiled to a Plan.
//
// Units   lengths of time: milliseconds.
// Owner   service/config fills these; scoring/plan checks and compiles them. A Place says where
// each
//         stands in the file, so that an error found while compiling names its line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/config_error.h"

namespace warpscore {

struct TextAt {  // a text of the configuration, and where it stands
  std::string text;
  Place place;
};

struct WindowSpec {
  std::string text;  // as written: "7d"
  std::int64_t length_ms = 0;
  Place place;
};

// One [[features]] block: several columns (ops x windows), or one (expr).
struct FeatureSpec {
  Place place;
  TextAt name;  // may hold {op} {window} {days} {hours} {minutes}
  TextAt key;
  TextAt value;  // a field's name or "label"; "" for ops that need none
  std::vector<TextAt> ops;
  std::vector<WindowSpec> windows;
  std::int64_t delay_ms = 0;
  bool closed_both = false;
  TextAt where;
  std::vector<TextAt> same;
  std::optional<std::int64_t> lookback_ms;
  TextAt expr;
};

struct ModelSpec {
  TextAt path;  // absolute, or relative to the configuration file (already resolved)
  std::span<const std::byte> bytes;  // the model itself where it comes with the program
  bool has_features = false;
  std::vector<TextAt> list;                           // by position; * and ? are wildcards
  std::vector<std::pair<std::string, TextAt>> table;  // the model's own name -> ours
  std::string sha256;  // 64 lower-case hex digits the file must have; "" for any
};

struct AlertSpec {
  Place place;
  std::string name;
  TextAt when;
  std::string severity;  // "low", "medium", "high" or "critical"
  TextAt reason;         // may hold {field} and {feature}; "" for the text of `when`
  bool shadow = false;   // counted and shown, sent nowhere
};

// Limits of state. 0: no limit but memory.
struct StateSpec {
  std::uint64_t history_max = 0;  // transactions held per key
  std::uint64_t keys_max = 0;     // keys per key table
  std::uint64_t memory_max = 0;   // bytes of all tables and histories
};

}  // namespace warpscore
