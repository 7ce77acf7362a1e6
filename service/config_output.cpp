// [output], [device], [http] and [ha]: where scores go and what the host gives.
#include <array>

#include "base/nearest_name.h"
#include "service/config_parts.h"
#include "service/size.h"

namespace warpscore {
namespace {

// What a score always holds may be named as well: a list that says all it wants is no mistake.
constexpr std::array<std::string_view, 6> kIncludes = {"score", "margin",   "model",
                                                       "rules", "features", "source"};

ScoresOutput read_scores(const Node& table, Findings& findings) {
  ScoresOutput scores;
  scores.topic = text_of(find(&table, "topic"));
  if (text_of(find(&table, "format")) == "packed") scores.format = ScoreFormat::kPacked;
  for (const TextAt& include : texts_of(find(&table, "include"))) {
    if (include.text == "features") scores.include_features = true;
    bool known = false;
    for (const std::string_view name : kIncludes) known = known || name == include.text;
    if (known) continue;
    const std::string nearest = nearest_name(include.text, kIncludes);
    findings.error(include.place, "a score has no part \"" + include.text + "\"",
                   nearest.empty() ? "known: score, margin, model, rules, features, source"
                                   : "did you mean \"" + nearest + "\"?");
  }
  return scores;
}

// A topic that is written to must not be one that is read, nor hold two kinds of things.
void check_distinct_topics(PartSource source) {
  const Node* output = find(&source.root, "output");
  const std::array<const Node*, 6> topics = {
      find(find(&source.root, "input"), "topic"),  find(find(&source.root, "labels"), "topic"),
      find(find(output, "scores"), "topic"),       find(find(output, "alerts"), "topic"),
      find(find(output, "dead_letters"), "topic"), find(find(&source.root, "ha"), "changelog")};
  for (std::size_t i = 1; i < topics.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (topics[i] != nullptr && topics[j] != nullptr && topics[i]->text == topics[j]->text) {
        source.findings.error(topics[i]->place,
                              "\"" + topics[i]->text + "\" is " + topics[j]->place.key + " as well",
                              "give each its own topic");
        break;
      }
}

void read_device(PartSource source, Config& config) {
  const Node* device = find(&source.root, "device");
  const std::string backend = text_of(find(device, "backend"));
  if (backend == "cpu") config.device.backend = Backend::kCpu;
  if (backend == "cuda") config.device.backend = Backend::kCuda;
  config.state.keys_max = static_cast<std::uint64_t>(integer_or(find(device, "keys"), 0));
  if (const Node* memory = find(device, "memory")) {
    const Size size = memory->kind == Node::Kind::kInteger
                          ? Size{static_cast<std::uint64_t>(memory->integer), 0}
                          : parse_size(memory->text).value_or(Size{});
    config.state.memory_max = size.bytes;
    config.device.memory_percent = size.percent;
  }
  const Node* history = find(&source.root, "history");
  const Node* device_history = find(device, "history");
  if (history != nullptr && device_history != nullptr)
    source.findings.error(
        device_history->key,
        "history stands in line " + std::to_string(history->key.line) + " as well",
        "keep one of the two");
  config.state.history_max =
      static_cast<std::uint64_t>(integer_or(history != nullptr ? history : device_history, 0));
}

void read_http(const Node& table, Config& config, Findings& findings) {
  const Node* listen = find(&table, "listen");
  if (listen == nullptr) return;
  config.http = HttpConfig{listen->text};
  const std::string& text = listen->text;
  if (!is_host_and_port(text))
    return findings.error(listen->place, "\"" + text + "\" is no address to listen on",
                          "write host:port, for example \"127.0.0.1:9770\"");
  const std::string host = text.substr(0, text.rfind(':'));
  if (host != "127.0.0.1" && host != "[::1]" && host != "localhost")
    findings.error(listen->place,
                   "\"" + host +
                       "\" can be reached from other hosts, and there is neither TLS nor "
                       "a token yet",
                   "listen on 127.0.0.1 and put a proxy with a login before it");
}

void read_ha(const Node& table, Config& config, Findings& findings) {
  HaConfig ha;
  ha.name = text_of(find(&table, "name"));
  ha.changelog = text_of(find(&table, "changelog"));
  check_topic(find(&table, "changelog"), findings);
  if (text_of(find(&table, "failover")) == "manual") ha.failover = Failover::kManual;
  const Node* silence = find(&table, "silence");
  const Node* lease = find(&table, "lease");
  if (silence != nullptr && lease != nullptr)
    findings.error(lease->key, "is another name of silence, which stands here as well",
                   "keep silence");
  ha.silence_ms = duration_or(silence != nullptr ? silence : lease, ha.silence_ms);
  config.ha = std::move(ha);
}

}  // namespace

void read_output(PartSource source, Config& config) {
  const Node* output = find(&source.root, "output");
  OutputConfig& into = config.output;
  if (const Node* scores = find(output, "scores"))
    into.scores = read_scores(*scores, source.findings);
  if (const Node* alerts = find(output, "alerts"))
    into.alerts = AlertsOutput{text_of(find(alerts, "topic")),
                               static_cast<std::uint32_t>(integer_or(find(alerts, "reasons"), 0))};
  if (const Node* letters = find(output, "dead_letters"))
    into.dead_letters = DeadLettersOutput{text_of(find(letters, "topic")),
                                          boolean_or(find(letters, "payload"), true)};
  into.commit_ms = duration_or(find(output, "commit"), into.commit_ms);
  for (const std::string_view name : {"scores", "alerts", "dead_letters"})
    check_topic(find(find(output, name), "topic"), source.findings);
  check_distinct_topics(source);
}

void read_host(PartSource source, Config& config) {
  read_device(source, config);
  if (const Node* http = find(&source.root, "http")) read_http(*http, config, source.findings);
  if (const Node* ha = find(&source.root, "ha")) read_ha(*ha, config, source.findings);
}

}  // namespace warpscore
