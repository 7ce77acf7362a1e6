// `warpscore generate`: made-up payments to a file, to stdout, or to a Kafka topic.
//
// Errors  told on stderr in one line; the exit code says which kind (exit_codes.h).
#pragma once

#include "service/cli.h"

namespace warpscore {

[[nodiscard]] int generate_command(const GenerateOptions& options);

}  // namespace warpscore
