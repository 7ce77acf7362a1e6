// A shape, a batch of two rows and results to go with them, made by hand: no engine, no plan.
#pragma once

#include <cmath>
#include <limits>
#include <memory_resource>
#include <string>
#include <vector>

#include "base/batch.h"
#include "base/dictionary.h"
#include "base/schema.h"
#include "publish/shape.h"
#include "scoring/results.h"

namespace warpscore {

struct Sample {
  static constexpr std::uint32_t kRows = 2;

  Sample() {
    schema.id_source = "tx_id";
    schema.time_source = "ts";
    schema.fields = {{"card", "pan", FieldType::kKey, 0, false, true, 0, 0},
                     {"shop", "shop", FieldType::kKey, 0, true, false, 0, 1},
                     {"amount", "amt", FieldType::kDecimal, 2, false, false, 0, 0},
                     {"count", "n", FieldType::kInteger, 0, true, false, 0, 0},
                     {"country", "c", FieldType::kEnum, 0, true, false, 0, 0},
                     {"online", "o", FieldType::kBool, 0, true, false, 0, 0}};
    schema.key_count = 2;
    shape.schema = &schema;
    shape.dictionary = &dictionary;
    shape.model_version = "v\"7\"";
    shape.has_model = true;
    shape.margin_is_float = true;
    shape.alerts = {{"high", "high", "score >= 0.9", "", false},
                    {"quiet", "low", "true", "", true},
                    {"spree", "medium", "n_1d > 10", "{n_1d} payments, now {amount}", false}};
    add_row("t\n1", true, R"({"pan":"4111111111111111","shop":"s1"})", "4111111111111111", "s1");
    set_fields(1250, 7, dictionary.number_of("D\"E"), 1);
    batch.commit_row();
    add_row("17", false, R"({"pan":"42"})", "42", "");
    set_fields(-5, kMissing, kMissing, kMissing);
    batch.commit_row();
    add_feature("n_1d", {LaneType::kInteger, 0}, 12, kMissing);
    add_feature("sum_1d", {LaneType::kDecimal, 3}, -1001500, 1);
    add_feature("mean", {LaneType::kDouble, 0}, lane_of(1.0 / 3), kMissingDouble);
    add_feature("night", {LaneType::kBool, 0}, 1, 0);
    add_feature("seen", {LaneType::kTime, 0}, 1522540831000, kMissing);
    add_feature("gap", {LaneType::kDuration, 0}, -90000, kMissing);
    add_feature("land", {LaneType::kEnum, 0}, dictionary.number_of("a,b"), kMissing);
    add_feature("inf", {LaneType::kDouble, 0}, lane_of(std::numeric_limits<double>::infinity()),
                lane_of(-0.0));
    finish();
  }

  void add_row(std::string_view id, bool quoted, std::string_view value, std::string_view card,
               std::string_view shop) {
    Batch::Row row = batch.row();
    *row.id = batch.add_text(id);
    *row.id_quoted = quoted;
    *row.value = batch.add_text(value);
    *row.key = batch.add_text("k");
    *row.source = {3, 41 + batch.size()};
    *row.time_ms = 1522540831007 + batch.size();
    set_key(0, card);
    set_key(1, shop);
  }
  void set_key(std::uint32_t index, std::string_view text) {
    batch.set_key(index, text.empty() ? Key{} : key_of(text));
    batch.set_field(index, text.empty() ? kMissing : fingerprint_of(key_of(text)));
  }
  void set_fields(Lane amount, Lane count, Lane country, Lane online) {
    batch.set_field(2, amount);
    batch.set_field(3, count);
    batch.set_field(4, country);
    batch.set_field(5, online);
  }
  void add_feature(const char* name, ColumnType type, Lane first, Lane second) {
    shape.features.push_back({name, type});
    columns.push_back({first, second});
  }
  void finish() {
    for (const auto& column : columns) results.features.push_back(column.data());
    results.size = kRows;
    results.margin = margin.data();
    results.score = score.data();
    results.fired = {fired.data()};
    results.truncated = {truncated.data()};
  }

  Schema schema;
  Dictionary dictionary{100};
  Batch batch{schema_with_keys(), 4, 4096, *std::pmr::new_delete_resource()};
  OutputShape shape;
  std::vector<std::vector<Lane>> columns;
  std::vector<double> margin = {static_cast<double>(2.1f), std::nan("")};
  std::vector<double> score = {0.9, std::nan("")};
  std::vector<std::uint64_t> fired = {0b111, 0};
  std::vector<std::uint64_t> truncated = {0b101, 0};
  Results results;

 private:
  static Schema schema_with_keys() {  // the batch is built before the schema is filled
    Schema schema;
    schema.key_count = 2;
    schema.fields.resize(6);
    return schema;
  }
};

}  // namespace warpscore
