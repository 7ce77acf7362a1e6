// Names, functions and methods.
#include <array>
#include <utility>

#include "base/nearest_name.h"
#include "scoring/expression_compiler.h"
#include "scoring/expression_literals.h"

namespace warpscore::expression {
namespace {

constexpr ColumnType kWhole{LaneType::kInteger, 0};
constexpr ColumnType kReal{LaneType::kDouble, 0};

struct Method {
  std::string_view name;
  Op op;
};

constexpr std::array<Method, 10> kTimeMethods = {{{"getFullYear", Op::kFullYear},
                                                  {"getMonth", Op::kMonth},
                                                  {"getDate", Op::kDate},
                                                  {"getDayOfMonth", Op::kDayOfMonth},
                                                  {"getDayOfYear", Op::kDayOfYear},
                                                  {"getDayOfWeek", Op::kDayOfWeek},
                                                  {"getHours", Op::kHours},
                                                  {"getMinutes", Op::kMinutes},
                                                  {"getSeconds", Op::kSeconds},
                                                  {"getMilliseconds", Op::kMilliseconds}}};

struct DurationMethod {
  std::string_view name;
  Op op;
  Lane constant;
};

// Totals, but for the milliseconds: those are a part, with the duration's sign, as in CEL.
constexpr std::array<DurationMethod, 4> kDurationMethods = {
    {{"getHours", Op::kDivideBy, 3'600'000},
     {"getMinutes", Op::kDivideBy, 60'000},
     {"getSeconds", Op::kDivideBy, 1000},
     {"getMilliseconds", Op::kRemainderBy, 1000}}};

constexpr std::array<std::string_view, 7> kFunctions = {"double",   "int",      "minor",    "has",
                                                        "previous", "duration", "timestamp"};

bool is_function(std::string_view name) {
  for (const std::string_view function : kFunctions) {
    if (function == name) return true;
  }
  return false;
}

}  // namespace

Operand ExpressionCompiler::name(const Node& node) {
  const auto symbol = scope_.find(node.text);
  if (symbol) return emit_load(*symbol, node);
  std::string mend = did_you_mean(node.text);
  if (is_function(node.text)) mend = node.text + " is a function: write " + node.text + "(..)";
  throw ExpressionError(node.begin, "unknown name \"" + node.text + "\"", std::move(mend));
}

Operand ExpressionCompiler::previous(const Node& node) {
  const auto symbol = scope_.previous(node.text, node.field);
  if (!symbol) refuse_previous(node);
  return emit_load(*symbol, node);
}

void ExpressionCompiler::refuse_previous(const Node& node) {
  const bool known_key = scope_.previous(node.text, "time").has_value();
  std::vector<std::string> candidates;
  for (std::string& name : scope_.names()) {
    const auto found = known_key ? scope_.previous(node.text, name) : scope_.previous(name, "time");
    if (found) candidates.push_back(std::move(name));
  }
  if (known_key) candidates.emplace_back("time");
  const std::string best = nearest_name(known_key ? node.field : node.text, candidates);
  const std::string what =
      known_key ? "previous(" + node.text + ") has no field \"" + node.field + "\""
                : "\"" + node.text + "\" is no key, so it has no previous transaction";
  throw ExpressionError(node.begin, what, best.empty() ? "" : "did you mean " + best + "?");
}

const Node& ExpressionCompiler::only_argument(const Node& node, std::string_view usage) {
  if (node.children.size() == 1) return node_of(node.children[0]);
  throw ExpressionError(node.position, node.text + " takes one value",
                        "write " + std::string(usage));
}

Operand ExpressionCompiler::call(const Node& node) {
  if (node.text == "has") return has(node);
  if (node.text == "double") return to_double(node);
  if (node.text == "int") return to_integer(node);
  if (node.text == "minor") return minor(node);
  if (node.text == "timestamp" || node.text == "duration") return spelled_time(node);
  refuse_function(node);
}

void ExpressionCompiler::refuse_function(const Node& node) {
  const std::string best = nearest_name(node.text, kFunctions);
  std::string mend = best.empty() ? "" : "did you mean " + best + "?";
  if (scope_.find(node.text)) mend = node.text + " is a value: write it without parentheses";
  throw ExpressionError(node.position, "unknown function \"" + node.text + "\"", std::move(mend));
}

Operand ExpressionCompiler::has(const Node& node) {
  const Node& argument = only_argument(node, "has(x)");
  if (argument.kind != NodeKind::kName && argument.kind != NodeKind::kPrevious) {
    throw ExpressionError(argument.begin, "has needs the name of a field or feature",
                          "write has(x) or has(previous(KEY).x)");
  }
  Operand value = argument.kind == NodeKind::kName ? name(argument) : previous(argument);
  const Op op = value.is(LaneType::kDouble) ? Op::kHasDouble : Op::kHas;
  return emit_unary(op, std::move(value), {LaneType::kBool, 0});
}

Operand ExpressionCompiler::to_double(const Node& node) {
  only_argument(node, "double(x)");
  Operand value = compile(node.children[0]);
  if (value.is(LaneType::kDouble)) return value;
  if (value.is_number()) {
    const Lane power = power_of_ten(value.type.scale);
    return emit_unary(Op::kToDouble, std::move(value), kReal, power);
  }
  std::string mend;
  if (value.is(LaneType::kBool)) mend = "write (" + source_of(value) + " ? 1.0 : 0.0)";
  if (value.is(LaneType::kDuration)) mend = "write double(" + source_of(value) + ".getSeconds())";
  if (value.is(LaneType::kTime)) mend = "write double(int(" + source_of(value) + "))";
  throw ExpressionError(node.position, "double needs a number: " + describe(value),
                        std::move(mend));
}

Operand ExpressionCompiler::to_integer(const Node& node) {
  only_argument(node, "int(x)");
  Operand value = compile(node.children[0]);
  if (value.is(LaneType::kInteger)) return value;
  if (value.is(LaneType::kDouble)) return emit_checked(Op::kTruncate, std::move(value), kWhole);
  if (value.is(LaneType::kTime)) {
    return emit_unary(Op::kFloorDivideBy, std::move(value), kWhole, 1000);
  }
  const std::string source = source_of(value);
  std::string mend;
  if (value.is(LaneType::kDecimal)) {
    mend = "write minor(" + source + ") for its units, or int(double(" + source + "))";
  }
  if (value.is(LaneType::kBool)) mend = "write (" + source + " ? 1 : 0)";
  if (value.is(LaneType::kDuration)) mend = "write " + source + ".getSeconds()";
  throw ExpressionError(node.position, "int needs a number or a time: " + describe(value),
                        std::move(mend));
}

Operand ExpressionCompiler::minor(const Node& node) {
  only_argument(node, "minor(amount)");
  Operand value = compile(node.children[0]);
  if (!value.is(LaneType::kDecimal)) {
    throw ExpressionError(node.position, "minor needs a decimal: " + describe(value),
                          value.is(LaneType::kInteger) ? "write " + source_of(value) : "");
  }
  value.type = kWhole;  // its lanes are the units
  return value;
}

// timestamp("...") and duration("..."), of a text written out.
Operand ExpressionCompiler::spelled_time(const Node& node) {
  const bool is_time = node.text == "timestamp";
  const std::string usage = is_time ? "timestamp(\"2026-01-31T12:00:00Z\")" : "duration(\"1h30m\")";
  const Node& argument = only_argument(node, usage);
  if (argument.kind != NodeKind::kText) {
    throw ExpressionError(argument.begin, node.text + " needs a text in quotes", "write " + usage);
  }
  const auto units = is_time ? parse_timestamp(argument.text) : parse_cel_duration(argument.text);
  if (!units) {
    throw ExpressionError(argument.begin,
                          "this is no " + std::string(is_time ? "time" : "duration"),
                          is_time ? "write RFC 3339 with a zone, as in " + usage
                                  : "write numbers with units d h m s ms, as in " + usage);
  }
  if (units->fit != Fit::kExact) {
    const bool precise = units->fit == Fit::kTooPrecise;
    throw ExpressionError(
        argument.begin, precise ? "times are whole milliseconds" : "this duration is too long", "");
  }
  return constant(is_time ? LaneType::kTime : LaneType::kDuration, units->value, node);
}

Operand ExpressionCompiler::method(const Node& node) {
  Operand object = compile(node.children[0]);
  const bool is_time = object.is(LaneType::kTime);
  if (!is_time && !object.is(LaneType::kDuration)) {
    throw ExpressionError(node.position, describe(object) + ", which has no " + node.text,
                          "only times and durations have methods");
  }
  if (node.children.size() > 1) {
    throw ExpressionError(node.position, node.text + " takes no value",
                          "write " + node.text + "(): all times are UTC");
  }
  return is_time ? time_method(node, std::move(object)) : duration_method(node, std::move(object));
}

Operand ExpressionCompiler::time_method(const Node& node, Operand time) {
  std::vector<std::string_view> names;
  for (const Method& method : kTimeMethods) {
    if (method.name == node.text) return emit_unary(method.op, std::move(time), kWhole);
    names.push_back(method.name);
  }
  const std::string best = nearest_name(node.text, names);
  throw ExpressionError(node.position, "a time has no method \"" + node.text + "\"",
                        best.empty() ? "" : "did you mean " + best + "?");
}

Operand ExpressionCompiler::duration_method(const Node& node, Operand duration) {
  std::vector<std::string_view> names;
  for (const DurationMethod& method : kDurationMethods) {
    if (method.name == node.text) {
      return emit_unary(method.op, std::move(duration), kWhole, method.constant);
    }
    names.push_back(method.name);
  }
  const std::string best = nearest_name(node.text, names);
  throw ExpressionError(node.position, "a duration has no method \"" + node.text + "\"",
                        best.empty() ? "" : "did you mean " + best + "?");
}

}  // namespace warpscore::expression
