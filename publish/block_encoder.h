// A batch and what the engine said about it -> the records to write.
//
// Order   scores in the order applied, each followed by its alerts; then the dead letters. Records
// of
//         one key stay in this order in their topic's partition.
// Thread  const; any.
#pragma once

#include <string>

#include "base/batch.h"
#include "publish/encode.h"
#include "publish/output_block.h"
#include "scoring/results.h"

namespace warpscore {

struct BlockOptions {
  ScoreOptions score;
  bool dead_letter_payload = true;
  std::string input_topic;  // where dead letters say they come from
};

class BlockEncoder {
 public:
  BlockEncoder(OutputShape shape, BlockOptions options);

  // A refused transaction (Results::refused) gets no score but a dead letter.
  void encode(const Batch& batch, const Results& results, OutputBlock& block) const;
  void encode_dead_letter(const DeadLetter& letter, OutputBlock& block) const;

 private:
  void encode_refused(const Batch& batch, std::uint32_t row, OutputBlock& block) const;
  void encode_alerts(const Batch& batch, const Results& results, std::uint32_t row,
                     OutputBlock& block) const;

  const JsonEncoder encoder_;
  const BlockOptions options_;
};

}  // namespace warpscore
