#include "publish/encode.h"

#include <cmath>

#include "base/check.h"
#include "publish/json_text.h"
#include "publish/key_text.h"
#include "publish/value_text.h"

namespace warpscore {
namespace {

void append_integer(std::string& out, std::int64_t value) {
  char buffer[kValueTextMax];
  out.append(buffer, static_cast<std::size_t>(write_integer(buffer, value) - buffer));
}

// JSON has neither NaN nor infinities: null.
void append_double(std::string& out, double value) {
  if (!std::isfinite(value)) {
    out += "null";
    return;
  }
  char buffer[kValueTextMax];
  out.append(buffer, static_cast<std::size_t>(write_double(buffer, value) - buffer));
}

void append_margin(std::string& out, double margin, bool is_float) {
  if (!is_float || !std::isfinite(margin)) return append_double(out, margin);
  char buffer[kValueTextMax];
  char* const end = write_float(buffer, static_cast<float>(margin));
  out.append(buffer, static_cast<std::size_t>(end - buffer));
}

// REQUIRES !is_missing and no key.
void append_lane(std::string& out, const Dictionary& dictionary, ColumnType type, Lane lane) {
  switch (type.type) {
    case LaneType::kBool:
      out += lane != 0 ? "true" : "false";
      return;
    case LaneType::kEnum:
      append_json_string(out, dictionary.text_of(lane));
      return;
    case LaneType::kDouble:
      append_double(out, double_of(lane));
      return;
    default: {
      char buffer[kValueTextMax];
      out.append(buffer, static_cast<std::size_t>(write_lane(buffer, type, lane) - buffer));
    }
  }
}

void append_source(std::string& out, std::string_view topic, const Source& source) {
  out += ",\"source\":{";
  if (!topic.empty()) {
    out += "\"topic\":";
    append_json_string(out, topic);
    out += ',';
  }
  out += "\"partition\":";
  append_integer(out, source.partition);
  out += ",\"offset\":";
  append_integer(out, source.offset);
  out += '}';
}

// "NAME":"text", or "NAME_base64":"..." where the bytes are no text.
void append_bytes(std::string& out, std::string_view name, std::string_view bytes) {
  const bool text = is_utf8(bytes);
  ((out += ",\"") += name) += text ? "\":" : "_base64\":\"";
  if (text) {
    append_json_string(out, bytes);
  } else {
    append_base64(out, bytes);
    out += '"';
  }
}

}  // namespace

JsonEncoder::JsonEncoder(OutputShape shape) : shape_(std::move(shape)) {
  model_json_ = shape_.has_model ? json_string(shape_.model_version) : "null";
  for (const FeatureColumn& feature : shape_.features) {
    WARPSCORE_CHECK(feature.type.type != LaneType::kKey);  // refused by scoring/plan
    feature_names_.push_back(json_string(feature.name));
  }
  for (const Field& field : shape_.schema->fields) field_names_.push_back(json_string(field.name));
  for (std::size_t i = 0; i < shape_.alerts.size(); ++i) {
    const Alert& alert = shape_.alerts[i];
    alert_names_.push_back(json_string(alert.name));
    const Place place{0, 0, "alerts[" + std::to_string(i) + "].reason"};
    reasons_.push_back(alert.reason.empty() ? ReasonTemplate::literal(alert.when)
                                            : ReasonTemplate(alert.reason, shape_, place));
  }
}

void JsonEncoder::append_score(std::string& out, const Batch& batch, const Results& results,
                               std::uint32_t row, const ScoreOptions& options) const {
  append_common(out, batch, results, row, options);
  out += '}';
}

void JsonEncoder::append_alert(std::string& out, const Batch& batch, const Results& results,
                               std::uint32_t row, std::uint32_t alert,
                               const ScoreOptions& options) const {
  append_common(out, batch, results, row, options);
  (out += ",\"rule\":") += alert_names_[alert];
  out += ",\"severity\":";
  append_json_string(out, shape_.alerts[alert].severity);
  out += ",\"reason\":";
  std::string reason;
  reasons_[alert].append(reason, shape_, batch, results, row);
  append_json_string(out, reason);
  char time[kValueTextMax];
  out += ",\"time\":\"";
  out.append(time, static_cast<std::size_t>(write_rfc3339(time, batch.time_ms(row)) - time));
  out += '"';
  append_transaction(out, batch, row);
  out += '}';
}

void JsonEncoder::append_common(std::string& out, const Batch& batch, const Results& results,
                                std::uint32_t row, const ScoreOptions& options) const {
  out += "{\"id\":";
  if (batch.id_quoted(row)) {
    append_json_string(out, batch.id(row));
  } else {
    out += batch.id(row);
  }
  out += ",\"score\":";
  append_double(out, results.score[row]);
  out += ",\"margin\":";
  append_margin(out, results.margin[row], shape_.margin_is_float);
  (out += ",\"model\":") += model_json_;
  out += ",\"rules\":[";
  bool first = true;
  for (std::uint32_t i = 0; i < shape_.alerts.size(); ++i) {
    if (shape_.alerts[i].shadow || !results.alert_fired(i, row)) continue;
    if (!first) out += ',';
    first = false;
    out += alert_names_[i];
  }
  out += ']';
  if (options.include_features) append_features(out, results, row);
  append_truncated(out, results, row);
  append_source(out, "", batch.source(row));
}

void JsonEncoder::append_features(std::string& out, const Results& results,
                                  std::uint32_t row) const {
  out += ",\"features\":{";
  bool first = true;
  for (std::size_t i = 0; i < shape_.features.size(); ++i) {
    const ColumnType type = shape_.features[i].type;
    const Lane lane = results.features[i][row];
    if (is_missing(type.type, lane)) continue;
    if (!first) out += ',';
    first = false;
    (out += feature_names_[i]) += ':';
    append_lane(out, *shape_.dictionary, type, lane);
  }
  out += '}';
}

void JsonEncoder::append_truncated(std::string& out, const Results& results,
                                   std::uint32_t row) const {
  if (!shape_.history_limited || results.truncated.empty()) return;
  bool first = true;
  for (std::uint32_t i = 0; i < shape_.features.size(); ++i) {
    if (!results.is_truncated(i, row)) continue;
    out += first ? ",\"truncated\":[" : ",";
    first = false;
    out += feature_names_[i];
  }
  if (!first) out += ']';
}

void JsonEncoder::append_transaction(std::string& out, const Batch& batch,
                                     std::uint32_t row) const {
  out += ",\"transaction\":{";
  bool first = true;
  for (std::uint32_t i = 0; i < field_names_.size(); ++i) {
    const Field& field = shape_.schema->fields[i];
    const Lane lane = batch.field(i, row);
    if (lane == kMissing) continue;  // no field is a double
    if (!first) out += ',';
    first = false;
    (out += field_names_[i]) += ':';
    if (field.type == FieldType::kKey) {
      std::string text;
      append_key_text(text, *shape_.schema, batch, i, row);
      append_json_string(out, text);
    } else {
      append_lane(out, *shape_.dictionary, field.column_type(), lane);
    }
  }
  out += '}';
}

void append_dead_letter_json(std::string& out, const DeadLetter& letter, bool include_payload) {
  out += "{\"reason\":";
  append_json_string(out, name_of(letter.reason));
  out += ",\"error\":";
  append_json_string(out, letter.detail);
  append_source(out, letter.topic, letter.source);
  out += ",\"timestamp\":";
  append_integer(out, letter.timestamp_ms);
  if (include_payload) {
    append_bytes(out, "key", letter.key);
    append_bytes(out, "value", letter.value);
  }
  out += '}';
}

}  // namespace warpscore
