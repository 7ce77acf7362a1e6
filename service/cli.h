// The command line: verbs and their options, help that opens with examples.
//
// Errors  parse_command_line prints help or what is wrong and returns an exit code; -1 means go on.
//         There is no flag for a secret: argv is readable by everybody on the host.
#pragma once

#include <cstdint>
#include <string>

#include "service/config.h"

namespace warpscore {

enum class Verb : std::uint8_t {
  kDemo,
  kCheck,
  kTest,
  kRun,
  kFeatures,
  kGenerate,
  kBench,
  kVersion,
};

enum class PrintFormat : std::uint8_t { kText, kJson };

struct DemoOptions {
  std::int64_t for_ms = 0;  // 0: until interrupted
  std::string kafka;        // HOST:PORT; "" for no Kafka
  std::uint64_t rate = 0;   // transactions per second; 0: the demo's own
};

struct CheckOptions {
  std::string config;
  bool offline = false;
  PrintFormat print = PrintFormat::kText;
};

struct TestOptions {
  std::string config;
  PrintFormat print = PrintFormat::kText;
};

struct RunOptions {
  std::string config;
};

struct FeaturesOptions {
  std::string config;
  std::string input;         // "-" for stdin
  std::string output;        // "-" for stdout
  std::string dead_letters;  // "" for none
};

enum class Scenario : std::uint8_t { kHandbook, kUniform, kHot };

struct GenerateOptions {
  Scenario scenario = Scenario::kHandbook;
  InputFormat format = InputFormat::kJson;
  std::uint64_t transactions = 1'000'000;
  std::uint64_t rate = 0;  // per second; 0: as fast as it goes
  std::uint64_t seed = 1;
  std::uint64_t accounts = 5'000;
  std::string output;  // file, "-" for stdout; "" if to Kafka
  std::string kafka;   // HOST:PORT; "" if to a file
  std::string topic;
};

struct BenchOptions {
  std::string config;  // "" for the embedded one
  std::string kafka;   // HOST:PORT
  std::uint64_t transactions = 3'000'000;
  std::uint32_t partitions = 8;
  std::uint32_t pairs = 5;  // interleaved runs of ours and of the limit
  PrintFormat print = PrintFormat::kText;
};

struct VersionOptions {
  PrintFormat print = PrintFormat::kText;
};

struct Options {
  Verb verb = Verb::kVersion;
  bool color = false;  // stdout is a terminal and NO_COLOR is not set

  // --device and --threads, of every verb that scores. No --device: as the configuration says.
  bool has_device = false;
  Backend device = Backend::kAuto;
  std::uint32_t threads = 0;  // 0: as many as there are cores

  DemoOptions demo;
  CheckOptions check;
  TestOptions test;
  RunOptions run;
  FeaturesOptions features;
  GenerateOptions generate;
  BenchOptions bench;
  VersionOptions version;
};

[[nodiscard]] int parse_command_line(int argc, const char* const* argv, Options& out);

}  // namespace warpscore
