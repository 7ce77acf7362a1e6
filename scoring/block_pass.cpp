#include "scoring/block_pass.h"

#include <thrust/for_each.h>
#include <thrust/iterator/counting_iterator.h>
#include <thrust/system/tbb/execution_policy.h>

#include <algorithm>
#include <limits>

#include "scoring/model_input.h"
#include "scoring/sigmoid.h"

namespace warpscore {
namespace {

void fill_floats(const ModelInput& input, const Lane* column, std::uint32_t rows, float* out) {
  const ColumnType type = input.type;
  const double unit = unit_of(type);
  for (std::uint32_t i = 0; i < rows; ++i) out[i] = as_float(type, unit, column[i]);
}

std::uint32_t registers_of(const CompiledPlan& plan) {
  std::uint32_t most = 1;
  for (const auto* programs : {&plan.selectors, &plan.steps, &plan.alert_programs}) {
    for (const Program& program : *programs) most = std::max(most, program.registers);
  }
  return most;
}

void run(const Program& program, const Lane* const* columns, std::uint32_t first,
         std::uint32_t rows, Lane* out, BlockScratch& scratch) {
  scratch.overflows +=
      run_program_blocks(view_of(program), columns, first, rows, scratch.registers.get(), out);
}

void score_rows(const CompiledPlan& plan, const BlockColumns& columns, std::uint32_t first,
                std::uint32_t rows, BlockScratch& scratch) {
  const Model& model = *plan.model;
  if (model.kind == ModelKind::kForest) {
    for (std::size_t f = 0; f < plan.model_inputs.size(); ++f) {
      const ModelInput& input = plan.model_inputs[f];
      fill_floats(input, columns.columns[input.column] + first, rows,
                  scratch.float_columns[f].data());
    }
    model.forest->margins(scratch.float_pointers.data(), rows, scratch.margins.get(),
                          *scratch.forest);
    for (std::uint32_t i = 0; i < rows; ++i) columns.margin[first + i] = scratch.margins[i];
  } else {
    for (std::size_t f = 0; f < plan.model_inputs.size(); ++f) {
      const ModelInput& input = plan.model_inputs[f];
      const double unit = unit_of(input.type);
      const Lane* const column = columns.columns[input.column] + first;
      for (std::uint32_t i = 0; i < rows; ++i) {
        scratch.double_columns[f][i] = as_double(input.type, unit, column[i]);
      }
    }
    model.logistic->margins(scratch.double_pointers.data(), rows, columns.margin + first);
  }
  for (std::uint32_t i = first; i < first + rows; ++i) {
    columns.margin[i] = known_or_missing(columns.margin[i]);
    columns.score[i] = sigmoid(columns.margin[i]);
  }
}

void clear_scores(const BlockColumns& columns, std::uint32_t first, std::uint32_t rows) {
  std::fill_n(columns.margin + first, rows, std::numeric_limits<double>::quiet_NaN());
  std::fill_n(columns.score + first, rows, std::numeric_limits<double>::quiet_NaN());
}

void fire_alerts(const CompiledPlan& plan, const BlockColumns& columns, std::uint32_t first,
                 std::uint32_t rows, BlockScratch& scratch) {
  for (std::size_t w = 0; w < (plan.alerts.size() + 63) / 64; ++w) {
    std::fill_n(columns.fired[w] + first, rows, 0);
  }
  for (std::uint32_t i = first; i < first + rows; ++i) {
    columns.score_lane[i] = lane_of(columns.score[i]);
    columns.margin_lane[i] = lane_of(columns.margin[i]);
  }
  for (std::size_t a = 0; a < plan.alert_programs.size(); ++a) {
    run(plan.alert_programs[a], columns.columns, first, rows, columns.condition, scratch);
    for (std::uint32_t i = first; i < first + rows; ++i) {
      const bool refused = columns.refused != nullptr && columns.refused[i] != 0;
      if (columns.condition[i] == 1 && !refused) columns.fired[a / 64][i] |= 1ULL << (a % 64);
    }
  }
}

void run_block(const CompiledPlan& plan, const BlockColumns& columns, std::uint32_t first,
               BlockScratch& scratch) {
  const std::uint32_t rows = std::min(kScoreBlock, columns.size - first);
  for (std::size_t s = 0; s < plan.steps.size(); ++s) {
    run(plan.steps[s], columns.columns, first, rows, columns.steps[s], scratch);
  }
  if (plan.model) {
    score_rows(plan, columns, first, rows, scratch);
  } else {
    clear_scores(columns, first, rows);
  }
  if (columns.refused != nullptr) {
    for (std::uint32_t i = first; i < first + rows; ++i) {
      if (columns.refused[i] != 0) clear_scores(columns, i, 1);
    }
  }
  fire_alerts(plan, columns, first, rows, scratch);
}

}  // namespace

BlockScratch::BlockScratch(const CompiledPlan& plan)
    : registers(std::make_unique<Lane[]>(std::size_t{registers_of(plan)} * kProgramBlock)),
      margins(std::make_unique<float[]>(kScoreBlock)) {
  if (!plan.model) return;
  if (plan.model->kind == ModelKind::kForest) {
    float_columns.assign(plan.model_inputs.size(), std::vector<float>(kScoreBlock));
    for (const auto& column : float_columns) float_pointers.push_back(column.data());
    forest = std::make_unique<Forest::Scratch>(*plan.model->forest);
  } else {
    double_columns.assign(plan.model_inputs.size(), std::vector<double>(kScoreBlock));
    for (const auto& column : double_columns) double_pointers.push_back(column.data());
  }
}

void run_selectors(const CompiledPlan& plan, const Lane* const* columns, std::uint32_t size,
                   Lane* const* selectors, BlockScratch& scratch) {
  for (std::size_t s = 0; s < plan.selectors.size(); ++s) {
    run(plan.selectors[s], columns, 0, size, selectors[s], scratch);
  }
}

void run_block_pass(const CompiledPlan& plan, const BlockColumns& columns,
                    std::vector<std::unique_ptr<BlockScratch>>& workers) {
  const std::uint32_t blocks = (columns.size + kScoreBlock - 1) / kScoreBlock;
  const auto count = static_cast<std::uint32_t>(workers.size());
  if (count == 1 || blocks == 1) {
    for (std::uint32_t b = 0; b < blocks; ++b) {
      run_block(plan, columns, b * kScoreBlock, *workers[0]);
    }
    return;
  }
  // Worker w takes blocks w, w + count, ...: which one does a block changes nothing it writes.
  thrust::for_each_n(thrust::tbb::par, thrust::counting_iterator<std::uint32_t>(0), count,
                     [&](std::uint32_t w) {
                       for (std::uint32_t b = w; b < blocks; b += count) {
                         run_block(plan, columns, b * kScoreBlock, *workers[w]);
                       }
                     });
}

}  // namespace warpscore
