#include "base/log.h"
#include "publish/committer_impl.h"

namespace warpscore {
namespace {

constexpr std::int64_t kClaimWaitMs = 3'000;
constexpr int kRebuildsInARowMax = 100;

}  // namespace

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
                                 manifest.genesis != sealed.genesis || manifest.term > sealed.term;
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
      return stop_with(CommitStatus::kFenced, "another process runs with the name " + options.name +
                                                  ": its claim is in the changelog " +
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
                         "the name " +
                         options.name);
  log_info("the changelog was read", {{"in_doubt", in_doubt.size()}, {"found", found}});
  for (std::size_t i = 0; i < found; ++i) commit_known(*in_doubt[i]);
  ending.begun = current.begun = false;
  ending.sent_blocks = current.sent_blocks = 0;
  return CommitStatus::kOk;
}

}  // namespace warpscore
