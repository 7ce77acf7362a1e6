// What must be there before `run` begins: brokers that answer, topics that exist.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <vector>

#include "base/kafka.h"
#include "service/config.h"

namespace warpscore {

// Why the process cannot start, with the exit code that says it to systemd.
struct StartProblem {
  int exit_code = 0;  // 0: none
  std::string message;
  std::string mend;
};

struct KafkaPlaces {
  KafkaSettings settings;
  std::string servers;  // as configured, for messages
  std::string name;     // of the deployment: prefix of the transactional ids
  std::string changelog;
  std::string labels_topic;  // "" if there is none
};

[[nodiscard]] KafkaPlaces kafka_places(const Config& config);

// Waits up to 30 s for a broker, then looks for every topic. Fills in how many partitions input and
// labels have.
[[nodiscard]] StartProblem check_topics(const Config& config, const KafkaPlaces& places,
                                        KafkaClient& client, const std::atomic<bool>& stop,
                                        std::int32_t& input_partitions,
                                        std::int32_t& labels_partitions);

// Of the partitions that exist, those that [input] partitions asks for.
[[nodiscard]] std::vector<std::int32_t> chosen_partitions(const std::vector<PartitionRange>& ranges,
                                                          std::int32_t first, std::int32_t count);

}  // namespace warpscore
