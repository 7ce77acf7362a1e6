// The bytecode of an expression and its one interpreter, for host and device.
//
// Layout   a register machine over blocks of rows: every instruction works on `rows` lanes of its
//          registers. The host runs blocks of kProgramBlock rows (the loops vectorise and the cost
//          of decoding is shared); the device runs blocks of one row, a thread each. Same source.
// Units    lanes as in base/lane.h. A register is kProgramBlock lanes of caller's scratch.
// Errors   none: overflow and division by zero give a missing lane and are counted.
// Formula  integer division truncates, % takes the sign of the left side, as CEL and C++ define.
#pragma once

#include <cstdint>
#include <vector>

#include "base/host_device.h"
#include "base/lane.h"

namespace warpscore {

inline constexpr std::uint32_t kProgramBlock = 128;
inline constexpr std::uint32_t kProgramRegistersMax = 64;

enum class Op : std::uint8_t;  // program_ops.h

struct Instruction {
  Op op{};
  std::uint8_t target = 0;  // registers
  std::uint8_t left = 0;
  std::uint8_t right = 0;
  std::uint32_t column = 0;  // load: which column
  Lane constant = 0;         // literals, scales, ...
};

struct Program {
  std::vector<Instruction> code;
  std::uint32_t registers = 0;
  ColumnType type;                     // of the result, which is left in register 0
  std::vector<std::uint32_t> columns;  // that it loads, each once
};

// Non-owning, trivially copyable; what device code sees.
struct ProgramView {
  const Instruction* code = nullptr;
  std::uint32_t size = 0;
};

// Runs rows [first, first + rows) of `columns` (columns[c][row]) and writes their results to
// out[first ...]. `scratch` holds registers x block lanes. Returns how many rows met an overflow
// or a division by zero.
template <std::uint32_t block>
WARPSCORE_HD std::uint32_t run_program(const ProgramView& program, const Lane* const* columns,
                                       std::uint32_t first, std::uint32_t rows, Lane* scratch,
                                       Lane* out);

}  // namespace warpscore
