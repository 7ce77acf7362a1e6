// `warpscore bench [CONFIG] --kafka HOST:PORT`: the way through Kafka, and what limits it,
// interleaved.
//
// Without CONFIG: the embedded configuration, on made-up payments in a topic of its own. With
// CONFIG: on the transactions that its input topic holds. Exit     0, 69 no Kafka, 78
// configuration, 1 a run failed or its scores were not right.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int bench_command(const Options& options);

}  // namespace warpscore
