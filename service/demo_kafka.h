// The demo through a broker: payments are produced to a topic, `warpscore run` scores them in a
// process of its own, and what is shown is read back read_committed.
//
// The topics of examples/fraud-handbook/warpscore.toml and its changelog must exist.
#pragma once

#include "kernels/queue.h"
#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int demo_through_kafka(const Options& options, Device device);

}  // namespace warpscore
