// The engine on the CPU: every batch is worked on by the thread that submits it, and threads of
// TBB.
#pragma once

#include <memory>

#include "scoring/engine_backend.h"
#include "scoring/plan.h"

namespace warpscore {

[[nodiscard]] std::unique_ptr<EngineBackend> open_host_engine(const Plan& plan,
                                                              const EngineOptions& options);

}  // namespace warpscore
