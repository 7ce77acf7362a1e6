// The GPU's engine for tests that run on every device present.
#pragma once

#include <functional>
#include <memory>

#include "scoring/engine_backend.h"
#include "scoring/plan.h"

namespace warpscore {

using OpenEngine = std::function<std::unique_ptr<EngineBackend>(const Plan&, const EngineOptions&)>;

// Opens CUDA's engine with a small share of the device's memory; empty where no device is. The
// first call says on stderr which device it is, or why there is none.
[[nodiscard]] OpenEngine cuda_engine_if_present();

}  // namespace warpscore
