#include "scoring/device_slot.h"

#include <algorithm>

namespace warpscore {
namespace {

// Fields that some column or key table reads.
std::vector<bool> fields_used(const CompiledPlan& plan) {
  std::vector<bool> used(plan.schema.fields.size());
  const auto use = [&](std::uint32_t value) {
    if (value < used.size()) used[value] = true;
  };
  for (const ColumnSource& source : plan.columns) {
    if (source.kind == ColumnKind::kField) use(source.index);
  }
  for (const TableParts& parts : plan.parts) {
    for (const std::uint32_t field : parts.same) use(field);
    for (const CountWord& count : parts.counts) use(count.member.value);
    for (const SumWord& sum : parts.sums) use(sum.member.value);
    for (const DistinctSet& set : parts.distincts) use(set.member.value);
    for (const LastSet& set : parts.lasts) use(set.member.value);
    for (const PreviousField& field : parts.previous) use(field.value);
  }
  return used;
}

}  // namespace

void SlotLayout::place_inputs(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max) {
  carver.take(time_ms, rows_max);
  const bool wants_ids = std::any_of(plan.tables.begin(), plan.tables.end(),
                                     [](const TablePlan& t) { return t.id_word != kNone; });
  if (wants_ids) carver.take(id_hash, rows_max);
  keys.resize(plan.schema.key_count);
  for (Key*& column : keys) carver.take(column, rows_max);
  for (const TableParts& parts : plan.parts) {
    if (!parts.same.empty()) carver.take(keys.emplace_back(), rows_max);
  }
  const std::vector<bool> used = fields_used(plan);
  fields.resize(used.size());
  for (std::size_t f = 0; f < fields.size(); ++f) {
    if (used[f]) carver.take(fields[f], rows_max);
  }
  carver.take(plan.schema.label_in_input() ? label : missing_label, rows_max);
}

void SlotLayout::place_results(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max) {
  const std::size_t features = plan.features.size();
  fired_words = static_cast<std::uint32_t>((plan.alerts.size() + 63) / 64);
  truncated_words =
      plan.state.history_max == 0 ? 0 : static_cast<std::uint32_t>((features + 63) / 64);
  result_columns = static_cast<std::uint32_t>(features) + 2 + fired_words + truncated_words;
  carver.take(results, std::size_t{result_columns} * rows_max * sizeof(Lane));
  auto* next = reinterpret_cast<Lane*>(results);
  const auto column = [&] {
    Lane* const taken = next;
    if (next != nullptr) next += rows_max;
    return taken;
  };
  queries_.resize(plan.query_count);
  steps_.resize(plan.steps.size());
  for (const std::uint32_t number : plan.feature_columns) {
    const ColumnSource& source = plan.columns[number];
    (source.kind == ColumnKind::kQuery ? queries_ : steps_)[source.index] = column();
  }
  score.margin = column();
  score.score = column();
  for (std::uint32_t w = 0; w < fired_words; ++w) {
    fired_.push_back(reinterpret_cast<std::uint64_t*>(column()));
  }
  for (std::uint32_t w = 0; w < truncated_words; ++w) {
    truncated_.push_back(reinterpret_cast<std::uint64_t*>(column()));
  }
}

// What no one outside asks for. A column that is a feature has its place among the results.
void SlotLayout::place_work(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max) {
  std::vector<bool> has_query(queries_.size());
  std::vector<bool> has_step(steps_.size());
  for (const std::uint32_t number : plan.feature_columns) {
    const ColumnSource& source = plan.columns[number];
    (source.kind == ColumnKind::kQuery ? has_query : has_step)[source.index] = true;
  }
  for (std::size_t q = 0; q < queries_.size(); ++q) {
    if (!has_query[q]) carver.take(queries_[q], rows_max);
  }
  for (std::size_t s = 0; s < steps_.size(); ++s) {
    if (!has_step[s]) carver.take(steps_[s], rows_max);
  }
  selectors_.resize(plan.selectors.size());
  for (Lane*& column : selectors_) carver.take(column, rows_max);
  clocks_.resize(plan.tables.size());
  for (const TablePlan& table : plan.tables) {
    if (table.clock != kNone && clocks_[table.clock] == nullptr) {
      carver.take(clocks_[table.clock], rows_max);
    }
  }
  carver.take(score.condition, rows_max);
  carver.take(score.late, rows_max);
  carver.take(score.refused, rows_max);
  carver.take(score.rows, 1);
  if (plan.model && plan.model->kind == ModelKind::kForest) {
    carver.take(score.inputs, plan.model_inputs.size() * rows_max);
    carver.take(score.forest_margins, rows_max);
  }
  carver.take(overflows, 1);
  carver.take(report, 1);
}

void SlotLayout::list_pointers(const CompiledPlan& plan) {
  const auto add = [&](const auto& columns) {
    starts_.push_back(pointers.size());
    for (auto* column : columns) pointers.push_back(column);
  };
  add(keys);
  add(fields);
  add(selectors_);
  add(queries_);
  add(clocks_);
  add(truncated_);
  add(steps_);
  add(fired_);
  starts_.push_back(pointers.size());
  for (const ColumnSource& source : plan.columns) {
    void* column = nullptr;
    switch (source.kind) {
      case ColumnKind::kField:
        column = fields[source.index];
        break;
      case ColumnKind::kTime:
        column = time_ms;
        break;
      case ColumnKind::kLabel:
        column = label != nullptr ? label : missing_label;
        break;
      case ColumnKind::kQuery:
        column = queries_[source.index];
        break;
      case ColumnKind::kStep:
        column = steps_[source.index];
        break;
      case ColumnKind::kScore:
        column = score.score;
        break;
      case ColumnKind::kMargin:
        column = score.margin;
        break;
    }
    pointers.push_back(column);
  }
}

void SlotLayout::place_pointers(const CompiledPlan& plan, Carver& carver, std::uint32_t rows_max) {
  list_pointers(plan);
  carver.take(pointer_block, pointers.size());
  if (pointer_block == nullptr) return;
  const auto at = [&](std::size_t list) { return pointer_block + starts_[list]; };
  pass.keys = reinterpret_cast<const Key* const*>(at(0));
  pass.values = reinterpret_cast<const Lane* const*>(at(1));
  pass.selectors = reinterpret_cast<const Lane* const*>(at(2));
  pass.outputs = reinterpret_cast<Lane* const*>(at(3));
  pass.clocks = reinterpret_cast<std::int64_t* const*>(at(4));
  score.truncated = reinterpret_cast<std::uint64_t* const*>(at(5));
  score.steps = reinterpret_cast<Lane* const*>(at(6));
  score.fired = reinterpret_cast<std::uint64_t* const*>(at(7));
  score.columns = reinterpret_cast<const Lane* const*>(at(8));
  pass.time_ms = time_ms;
  pass.id_hash = id_hash;
  pass.label = label;
  pass.selector_count = static_cast<std::uint32_t>(selectors_.size());
  pass.refused = score.refused;
  pass.late = score.late;
  pass.truncated = truncated_words == 0 ? nullptr : score.truncated;
  score.fields = pass.values;
  score.keys = pass.keys;
  score.children = reinterpret_cast<Key* const*>(at(0) + plan.schema.key_count);
  score.selectors = reinterpret_cast<Lane* const*>(at(2));
  score.stride = rows_max;
  score.overflows = overflows;
}

SlotLayout::SlotLayout(const CompiledPlan& plan, std::uint32_t rows_max, std::byte* block) {
  Carver carver(block);
  place_inputs(plan, carver, rows_max);
  place_results(plan, carver, rows_max);
  place_work(plan, carver, rows_max);
  place_pointers(plan, carver, rows_max);
  bytes = carver.bytes();
}

}  // namespace warpscore
