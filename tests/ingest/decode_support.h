// A schema with every type of field, and one call from bytes to what became of them.
#pragma once

#include <memory>
#include <memory_resource>
#include <string>
#include <string_view>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/schema.h"
#include "ingest/decode.h"

namespace warpscore {

// id "id", time "ts", and the fields account (key), note (optional key), amount (decimal, 2),
// count (integer, optional), country (enum, optional), kind (enum of at most 2, optional),
// online (bool, optional), label "fraud".
inline Schema every_type_schema() {
  Schema schema;
  schema.id_source = "id";
  schema.time_source = "ts";
  schema.time_format = TimeFormat::kEpochMs;
  schema.fields = {
      {"account", "acct", FieldType::kKey, 0, false, true, 0, 0},
      {"note", "note", FieldType::kKey, 0, true, false, 0, 1},
      {"amount", "amt", FieldType::kDecimal, 2, false, false, 0, 0},
      {"count", "count", FieldType::kInteger, 0, true, false, 0, 0},
      {"country", "country", FieldType::kEnum, 0, true, false, 0, 0},
      {"kind", "kind", FieldType::kEnum, 0, true, false, 2, 0},
      {"online", "online", FieldType::kBool, 0, true, false, 0, 0},
  };
  schema.key_count = 2;
  schema.labels = LabelSource{"fraud", "", "", ""};
  return schema;
}

enum FieldNumber : std::uint32_t { kAccount, kNote, kAmount, kCount, kCountry, kKind, kOnline };

// One row or one reject of one decoder; the batch is emptied before every row.
struct Bench {
  explicit Bench(Schema with = every_type_schema(), DecodeOptions options = {})
      : schema(std::move(with)), options(options) {}

  Schema schema;
  DecodeOptions options;
  Dictionary dictionary{1000};
  Batch batch{schema, 4, 4 * kValueBytesMax, *std::pmr::new_delete_resource()};
  std::unique_ptr<JsonDecoder> json;

  bool decode_json(std::string_view value, std::int64_t timestamp_ms = kNoTimestamp,
                   std::string_view key = "") {
    if (!json) json = std::make_unique<JsonDecoder>(schema, dictionary, options);
    batch.clear();
    return json->decode({key, value, {3, 77}, timestamp_ms}, batch);
  }
  bool decode_csv(std::string_view header, std::string_view row) {
    CsvDecoder csv(header, schema, dictionary, options);
    batch.clear();
    return csv.decode({"", row, {0, 1}, kNoTimestamp}, batch);
  }
  // "" for a row, else the reason's name.
  [[nodiscard]] std::string outcome() const {
    if (batch.size() == 1 && batch.rejects().empty()) return "";
    if (batch.size() != 0 || batch.rejects().size() != 1) return "neither row nor reject";
    return std::string(name_of(batch.rejects()[0].reason));
  }
  [[nodiscard]] std::string detail() const {
    return batch.rejects().empty() ? "" : batch.rejects()[0].detail;
  }
  [[nodiscard]] std::string enum_text(std::uint32_t field) const {
    return std::string(dictionary.text_of(batch.field(field, 0)));
  }
};

}  // namespace warpscore
