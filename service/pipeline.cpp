#include "service/pipeline.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <mutex>
#include <thread>

#include "base/check.h"
#include "base/log.h"
#include "base/parker.h"
#include "base/ring.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kBatchesPerReader = 12;
constexpr std::uint32_t kResultSlots = 6;  // batches scored and not yet encoded
constexpr auto kIdleWait = std::chrono::milliseconds(50);
constexpr std::uint32_t kLatencySampleEvery = 16;
constexpr std::int64_t kCountersMs = 500;

// A batch between engine and commit thread, and what the engine said about it.
struct Scored {
  ReadBatch* batch = nullptr;
  Results* results = nullptr;
};

}  // namespace

struct Pipeline::Impl {
  Impl(PipelineOptions given, const Plan& plan, Engine& its_engine, Committer& its_committer)
      : options(std::move(given)),
        engine(its_engine),
        committer(its_committer),
        encoder(shape_of(plan), options.block) {
    for (Results& slot : slots) WARPSCORE_CHECK(free_slots.try_push(&slot));
  }

  bool step_engine();
  bool step_commit();
  void run_engine();
  void run_commit();
  [[nodiscard]] ReadBatch* next_batch();
  void apply_labels(ReadBatch& batch);
  void encode(const Scored& scored, OutputBlock& block);
  void encode_labels(const ReadBatch& batch, OutputBlock& block);
  void release(const Scored& scored);
  void fail(CommitStatus status, const std::string& why);

  const PipelineOptions options;
  Engine& engine;
  Committer& committer;
  const BlockEncoder encoder;
  std::vector<std::unique_ptr<BatchReader>> readers;  // the last reads the labels, if there are any
  std::size_t turn = 0;

  std::array<Results, kResultSlots> slots;
  SpscRing<Results*> free_slots{kResultSlots};    // commit thread -> engine thread
  SpscRing<Scored> scored_batches{kResultSlots};  // engine thread -> commit thread
  Results* slot_in_hand = nullptr;
  Parker engine_parker;
  Parker commit_parker;
  std::atomic<bool> engine_stop{false};
  std::atomic<bool> commit_stop{false};
  std::atomic<std::uint64_t> batches{0};

  std::int64_t next_counters_ms = 0;
  mutable std::mutex counters_mutex;
  EngineCounters counters;  // the engine's, a moment ago

  std::atomic<bool> has_failed{false};
  mutable std::mutex failure_mutex;
  PipelineFailure first_failure;
  std::thread engine_thread;
  std::thread commit_thread;
};

// ---- the path of a batch, on one page ---------------------------------------------------------

// One turn of the engine thread. true: did something.
bool Pipeline::Impl::step_engine() {
  if (slot_in_hand == nullptr && !free_slots.try_pop(slot_in_hand)) return false;
  ReadBatch* batch = next_batch();
  if (batch == nullptr) return false;
  slot_in_hand->size = 0;
  if (!batch->labels.empty()) {
    apply_labels(*batch);
  } else if (batch->transactions.size() != 0) {
    engine.process(batch->transactions.view(), *slot_in_hand);
  }
  WARPSCORE_CHECK(scored_batches.try_push({batch, slot_in_hand}));  // as many places as slots
  slot_in_hand = nullptr;
  batches.fetch_add(1, std::memory_order_relaxed);
  commit_parker.wake();
  return true;
}

// One turn of the commit thread. true: did something.
bool Pipeline::Impl::step_commit() {
  CommitStatus status = CommitStatus::kOk;
  Scored scored;
  const bool got = scored_batches.try_pop(scored);
  if (got) {
    std::unique_ptr<OutputBlock> block = committer.take_block();
    encode(scored, *block);
    release(scored);
    status = committer.add(std::move(block));
  }
  if (status == CommitStatus::kOk) status = committer.step();
  if (status != CommitStatus::kOk) fail(status, committer.why());
  return got;
}

