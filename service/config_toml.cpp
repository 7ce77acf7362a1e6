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
#include <optional>
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

// What toml++ must not be given, found by a walk that knows strings and comments and no more.
//
// Dots     endless keys, see kMaxDotsPerLine.
// Letters  a letter such as "é" outside quotes makes toml++ 3.3.0 reach what it declares
//          unreachable (is_non_ascii_horizontal_whitespace).
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = line_start_ = 3;
  }

  std::optional<ConfigError> find_problem() {
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"' || c == '\'') {
        // toml++ reads a bare word past a quote, this walk does not: they must not disagree.
        if (at_ > line_start_ &&
            std::string_view(" \t\r=,[{.").find(text_[at_ - 1]) == std::string_view::npos)
          return ConfigError({line_, column(), ""}, "a quote must not stand inside a word", "");
        skip_string(c);
      } else if (c == '#') {
        skip_to_line_end();
      } else {
        if (c == '\n') next_line();
        if (c == '.' && ++dots_ > kMaxDotsPerLine)
          return ConfigError({line_, 1, ""}, "has more dots than a key can have", "");
        if (static_cast<unsigned char>(c) >= 0x80)
          return ConfigError({line_, column(), ""}, "only ASCII can stand outside quotes",
                             "put the name or the text in quotes");
        ++at_;
      }
    }
    return std::nullopt;
  }

 private:
  void next_line() {
    ++line_;
    line_start_ = at_ + 1;
    dots_ = 0;
  }

  void skip_to_line_end() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  // Up to the quote, or the three quotes, that close it; a line's end closes a one-line string.
  void skip_string(char quote) {
    const std::string three(3, quote);
    const bool is_long = text_.substr(at_).starts_with(three);
    at_ += is_long ? 3 : 1;
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '\\' && quote == '"' && at_ + 1 < text_.size() && text_[at_ + 1] != '\n') {
        ++at_;
      } else if (c == '\n') {
        if (!is_long) return;
        next_line();
      } else if (c == quote && (!is_long || text_.substr(at_).starts_with(three))) {
        at_ += is_long ? 3 : 1;
        // """a""""" ends with two quotes of its own.
        for (int own = 0; is_long && own < 2 && at_ < text_.size() && text_[at_] == quote; ++own)
          ++at_;
        return;
      }
    }
  }

  [[nodiscard]] std::uint32_t column() const {
    const auto is_start = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
    return 1 + static_cast<std::uint32_t>(
                   std::count_if(text_.begin() + static_cast<std::ptrdiff_t>(line_start_),
                                 text_.begin() + static_cast<std::ptrdiff_t>(at_), is_start));
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::size_t line_start_ = 0;
  std::uint32_t line_ = 1;
  std::size_t dots_ = 0;
};

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

}  // namespace

Node parse_toml(std::string_view text, const std::filesystem::path& name) {
  if (auto problem = Scanner(text).find_problem()) throw ConfigErrors({std::move(*problem)});
  try {
    const toml::table table = toml::parse(text, name.string());
    Node root = convert(table, "", SourceText(text));
    root.place = root.key = {1, 1, ""};
    return root;
  } catch (const toml::parse_error& error) {
    throw ConfigErrors(
        {ConfigError(place_of(error.source(), ""), std::string(error.description()), "")});
  } catch (const ParserAssertion&) {
    throw ConfigErrors({ConfigError(Place{line_of_assertion(text), 1, ""}, "is no TOML",
                                    "compare brackets and quotes with a line that works")});
  }
}

}  // namespace warpscore
