// What publish needs to know of a plan: names, types and texts of what the engine puts out.
//
// Owner   copied from the plan, but for schema and dictionary, which must outlive it.
#pragma once

#include <string>
#include <vector>

#include "base/dictionary.h"
#include "base/schema.h"
#include "scoring/plan.h"

namespace warpscore {

struct OutputShape {
  const Schema* schema = nullptr;
  const Dictionary* dictionary = nullptr;
  std::vector<FeatureColumn> features;
  std::vector<Alert> alerts;
  std::string model_version;
  bool has_model = false;
  bool margin_is_float = false;
  bool history_limited = false;
};

[[nodiscard]] OutputShape shape_of(const Plan& plan);

}  // namespace warpscore
