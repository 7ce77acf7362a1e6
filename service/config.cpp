#include "service/config.h"

#include <algorithm>
#include <fstream>
#include <iterator>

#include "service/config_parts.h"

namespace warpscore {
namespace {

constexpr std::size_t kMaxFileBytes = 4 << 20;

void sort_by_place(std::vector<ConfigError>& errors) {
  std::stable_sort(errors.begin(), errors.end(), [](const ConfigError& a, const ConfigError& b) {
    return std::pair(a.place().line, a.place().column) <
           std::pair(b.place().line, b.place().column);
  });
}

// A topic's name read from the password's file by mistake would end up in the log with the error.
std::string without(std::string text, const std::vector<std::string>& hidden) {
  for (const std::string& secret : hidden)
    for (std::size_t at = 0; (at = text.find(secret, at)) != std::string::npos; at += 3)
      text.replace(at, secret.size(), "***");
  return text;
}

void hide(std::vector<ConfigError>& errors, const std::vector<std::string>& hidden) {
  if (hidden.empty()) return;
  for (ConfigError& error : errors)
    error =
        ConfigError(error.place(), without(error.what(), hidden), without(error.mend(), hidden));
}

[[noreturn]] void throw_one(const std::string& message, const std::string& mend) {
  throw ConfigErrors({ConfigError(Place{}, message, mend)});
}

}  // namespace

Config parse_config(std::string_view text, const std::filesystem::path& name) {
  Config config;
  config.file = name;
  Node root = parse_toml(text, name);
  Findings findings;
  const std::filesystem::path folder = name.parent_path();
  check_keys(root, folder, findings);

  const PartSource source{root, folder, findings};
  config.version = integer_or(find(&root, "version"), 1);
  read_kafka(source, config.kafka);
  read_input(source, config.input);
  read_features(source, config.features);
  read_decisions(source, config);
  read_output(source, config);
  read_host(source, config);
  read_tests(source, config);

  hide(findings.errors, findings.hidden);
  hide(findings.warnings, findings.hidden);
  sort_by_place(findings.errors);
  sort_by_place(findings.warnings);
  if (!findings.errors.empty()) throw ConfigErrors(std::move(findings.errors));
  config.warnings = std::move(findings.warnings);
  return config;
}

Config load_config(const std::filesystem::path& file) {
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw_one("is a folder", "give the configuration file in it");
  std::ifstream in(file, std::ios::binary);
  if (!in) throw_one("cannot be read", "does it exist, and may this user read it?");
  std::string text(kMaxFileBytes + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxFileBytes) throw_one("is longer than 4 MiB", "");
  return parse_config(text, file);
}

std::string format_error(const std::filesystem::path& file, const ConfigError& error) {
  const Place& place = error.place();
  std::string line = file.string();
  if (place.line > 0) {
    line += ":" + std::to_string(place.line);
    if (place.column > 0) line += ":" + std::to_string(place.column);
  }
  line += ": ";
  if (!place.key.empty()) line += place.key + ": ";
  line += error.what();
  if (!error.mend().empty()) line += " (" + error.mend() + ")";
  return line;
}

std::vector<ConfigError> Config::missing_for_run() const {
  std::vector<ConfigError> missing;
  const auto need = [&missing](bool given, const std::string& key, const std::string& mend) {
    if (!given) missing.emplace_back(Place{0, 0, key}, "is missing, and `run` needs it", mend);
  };
  need(!kafka.bootstrap_servers.empty(), "kafka.bootstrap_servers",
       "add bootstrap_servers = [\"host:9092\"] to [kafka]");
  need(!input.topic.empty(), "input.topic", "add topic = \"transactions\" to [input]");
  need(!input.group.empty(), "input.group", "add group = \"warpscore\" to [input]");
  need(output.scores.has_value(), "output.scores",
       "add scores = { topic = \"scores\" } to [output]");
  need(output.alerts.has_value(), "output.alerts",
       "add alerts = { topic = \"alerts\" } to [output]");
  need(output.dead_letters.has_value(), "output.dead_letters",
       "add dead_letters = { topic = \"dead-letters\" } to [output]");
  if (input.format != InputFormat::kJson)
    missing.emplace_back(Place{0, 0, "input.format"}, "must be \"json\": csv is for files",
                         "write format = \"json\"");
  if (output.scores && output.scores->format == ScoreFormat::kPacked)
    missing.emplace_back(Place{0, 0, "output.scores.format"}, "\"packed\" is not in this version",
                         "write format = \"json\", or leave it out");
  return missing;
}

std::vector<ConfigError> Config::not_in_this_version() const {
  std::vector<ConfigError> idle;
  const auto note = [&idle](bool given, const std::string& key, const std::string& what) {
    if (given) idle.emplace_back(Place{0, 0, key}, what, "nothing comes of it in this version");
  };
  note(http.has_value(), "http", "there is no console yet");
  note(ha.has_value() && ha->failover == Failover::kAutomatic, "ha",
       "there is no standby yet: one process runs alone");
  note(output.alerts && output.alerts->reasons > 0, "output.alerts.reasons",
       "alerts name their rule's reason, not yet the model's contributions");
  return idle;
}

}  // namespace warpscore
