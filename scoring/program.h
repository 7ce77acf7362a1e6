// The bytecode of an expression and its one interpreter, for host and device.
//
// Layout   a register machine over blocks of rows: every instruction works on `rows` lanes of its
//          registers. The host runs blocks of kProgramBlock rows (the loops vectorise and the cost
//          of decoding is shared); the device runs blocks of one row, a thread each. Same source.
// Units    lanes as in base/lane.h. A register is `block` lanes of caller's scratch.
// Errors   none: overflow and division by zero give a missing lane and are counted.
// Formula  integer division truncates, % takes the sign of the left side, as CEL and C++ define.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "base/lane.h"
#include "scoring/program_ops.h"

namespace warpscore {

inline constexpr std::uint32_t kProgramBlock = 128;
inline constexpr std::uint32_t kProgramRegistersMax = 64;

struct Instruction {
  Op op{};
  std::uint8_t target = 0;  // registers
  std::uint8_t left = 0;
  std::uint8_t right = 0;
  std::uint32_t column = 0;  // load: which column; else as program_ops.h says
  Lane constant = 0;         // literals, scales, ...
};

struct Program {
  std::vector<Instruction> code;
  std::uint32_t registers = 0;
  ColumnType type;                     // of the result
  std::vector<std::uint32_t> columns;  // that it loads, each once
};

// Non-owning, trivially copyable; what device code sees.
struct ProgramView {
  const Instruction* code = nullptr;
  std::uint32_t size = 0;
};

[[nodiscard]] inline ProgramView view_of(const Program& program) {
  return {program.code.data(), static_cast<std::uint32_t>(program.code.size())};
}

// Runs rows [first, first + rows) of `columns` (columns[c][row]) and writes their results to
// out[first ...]. `scratch` holds registers x block lanes. Returns how many rows met an overflow
// or a division by zero where the expression needed its value: not in the branch of a ?: that was
// not taken, nor to the right of an && or || that its left side had decided.
template <std::uint32_t block>
WARPSCORE_HD std::uint32_t run_program(const ProgramView& program, const Lane* const* columns,
                                       std::uint32_t first, std::uint32_t rows, Lane* scratch,
                                       Lane* out);

// run_program<kProgramBlock> on the host, compiled for the widest vectors that the processor
// has: 1.2 to 4 times as fast on one with AVX2 (bench/micro/expression_bench). The same bits.
std::uint32_t run_program_blocks(const ProgramView& program, const Lane* const* columns,
                                 std::uint32_t first, std::uint32_t rows, Lane* scratch, Lane* out);

// The result of one row; for tests and start-up, as it allocates.
[[nodiscard]] Lane evaluate_row(const Program& program, const Lane* const* columns,
                                std::uint32_t row);

}  // namespace warpscore

#include "scoring/program_run.h"  // run_program's body
