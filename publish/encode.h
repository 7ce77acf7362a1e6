// Scores, alerts and dead letters as JSON: the bytes of the output topics (docs/formats.md).
//
// Order   members and features always stand in one order: equal input, equal bytes.
// Memory  every call appends to `out`; with enough capacity there nothing is allocated.
// Thread  const after construction; any number of threads.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/schema.h"
#include "publish/reason.h"
#include "publish/shape.h"
#include "scoring/results.h"

namespace warpscore {

struct ScoreOptions {
  bool include_features = false;
};

class JsonEncoder {
 public:
  // Throws ConfigError for a reason template that names something unknown.
  explicit JsonEncoder(OutputShape shape);

  void append_score(std::string& out, const Batch& batch, const Results& results, std::uint32_t row,
                    const ScoreOptions& options) const;
  // `alert`: number in the shape. REQUIRES that it fired for this row.
  void append_alert(std::string& out, const Batch& batch, const Results& results, std::uint32_t row,
                    std::uint32_t alert, const ScoreOptions& options) const;

  [[nodiscard]] const OutputShape& shape() const { return shape_; }

 private:
  void append_common(std::string& out, const Batch& batch, const Results& results,
                     std::uint32_t row, const ScoreOptions& options) const;
  void append_features(std::string& out, const Results& results, std::uint32_t row) const;
  void append_truncated(std::string& out, const Results& results, std::uint32_t row) const;
  void append_transaction(std::string& out, const Batch& batch, std::uint32_t row) const;

  OutputShape shape_;
  std::string model_json_;                  // "\"v3\"" or "null"
  std::vector<std::string> feature_names_;  // as JSON strings
  std::vector<std::string> field_names_;
  std::vector<std::string> alert_names_;
  std::vector<ReasonTemplate> reasons_;  // one per alert
};

struct DeadLetter {
  RejectReason reason{};
  std::string_view detail;  // a sentence
  std::string_view topic;   // of the source
  Source source;
  std::int64_t timestamp_ms = 0;
  std::string_view key;    // the original bytes
  std::string_view value;  // the original bytes
};

void append_dead_letter_json(std::string& out, const DeadLetter& letter, bool include_payload);

}  // namespace warpscore
