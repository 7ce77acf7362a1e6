// The score pass of a device: selectors and child keys before the window features; expressions,
// the model's inputs, margin, score and alerts after them. Included by device files and tests only.
//
// Order    enqueue_prepare, then the feature pass, then enqueue_score: for one batch, on one queue.
//          Every bit is block_pass.cpp's: the interpreter, the conversions and the models' formulas
//          are one source.
// Layout   a thread has a row to itself and runs all programs on it; all threads run the same
//          instruction at the same time, and neighbours read neighbouring lanes.
// Memory   a thread's registers lie in its team's shared memory, as many as the plan's programs
//          need. As an array of the thread's own they would be addressed at run time, hence in
//          local memory, which the driver sets aside for every thread that a device could hold:
//          kProgramRegistersMax of them would take 132 x 2,048 x 512 bytes of an H100. An odd
//          number of eight-byte words between neighbours' registers puts the 16 threads that a
//          cycle serves on 16 different pairs of the 32 banks. Usual plans need 4 to 10 registers:
//          at 11 words a team takes 5.5 KiB, so the 2,048 threads of a multiprocessor take 176 of
//          its 227. Programs of all registers fit what any device gives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory_resource>

#include "base/shared_word.h"
#include "kernels/queue.h"
#include "scoring/child_key.h"
#include "scoring/device_plan.h"
#include "scoring/forest_tiles_impl.h"
#include "scoring/model_input.h"
#include "scoring/score_pass.h"
#include "scoring/sigmoid.h"

namespace warpscore {

inline constexpr std::uint32_t kScoreTeam = 64;  // rows, and threads, of a team

// Words from one thread's registers to the next one's: odd, see above.
WARPSCORE_HD constexpr std::uint32_t register_pitch(std::uint32_t registers) {
  return registers == 0 ? 0 : registers | 1;
}

WARPSCORE_HD constexpr std::size_t register_bytes(std::uint32_t registers) {
  return std::size_t{register_pitch(registers)} * kScoreTeam * sizeof(Lane);
}
static_assert(register_bytes(kProgramRegistersMax) <= 48U << 10);

// f(row, registers of its own) for every row of a team.
WARPSCORE_TEAM_CODE
template <class Team, class Function>
WARPSCORE_HD void each_row(Team& team, std::uint32_t number, std::uint32_t rows,
                           std::uint32_t registers, const Function& f) {
  const std::uint32_t first = number * kScoreTeam;
  const std::uint32_t count = rows - first < kScoreTeam ? rows - first : kScoreTeam;
  Lane* const scratch = registers == 0 ? nullptr : reinterpret_cast<Lane*>(team.shared_memory());
  const std::uint32_t pitch = register_pitch(registers);
  team.each(count, [&](std::uint32_t i) { f(first + i, scratch + i * pitch); });
}

// Marks cleared, `where` of the transaction, keys of the child tables.
struct PrepareRows {
  static constexpr std::uint32_t kThreads = kScoreTeam;
  DevicePlanView plan;
  ScoreColumns columns;
  std::uint32_t rows;

  [[nodiscard]] std::size_t shared_bytes() const { return register_bytes(plan.selector_registers); }

  WARPSCORE_HD void prepare(std::uint32_t row, Lane* registers) const {
    if (row == 0) *columns.rows = rows;
    columns.late[row] = 0;
    columns.refused[row] = 0;
    for (std::uint32_t w = 0; w < plan.truncated_words; ++w) columns.truncated[w][row] = 0;
    std::uint32_t failed = 0;
    for (std::uint32_t s = 0; s < plan.selector_count; ++s) {
      failed += run_program<1>(plan.selectors[s], columns.columns, row, 1, registers,
                               columns.selectors[s]);
    }
    if (failed != 0) shared_add(*columns.overflows, std::uint64_t{failed});
    for (std::uint32_t c = 0; c < plan.child_count; ++c) {
      const ChildKeyPlan& child = plan.children[c];
      columns.children[c][row] = child_key(columns.keys[child.parent][row], child.same,
                                           child.same_count, columns.fields, row);
    }
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    each_row(team, number, rows, plan.selector_registers,
             [this](std::uint32_t row, Lane* registers) { prepare(row, registers); });
  }
};

// Expression features, and of a forest its inputs.
struct StepRows {
  static constexpr std::uint32_t kThreads = kScoreTeam;
  DevicePlanView plan;
  ScoreColumns columns;
  std::uint32_t rows;

  [[nodiscard]] std::size_t shared_bytes() const { return register_bytes(plan.step_registers); }

