// The block pass: from fields and window features to expression features, margin, score and alerts.
//
// Layout   rows are worked on in blocks of kScoreBlock, each by one worker with its own scratch.
// Thread   called by the engine's thread; blocks share nothing but read-only plans and columns.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "scoring/compiled_plan.h"

namespace warpscore {

inline constexpr std::uint32_t kScoreBlock = 512;

// Where the pass reads and writes: column pointers by column number, rows of one batch.
struct BlockColumns {
  std::uint32_t size = 0;
  const Lane* const* columns = nullptr;  // by column number
  Lane* const* steps = nullptr;          // by step; the same memory as their columns
  Lane* score_lane = nullptr;            // the score as alerts read it
  Lane* margin_lane = nullptr;
  Lane* condition = nullptr;  // of the alert at hand
  double* score = nullptr;
  double* margin = nullptr;
  std::uint64_t* const* fired = nullptr;  // [alerts / 64]
  const std::uint8_t* refused = nullptr;  // nullptr: none
};

// A worker's own memory.
class BlockScratch {
 public:
  explicit BlockScratch(const CompiledPlan& plan);
  std::unique_ptr<Lane[]> registers;
  std::vector<std::vector<float>> float_columns;
  std::vector<std::vector<double>> double_columns;
  std::vector<const float*> float_pointers;
  std::vector<const double*> double_pointers;
  std::unique_ptr<float[]> margins;
  std::unique_ptr<Forest::Scratch> forest;
  std::uint64_t overflows = 0;  // counted here, collected by the engine
};

// `where` of every transaction, into selectors[s][row].
void run_selectors(const CompiledPlan& plan, const Lane* const* columns, std::uint32_t size,
                   Lane* const* selectors, BlockScratch& scratch);

// workers.size() of them share the blocks.
void run_block_pass(const CompiledPlan& plan, const BlockColumns& columns,
                    std::vector<std::unique_ptr<BlockScratch>>& workers);

}  // namespace warpscore
