// Makes and deletes topics: for benches and demos on a broker of their own. `run` never does.
//
// Thread  any.
// Errors  KafkaError with the broker's words.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/kafka.h"

namespace warpscore {

struct NewTopic {
  std::string name;
  std::int32_t partitions = 1;
};

// One replica each. A topic that exists is left as it is.
void create_topics(const KafkaSettings& settings, const std::vector<NewTopic>& topics);
void delete_topics(const KafkaSettings& settings, const std::vector<std::string>& names);

}  // namespace warpscore