// -----------------------------------------------------------------------------------------------

ReadBatch* Pipeline::Impl::next_batch() {
  for (std::size_t i = 0; i < readers.size(); ++i) {
    turn = turn + 1 < readers.size() ? turn + 1 : 0;
    if (ReadBatch* batch = readers[turn]->next()) return batch;
  }
  return nullptr;
}

// A label that finds no transaction becomes a dead letter; it is marked here for the encoder.
void Pipeline::Impl::apply_labels(ReadBatch& batch) {
  for (ReadLabel& label : batch.labels) {
    if (label.rejected) continue;
    const Label given{label.label.id_hash, label.label.time_ms, label.label.keys.data(),
                      label.label.fraud};
    if (engine.apply_label(given)) continue;
    label.rejected = true;
    label.reject.reason = RejectReason::kLabelUnmatched;
    label.reject.detail = "no transaction with this id, time and keys is held";
  }
}

void Pipeline::Impl::encode(const Scored& scored, OutputBlock& block) {
  const ReadBatch& batch = *scored.batch;
  block.ranges = batch.ranges;
  if (!batch.labels.empty()) {
    encode_labels(batch, block);
    return;
  }
  encoder.encode(batch.transactions, *scored.results, block);
  for (std::uint32_t row = 0; row < batch.transactions.size(); row += kLatencySampleEvery)
    if (const std::int64_t timestamp = batch.transactions.timestamp_ms(row); timestamp >= 0)
      block.timestamps_ms.push_back(timestamp);
}

void Pipeline::Impl::encode_labels(const ReadBatch& batch, OutputBlock& block) {
  for (const ReadLabel& label : batch.labels)
    if (label.rejected)
      encoder.encode_dead_letter({label.reject.reason, label.reject.detail, options.labels_topic,
                                  label.source, label.timestamp_ms, label.key, label.value},
                                 block);
}

void Pipeline::Impl::release(const Scored& scored) {
  readers[scored.batch->reader]->give_back(scored.batch);
  WARPSCORE_CHECK(free_slots.try_push(scored.results));
  engine_parker.wake();
}

void Pipeline::Impl::fail(CommitStatus status, const std::string& why) {
  const std::lock_guard lock(failure_mutex);
  if (has_failed.load(std::memory_order_relaxed)) return;
  first_failure = {status, why};
  has_failed.store(true, std::memory_order_release);
}

void Pipeline::Impl::run_engine() {
  while (!has_failed.load(std::memory_order_acquire)) {
    const bool last_turn = engine_stop.load(std::memory_order_acquire);
    if (const std::int64_t now = steady_ms(); now >= next_counters_ms) {
      next_counters_ms = now + kCountersMs;
      const std::lock_guard lock(counters_mutex);
      counters = engine.counters();
    }
    if (step_engine()) continue;
    for (const auto& reader : readers)
      if (reader->failed()) fail(CommitStatus::kFailed, reader->why());
    // Batches that wait for a slot are still to be scored.
    if (last_turn && slot_in_hand != nullptr) return;
    engine_parker.park_for(kIdleWait);
  }
}

void Pipeline::Impl::run_commit() {
  while (!has_failed.load(std::memory_order_acquire)) {
    const bool last_turn = commit_stop.load(std::memory_order_acquire);
    if (step_commit()) continue;
    if (last_turn) break;
    commit_parker.park_for(std::chrono::milliseconds(committer.due_in_ms(kIdleWait.count())));
  }
  if (has_failed.load(std::memory_order_acquire)) return;
  const CommitStatus status = committer.finish();
  if (status != CommitStatus::kOk) fail(status, committer.why());
}

