// Any bytes as a model file: an error or a model that scores, never a crash, and every
// implementation gives the bits of plain walking.
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "base/check.h"
#include "scoring/model_file.h"

namespace {

using namespace warpscore;

constexpr std::size_t kRows = 70;
constexpr std::uint32_t kFeaturesMax = 4096;  // of those that are scored: columns cost memory

void score(const Forest& forest, std::uint32_t features) {
  std::vector<std::vector<float>> columns(features, std::vector<float>(kRows));
  std::vector<const float*> pointers;
  for (std::uint32_t f = 0; f < features; ++f) {
    for (std::size_t r = 0; r < kRows; ++r) {
      const std::uint32_t mixed = (f * 2654435761U) ^ (static_cast<std::uint32_t>(r) * 40503U);
      columns[f][r] = r % 9 == 0 ? std::numeric_limits<float>::quiet_NaN()
                                 : static_cast<float>(mixed % 2000) / 10.0F - 50.0F;
    }
    pointers.push_back(columns[f].data());
  }
  Forest::Scratch scratch(forest);
  std::vector<float> expected(kRows);
  std::vector<float> margins(kRows);
  forest.margins(ForestImplementation::kWalk, pointers.data(), kRows, expected.data(), scratch);
  for (const ForestImplementation implementation : forest_implementations()) {
    forest.margins(implementation, pointers.data(), kRows, margins.data(), scratch);
    for (std::size_t r = 0; r < kRows; ++r) {
      const bool both_nan = margins[r] != margins[r] && expected[r] != expected[r];
      WARPSCORE_CHECK(both_nan || std::bit_cast<std::uint32_t>(margins[r]) ==
                                      std::bit_cast<std::uint32_t>(expected[r]));
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const Model model =
        parse_model(std::as_bytes(std::span<const std::uint8_t>(data, size)), "fuzz");
    if (model.forest && model.feature_count <= kFeaturesMax) {
      score(*model.forest, model.feature_count);
    }
  } catch (const ModelError&) {
  }
  return 0;
}
