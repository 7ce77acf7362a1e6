// One of the two chained transactional producers. It owns librdkafka's three error flags and tells
// the rest one word.
//
// Order    open, then begin, produce*, flush, commit over and over. After kRebuild only close and
//          open: the transaction is neither aborted nor tried again on the same handle, because a
//          late answer to a request of it could end the next one (docs/exactly-once.md, "Guard").
// Thread   one at a time; commit may be called by another thread than the rest.
// Errors   a TransactionStatus; why() has the sentence.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/kafka.h"

namespace warpscore {

enum class [[nodiscard]] TransactionStatus : std::uint8_t{
    kOk,
    kAgain,    // nothing happened; the same call may be made again
    kRebuild,  // what became of the transaction is not known: open a new handle and read the log
    kDemote,   // fenced: somebody else initialised the same id, or the broker timed us out
    kDie,      // no mend while running
};

class TransactionProducer {
 public:
  TransactionProducer(KafkaSettings settings, std::string id, std::vector<std::string> topics);

  // A new handle, warmed up and initialised: fences every older one and ends its transaction.
  // kAgain: Kafka did not answer yet.
  TransactionStatus open(int timeout_ms);
  void close();  // what is not committed never will be

  TransactionStatus begin();
  // kAgain: the queue is full. `value` must stay where it is until the transaction has ended.
  TransactionStatus produce(std::size_t topic, std::int32_t partition, std::string_view key,
                            std::string_view value);
  TransactionStatus flush(int timeout_ms);  // kAgain: not all delivered yet
  TransactionStatus commit();
  void serve(int timeout_ms);

  [[nodiscard]] const std::string& id() const { return id_; }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::int32_t partitions(std::size_t topic) const { return partitions_[topic]; }

 private:
  TransactionStatus judge(const char* step, const KafkaAnswer& answer);

  const KafkaSettings settings_;
  const std::string id_;
  const std::vector<std::string> topics_;
  std::vector<std::int32_t> partitions_;
  std::unique_ptr<KafkaProducer> producer_;
  bool ready_ = false;
  std::string why_;
};

}  // namespace warpscore
