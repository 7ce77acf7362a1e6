// Tokens to a tree, by precedence climbing: the grammar of CEL without maps, macros and indexing.
#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "scoring/expression.h"
#include "scoring/expression_syntax.h"

namespace warpscore::expression {
namespace {

constexpr std::array<std::string_view, 17> kReserved = {
    "as",  "break", "const",   "continue",  "else",   "for", "function", "if",   "import",
    "let", "loop",  "package", "namespace", "return", "var", "void",     "while"};

struct Infix {
  std::string_view spelling;
  Operator op;
  int precedence;
};

constexpr int kRelationPrecedence = 3;
constexpr std::array<Infix, 14> kInfixes = {{{"||", Operator::kOr, 1},
                                             {"&&", Operator::kAnd, 2},
                                             {"==", Operator::kEqual, 3},
                                             {"!=", Operator::kNotEqual, 3},
                                             {"<", Operator::kLess, 3},
                                             {"<=", Operator::kLessEqual, 3},
                                             {">", Operator::kGreater, 3},
                                             {">=", Operator::kGreaterEqual, 3},
                                             {"in", Operator::kIn, kRelationPrecedence},
                                             {"+", Operator::kAdd, 4},
                                             {"-", Operator::kSubtract, 4},
                                             {"*", Operator::kMultiply, 5},
                                             {"/", Operator::kDivide, 5},
                                             {"%", Operator::kRemainder, 5}}};

// What others call our operators.
constexpr std::array<std::pair<std::string_view, std::string_view>, 8> kForeign = {{{"and", "&&"},
                                                                                    {"AND", "&&"},
                                                                                    {"or", "||"},
                                                                                    {"OR", "||"},
                                                                                    {"not", "!"},
                                                                                    {"NOT", "!"},
                                                                                    {"IN", "in"},
                                                                                    {"is", "=="}}};

class Parser {
 public:
  explicit Parser(std::string_view source) : lexer_(source) {
    tree_.source = source;
    token_ = lexer_.next();
  }

  Tree parse() {
    if (token_.kind == TokenKind::kEnd) throw ExpressionError(0, "the expression is empty", "");
    tree_.root = conditional();
    if (token_.kind != TokenKind::kEnd) unexpected("an operator or the end");
    return std::move(tree_);
  }

 private:
  // One level of nesting, while it lives.
  class Level {
   public:
    explicit Level(Parser& parser) : parser_(parser) {
      if (++parser_.depth_ > kNestingMax) {
        throw ExpressionError(parser_.token_.begin,
                              "the expression nests deeper than " + std::to_string(kNestingMax),
                              "split it into several features");
      }
    }
    ~Level() { --parser_.depth_; }
    Level(const Level&) = delete;
    Level& operator=(const Level&) = delete;

   private:
    Parser& parser_;
  };

  Token take() { return std::exchange(token_, lexer_.next()); }

  [[nodiscard]] bool at(std::string_view symbol) const {
    return token_.kind == TokenKind::kSymbol && token_.spelling == symbol;
  }

  bool accept(std::string_view symbol) {
    if (!at(symbol)) return false;
    take();
    return true;
  }

  Token expect(std::string_view symbol) {
    if (!at(symbol)) unexpected("\"" + std::string(symbol) + "\"");
    return take();
  }

  [[noreturn]] void unexpected(const std::string& wanted) const {
    const bool end = token_.kind == TokenKind::kEnd;
    std::string found = "the end of the expression";
    if (!end) found = "\"" + std::string(token_.spelling.substr(0, 40)) + "\"";
    std::string mend;
    for (const auto& [foreign, ours] : kForeign) {
      if (token_.kind == TokenKind::kName && token_.text == foreign) {
        mend = "write " + std::string(ours);
      }
    }
    throw ExpressionError(token_.begin, "expected " + wanted + ", found " + found, std::move(mend));
  }

  NodeId add(NodeKind kind, std::uint32_t begin, std::uint32_t end, std::uint32_t position) {
    Node node;
    node.kind = kind;
    node.begin = begin;
    node.end = end;
    node.position = position;
    tree_.nodes.push_back(std::move(node));
    return static_cast<NodeId>(tree_.nodes.size() - 1);
  }

  NodeId add(NodeKind kind, const Token& token) {
    const NodeId id = add(kind, token.begin, token.end, token.begin);
    tree_.nodes[id].text = token.text;
    return id;
  }

  [[nodiscard]] std::uint32_t begin_of(NodeId id) const { return tree_.nodes[id].begin; }
  [[nodiscard]] std::uint32_t end_of(NodeId id) const { return tree_.nodes[id].end; }

  NodeId conditional() {
    const Level level(*this);
    const NodeId condition = binary(1);
    if (!at("?")) return condition;
    const Token question = take();
    const NodeId yes = binary(1);  // as in CEL: a ?: in the middle needs parentheses
    expect(":");
    const NodeId no = conditional();
    const NodeId id = add(NodeKind::kConditional, begin_of(condition), end_of(no), question.begin);
    tree_.nodes[id].children = {condition, yes, no};
    return id;
  }

  [[nodiscard]] const Infix* infix() const {
    const bool word = token_.kind == TokenKind::kName && !token_.quoted && token_.text == "in";
    if (token_.kind != TokenKind::kSymbol && !word) return nullptr;
    const auto* const found = std::find_if(kInfixes.begin(), kInfixes.end(), [&](const Infix& i) {
      return i.spelling == token_.spelling;
    });
    return found == kInfixes.end() ? nullptr : found;
  }

