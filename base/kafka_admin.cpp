#include "base/kafka_admin.h"

#include <chrono>
#include <thread>

#include "base/kafka_handle.h"

namespace warpscore {
namespace {

constexpr int kAnswerMs = 20'000;
constexpr int kLooks = 100;
constexpr std::chrono::milliseconds kLookAgain{50};

// A handle and a queue for one answer.
class Admin {
 public:
  explicit Admin(const KafkaSettings& settings) {
    kafka_handle::Recipe recipe;
    recipe.type = RD_KAFKA_PRODUCER;
    handle_ = kafka_handle::open(recipe, settings, notes_);
    queue_ = rd_kafka_queue_new(handle_);
  }
  ~Admin() {
    if (event_ != nullptr) rd_kafka_event_destroy(event_);
    rd_kafka_queue_destroy(queue_);
    rd_kafka_destroy(handle_);
  }
  Admin(const Admin&) = delete;
  Admin& operator=(const Admin&) = delete;

  [[nodiscard]] rd_kafka_t* handle() const { return handle_; }
  [[nodiscard]] rd_kafka_queue_t* queue() const { return queue_; }

  rd_kafka_event_t* answer(const char* what) {
    event_ = rd_kafka_queue_poll(queue_, kAnswerMs);
    const rd_kafka_resp_err_t error =
        event_ == nullptr ? RD_KAFKA_RESP_ERR__TIMED_OUT : rd_kafka_event_error(event_);
    if (error != RD_KAFKA_RESP_ERR_NO_ERROR) kafka_handle::fail(what, error, notes_);
    return event_;
  }
  void check(const char* what, const rd_kafka_topic_result_t* const* results, std::size_t count,
             rd_kafka_resp_err_t fine) {
    for (std::size_t i = 0; i < count; ++i) {
      const rd_kafka_resp_err_t error = rd_kafka_topic_result_error(results[i]);
      if (error == RD_KAFKA_RESP_ERR_NO_ERROR || error == fine) continue;
      kafka_handle::fail(std::string(what) + " " + rd_kafka_topic_result_name(results[i]), error,
                         notes_);
    }
  }

 private:
  KafkaNotes notes_;
  rd_kafka_t* handle_ = nullptr;
  rd_kafka_queue_t* queue_ = nullptr;
  rd_kafka_event_t* event_ = nullptr;
};

// A topic that has been made is unknown to the broker's metadata for some more moments.
void wait_for(KafkaClient& client, const std::string& topic) {
  for (int look = 0;; ++look) {
    try {
      static_cast<void>(client.partitions_of(topic, kAnswerMs));
      return;
    } catch (const KafkaError& error) {
      if (error.fault() != KafkaFault::kTopicMissing || look == kLooks) throw;
    }
    std::this_thread::sleep_for(kLookAgain);
  }
}

}  // namespace

void create_topics(const KafkaSettings& settings, const std::vector<NewTopic>& topics) {
  Admin admin(settings);
  std::vector<rd_kafka_NewTopic_t*> wanted;
  for (const NewTopic& topic : topics) {
    wanted.push_back(rd_kafka_NewTopic_new(topic.name.c_str(), topic.partitions, 1, nullptr, 0));
  }
  rd_kafka_CreateTopics(admin.handle(), wanted.data(), wanted.size(), nullptr, admin.queue());
  rd_kafka_NewTopic_destroy_array(wanted.data(), wanted.size());
  std::size_t count = 0;
  const auto* const results = rd_kafka_CreateTopics_result_topics(
      rd_kafka_event_CreateTopics_result(admin.answer("creating topics")), &count);
  admin.check("creating topic", results, count, RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS);
  KafkaClient client(settings, "warpscore-admin");
  for (const NewTopic& topic : topics) wait_for(client, topic.name);
}

void delete_topics(const KafkaSettings& settings, const std::vector<std::string>& names) {
  Admin admin(settings);
  std::vector<rd_kafka_DeleteTopic_t*> wanted;
  for (const std::string& name : names) wanted.push_back(rd_kafka_DeleteTopic_new(name.c_str()));
  rd_kafka_DeleteTopics(admin.handle(), wanted.data(), wanted.size(), nullptr, admin.queue());
  rd_kafka_DeleteTopic_destroy_array(wanted.data(), wanted.size());
  std::size_t count = 0;
  const auto* const results = rd_kafka_DeleteTopics_result_topics(
      rd_kafka_event_DeleteTopics_result(admin.answer("deleting topics")), &count);
  admin.check("deleting topic", results, count, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
}

}  // namespace warpscore
