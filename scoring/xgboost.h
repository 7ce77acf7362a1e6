// An XGBoost model, JSON or UBJSON alike, from its document to our forest, refusing what we cannot
// score exactly.
//
// Takes   boosters gbtree with binary:logistic or reg:logistic, versions 1.x to 3.x. Refused, each
//         with a sentence: other objectives, dart, gblinear, several classes or targets, leaves
//         that are vectors, categorical splits and features.
// Trees   only those up to attributes.best_iteration, as XGBoost's own wrapper predicts.
// Checks  sizes against limits first; children in range, each reached once; thresholds and leaves
//         finite; features in range. So the forest is a forest, whatever the file said.
// Errors  DocumentError with the place in the document.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "scoring/document.h"
#include "scoring/forest.h"

namespace warpscore {

inline constexpr std::int64_t kTreesMax = 100'000;
inline constexpr std::int64_t kForestNodesMax = std::int64_t{1} << 24;  // of all trees together
inline constexpr std::int64_t kFeaturesMax = std::int64_t{1} << 20;

// Members of trees that say how they were trained, not what they answer.
inline constexpr std::array<std::string_view, 4> kXgboostSkip = {"base_weights", "loss_changes",
                                                                 "sum_hessian", "parents"};

struct XgboostModel {
  std::vector<ForestNode> nodes;
  std::vector<std::uint32_t> roots;
  std::uint32_t feature_count = 0;
  float base_margin = 0.0F;
  std::vector<std::string> feature_names;
};

XgboostModel read_xgboost(const Value& document);

}  // namespace warpscore
