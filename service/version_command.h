// `warpscore version`: what this program is, and which backends are compiled in and present.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int version_command(const Options& options);

}  // namespace warpscore
