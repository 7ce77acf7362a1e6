// The configuration file as a tree: what toml++ read, in the order of the file and with places.
//
// One file (config_toml.cpp) knows toml++; the rest of the configuration reads this.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_error.h"
#include "scoring/spec.h"

namespace warpscore {

struct Node {
  enum class Kind : std::uint8_t {
    kTable,
    kArray,
    kText,
    kInteger,
    kFloat,
    kBoolean,
    kTime,     // a date or time without quotes
    kInvalid,  // an error was reported for it: readers take it as absent
  };
  enum class Reference : std::uint8_t { kNone, kFile, kCredential, kEnvironment };

  Kind kind = Kind::kInvalid;
  Reference reference = Reference::kNone;  // where `text` came from, if not from this file
  bool boolean = false;
  std::int64_t integer = 0;
  std::string text;         // of a text; of a number as written, without "_" and "+"
  std::vector<Node> items;  // of a table or an array
  std::string name;         // in the table it is in, "" in an array
  Place key;                // of its name; of itself in an array
  Place place;              // of its value
};

// What is wrong so far. Nothing is thrown before all of the file was looked at.
struct Findings {
  std::vector<ConfigError> errors;
  std::vector<ConfigError> warnings;
  std::vector<std::string> hidden;  // texts from files and credentials: no message may quote them

  void error(const Place& place, const std::string& message, const std::string& mend) {
    errors.emplace_back(place, message, mend);
  }
  void warning(const Place& place, const std::string& message, const std::string& mend) {
    warnings.emplace_back(place, message, mend);
  }
};

// Throws ConfigErrors with one error if the text is no TOML.
[[nodiscard]] Node parse_toml(std::string_view text, const std::filesystem::path& name);

// Replaces `node`, a table such as { file = "..." }, by the text it refers to. False if it is no
// such table; an error of its own (no such file) goes to `findings` and makes the node invalid.
bool resolve_reference(Node& node, const std::filesystem::path& folder, Findings& findings);

// Holds the tree to the table of keys (config_keys.h): unknown keys, missing keys, types, ranges.
// Resolves references; makes invalid what it reported.
void check_keys(Node& root, const std::filesystem::path& folder, Findings& findings);

// "a table", "an integer", ...
[[nodiscard]] std::string_view name_of(Node::Kind kind);

// The table's member, nullptr if it is absent or was refused.
[[nodiscard]] inline const Node* find(const Node* table, std::string_view name) {
  if (table == nullptr) return nullptr;
  for (const Node& item : table->items)
    if (item.name == name && item.kind != Node::Kind::kInvalid) return &item;
  return nullptr;
}

[[nodiscard]] inline std::string text_of(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::kText ? node->text : std::string();
}

[[nodiscard]] inline TextAt text_at(const Node* node) {
  return node != nullptr && node->kind == Node::Kind::kText ? TextAt{node->text, node->place}
                                                            : TextAt{};
}

[[nodiscard]] std::vector<TextAt> texts_of(const Node* node);
[[nodiscard]] std::int64_t integer_or(const Node* node, std::int64_t fallback);
[[nodiscard]] bool boolean_or(const Node* node, bool fallback);
[[nodiscard]] std::int64_t duration_or(const Node* node, std::int64_t fallback);

}  // namespace warpscore
