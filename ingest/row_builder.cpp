#include "ingest/row_builder.h"

#include <algorithm>

#include "ingest/numbers.h"
#include "ingest/timestamp.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace warpscore {
namespace {

constexpr std::size_t kShownBytes = 64;

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i] >= 'A' && text[i] <= 'Z' ? static_cast<char>(text[i] | 0x20) : text[i];
    if (c != lower[i]) return false;
  }
  return true;
}

std::string field_name(const Field& field) { return "field \"" + field.name + "\""; }

}  // namespace

bool is_scalar(const Token& token) {
  return token.kind >= TokenKind::kText && token.kind <= TokenKind::kFalse;
}

Lane parse_bool(const Token& token, bool yes_and_no) {
  if (token.kind == TokenKind::kTrue) return 1;
  if (token.kind == TokenKind::kFalse) return 0;
  if (!is_scalar(token)) return kMissing;
  const std::string_view text = token.text();
  if (text == "1") return 1;
  if (text == "0") return 0;
  if (token.kind != TokenKind::kText) return kMissing;
  if (equals_ignoring_case(text, "true")) return 1;
  if (equals_ignoring_case(text, "false")) return 0;
  if (yes_and_no && equals_ignoring_case(text, "yes")) return 1;
  if (yes_and_no && equals_ignoring_case(text, "no")) return 0;
  return kMissing;
}

std::string shown(const Token& token) {
  if (token.kind == TokenKind::kObject) return "an object";
  if (token.kind == TokenKind::kArray) return "an array";
  std::string_view text = token.text();
  const bool cut = text.size() > kShownBytes;
  if (cut) {
    std::size_t size = kShownBytes;  // not in the middle of a character
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    text = text.substr(0, size);
  }
  std::string out;
  if (token.kind == TokenKind::kText) out += '"';
  out += text;
  if (cut) out += "...";
  if (token.kind == TokenKind::kText) out += '"';
  return out;
}

RowBuilder::RowBuilder(const Schema& schema, Dictionary& dictionary, const DecodeOptions& options)
    : schema_(schema),
      options_(options),
      dictionary_(dictionary),
      own_limits_(options.enum_limits == nullptr ? std::make_unique<EnumLimits>(schema) : nullptr),
      limits_(options.enum_limits == nullptr ? *own_limits_ : *options.enum_limits),
      admitted_(schema.fields.size()) {
  id_member_ = members_.add(schema.id_source);
  time_member_ = members_.add(schema.time_source);
  for (const Field& field : schema.fields) field_members_.push_back(members_.add(field.source));
  if (schema.label_in_input()) label_member_ = members_.add(schema.labels->field);

  // A member is optional if nothing that needs it must be there. A label may be missing in a row,
  // but a file without the column is a mistake: every feature over labels would silently be 0.
  optional_.assign(members_.names().size(), true);
  optional_[id_member_] = optional_[time_member_] = false;
  if (schema.label_in_input()) optional_[label_member_] = false;
  for (std::uint32_t i = 0; i < schema.fields.size(); ++i) {
    if (!schema.fields[i].optional) optional_[field_members_[i]] = false;
    if (schema.fields[i].type == FieldType::kEnum) enum_fields_.push_back(i);
  }
}

bool RowBuilder::keep(const RawTransaction& raw, Batch& batch) {
  value_ = batch.add_text(raw.value.substr(0, kValueBytesMax));
  key_ = batch.add_text(raw.key.substr(0, kValueBytesMax));
  const bool value_fits = raw.value.size() <= kValueBytesMax;
  if (value_fits && raw.key.size() <= kValueBytesMax) return true;
  reject(raw, RejectReason::kTooLong,
         std::string("the ") + (value_fits ? "key" : "value") + " is longer than " +
             std::to_string(kValueBytesMax) + " bytes; only its start is kept here",
         batch);
  return false;
}

void RowBuilder::reject(const RawTransaction& raw, RejectReason reason, std::string detail,
                        Batch& batch) {
  batch.rejects().push_back(
      {reason, raw.source, raw.timestamp_ms, key_, value_, std::move(detail)});
}