  NodeId binary(int precedence) {
    NodeId left = unary();
    for (const Infix* at = infix(); at != nullptr && at->precedence >= precedence; at = infix()) {
      const Token sign = take();
      const NodeId right = at->op == Operator::kIn ? list() : binary(at->precedence + 1);
      const NodeId id = add(NodeKind::kBinary, begin_of(left), end_of(right), sign.begin);
      tree_.nodes[id].op = at->op;
      tree_.nodes[id].children = {left, right};
      left = id;
    }
    return left;
  }

  NodeId list() {
    if (!at("[")) unexpected("a list: [..]");
    const Token open = take();
    std::vector<NodeId> elements;
    while (!at("]")) {
      elements.push_back(conditional());
      if (!accept(",")) break;
    }
    const Token close = expect("]");
    const NodeId id = add(NodeKind::kList, open.begin, close.end, open.begin);
    tree_.nodes[id].children = std::move(elements);
    return id;
  }

  NodeId unary() {
    if (!at("-") && !at("!")) return postfix();
    const Level level(*this);
    const Token sign = take();
    const NodeId operand = unary();
    const NodeKind kind = sign.spelling == "-" ? NodeKind::kNegate : NodeKind::kNot;
    const NodeId id = add(kind, sign.begin, end_of(operand), sign.begin);
    tree_.nodes[id].children = {operand};
    return id;
  }

  // Methods make the tree deep to the left as well, so they count as levels.
  NodeId postfix() {
    NodeId object = primary();
    const std::uint32_t depth = depth_;
    while (at(".")) {
      if (++depth_ > kNestingMax) {
        throw ExpressionError(token_.begin, "too many methods in a row", "");
      }
      take();
      if (token_.kind != TokenKind::kName) unexpected("the name of a method");
      const Token name = take();
      if (!at("(")) {
        throw ExpressionError(name.begin, "nothing here has a field \"" + name.text + "\"",
                              "fields stand alone, or behind previous(KEY), as in "
                              "previous(KEY)." +
                                  name.text);
      }
      std::vector<NodeId> children = {object};
      const std::uint32_t end = arguments(children);
      const NodeId id = add(NodeKind::kMethod, begin_of(object), end, name.begin);
      tree_.nodes[id].text = name.text;
      tree_.nodes[id].children = std::move(children);
      object = id;
    }
    depth_ = depth;
    return object;
  }

  // (a, b, c): appends them; returns where it ends.
  std::uint32_t arguments(std::vector<NodeId>& children) {
    expect("(");
    while (!at(")")) {
      children.push_back(conditional());
      if (!accept(",")) break;
    }
    return expect(")").end;
  }

  NodeId primary() {
    switch (token_.kind) {
      case TokenKind::kInteger:
        return add(NodeKind::kInteger, take());
      case TokenKind::kDouble:
        return add(NodeKind::kDouble, take());
      case TokenKind::kText:
        return add(NodeKind::kText, take());
      case TokenKind::kName:
        return named();
      default:
        break;
    }
    if (at("[")) {
      throw ExpressionError(token_.begin, "a list can only stand after in", "write x in [1, 2, 3]");
    }
    if (!accept("(")) unexpected("a value");
    const NodeId inner = conditional();
    expect(")");
    return inner;
  }

  NodeId named() {
    const Token name = take();
    if (name.quoted) return add(NodeKind::kName, name);
    if (name.text == "true" || name.text == "false") return add(NodeKind::kBool, name);
    refuse_words(name);
    if (!at("(")) return add(NodeKind::kName, name);
    if (name.text == "previous") return previous(name);
    std::vector<NodeId> children;
    const std::uint32_t end = arguments(children);
    const NodeId id = add(NodeKind::kCall, name.begin, end, name.begin);
    tree_.nodes[id].text = name.text;
    tree_.nodes[id].children = std::move(children);
    return id;
  }

  static void refuse_words(const Token& name) {
    if (name.text == "null") {
      throw ExpressionError(name.begin, "there is no null", "write has(x) or !has(x)");
    }
    if (name.text == "in") throw ExpressionError(name.begin, "in needs a value before it", "");
    if (std::find(kReserved.begin(), kReserved.end(), name.text) != kReserved.end()) {
      throw ExpressionError(name.begin, "\"" + name.text + "\" is a reserved word",
                            "write `" + name.text + "` in backticks for a field of that name");
    }
  }

  NodeId previous(const Token& name) {
    expect("(");
    if (token_.kind != TokenKind::kName) unexpected("the name of a key");
    const Token key = take();
    expect(")");
    if (!at(".")) {
      throw ExpressionError(token_.begin, "previous(" + key.text + ") needs a field",
                            "write previous(" + key.text + ").time or another field");
    }
    take();
    if (token_.kind != TokenKind::kName) unexpected("the name of a field");
    const Token field = take();
    const NodeId id = add(NodeKind::kPrevious, name.begin, field.end, name.begin);
    tree_.nodes[id].text = key.text;
    tree_.nodes[id].field = field.text;
    return id;
  }

  Lexer lexer_;
  Token token_;
  Tree tree_;
  std::uint32_t depth_ = 0;
};

}  // namespace

Tree parse_expression(std::string_view source) {
  if (source.size() > kExpressionBytesMax) {
    throw ExpressionError(kExpressionBytesMax, "the expression is longer than 64 KiB",
                          "split it into several features");
  }
  return Parser(source).parse();
}

}  // namespace warpscore::expression
