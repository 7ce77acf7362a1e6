// `warpscore test CONFIG`: the [[tests]] of the file through the real engine.
//
// Each test starts from empty state. Fields that a test leaves out are missing, its ids and times
// are made up (one second apart unless `every` says otherwise).
// Exit     0 all passed, 1 one failed, 78 the configuration is wrong.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int test_command(const Options& options);

}  // namespace warpscore