bool RowBuilder::build(const RawTransaction& raw, std::span<const Token> tokens, Batch& batch) {
  Batch::Row row = batch.row();
  bool good = set_id(tokens[id_member_], batch, row) && set_time(raw, tokens[time_member_], row);
  const auto fields = static_cast<std::uint32_t>(field_members_.size());
  for (std::uint32_t i = 0; good && i < fields; ++i) {
    good = set_field(i, tokens[field_members_[i]], batch);
  }
  if (good && schema_.label_in_input()) good = set_label(tokens[label_member_], row);
  // Last of all: a row that is refused for anything else must not use up an enum's values.
  for (std::size_t i = 0; good && i < enum_fields_.size(); ++i) {
    const std::uint32_t field = enum_fields_[i];
    const Token& token = tokens[field_members_[field]];
    if (!token.missing()) good = set_enum(schema_.fields[field], field, token, batch);
  }
  if (!good) {
    reject(raw, reason_, std::move(detail_), batch);
    return false;
  }
  *row.timestamp_ms = raw.timestamp_ms;
  *row.source = raw.source;
  *row.key = key_;
  *row.value = value_;
  batch.commit_row();
  return true;
}

bool RowBuilder::fail(RejectReason reason, std::string detail) {
  reason_ = reason;
  detail_ = std::move(detail);
  return false;
}

bool RowBuilder::set_id(const Token& token, Batch& batch, Batch::Row& row) {
  if (token.missing()) {
    return fail(RejectReason::kMissingField, "the id, \"" + schema_.id_source + "\", is missing");
  }
  if (token.kind != TokenKind::kText && token.kind != TokenKind::kNumber) {
    return fail(
        RejectReason::kWrongType,
        "the id, \"" + schema_.id_source + "\", is neither a string nor a number: " + shown(token));
  }
  *row.id_hash = XXH3_64bits(token.data, token.size);
  *row.id_quoted = token.kind == TokenKind::kText;
  if (token.unescaped) {
    *row.id = batch.add_text(token.text());
  } else {
    const auto offset = static_cast<std::uint32_t>(token.data - batch.text(value_).data());
    *row.id = {value_.offset + offset, token.size};
  }
  return true;
}

bool RowBuilder::set_time(const RawTransaction& raw, const Token& token, Batch::Row& row) {
  const std::string& name = schema_.time_source;
  if (token.missing()) {
    return fail(RejectReason::kMissingField, "the time, \"" + name + "\", is missing");
  }
  const bool number = token.kind == TokenKind::kNumber;
  if ((number && schema_.time_format == TimeFormat::kRfc3339) ||
      (!number && token.kind != TokenKind::kText)) {
    return fail(RejectReason::kWrongType,
                "the time, \"" + name + "\", is of another type than configured: " + shown(token));
  }
  const auto time_ms = parse_time(token.text(), schema_.time_format);
  if (!time_ms) {
    constexpr std::string_view kExpected[] = {"whole milliseconds since 1970",
                                              "seconds since 1970, exact to the millisecond,",
                                              "an RFC 3339 time with its offset"};
    return fail(RejectReason::kBadTime,
                "the time, \"" + name + "\", is not " +
                    std::string(kExpected[static_cast<std::size_t>(schema_.time_format)]) +
                    " within the years 1970 to 9999: " + shown(token));
  }
  if (options_.max_future_skew_ms && raw.timestamp_ms >= 0 &&
      *time_ms - raw.timestamp_ms > *options_.max_future_skew_ms) {
    return fail(RejectReason::kTimeInFuture,
                "the time, \"" + name + "\", " + shown(token) + ", is " +
                    std::to_string(*time_ms - raw.timestamp_ms) +
                    " ms ahead of the Kafka timestamp; at most " +
                    std::to_string(*options_.max_future_skew_ms) + " are allowed");
  }
  *row.time_ms = *time_ms;
  return true;
}

