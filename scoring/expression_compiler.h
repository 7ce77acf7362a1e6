// The tree of an expression to a Program: types, literals, registers. Internal to the folder.
//
// Order   operands are compiled from left to right, the left spine of binary operators in a loop.
// Memory  a value owns its register until an instruction consumes it; registers are used again.
// Errors  ExpressionError, at the operator or operand that is wrong.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/expression.h"
#include "scoring/expression_syntax.h"

namespace warpscore::expression {

// A value while its expression is compiled.
struct Operand {
  enum class Form : std::uint8_t { kRegister, kConstant, kText };
  Form form = Form::kRegister;
  ColumnType type;          // not of a text
  std::uint8_t reg = 0;     // kRegister
  Lane constant = 0;        // kConstant
  std::string_view number;  // a number literal as written, without its sign: it adapts to what
  bool negative = false;    // stands beside it
  std::string text;         // kText
  std::uint32_t begin = 0;  // bytes of the source that it covers
  std::uint32_t end = 0;

  [[nodiscard]] bool is(LaneType wanted) const {
    return form != Form::kText && type.type == wanted;
  }
  [[nodiscard]] bool is_text() const { return form == Form::kText; }
  [[nodiscard]] bool is_literal() const { return !number.empty(); }
  [[nodiscard]] bool is_whole_literal() const { return is_literal() && is(LaneType::kInteger); }
  // A text's number or fingerprint.
  [[nodiscard]] bool is_named() const { return is(LaneType::kEnum) || is(LaneType::kKey); }
  [[nodiscard]] bool is_number() const {
    return is(LaneType::kInteger) || is(LaneType::kDouble) || is(LaneType::kDecimal);
  }
};

class ExpressionCompiler {
 public:
  ExpressionCompiler(const Tree& tree, Scope& scope, Dictionary& dictionary)
      : tree_(tree), scope_(scope), dictionary_(dictionary) {}
  [[nodiscard]] Program run();

 private:
  // What must hold for a row to need the value that is being compiled.
  struct Guard {
    std::uint8_t condition = 0;
    Lane live = 0;                         // kLiveIfTrue...
    std::uint32_t combined = kNoRegister;  // with all outer guards; made when needed
  };

  // expression_compiler.cpp: the walk.
  Operand compile(NodeId id);
  Operand compile_leaf(NodeId id);
  Operand apply(const Node& node, Operand left);
  Operand logic(const Node& node, Operand left);
  Operand conditional(const Node& node);
  Operand adapt_branch(Operand branch, const Operand& beside, ColumnType type);
  ColumnType branch_type(const Operand& yes, const Operand& no, const Node& node);
  Operand negate(const Node& node);
  Operand invert(const Node& node);
  Operand number(const Node& node);
  void finish(Operand result);

  // expression_emit.cpp: registers and instructions.
  std::uint8_t allocate();
  void release(std::uint32_t reg);
  std::uint8_t to_register(Operand& operand);
  std::uint32_t flags_register();
  std::uint32_t guard_register();
  void push_guard(std::uint8_t condition, Lane live);
  void pop_guard();
  Operand emit_unary(Op op, Operand operand, ColumnType type, Lane constant = 0);
  Operand emit_binary(Op op, Operand left, Operand right, ColumnType type);
  Operand emit_masked(Op op, Operand left, Operand right, std::uint32_t mask, Lane constant);
  // The operation can fail: rows are counted.
  Operand emit_checked(Op op, Operand left, Operand right, ColumnType type, Lane constant = 0);
  Operand emit_checked(Op op, Operand operand, ColumnType type, Lane constant = 0);
  Operand emit_load(const Symbol& symbol, const Node& node);

  // expression_arithmetic.cpp.
  Operand arithmetic(const Node& node, Operand left, Operand right);
  Operand decimal_arithmetic(const Node& node, Operand left, Operand right);
  Operand decimal_sum(const Node& node, Operand left, Operand right);
  Operand ratio(Operand left, Operand right);
  Operand time_arithmetic(const Node& node, Operand left, Operand right);
  void refuse_unlike(const Node& node, const Operand& left, const Operand& right);
  Operand scale_to(Operand operand, std::uint8_t scale);
  Operand literal_as_decimal(const Operand& literal, std::uint8_t scale, const Operand& beside);

  // expression_comparison.cpp.
  Operand comparison(const Node& node, Operand left, Operand right);
  Operand number_comparison(const Node& node, Operand left, Operand right);
  Operand relation(Operator op, Operand left, Operand right, bool doubles);
  Operand membership(const Node& node, Operand left);
  Operand among(const Node& node, const Operand& left, Operand target, Operand element);
  void meet(const Node& node, Operand& left, Operand& right);  // a literal adapts to the other side
  Operand text_as(const Operand& text, const Operand& beside);
  Operand bool_literal(const Operand& literal, const Operand& beside);
  [[noreturn]] void refuse_comparison(const Node& node, const Operand& left, const Operand& right);

  // expression_functions.cpp.
  Operand name(const Node& node);
  Operand previous(const Node& node);
  Operand call(const Node& node);
  Operand has(const Node& node);
  Operand to_double(const Node& node);
  Operand to_integer(const Node& node);
  Operand minor(const Node& node);
  Operand spelled_time(const Node& node);
  Operand method(const Node& node);
  Operand time_method(const Node& node, Operand time);
  Operand duration_method(const Node& node, Operand duration);
  const Node& only_argument(const Node& node, std::string_view usage);
  [[noreturn]] void refuse_function(const Node& node);
  [[noreturn]] void refuse_previous(const Node& node);

  // expression_messages.cpp.
  [[nodiscard]] std::string source_of(const Operand& operand) const;  // shortened if long
  [[nodiscard]] std::string describe(const Operand& operand) const;   // "c1_n is an integer"
  [[nodiscard]] std::string kind_of(const Operand& operand) const;    // "an integer"
  [[nodiscard]] std::string as_double(const Operand& operand) const;  // how to write it as one
  [[nodiscard]] std::string did_you_mean(std::string_view name) const;
  void want_bool(const Operand& operand, std::string_view where) const;

  const Node& node_of(NodeId id) const { return tree_.nodes[id]; }
  static Operand constant(LaneType type, Lane value, const Node& node);

  const Tree& tree_;
  Scope& scope_;
  Dictionary& dictionary_;
  Program program_;
  std::vector<Guard> guards_;
  std::uint64_t used_ = 0;  // bit r: register r is taken
  std::uint32_t flags_ = kNoRegister;
};

}  // namespace warpscore::expression
