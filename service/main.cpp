// Where the process starts: one verb, one function. Nothing else is decided here.
#include <cstdio>
#include <exception>

#include "base/log.h"
#include "service/bench_command.h"
#include "service/check_command.h"
#include "service/cli.h"
#include "service/demo_command.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"
#include "service/features_command.h"
#include "service/generate_command.h"
#include "service/run_command.h"
#include "service/setup.h"
#include "service/test_command.h"
#include "service/version_command.h"

namespace warpscore {
namespace {

int run_service(const Options& options) {
  const std::optional<Setup> setup = read_setup(options.run.config);
  if (!setup) return kExitConfiguration;
  const DeviceChoice choice = choose_device(options, setup->config);
  if (choice.refused) {
    log_error("CUDA cannot be used", {{"because", choice.why_not}, {"mend", kDeviceMend}});
    return kExitUnavailable;
  }
  const std::vector<ConfigError> missing = setup->config.missing_for_run();
  for (const ConfigError& error : missing) {
    std::fprintf(stderr, "%s\n", format_error(setup->config.file, error).c_str());
  }
  if (!missing.empty()) return kExitConfiguration;
  for (const ConfigError& idle : setup->config.not_in_this_version()) {
    std::fprintf(stderr, "warning: %s\n", format_error(setup->config.file, idle).c_str());
  }
  if (!choice.why_not.empty()) log_info("computing on the CPU", {{"because", choice.why_not}});
  return run_command(setup->config, *setup->plan,
                     engine_options_of(setup->config, choice.device, engine_workers_of(options)));
}

int run_verb(const Options& options) {
  switch (options.verb) {
    case Verb::kBench:
      return bench_command(options);
    case Verb::kCheck:
      return check_command(options);
    case Verb::kDemo:
      return demo_command(options);
    case Verb::kFeatures:
      return features_command(options);
    case Verb::kGenerate:
      return generate_command(options.generate);
    case Verb::kRun:
      return run_service(options);
    case Verb::kTest:
      return test_command(options);
    case Verb::kVersion:
      return version_command(options);
  }
  return kExitUsage;
}

}  // namespace
}  // namespace warpscore

int main(int argc, char** argv) {
  warpscore::Options options;
  const int exit_code = warpscore::parse_command_line(argc, argv, options);
  if (exit_code >= 0) return exit_code;
  try {
    return warpscore::run_verb(options);
  } catch (const warpscore::DeviceError& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return warpscore::kExitUnavailable;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "warpscore: %s\n", error.what());
    return warpscore::kExitFailed;
  }
}
