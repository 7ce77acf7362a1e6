// Configurations: golden files (a file in, its messages or its full dump out), the reference page
// against the table of keys, references, Kafka's guarded properties, hostile bytes.
//
// WARPSCORE_UPDATE_GOLDEN=1 writes the expected files anew; read the difference before committing.
#include "service/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "service/config_keys.h"
#include "service/duration.h"
#include "service/size.h"

namespace warpscore {
namespace {

const std::filesystem::path kSource = WARPSCORE_SOURCE_DIR;
const std::filesystem::path kGolden = kSource / "tests/golden/config";

constexpr std::string_view kMinimal =
    "version = 1\n[input.fields]\nid = \"tx_id\"\ntime = \"ts\"\n";

std::string read_all(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  EXPECT_TRUE(in) << path;
  return {std::istreambuf_iterator<char>(in), {}};
}

// As a user sees them, without the folder: "name.toml:3:1: key: message (mend)".
std::string messages(const std::filesystem::path& path, const std::vector<ConfigError>& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += format_error(path.filename(), error) + "\n";
  return text;
}

std::string errors_of(std::string_view text) {
  try {
    (void)parse_config(text, "f.toml");
  } catch (const ConfigErrors& errors) {
    return messages("f.toml", errors.errors());
  }
  return {};
}

// What the golden file of a configuration says: errors, or warnings and all that was understood.
std::string outcome(const std::filesystem::path& path) {
  std::string text;
  try {
    const Config config = load_config(path);
    for (const ConfigError& warning : config.warnings)
      text += "warning: " + format_error(path.filename(), warning) + "\n";
    for (const ConfigError& missing : config.missing_for_run())
      text += "run: " + format_error(path.filename(), missing) + "\n";
    text += dump_config(config);
  } catch (const ConfigErrors& errors) {
    text = messages(path, errors.errors());
  }
  // Resolved paths hold the folder of this checkout.
  const std::string folder = kGolden.string() + "/";
  for (std::size_t at = 0; (at = text.find(folder, at)) != std::string::npos;)
    text.replace(at, folder.size(), "FOLDER/");
  return text;
}

std::vector<std::filesystem::path> golden_files() {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(kGolden))
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

TEST(Config, GoldenFiles) {
  for (const auto& path : golden_files()) {
    std::filesystem::path expected = path;
    expected.replace_extension(".expected");
    const std::string text = outcome(path);
    if (std::getenv("WARPSCORE_UPDATE_GOLDEN") != nullptr) std::ofstream(expected) << text;
    EXPECT_EQ(text, read_all(expected)) << path;
  }
}

TEST(Config, EveryErrorHasItsLine) {
  for (const auto& path : golden_files()) {
    try {
      (void)load_config(path);
    } catch (const ConfigErrors& errors) {
      EXPECT_FALSE(errors.errors().empty());
      for (const ConfigError& error : errors.errors()) {
        EXPECT_GT(error.place().line, 0u) << format_error(path, error);
        EXPECT_GT(error.place().column, 0u) << format_error(path, error);
      }
    }
  }
}

TEST(Config, TheFullExampleIsRead) {
  const Config config = load_config(kGolden / "full.toml");
  EXPECT_TRUE(config.warnings.empty());
  ASSERT_EQ(config.missing_for_run().size(), 1u);  // the example names no dead letters
  EXPECT_EQ(config.missing_for_run()[0].place().key, "output.dead_letters");
  ASSERT_EQ(config.kafka.properties.size(), 4u);
  EXPECT_EQ(config.kafka.properties[3].name, "sasl.password");
  EXPECT_EQ(config.kafka.properties[3].value, "not-a-real-one");  // the file's line end is gone
  EXPECT_TRUE(config.kafka.properties[3].secret);
  EXPECT_EQ(dump_config(config).find("not-a-real-one"), std::string::npos);

  const Schema& schema = config.input.schema;
  EXPECT_EQ(schema.time_format, TimeFormat::kRfc3339);
  ASSERT_EQ(schema.fields.size(), 4u);
  EXPECT_EQ(schema.key_count, 2u);
  EXPECT_EQ(schema.fields[0].name, "customer");  // the order of the file, not of the alphabet
  EXPECT_EQ(schema.fields[0].source, "customer_id");
  EXPECT_EQ(schema.fields[1].key_index, 1u);
  EXPECT_EQ(schema.fields[2].scale, 2);
  EXPECT_EQ(schema.fields[3].enum_max, 256u);
  EXPECT_FALSE(schema.label_in_input());
  EXPECT_EQ(schema.labels->topic, "labels");

  ASSERT_EQ(config.features.size(), 4u);
  EXPECT_EQ(config.features[1].delay_ms, 7 * 86'400'000LL);
  EXPECT_EQ(config.features[1].windows[2].length_ms, 30 * 86'400'000LL);
  EXPECT_EQ(config.features[1].windows[2].text, "30d");
  EXPECT_EQ(config.features[2].expr.text, "time.getHours() <= 6");
  EXPECT_EQ(config.features[2].expr.place.key, "features[2].expr");
  EXPECT_EQ(config.model->path.text, (kGolden / "fraud-2026-11.json").string());
  EXPECT_TRUE(config.alerts[2].shadow);
  EXPECT_TRUE(config.output.scores->include_features);
  EXPECT_EQ(config.output.alerts->reasons, 3u);
  EXPECT_EQ(config.device.memory_percent, 80u);
  EXPECT_EQ(config.state.keys_max, 20'000'000u);
  EXPECT_EQ(config.ha->silence_ms, 3'000);
  ASSERT_EQ(config.tests.size(), 1u);
  EXPECT_EQ(config.tests[0].steps[0].repeat, 10u);
  EXPECT_EQ(config.tests[0].steps[0].every_ms, 60'000);
  EXPECT_EQ(config.tests[0].expect[0].kind, TestValue::Kind::kNumber);
}

// The dump is a configuration of its own, and says the same.
TEST(Config, ADumpReadsBack) {
  for (const auto& path : {kGolden / "full.toml", kGolden / "every_key.toml",
                           kSource / "examples/fraud-handbook/warpscore.toml"}) {
    const std::string dumped = dump_config(load_config(path));
    EXPECT_EQ(dump_config(parse_config(dumped, kGolden / "dump.toml")), dumped) << path;
  }
}

TEST(Config, DefaultsAreThoseOfTheReference) {
  const Config config =
      parse_config(std::string(kMinimal) +
                       "[http]\nlisten = \"127.0.0.1:1\"\n[ha]\nname = \"a\"\n"
                       "changelog = \"b\"\n[output]\nscores = { topic = \"s\" }\n"
                       "alerts = { topic = \"t\" }\ndead_letters = { topic = \"u\" }\n"
                       "[[alerts]]\nname = \"a\"\nwhen = \"true\"\n",
                   "f.toml");
  std::map<std::string_view, std::string_view> fallback;
  for (const ConfigKey& key : config_keys()) fallback[key.path] = key.fallback;
  const auto quoted = [](const std::string& text) { return "\"" + text + "\""; };
  EXPECT_EQ(quoted(format_duration(config.input.max_future_skew_ms)),
            fallback["input.max_future_skew"]);
  EXPECT_EQ(quoted(format_duration(config.output.commit_ms)), fallback["output.commit"]);
  EXPECT_EQ(quoted(format_duration(config.ha->silence_ms)), fallback["ha.silence"]);
  EXPECT_EQ(quoted(config.alerts[0].severity), fallback["alerts[].severity"]);
  EXPECT_EQ(std::to_string(config.output.alerts->reasons), fallback["output.alerts.reasons"]);
  EXPECT_TRUE(config.output.dead_letters->payload);
  EXPECT_EQ(config.input.format, InputFormat::kJson);
  EXPECT_EQ(config.input.schema.time_format, TimeFormat::kEpochMs);
  EXPECT_EQ(config.state.history_max, 0u);
  EXPECT_EQ(config.device.backend, Backend::kAuto);
}

std::vector<std::string> cells_of(const std::string& line) {
  std::vector<std::string> cells;
  std::istringstream in(line.substr(1));
  for (std::string cell; std::getline(in, cell, '|');) {
    const std::size_t first = cell.find_first_not_of(' ');
    cells.push_back(first == std::string::npos
                        ? ""
                        : cell.substr(first, cell.find_last_not_of(' ') - first + 1));
  }
  return cells;
}

TEST(Config, TheReferenceHasEveryKeyAndNoOther) {
  std::map<std::string, std::vector<std::string>> documented;
  std::istringstream page(read_all(kSource / "docs/configuration.md"));
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `") || line.starts_with("| `{")) continue;
    const auto cells = cells_of(line);
    ASSERT_EQ(cells.size(), 4u) << line;
    const std::string key = cells[0].substr(1, cells[0].size() - 2);
    EXPECT_TRUE(documented.emplace(key, cells).second) << key << " is there twice";
  }
  for (const ConfigKey& key : config_keys()) {
    const auto found = documented.find(std::string(key.path));
    ASSERT_NE(found, documented.end()) << key.path << " is missing in docs/configuration.md";
    EXPECT_EQ(found->second[1], describe_type(key)) << key.path;
    const std::string fallback(key.required           ? "required"
                               : key.fallback.empty() ? "none"
                                                      : key.fallback);
    EXPECT_EQ(found->second[2], fallback) << key.path;
    documented.erase(found);
  }
  for (const auto& [key, cells] : documented) ADD_FAILURE() << key << " is no key";
}

TEST(Config, TheGoodExamplesUseEveryKey) {
  std::string text;
  for (const char* name : {"full.toml", "every_key.toml"}) text += read_all(kGolden / name);
  for (const ConfigKey& key : config_keys())
    if (name_of(key) != "*") {
      EXPECT_NE(text.find(std::string(name_of(key))), std::string::npos) << key.path;
    }
}

TEST(Config, ReferencesFromFileCredentialAndEnvironment) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "warpscore_config_test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "topic") << "from-file\r\n";
  std::ofstream(folder / "group") << "from-credential\n";
  ASSERT_EQ(setenv("CREDENTIALS_DIRECTORY", folder.c_str(), 1), 0);
  ASSERT_EQ(setenv("WARPSCORE_TEST_PASSWORD", "from-environment", 1), 0);
  const Config config = parse_config(
      "version = 1\n[kafka.properties]\nsasl.password = { env = \"WARPSCORE_TEST_PASSWORD\" }\n"
      "sasl.username = { credential = \"group\" }\n"
      "[input]\ntopic = { file = \"topic\" }\ngroup = { credential = \"group\" }\n"
      "[input.fields]\nid = { field = { env = \"WARPSCORE_NO_SUCH\", default = \"tx\" } }\n"
      "time = \"ts\"\n",
      folder / "f.toml");
  unsetenv("CREDENTIALS_DIRECTORY");
  EXPECT_EQ(config.input.topic, "from-file");
  EXPECT_EQ(config.input.group, "from-credential");
  EXPECT_EQ(config.input.schema.id_source, "tx");
  EXPECT_EQ(config.kafka.properties[0].value, "from-environment");
  EXPECT_TRUE(config.kafka.properties[1].secret);  // whatever its name
  ASSERT_EQ(config.warnings.size(), 1u);
  EXPECT_EQ(format_error("f.toml", config.warnings[0]),
            "f.toml:3:17: kafka.properties.sasl.password: a secret comes from the environment, "
            "which leaks (use { credential = \"...\" } or { file = \"...\" })");
}

TEST(Config, NoErrorQuotesASecret) {
  const std::filesystem::path folder =
      std::filesystem::path(testing::TempDir()) / "warpscore_config_secret";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "password") << "hunter 2\n";
  try {
    (void)parse_config(
        "version = 1\n[input]\ntopic = { file = \"password\" }\nformat = { file = \"password\" }\n"
        "[input.fields]\nid = \"a\"\ntime = \"b\"\n",
        folder / "f.toml");
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_EQ(messages("f.toml", errors.errors()),
              "f.toml:3:9: input.topic: \"***\" is no topic's name (use at most 249 letters, "
              "digits, \".\", \"_\" and \"-\")\n"
              "f.toml:4:10: input.format: must be \"json\" or \"csv\", not \"***\"\n");
  }
}

TEST(Config, AMissingFileIsAnErrorWithoutALine) {
  try {
    (void)load_config("/no/such/file.toml");
    FAIL();
  } catch (const ConfigErrors& errors) {
    EXPECT_EQ(format_error("/no/such/file.toml", errors.errors()[0]),
              "/no/such/file.toml: cannot be read (does it exist, and may this user read it?)");
  }
  EXPECT_THROW((void)load_config(kGolden), ConfigErrors);
}

TEST(Config, RunNeedsMoreThanFilesDo) {
  const Config config = parse_config(
      "version = 1\n[input]\nformat = \"csv\"\n[input.fields]\nid = \"a\"\ntime = \"b\"\n", "f");
  std::set<std::string> keys;
  for (const ConfigError& error : config.missing_for_run()) keys.insert(error.place().key);
  EXPECT_EQ(keys, (std::set<std::string>{"input.format", "input.group", "input.topic",
                                         "kafka.bootstrap_servers", "output.alerts",
                                         "output.dead_letters", "output.scores"}));
  const std::vector<ConfigError> packed = load_config(kGolden / "every_key.toml").missing_for_run();
  ASSERT_EQ(packed.size(), 1U);
  EXPECT_EQ(packed.front().place().key, "output.scores.format");  // not in this version
}

TEST(Config, KafkaPropertiesThatLoseDataAreRefused) {
  const std::array<std::array<std::string, 3>, 12> cases = {{
      {"auto.offset.reset", "earliest", "error"},
      {"check.crcs", "false", "true"},
      {"enable.auto.commit", "true", "false"},
      {"enable.auto.offset.store", "true", "false"},
      {"enable.idempotence", "false", "true"},
      {"isolation.level", "read_uncommitted", "read_committed"},
      {"transactional.id", "x", ""},
      {"group.id", "x", ""},
      {"acks", "1", "-1"},
      {"request.required.acks", "0", "all"},
      {"allow.auto.create.topics", "true", "false"},
      {"socket.nagle.disable", "false", "true"},
  }};
  for (const auto& [name, bad, good] : cases) {
    const std::string head = std::string(kMinimal) + "[kafka.properties]\n\"" + name + "\" = \"";
    EXPECT_NE(errors_of(head + bad + "\"\n").find("may not be changed"), std::string::npos) << name;
    if (!good.empty()) {
      EXPECT_EQ(errors_of(head + good + "\"\n"), "") << name;
    }
  }
}

TEST(Config, TextsMayHoldAnyUtf8AndColumnsCountCharacters) {
  EXPECT_EQ(errors_of(std::string(kMinimal) + "[[alerts]]\nname = \"a\"\nwhen = \"größer\"\n"), "");
  EXPECT_EQ(errors_of(std::string(kMinimal) + "x = { \"größe\" = 1, y = 2 }\n"),
            "f.toml:5:5: input.fields.x.type: is missing (add type, one of \"key\", \"integer\", "
            "\"decimal\", \"enum\" or \"boolean\")\n"
            "f.toml:5:7: input.fields.x.größe: unknown key (known here: field, type, scale, max, "
            "optional, masked)\n"
            "f.toml:5:20: input.fields.x.y: unknown key (known here: field, type, scale, max, "
            "optional, masked)\n");
}

// Inputs that toml++ itself does not survive, or would with a stack of its own.
TEST(Config, WhatTheParserCannotTakeIsAnError) {
  EXPECT_EQ(errors_of("version = 1\n[[[alerts]]]\nname = \"a\"\n"),
            "f.toml:2:1: is no TOML (compare brackets and quotes with a line that works)\n");
  EXPECT_EQ(errors_of("[[="),
            "f.toml:1:1: is no TOML (compare brackets and quotes with a line that works)\n");
  std::string endless = "version = 1\na";
  for (int i = 0; i < 1'000'000; ++i) endless += ".a";
  EXPECT_EQ(errors_of(endless + " = 1\n"), "f.toml:2:1: has more dots than a key can have\n");
  EXPECT_EQ(errors_of("version = 1\nx.größe = 1\n"),
            "f.toml:2:5: Error while parsing key-value pair: expected '=', saw 'ö'\n");
  for (const std::string open : {"[", "{a="}) {
    std::string deep = "x = ";
    for (int i = 0; i < 100'000; ++i) deep += open;
    EXPECT_NE(errors_of(deep), "") << open;
  }
  for (const std::string text : {"# é ' \" \n", "# '''\n", "\xEF\xBB\xBF# a\n"})
    EXPECT_EQ(errors_of(text + std::string(kMinimal)), "") << text;
  for (const std::string text : {R"('é')", R"("é \" é")", R"('\' # é)",
                                 "\"\"\"é\né \" \"\"é\\\"\"\"\"\"\" # é", "'''é\n\\ é''''' # é"})
    EXPECT_EQ(errors_of(std::string(kMinimal) + "[[alerts]]\nname = \"a\"\nwhen = " + text + "\n"),
              "")
        << text;
  EXPECT_EQ(errors_of("# " + std::string(300, '.') + "\n" + std::string(kMinimal)), "");
}

// Bytes from anywhere make a Config or ConfigErrors, nothing else. The fuzzer goes on from here.
TEST(Config, HostileBytesNeverCrash) {
  std::mt19937 random(1);
  std::size_t accepted = 0;
  for (const char* name : {"full.toml", "every_key.toml", "wrong_types.toml"}) {
    const std::string whole = read_all(kGolden / name);
    for (int round = 0; round < 700; ++round) {
      std::string text = whole;
      if (round % 2 == 0) text.resize(random() % whole.size());
      for (std::uint32_t i = random() % 4; i > 0 && !text.empty(); --i) {
        const std::size_t at = random() % text.size();
        if (random() % 2 == 0)
          text[at] = static_cast<char>(random());
        else
          text.erase(at, random() % 20);
      }
      try {
        const Config config = parse_config(text, kGolden / "f.toml");
        EXPECT_FALSE(dump_config(config).empty());
        ++accepted;
      } catch (const ConfigErrors& errors) {
        EXPECT_FALSE(errors.errors().empty());
      }
    }
  }
  EXPECT_GT(accepted, 0u);
}

TEST(Duration, ReadsAndRefuses) {
  const std::map<std::string, std::int64_t> good = {
      {"50ms", 50},          {"1s", 1'000},       {"1m", 60'000},
      {"1h30m", 5'400'000},  {"7d", 604'800'000}, {"2w", 1'209'600'000},
      {"1d1ms", 86'400'001}, {"0s", 0},           {"36500d", kMaxDurationMs}};
  for (const auto& [text, ms] : good) EXPECT_EQ(parse_duration(text), ms) << text;
  for (const char* text : {"", "5", "ms", "1.5h", "-1d", "+1d", "1 d", "1D", "30m1h", "1h1h",
                           "36501d", "99999999999999999999d", "1d ", "1y", "5mss"})
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
}

TEST(Duration, PrintsWhatReadsBack) {
  EXPECT_EQ(format_duration(604'800'000), "7d");
  EXPECT_EQ(format_duration(90'000), "1m30s");
  std::mt19937_64 random(2);
  for (int i = 0; i < 1'000; ++i) {
    const auto ms = static_cast<std::int64_t>(random() % kMaxDurationMs);
    EXPECT_EQ(parse_duration(format_duration(ms)), ms);
  }
}

TEST(Size, ReadsAndRefuses) {
  EXPECT_EQ(parse_size("512MiB")->bytes, 512ULL << 20);
  EXPECT_EQ(parse_size("8 GB")->bytes, 8'000'000'000ULL);
  EXPECT_EQ(parse_size("80%")->percent, 80u);
  for (const char* text : {"", "0B", "8", "8G", "101%", "0%", "-1B", "1.5GiB", "99999999999TiB"})
    EXPECT_FALSE(parse_size(text)) << text;
}

}  // namespace
}  // namespace warpscore
