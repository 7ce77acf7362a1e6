// `warpscore check CONFIG`: everything that can be known to be wrong before anything is started.
//
// Reads the file, compiles features, expressions, model and alerts, and unless `--offline` looks
// for brokers and topics. Changes nothing, so it may be run beside a live instance. Exit     0 all
// is well, 78 the configuration is wrong, 69 Kafka is not there.
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int check_command(const Options& options);

}  // namespace warpscore
