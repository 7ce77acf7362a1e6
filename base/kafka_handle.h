// What base/kafka*.cpp share: making a librdkafka handle. The only header that includes rdkafka.h.
#pragma once

#include <librdkafka/rdkafka.h>

#include <string>

#include "base/kafka.h"

namespace warpscore::kafka_handle {

// Settings are applied in this order, so that a later one wins: `defaults`, the user's, `musts`.
struct Recipe {
  rd_kafka_type_t type = RD_KAFKA_CONSUMER;
  KafkaSettings defaults;
  KafkaSettings musts;
  void (*delivery)(rd_kafka_t*, const rd_kafka_message_t*, void*) = nullptr;
};

// `notes` is the handle's opaque: it gets every error, the log gets them at most once a second.
[[nodiscard]] rd_kafka_t* open(const Recipe& recipe, const KafkaSettings& settings,
                               KafkaNotes& notes);

[[nodiscard]] KafkaFault fault_of(rd_kafka_resp_err_t error);

// "what: library's text (last complaint)".
[[noreturn]] void fail(const std::string& what, rd_kafka_resp_err_t error, const KafkaNotes& notes);

// The partitions of a topic as this handle's broker tells them. Throws KafkaError.
[[nodiscard]] std::int32_t partitions_of(rd_kafka_t* handle, rd_kafka_topic_t* topic,
                                         const std::string& name, int timeout_ms,
                                         const KafkaNotes& notes);

}  // namespace warpscore::kafka_handle
