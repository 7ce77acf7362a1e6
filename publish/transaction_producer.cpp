#include "publish/transaction_producer.h"

#include "base/check.h"

namespace warpscore {

TransactionProducer::TransactionProducer(KafkaSettings settings, std::string id,
                                         std::vector<std::string> topics)
    : settings_(std::move(settings)),
      id_(std::move(id)),
      topics_(std::move(topics)),
      partitions_(topics_.size(), 1) {}

TransactionStatus TransactionProducer::judge(const char* step, const KafkaAnswer& answer) {
  if (answer.ok) return TransactionStatus::kOk;
  why_ = id_ + ": " + step + ": " + answer.text;
  if (const std::string last = producer_->last_error(); !last.empty()) why_ += " (" + last + ")";
  if (answer.fenced || producer_->fenced()) return TransactionStatus::kDemote;
  // Retriable, abortable or fatal: all three leave open what the broker made of the transaction.
  return TransactionStatus::kRebuild;
}

TransactionStatus TransactionProducer::open(int timeout_ms) {
  ready_ = false;
  try {
    if (!producer_) producer_ = std::make_unique<KafkaProducer>(settings_, id_, topics_);
    partitions_ = producer_->warm_up(timeout_ms);
  } catch (const KafkaError& error) {
    why_ = id_ + ": " + error.what();
    const bool can_mend = error.fault() == KafkaFault::kUnreachable;
    return can_mend ? TransactionStatus::kAgain : TransactionStatus::kDie;
  }
  const KafkaAnswer answer = producer_->init_transactions(timeout_ms);
  if (answer.ok) {
    ready_ = true;
    return TransactionStatus::kOk;
  }
  const TransactionStatus status = judge("init", answer);
  if (answer.retriable || answer.timed_out) return TransactionStatus::kAgain;
  return status == TransactionStatus::kDemote ? status : TransactionStatus::kDie;
}

void TransactionProducer::close() {
  producer_.reset();
  ready_ = false;
}

TransactionStatus TransactionProducer::begin() {
  WARPSCORE_CHECK(ready_);
  return judge("begin", producer_->begin_transaction());
}

TransactionStatus TransactionProducer::produce(std::size_t topic, std::int32_t partition,
                                               std::string_view key, std::string_view value) {
  const ProduceStatus status = producer_->produce(topic, partition, key, value);
  if (status == ProduceStatus::kOk) return TransactionStatus::kOk;
  if (status == ProduceStatus::kQueueFull) return TransactionStatus::kAgain;
  why_ = id_ + ": " + producer_->last_error();
  return producer_->fenced() ? TransactionStatus::kDemote : TransactionStatus::kRebuild;
}

TransactionStatus TransactionProducer::flush(int timeout_ms) {
  return producer_->flush(timeout_ms) ? TransactionStatus::kOk : TransactionStatus::kAgain;
}

TransactionStatus TransactionProducer::commit() {
  // Without a limit librdkafka repeats the request for ever. Whoever waits longer than this learns
  // more from the changelog.
  constexpr int kAnswerMs = 5'000;
  return judge("commit", producer_->commit_transaction(kAnswerMs));
}

void TransactionProducer::serve(int timeout_ms) { producer_->poll(timeout_ms); }

}  // namespace warpscore
