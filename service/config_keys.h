// Every key of the configuration: one table that the parser checks a file against and that
// docs/configuration.md is compared with.
//
// Paths   "a.b" a key in a table, "[]" each table of a list, "*" a name of the user's own.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include "service/duration.h"

namespace warpscore {

enum class ValueKind : std::uint8_t {
  kText,     // never empty
  kInteger,  // min..max
  kBoolean,
  kDuration,  // min..max milliseconds
  kSize,      // bytes as an integer, "8GiB" or "80%"
  kTexts,     // a list of at least `min` texts
  kTable,
  kTables,       // a list of tables
  kTextOrTable,  // the short and the long form of a field
  kTextsOrTable,
  kScalar,      // text, number or boolean
  kProperties,  // [kafka.properties]: config_kafka.cpp reads it
};

struct ConfigKey {
  std::string_view path;
  ValueKind kind = ValueKind::kText;
  bool required = false;        // if the table it belongs to is there
  std::string_view fallback{};  // the default in words, as the reference prints it
  std::string_view choices{};   // kText: "json|csv"; "" for any
  std::int64_t min = 0;
  std::int64_t max = std::numeric_limits<std::int64_t>::max();
};

[[nodiscard]] std::span<const ConfigKey> config_keys();

// The key that the name stands for in the table of that path ("" for the file itself), nullptr if
// the name means nothing there.
[[nodiscard]] const ConfigKey* find_key(std::string_view table, std::string_view name);

// "kafka.properties.*" -> "kafka.properties" and "*".
[[nodiscard]] std::string_view table_of(const ConfigKey& key);
[[nodiscard]] std::string_view name_of(const ConfigKey& key);

// What a value of this key looks like, as the reference prints it: `"json" or "csv"`.
[[nodiscard]] std::string describe_type(const ConfigKey& key);

}  // namespace warpscore
