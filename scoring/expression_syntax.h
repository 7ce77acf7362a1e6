// The syntax of expressions: text to tokens to a tree. Knows no types and no names.
//
// Memory  a Tree keeps its nodes in one vector, and the text it was parsed from must outlive it.
// Errors  ExpressionError. Depth is bounded (kNestingMax), so no text can exhaust the stack; long
//         chains of binary operators make the tree deep to the left only: walk them in a loop.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace warpscore::expression {

inline constexpr std::size_t kExpressionBytesMax = 64 * 1024;
inline constexpr std::uint32_t kNestingMax = 100;

enum class Operator : std::uint8_t {
  kOr,
  kAnd,
  kEqual,
  kNotEqual,
  kLess,
  kLessEqual,
  kGreater,
  kGreaterEqual,
  kIn,
  kAdd,
  kSubtract,
  kMultiply,
  kDivide,
  kRemainder,
};

[[nodiscard]] std::string_view spelling_of(Operator op);

enum class TokenKind : std::uint8_t { kInteger, kDouble, kText, kName, kSymbol, kEnd };

struct Token {
  TokenKind kind = TokenKind::kEnd;
  std::uint32_t begin = 0;  // bytes of the source
  std::uint32_t end = 0;
  std::string_view spelling;  // a symbol, number or name as written
  std::string text;           // a text's value, escapes resolved; a name without backticks
  bool quoted = false;        // a name in backticks: never a word of the language
};

class Lexer {
 public:
  explicit Lexer(std::string_view source) : source_(source) {}
  [[nodiscard]] Token next();

 private:
  void skip_blanks();
  [[nodiscard]] Token number();
  [[nodiscard]] Token text(bool raw);
  [[nodiscard]] Token name();
  [[nodiscard]] Token quoted_name();
  [[nodiscard]] Token symbol();
  void escape(std::string& value);
  [[nodiscard]] std::uint32_t code_point(std::size_t begin, int digits, int base);
  [[nodiscard]] char peek(std::size_t ahead) const;
  [[nodiscard]] Token token(TokenKind kind, std::size_t begin) const;

  std::string_view source_;
  std::size_t at_ = 0;
};

using NodeId = std::uint32_t;

enum class NodeKind : std::uint8_t {
  kInteger,
  kDouble,
  kText,
  kBool,  // text is "true" or "false"
  kName,
  kNot,          // children: operand
  kNegate,       // children: operand
  kBinary,       // children: left, right
  kConditional,  // children: condition, yes, no
  kList,         // children: elements
  kCall,         // text(children...)
  kMethod,       // first child.text(other children...)
  kPrevious,     // previous(text).field
};

struct Node {
  NodeKind kind = NodeKind::kInteger;
  Operator op = Operator::kOr;  // kBinary
  std::uint32_t begin = 0;      // bytes of the source that it covers
  std::uint32_t end = 0;
  std::uint32_t position = 0;  // of the operator or name, for errors
  std::string text;            // a name's or text's value
  std::string field;
  std::vector<NodeId> children;
};

struct Tree {
  std::string_view source;
  std::vector<Node> nodes;
  NodeId root = 0;
};

[[nodiscard]] Tree parse_expression(std::string_view source);

}  // namespace warpscore::expression
