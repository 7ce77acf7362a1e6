// Writes what was made of the input to Kafka so that all of it is seen, or none.
//
// Unit    one Kafka transaction: scores, alerts and dead letters of whole batches, and the manifest
//         that says which slices of the input they answer to. Input positions are nowhere else.
// Order   two producers take turns. Transaction n + 1 is written while n ends, and is itself ended
//         only after n was answered OK; it is written only after all of n has been delivered, so
//         that records of a key never overtake each other.
// Memory  the bytes of a transaction are kept until its end was answered: after a lost answer the
//         changelog tells whether they were committed, and if not they are sent again unchanged.
// Thread  one thread, and one inside that only waits for transactions to end.
// Errors  CommitStatus. kFenced and kFailed: stop the process; the state in memory is ahead of what
//         was committed.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/kafka.h"
#include "publish/changelog_reader.h"
#include "publish/manifest.h"
#include "publish/output_block.h"

namespace warpscore {

enum class [[nodiscard]] CommitStatus : std::uint8_t{
    kOk,
    kStopped,  // `stop` was set while Kafka did not answer
    kFenced,   // another process with this name runs
    kFailed,
};

struct CommitterOptions {
  KafkaSettings settings;
  std::string name;   // of the transactional ids: "<name>-0" and "<name>-1". This is the fence.
  std::string group;  // of the client that asks questions
  std::string scores_topic;
  std::string alerts_topic;
  std::string dead_letters_topic;
  std::string changelog_topic;
  std::string input_topic;
  std::string labels_topic;
  std::int64_t commit_ms = 50;
};

struct Committed {  // told after every commit, in order; and when control records were passed
  std::uint64_t sequence = 0;
  std::uint64_t scores = 0;
  std::uint64_t alerts = 0;
  std::uint64_t dead_letters = 0;
  const std::vector<InputPosition>* positions = nullptr;  // of all partitions, as of this commit
  const std::vector<std::unique_ptr<OutputBlock>>* blocks = nullptr;
};

class Committer {
 public:
  // `stop` ends the waiting for a Kafka that does not answer: set it when patience is at an end.
  // `told` is called on the thread that drives the committer.
  Committer(CommitterOptions options, const std::atomic<bool>& stop,
            std::function<void(const Committed&)> told);
  ~Committer();

  // Initialises both producers: every older process of this name is fenced, its open transaction
  // aborted. To be called before the changelog is read. Tries for at most `patience_ms`.
  CommitStatus open(std::int64_t patience_ms);
  // Where the chain stands and how far the input was read, and the offset after what of the
  // changelog was read; then writes the claim.
  CommitStatus begin(const ChainEnd& end, const std::vector<InputPosition>& positions,
                     std::int64_t changelog_offset);

  // An empty block, its capacity used before where possible.
  [[nodiscard]] std::unique_ptr<OutputBlock> take_block();
  CommitStatus add(std::unique_ptr<OutputBlock> block);
  CommitStatus step();    // commits when the interval is over; to be called often
  CommitStatus finish();  // commits what was added, and waits until that is answered
  // Milliseconds until step has something to do, at most `most`.
  [[nodiscard]] std::int64_t due_in_ms(std::int64_t most) const;
  [[nodiscard]] const std::string& why() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace warpscore
