#include "base/check.h"
#include "base/kafka.h"
#include "base/kafka_handle.h"
#include "base/log.h"

namespace warpscore {
namespace {

// Only failed deliveries are reported: the commit will fail because of them and say no more than
// "inconsistent", so the reason is kept here.
void on_delivery(rd_kafka_t*, const rd_kafka_message_t* message, void* opaque) {
  if (message->err == RD_KAFKA_RESP_ERR_NO_ERROR) return;
  if (message->err == RD_KAFKA_RESP_ERR__PURGE_QUEUE ||
      message->err == RD_KAFKA_RESP_ERR__PURGE_INFLIGHT)
    return;
  static_cast<KafkaNotes*>(opaque)->note(std::string("delivery to ") +
                                         rd_kafka_topic_name(message->rkt) + ": " +
                                         rd_kafka_err2str(message->err));
}

bool means_fenced(rd_kafka_resp_err_t code) {
  return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH ||
         code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED;
}

KafkaAnswer answer_of(rd_kafka_error_t* error) {
  KafkaAnswer answer;
  if (error == nullptr) return answer;
  answer.ok = false;
  answer.retriable = rd_kafka_error_is_retriable(error) != 0;
  answer.requires_abort = rd_kafka_error_txn_requires_abort(error) != 0;
  answer.fatal = rd_kafka_error_is_fatal(error) != 0;
  const rd_kafka_resp_err_t code = rd_kafka_error_code(error);
  answer.fenced = means_fenced(code);
  answer.timed_out = kafka_handle::fault_of(code) == KafkaFault::kUnreachable;
  answer.text = std::string(rd_kafka_error_name(error)) + ": " + rd_kafka_error_string(error);
  rd_kafka_error_destroy(error);
  return answer;
}

}  // namespace

KafkaProducer::KafkaProducer(const KafkaSettings& settings, const std::string& transactional_id,
                             const std::vector<std::string>& topics)
    : names_(topics) {
  kafka_handle::Recipe recipe;
  recipe.type = RD_KAFKA_PRODUCER;
  recipe.defaults = {{"linger.ms", "5"},
                     {"batch.size", "1000000"},
                     {"batch.num.messages", "100000"},
                     {"queue.buffering.max.messages", "1000000"},
                     {"queue.buffering.max.kbytes", "1048576"},
                     {"transaction.timeout.ms", "10000"},
                     {"retry.backoff.ms", "50"}};
  recipe.musts = {{"transactional.id", transactional_id},
                  {"enable.idempotence", "true"},
                  {"acks", "all"},
                  {"partitioner", "murmur2_random"},
                  {"delivery.report.only.error", "true"}};
  recipe.delivery = on_delivery;
  handle_ = kafka_handle::open(recipe, settings, notes_);
  for (const std::string& name : names_)
    topics_.push_back(rd_kafka_topic_new(handle_, name.c_str(), nullptr));
}

KafkaProducer::~KafkaProducer() {
  rd_kafka_purge(handle_, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
  rd_kafka_poll(handle_, 0);
  for (rd_kafka_topic_t* topic : topics_) rd_kafka_topic_destroy(topic);
  rd_kafka_destroy(handle_);
}

KafkaAnswer KafkaProducer::init_transactions(int timeout_ms) {
  KafkaAnswer answer = answer_of(rd_kafka_init_transactions(handle_, timeout_ms));
  rd_kafka_poll(handle_, 0);
  return answer;
}

KafkaAnswer KafkaProducer::begin_transaction() {
  return answer_of(rd_kafka_begin_transaction(handle_));
}

KafkaAnswer KafkaProducer::commit_transaction(int timeout_ms) {
  KafkaAnswer answer = answer_of(rd_kafka_commit_transaction(handle_, timeout_ms));
  rd_kafka_poll(handle_, 0);
  return answer;
}

std::vector<std::int32_t> KafkaProducer::warm_up(int timeout_ms) {
  std::vector<std::int32_t> counts;
  for (std::size_t i = 0; i < topics_.size(); ++i)
    counts.push_back(
        kafka_handle::partitions_of(handle_, topics_[i], names_[i], timeout_ms, notes_));
  return counts;
}

ProduceStatus KafkaProducer::produce(std::size_t topic, std::int32_t partition,
                                     std::string_view key, std::string_view value) {
  WARPSCORE_CHECK(topic < topics_.size());
  const int failed =
      rd_kafka_produce(topics_[topic], partition, 0, const_cast<char*>(value.data()), value.size(),
                       key.empty() ? nullptr : key.data(), key.size(), nullptr);
  if (failed == 0) return ProduceStatus::kOk;
  const rd_kafka_resp_err_t error = rd_kafka_last_error();
  if (error == RD_KAFKA_RESP_ERR__QUEUE_FULL) return ProduceStatus::kQueueFull;
  notes_.note("writing to " + names_[topic] + ": " + rd_kafka_err2str(error));
  return ProduceStatus::kFailed;
}

bool KafkaProducer::flush(int timeout_ms) {
  return rd_kafka_flush(handle_, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR;
}

void KafkaProducer::poll(int timeout_ms) { rd_kafka_poll(handle_, timeout_ms); }

bool KafkaProducer::fenced() const {
  return means_fenced(rd_kafka_fatal_error(handle_, nullptr, 0));
}

}  // namespace warpscore
