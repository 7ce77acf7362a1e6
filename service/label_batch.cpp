#include "service/label_batch.h"

namespace warpscore {

void LabelBatch::apply(ReadBatch& batch, Engine& engine) {
  labels_.clear();
  sources_.clear();
  for (ReadLabel& label : batch.labels) {
    if (label.rejected) continue;
    labels_.push_back(
        {label.label.id_hash, label.label.time_ms, label.label.keys.data(), label.label.fraud});
    sources_.push_back(&label);
  }
  found_.assign(labels_.size(), 0);
  engine.apply_labels(labels_, found_.data());
  for (std::size_t i = 0; i < labels_.size(); ++i) {
    if (found_[i] != 0) continue;
    sources_[i]->rejected = true;
    sources_[i]->reject.reason = RejectReason::kLabelUnmatched;
    sources_[i]->reject.detail = "no transaction with this id, time and keys is held";
  }
}

}  // namespace warpscore
