// A plan, compiled: columns, tables, programs and the model, as the engine runs them.
//
// Columns  every expression and model input names its operand by a number; `columns` says what that
//          is: a field, the time, the label, a query of a key table, an expression, the score.
// Owner    Plan. Read-only after construction.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kernels/table_plan.h"
#include "scoring/model_file.h"
#include "scoring/plan.h"
#include "scoring/program.h"

namespace warpscore {

enum class ColumnKind : std::uint8_t { kField, kTime, kLabel, kQuery, kStep, kScore, kMargin };

struct ColumnSource {
  ColumnKind kind{};
  std::uint32_t index = 0;  // of the field, query or step
  ColumnType type;
};

// One key table, with the arrays that its TablePlan points to.
struct TableParts {
  std::vector<std::uint32_t>
      same;                     // fields whose values make the child's key; empty: a plain table
  std::uint32_t key_field = 0;  // key column of the schema
  std::vector<Edge> edges;
  std::vector<CountWord> counts;
  std::vector<SumWord> sums;
  std::vector<SquareWord> squares;
  std::vector<ExtremeSet> extremes;
  std::vector<DistinctSet> distincts;
  std::vector<LastSet> lasts;
  std::vector<PreviousField> previous;
  std::vector<Query> queries;
};

struct ModelInput {
  std::uint32_t column = 0;
  ColumnType type;
};

struct CompiledPlan {
  Schema schema;
  Dictionary* dictionary = nullptr;
  StateSpec state;
  std::vector<FeatureColumn> features;
  std::vector<std::uint32_t> feature_columns;  // column number of each
  std::vector<Alert> alerts;
  std::vector<ColumnSource> columns;
  std::uint32_t query_count = 0;  // over all tables: PassColumns::outputs
  std::vector<TableParts> parts;
  std::vector<TablePlan> tables;   // [parts.size()], pointing into parts
  std::vector<Program> selectors;  // `where`: over fields and label
  std::vector<Program> steps;      // expression features, in an order in which each finds its needs
  std::vector<Program> alert_programs;
  std::optional<Model> model;
  std::vector<ModelInput> model_inputs;
  bool labels_come_later = false;
};

}  // namespace warpscore
