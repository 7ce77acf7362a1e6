// + - * / %: which types go together, and what they make.
#include <algorithm>
#include <utility>

#include "scoring/expression_compiler.h"
#include "scoring/expression_literals.h"

namespace warpscore::expression {
namespace {

Op integer_op(Operator op) {
  switch (op) {
    case Operator::kAdd:
      return Op::kAdd;
    case Operator::kSubtract:
      return Op::kSubtract;
    case Operator::kMultiply:
      return Op::kMultiply;
    case Operator::kDivide:
      return Op::kDivide;
    default:
      return Op::kRemainder;
  }
}

Op double_op(Operator op) {
  switch (op) {
    case Operator::kAdd:
      return Op::kAddDouble;
    case Operator::kSubtract:
      return Op::kSubtractDouble;
    case Operator::kMultiply:
      return Op::kMultiplyDouble;
    default:
      return Op::kDivideDouble;
  }
}

bool is_sum(Operator op) { return op == Operator::kAdd || op == Operator::kSubtract; }

}  // namespace

Operand ExpressionCompiler::arithmetic(const Node& node, Operand left, Operand right) {
  const std::string sign(spelling_of(node.op));
  for (const Operand* side : {&left, &right}) {
    if (side->is_text() || side->is_named()) {
      throw ExpressionError(node.position, sign + " needs numbers: " + describe(*side),
                            "texts can only be compared, with == != and in");
    }
    if (side->is(LaneType::kBool)) {
      throw ExpressionError(node.position, sign + " needs numbers: " + describe(*side),
                            "write (" + source_of(*side) + " ? 1 : 0)");
    }
  }
  if (!left.is_number() || !right.is_number()) {
    return time_arithmetic(node, std::move(left), std::move(right));
  }
  if (left.is(LaneType::kDecimal) || right.is(LaneType::kDecimal)) {
    return decimal_arithmetic(node, std::move(left), std::move(right));
  }
  if (left.type != right.type) refuse_unlike(node, left, right);
  const ColumnType type = left.type;
  if (type.type == LaneType::kInteger) {
    return emit_checked(integer_op(node.op), std::move(left), std::move(right), type);
  }
  if (node.op == Operator::kRemainder) {
    throw ExpressionError(node.position, "% needs integers: " + describe(left),
                          "write int(x) % int(y)");
  }
  return emit_binary(double_op(node.op), std::move(left), std::move(right), type);
}

// Numbers of two types, one of them a double or neither of them fit to add.
void ExpressionCompiler::refuse_unlike(const Node& node, const Operand& left,
                                       const Operand& right) {
  const std::string message = std::string(spelling_of(node.op)) +
                              " needs numbers of one type: " + describe(left) + ", " +
                              describe(right);
  const bool doubles = left.is(LaneType::kDouble) || right.is(LaneType::kDouble);
  const Operand& other = left.is(LaneType::kDouble) ? right : left;
  if (doubles) throw ExpressionError(node.position, message, "write " + as_double(other));
  throw ExpressionError(node.position, message,
                        "write " + as_double(left) + " and " + as_double(right) +
                            ", or minor(x) for the units of a decimal");
}

Operand ExpressionCompiler::decimal_arithmetic(const Node& node, Operand left, Operand right) {
  const bool both = left.is(LaneType::kDecimal) && right.is(LaneType::kDecimal);
  const Operand& decimal = left.is(LaneType::kDecimal) ? left : right;
  const Operand& other = left.is(LaneType::kDecimal) ? right : left;
  if (node.op == Operator::kRemainder) {
    throw ExpressionError(node.position, "% needs integers: " + describe(decimal),
                          "write minor(" + source_of(decimal) + ") for its integer of units");
  }
  if (is_sum(node.op)) {
    if (!both && !other.is_literal()) refuse_unlike(node, left, right);
    return decimal_sum(node, std::move(left), std::move(right));
  }
  if (!both && other.is(LaneType::kDouble)) refuse_unlike(node, left, right);
  if (node.op == Operator::kDivide) return ratio(std::move(left), std::move(right));
  if (both) {
    throw ExpressionError(node.position, "a decimal cannot be multiplied by a decimal",
                          "write " + as_double(left) + " * " + as_double(right));
  }
  const ColumnType type = decimal.type;
  return emit_checked(Op::kMultiply, std::move(left), std::move(right), type);
}

Operand ExpressionCompiler::decimal_sum(const Node& node, Operand left, Operand right) {
  if (left.is_literal()) {
    left = literal_as_decimal(left, right.type.scale, right);
  } else if (right.is_literal()) {
    right = literal_as_decimal(right, left.type.scale, left);
  }
  const std::uint8_t scale = std::max(left.type.scale, right.type.scale);
  left = scale_to(std::move(left), scale);
  right = scale_to(std::move(right), scale);
  return emit_checked(integer_op(node.op), std::move(left), std::move(right),
                      {LaneType::kDecimal, scale});
}

Operand ExpressionCompiler::ratio(Operand left, Operand right) {
  const std::uint8_t scale = std::max(left.type.scale, right.type.scale);
  const Lane left_power = power_of_ten(static_cast<unsigned>(scale - left.type.scale));
  const Lane right_power = power_of_ten(static_cast<unsigned>(scale - right.type.scale));
  const Lane factors =
      pack_factors(static_cast<std::uint32_t>(left_power), static_cast<std::uint32_t>(right_power));
  return emit_checked(Op::kRatio, std::move(left), std::move(right), {LaneType::kDouble, 0},
                      factors);
}

Operand ExpressionCompiler::scale_to(Operand operand, std::uint8_t scale) {
  if (operand.type.scale == scale) return operand;
  const Lane factor = power_of_ten(static_cast<unsigned>(scale - operand.type.scale));
  return emit_checked(Op::kScale, std::move(operand), {LaneType::kDecimal, scale}, factor);
}

Operand ExpressionCompiler::literal_as_decimal(const Operand& literal, std::uint8_t scale,
                                               const Operand& beside) {
  const Units units = units_of_number(literal.number, literal.negative, scale);
  if (units.fit == Fit::kTooPrecise) {
    const std::string digits =
        scale == 0 ? "no digits"
                   : "at most " + std::to_string(scale) + (scale == 1 ? " digit" : " digits");
    throw ExpressionError(
        literal.begin,
        source_of(literal) + " is no decimal of scale " + std::to_string(scale) + ", as " +
            source_of(beside) + " is",
        "write " + digits + " after the point, or double(" + source_of(beside) + ")");
  }
  if (units.fit == Fit::kTooLarge) {
    throw ExpressionError(literal.begin,
                          source_of(literal) + " is larger than any decimal of scale " +
                              std::to_string(scale) + " can be",
                          "");
  }
  Operand made = literal;
  made.type = {LaneType::kDecimal, scale};
  made.constant = units.value;
  made.number = {};
  return made;
}

// time - time, time +- duration, duration + time, duration +- duration.
Operand ExpressionCompiler::time_arithmetic(const Node& node, Operand left, Operand right) {
  const ColumnType time{LaneType::kTime, 0};
  const ColumnType duration{LaneType::kDuration, 0};
  const bool minus = node.op == Operator::kSubtract;
  const bool fits = is_sum(node.op) && !left.is_number() && !right.is_number();
  if (fits && right.is(LaneType::kDuration)) {
    const ColumnType type = left.type;
    return emit_checked(integer_op(node.op), std::move(left), std::move(right), type);
  }
  if (fits && minus && left.is(LaneType::kTime)) {
    return emit_checked(Op::kSubtract, std::move(left), std::move(right), duration);
  }
  if (fits && !minus && left.is(LaneType::kDuration)) {
    return emit_checked(Op::kAdd, std::move(left), std::move(right), time);
  }
  std::string mend;
  for (const Operand* side : {&left, &right}) {
    if (side->is_whole_literal() && is_sum(node.op)) {
      mend = "write duration(\"" + std::string(side->number) + "s\") for seconds";
    }
  }
  if (!is_sum(node.op)) mend = "write .getSeconds() for the number of seconds of a duration";
  throw ExpressionError(node.position,
                        std::string(spelling_of(node.op)) +
                            " does not take these: " + describe(left) + ", " + describe(right),
                        std::move(mend));
}

}  // namespace warpscore::expression
