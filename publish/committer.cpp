#include "publish/committer.h"

#include <algorithm>
#include <random>

#include "base/check.h"
#include "base/log.h"
#include "publish/committer_impl.h"

namespace warpscore {
namespace {

constexpr int kOpenTryMs = 2'000;
constexpr int kFlushTryMs = 100;
// Commits between two looks at where the changelog ends, so that a recovery reads little of it.
constexpr std::uint64_t kChangelogLookEvery = 1'000;

Genesis draw_genesis() {
  std::random_device random;
  Genesis genesis;
  for (std::uint8_t& byte : genesis) byte = static_cast<std::uint8_t>(random());
  genesis[6] = static_cast<std::uint8_t>((genesis[6] & 0x0f) | 0x40);  // as RFC 9562 marks a random
  genesis[8] = static_cast<std::uint8_t>((genesis[8] & 0x3f) | 0x80);
  return genesis;
}

}  // namespace

// ---- producers ------------------------------------------------------------------------------

CommitStatus Committer::Impl::open_one(TransactionProducer& producer, std::int64_t deadline) {
  LogLimiter limiter(5'000);
  for (;;) {
    const TransactionStatus status = producer.open(kOpenTryMs);
    if (status == TransactionStatus::kOk) return CommitStatus::kOk;
    if (status == TransactionStatus::kDie) return stop_with(CommitStatus::kFailed, producer.why());
    if (status != TransactionStatus::kAgain) producer.close();
    if (stop.load(std::memory_order_relaxed))
      return stop_with(CommitStatus::kStopped, producer.why());
    if (steady_ms() > deadline) return stop_with(CommitStatus::kFailed, producer.why());
    if (limiter.allow()) log_warn("waiting for Kafka", {{"because", producer.why()}});
  }
}

CommitStatus Committer::Impl::open_producers(std::int64_t patience_ms) {
  const std::int64_t deadline = steady_ms() + patience_ms;
  for (const auto& producer : producers) {
    const CommitStatus status = open_one(*producer, deadline);
    if (status != CommitStatus::kOk) return status;
  }
  return CommitStatus::kOk;
}

// ---- one transaction ------------------------------------------------------------------------

TransactionStatus Committer::Impl::send_record(TransactionProducer& producer,
                                               const OutputBlock& block,
                                               const OutputRecord& record) {
  const std::size_t topic = static_cast<std::size_t>(record.output);
  const std::string_view key = block.key(record);
  const std::int32_t partition =
      key.empty() ? record.source_partition % producer.partitions(topic) : kPartitionByKey;
  for (;;) {
    const TransactionStatus status = producer.produce(topic, partition, key, block.value(record));
    if (status != TransactionStatus::kAgain) return status;
    constexpr int kQueueFullWaitMs = 5;
    producer.serve(kQueueFullWaitMs);
    if (stop.load(std::memory_order_relaxed)) return TransactionStatus::kAgain;
  }
}

// Begins where needed and writes what has been added since.
TransactionStatus Committer::Impl::send(TransactionProducer& producer, Transaction& transaction) {
  if (!transaction.begun) {
    const TransactionStatus status = producer.begin();
    if (status != TransactionStatus::kOk) return status;
    transaction.begun = true;
  }
  for (; transaction.sent_blocks < transaction.blocks.size(); ++transaction.sent_blocks) {
    const OutputBlock& block = *transaction.blocks[transaction.sent_blocks];
    for (const OutputRecord& record : block.records) {
      const TransactionStatus status = send_record(producer, block, record);
      if (status != TransactionStatus::kOk) return status;
    }
  }
  return TransactionStatus::kOk;
}

// The manifest, and all of it at the broker. Whoever follows may be written only after this.
TransactionStatus Committer::Impl::deliver(TransactionProducer& producer,
                                           Transaction& transaction) {
  const TransactionStatus sent = send(producer, transaction);
  if (sent != TransactionStatus::kOk) return sent;
  constexpr std::int32_t kManifestPartition = 0;
  TransactionStatus status = producer.produce(static_cast<std::size_t>(Output::kChangelog),
                                              kManifestPartition, {}, transaction.manifest);
  while (status == TransactionStatus::kAgain && !stop.load(std::memory_order_relaxed)) {
    producer.serve(kFlushTryMs);
    status = producer.produce(static_cast<std::size_t>(Output::kChangelog), kManifestPartition, {},
                              transaction.manifest);
  }
  if (status != TransactionStatus::kOk) return status;
  // Ends by itself: what cannot be delivered times out with the transaction.
  do {
    status = producer.flush(kFlushTryMs);
  } while (status == TransactionStatus::kAgain && !stop.load(std::memory_order_relaxed));
  if (status == TransactionStatus::kAgain) {  // asked to stop: give the broker a last moment
    constexpr int kLastFlushMs = 3'000;
    status = producer.flush(kLastFlushMs);
  }
  return status;
}

void Committer::Impl::seal(bool claim) {
  Manifest manifest;
  manifest.claim = claim;
  manifest.genesis = sealed.genesis;
  manifest.term = sealed.term;
  manifest.sequence = sealed.begun ? sealed.sequence + 1 : 0;
  manifest.previous_hash = sealed.begun ? sealed.hash : 0;
  manifest.written_ms = wall_ms();
  manifest.input_topic = options.input_topic;
  manifest.labels_topic = options.labels_topic;
  manifest.scores = current.written[static_cast<std::size_t>(Output::kScores)];
  manifest.alerts = current.written[static_cast<std::size_t>(Output::kAlerts)];
  manifest.dead_letters = current.written[static_cast<std::size_t>(Output::kDeadLetters)];
  manifest.ranges = std::move(current.ranges);
  manifest.positions = positions;
  current.sequence = manifest.sequence;
  current.positions = positions;
  current.manifest = encode_manifest(manifest);
  WARPSCORE_CHECK(current.manifest.size() <= kManifestBytesMax);
  sealed.begun = true;
  sealed.sequence = manifest.sequence;
  sealed.hash = manifest_hash(current.manifest);
}

void Committer::Impl::commit_known(Transaction& transaction) {
  committed_sequence = transaction.sequence;
  anything_committed = true;
  rebuilds_in_a_row = 0;
  ++commits;
  told({transaction.sequence, transaction.written[0], transaction.written[1],
        transaction.written[2], &transaction.positions, &transaction.blocks});
  constexpr std::size_t kSpareMax = 32;
  for (auto& block : transaction.blocks) {
    if (spare.size() == kSpareMax) break;
    block->clear();
    spare.push_back(std::move(block));
  }
  transaction = {};
}

// Control records at the end of a partition need no commit, but lag tools want to know.
void Committer::Impl::tell_passed() {
  if (!passed) return;
  passed = false;
  const std::vector<std::unique_ptr<OutputBlock>> none;
  told({committed_sequence, 0, 0, 0, &positions, &none});
}

CommitStatus Committer::Impl::settle_ending() {
  if (!ender.under_way()) return CommitStatus::kOk;
  const TransactionStatus status = ender.wait();
  if (status != TransactionStatus::kOk) return recover(status, producers[1 - turn]->why());
  commit_known(ending);
  if (commits % kChangelogLookEvery == 0) look_at_changelog();
  return CommitStatus::kOk;
}

// Delivers `current`, sealed, and hands it to the ender once the one before has ended.
CommitStatus Committer::Impl::end_current() {
  next_commit_ms = steady_ms() + options.commit_ms;
  do {
    if (current.manifest.empty()) seal(false);
    const TransactionStatus status = deliver(*producers[turn], current);
    const CommitStatus settled =
        status == TransactionStatus::kOk ? settle_ending() : recover_current(status);
    if (settled != CommitStatus::kOk) return settled;
    // Recovering throws away what the producers were given: then it is delivered again.
  } while (!current.empty() && !current.begun);
  if (current.empty()) return CommitStatus::kOk;
  ending = std::move(current);
  current = {};
  ender.begin_end(*producers[turn]);
  turn = 1 - turn;
  return CommitStatus::kOk;
}

void Committer::Impl::look_at_changelog() {
  try {
    KafkaClient client(options.settings, options.group);
    constexpr int kAnswerMs = 1'000;
    // Not past the last stable offset: the transaction being written comes after it.
    changelog_offset = client.watermarks(options.changelog_topic, 0, kAnswerMs).high;
  } catch (const KafkaError&) {
    // Only how far back a recovery reads depends on it.
  }
}

// ---- the face ---------------------------------------------------------------------------------

Committer::Committer(CommitterOptions options, const std::atomic<bool>& stop,
                     std::function<void(const Committed&)> told)
    : impl_(std::make_unique<Impl>(std::move(options), stop, std::move(told))) {}

Committer::~Committer() = default;

CommitStatus Committer::open(std::int64_t patience_ms) {
  return impl_->open_producers(patience_ms);
}

CommitStatus Committer::begin(const ChainEnd& end, const std::vector<InputPosition>& positions,
                              std::int64_t changelog_offset) {
  Impl& impl = *impl_;
  impl.sealed = end;
  if (!end.begun) impl.sealed.genesis = draw_genesis();
  impl.sealed.term = end.begun ? end.term + 1 : 1;
  impl.committed_sequence = end.sequence;
  impl.anything_committed = end.begun;
  impl.positions = positions;
  impl.changelog_offset = changelog_offset;
  constexpr bool kClaim = true;
  impl.seal(kClaim);
  const CommitStatus status = impl.end_current();
  return status == CommitStatus::kOk ? impl.settle_ending() : status;
}

std::unique_ptr<OutputBlock> Committer::take_block() {
  if (impl_->spare.empty()) return std::make_unique<OutputBlock>();
  std::unique_ptr<OutputBlock> block = std::move(impl_->spare.back());
  impl_->spare.pop_back();
  return block;
}

CommitStatus Committer::add(std::unique_ptr<OutputBlock> block) {
  Impl& impl = *impl_;
  Transaction& current = impl.current;
  WARPSCORE_CHECK(current.manifest.empty());
  for (const InputRange& range : block->ranges) {
    append_range(current.ranges, range);
    set_position(impl.positions, {range.topic, range.partition, range.end});
  }
  if (!block->has_messages()) {
    impl.passed = true;
    impl.spare.push_back(std::move(block));
    impl.spare.back()->clear();
    return CommitStatus::kOk;
  }
  for (const OutputRecord& record : block->records)
    ++current.written[static_cast<std::size_t>(record.output)];
  current.bytes += block->bytes.size();
  current.records += block->records.size();
  current.blocks.push_back(std::move(block));
  const TransactionStatus status = impl.send(*impl.producers[impl.turn], current);
  if (status == TransactionStatus::kOk)
    return current.full() ? impl.end_current() : CommitStatus::kOk;
  return impl.recover_current(status);
}

CommitStatus Committer::step() {
  Impl& impl = *impl_;
  if (impl.ender.under_way()) {
    if (!impl.ender.answered()) return CommitStatus::kOk;  // the next one goes on growing
    const CommitStatus status = impl.settle_ending();
    if (status != CommitStatus::kOk) return status;
  }
  if (impl.current.empty()) {
    impl.tell_passed();
    return CommitStatus::kOk;
  }
  if (steady_ms() < impl.next_commit_ms) return CommitStatus::kOk;
  return impl.end_current();
}

CommitStatus Committer::finish() {
  Impl& impl = *impl_;
  while (!impl.current.empty() || impl.ender.under_way()) {
    CommitStatus status = CommitStatus::kOk;
    if (!impl.current.empty()) status = impl.end_current();
    if (status == CommitStatus::kOk) status = impl.settle_ending();
    if (status != CommitStatus::kOk) return status;
  }
  return CommitStatus::kOk;
}

std::int64_t Committer::due_in_ms(std::int64_t most) const {
  if (impl_->ender.under_way()) most = std::min<std::int64_t>(most, 2);
  if (impl_->current.empty()) return most;
  return std::clamp<std::int64_t>(impl_->next_commit_ms - steady_ms(), 0, most);
}

const std::string& Committer::why() const { return impl_->why; }

}  // namespace warpscore
