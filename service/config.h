// The configuration: one TOML file as typed structs, checked, with every reference resolved.
//
// Units   lengths of time: milliseconds; sizes: bytes.
// Owner   built once at start-up, then read-only and shared.
// Errors  load_config and parse_config throw ConfigErrors, which holds everything that is wrong, in
//         the order of the file. What needs meaning (expressions, names of features, the model) is
//         checked by scoring/plan; what only `run` needs is told by missing_for_run().
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_error.h"
#include "base/schema.h"
#include "scoring/spec.h"

namespace warpscore {

class ConfigErrors : public std::runtime_error {
 public:
  explicit ConfigErrors(std::vector<ConfigError> errors)
      : std::runtime_error("the configuration has errors"), errors_(std::move(errors)) {}
  [[nodiscard]] const std::vector<ConfigError>& errors() const noexcept { return errors_; }

 private:
  std::vector<ConfigError> errors_;  // at least one
};

struct KafkaProperty {
  std::string name;     // as librdkafka spells it: "sasl.password"
  std::string value;    // resolved; booleans are "true" and "false"
  bool secret = false;  // never printed: shown as ***
  Place place;
};

struct KafkaConfig {
  std::vector<std::string> bootstrap_servers;
  std::vector<KafkaProperty> properties;
};

enum class InputFormat : std::uint8_t { kJson, kCsv };

struct PartitionRange {  // both ends included
  std::int32_t first = 0;
  std::int32_t last = 0;
};

struct InputConfig {
  std::string topic;
  std::string group;
  InputFormat format = InputFormat::kJson;
  std::vector<PartitionRange> partitions;           // ascending, apart; empty: all of the topic's
  std::int64_t max_future_skew_ms = 5 * 60 * 1000;  // against the Kafka timestamp; off for files
  Schema schema;                                    // [input.fields] and [labels]
};

enum class ScoreFormat : std::uint8_t { kJson, kPacked };

struct ScoresOutput {
  std::string topic;
  ScoreFormat format = ScoreFormat::kJson;
  bool include_features = false;
};

struct AlertsOutput {
  std::string topic;
  std::uint32_t reasons = 0;  // most contributions of features told beside the reason in words
};

struct DeadLettersOutput {
  std::string topic;
  bool payload = true;  // false: without the original bytes, where they must not be stored
};

struct OutputConfig {
  std::optional<ScoresOutput> scores;
  std::optional<AlertsOutput> alerts;
  std::optional<DeadLettersOutput> dead_letters;
  std::int64_t commit_ms = 50;
};

enum class Backend : std::uint8_t { kAuto, kCpu, kCuda };

struct DeviceConfig {
  Backend backend = Backend::kAuto;
  std::uint32_t memory_percent = 80;  // of the device's memory; 0: StateSpec.memory_max says it
};

struct HttpConfig {
  std::string listen;  // "127.0.0.1:9770"
};

enum class Failover : std::uint8_t { kAutomatic, kManual };

struct HaConfig {
  std::string name;       // the same on both hosts of a pair
  std::string changelog;  // topic
  Failover failover = Failover::kAutomatic;
  std::int64_t silence_ms = 1000;  // without a manifest, before a standby tries ("lease" in the
                                   // file is another name of it)
};

// A value as a test states it: what a transaction's member or a feature is to be.
struct TestValue {
  enum class Kind : std::uint8_t { kText, kNumber, kBoolean };
  std::string name;
  Kind kind = Kind::kText;
  std::string text;  // without quotes; a number as written: "230.00"
  Place place;
};

struct TestStep {  // `repeat` transactions with the same members
  Place place;
  std::uint32_t repeat = 1;
  std::optional<std::int64_t> every_ms;  // from one transaction to the next
  std::vector<TestValue> members;        // by their names in the input
};

struct TestSpec {
  Place place;
  std::string name;
  std::vector<TestStep> steps;
  std::optional<std::vector<TextAt>> alerts;  // fired by the last transaction: exactly these
  std::vector<TestValue> expect;              // features, score, margin after the last transaction
};

struct Config {
  std::filesystem::path file;
  std::int64_t version = 1;
  KafkaConfig kafka;
  InputConfig input;
  std::vector<FeatureSpec> features;
  std::optional<ModelSpec> model;
  std::vector<AlertSpec> alerts;
  OutputConfig output;
  StateSpec state;
  DeviceConfig device;
  std::optional<HttpConfig> http;
  std::optional<HaConfig> ha;
  std::vector<TestSpec> tests;
  std::vector<ConfigError> warnings;  // to be printed; nothing is refused because of them

  // What `run` needs and the file does not give; empty if it can run.
  [[nodiscard]] std::vector<ConfigError> missing_for_run() const;
  // What the file asks for that a later version will do: `run` and `check` warn of it.
  [[nodiscard]] std::vector<ConfigError> not_in_this_version() const;
};

[[nodiscard]] Config load_config(const std::filesystem::path& file);

// `name` stands in for the file: errors name it, and relative paths start at its folder.
[[nodiscard]] Config parse_config(std::string_view text, const std::filesystem::path& name);

// "FILE:LINE:COLUMN: KEY: message (mend)", without the parts that are not known.
[[nodiscard]] std::string format_error(const std::filesystem::path& file, const ConfigError& error);

// The configuration as TOML with every default written out and secrets as "***".
[[nodiscard]] std::string dump_config(const Config& config);

}  // namespace warpscore
