#include "service/run_command.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "base/log.h"
#include "service/exit_codes.h"
#include "service/pipeline.h"
#include "service/restore.h"
#include "service/run_progress.h"
#include "service/start_checks.h"
#include "service/stop_watch.h"

namespace warpscore {
namespace {

constexpr std::int64_t kStatusMs = 10'000;
constexpr std::int64_t kGroupOffsetsMs = 1'000;
constexpr std::int64_t kMetadataMs = 15'000;
constexpr std::int64_t kOpenPatienceMs = 30'000;
constexpr std::int64_t kDrainPatienceMs = 5'000;
constexpr int kLastAnswerMs = 2'000;
constexpr auto kTick = std::chrono::milliseconds(20);
constexpr std::int32_t kPartitionsPerReader = 8;

class Run {
 public:
  Run(const Config& config, const Plan& plan, const EngineOptions& engine_options)
      : config_(config),
        plan_(plan),
        engine_options_(engine_options),
        places_(kafka_places(config)),
        watch_(kDrainPatienceMs),
        enum_limits_(plan.schema()) {
    decode_.max_future_skew_ms = config.input.max_future_skew_ms;
    decode_.enum_limits = &enum_limits_;
  }

  int start();
  int serve();
  [[nodiscard]] const KafkaPlaces& places() const { return places_; }

 private:
  int open_and_restore();
  void start_pipeline();
  int shut_down();
  void say_status();
  void commit_group_offsets();
  void look_for_partitions();
  int exit_code_of(CommitStatus status, const std::string& why) const;
  [[nodiscard]] std::vector<GroupOffset> group_offsets(InputTopic topic) const;
  [[nodiscard]] CommitterOptions committer_options() const;
  [[nodiscard]] RestorePlace restore_place() const {
    return {{places_.settings, config_.input.group, places_.changelog},
            config_.input.topic,
            places_.labels_topic};
  }
  [[nodiscard]] bool stopping() const { return watch_.stop().load(std::memory_order_acquire); }

