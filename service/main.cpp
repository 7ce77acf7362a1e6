// Where the process starts: one verb, one function. Nothing else is decided here.
#include <cstdio>
#include <exception>

#include "service/cli.h"
#include "service/demo_command.h"
#include "service/exit_codes.h"
#include "service/features_command.h"
#include "service/generate_command.h"
#include "service/test_command.h"
#include "service/version_command.h"

namespace warpscore {
namespace {

int run_verb(const Options& options) {
  switch (options.verb) {
    case Verb::kDemo:
      return demo_command(options);
    case Verb::kFeatures:
      return features_command(options);
    case Verb::kGenerate:
      return generate_command(options.generate);
    case Verb::kTest:
      return test_command(options);
    case Verb::kVersion:
      return version_command(options);
    default:
      return kExitUsage;
  }
}

}  // namespace
}  // namespace warpscore

int main(int argc, char** argv) {
  warpscore::Options options;
  const int exit_code = warpscore::parse_command_line(argc, argv, options);
  if (exit_code >= 0) return exit_code;
  try {
    return warpscore::run_verb(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return warpscore::kExitFailed;
  }
}
