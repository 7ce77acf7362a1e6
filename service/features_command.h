// `warpscore features CONFIG INPUT -o OUTPUT`: a file through the engine, in file order.
//
// Errors  told on stderr in one line; the exit code says which kind (exit_codes.h). Refused rows do
//         not fail the run: they are counted there and written to the dead-letter file.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int features_command(const Options& options);

}  // namespace warpscore
