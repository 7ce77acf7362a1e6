// The command line: every help against its golden file, every usage error with its code.
//
// WARPSCORE_UPDATE_GOLDEN=1 writes the golden files anew.
#include "service/cli.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <sstream>

#include "service/exit_codes.h"

namespace warpscore {
namespace {

struct Outcome {
  int code = 0;
  std::string out;
  std::string error;
  Options options;
};

Outcome parse(const std::string& line) {
  std::vector<std::string> words = {"warpscore"};
  std::istringstream in(line);
  for (std::string word; in >> word;) words.push_back(word);
  std::vector<const char*> argv;
  for (const std::string& word : words) argv.push_back(word.c_str());
  Outcome outcome;
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  outcome.code = parse_command_line(static_cast<int>(argv.size()), argv.data(), outcome.options);
  outcome.out = testing::internal::GetCapturedStdout();
  outcome.error = testing::internal::GetCapturedStderr();
  return outcome;
}

constexpr std::array<const char*, 8> kVerbs = {"demo",     "check",    "test",  "run",
                                               "features", "generate", "bench", "version"};

TEST(CommandLine, HelpIsGoldenAndTheSameForBothFlags) {
  const std::filesystem::path folder =
      std::filesystem::path(WARPSCORE_SOURCE_DIR) / "tests/golden/help";
  std::vector<std::string> verbs(kVerbs.begin(), kVerbs.end());
  verbs.emplace_back();
  for (const std::string& verb : verbs) {
    const Outcome help = parse(verb + " --help");
    EXPECT_EQ(help.code, kExitOk);
    EXPECT_EQ(help.error, "");
    EXPECT_EQ(parse(verb + " -h").out, help.out) << verb;
    EXPECT_TRUE(help.out.starts_with("Examples:\n  ")) << verb;
    const auto path = folder / ((verb.empty() ? "warpscore" : verb) + ".txt");
    if (std::getenv("WARPSCORE_UPDATE_GOLDEN") != nullptr) std::ofstream(path) << help.out;
    std::ifstream in(path);
    EXPECT_EQ(help.out, std::string(std::istreambuf_iterator<char>(in), {})) << path;
  }
}

// An example that does not parse is worse than none.
TEST(CommandLine, TheExamplesOfEveryHelpParse) {
  for (const std::string verb : kVerbs) {
    std::istringstream help(parse(verb + " --help").out);
    std::string line;
    std::getline(help, line);
    int examples = 0;
    while (std::getline(help, line) && !line.empty()) {
      std::string command = line.substr(line.find("warpscore ") + 10);
      command = command.substr(0, command.find(" |"));
      EXPECT_EQ(parse(command).code, -1) << line;
      ++examples;
    }
    EXPECT_EQ(examples, 2) << verb;
  }
}

TEST(CommandLine, UsageErrorsAreTwoAndSayWhatToDo) {
  const std::array<std::array<const char*, 2>, 18> cases = {{
      {"", "Examples:"},
      {"chek x", "did you mean \"check\"?"},
      {"status", "unknown verb \"status\""},
      {"check", "CONFIG is required"},
      {"check a b", "unexpected argument \"b\""},
      {"check a --oflne", "did you mean --offline?"},
      {"check a -o yaml", "must be text|json"},
      {"features a b", "--output is required"},
      {"features a b -o c --device gpu", "must be auto|cpu|cuda"},
      {"features a b -o c --threads 0", "from 1 to 1024"},
      {"run a --password x", "unknown option --password"},
      {"demo --for 5", "must be a duration"},
      {"demo --kafka broker", "must be HOST:PORT"},
      {"generate", "one of the two"},
      {"generate -o a --kafka b:1 --topic c", "one of the two"},
      {"generate --kafka b:1", "belong together"},
      {"generate -o a --rate -5", "must be a whole number"},
      {"generate -o a --scenario hndbook", "did you mean \"handbook\"?"},
  }};
  for (const auto& [line, said] : cases) {
    const Outcome outcome = parse(line);
    EXPECT_EQ(outcome.code, kExitUsage) << line;
    EXPECT_EQ(outcome.out, "") << line;
    EXPECT_NE(outcome.error.find(said), std::string::npos) << line << ": " << outcome.error;
  }
}

TEST(CommandLine, OptionsArrive) {
  Options options = parse("features c.toml - -o - --device cpu --threads 3").options;
  EXPECT_EQ(options.verb, Verb::kFeatures);
  EXPECT_EQ(options.features.config, "c.toml");
  EXPECT_EQ(options.features.input, "-");
  EXPECT_EQ(options.features.output, "-");
  EXPECT_TRUE(options.has_device);
  EXPECT_EQ(options.device, Backend::kCpu);
  EXPECT_EQ(options.threads, 3u);
  EXPECT_FALSE(options.color);  // stdout is captured: no terminal

  options = parse("generate --scenario hot --transactions 5 --seed 0 --format csv -o -").options;
  EXPECT_EQ(options.generate.scenario, Scenario::kHot);
  EXPECT_EQ(options.generate.transactions, 5u);
  EXPECT_EQ(options.generate.seed, 0u);
  EXPECT_EQ(options.generate.format, InputFormat::kCsv);

  options = parse("demo --for 1m30s").options;
  EXPECT_EQ(options.demo.for_ms, 90'000);
  EXPECT_FALSE(options.has_device);
  EXPECT_EQ(parse("check c --offline -o json").options.check.print, PrintFormat::kJson);
  EXPECT_EQ(parse("--version").options.verb, Verb::kVersion);
  EXPECT_EQ(parse("bench").options.bench.pairs, 5u);
}

}  // namespace
}  // namespace warpscore
