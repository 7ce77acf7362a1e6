#include "service/restore.h"

#include <cstdio>
#include <map>
#include <memory>

#include "base/kafka.h"
#include "base/log.h"
#include "ingest/batch_filler.h"
#include "service/label_batch.h"

namespace warpscore {
namespace {

constexpr std::int64_t kProgressMs = 5'000;

// Hands messages to a filler, and notes whether the partition ended before it should have.
class ReplaySink : public MessageSink {
 public:
  explicit ReplaySink(BatchFiller& filler) : filler_(filler) {}
  bool message(const KafkaMessage& message) override {
    last_offset_ = message.offset;
    ended_ = false;
    return filler_.message(message);
  }
  void end_of_partition(std::int64_t) override { ended_ = true; }
  void failed(const std::string& text, bool lasting) override { filler_.failed(text, lasting); }

  [[nodiscard]] bool ended() const { return ended_; }
  [[nodiscard]] std::int64_t last_offset() const { return last_offset_; }

 private:
  BatchFiller& filler_;
  bool ended_ = false;
  std::int64_t last_offset_ = -1;
};

class ReplayProgress {
 public:
  explicit ReplayProgress(std::uint64_t total) : total_(total), start_ms_(steady_ms()) {}
  void add(std::uint64_t messages) {
    done_ += messages;
    if (limiter_.allow() && steady_ms() - start_ms_ >= kProgressMs) say("rebuilding the state");
  }
  void say(std::string_view what) const {
    const double seconds = static_cast<double>(steady_ms() - start_ms_) / 1000.0;
    const double rate = seconds > 0 ? static_cast<double>(done_) / seconds : 0;
    const double left = rate > 0 ? static_cast<double>(total_ - done_) / rate : 0;
    char percent[16];
    std::snprintf(
        percent, sizeof percent, "%.1f",
        total_ == 0 ? 100.0 : 100.0 * static_cast<double>(done_) / static_cast<double>(total_));
    log_info(what, {{"transactions", done_},
                    {"of", total_},
                    {"percent", percent},
                    {"per_second", static_cast<std::uint64_t>(rate)},
                    {"seconds_left", static_cast<std::uint64_t>(left)}});
  }

 private:
  const std::uint64_t total_;
  const std::int64_t start_ms_;
  std::uint64_t done_ = 0;
  LogLimiter limiter_{kProgressMs};
};

class Rebuilder {
 public:
  Rebuilder(const RebuildInput& input, Engine& engine)
      : input_(input), engine_(engine), progress_(input.chain.messages) {
    consumer_ = std::make_unique<KafkaConsumer>(input.place.changelog.settings, nullptr);
    batch_ = std::make_unique<ReadBatch>(input.schema, input.batch_max,
                                         BatchPool::text_bytes_of(input.batch_max),
                                         engine.batch_memory(), 0);
    add_filler(InputTopic::kTransactions, input.place.input_topic);
    if (!input.place.labels_topic.empty())
      add_filler(InputTopic::kLabels, input.place.labels_topic);
  }

  [[nodiscard]] bool apply(const Manifest& manifest);
  void flush();
  void say_done() const { progress_.say("the state is rebuilt"); }

 private:
  struct Source {  // a partition being read again
    std::size_t number = 0;
    BatchFiller::Partition partition;
  };

  void add_filler(InputTopic kind, const std::string& topic) {
    fillers_[kind] =
        std::make_unique<BatchFiller>(kind, topic, input_.schema, input_.dictionary, input_.decode);
    topics_[kind] = topic;
  }
  [[nodiscard]] bool apply(const InputRange& range);
  Source& source_of(const InputRange& range);
  void use(BatchFiller& filler);
  [[noreturn]] void missing(const InputRange& range, const std::string& what) const;

