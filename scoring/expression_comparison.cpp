// == != < <= > >= and in: a literal adapts to what it stands beside, numbers compare exactly.
#include <algorithm>
#include <utility>

#include "base/key.h"
#include "scoring/expression_compiler.h"
#include "scoring/expression_literals.h"

namespace warpscore::expression {
namespace {

constexpr ColumnType kBoolean{LaneType::kBool, 0};

bool is_equality(Operator op) { return op == Operator::kEqual || op == Operator::kNotEqual; }

bool is_order(Operator op) { return !is_equality(op) && op != Operator::kIn; }

std::uint32_t mask_of(Operator op) {
  switch (op) {
    case Operator::kEqual:
      return kOutcomeEqual;
    case Operator::kNotEqual:
      return kOutcomeLess | kOutcomeGreater;
    case Operator::kLess:
      return kOutcomeLess;
    case Operator::kLessEqual:
      return kOutcomeLess | kOutcomeEqual;
    case Operator::kGreater:
      return kOutcomeGreater;
    default:
      return kOutcomeGreater | kOutcomeEqual;
  }
}

// The mask for the sides exchanged.
std::uint32_t mirrored(std::uint32_t mask) {
  return (mask & kOutcomeEqual) | (mask & kOutcomeLess) << 2 | (mask & kOutcomeGreater) >> 2;
}

// A whole literal as a double, or a double without fraction as an integer, where that is exact.
Operand exact_as(const Operand& literal, LaneType type) {
  const Units units = units_of_number(literal.number, literal.negative, 0);
  if (units.fit != Fit::kExact) return literal;
  const auto value = static_cast<double>(units.value);
  const bool exact = value < 0x1p63 && value > -0x1p63 && static_cast<Lane>(value) == units.value;
  if (!exact) return literal;
  Operand made = literal;
  made.type = {type, 0};
  made.constant = type == LaneType::kDouble ? lane_of(value) : units.value;
  return made;
}

}  // namespace

Operand ExpressionCompiler::text_as(const Operand& text, const Operand& beside) {
  Operand made = text;
  made.form = Operand::Form::kConstant;
  made.type = beside.type;
  made.number = {};
  std::string value = text.text;
  if (text.is_literal()) value = (text.negative ? "-" : "") + std::string(text.number);
  if (beside.is(LaneType::kKey)) {
    made.constant = fingerprint_of(key_of(value));
    return made;
  }
  made.constant = dictionary_.number_of(value);
  if (made.constant == kMissing) {
    throw ExpressionError(text.begin, "there are more texts of enum fields than allowed",
                          "raise the limit, or make some of the fields keys");
  }
  return made;
}

Operand ExpressionCompiler::bool_literal(const Operand& literal, const Operand& beside) {
  if (literal.constant != 0 && literal.constant != 1) {
    throw ExpressionError(literal.begin, describe(beside) + ": it is never " + source_of(literal),
                          "write true or false, or 1 or 0");
  }
  Operand made = literal;
  made.type = kBoolean;
  made.number = {};
  return made;
}

void ExpressionCompiler::meet(const Node& node, Operand& left, Operand& right) {
  if (left.is_text() && right.is_text()) refuse_comparison(node, left, right);
  for (auto [literal, other] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    const bool digits_only =
        literal->number.find_first_not_of("0123456789") == std::string_view::npos;
    if (other->is_named()) {
      if (literal->is_text() || (literal->is_whole_literal() && digits_only)) {
        *literal = text_as(*literal, *other);
      }
    } else if (other->is(LaneType::kBool)) {
      if (literal->is_whole_literal() && !is_order(node.op)) {
        *literal = bool_literal(*literal, *other);
      }
    } else if (literal->is_literal() && !other->is_literal()) {
      if (other->is(LaneType::kDecimal)) {
        *literal = literal_as_decimal(*literal, other->type.scale, *other);
      } else if (other->is_number() && literal->type != other->type) {
        *literal = exact_as(*literal, other->type.type);
      }
    }
  }
}

Operand ExpressionCompiler::comparison(const Node& node, Operand left, Operand right) {
  const bool named = left.is_named() || right.is_named();
  if (named && is_order(node.op)) refuse_comparison(node, left, right);
  meet(node, left, right);
  if (left.is_number() && right.is_number()) {
    return number_comparison(node, std::move(left), std::move(right));
  }
  if (left.is_text() || right.is_text() || left.type != right.type) {
    refuse_comparison(node, left, right);
  }
  const bool ordered = left.is(LaneType::kTime) || left.is(LaneType::kDuration);
  if (!ordered && !is_equality(node.op)) refuse_comparison(node, left, right);
  return relation(node.op, std::move(left), std::move(right), false);
}

Operand ExpressionCompiler::relation(Operator op, Operand left, Operand right, bool doubles) {
  if (op == Operator::kGreater || op == Operator::kGreaterEqual) std::swap(left, right);
  Op made = doubles ? Op::kLessEqualDouble : Op::kLessEqual;
  if (op == Operator::kEqual) made = doubles ? Op::kEqualDouble : Op::kEqual;
  if (op == Operator::kNotEqual) made = doubles ? Op::kNotEqualDouble : Op::kNotEqual;
  if (op == Operator::kLess || op == Operator::kGreater) {
    made = doubles ? Op::kLessDouble : Op::kLess;
  }
  return emit_binary(made, std::move(left), std::move(right), kBoolean);
}

Operand ExpressionCompiler::number_comparison(const Node& node, Operand left, Operand right) {
  if (left.type == right.type) {
    const bool doubles = left.is(LaneType::kDouble);
    return relation(node.op, std::move(left), std::move(right), doubles);
  }
  std::uint32_t mask = mask_of(node.op);
  if (left.is(LaneType::kDouble)) {
    std::swap(left, right);
    mask = mirrored(mask);
  }
  if (right.is(LaneType::kDouble)) {
    const Lane power = power_of_ten(left.type.scale);
    return emit_masked(Op::kCompareMixed, std::move(left), std::move(right), mask, power);
  }
  const std::uint8_t scale = std::max(left.type.scale, right.type.scale);
  const Lane left_power = power_of_ten(static_cast<unsigned>(scale - left.type.scale));
  const Lane right_power = power_of_ten(static_cast<unsigned>(scale - right.type.scale));
  const Lane factors =
      pack_factors(static_cast<std::uint32_t>(left_power), static_cast<std::uint32_t>(right_power));
  return emit_masked(Op::kCompareScaled, std::move(left), std::move(right), mask, factors);
}

Operand ExpressionCompiler::membership(const Node& node, Operand left) {
  if (left.is_text()) {
    throw ExpressionError(left.begin, "the value before in must be a field: " + describe(left), "");
  }
  to_register(left);
  Operand target = constant(LaneType::kBool, 0, node);
  to_register(target);
  for (const NodeId id : node_of(node.children[1]).children) {
    Operand element = compile(id);
    if (element.form == Operand::Form::kRegister) {
      throw ExpressionError(element.begin,
                            "a list holds literals: " + source_of(element) + " is none",
                            "write x == a || x == b");
    }
    target = among(node, left, std::move(target), std::move(element));
  }
  release(left.reg);
  return target;
}

Operand ExpressionCompiler::among(const Node& node, const Operand& left, Operand target,
                                  Operand element) {
  Operand beside = left;
  meet(node, beside, element);
  if (beside.is_number() && element.is_number() && beside.type != element.type) {
    return target;  // it would have met the other's type, were they ever equal
  }
  if (element.is_text() || beside.type != element.type) refuse_comparison(node, left, element);
  Instruction made{.op = Op::kAmong, .target = target.reg, .left = left.reg};
  if (left.is(LaneType::kDouble)) made.op = Op::kAmongDouble;
  made.constant = element.constant;
  program_.code.push_back(made);
  return target;
}

void ExpressionCompiler::refuse_comparison(const Node& node, const Operand& left,
                                           const Operand& right) {
  std::string mend;
  for (auto [one, other] : {std::pair(&left, &right), std::pair(&right, &left)}) {
    const std::string text = other->is_text() ? other->text.substr(0, 40) : "";
    if (one->is_number() && other->is_text()) mend = "write the number without quotes";
    if (one->is_named() && other->is_literal()) mend = "write it as a text, in quotes";
    if (one->is(LaneType::kTime) && other->is_text()) mend = "write timestamp(\"" + text + "\")";
    if (one->is(LaneType::kTime) && other->is_number()) {
      mend = "write int(" + source_of(*one) + ") for seconds since 1970";
    }
    if (one->is(LaneType::kDuration) && other->is_text()) mend = "write duration(\"" + text + "\")";
    if (one->is(LaneType::kDuration) && other->is_number()) {
      mend = "write duration(\"60s\"), or .getSeconds() for a number of seconds";
    }
    if (one->is(LaneType::kBool)) mend = "compare booleans with true or false only";
    if (one->is(LaneType::kBool) && !is_equality(node.op)) {
      mend = "booleans have no order; write a < b && b < c for two comparisons";
    }
  }
  if (left.is_named() && right.is_named()) mend = "give both fields one type in [input.fields]";
  if ((left.is_named() || right.is_named()) && is_order(node.op)) {
    mend = "texts have no order: use ==, != or in";
  }
  if (left.is_text() && right.is_text()) mend = "one side must be a field";
  throw ExpressionError(node.position,
                        std::string(spelling_of(node.op)) +
                            " cannot compare these: " + describe(left) + ", " + describe(right),
                        std::move(mend));
}

}  // namespace warpscore::expression
