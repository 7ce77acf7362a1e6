// Loads the model and finds each of its inputs among our columns.
#pragma once

#include "scoring/compiled_plan.h"
#include "scoring/spec.h"

namespace warpscore {

// Errors  ConfigError: unknown or missing inputs, wrong number of them, wrong checksum;
//         ModelError's sentence as one.
void add_model(const ModelSpec& spec, CompiledPlan& plan);

}  // namespace warpscore
