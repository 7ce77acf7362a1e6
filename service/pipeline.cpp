#include "service/pipeline.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <thread>
#include <utility>

#include "base/check.h"
#include "base/log.h"
#include "base/parker.h"
#include "base/ring.h"
#include "service/label_batch.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kBatchesPerReader = 12;
constexpr std::uint32_t kScoredMax = 4;  // batches scored and not yet encoded
constexpr auto kIdleWait = std::chrono::milliseconds(50);
constexpr std::uint32_t kLatencySampleEvery = 16;
constexpr std::int64_t kCountersMs = 500;

// A device wakes nobody: what is in flight is asked for, at first at once, then with a rest.
constexpr std::uint32_t kEagerPolls = 200;
constexpr auto kPollRest = std::chrono::microseconds(20);

// A batch on its way from the engine to the commit thread, and what the engine says about it.
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
        encoder(shape_of(plan), options.block),
        slots(engine.in_flight_max() + kScoredMax),
        free_slots(slots.size()),
        in_flight(engine.in_flight_max()),
        scored_batches(slots.size()) {
    for (Results& slot : slots) {
      engine.prepare(slot);
      WARPSCORE_CHECK(free_slots.try_push(&slot));
    }
  }

  bool step_engine();
  bool step_commit();
  void run_engine();
  void run_commit();
  bool submit_next();
  bool finish_oldest(bool wait);
  void finish_all();
  void hand_over(const Scored& scored);
  void rest_engine();
  [[nodiscard]] ReadBatch* next_batch();
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

  std::vector<Results> slots;
  SpscRing<Results*> free_slots;    // commit thread -> engine thread
  SpscRing<Scored> in_flight;       // submitted; the engine thread's own
  SpscRing<Scored> scored_batches;  // engine thread -> commit thread
  Results* slot_in_hand = nullptr;
  LabelBatch label_batch;
  std::uint32_t polls = 0;  // of what is in flight, since something was done
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

// One turn of the engine thread. true: did something. What is finished is handed over before more
// is begun, so that it waits for nothing.
bool Pipeline::Impl::step_engine() {
  const bool finished = engine.in_flight() != 0 && finish_oldest(false);
  return submit_next() || finished;
}

bool Pipeline::Impl::submit_next() {
  if (engine.in_flight() == engine.in_flight_max()) return false;
  if (slot_in_hand == nullptr && !free_slots.try_pop(slot_in_hand)) return false;
  ReadBatch* batch = next_batch();
  if (batch == nullptr) return false;
  const Scored next{batch, std::exchange(slot_in_hand, nullptr)};
  next.results->size = 0;
  if (batch->labels.empty() && batch->transactions.size() != 0) {
    engine.submit(batch->transactions.view(), *next.results);
    WARPSCORE_CHECK(in_flight.try_push(next));
    return true;
  }
  finish_all();  // batches leave in the order in which they were applied
  label_batch.apply(*batch, engine);
  hand_over(next);
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

bool Pipeline::Impl::finish_oldest(bool wait) {
  if (!engine.finish_oldest(wait)) return false;
  Scored oldest;
  WARPSCORE_CHECK(in_flight.try_pop(oldest));
  hand_over(oldest);
  return true;
}

void Pipeline::Impl::finish_all() {
  while (engine.in_flight() != 0) finish_oldest(true);
}

void Pipeline::Impl::hand_over(const Scored& scored) {
  WARPSCORE_CHECK(scored_batches.try_push(scored));  // as many places as slots
  batches.fetch_add(1, std::memory_order_relaxed);
  commit_parker.wake();
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
    if (step_engine()) {
      polls = 0;
      continue;
    }
    for (const auto& reader : readers)
      if (reader->failed()) fail(CommitStatus::kFailed, reader->why());
    // Batches that wait for a slot are still to be scored.
    if (last_turn && slot_in_hand != nullptr && engine.in_flight() == 0) return;
    rest_engine();
  }
  finish_all();  // the device is to let go of batches that are about to end
}

// A new batch, or a slot, ends a rest early.
void Pipeline::Impl::rest_engine() {
  if (engine.in_flight() == 0) {
    engine_parker.park_for(kIdleWait);
  } else if (++polls <= kEagerPolls) {
    std::this_thread::yield();
  } else {
    engine_parker.park_for(kPollRest);
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
