#include "base/kafka.h"

#include <array>

#include "base/kafka_handle.h"
#include "base/log.h"

namespace warpscore {

void KafkaNotes::note(std::string_view text) {
  const std::lock_guard lock(mutex_);
  last_ = text;
}

std::string KafkaNotes::last() const {
  const std::lock_guard lock(mutex_);
  return last_;
}

void KafkaNotes::clear() {
  const std::lock_guard lock(mutex_);
  last_.clear();
}

std::string kafka_library_version() { return rd_kafka_version_str(); }

namespace kafka_handle {
namespace {

// librdkafka repeats itself with every attempt to connect.
constexpr std::int64_t kComplaintIntervalMs = 5000;

void say(const KafkaNotes* notes, std::string_view text, bool fatal) {
  static LogLimiter limiter(kComplaintIntervalMs);
  if (notes != nullptr) const_cast<KafkaNotes*>(notes)->note(text);
  if (fatal || limiter.allow()) log_warn("kafka client", {{"says", text}});
}

void on_log(const rd_kafka_t* handle, int level, const char* facility, const char* text) {
  constexpr int kWarning = 4;  // syslog's
  if (level > kWarning) return;
  say(static_cast<const KafkaNotes*>(rd_kafka_opaque(handle)), std::string(facility) + ": " + text,
      false);
}

void on_error(rd_kafka_t* handle, int error, const char* reason, void* opaque) {
  auto* notes = static_cast<KafkaNotes*>(opaque);
  if (error == RD_KAFKA_RESP_ERR__FATAL) {
    std::array<char, 512> text{};
    rd_kafka_fatal_error(handle, text.data(), text.size());
    say(notes, text.data(), true);
    return;
  }
  say(notes, reason, false);
}

void apply(rd_kafka_conf_t* conf, const KafkaSettings& settings) {
  std::array<char, 512> text{};
  for (const auto& [name, value] : settings) {
    if (rd_kafka_conf_set(conf, name.c_str(), value.c_str(), text.data(), text.size()) ==
        RD_KAFKA_CONF_OK)
      continue;
    rd_kafka_conf_destroy(conf);
    // The library's text may quote the value, and that may be a secret.
    throw KafkaError(KafkaFault::kSetting, "librdkafka " + kafka_library_version() +
                                               " refuses the property \"" + name +
                                               "\": unknown name or impossible value");
  }
}

}  // namespace

rd_kafka_t* open(const Recipe& recipe, const KafkaSettings& settings, KafkaNotes& notes) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  apply(conf, recipe.defaults);
  apply(conf, settings);
  apply(conf, recipe.musts);
  apply(conf, {{"client.id", "warpscore"}, {"socket.nagle.disable", "true"}});
  rd_kafka_conf_set_opaque(conf, &notes);
  rd_kafka_conf_set_log_cb(conf, on_log);
  rd_kafka_conf_set_error_cb(conf, on_error);
  if (recipe.delivery != nullptr) rd_kafka_conf_set_dr_msg_cb(conf, recipe.delivery);
  std::array<char, 512> text{};
  rd_kafka_t* handle = rd_kafka_new(recipe.type, conf, text.data(), text.size());
  if (handle == nullptr) {
    rd_kafka_conf_destroy(conf);
    throw KafkaError(KafkaFault::kSetting, std::string("librdkafka: ") + text.data());
  }
  return handle;
}

KafkaFault fault_of(rd_kafka_resp_err_t error) {
  switch (error) {
    case RD_KAFKA_RESP_ERR__TRANSPORT:
    case RD_KAFKA_RESP_ERR__TIMED_OUT:
    case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN:
    case RD_KAFKA_RESP_ERR__RESOLVE:
    case RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION:
    case RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE:
    case RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS:
      return KafkaFault::kUnreachable;
    case RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC:
    case RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION:
    case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART:
      return KafkaFault::kTopicMissing;
    case RD_KAFKA_RESP_ERR__AUTHENTICATION:
    case RD_KAFKA_RESP_ERR__SSL:
    case RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED:
    case RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED:
    case RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
      return KafkaFault::kForbidden;
    default:
      return KafkaFault::kOther;
  }
}

void fail(const std::string& what, rd_kafka_resp_err_t error, const KafkaNotes& notes) {
  std::string text = what + ": " + rd_kafka_err2str(error);
  const std::string last = notes.last();
  if (!last.empty()) text += " (" + last + ")";
  throw KafkaError(fault_of(error), text);
}

std::int32_t partitions_of(rd_kafka_t* handle, rd_kafka_topic_t* topic, const std::string& name,
                           int timeout_ms, const KafkaNotes& notes) {
  const rd_kafka_metadata_t* metadata = nullptr;
  const rd_kafka_resp_err_t error = rd_kafka_metadata(handle, 0, topic, &metadata, timeout_ms);
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("asking for the topic " + name, error, notes);
  const bool known = metadata->topic_cnt == 1;
  const rd_kafka_resp_err_t topic_error =
      known ? metadata->topics[0].err : RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC;
  const std::int32_t count = known ? metadata->topics[0].partition_cnt : 0;
  rd_kafka_metadata_destroy(metadata);
  if (topic_error != RD_KAFKA_RESP_ERR_NO_ERROR) fail("topic " + name, topic_error, {});
  if (count == 0) fail("topic " + name, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, {});
  return count;
}

}  // namespace kafka_handle
}  // namespace warpscore
