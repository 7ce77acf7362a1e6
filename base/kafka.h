// RAII over librdkafka: a consumer with one queue per partition, a transactional producer, and a
// client for questions. Nothing outside base/kafka*.cpp sees a handle or an error code of the
// library.
//
// Order    a partition's messages arrive in offset order. Between partitions the caller chooses:
//          each has a queue of its own, so that a hot one cannot starve an idle one.
// Memory   a message's bytes are the library's and good during MessageSink::message only: while one
//          is held, the whole fetched batch stays allocated (docs/exactly-once.md).
// Thread   one thread polls a KafkaConsumer; the other classes may be used by any thread.
// Errors   constructors and questions throw KafkaError; what can happen while running comes back as
//          KafkaAnswer, MessageSink::failed or an enum.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

struct rd_kafka_s;
struct rd_kafka_topic_s;
struct rd_kafka_queue_s;

namespace warpscore {

using KafkaSettings = std::vector<std::pair<std::string, std::string>>;  // librdkafka's own names

enum class KafkaFault : std::uint8_t {
  kSetting,       // a property that librdkafka refuses
  kUnreachable,   // no broker answered in time
  kTopicMissing,  // there is no such topic
  kForbidden,     // authentication or authorisation
  kOther,
};

class KafkaError : public std::runtime_error {
 public:
  KafkaError(KafkaFault fault, const std::string& text) : std::runtime_error(text), fault_(fault) {}
  [[nodiscard]] KafkaFault fault() const noexcept { return fault_; }

 private:
  KafkaFault fault_;
};

inline constexpr std::int64_t kOffsetBeginning = -2;  // as librdkafka spells it
inline constexpr std::int64_t kOffsetNone = -1001;

struct KafkaMessage {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  std::int64_t timestamp_ms = -1;  // -1: none
  std::string_view key;
  std::string_view value;
};

class MessageSink {
 public:
  virtual ~MessageSink() = default;
  // false: this one was taken, but no more of them now.
  virtual bool message(const KafkaMessage& message) = 0;
  // All up to `offset`, control records too, has been handed over.
  virtual void end_of_partition(std::int64_t offset) = 0;
  // `lasting`: reading cannot go on without losing something. Otherwise it goes on by itself.
  virtual void failed(const std::string& text, bool lasting) = 0;
};

// What librdkafka last complained about, for messages that would otherwise only say "timed out".
class KafkaNotes {
 public:
  void note(std::string_view text);
  [[nodiscard]] std::string last() const;  // "" if nothing
  void clear();

 private:
  mutable std::mutex mutex_;
  std::string last_;
};

class KafkaConsumer {
 public:
  // `wake` is called from the library's threads when a queue stops being empty. Always reads
  // read_committed, never commits, never resets a position by itself.
  KafkaConsumer(const KafkaSettings& settings, std::function<void()> wake);
  ~KafkaConsumer();
  KafkaConsumer(const KafkaConsumer&) = delete;
  KafkaConsumer& operator=(const KafkaConsumer&) = delete;

  // Starts reading; returns the number by which the partition is polled.
  std::size_t add(const std::string& topic, std::int32_t partition, std::int64_t offset);
  // Hands over what waits, until the sink has enough. Does not block.
  std::size_t poll(std::size_t number, MessageSink& sink);
  // Waits for a message up to timeout_ms, then as poll.
  std::size_t poll_for(std::size_t number, MessageSink& sink, int timeout_ms);
  [[nodiscard]] std::size_t waiting(std::size_t number) const;  // messages fetched, not handed over
  // librdkafka 2.0.2 looks only once a second whether a full queue has room again, unless something
  // else wakes the thread of that broker. To be called now and then by whoever polls under load.
  void refresh_fetching();
  void serve_errors();

 private:
  struct Partition {
    std::string topic;
    std::int32_t partition = 0;
    rd_kafka_topic_s* handle = nullptr;
    rd_kafka_queue_s* queue = nullptr;
    bool was_full = false;
    std::uint64_t bytes = 0;  // handed over, to know the mean size
    std::uint64_t messages = 0;
  };
  struct Delivery;  // kafka_consumer.cpp: a sink and where its messages come from

