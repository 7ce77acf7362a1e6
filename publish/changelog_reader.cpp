#include "publish/changelog_reader.h"

#include <exception>

#include "base/log.h"

namespace warpscore {
namespace {

constexpr std::int32_t kManifestPartition = 0;
constexpr int kAnswerMs = 10'000;

class RecordSink : public MessageSink {
 public:
  RecordSink(const std::function<bool(std::string_view)>& record, std::int64_t end)
      : record_(record), end_(end) {}
  bool message(const KafkaMessage& message) override {
    try {
      enough_ = message.offset >= end_ || !record_(message.value) || message.offset + 1 >= end_;
    } catch (...) {  // not through librdkafka's frames
      thrown_ = std::current_exception();
      enough_ = true;
    }
    ++messages_;
    return !enough_;
  }
  void end_of_partition(std::int64_t offset) override { enough_ = enough_ || offset >= end_; }
  void failed(const std::string& text, bool lasting) override {
    if (lasting) why_ = text;
  }

  [[nodiscard]] bool enough() const { return enough_; }
  void rethrow() const {
    if (thrown_) std::rethrow_exception(thrown_);
  }
  [[nodiscard]] const std::string& why() const { return why_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }

 private:
  const std::function<bool(std::string_view)>& record_;
  const std::int64_t end_;
  bool enough_ = false;
  std::uint64_t messages_ = 0;
  std::string why_;
  std::exception_ptr thrown_;
};

}  // namespace

std::int64_t read_changelog(const ChangelogPlace& place, std::int64_t offset,
                            const std::function<bool(std::string_view)>& record) {
  KafkaClient client(place.settings, place.group);
  const Watermarks marks = client.watermarks(place.topic, kManifestPartition, kAnswerMs);
  if (offset == kOffsetBeginning) offset = marks.low;
  if (offset >= marks.high) return marks.high;
  KafkaConsumer consumer(place.settings, nullptr);
  const std::size_t number = consumer.add(place.topic, kManifestPartition, offset);
  RecordSink sink(record, marks.high);
  std::int64_t deadline = steady_ms() + kAnswerMs;
  std::uint64_t before = 0;
  while (!sink.enough()) {
    constexpr int kWaitMs = 100;
    consumer.poll_for(number, sink, kWaitMs);
    consumer.refresh_fetching();
    consumer.serve_errors();
    sink.rethrow();
    if (!sink.why().empty()) throw KafkaError(KafkaFault::kOther, sink.why());
    if (sink.messages() != before) deadline = steady_ms() + kAnswerMs;
    before = sink.messages();
    if (steady_ms() > deadline)
      throw KafkaError(KafkaFault::kUnreachable,
                       "reading " + place.topic + ": no answer from Kafka for 10 s");
  }
  return marks.high;
}

void follow(ChainEnd& end, std::string_view record, const std::string& topic, Manifest& manifest) {
  std::string why_not;
  const std::string next = std::to_string(end.begun ? end.sequence + 1 : 0);
  const std::string where = "the changelog " + topic + ", manifest " + next + ": ";
  const std::string mend =
      "; the topic holds the only record of what was scored: restore it, or give this deployment "
      "another name and changelog to begin anew";
  if (!decode_manifest(record, manifest, why_not)) throw ChangelogError(where + why_not + mend);
  if (!end.begun) {
    if (manifest.sequence != 0)
      throw ChangelogError(where + "the topic begins with manifest " +
                           std::to_string(manifest.sequence) +
                           ", so its first records have been deleted" + mend);
    end.begun = true;
    end.genesis = manifest.genesis;
  } else if (manifest.genesis != end.genesis) {
    throw ChangelogError(where + "it belongs to another genesis, " + to_text(manifest.genesis) +
                         " instead of " + to_text(end.genesis) + mend);
  } else if (manifest.sequence != end.sequence + 1) {
    throw ChangelogError(where + "found manifest " + std::to_string(manifest.sequence) +
                         ", so records are missing or doubled" + mend);
  } else if (manifest.previous_hash != end.hash) {
    throw ChangelogError(where + "it does not follow the one before (hash differs)" + mend);
  } else if (manifest.term < end.term) {
    throw ChangelogError(where + "its term went backwards" + mend);
  }
  end.term = manifest.term;
  end.sequence = manifest.sequence;
  end.hash = manifest_hash(record);
}

}  // namespace warpscore