  WARPSCORE_HD void step(std::uint32_t row, Lane* registers) const {
    std::uint32_t failed = 0;
    for (std::uint32_t s = 0; s < plan.step_count; ++s) {
      failed += run_program<1>(plan.steps[s], columns.columns, row, 1, registers, columns.steps[s]);
    }
    if (failed != 0) shared_add(*columns.overflows, std::uint64_t{failed});
    if (plan.model != DeviceModel::kForest) return;
    for (std::uint32_t f = 0; f < plan.input_count; ++f) {
      const DeviceInput& input = plan.inputs[f];
      columns.inputs[std::size_t{f} * columns.stride + row] =
          as_float(input.input.type, input.unit, columns.columns[input.input.column][row]);
    }
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    each_row(team, number, rows, plan.step_registers,
             [this](std::uint32_t row, Lane* registers) { step(row, registers); });
  }
};

// Margin, score and alerts. A refused row has none of them.
struct JudgeRows {
  static constexpr std::uint32_t kThreads = kScoreTeam;
  DevicePlanView plan;
  ScoreColumns columns;
  std::uint32_t rows;

  [[nodiscard]] std::size_t shared_bytes() const { return register_bytes(plan.alert_registers); }

  [[nodiscard]] WARPSCORE_HD double margin_of(std::uint32_t row) const {
    if (plan.model == DeviceModel::kForest) return columns.forest_margins[row];
    if (plan.model == DeviceModel::kNone) return double_of(kMissingDouble);
    return logistic_margin(plan.logistic, [&](std::uint32_t f) {
      const DeviceInput& input = plan.inputs[f];
      return as_double(input.input.type, input.unit, columns.columns[input.input.column][row]);
    });
  }

  WARPSCORE_HD void give_score(std::uint32_t row) const {
    double margin = known_or_missing(margin_of(row));
    if (columns.refused[row] != 0) margin = double_of(kMissingDouble);
    columns.margin[row] = lane_of(margin);
    columns.score[row] = lane_of(sigmoid(margin));
  }

  // Every alert's condition is computed, for a refused row too: its overflows count on the host.
  WARPSCORE_HD void fire(std::uint32_t row, Lane* registers) const {
    std::uint32_t failed = 0;
    std::uint64_t bits = 0;
    for (std::uint32_t a = 0; a < plan.alert_count; ++a) {
      failed +=
          run_program<1>(plan.alerts[a], columns.columns, row, 1, registers, columns.condition);
      if (columns.condition[row] == 1) bits |= std::uint64_t{1} << (a % 64);
      if (a % 64 != 63 && a + 1 != plan.alert_count) continue;
      columns.fired[a / 64][row] = columns.refused[row] != 0 ? 0 : bits;
      bits = 0;
    }
    if (failed != 0) shared_add(*columns.overflows, std::uint64_t{failed});
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    each_row(team, number, rows, plan.alert_registers, [this](std::uint32_t row, Lane* registers) {
      give_score(row);
      fire(row, registers);
    });
  }
};

// Start-up: the plan on the device, for as long as the queue lives. Waits for the copy.
template <class Queue>
[[nodiscard]] DevicePlanView upload_plan(Queue& queue, const DevicePlan& plan) {
  const std::size_t bytes = plan.bytes();
  if (bytes == 0) return {};
  std::byte* const device = queue.device_memory(bytes);
  std::pmr::memory_resource& memory = queue.staging_memory();
  auto* const staged = static_cast<std::byte*>(memory.allocate(bytes, kBlobAlignment));
  const DevicePlanView view = plan.lay_out(staged, device);
  queue.copy_in(device, staged, bytes);
  queue.copied_in();
  queue.wait(queue.fence());
  memory.deallocate(staged, bytes, kBlobAlignment);
  return view;
}

inline std::uint32_t score_teams(std::uint32_t rows) {
  return (rows + kScoreTeam - 1) / kScoreTeam;
}

// Rows [0, rows) of the batch, before the feature pass.
template <class Queue>
void enqueue_prepare(Queue& queue, const DevicePlanView& plan, const ScoreColumns& columns,
                     std::uint32_t rows) {
  queue.teams("prepare rows", score_teams(rows), PrepareRows{plan, columns, rows});
}

// The same rows, after it.
template <class Queue>
void enqueue_score(Queue& queue, const DevicePlanView& plan, const ScoreColumns& columns,
                   std::uint32_t rows) {
  const bool has_forest = plan.model == DeviceModel::kForest;
  if (plan.step_count > 0 || has_forest) {
    queue.teams("expressions", score_teams(rows), StepRows{plan, columns, rows});
  }
  if (has_forest && rows > 0) {
    const ForestRows in{columns.inputs, columns.stride, columns.rows, columns.forest_margins};
    enqueue_forest(queue, plan.forest, in, rows);
  }
  queue.teams("scores and alerts", score_teams(rows), JudgeRows{plan, columns, rows});
}

}  // namespace warpscore
