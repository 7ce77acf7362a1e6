#include <algorithm>

#include "base/check.h"
#include "base/kafka.h"
#include "base/kafka_handle.h"
#include "base/log.h"

namespace warpscore {
namespace {

// What is fetched ahead of a partition's reader. Enough that the queue does not run dry between two
// answers of the broker, and little enough for hundreds of partitions.
constexpr std::size_t kFetchAheadMessages = 32'768;
constexpr std::size_t kFetchAheadKiB = 16'384;

// A fetch without data waits at the broker this long, and in that time no other is under way on the
// same connection: a partition whose queue was full when it was sent must not run dry meanwhile.
constexpr int kFetchWaitMs = 20;

// The position is gone, the bytes are wrong, or we may not read them. All else (a broker that is
// away, a leader that moved) librdkafka mends by itself.
bool is_lasting(rd_kafka_resp_err_t error) {
  return error == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET ||
         error == RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE || error == RD_KAFKA_RESP_ERR__BAD_MSG ||
         error == RD_KAFKA_RESP_ERR__BAD_COMPRESSION ||
         error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
}

}  // namespace

struct KafkaConsumer::Delivery {
  KafkaConsumer& consumer;
  Partition& partition;
  MessageSink& sink;

  static void on_message(rd_kafka_message_t* message, void* opaque) {
    static_cast<Delivery*>(opaque)->deliver(*message);
  }

  void deliver(const rd_kafka_message_t& message) {
    if (message.err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      sink.end_of_partition(message.offset);
      return;
    }
    if (message.err != RD_KAFKA_RESP_ERR_NO_ERROR) {
      sink.failed("reading " + partition.topic + "/" + std::to_string(partition.partition) + ": " +
                      rd_kafka_message_errstr(&message),
                  is_lasting(message.err));
      rd_kafka_yield(consumer.handle_);
      return;
    }
    rd_kafka_timestamp_type_t type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE;
    const std::int64_t timestamp = rd_kafka_message_timestamp(&message, &type);
    const KafkaMessage ours{message.partition,
                            message.offset,
                            type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE ? -1 : timestamp,
                            {static_cast<const char*>(message.key), message.key_len},
                            {static_cast<const char*>(message.payload), message.len}};
    partition.bytes += message.len + message.key_len;
    ++partition.messages;
    if (!sink.message(ours)) rd_kafka_yield(consumer.handle_);  // the rest stays queued, in order
  }
};

KafkaConsumer::KafkaConsumer(const KafkaSettings& settings, std::function<void()> wake)
    : wake_(std::move(wake)) {
  kafka_handle::Recipe recipe;
  recipe.type = RD_KAFKA_CONSUMER;
  recipe.defaults = {{"queued.min.messages", std::to_string(kFetchAheadMessages)},
                     {"queued.max.messages.kbytes", std::to_string(kFetchAheadKiB)},
                     {"fetch.wait.max.ms", std::to_string(kFetchWaitMs)},
                     {"fetch.error.backoff.ms", "100"}};
  recipe.musts = {{"isolation.level", "read_committed"}, {"enable.partition.eof", "true"},
                  {"enable.auto.commit", "false"},       {"enable.auto.offset.store", "false"},
                  {"auto.offset.reset", "error"},        {"check.crcs", "true"},
                  {"allow.auto.create.topics", "false"}};
  handle_ = kafka_handle::open(recipe, settings, notes_);
}

KafkaConsumer::~KafkaConsumer() {
  for (const auto& partition : partitions_) {
    rd_kafka_queue_cb_event_enable(partition->queue, nullptr, nullptr);
    rd_kafka_consume_stop(partition->handle, partition->partition);
    rd_kafka_queue_destroy(partition->queue);
  }
  for (const Topic& topic : topics_) rd_kafka_topic_destroy(topic.handle);
  rd_kafka_destroy(handle_);
}

// Asks for the metadata at once where a partition is not known: librdkafka by itself looks for it
// only once a second.
KafkaConsumer::Topic& KafkaConsumer::topic_of(const std::string& name, std::int32_t partition) {
  auto known = std::find_if(topics_.begin(), topics_.end(),
                            [&](const Topic& topic) { return topic.name == name; });
  if (known == topics_.end()) {
    rd_kafka_topic_t* made = rd_kafka_topic_new(handle_, name.c_str(), nullptr);
    if (made == nullptr) kafka_handle::fail("topic " + name, rd_kafka_last_error(), notes_);
    known = topics_.insert(topics_.end(), {name, made, 0});
  }
  constexpr int kAnswerMs = 10'000;
  if (partition >= known->partitions)
    known->partitions =
        kafka_handle::partitions_of(handle_, known->handle, name, kAnswerMs, notes_);
  return *known;
}

std::size_t KafkaConsumer::add(const std::string& topic, std::int32_t partition,
                               std::int64_t offset) {
  auto added = std::make_unique<Partition>();
  added->topic = topic;
  added->partition = partition;
  added->handle = topic_of(topic, partition).handle;
  added->queue = rd_kafka_queue_new(handle_);
  if (wake_) {
    rd_kafka_queue_cb_event_enable(
        added->queue,
        [](rd_kafka_t*, void* opaque) { static_cast<KafkaConsumer*>(opaque)->wake_(); }, this);
  }
  if (rd_kafka_consume_start_queue(added->handle, partition, offset, added->queue) != 0) {
    rd_kafka_queue_destroy(added->queue);
    kafka_handle::fail("reading " + topic + "/" + std::to_string(partition), rd_kafka_last_error(),
                       notes_);
  }
  partitions_.push_back(std::move(added));
  return partitions_.size() - 1;
}

std::size_t KafkaConsumer::poll(std::size_t number, MessageSink& sink) {
  return poll_for(number, sink, 0);
}

std::size_t KafkaConsumer::poll_for(std::size_t number, MessageSink& sink, int timeout_ms) {
  WARPSCORE_CHECK(number < partitions_.size());
  Delivery delivery{*this, *partitions_[number], sink};
  const int handed = rd_kafka_consume_callback_queue(partitions_[number]->queue, timeout_ms,
                                                     Delivery::on_message, &delivery);
  return handed > 0 ? static_cast<std::size_t>(handed) : 0;
}

std::size_t KafkaConsumer::waiting(std::size_t number) const {
  return rd_kafka_queue_length(partitions_[number]->queue);
}

void KafkaConsumer::refresh_fetching() {
  for (const auto& partition : partitions_) {
    const std::size_t messages = rd_kafka_queue_length(partition->queue);
    const std::uint64_t mean =
        partition->messages == 0 ? 0 : partition->bytes / partition->messages + 1;
    const bool full =
        messages >= kFetchAheadMessages || messages * mean >= kFetchAheadKiB * 1024 * 9 / 10;
    if (partition->was_full && !full) {
      // Any request to the partition's leader wakes its thread; this is the cheapest that goes
      // there, and its answer is of no interest.
      constexpr int kTimeoutMs = 100;
      std::int64_t low = 0;
      std::int64_t high = 0;
      rd_kafka_query_watermark_offsets(handle_, partition->topic.c_str(), partition->partition,
                                       &low, &high, kTimeoutMs);
    }
    partition->was_full = full;
  }
}

void KafkaConsumer::serve_errors() { rd_kafka_poll(handle_, 0); }

}  // namespace warpscore
