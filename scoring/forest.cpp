#include "scoring/forest.h"

#include <algorithm>
#include <array>
#include <new>
#include <utility>

#include "base/check.h"
#include "scoring/forest_plan.h"

namespace warpscore {
namespace {

// With fewer rows than this a block costs more than walking; bench/micro/forest_bench tuned it.
std::size_t block_pays_from(ForestImplementation implementation) {
  switch (implementation) {
    case ForestImplementation::kAvx512:
      return 20;
    case ForestImplementation::kAvx2:
      return 50;
    default:
      return 200;
  }
}

constexpr std::align_val_t kAlignment{64};

ScoreBlock block_function(ForestImplementation implementation) {
  switch (implementation) {
#if defined(__x86_64__)
    case ForestImplementation::kAvx512:
      return score_block_avx512;
    case ForestImplementation::kAvx2:
      return score_block_avx2;
#endif
    case ForestImplementation::kPortable:
      return score_block_portable;
    default:
      return nullptr;
  }
}

struct Implementations {
  std::array<ForestImplementation, 4> all{};
  std::size_t count = 0;

  Implementations() {
    all[count++] = ForestImplementation::kWalk;
    all[count++] = ForestImplementation::kPortable;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2")) all[count++] = ForestImplementation::kAvx2;
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq")) {
      all[count++] = ForestImplementation::kAvx512;
    }
#endif
  }
};

void walk_rows(const ForestView& forest, const BlockRowsIn& in, float* out) {
  for (std::size_t r = 0; r < in.rows; ++r) {
    out[r] = walk_forest(forest, [&](std::uint32_t f) { return in.columns[f][in.first + r]; });
  }
}

std::size_t scratch_bytes(const ForestPlan& plan) {
  return plan.mask_words() * sizeof(std::uint64_t) + 2 * kBlockRows * sizeof(float) +
         kBlockRows * sizeof(std::uint16_t);
}

BlockMemory block_memory(const ForestPlan& plan, std::byte* memory) {
  BlockMemory parts{};
  parts.masks = reinterpret_cast<std::uint64_t*>(memory);
  parts.column = reinterpret_cast<float*>(memory + plan.mask_words() * sizeof(std::uint64_t));
  parts.margins = parts.column + kBlockRows;
  parts.codes = reinterpret_cast<std::uint16_t*>(parts.margins + kBlockRows);
  return parts;
}

}  // namespace

const char* name_of(ForestImplementation implementation) {
  switch (implementation) {
    case ForestImplementation::kWalk:
      return "walk";
    case ForestImplementation::kPortable:
      return "portable";
    case ForestImplementation::kAvx2:
      return "avx2";
    case ForestImplementation::kAvx512:
      return "avx512";
  }
  return "unknown";
}

std::span<const ForestImplementation> forest_implementations() {
  static const Implementations implementations;
  return {implementations.all.data(), implementations.count};
}

Forest::Forest(std::vector<ForestNode> nodes, std::vector<std::uint32_t> roots,
               std::uint32_t feature_count, float base_margin)
    : nodes_(std::move(nodes)),
      roots_(std::move(roots)),
      feature_count_(feature_count),
      base_margin_(base_margin),
      plan_(std::make_unique<const ForestPlan>(make_forest_plan(view(), nodes_.size()))) {}

Forest::Forest(Forest&&) noexcept = default;
Forest& Forest::operator=(Forest&&) noexcept = default;
Forest::~Forest() = default;

ForestView Forest::view() const {
  return {nodes_.data(), roots_.data(), static_cast<std::uint32_t>(roots_.size()), feature_count_,
          base_margin_};
}

void Forest::Scratch::Free::operator()(std::byte* memory) const {
  ::operator delete[](memory, kAlignment);
}

Forest::Scratch::Scratch(const Forest& forest)
    : plan_(forest.plan_.get()),
      memory_(static_cast<std::byte*>(::operator new[](scratch_bytes(*plan_), kAlignment))) {}

void Forest::margins(const float* const* columns, std::size_t rows, float* out,
                     Scratch& scratch) const {
  const ForestImplementation best = forest_implementations().back();
  const bool pays = rows >= block_pays_from(best);
  margins(pays ? best : ForestImplementation::kWalk, columns, rows, out, scratch);
}

void Forest::margins(ForestImplementation implementation, const float* const* columns,
                     std::size_t rows, float* out, Scratch& scratch) const {
  WARPSCORE_CHECK(scratch.plan_ == plan_.get());
  const auto present = forest_implementations();
  WARPSCORE_CHECK(std::find(present.begin(), present.end(), implementation) != present.end());
  const ForestView forest = view();
  if (implementation == ForestImplementation::kWalk) {
    return walk_rows(forest, {columns, 0, rows}, out);
  }
  const ScoreBlock score_block = block_function(implementation);
  const BlockMemory memory = block_memory(*plan_, scratch.memory_.get());
  for (std::size_t first = 0; first < rows; first += kBlockRows) {
    const std::size_t count = std::min(kBlockRows, rows - first);
    score_block(*plan_, forest, {columns, first, count}, memory, out + first);
  }
}

}  // namespace warpscore