bool RowBuilder::set_field(std::uint32_t index, const Token& token, Batch& batch) {
  const Field& field = schema_.fields[index];
  if (token.missing()) {
    if (!field.optional) {
      return fail(RejectReason::kMissingField,
                  field_name(field) + " (\"" + field.source + "\") is missing");
    }
    if (field.type == FieldType::kKey) batch.set_key(field.key_index, Key{});
    batch.set_field(index, kMissing);
    return true;
  }
  switch (field.type) {
    case FieldType::kKey:
      return set_key(field, index, token, batch);
    case FieldType::kInteger:
    case FieldType::kDecimal:
      return set_number(field, index, token, batch);
    case FieldType::kEnum:
      if (is_scalar(token)) return true;  // build() sets it, once all else is known to be good
      return fail(RejectReason::kWrongType,
                  field_name(field) + " is to be a single value, not " + shown(token));
    case FieldType::kBool:
      return set_bool(field, index, token, batch);
  }
  return false;
}

bool RowBuilder::set_key(const Field& field, std::uint32_t index, const Token& token,
                         Batch& batch) {
  if (token.kind != TokenKind::kText && token.kind != TokenKind::kNumber) {
    // Key values are shown nowhere but in transactions: they may be account numbers.
    return fail(RejectReason::kWrongType,
                field_name(field) +
                    " is a key: a string or a number, not true, false, an object "
                    "or an array");
  }
  const Key key = key_of(token.text());
  batch.set_key(field.key_index, key);
  batch.set_field(index, fingerprint_of(key));
  return true;
}

bool RowBuilder::set_number(const Field& field, std::uint32_t index, const Token& token,
                            Batch& batch) {
  const bool decimal = field.type == FieldType::kDecimal;
  if (token.kind != TokenKind::kText && token.kind != TokenKind::kNumber) {
    return fail(RejectReason::kWrongType,
                field_name(field) + " is to be a number, not " + shown(token));
  }
  const ParsedNumber number = parse_scaled(token.text(), field.scale);
  switch (number.error) {
    case NumberError::kNone:
      batch.set_field(index, number.value);
      return true;
    case NumberError::kSyntax:
      break;
    case NumberError::kTooManyDigits:
      if (!decimal) {
        return fail(RejectReason::kWrongType,
                    field_name(field) + " is to be a whole number, not " + shown(token));
      }
      return fail(RejectReason::kTooManyDigits, field_name(field) + " may have " +
                                                    std::to_string(field.scale) +
                                                    " digits after the point: " + shown(token));
    case NumberError::kOverflow:
      return fail(RejectReason::kOverflow,
                  field_name(field) + " is outside the 64-bit range: " + shown(token));
  }
  return fail(RejectReason::kWrongType,
              field_name(field) + " is to be a number, not " + shown(token));
}

bool RowBuilder::set_enum(const Field& field, std::uint32_t index, const Token& token,
                          Batch& batch) {
  const std::string_view text = token.text();
  Lane number = kMissing;
  if (field.enum_max == 0) {
    number = dictionary_.number_of(text);
  } else if (const auto found = admitted_[index].find(text); found != admitted_[index].end()) {
    number = found->second;
  } else if (limits_.admit(index, text)) {
    // Admitted first, so that a flood of values cannot fill the dictionary of the other fields.
    number = dictionary_.number_of(text);
    if (number != kMissing) admitted_[index].emplace(text, number);
  }
  if (number == kMissing) {
    return fail(
        RejectReason::kEnumFull,
        field_name(field) + " has all the different values it may have; new: " + shown(token));
  }
  batch.set_field(index, number);
  return true;
}

bool RowBuilder::set_bool(const Field& field, std::uint32_t index, const Token& token,
                          Batch& batch) {
  const Lane value = parse_bool(token, false);
  if (value == kMissing) {
    return fail(RejectReason::kWrongType,
                field_name(field) + " is to be true or false, not " + shown(token));
  }
  batch.set_field(index, value);
  return true;
}

bool RowBuilder::set_label(const Token& token, Batch::Row& row) {
  *row.label = kMissing;
  if (token.missing()) return true;
  *row.label = parse_bool(token, true);
  if (*row.label != kMissing) return true;
  return fail(RejectReason::kWrongType, "the label, \"" + schema_.labels->field +
                                            "\", is to be 0, 1, true, false, yes or "
                                            "no, not " +
                                            shown(token));
}

}  // namespace warpscore