  const RebuildInput& input_;
  Engine& engine_;
  ReplayProgress progress_;
  std::unique_ptr<KafkaConsumer> consumer_;
  std::unique_ptr<ReadBatch> batch_;
  std::map<InputTopic, std::unique_ptr<BatchFiller>> fillers_;
  std::map<InputTopic, std::string> topics_;
  std::map<std::pair<InputTopic, std::int32_t>, Source> sources_;
  BatchFiller* filling_ = nullptr;  // who has batch_
  LabelBatch labels_;
};

bool Rebuilder::apply(const Manifest& manifest) {
  for (const InputRange& range : manifest.ranges)
    if (!apply(range)) return false;
  return true;
}

Rebuilder::Source& Rebuilder::source_of(const InputRange& range) {
  const auto [known, added] = sources_.try_emplace({range.topic, range.partition});
  Source& source = known->second;
  if (added) {
    source.partition.partition = range.partition;
    source.number = consumer_->add(topics_.at(range.topic), range.partition, range.first);
  }
  source.partition.next = range.first;
  return source;
}

void Rebuilder::missing(const InputRange& range, const std::string& what) const {
  throw RestoreError("the state cannot be rebuilt: " + topics_.at(range.topic) + "/" +
                     std::to_string(range.partition) + " offsets " + std::to_string(range.first) +
                     " to " + std::to_string(range.end) + ": " + what +
                     "; the input must be kept as long as the changelog " +
                     input_.place.changelog.topic + " goes back (retention.ms), or give this " +
                     "deployment another name and changelog to begin anew");
}

// Reads exactly as many messages as were applied or rejected then.
bool Rebuilder::apply(const InputRange& range) {
  const std::uint64_t messages = std::uint64_t{range.applied} + range.rejected;
  if (!fillers_.contains(range.topic)) missing(range, "[labels] has no topic any more");
  if (messages == 0) return true;
  BatchFiller& filler = *fillers_.at(range.topic);
  Source& source = source_of(range);
  const std::uint64_t rejected_before = filler.rejected();
  const std::uint64_t end = filler.messages() + messages;
  ReplaySink sink(filler);
  while (filler.messages() < end) {
    if (input_.stop.load(std::memory_order_relaxed)) return false;
    use(filler);
    const std::uint64_t before = filler.messages();
    filler.turn(source.partition, static_cast<std::uint32_t>(end - before));
    constexpr int kWaitMs = 100;
    consumer_->poll_for(source.number, sink, kWaitMs);
    consumer_->refresh_fetching();
    consumer_->serve_errors();
    progress_.add(filler.messages() - before);
    if (!filler.why_failed().empty()) missing(range, filler.why_failed());
    if (filler.messages() < end && sink.ended()) missing(range, "some of them are not there");
  }
  if (sink.last_offset() >= range.end) missing(range, "some of them are not there any more");
  use(filler);  // a message that did not fit waits for the next batch
  if (filler.rejected() - rejected_before != range.rejected)
    missing(range, "other messages are refused now than then: has [input.fields] been changed?");
  return true;
}

// Makes `filler` the one that fills, with room.
void Rebuilder::use(BatchFiller& filler) {
  while (filling_ != &filler || filler.full()) {
    flush();
    filler.begin(batch_.get());
    filling_ = &filler;
  }
}

void Rebuilder::flush() {
  if (filling_ == nullptr) return;
  ReadBatch& batch = *filling_->end();
  filling_ = nullptr;
  if (batch.transactions.size() != 0) engine_.replay(batch.transactions.view());
  labels_.apply(batch, engine_);
  batch.clear();
}

}  // namespace

ChainSummary read_chain(const RestorePlace& place) {
  ChainSummary summary;
  Manifest manifest;
  summary.offset = read_changelog(place.changelog, kOffsetBeginning, [&](std::string_view record) {
    follow(summary.end, record, place.changelog.topic, manifest);
    for (const InputRange& range : manifest.ranges)
      summary.messages += std::uint64_t{range.applied} + range.rejected;
    summary.positions = manifest.positions;
    if (manifest.input_topic != place.input_topic)
      throw ChangelogError("the changelog " + place.changelog.topic +
                           " was written for the input topic " + manifest.input_topic +
                           ", not for " + place.input_topic +
                           ": another input needs another name and changelog");
    return true;
  });
  return summary;
}

bool rebuild_state(const RebuildInput& input, Engine& engine) {
  if (input.chain.messages == 0) return true;
  log_info("rebuilding the state by reading the input again, nothing is written meanwhile",
           {{"transactions", input.chain.messages}, {"manifests", input.chain.end.sequence + 1}});
  Rebuilder rebuilder(input, engine);
  bool whole = true;
  ChainEnd end;
  Manifest manifest;
  read_changelog(input.place.changelog, kOffsetBeginning, [&](std::string_view record) {
    // The claim of this process, and what may follow it, is not state.
    if (end.begun && end.sequence == input.chain.end.sequence) return false;
    follow(end, record, input.place.changelog.topic, manifest);
    whole = rebuilder.apply(manifest);
    return whole;
  });
  rebuilder.flush();
  if (whole) rebuilder.say_done();
  return whole;
}

}  // namespace warpscore
