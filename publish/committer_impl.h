// The inside of the committer, shared by committer.cpp (all goes well) and committer_recovery.cpp
// (an answer was lost).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "publish/committer.h"
#include "publish/transaction_ender.h"
#include "publish/transaction_producer.h"

namespace warpscore {

// A transaction past one of these is ended before its time: what it needs in memory, in
// librdkafka's queue and in the manifest stays bounded.
inline constexpr std::size_t kTransactionBytesMax = 64u << 20;
inline constexpr std::size_t kTransactionRecordsMax = 400'000;
inline constexpr std::size_t kTransactionRangesMax = 20'000;

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

  std::size_t turn = 0;  // the producer of `current`; that of `ending` is the other
  Transaction current;   // being written
  Transaction ending;    // sealed and handed to the ender
  ChainEnd sealed;       // the chain with `ending`, as the next manifest continues it
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

}  // namespace warpscore