  KafkaNotes notes_;
  std::function<void()> wake_;
  rd_kafka_s* handle_ = nullptr;
  std::vector<std::unique_ptr<Partition>> partitions_;
  struct Topic {
    std::string name;
    rd_kafka_topic_s* handle = nullptr;
    std::int32_t partitions = 0;  // known on this handle
  };
  Topic& topic_of(const std::string& name, std::int32_t partition);

  std::vector<Topic> topics_;
};

// librdkafka's three flags of a transactional error, as they are. publish/transaction_producer
// decides what they mean.
struct KafkaAnswer {
  bool ok = true;
  bool retriable = false;
  bool requires_abort = false;
  bool fatal = false;
  bool fenced = false;
  bool timed_out = false;
  std::string text;
};

enum class [[nodiscard]] ProduceStatus : std::uint8_t{kOk, kQueueFull, kFailed};

inline constexpr std::int32_t kPartitionByKey = -1;

class KafkaProducer {
 public:
  // Transactional. `topics` are those it will write to; produce names them by their place there.
  KafkaProducer(const KafkaSettings& settings, const std::string& transactional_id,
                const std::vector<std::string>& topics);
  ~KafkaProducer();  // what is not committed is thrown away
  KafkaProducer(const KafkaProducer&) = delete;
  KafkaProducer& operator=(const KafkaProducer&) = delete;

  [[nodiscard]] KafkaAnswer init_transactions(int timeout_ms);
  [[nodiscard]] KafkaAnswer begin_transaction();
  [[nodiscard]] KafkaAnswer commit_transaction(int timeout_ms);

  // Asks for the metadata of all topics on this handle: without, the first produce waits a second.
  // Returns the number of partitions of each. Throws KafkaError.
  std::vector<std::int32_t> warm_up(int timeout_ms);
  // `value` must stay where it is until the transaction is over; the key is copied.
  ProduceStatus produce(std::size_t topic, std::int32_t partition, std::string_view key,
                        std::string_view value);
  [[nodiscard]] bool flush(int timeout_ms);  // false: not all delivered by then
  void poll(int timeout_ms);
  // Whatever failed, failed because the broker knows a newer producer of this id.
  [[nodiscard]] bool fenced() const;
  [[nodiscard]] std::string last_error() const { return notes_.last(); }

 private:
  KafkaNotes notes_;
  rd_kafka_s* handle_ = nullptr;
  std::vector<std::string> names_;
  std::vector<rd_kafka_topic_s*> topics_;
};

struct GroupOffset {
  std::int32_t partition = 0;
  std::int64_t offset = 0;
};

struct Watermarks {
  std::int64_t low = 0;
  std::int64_t high = 0;  // the last stable offset: what a read_committed reader can reach
};

class KafkaClient {
 public:
  KafkaClient(const KafkaSettings& settings, const std::string& group);
  ~KafkaClient();
  KafkaClient(const KafkaClient&) = delete;
  KafkaClient& operator=(const KafkaClient&) = delete;

  [[nodiscard]] std::int32_t partitions_of(const std::string& topic, int timeout_ms);
  [[nodiscard]] Watermarks watermarks(const std::string& topic, std::int32_t partition,
                                      int timeout_ms);
  // The offset the group had committed, kOffsetNone for none. For the log only.
  [[nodiscard]] std::int64_t committed(const std::string& topic, std::int32_t partition,
                                       int timeout_ms);
  // For lag tools only (no position is ever taken from there), so it does not wait for an answer.
  void commit_later(const std::string& topic, std::span<const GroupOffset> offsets);
  // The same at shutdown, waiting. false and a reason if it was not done in time.
  [[nodiscard]] bool commit_now(const std::string& topic, std::span<const GroupOffset> offsets,
                                int timeout_ms, std::string& why_not);
  void serve_errors();
  [[nodiscard]] std::string last_error() const { return notes_.last(); }

 private:
  KafkaNotes notes_;
  rd_kafka_s* handle_ = nullptr;
};

[[nodiscard]] std::string kafka_library_version();

}  // namespace warpscore
