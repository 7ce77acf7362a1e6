// The tree of a file against the table of keys: what can be said without knowing what a key means.
#include <array>
#include <charconv>

#include "base/nearest_name.h"
#include "service/config_keys.h"
#include "service/config_node.h"
#include "service/duration.h"
#include "service/size.h"

namespace warpscore {
namespace {

constexpr std::string_view kDurationMend =
    "write for example \"50ms\", \"30s\", \"10m\", \"1h30m\", \"7d\" or \"2w\"";

class Checker {
 public:
  Checker(const std::filesystem::path& folder, Findings& findings)
      : folder_(folder), findings_(findings) {}

  void check_table(Node& table, std::string_view path) {
    for (Node& item : table.items) {
      if (const ConfigKey* key = find_key(path, item.name))
        check_value(item, *key);
      else
        refuse_unknown(item, path);
    }
    for (const ConfigKey& key : config_keys())
      if (key.required && table_of(key) == path && name_of(key) != "*") require(table, key);
  }

 private:
  void refuse(Node& node, const std::string& message, const std::string& mend) {
    findings_.error(node.place, message, mend);
    node.kind = Node::Kind::kInvalid;
  }

  void refuse_unknown(Node& node, std::string_view path) {
    std::vector<std::string_view> known;
    for (const ConfigKey& key : config_keys())
      if (table_of(key) == path && name_of(key) != "*") known.push_back(name_of(key));
    const std::string nearest = nearest_name(node.name, known);
    std::string mend;
    if (!nearest.empty()) {
      mend = "did you mean \"" + nearest + "\"?";
    } else {
      mend = "known here:";
      for (std::size_t i = 0; i < known.size(); ++i)
        mend += (i == 0 ? " " : ", ") + std::string(known[i]);
    }
    findings_.error(node.key, "unknown key", mend);
    node.kind = Node::Kind::kInvalid;
  }

  // A key that was given and refused is not missing as well.
  void require(const Node& table, const ConfigKey& key) {
    const std::string name(name_of(key));
    for (const Node& item : table.items)
      if (item.name == name) return;
    Place place = table.place;
    place.key = place.key.empty() ? name : place.key + "." + name;
    findings_.error(place, "is missing", mend_missing(key, place.key));
  }

  static std::string mend_missing(const ConfigKey& key, const std::string& path) {
    const std::string name(name_of(key));
    // A table of a table of a list has no header that would say which of the list it is in.
    if (key.kind == ValueKind::kTable)
      return path.find('[') == std::string::npos ? "add a table [" + path + "]"
                                                 : "add " + name + " = { ... }";
    if (key.kind == ValueKind::kTables) return "add " + name + " = [ { ... } ]";
    if (key.kind == ValueKind::kInteger) return "add " + name + " = " + std::to_string(key.min);
    if (!key.choices.empty()) return "add " + name + ", one of " + describe_type(key);
    return "add " + name + " = \"...\"";
  }

  void check_value(Node& node, const ConfigKey& key) {
    switch (key.kind) {
      case ValueKind::kText:
        return check_text(node, key);
      case ValueKind::kInteger:
        return check_integer(node, key);
      case ValueKind::kBoolean:
        if (node.kind != Node::Kind::kBoolean) refuse_type(node, "true or false");
        return;
      case ValueKind::kDuration:
        return check_duration(node, key);
      case ValueKind::kSize:
        return check_size(node);
      case ValueKind::kTexts:
        return check_texts(node, key);
      case ValueKind::kTable:
        return check_table_value(node, key, "a table");
      case ValueKind::kTables:
        return check_tables(node, key);
      case ValueKind::kTextOrTable:
        if (node.kind == Node::Kind::kText) return check_text(node, key);
        return check_table_value(node, key, "text or a table");
      case ValueKind::kTextsOrTable:
        if (node.kind == Node::Kind::kArray) return check_texts(node, key);
        return check_table_value(node, key, "a list of texts or a table");
      case ValueKind::kScalar:
        return check_scalar(node);
      case ValueKind::kProperties:
        if (node.kind != Node::Kind::kTable) refuse_type(node, "a table");
        return;
    }
  }

  void refuse_type(Node& node, const std::string& wanted) {
    const bool quote =
        wanted == "text" && (node.kind == Node::Kind::kInteger || node.kind == Node::Kind::kFloat ||
                             node.kind == Node::Kind::kBoolean || node.kind == Node::Kind::kTime);
    const bool unquote = node.kind == Node::Kind::kText && wanted != "text" &&
                         (wanted == "an integer" || wanted == "true or false");
    std::string mend;
    if (quote) mend = "put it in quotes";
    if (unquote) mend = "write it without quotes";
    refuse(node, "must be " + wanted + ", not " + std::string(name_of(node.kind)), mend);
  }

  // Text, or a reference to text. False: it was neither, and that has been said.
  bool take_text(Node& node) {
    if (node.kind == Node::Kind::kTable && resolve_reference(node, folder_, findings_))
      return node.kind == Node::Kind::kText && refuse_empty(node);
    if (node.kind == Node::Kind::kText) return refuse_empty(node);
    refuse_type(node, "text");
    return false;
  }

  bool refuse_empty(Node& node) {
    if (!node.text.empty()) return true;
    refuse(node, "must not be empty", "give it a value or leave the key out");
    return false;
  }

