#include "publish/committer.h"

#include <algorithm>
#include <array>
#include <deque>
#include <random>

#include "base/check.h"
#include "base/log.h"
#include "publish/transaction_ender.h"
#include "publish/transaction_producer.h"

namespace warpscore {
namespace {

// A transaction past one of these is ended before its time: what it needs in memory, in librdkafka's
// queue and in the manifest stays bounded.
constexpr std::size_t kTransactionBytesMax = 64u << 20;
constexpr std::size_t kTransactionRecordsMax = 400'000;
constexpr std::size_t kTransactionRangesMax = 20'000;

constexpr int kOpenTryMs = 2'000;
constexpr int kFlushTryMs = 100;
constexpr std::int64_t kClaimWaitMs = 3'000;
// Commits between two looks at where the changelog ends, so that a recovery reads little of it.
constexpr std::uint64_t kChangelogLookEvery = 1'000;
constexpr int kRebuildsInARowMax = 100;

struct Transaction {
  std::vector<std::unique_ptr<OutputBlock>> blocks;
  std::array<std::uint64_t, kOutputs> written{};
  std::vector<InputRange> ranges;
  std::size_t bytes = 0;
  std::size_t records = 0;
  std::size_t sent_blocks = 0;  // of `blocks`, by the producer of now
  std::uint64_t sequence = 0;
  std::string manifest;  // "" until it is sealed: nothing is added afterwards
  std::vector<InputPosition> positions;
  bool begun = false;  // by the producer of now

  [[nodiscard]] bool empty() const { return blocks.empty() && manifest.empty(); }
  [[nodiscard]] bool full() const {
    return bytes >= kTransactionBytesMax || records >= kTransactionRecordsMax ||
           ranges.size() >= kTransactionRangesMax;
  }
};

Genesis draw_genesis() {
  std::random_device random;
  Genesis genesis;
  for (std::uint8_t& byte : genesis) byte = static_cast<std::uint8_t>(random());
  genesis[6] = static_cast<std::uint8_t>((genesis[6] & 0x0f) | 0x40);  // as RFC 9562 marks a random
  genesis[8] = static_cast<std::uint8_t>((genesis[8] & 0x3f) | 0x80);
  return genesis;
}

}  // namespace

struct Committer::Impl {
  Impl(CommitterOptions given, const std::atomic<bool>& stop_flag,
       std::function<void(const Committed&)> tell)
      : options(std::move(given)), stop(stop_flag), told(std::move(tell)) {
    // In the order of enum Output.
    const std::vector<std::string> topics = {options.scores_topic, options.alerts_topic,
                                             options.dead_letters_topic, options.changelog_topic};
    for (std::size_t i = 0; i < producers.size(); ++i)
      producers[i] = std::make_unique<TransactionProducer>(
          options.settings, options.name + "-" + std::to_string(i), topics);
  }

  CommitStatus open_producers(std::int64_t patience_ms);
  CommitStatus open_one(TransactionProducer& producer, std::int64_t deadline);
  TransactionStatus send(TransactionProducer& producer, Transaction& transaction);
  TransactionStatus send_record(TransactionProducer& producer, const OutputBlock& block,
                                const OutputRecord& record);
  TransactionStatus deliver(TransactionProducer& producer, Transaction& transaction);
  void seal(bool claim);
  CommitStatus end_current();
  CommitStatus settle_ending();
  void commit_known(Transaction& transaction);
  void tell_passed();
  void look_at_changelog();
  CommitStatus recover(TransactionStatus status, const std::string& reason);
  CommitStatus reconcile();
  TransactionStatus resend_ending();
  CommitStatus recover_current(TransactionStatus status);
  bool claimed_by_another();
  CommitStatus stop_with(CommitStatus status, const std::string& reason) {
    why = reason;
    return status;
  }

  const CommitterOptions options;
  const std::atomic<bool>& stop;
  const std::function<void(const Committed&)> told;
  std::array<std::unique_ptr<TransactionProducer>, 2> producers;
  TransactionEnder ender;

