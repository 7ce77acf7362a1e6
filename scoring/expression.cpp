#include "scoring/expression.h"

#include <algorithm>

#include "scoring/expression_compiler.h"
#include "scoring/expression_syntax.h"

namespace warpscore {

std::vector<std::string> names_in(std::string_view text) {
  const expression::Tree tree = expression::parse_expression(text);
  std::vector<std::string> names;
  for (const expression::Node& node : tree.nodes) {
    if (node.kind != expression::NodeKind::kName) continue;
    if (std::find(names.begin(), names.end(), node.text) == names.end()) {
      names.push_back(node.text);
    }
  }
  return names;
}

Program compile_expression(std::string_view text, Scope& scope, Dictionary& dictionary) {
  const expression::Tree tree = expression::parse_expression(text);
  return expression::ExpressionCompiler(tree, scope, dictionary).run();
}

Lane evaluate_row(const Program& program, const Lane* const* columns, std::uint32_t row) {
  std::vector<Lane> scratch(program.registers);
  std::vector<Lane> out(row + 1);
  run_program<1>(view_of(program), columns, row, 1, scratch.data(), out.data());
  return out[row];
}

}  // namespace warpscore
