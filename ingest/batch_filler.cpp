#include "ingest/batch_filler.h"

#include "base/check.h"

namespace warpscore {

BatchFiller::BatchFiller(InputTopic kind, std::string topic, const Schema& schema,
                         Dictionary& dictionary, const DecodeOptions& decode)
    : kind_(kind), topic_(std::move(topic)), limiter_(5'000) {
  if (kind == InputTopic::kLabels) {
    label_decoder_ = std::make_unique<LabelDecoder>(schema);
  } else {
    decoder_ = std::make_unique<JsonDecoder>(schema, dictionary, decode);
  }
}

void BatchFiller::begin(ReadBatch* batch) {
  WARPSCORE_CHECK(batch_ == nullptr && batch != nullptr);
  batch_ = batch;
  if (!held_) return;
  Held held = std::move(*held_);
  held_.reset();
  held.message.key = held.key;
  held.message.value = held.value;
  WARPSCORE_CHECK(append(*held.partition, held.message));  // an empty batch has room for any
}

ReadBatch* BatchFiller::end() {
  ReadBatch* batch = batch_;
  batch_ = nullptr;
  return batch;
}

bool BatchFiller::full() const {
  if (batch_ == nullptr || held_) return true;
  return rows() + batch_->transactions.rejects().size() >= batch_->transactions.capacity();
}

std::uint32_t BatchFiller::rows() const {
  if (batch_ == nullptr) return 0;
  return batch_->transactions.size() + static_cast<std::uint32_t>(batch_->labels.size());
}

void BatchFiller::turn(Partition& partition, std::uint32_t messages_max) {
  partition_ = &partition;
  turn_left_ = messages_max;
}

bool BatchFiller::message(const KafkaMessage& message) {
  ++messages_;
  --turn_left_;
  if (full() || !append(*partition_, message)) {
    held_ = Held{partition_, message, std::string(message.key), std::string(message.value)};
    return false;
  }
  return turn_left_ != 0 && !full();
}

// false: no room for it.
bool BatchFiller::append(Partition& partition, const KafkaMessage& message) {
  const RawTransaction raw{
      message.key, message.value, {message.partition, message.offset}, message.timestamp_ms};
  Batch& rows = batch_->transactions;
  if (kind_ == InputTopic::kTransactions && !rows.has_room(text_room(raw))) return false;
  InputRange range;
  range.topic = kind_;
  range.partition = partition.partition;
  range.first = partition.next < 0 ? message.offset : partition.next;
  range.end = message.offset + 1;
  if (kind_ == InputTopic::kLabels) {
    append_label(raw, range);
  } else if (decoder_->decode(raw, rows)) {
    range.applied = 1;
  } else {
    range.rejected = 1;
  }
  rejected_ += range.rejected;
  partition.next = range.end;
  append_range(batch_->ranges, range);
  return true;
}

void BatchFiller::append_label(const RawTransaction& raw, InputRange& range) {
  ReadLabel& label = batch_->labels.emplace_back();
  label.source = raw.source;
  label.timestamp_ms = raw.timestamp_ms;
  label.key = raw.key;
  label.value = raw.value;
  label.rejected = !label_decoder_->decode(raw, label.label, label.reject);
  ++(label.rejected ? range.rejected : range.applied);
}

void BatchFiller::end_of_partition(std::int64_t offset) {
  if (batch_ == nullptr || held_) return;
  Partition& partition = *partition_;
  if (offset <= partition.next) return;
  InputRange range;
  range.topic = kind_;
  range.partition = partition.partition;
  range.first = partition.next < 0 ? offset : partition.next;
  range.end = offset;
  partition.next = offset;
  append_range(batch_->ranges, range);
}

void BatchFiller::failed(const std::string& text, bool lasting) {
  if (lasting) {
    why_failed_ = text;
  } else if (limiter_.allow()) {
    log_warn("reading is disturbed, and goes on by itself", {{"because", text}});
  }
}

}  // namespace warpscore
