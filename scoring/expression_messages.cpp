// How values are named in errors, and the mends that several errors share.
#include "base/nearest_name.h"
#include "scoring/expression_compiler.h"

namespace warpscore::expression {

std::string ExpressionCompiler::source_of(const Operand& operand) const {
  constexpr std::size_t kShown = 40;
  const std::string_view text = tree_.source.substr(operand.begin, operand.end - operand.begin);
  if (text.size() <= kShown && text.find('\n') == std::string_view::npos) return std::string(text);
  return "...";
}

std::string ExpressionCompiler::kind_of(const Operand& operand) const {
  if (operand.is_text()) return "a text";
  switch (operand.type.type) {
    case LaneType::kInteger:
      return "an integer";
    case LaneType::kDecimal:
      return "a decimal of scale " + std::to_string(operand.type.scale);
    case LaneType::kDouble:
      return "a double";
    case LaneType::kBool:
      return "a boolean";
    case LaneType::kTime:
      return "a time";
    case LaneType::kDuration:
      return "a duration";
    case LaneType::kEnum:
      return "an enum";
    case LaneType::kKey:
      return "a key";
  }
  return "";
}

std::string ExpressionCompiler::describe(const Operand& operand) const {
  return source_of(operand) + " is " + kind_of(operand);
}

std::string ExpressionCompiler::as_double(const Operand& operand) const {
  const bool digits_only = operand.number.find_first_not_of("0123456789") == std::string_view::npos;
  if (operand.is_whole_literal() && digits_only) {
    return (operand.negative ? "-" : "") + std::string(operand.number) + ".0";
  }
  return "double(" + source_of(operand) + ")";
}

std::string ExpressionCompiler::did_you_mean(std::string_view name) const {
  std::vector<std::string> names = scope_.names();
  names.insert(names.end(), {"true", "false"});
  const std::string best = nearest_name(name, names);
  return best.empty() ? "" : "did you mean " + best + "?";
}

void ExpressionCompiler::want_bool(const Operand& operand, std::string_view where) const {
  if (operand.is(LaneType::kBool)) return;
  std::string mend;
  if (operand.is_number()) mend = "compare it, as in " + source_of(operand) + " != 0";
  if (operand.is_named()) mend = "compare it, or write has(" + source_of(operand) + ")";
  throw ExpressionError(operand.begin,
                        std::string(where) + " needs a boolean: " + describe(operand),
                        std::move(mend));
}

}  // namespace warpscore::expression
