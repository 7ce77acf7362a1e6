// `warpscore demo`: made-up payments, the real engine and its alerts in one process; nothing else
// is needed. With --kafka the same through a broker: produced, scored by the pipeline, read back.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int demo_command(const Options& options);

}  // namespace warpscore
