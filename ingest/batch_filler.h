// Messages of a partition -> rows (or labels) of a batch, and the note of what they were.
//
// Shared by the reader threads and by restore, so that reading again decides as reading did.
// Thread  one.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/kafka.h"
#include "base/log.h"
#include "ingest/batch_pool.h"
#include "ingest/decode.h"

namespace warpscore {

class BatchFiller : public MessageSink {
 public:
  struct Partition {
    std::int32_t partition = 0;
    std::int64_t next = kOffsetBeginning;  // negative: not known before the first message
  };

  BatchFiller(InputTopic kind, std::string topic, const Schema& schema, Dictionary& dictionary,
              const DecodeOptions& decode);

  void begin(ReadBatch* batch);    // fills this one; a message that was held comes first
  [[nodiscard]] ReadBatch* end();  // hands it out
  [[nodiscard]] ReadBatch* batch() const { return batch_; }
  [[nodiscard]] bool full() const;  // no more messages until the next begin
  [[nodiscard]] bool empty() const { return batch_ == nullptr || batch_->ranges.empty(); }
  [[nodiscard]] std::uint32_t rows() const;

  // The messages of the next poll are of this partition, and at most so many.
  void turn(Partition& partition, std::uint32_t messages_max);
  [[nodiscard]] bool turn_used_up() const { return turn_left_ == 0; }

  bool message(const KafkaMessage& message) override;
  void end_of_partition(std::int64_t offset) override;
  void failed(const std::string& text, bool lasting) override;

  [[nodiscard]] const std::string& why_failed() const { return why_failed_; }
  [[nodiscard]] std::uint64_t messages() const { return messages_; }
  [[nodiscard]] std::uint64_t rejected() const { return rejected_; }

 private:
  struct Held {  // a message that did not fit any more, copied
    Partition* partition;
    KafkaMessage message;
    std::string key;
    std::string value;
  };

  bool append(Partition& partition, const KafkaMessage& message);
  void append_label(const RawTransaction& raw, InputRange& range);

  const InputTopic kind_;
  const std::string topic_;
  std::unique_ptr<JsonDecoder> decoder_;
  std::unique_ptr<LabelDecoder> label_decoder_;
  ReadBatch* batch_ = nullptr;
  Partition* partition_ = nullptr;
  std::uint32_t turn_left_ = 0;
  std::optional<Held> held_;
  std::uint64_t messages_ = 0;
  std::uint64_t rejected_ = 0;
  std::string why_failed_;
  LogLimiter limiter_;
};

}  // namespace warpscore
