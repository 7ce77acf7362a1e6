// TOML text -> Node. The only file that sees toml++.
//
// toml++ 3.3.0 checks some of its input by assertions ("[[[a]]]": marzer/tomlplusplus#301). They
// throw here, in every build: a typing mistake must not abort, nor be undefined behaviour.
#undef NDEBUG
namespace warpscore {
struct ParserAssertion {};
[[noreturn]] inline void fail_parser_assertion() { throw ParserAssertion{}; }
}  // namespace warpscore
#define TOML_ASSERT(condition) \
  ((condition) ? static_cast<void>(0) : ::warpscore::fail_parser_assertion())
#define TOML_HEADER_ONLY 0
#define TOML_IMPLEMENTATION
#define TOML_ENABLE_FORMATTERS 0
#define TOML_MAX_NESTED_VALUES 16
#include <toml++/toml.h>

#include <algorithm>
#include <string>

#include "service/config.h"
#include "service/config_node.h"

namespace warpscore {
namespace {

// Every part of a dotted key is a table in a table, and toml++ destroys them by recursion: with
// TOML_MAX_NESTED_VALUES this bounds the stack.
constexpr std::size_t kMaxDotsPerLine = 200;

Place place_of(const toml::source_region& region, std::string path) {
  return {static_cast<std::uint32_t>(region.begin.line),
          static_cast<std::uint32_t>(region.begin.column), std::move(path)};
}

// A number keeps the digits of the file: as a double, 90071992547409.93 would lose its cents.
class SourceText {
 public:
  explicit SourceText(std::string_view text) : text_(text) {
    lines_.push_back(0);
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '\n') lines_.push_back(i + 1);
  }

  // toml++ counts columns in code points.
  [[nodiscard]] std::string number_at(const toml::source_position& at) const {
    if (at.line == 0 || at.line > lines_.size()) return {};
    std::size_t i = lines_[at.line - 1];
    for (std::uint32_t column = 1; column < at.column && i < text_.size(); ++column) do
        ++i;
      while (i < text_.size() && (static_cast<unsigned char>(text_[i]) & 0xC0) == 0x80);
    std::string number;
    for (; i < text_.size(); ++i) {
      const char c = text_[i];
      if (c == '_' || (c == '+' && number.empty())) continue;
      if (!(c >= '0' && c <= '9') && std::string_view("+-.eE").find(c) == std::string_view::npos)
        break;
      number += c;
    }
    return number;
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> lines_;
};

Node convert(const toml::node& from, const std::string& path, const SourceText& source);

void convert_table(const toml::table& table, Node& node, const SourceText& source) {
  node.kind = Node::Kind::kTable;
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    const std::string path = node.place.key.empty() ? name : node.place.key + "." + name;
    Node item = convert(value, path, source);
    item.name = name;
    item.key = place_of(key.source(), path);
    if (item.place.line == 0)
      item.place = item.key;  // a table that only its children's names imply
    node.items.push_back(std::move(item));
  }
  // toml++ sorts by name; the order of the file means something to fields.
  std::sort(node.items.begin(), node.items.end(), [](const Node& a, const Node& b) {
    return std::pair(a.key.line, a.key.column) < std::pair(b.key.line, b.key.column);
  });
}

Node convert(const toml::node& from, const std::string& path, const SourceText& source) {
  Node node;
  node.place = node.key = place_of(from.source(), path);
  if (const auto* table = from.as_table()) {
    convert_table(*table, node, source);
  } else if (const auto* array = from.as_array()) {
    node.kind = Node::Kind::kArray;
    for (const toml::node& item : *array)
      node.items.push_back(
          convert(item, path + "[" + std::to_string(node.items.size()) + "]", source));
  } else if (const auto* text = from.as_string()) {
    node.kind = Node::Kind::kText;
    node.text = text->get();
  } else if (const auto* integer = from.as_integer()) {
    node.kind = Node::Kind::kInteger;
    node.integer = integer->get();
    node.text = std::to_string(node.integer);
  } else if (from.is_floating_point()) {
    node.kind = Node::Kind::kFloat;
    node.text = source.number_at(from.source().begin);  // "" for inf and nan
  } else if (const auto* boolean = from.as_boolean()) {
    node.kind = Node::Kind::kBoolean;
    node.boolean = boolean->get();
    node.text = node.boolean ? "true" : "false";
  } else {
    node.kind = Node::Kind::kTime;
  }
  return node;
}

// The first line with more dots outside quotes and comments than any key needs, 0 if there is none.
std::uint32_t line_of_endless_key(std::string_view text) {
  std::uint32_t line = 1;
  std::size_t dots = 0;
  char quote = '\0';
  bool comment = false;
  for (const char c : text) {
    if (c == '\n') {
      ++line;
      dots = 0;
      quote = '\0';
      comment = false;
    } else if (comment) {
      continue;
    } else if (quote != '\0') {
      if (c == quote) quote = '\0';
    } else if (c == '"' || c == '\'') {
      quote = c;
    } else if (c == '#') {
      comment = true;
    } else if (c == '.' && ++dots > kMaxDotsPerLine) {
      return line;
    }
  }
  return 0;
}

bool fails_assertion(std::string_view text) {
  try {
    (void)toml::parse(text);
  } catch (const ParserAssertion&) {
    return true;
  } catch (const toml::parse_error&) {
  }
  return false;
}

// An assertion knows no line. The shortest run of first lines that fails it ends with the culprit.
std::uint32_t line_of_assertion(std::string_view text) {
  std::vector<std::size_t> ends;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (text[i] == '\n' || i + 1 == text.size()) ends.push_back(i + 1);
  const auto culprit = std::partition_point(ends.begin(), ends.end(), [text](std::size_t end) {
    return !fails_assertion(text.substr(0, end));
  });
  return static_cast<std::uint32_t>(std::min<std::ptrdiff_t>(
      culprit - ends.begin() + 1, static_cast<std::ptrdiff_t>(ends.size())));
}

[[noreturn]] void throw_at(std::uint32_t line, const std::string& message,
                           const std::string& mend) {
  throw ConfigErrors({ConfigError(Place{line, 1, ""}, message, mend)});
}

}  // namespace

Node parse_toml(std::string_view text, const std::filesystem::path& name) {
  if (const std::uint32_t line = line_of_endless_key(text))
    throw_at(line, "has more dots than a key can have", "");
  try {
    const toml::table table = toml::parse(text, name.string());
    Node root = convert(table, "", SourceText(text));
    root.place = root.key = {1, 1, ""};
    return root;
  } catch (const toml::parse_error& error) {
    throw ConfigErrors(
        {ConfigError(place_of(error.source(), ""), std::string(error.description()), "")});
  } catch (const ParserAssertion&) {
    throw_at(line_of_assertion(text), "is no TOML",
             "compare brackets and quotes with a line that works");
  }
}

}  // namespace warpscore