  const Config& config_;
  const Plan& plan_;
  const EngineOptions engine_options_;
  const KafkaPlaces places_;
  StopWatch watch_;
  std::unique_ptr<KafkaClient> client_;
  EnumLimits enum_limits_;
  DecodeOptions decode_;
  std::int32_t input_partitions_ = 0;
  std::int32_t labels_partitions_ = 0;
  RunProgress progress_;
  std::unique_ptr<Engine> engine_;
  std::unique_ptr<Committer> committer_;
  std::vector<InputPosition> positions_;  // where reading begins
  std::vector<InputPosition> told_to_group_;
  std::unique_ptr<Pipeline> pipeline_;
  std::uint64_t messages_before_ = 0;  // as of the last status line
  RunProgress::Shown shown_before_;
  std::int64_t status_ms_ = 0;
};

// ---- start ------------------------------------------------------------------------------------

int Run::start() {
  log_info("starting", {{"name", places_.name},
                        {"input", config_.input.topic},
                        {"changelog", places_.changelog},
                        {"bootstrap_servers", places_.servers},
                        {"librdkafka", kafka_library_version()}});
  client_ = std::make_unique<KafkaClient>(places_.settings, config_.input.group);
  const StartProblem problem = check_topics(config_, places_, *client_, watch_.stop(),
                                            input_partitions_, labels_partitions_);
  if (stopping()) return kExitOk;
  if (problem.exit_code != kExitOk) {
    log_error(problem.message, {{"mend", problem.mend}});
    return problem.exit_code;
  }
  const int code = open_and_restore();
  if (code == kExitOk && !stopping()) start_pipeline();
  return code;
}

CommitterOptions Run::committer_options() const {
  CommitterOptions options;
  options.settings = places_.settings;
  options.name = places_.name;
  options.group = config_.input.group;
  options.scores_topic = config_.output.scores->topic;
  options.alerts_topic = config_.output.alerts->topic;
  options.dead_letters_topic = config_.output.dead_letters->topic;
  options.changelog_topic = places_.changelog;
  options.input_topic = config_.input.topic;
  options.labels_topic = places_.labels_topic;
  options.commit_ms = config_.output.commit_ms;
  return options;
}

// Fence first, then read: what the log says after that can no longer change under us.
int Run::open_and_restore() {
  engine_ = std::make_unique<Engine>(plan_, engine_options_);
  committer_ = std::make_unique<Committer>(
      committer_options(), watch_.give_up(),
      [this](const Committed& committed) { progress_.note_commit(committed); });
  CommitStatus status = committer_->open(kOpenPatienceMs);
  if (status != CommitStatus::kOk) return exit_code_of(status, committer_->why());
  const RestorePlace place = restore_place();
  const ChainSummary chain = read_chain(place);
  positions_ = chain.positions;
  if (!chain.end.begun) {
    const bool had_offsets =
        client_->committed(config_.input.topic, 0, kLastAnswerMs) != kOffsetNone;
    log_info(had_offsets ? "the changelog is empty although the group has offsets: a first start, "
                           "from the beginning of the input"
                         : "a first start, from the beginning of the input",
             {{"changelog", places_.changelog}});
  }
  status = committer_->begin(chain.end, chain.positions, chain.offset);
  if (status != CommitStatus::kOk) return exit_code_of(status, committer_->why());
  const RebuildInput rebuild{
      place,        chain, plan_.schema(), plan_.dictionary(), decode_, engine_options_.batch_max,
      watch_.stop()};
  if (!rebuild_state(rebuild, *engine_)) log_info("stopped while rebuilding the state");
  return kExitOk;
}

void Run::start_pipeline() {
  PipelineOptions options;
  options.settings = places_.settings;
  options.input_topic = config_.input.topic;
  options.labels_topic = places_.labels_topic;
  options.input_partitions = chosen_partitions(config_.input.partitions, 0, input_partitions_);
  options.labels_partitions = labels_partitions_;
  const auto cores = static_cast<std::int32_t>(std::thread::hardware_concurrency());
  const std::int32_t wanted =
      (static_cast<std::int32_t>(options.input_partitions.size()) + kPartitionsPerReader - 1) /
      kPartitionsPerReader;
  options.readers = static_cast<std::uint32_t>(std::clamp(wanted, 1, std::max(1, cores - 1)));
  options.batch_max = engine_options_.batch_max;
  options.decode = decode_;
  options.block.score.include_features = config_.output.scores->include_features;
  options.block.dead_letter_payload = config_.output.dead_letters->payload;
  options.block.input_topic = config_.input.topic;
  pipeline_ = std::make_unique<Pipeline>(options, plan_, *engine_, *committer_);
  pipeline_->start(positions_);
  log_info("running", {{"partitions", options.input_partitions.size()},
                       {"readers", options.readers},
                       {"engine", engine_->describe()},
                       {"commit_ms", config_.output.commit_ms}});
}

// ---- while it runs ----------------------------------------------------------------------------

int Run::serve() {
  if (!pipeline_) return kExitOk;  // asked to stop before it began
  status_ms_ = steady_ms();
  std::int64_t next_status_ms = status_ms_ + kStatusMs;
  std::int64_t next_group_ms = status_ms_ + kGroupOffsetsMs;
  std::int64_t next_metadata_ms = status_ms_ + kMetadataMs;
  while (!stopping() && !pipeline_->failed()) {
    std::this_thread::sleep_for(kTick);
    const std::int64_t now = steady_ms();
    client_->serve_errors();
    if (now >= next_group_ms) {
      commit_group_offsets();
      next_group_ms = now + kGroupOffsetsMs;
    }
    if (now >= next_metadata_ms) {
      look_for_partitions();
      next_metadata_ms = now + kMetadataMs;
    }
    if (now >= next_status_ms) {
      say_status();
      next_status_ms = now + kStatusMs;
    }
  }
  return shut_down();
}

void Run::say_status() {
  const std::int64_t now = steady_ms();
  const double seconds = std::max(0.001, static_cast<double>(now - status_ms_) / 1000.0);
  const std::uint64_t messages = pipeline_->messages_read();
  const RunProgress::Shown shown = progress_.show();
  const EngineCounters engine = pipeline_->engine_counters();
  const auto per_second = [&](std::uint64_t after, std::uint64_t before) {
    return static_cast<std::uint64_t>(static_cast<double>(after - before) / seconds);
  };
  log_info("status", {{"in_per_second", per_second(messages, messages_before_)},
                      {"waiting", pipeline_->messages_waiting()},
                      {"commits_per_second", per_second(shown.commits, shown_before_.commits)},
                      {"scores", shown.scores},
                      {"alerts", shown.alerts},
                      {"dead_letters", shown.dead_letters},
                      {"p50_ms", shown.p50_ms},
                      {"p99_ms", shown.p99_ms},
                      {"batches", pipeline_->batches()},
                      {"late", engine.late},
                      {"keys", engine.keys},
                      {"state_bytes", engine.state_bytes}});
  if (engine.refused != 0)
    log_warn("a key table is full: transactions with new keys go to the dead letters",
             {{"refused", engine.refused}});
  messages_before_ = messages;
  shown_before_ = shown;
  status_ms_ = now;
}

std::vector<GroupOffset> Run::group_offsets(InputTopic topic) const {
  std::vector<GroupOffset> offsets;
  for (const InputPosition& position : progress_.positions())
    if (position.topic == topic) offsets.push_back({position.partition, position.next});
  return offsets;
}

// For lag tools; positions are taken from the changelog alone.
void Run::commit_group_offsets() {
  std::vector<InputPosition> positions = progress_.positions();
  if (positions == told_to_group_) return;
  client_->commit_later(config_.input.topic, group_offsets(InputTopic::kTransactions));
  if (!places_.labels_topic.empty())
    client_->commit_later(places_.labels_topic, group_offsets(InputTopic::kLabels));
  told_to_group_ = std::move(positions);
}

void Run::look_for_partitions() {
  constexpr int kAnswerMs = 500;
  const auto look = [&](InputTopic topic, const std::string& name, std::int32_t& known) {
    const std::int32_t count = client_->partitions_of(name, kAnswerMs);
    if (count <= known) return;
    const std::vector<std::int32_t> added =
        topic == InputTopic::kTransactions
            ? chosen_partitions(config_.input.partitions, known, count)
            : chosen_partitions({}, known, count);
    for (const std::int32_t partition : added) pipeline_->add_partition(topic, partition);
    log_info("new partitions, read from their beginning",
             {{"topic", name}, {"before", known}, {"now", count}});
    known = count;
  };
  try {
    look(InputTopic::kTransactions, config_.input.topic, input_partitions_);
    if (!places_.labels_topic.empty())
      look(InputTopic::kLabels, places_.labels_topic, labels_partitions_);
  } catch (const KafkaError&) {
    // Asked again in a while; readers and commits tell of a Kafka that is away.
  }
}

// ---- the end ----------------------------------------------------------------------------------

int Run::shut_down() {
  if (!pipeline_->failed()) pipeline_->drain();
  if (pipeline_->failed()) {
    const PipelineFailure failure = pipeline_->failure();
    return exit_code_of(failure.status, failure.why);
  }
  std::string why_not;
  bool done = client_->commit_now(config_.input.topic, group_offsets(InputTopic::kTransactions),
                                  kLastAnswerMs, why_not);
  if (!places_.labels_topic.empty())
    done = client_->commit_now(places_.labels_topic, group_offsets(InputTopic::kLabels),
                               kLastAnswerMs, why_not) &&
           done;
  if (!done) log_warn("the group's offsets are not up to date", {{"because", why_not}});
  say_status();
  log_info("stopped, everything read has been committed");
  return kExitOk;
}

int Run::exit_code_of(CommitStatus status, const std::string& why) const {
  switch (status) {
    case CommitStatus::kOk:
      return kExitOk;
    case CommitStatus::kStopped:
      log_warn("stopped; what was not committed will be read again", {{"because", why}});
      return kExitOk;
    case CommitStatus::kFenced:
      log_error("fenced", {{"because", why}});
      return kExitFenced;
    case CommitStatus::kFailed:
      log_error("cannot go on", {{"because", why}});
      return pipeline_ ? kExitFailed : kExitUnavailable;
  }
  return kExitFailed;
}

}  // namespace

int run_command(const Config& config, const Plan& plan, const EngineOptions& engine_options) {
  try {
    Run run(config, plan, engine_options);
    try {
      const int code = run.start();
      return code == kExitOk ? run.serve() : code;
    } catch (const KafkaError& error) {
      log_error(error.what(), {{"bootstrap_servers", run.places().servers}});
      if (error.fault() == KafkaFault::kUnreachable) return kExitUnavailable;
      return error.fault() == KafkaFault::kOther ? kExitFailed : kExitConfiguration;
    }
  } catch (const DeviceError& error) {
    log_error(error.what());
    return kExitUnavailable;
  } catch (const ChangelogError& error) {
    log_error(error.what());
  } catch (const RestoreError& error) {
    log_error(error.what());
  }
  return kExitConfiguration;
}

}  // namespace warpscore
