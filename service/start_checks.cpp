#include "service/start_checks.h"

#include <algorithm>

#include "base/log.h"
#include "service/exit_codes.h"

namespace warpscore {
namespace {

constexpr int kFirstAnswerMs = 4'000;  // a line within five seconds, whatever happens
constexpr std::int64_t kPatienceMs = 30'000;

std::string joined(const std::vector<std::string>& parts) {
  std::string text;
  for (const std::string& part : parts) text += (text.empty() ? "" : ",") + part;
  return text;
}

struct Wanted {
  std::string topic;
  std::string key;  // of the configuration
  std::string how;  // options for its creation
  std::int32_t* partitions;
};

StartProblem missing(const Wanted& wanted, const std::string& servers) {
  return {kExitConfiguration, "there is no topic \"" + wanted.topic + "\" (" + wanted.key + ")",
          "create it: kafka-topics.sh --bootstrap-server " + servers + " --create --topic " +
              wanted.topic + " " + wanted.how};
}

StartProblem problem_of(const KafkaError& error, const Wanted& wanted, const std::string& servers) {
  switch (error.fault()) {
    case KafkaFault::kTopicMissing:
      return missing(wanted, servers);
    case KafkaFault::kForbidden:
      return {kExitConfiguration, std::string("Kafka refuses us: ") + error.what(),
              "check [kafka.properties] and the ACLs of the principal"};
    case KafkaFault::kSetting:
      return {kExitConfiguration, error.what(), "check [kafka.properties]"};
    case KafkaFault::kUnreachable:
    case KafkaFault::kOther:
      break;
  }
  return {kExitUnavailable, "no answer from Kafka at " + servers + ": " + error.what(),
          "check kafka.bootstrap_servers and that the brokers run"};
}

StartProblem look_for(const Wanted& wanted, const std::string& servers, KafkaClient& client,
                      const std::atomic<bool>& stop) {
  const std::int64_t deadline = steady_ms() + kPatienceMs;
  for (;;) {
    try {
      const std::int32_t count = client.partitions_of(wanted.topic, kFirstAnswerMs);
      if (wanted.partitions != nullptr) *wanted.partitions = count;
      return {};
    } catch (const KafkaError& error) {
      const StartProblem problem = problem_of(error, wanted, servers);
      client.serve_errors();
      const bool may_mend_itself = problem.exit_code == kExitUnavailable;
      if (!may_mend_itself || steady_ms() >= deadline || stop.load()) return problem;
      log_warn("waiting for Kafka", {{"bootstrap_servers", servers}, {"because", error.what()}});
    }
  }
}

}  // namespace

KafkaPlaces kafka_places(const Config& config) {
  KafkaPlaces places;
  places.servers = joined(config.kafka.bootstrap_servers);
  places.settings.emplace_back("bootstrap.servers", places.servers);
  for (const KafkaProperty& property : config.kafka.properties)
    places.settings.emplace_back(property.name, property.value);
  places.name = config.ha ? config.ha->name : config.input.group;
  places.changelog = config.ha && !config.ha->changelog.empty() ? config.ha->changelog
                                                                : config.input.group + "-changelog";
  if (config.input.schema.labels) places.labels_topic = config.input.schema.labels->topic;
  return places;
}

StartProblem check_topics(const Config& config, const KafkaPlaces& places, KafkaClient& client,
                          const std::atomic<bool>& stop, std::int32_t& input_partitions,
                          std::int32_t& labels_partitions) {
  const std::string plain = "--partitions 8 --replication-factor 3";
  std::vector<Wanted> topics = {
      {config.input.topic, "input.topic", plain, &input_partitions},
      {config.output.scores->topic, "output.scores", plain, nullptr},
      {config.output.alerts->topic, "output.alerts", plain, nullptr},
      {config.output.dead_letters->topic, "output.dead_letters", plain, nullptr},
      {places.changelog, "ha.changelog",
       "--partitions 1 --replication-factor 3 --config cleanup.policy=delete --config "
       "retention.ms=-1 --config retention.bytes=-1 --config min.insync.replicas=2",
       nullptr}};
  if (!places.labels_topic.empty())
    topics.push_back({places.labels_topic, "labels.topic", plain, &labels_partitions});
  for (const Wanted& wanted : topics) {
    StartProblem problem = look_for(wanted, places.servers, client, stop);
    if (problem.exit_code != 0) return problem;
  }
  return {};
}

std::vector<std::int32_t> chosen_partitions(const std::vector<PartitionRange>& ranges,
                                            std::int32_t first, std::int32_t count) {
  std::vector<std::int32_t> chosen;
  for (std::int32_t partition = first; partition < count; ++partition) {
    const bool wanted =
        ranges.empty() || std::any_of(ranges.begin(), ranges.end(), [&](const auto& range) {
          return partition >= range.first && partition <= range.last;
        });
    if (wanted) chosen.push_back(partition);
  }
  return chosen;
}

}  // namespace warpscore
