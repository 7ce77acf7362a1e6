// The engine on a GPU, as the rest of the program sees it: something that can be opened, or not.
#pragma once

#include <memory>

#include "scoring/engine_backend.h"
#include "scoring/plan.h"

namespace warpscore {

// Throws DeviceError with a sentence for the operator: no device, too little memory, built without.
[[nodiscard]] std::unique_ptr<EngineBackend> open_cuda_engine(const Plan& plan,
                                                              const EngineOptions& options);

}  // namespace warpscore
