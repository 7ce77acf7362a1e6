// Registers and instructions of a program under construction.
#include <algorithm>
#include <bit>

#include "base/check.h"
#include "scoring/expression_compiler.h"

namespace warpscore::expression {

static_assert(kProgramRegistersMax == 64, "used_ has a bit for each");

std::uint8_t ExpressionCompiler::allocate() {
  if (~used_ == 0) {
    throw ExpressionError(0, "the expression needs more than 64 values at a time",
                          "split it into several features");
  }
  const auto reg = static_cast<std::uint32_t>(std::countr_one(used_));
  used_ |= 1ULL << reg;
  program_.registers = std::max(program_.registers, reg + 1);
  return static_cast<std::uint8_t>(reg);
}

void ExpressionCompiler::release(std::uint32_t reg) {
  WARPSCORE_CHECK(reg < kProgramRegistersMax);
  used_ &= ~(1ULL << reg);
}

std::uint8_t ExpressionCompiler::to_register(Operand& operand) {
  WARPSCORE_CHECK(!operand.is_text());
  if (operand.form == Operand::Form::kConstant) {
    operand.reg = allocate();
    operand.form = Operand::Form::kRegister;
    operand.number = {};
    Instruction made{.op = Op::kConstant, .target = operand.reg};
    made.constant = operand.constant;
    program_.code.push_back(made);
  }
  return operand.reg;
}

std::uint32_t ExpressionCompiler::flags_register() {
  if (flags_ == kNoRegister) {
    flags_ = allocate();
    program_.code.push_back({.op = Op::kConstant, .target = static_cast<std::uint8_t>(flags_)});
  }
  return flags_;
}

void ExpressionCompiler::push_guard(std::uint8_t condition, Lane live) {
  guards_.push_back({condition, live, kNoRegister});
}

void ExpressionCompiler::pop_guard() {
  if (guards_.back().combined != kNoRegister) release(guards_.back().combined);
  guards_.pop_back();
}

std::uint32_t ExpressionCompiler::guard_register() {
  std::uint32_t outer = kNoRegister;
  for (Guard& guard : guards_) {
    if (guard.combined == kNoRegister) {
      guard.combined = allocate();
      Instruction made{.op = Op::kGuard, .target = static_cast<std::uint8_t>(guard.combined)};
      made.left = guard.condition;
      made.column = outer;
      made.constant = guard.live;
      program_.code.push_back(made);
    }
    outer = guard.combined;
  }
  return outer;
}

Operand ExpressionCompiler::emit_unary(Op op, Operand operand, ColumnType type, Lane constant) {
  const std::uint8_t left = to_register(operand);
  release(left);
  operand.reg = allocate();
  Instruction made{.op = op, .target = operand.reg, .left = left};
  made.constant = constant;
  program_.code.push_back(made);
  operand.type = type;
  return operand;
}

Operand ExpressionCompiler::emit_binary(Op op, Operand left, Operand right, ColumnType type) {
  Instruction made{.op = op, .left = to_register(left), .right = to_register(right)};
  release(left.reg);
  release(right.reg);
  made.target = allocate();
  program_.code.push_back(made);
  left.reg = made.target;
  left.type = type;
  left.end = right.end;
  return left;
}

Operand ExpressionCompiler::emit_masked(Op op, Operand left, Operand right, std::uint32_t mask,
                                        Lane constant) {
  Operand result =
      emit_binary(op, std::move(left), std::move(right), {.type = LaneType::kBool, .scale = 0});
  program_.code.back().column = mask;
  program_.code.back().constant = constant;
  return result;
}

Operand ExpressionCompiler::emit_checked(Op op, Operand left, Operand right, ColumnType type,
                                         Lane constant) {
  to_register(left);
  to_register(right);
  const std::uint32_t guard = guard_register();  // before a register is free to be its target
  const std::uint32_t flags = flags_register();
  Operand result = emit_binary(op, std::move(left), std::move(right), type);
  program_.code.back().column = pack_failure(guard, flags);
  program_.code.back().constant = constant;
  return result;
}

Operand ExpressionCompiler::emit_checked(Op op, Operand operand, ColumnType type, Lane constant) {
  to_register(operand);
  const std::uint32_t guard = guard_register();
  const std::uint32_t flags = flags_register();
  Operand result = emit_unary(op, std::move(operand), type, constant);
  program_.code.back().right = program_.code.back().left;
  program_.code.back().column = pack_failure(guard, flags);
  return result;
}

Operand ExpressionCompiler::emit_load(const Symbol& symbol, const Node& node) {
  Operand loaded;
  loaded.type = symbol.type;
  loaded.reg = allocate();
  loaded.begin = node.begin;
  loaded.end = node.end;
  Instruction made{.op = Op::kLoad, .target = loaded.reg};
  made.column = symbol.column;
  program_.code.push_back(made);
  auto& columns = program_.columns;
  if (std::find(columns.begin(), columns.end(), symbol.column) == columns.end()) {
    columns.push_back(symbol.column);
  }
  return loaded;
}

void ExpressionCompiler::finish(Operand result) {
  const std::uint8_t reg = to_register(result);
  const bool is_double = result.is(LaneType::kDouble);
  program_.code.push_back({.op = is_double ? Op::kReturnDouble : Op::kReturn, .left = reg});
  program_.type = result.type;
  if (flags_ == kNoRegister) return;
  program_.code.push_back({.op = Op::kCountFailed, .left = static_cast<std::uint8_t>(flags_)});
}

}  // namespace warpscore::expression
