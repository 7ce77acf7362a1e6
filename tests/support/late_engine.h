// The CPU's engine behind the back of its user: it works on a thread of its own, as a GPU would.
//
// For what drives engines: batches are really in flight, finish_oldest(false) is really false, and
// whoever touches a batch or its Results too early has a data race, and other results.
#pragma once

#include <memory>

#include "scoring/engine_backend.h"
#include "scoring/plan.h"

namespace warpscore {

// `name` is what it calls itself.
[[nodiscard]] std::unique_ptr<EngineBackend> open_late_engine(const Plan& plan,
                                                              const EngineOptions& options,
                                                              const char* name);

}  // namespace warpscore