  std::size_t turn = 0;       // the producer of `current`; that of `ending` is the other
  Transaction current;        // being written
  Transaction ending;         // sealed and handed to the ender
  ChainEnd sealed;            // the chain with `ending`, as the next manifest continues it
  std::uint64_t committed_sequence = 0;
  bool anything_committed = false;
  std::vector<InputPosition> positions;  // with `current`
  bool passed = false;                   // `positions` went on without a message
  std::int64_t changelog_offset = kOffsetBeginning;
  std::int64_t next_commit_ms = 0;
  std::uint64_t commits = 0;
  int rebuilds_in_a_row = 0;
  std::vector<std::unique_ptr<OutputBlock>> spare;
  std::string why;
};

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
  TransactionStatus status =
      producer.produce(static_cast<std::size_t>(Output::kChangelog), kManifestPartition, {},
                       transaction.manifest);
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
    const CommitStatus settled = status == TransactionStatus::kOk ? settle_ending()
                                                                  : recover_current(status);
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

// Writing `current` failed. The one before may have ended well meanwhile.
CommitStatus Committer::Impl::recover_current(TransactionStatus status) {
  std::string reason = producers[turn]->why();
  if (ender.under_way()) {
    const TransactionStatus ended = ender.wait();
    if (ended == TransactionStatus::kOk) commit_known(ending);
    if (ended == TransactionStatus::kDemote) status = ended;
  }
  return recover(status, reason);
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

// ---- after a lost answer --------------------------------------------------------------------

// A fenced producer may also be one whose transaction the broker timed out: only a claim in the log
// tells that somebody else has taken over.
bool Committer::Impl::claimed_by_another() {
  const std::int64_t deadline = steady_ms() + kClaimWaitMs;
  do {
    bool foreign = false;
    try {
      read_changelog({options.settings, options.group, options.changelog_topic}, changelog_offset,
                     [&](std::string_view record) {
                       Manifest manifest;
                       std::string why_not;
                       foreign = !decode_manifest(record, manifest, why_not) ||
                                 manifest.genesis != sealed.genesis ||
                                 manifest.term > sealed.term;
                       return !foreign;
                     });
    } catch (const KafkaError& error) {
      log_warn("cannot read the changelog yet", {{"because", error.what()}});
    }
    if (foreign) return true;
    constexpr int kPauseMs = 200;
    producers[turn]->serve(kPauseMs);
  } while (steady_ms() < deadline && !stop.load(std::memory_order_relaxed));
  return false;
}

CommitStatus Committer::Impl::recover(TransactionStatus status, const std::string& reason) {
  if (status == TransactionStatus::kAgain)
    return stop_with(CommitStatus::kStopped, "asked to stop while Kafka did not answer");
  if (status == TransactionStatus::kDie) return stop_with(CommitStatus::kFailed, reason);
  for (std::string cause = reason;;) {
    if (++rebuilds_in_a_row > kRebuildsInARowMax) return stop_with(CommitStatus::kFailed, cause);
    log_warn("Kafka transaction in doubt: opening new producers and asking the changelog",
             {{"because", cause}, {"committed", committed_sequence}});
    if (status == TransactionStatus::kDemote && claimed_by_another())
      return stop_with(CommitStatus::kFenced, "another process runs with the name " +
                                                  options.name + ": its claim is in the changelog " +
                                                  options.changelog_topic);
    for (const auto& producer : producers) producer->close();
    constexpr std::int64_t kForEver = std::int64_t{1} << 40;
    const CommitStatus opened = open_producers(kForEver);
    if (opened != CommitStatus::kOk) return opened;
    try {
      const CommitStatus known = reconcile();
      if (known != CommitStatus::kOk) return known;
    } catch (const KafkaError& error) {
      cause = error.what();
      status = TransactionStatus::kRebuild;
      continue;
    }
    const TransactionStatus resent = resend_ending();
    if (resent == TransactionStatus::kOk) break;
    if (resent == TransactionStatus::kAgain)
      return stop_with(CommitStatus::kStopped, "asked to stop while Kafka did not answer");
    cause = producers[1 - turn]->why();
    status = resent;
  }
  if (!ending.empty()) commit_known(ending);
  log_info("Kafka transactions go on", {{"committed", committed_sequence}});
  // What was being written is written again when its time has come.
  return CommitStatus::kOk;
}

TransactionStatus Committer::Impl::resend_ending() {
  if (ending.empty()) return TransactionStatus::kOk;
  TransactionProducer& producer = *producers[1 - turn];
  const TransactionStatus delivered = deliver(producer, ending);
  return delivered == TransactionStatus::kOk ? producer.commit() : delivered;
}

// Reads what the log holds after what is known to be committed, and drops the transactions that
// turn out to be in it. Both producers have been initialised, so nothing can still be added to it.
CommitStatus Committer::Impl::reconcile() {
  bool foreign = false;
  std::vector<Transaction*> in_doubt;
  if (!ending.empty()) in_doubt.push_back(&ending);
  if (!current.manifest.empty()) in_doubt.push_back(&current);
  std::size_t found = 0;
  read_changelog({options.settings, options.group, options.changelog_topic}, changelog_offset,
                 [&](std::string_view record) {
                   Manifest manifest;
                   std::string why_not;
                   if (!decode_manifest(record, manifest, why_not) ||
                       manifest.genesis != sealed.genesis || manifest.term > sealed.term) {
                     foreign = true;
                   } else if (anything_committed && manifest.sequence <= committed_sequence) {
                     return true;
                   } else if (found < in_doubt.size() && in_doubt[found]->manifest == record) {
                     ++found;
                     return true;
                   } else {
                     foreign = true;
                   }
                   return !foreign;
                 });
  if (foreign)
    return stop_with(CommitStatus::kFenced,
                     "the changelog " + options.changelog_topic +
                         " holds manifests that this process did not write: another one runs with "
                         "the name " + options.name);
  for (std::size_t i = 0; i < found; ++i) commit_known(*in_doubt[i]);
  ending.begun = current.begun = false;
  ending.sent_blocks = current.sent_blocks = 0;
  return CommitStatus::kOk;
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
