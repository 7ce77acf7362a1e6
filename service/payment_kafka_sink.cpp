#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "base/kafka.h"
#include "service/payment_sink.h"

namespace warpscore {
namespace {

constexpr std::size_t kPaymentsPerTransaction = 20'000;
constexpr int kTimeoutMs = 10'000;
constexpr int kWaitForRoomMs = 10;

struct Pending {
  std::string key;
  std::size_t offset = 0;
  std::size_t size = 0;
};

// One Kafka transaction per flush. So what is stopped halfway leaves whole flushes, and what reads
// its output meets the control records of real producers.
class KafkaSink : public PaymentSink {
 public:
  KafkaSink(const std::string& servers, const std::string& topic)
      : topic_(topic),
        producer_({{"bootstrap.servers", servers}},
                  "warpscore-generate-" + std::to_string(getpid()), {topic}) {
    partitions_ = producer_.warm_up(kTimeoutMs).at(0);
    const KafkaAnswer answer = producer_.init_transactions(kTimeoutMs);
    if (!answer.ok)
      throw KafkaError(answer.timed_out ? KafkaFault::kUnreachable : KafkaFault::kOther,
                       answer.text);
  }

  bool write(std::uint32_t customer, std::string_view line) override {
    line.remove_suffix(1);
    pending_.push_back({std::to_string(customer), values_.size(), line.size()});
    values_ += line;
    return pending_.size() < kPaymentsPerTransaction || flush();
  }

  bool flush() override {
    if (pending_.empty()) return true;
    if (!check(producer_.begin_transaction())) return false;
    for (const Pending& payment : pending_)
      if (!produce(payment)) return false;
    if (!commit()) return false;
    pending_.clear();
    values_.clear();
    return true;
  }

  bool close() override { return flush(); }

  [[nodiscard]] std::string name() const override {
    return "topic " + topic_ + " (" + std::to_string(partitions_) +
           (partitions_ == 1 ? " partition)" : " partitions)");
  }

 private:
  [[nodiscard]] bool produce(const Pending& payment) {
    const std::string_view value(values_.data() + payment.offset, payment.size);
    for (;;) {
      switch (producer_.produce(0, kPartitionByKey, payment.key, value)) {
        case ProduceStatus::kOk:
          return true;
        case ProduceStatus::kQueueFull:
          producer_.poll(kWaitForRoomMs);
          break;
        case ProduceStatus::kFailed:
          error_ = producer_.last_error();
          return false;
      }
    }
  }

  // A commit that ran out of time or met a passing fault is to be asked again (librdkafka).
  [[nodiscard]] bool commit() {
    KafkaAnswer answer = producer_.commit_transaction(kTimeoutMs);
    for (int again = 0; !answer.ok && answer.retriable && again < 3; ++again)
      answer = producer_.commit_transaction(kTimeoutMs);
    return check(answer);
  }

  [[nodiscard]] bool check(const KafkaAnswer& answer) {
    if (answer.ok) return true;
    const std::string note = producer_.last_error();
    error_ = answer.text + (note.empty() ? "" : " (" + note + ")");
    return false;
  }

  const std::string topic_;
  KafkaProducer producer_;
  std::int32_t partitions_ = 0;
  std::vector<Pending> pending_;
  std::string values_;
};

}  // namespace

std::unique_ptr<PaymentSink> make_kafka_sink(const std::string& servers, const std::string& topic) {
  return std::make_unique<KafkaSink>(servers, topic);
}

}  // namespace warpscore
