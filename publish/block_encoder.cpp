#include "publish/block_encoder.h"

namespace warpscore {
namespace {

// A record under construction: its key is written first, its value from then on until done().
class RecordBuilder {
 public:
  RecordBuilder(OutputBlock& block, Output output, std::int32_t partition, std::string_view key)
      : block_(block) {
    record_.output = output;
    record_.source_partition = partition;
    record_.key_offset = place();
    record_.key_size = static_cast<std::uint32_t>(key.size());
    block_.bytes += key;
    record_.value_offset = place();
  }
  void done() {
    record_.value_size = place() - record_.value_offset;
    block_.records.push_back(record_);
  }

 private:
  [[nodiscard]] std::uint32_t place() const {
    return static_cast<std::uint32_t>(block_.bytes.size());
  }

  OutputBlock& block_;
  OutputRecord record_;
};

}  // namespace

BlockEncoder::BlockEncoder(OutputShape shape, BlockOptions options)
    : encoder_(std::move(shape)), options_(std::move(options)) {}

void BlockEncoder::encode(const Batch& batch, const Results& results, OutputBlock& block) const {
  for (std::uint32_t row = 0; row < results.size; ++row) {
    if (results.refused != nullptr && results.refused[row] != 0) {
      encode_refused(batch, row, block);
      continue;
    }
    RecordBuilder record(block, Output::kScores, batch.source(row).partition, batch.key(row));
    encoder_.append_score(block.bytes, batch, results, row, options_.score);
    record.done();
    encode_alerts(batch, results, row, block);
  }
  for (const Reject& reject : batch.rejects())
    encode_dead_letter({reject.reason, reject.detail, options_.input_topic, reject.source,
                        reject.timestamp_ms, batch.text(reject.key), batch.text(reject.value)},
                       block);
}

void BlockEncoder::encode_alerts(const Batch& batch, const Results& results, std::uint32_t row,
                                 OutputBlock& block) const {
  std::uint64_t any = 0;
  for (const std::uint64_t* fired : results.fired) any |= fired[row];
  if (any == 0) return;
  const std::vector<Alert>& alerts = encoder_.shape().alerts;
  for (std::uint32_t alert = 0; alert < alerts.size(); ++alert) {
    if (alerts[alert].shadow || !results.alert_fired(alert, row)) continue;
    RecordBuilder record(block, Output::kAlerts, batch.source(row).partition, batch.key(row));
    encoder_.append_alert(block.bytes, batch, results, row, alert, options_.score);
    record.done();
  }
}

void BlockEncoder::encode_refused(const Batch& batch, std::uint32_t row, OutputBlock& block) const {
  encode_dead_letter({RejectReason::kTableFull,
                      "a key of it is new and the key table is full: raise the limits in [state]",
                      options_.input_topic, batch.source(row), batch.timestamp_ms(row),
                      batch.key(row), batch.value(row)},
                     block);
}

void BlockEncoder::encode_dead_letter(const DeadLetter& letter, OutputBlock& block) const {
  RecordBuilder record(block, Output::kDeadLetters, letter.source.partition, letter.key);
  append_dead_letter_json(block.bytes, letter, options_.dead_letter_payload);
  record.done();
}

}  // namespace warpscore
