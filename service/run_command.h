// `warpscore run`: from the configuration to a running pipeline and back to an exit code.
//
// Errors  returned as exit codes (service/exit_codes.h) after one line in the log that says what is
//         wrong and how to mend it. ConfigError of the plan is the caller's.
#pragma once

#include "scoring/engine.h"
#include "scoring/plan.h"
#include "service/config.h"

namespace warpscore {

// Runs until SIGTERM or SIGINT, or until it cannot go on. `plan` was made of `config`.
[[nodiscard]] int run_command(const Config& config, const Plan& plan,
                              const EngineOptions& engine_options);

}  // namespace warpscore
