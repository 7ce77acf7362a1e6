// The interpreter for the host, twice: for any x86-64 (or other) processor, and for AVX2. `flatten`
// puts all of it into one function, so that no code with AVX2 in it is shared with other files.
#include "scoring/program_run.h"

namespace warpscore {
namespace {

using Run = std::uint32_t (*)(const ProgramView&, const Lane* const*, std::uint32_t, std::uint32_t,
                              Lane*, Lane*);

#if defined(__x86_64__)
[[gnu::target("avx2"), gnu::flatten]] std::uint32_t run_avx2(const ProgramView& program,
                                                             const Lane* const* columns,
                                                             std::uint32_t first,
                                                             std::uint32_t rows, Lane* scratch,
                                                             Lane* out) {
  return run_program<kProgramBlock>(program, columns, first, rows, scratch, out);
}
#endif

Run widest() {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx2")) return run_avx2;
#endif
  return run_program<kProgramBlock>;
}

}  // namespace

std::uint32_t run_program_blocks(const ProgramView& program, const Lane* const* columns,
                                 std::uint32_t first, std::uint32_t rows, Lane* scratch,
                                 Lane* out) {
  static const Run run = widest();
  return run(program, columns, first, rows, scratch, out);
}

}  // namespace warpscore
