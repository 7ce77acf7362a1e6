#include <simdjson.h>

#include "base/check.h"
#include "ingest/decode.h"
#include "ingest/json_members.h"
#include "ingest/row_builder.h"
#include "ingest/timestamp.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace warpscore {

JsonDecoder::JsonDecoder(const Schema& schema, Dictionary& dictionary, const DecodeOptions& options)
    : rows_(std::make_unique<RowBuilder>(schema, dictionary, options)),
      members_(std::make_unique<JsonMembers>(rows_->members())) {}

JsonDecoder::~JsonDecoder() = default;

bool JsonDecoder::decode(const RawTransaction& raw, Batch& batch) {
  if (!rows_->keep(raw, batch)) return false;
  if (!members_->parse(rows_->value(batch))) {
    rows_->reject(raw, members_->reason(), members_->detail(), batch);
    return false;
  }
  return rows_->build(raw, members_->tokens(), batch);
}

namespace {

// The members of a label, in this order: id, time, value, then the key fields.
enum LabelMember : std::uint32_t { kLabelId, kLabelTime, kLabelValue, kLabelKeys };

}  // namespace

LabelDecoder::LabelDecoder(const Schema& schema) : schema_(schema) {
  WARPSCORE_CHECK(schema.labels && !schema.labels->topic.empty());
  MemberNames names;
  names_.push_back(names.add(schema.labels->id));
  names_.push_back(names.add(schema.time_source));
  names_.push_back(names.add(schema.labels->value));
  for (const Field& field : schema.fields) {
    if (field.type == FieldType::kKey) names_.push_back(names.add(field.source));
  }
  members_ = std::make_unique<JsonMembers>(names);
}

LabelDecoder::~LabelDecoder() = default;

bool LabelDecoder::decode(const RawTransaction& raw, DecodedLabel& label, Reject& reject) {
  const auto refuse = [&](RejectReason reason, std::string detail) {
    reject = {reason, raw.source, raw.timestamp_ms, {}, {}, std::move(detail)};
    return false;
  };
  if (raw.value.size() > kValueBytesMax) {
    return refuse(RejectReason::kTooLong, "the label is longer than 64 KiB");
  }
  if (!members_->parse(raw.value)) return refuse(members_->reason(), members_->detail());
  const auto token = [&](std::uint32_t member) -> const Token& {
    return members_->tokens()[names_[member]];
  };
  const auto missing = [&](const std::string& name) {
    return refuse(RejectReason::kMissingField, "the label's \"" + name + "\" is missing");
  };
  const auto is_text = [](const Token& t) {
    return t.kind == TokenKind::kText || t.kind == TokenKind::kNumber;
  };

  const Token& id = token(kLabelId);
  if (id.missing()) return missing(schema_.labels->id);
  if (!is_text(id)) {
    return refuse(RejectReason::kWrongType,
                  "the label's \"" + schema_.labels->id + "\" is neither a string nor a number");
  }
  label.id_hash = XXH3_64bits(id.data, id.size);

  const Token& time = token(kLabelTime);
  if (time.missing()) return missing(schema_.time_source);
  const auto time_ms = is_text(time) ? parse_time(time.text(), schema_.time_format) : std::nullopt;
  if (!time_ms) {
    return refuse(RejectReason::kBadTime,
                  "the label's \"" + schema_.time_source + "\" is not a time: " + shown(time));
  }
  label.time_ms = *time_ms;

  const Token& value = token(kLabelValue);
  if (value.missing()) return missing(schema_.labels->value);
  const Lane fraud = parse_bool(value, true);
  if (fraud == kMissing) {
    return refuse(RejectReason::kWrongType, "the label's \"" + schema_.labels->value +
                                                "\" is to be 0, 1, true, false, yes or no, not " +
                                                shown(value));
  }
  label.fraud = fraud == 1;

  label.keys.assign(schema_.key_count, Key{});
  std::uint32_t member = kLabelKeys;
  for (const Field& field : schema_.fields) {
    if (field.type != FieldType::kKey) continue;
    const Token& key = token(member++);
    if (key.missing() && field.optional) continue;
    if (key.missing()) return missing(field.source);
    if (!is_text(key)) {
      return refuse(RejectReason::kWrongType,
                    "the label's \"" + field.source + "\" is neither a string nor a number");
    }
    label.keys[field.key_index] = key_of(key.text());
  }
  return true;
}

}  // namespace warpscore
