#include <memory>

#include "base/kafka.h"
#include "base/kafka_handle.h"
#include "base/log.h"

namespace warpscore {
namespace {

struct ListDeleter {
  void operator()(rd_kafka_topic_partition_list_t* list) const {
    rd_kafka_topic_partition_list_destroy(list);
  }
};
using PartitionList = std::unique_ptr<rd_kafka_topic_partition_list_t, ListDeleter>;

PartitionList list_of(const std::string& topic, std::span<const GroupOffset> offsets) {
  PartitionList list(rd_kafka_topic_partition_list_new(static_cast<int>(offsets.size())));
  for (const GroupOffset& entry : offsets)
    rd_kafka_topic_partition_list_add(list.get(), topic.c_str(), entry.partition)->offset =
        entry.offset;
  return list;
}

}  // namespace

KafkaClient::KafkaClient(const KafkaSettings& settings, const std::string& group) {
  kafka_handle::Recipe recipe;
  recipe.type = RD_KAFKA_CONSUMER;
  recipe.musts = {{"group.id", group},
                  {"isolation.level", "read_committed"},
                  {"enable.auto.commit", "false"},
                  {"enable.auto.offset.store", "false"},
                  {"auto.offset.reset", "error"},
                  {"allow.auto.create.topics", "false"}};
  handle_ = kafka_handle::open(recipe, settings, notes_);
}

KafkaClient::~KafkaClient() { rd_kafka_destroy(handle_); }

std::int32_t KafkaClient::partitions_of(const std::string& topic, int timeout_ms) {
  rd_kafka_topic_t* handle = rd_kafka_topic_new(handle_, topic.c_str(), nullptr);
  if (handle == nullptr) kafka_handle::fail("topic " + topic, rd_kafka_last_error(), notes_);
  struct Release {
    rd_kafka_topic_t* topic;
    ~Release() { rd_kafka_topic_destroy(topic); }
  } const release{handle};
  return kafka_handle::partitions_of(handle_, handle, topic, timeout_ms, notes_);
}

Watermarks KafkaClient::watermarks(const std::string& topic, std::int32_t partition,
                                   int timeout_ms) {
  Watermarks marks;
  const rd_kafka_resp_err_t error = rd_kafka_query_watermark_offsets(
      handle_, topic.c_str(), partition, &marks.low, &marks.high, timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR)
    kafka_handle::fail("asking for the ends of " + topic + "/" + std::to_string(partition), error,
                       notes_);
  return marks;
}

std::int64_t KafkaClient::committed(const std::string& topic, std::int32_t partition,
                                    int timeout_ms) {
  const GroupOffset asked{partition, RD_KAFKA_OFFSET_INVALID};
  const PartitionList list = list_of(topic, {&asked, 1});
  const rd_kafka_resp_err_t error = rd_kafka_committed(handle_, list.get(), timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return kOffsetNone;
  return list->elems[0].offset;
}

void KafkaClient::commit_later(const std::string& topic, std::span<const GroupOffset> offsets) {
  if (offsets.empty()) return;
  rd_kafka_commit(handle_, list_of(topic, offsets).get(), 1);
}

bool KafkaClient::commit_now(const std::string& topic, std::span<const GroupOffset> offsets,
                             int timeout_ms, std::string& why_not) {
  if (offsets.empty()) return true;
  rd_kafka_queue_t* queue = rd_kafka_queue_new(handle_);
  rd_kafka_commit_queue(handle_, list_of(topic, offsets).get(), queue, nullptr, nullptr);
  rd_kafka_event_t* event = rd_kafka_queue_poll(queue, timeout_ms);
  const bool done = event != nullptr && rd_kafka_event_error(event) == RD_KAFKA_RESP_ERR_NO_ERROR;
  if (!done) why_not = event == nullptr ? "no answer" : rd_kafka_event_error_string(event);
  if (event != nullptr) rd_kafka_event_destroy(event);
  rd_kafka_queue_destroy(queue);
  return done;
}

void KafkaClient::serve_errors() { rd_kafka_poll(handle_, 0); }

}  // namespace warpscore