  void check_text(Node& node, const ConfigKey& key) {
    if (!take_text(node) || key.choices.empty()) return;
    std::vector<std::string_view> choices;
    std::string_view rest = key.choices;
    while (true) {
      const std::size_t bar = rest.find('|');
      choices.push_back(rest.substr(0, bar));
      if (choices.back() == node.text) return;
      if (bar == std::string_view::npos) break;
      rest.remove_prefix(bar + 1);
    }
    const std::string nearest = nearest_name(node.text, choices);
    refuse(node, "must be " + describe_type(key) + ", not \"" + node.text + "\"",
           nearest.empty() ? "" : "did you mean \"" + nearest + "\"?");
  }

  void check_integer(Node& node, const ConfigKey& key) {
    if (node.kind != Node::Kind::kInteger) return refuse_type(node, "an integer");
    if (node.integer >= key.min && node.integer <= key.max) return;
    refuse(node,
           "must be " +
               (key.min == key.max
                    ? std::to_string(key.min)
                    : "from " + std::to_string(key.min) + " to " + std::to_string(key.max)) +
               ", not " + std::to_string(node.integer),
           key.path == "version" ? "this build reads version 1" : "");
  }

  void check_duration(Node& node, const ConfigKey& key) {
    if (node.kind == Node::Kind::kInteger || node.kind == Node::Kind::kFloat)
      return refuse(node, "must be a duration with its unit", std::string(kDurationMend));
    if (!take_text(node)) return;
    const auto ms = parse_duration(node.text);
    if (!ms)
      return refuse(node, "\"" + node.text + "\" is no duration", std::string(kDurationMend));
    if (*ms < key.min || *ms > key.max)
      refuse(node,
             "must be from " + format_duration(key.min) + " to " + format_duration(key.max) +
                 ", not " + node.text,
             "");
  }

  void check_size(Node& node) {
    constexpr std::string_view kMend =
        "write bytes, \"512MiB\", \"8GiB\", or a part of the device's memory such as \"80%\"";
    if (node.kind == Node::Kind::kInteger) {
      if (node.integer <= 0) refuse(node, "must be more than 0", std::string(kMend));
      return;
    }
    if (!take_text(node)) return;
    if (!parse_size(node.text))
      refuse(node, "\"" + node.text + "\" is no size", std::string(kMend));
  }

  void check_texts(Node& node, const ConfigKey& key) {
    if (node.kind == Node::Kind::kText)
      return refuse(node, "must be a list of texts, not text",
                    "put it in brackets: [\"" + node.text + "\"]");
    if (node.kind != Node::Kind::kArray) return refuse_type(node, "a list of texts");
    if (static_cast<std::int64_t>(node.items.size()) < key.min)
      return refuse(node, "must not be an empty list", "name at least one, or leave the key out");
    for (Node& item : node.items) take_text(item);
  }

  void check_table_value(Node& node, const ConfigKey& key, const std::string& wanted) {
    if (node.kind != Node::Kind::kTable) {
      // The one place where the short form is tempting and says too little.
      if (key.path == "input.fields.*" && node.kind == Node::Kind::kText)
        return refuse(node, "a field needs its type",
                      "write { field = \"" + node.text +
                          "\", type = \"...\" } with key, integer, decimal, enum or boolean");
      return refuse_type(node, wanted);
    }
    if (key.kind == ValueKind::kTextsOrTable && node.items.empty())
      return refuse(node, "must not be an empty table", "name at least one, or leave the key out");
    check_table(node, key.path);
  }

  void check_tables(Node& node, const ConfigKey& key) {
    const std::string path(key.path);
    if (node.kind != Node::Kind::kArray) {
      const bool header = node.kind == Node::Kind::kTable && path.find('[') == std::string::npos;
      return refuse(node, "must be a list of tables, not " + std::string(name_of(node.kind)),
                    header ? "write [[" + path + "]] with two brackets" : "");
    }
    for (Node& item : node.items) {
      if (item.kind == Node::Kind::kTable)
        check_table(item, path + "[]");
      else
        refuse_type(item, "a table");
    }
  }

  void check_scalar(Node& node) {
    if (node.kind == Node::Kind::kTime)
      return refuse(node, "must be text, not a date or time", "put it in quotes");
    if (node.kind == Node::Kind::kTable || node.kind == Node::Kind::kArray)
      return refuse_type(node, "text, a number, true or false");
    if (node.kind == Node::Kind::kFloat && node.text.find_first_of("0123456789") == node.text.npos)
      refuse(node, "must be a finite number", "");
  }

  const std::filesystem::path& folder_;
  Findings& findings_;
};

}  // namespace

void check_keys(Node& root, const std::filesystem::path& folder, Findings& findings) {
  Checker(folder, findings).check_table(root, "");
}

std::string_view name_of(Node::Kind kind) {
  constexpr std::array<std::string_view, 8> kNames = {
      "a table",  "a list",        "text",           "an integer",
      "a number", "true or false", "a date or time", "an invalid value"};
  return kNames[static_cast<std::size_t>(kind)];
}

std::vector<TextAt> texts_of(const Node* node) {
  std::vector<TextAt> texts;
  if (node != nullptr)
    for (const Node& item : node->items)
      if (item.kind == Node::Kind::kText) texts.push_back(text_at(&item));
  return texts;
}

std::int64_t integer_or(const Node* node, std::int64_t fallback) {
  return node != nullptr && node->kind == Node::Kind::kInteger ? node->integer : fallback;
}

bool boolean_or(const Node* node, bool fallback) {
  return node != nullptr && node->kind == Node::Kind::kBoolean ? node->boolean : fallback;
}

std::int64_t duration_or(const Node* node, std::int64_t fallback) {
  if (node == nullptr || node->kind != Node::Kind::kText) return fallback;
  return parse_duration(node->text).value_or(fallback);
}

}  // namespace warpscore