Pipeline::Pipeline(PipelineOptions options, const Plan& plan, Engine& engine, Committer& committer)
    : impl_(std::make_unique<Impl>(std::move(options), plan, engine, committer)) {
  const PipelineOptions& settled = impl_->options;
  const bool labels = !settled.labels_topic.empty();
  for (std::uint32_t number = 0; number < settled.readers + (labels ? 1 : 0); ++number) {
    ReaderOptions reader;
    reader.settings = settled.settings;
    const bool of_labels = number == settled.readers;
    reader.topic = of_labels ? settled.labels_topic : settled.input_topic;
    reader.kind = of_labels ? InputTopic::kLabels : InputTopic::kTransactions;
    reader.number = number;
    reader.batches = kBatchesPerReader;
    reader.batch_max = settled.batch_max;
    impl_->readers.push_back(std::make_unique<BatchReader>(
        reader, plan.schema(), plan.dictionary(), settled.decode, engine.batch_memory(),
        [parker = &impl_->engine_parker] { parker->wake(); }));
  }
}

Pipeline::~Pipeline() {
  for (const auto& reader : impl_->readers) reader->stop();
  impl_->fail(CommitStatus::kStopped, "the pipeline is being taken down");
  impl_->engine_parker.wake();
  impl_->commit_parker.wake();
  if (impl_->engine_thread.joinable()) impl_->engine_thread.join();
  if (impl_->commit_thread.joinable()) impl_->commit_thread.join();
}

void Pipeline::start(const std::vector<InputPosition>& positions) {
  Impl& impl = *impl_;
  const auto position_of = [&](InputTopic topic, std::int32_t partition) {
    for (const InputPosition& known : positions)
      if (known.topic == topic && known.partition == partition) return known.next;
    return kOffsetBeginning;
  };
  std::vector<std::vector<ReaderPosition>> shares(impl.readers.size());
  for (const std::int32_t partition : impl.options.input_partitions)
    shares[static_cast<std::uint32_t>(partition) % impl.options.readers].push_back(
        {partition, position_of(InputTopic::kTransactions, partition)});
  for (std::int32_t partition = 0; partition < impl.options.labels_partitions; ++partition)
    shares.back().push_back({partition, position_of(InputTopic::kLabels, partition)});
  for (std::size_t i = 0; i < shares.size(); ++i) impl.readers[i]->start(shares[i]);
  impl.engine_thread = std::thread([&impl] { impl.run_engine(); });
  impl.commit_thread = std::thread([&impl] { impl.run_commit(); });
}

void Pipeline::add_partition(InputTopic topic, std::int32_t partition) {
  const std::size_t reader = topic == InputTopic::kLabels
                                 ? impl_->readers.size() - 1
                                 : static_cast<std::uint32_t>(partition) % impl_->options.readers;
  impl_->readers[reader]->add_partition(partition);
}

void Pipeline::drain() {
  for (const auto& reader : impl_->readers) reader->stop();
  impl_->engine_stop.store(true, std::memory_order_release);
  impl_->engine_parker.wake();
  impl_->engine_thread.join();
  impl_->commit_stop.store(true, std::memory_order_release);
  impl_->commit_parker.wake();
  impl_->commit_thread.join();
}

bool Pipeline::failed() const noexcept { return impl_->has_failed.load(std::memory_order_acquire); }

PipelineFailure Pipeline::failure() const {
  const std::lock_guard lock(impl_->failure_mutex);
  return impl_->first_failure;
}

std::uint64_t Pipeline::messages_read() const {
  std::uint64_t sum = 0;
  for (const auto& reader : impl_->readers) sum += reader->messages();
  return sum;
}

std::uint64_t Pipeline::messages_waiting() const {
  std::uint64_t sum = 0;
  for (const auto& reader : impl_->readers) sum += reader->waiting();
  return sum;
}

std::uint64_t Pipeline::batches() const { return impl_->batches.load(std::memory_order_relaxed); }

EngineCounters Pipeline::engine_counters() const {
  const std::lock_guard lock(impl_->counters_mutex);
  return impl_->counters;
}

}  // namespace warpscore
