// The walk over the tree: literals, logic and ?:.
#include "scoring/expression_compiler.h"

#include <algorithm>
#include <utility>

#include "scoring/expression_literals.h"

namespace warpscore::expression {

Program ExpressionCompiler::run() {
  Operand result = compile(tree_.root);
  if (result.is_text()) {
    throw ExpressionError(result.begin, "a text alone is no value of an expression",
                          "compare a field with it");
  }
  finish(std::move(result));
  return std::move(program_);
}

Operand ExpressionCompiler::compile(NodeId id) {
  std::vector<NodeId> spine;
  while (node_of(id).kind == NodeKind::kBinary) {
    spine.push_back(id);
    id = node_of(id).children[0];
  }
  Operand value = compile_leaf(id);
  for (auto at = spine.rbegin(); at != spine.rend(); ++at) {
    value = apply(node_of(*at), std::move(value));
    value.begin = node_of(*at).begin;
    value.end = node_of(*at).end;
  }
  return value;
}

Operand ExpressionCompiler::apply(const Node& node, Operand left) {
  switch (node.op) {
    case Operator::kOr:
    case Operator::kAnd:
      return logic(node, std::move(left));
    case Operator::kIn:
      return membership(node, std::move(left));
    case Operator::kAdd:
    case Operator::kSubtract:
    case Operator::kMultiply:
    case Operator::kDivide:
    case Operator::kRemainder:
      return arithmetic(node, std::move(left), compile(node.children[1]));
    default:
      return comparison(node, std::move(left), compile(node.children[1]));
  }
}

Operand ExpressionCompiler::constant(LaneType type, Lane value, const Node& node) {
  Operand made;
  made.form = Operand::Form::kConstant;
  made.type = {type, 0};
  made.constant = value;
  made.begin = node.begin;
  made.end = node.end;
  return made;
}

Operand ExpressionCompiler::compile_leaf(NodeId id) {
  const Node& node = node_of(id);
  Operand value;
  switch (node.kind) {
    case NodeKind::kInteger:
    case NodeKind::kDouble:
      value = number(node);
      break;
    case NodeKind::kText:
      value.form = Operand::Form::kText;
      value.text = node.text;
      break;
    case NodeKind::kBool:
      value = constant(LaneType::kBool, node.text == "true" ? 1 : 0, node);
      break;
    case NodeKind::kName:
      value = name(node);
      break;
    case NodeKind::kNot:
      value = invert(node);
      break;
    case NodeKind::kNegate:
      value = negate(node);
      break;
    case NodeKind::kConditional:
      value = conditional(node);
      break;
    case NodeKind::kCall:
      value = call(node);
      break;
    case NodeKind::kMethod:
      value = method(node);
      break;
    case NodeKind::kPrevious:
      value = previous(node);
      break;
    case NodeKind::kBinary:
    case NodeKind::kList:  // the parser leaves lists to membership()
      throw ExpressionError(node.begin, "a list can only stand after in", "");
  }
  value.begin = node.begin;
  value.end = node.end;
  return value;
}

Operand ExpressionCompiler::number(const Node& node) {
  const std::string_view spelling = tree_.source.substr(node.begin, node.end - node.begin);
  Operand made;
  if (node.kind == NodeKind::kInteger) {
    const Units units = units_of_number(spelling, false, 0);
    if (units.fit != Fit::kExact) {
      throw ExpressionError(node.begin, "this integer is larger than 9223372036854775807",
                            "write a double: a point and a digit after it");
    }
    made = constant(LaneType::kInteger, units.value, node);
  } else {
    const auto value = double_of_number(spelling);
    if (!value) throw ExpressionError(node.begin, "this number is out of a double's range", "");
    made = constant(LaneType::kDouble, lane_of(*value), node);
  }
  made.number = spelling;
  return made;
}

Operand ExpressionCompiler::negate(const Node& node) {
  Operand operand = compile(node.children[0]);
  if (operand.is_literal()) {
    operand.negative = !operand.negative;
    operand.constant =
        operand.is(LaneType::kDouble) ? lane_of(-double_of(operand.constant)) : -operand.constant;
    return operand;
  }
  const ColumnType type = operand.type;
  if (operand.is(LaneType::kDouble)) return emit_unary(Op::kNegateDouble, std::move(operand), type);
  if (operand.is_number()) return emit_unary(Op::kNegate, std::move(operand), type);
  throw ExpressionError(node.position, "- needs a number: " + describe(operand),
                        operand.is(LaneType::kDuration) ? "write duration(\"-1h\")"
                        : operand.is(LaneType::kBool)   ? "write !"
                                                        : "");
}

Operand ExpressionCompiler::invert(const Node& node) {
  Operand operand = compile(node.children[0]);
  want_bool(operand, "!");
  return emit_unary(Op::kNot, std::move(operand), {LaneType::kBool, 0});
}

Operand ExpressionCompiler::logic(const Node& node, Operand left) {
  want_bool(left, spelling_of(node.op));
  const bool is_and = node.op == Operator::kAnd;
  push_guard(to_register(left), is_and ? kLiveUnlessFalse : kLiveUnlessTrue);
  Operand right = compile(node.children[1]);
  want_bool(right, spelling_of(node.op));
  pop_guard();
  return emit_binary(is_and ? Op::kAnd : Op::kOr, std::move(left), std::move(right),
                     {LaneType::kBool, 0});
}

Operand ExpressionCompiler::conditional(const Node& node) {
  Operand condition = compile(node.children[0]);
  want_bool(condition, "the condition of ?:");
  to_register(condition);
  push_guard(condition.reg, kLiveIfTrue);
  Operand yes = compile(node.children[1]);
  pop_guard();
  push_guard(condition.reg, kLiveIfFalse);
  Operand no = compile(node.children[2]);
  const ColumnType type = branch_type(yes, no, node);
  Operand adapted = adapt_branch(no, yes, type);
  to_register(adapted);
  pop_guard();
  push_guard(condition.reg, kLiveIfTrue);
  yes = adapt_branch(std::move(yes), no, type);
  pop_guard();
  Operand result = emit_binary(Op::kSelect, std::move(condition), std::move(yes), type);
  Instruction& select = program_.code.back();
  select.column = adapted.reg;
  select.constant = type.type == LaneType::kDouble ? kMissingDouble : kMissing;
  release(adapted.reg);
  return result;
}

ColumnType ExpressionCompiler::branch_type(const Operand& yes, const Operand& no,
                                           const Node& node) {
  if (yes.is_text() && no.is_named()) return no.type;
  if (no.is_text() && yes.is_named()) return yes.type;
  if (!yes.is_text() && !no.is_text()) {
    if (yes.is(LaneType::kDecimal) && no.is_literal()) return yes.type;
    if (no.is(LaneType::kDecimal) && yes.is_literal()) return no.type;
    if (yes.type.type == no.type.type) {
      return {yes.type.type, std::max(yes.type.scale, no.type.scale)};
    }
  }
  std::string mend;
  if (yes.is(LaneType::kDouble) && no.is_number()) mend = "write " + as_double(no);
  if (no.is(LaneType::kDouble) && yes.is_number()) mend = "write " + as_double(yes);
  if (yes.is_text() && no.is_text()) mend = "write a number for each of them";
  throw ExpressionError(
      node.position, "both sides of ?: must have one type: " + describe(yes) + ", " + describe(no),
      std::move(mend));
}

Operand ExpressionCompiler::adapt_branch(Operand branch, const Operand& beside, ColumnType type) {
  if (branch.is_text()) return text_as(branch, beside);
  if (type.type != LaneType::kDecimal) return branch;
  if (branch.is_literal()) return literal_as_decimal(branch, type.scale, beside);
  return scale_to(std::move(branch), type.scale);
}

}  // namespace warpscore::expression
