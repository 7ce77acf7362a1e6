// PlanBuilder's part for blocks with a key: which table, which members, which query.
#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/nearest_name.h"
#include "scoring/feature_names.h"
#include "scoring/plan_builder.h"

namespace warpscore {
namespace {

std::int64_t unit_of(const ColumnType& type) {
  std::int64_t unit = 1;
  for (int i = 0; i < type.scale; ++i) unit *= 10;
  return unit;
}

bool is_additive(LaneType type) {
  return type == LaneType::kInteger || type == LaneType::kDecimal || type == LaneType::kBool;
}

bool needs_value(QueryOp op) {
  return op != QueryOp::kCount && op != QueryOp::kFirstSeen && op != QueryOp::kSecondsSinceLast;
}

}  // namespace

void PlanBuilder::check_label_use(const FeatureSpec& spec) const {
  const bool label_value = spec.value.text == "label";
  bool label_where = false;
  if (!spec.where.text.empty()) {
    try {
      const std::vector<std::string> names = names_in(spec.where.text);
      label_where = std::find(names.begin(), names.end(), "label") != names.end();
    } catch (const ExpressionError&) {
      label_where = false;  // compiling it will say what is wrong
    }
  }
  if (!label_value && !label_where) return;
  const Place& place = label_value ? spec.value.place : spec.where.place;
  if (!plan_.schema.labels) {
    throw ConfigError(place, "there are no labels", "add [labels] with field or topic");
  }
  if (spec.delay_ms <= 0) {
    throw ConfigError(place, "a feature over labels needs a delay: they are known only later",
                      "add delay = \"7d\", or as long as labels take to arrive");
  }
  if (plan_.labels_come_later && label_where) {
    throw ConfigError(place, "where cannot name labels that come by a topic",
                      "use value = \"label\", or labels as a field of the input");
  }
  if (plan_.labels_come_later && !spec.same.empty()) {
    throw ConfigError(place, "same cannot be combined with labels that come by a topic",
                      "leave out same, or use labels as a field of the input");
  }
}

TableBuilder& PlanBuilder::table_for(std::uint32_t key_field,
                                     const std::vector<std::uint32_t>& same) {
  for (const std::unique_ptr<TableBuilder>& table : tables_) {
    if (table->is_for(key_field, same)) return *table;
  }
  std::uint32_t clock = kNone;
  if (!same.empty()) {
    table_for(key_field, {});  // the parent: it keeps T
    for (std::uint32_t t = 0; t < tables_.size(); ++t) {
      if (tables_[t]->is_for(key_field, {})) clock = t;
    }
  }
  return *tables_.emplace_back(
      std::make_unique<TableBuilder>(plan_.schema.fields, key_field, same, clock));
}

TableBuilder& PlanBuilder::table_of(const FeatureSpec& spec) {
  std::vector<std::uint32_t> same;
  for (const TextAt& name : spec.same) {
    const Field* const field = plan_.schema.find(name.text);
    if (field == nullptr) {
      std::vector<std::string> names;
      for (const Field& each : plan_.schema.fields) names.push_back(each.name);
      const std::string nearest = nearest_name(name.text, names);
      throw ConfigError(
          name.place, "there is no field \"" + name.text + "\"",
          nearest.empty() ? "name a field of [input.fields]" : "did you mean \"" + nearest + "\"?");
    }
    same.push_back(static_cast<std::uint32_t>(field - plan_.schema.fields.data()));
  }
  std::sort(same.begin(), same.end());
  same.erase(std::unique(same.begin(), same.end()), same.end());
  return table_for(key_field_of(spec.key), same);
}

Member PlanBuilder::member_of(const FeatureSpec& spec, bool with_value) {
  Member member;
  if (!spec.where.text.empty()) {
    const auto [found, is_new] =
        selector_of_.emplace(spec.where.text, static_cast<std::uint32_t>(plan_.selectors.size()));
    if (is_new) {
      ScopeRules rules;
      rules.label = plan_.schema.labels.has_value();
      Program program = compile(spec.where, rules);
      if (program.type.type != LaneType::kBool) {
        throw ConfigError(spec.where.place, "where must be true or false",
                          "compare it, e.g. \"amount > 100\"");
      }
      plan_.selectors.push_back(std::move(program));
    }
    member.selector = found->second;
    if (plan_.labels_come_later && spec.value.text == "label" && member.selector >= 64) {
      throw ConfigError(spec.where.place, "more than 64 different where beside later labels",
                        "use fewer");
    }
  }
  if (!with_value || spec.value.text.empty()) return member;
  if (spec.value.text == "label") {
    member.value = kLabelValue;
    return member;
  }
  const Field* const field = plan_.schema.find(spec.value.text);
  if (field == nullptr) {
    std::vector<std::string> names{"label"};
    for (const Field& each : plan_.schema.fields) names.push_back(each.name);
    const std::string nearest = nearest_name(spec.value.text, names);
    throw ConfigError(
        spec.value.place, "there is no field \"" + spec.value.text + "\"",
        nearest.empty() ? "name a field of [input.fields]" : "did you mean \"" + nearest + "\"?");
  }
  member.value = static_cast<std::uint32_t>(field - plan_.schema.fields.data());
  return member;
}

ColumnType PlanBuilder::type_of(const Request& request, const Member& member) const {
  const QueryOp op = query_op(*request.op);
  const bool label = member.value == kLabelValue;
  ColumnType value{LaneType::kInteger, 0};
  if (!label && member.value != kNone) value = plan_.schema.fields[member.value].column_type();
  if (needs_value(op) && member.value == kNone) {
    throw ConfigError(request.spec->place, "\"" + request.op->text + "\" needs a value",
                      "add value = \"amount\", or another field");
  }
  switch (op) {
    case QueryOp::kCount:
      return {LaneType::kInteger, 0};
    case QueryOp::kDistinct:
      if (label) {
        throw ConfigError(request.spec->value.place, "distinct over labels says nothing",
                          "use count and sum");
      }
      return {LaneType::kInteger, 0};
    case QueryOp::kFirstSeen:
      return {LaneType::kTime, 0};
    case QueryOp::kSecondsSinceLast:
      return {LaneType::kDouble, 0};
    case QueryOp::kLast:
      return value;
    default:
      break;
  }
  if (!is_additive(value.type)) {
    throw ConfigError(request.spec->value.place,
                      "\"" + request.op->text + "\" needs an integer or decimal field, which \"" +
                          request.spec->value.text + "\" is not",
                      "use count or distinct");
  }
  if (op == QueryOp::kMean || op == QueryOp::kStddev || op == QueryOp::kStddevPop) {
    return {LaneType::kDouble, 0};
  }
  return value.type == LaneType::kBool ? ColumnType{LaneType::kInteger, 0} : value;
}

void PlanBuilder::set_edges(const Request& request, TableBuilder& table, Query& query) {
  const FeatureSpec& spec = *request.spec;
  std::optional<std::int64_t> length;
  if (request.window != nullptr) {
    length = request.window->length_ms;
  } else {
    length = lookback_of(key_field_of(spec.key), spec.lookback_ms);
  }
  table.need_rows();
  // The parent of a table with `same` keeps T, and must not forget it sooner than that looks back.
  const auto reach = [&](std::optional<std::int64_t> offset) {
    table.reach(offset);
    if (!spec.same.empty()) table_for(key_field_of(spec.key), {}).reach(offset);
  };
  if (spec.delay_ms > 0) query.hi = table.edge(spec.delay_ms, false);
  if (!length) {
    reach(std::nullopt);
    return;
  }
  const bool before = spec.closed_both && request.window != nullptr;
  query.lo = table.edge(spec.delay_ms + *length, before);
  reach(spec.delay_ms + *length);
}

void PlanBuilder::fill_query(const Request& request, const Member& member, TableBuilder& table,
                             Query& query) {
  query.count = table.count(member);
  switch (query.op) {
    case QueryOp::kSum:
    case QueryOp::kMean:
      query.set = table.sum(member);
      break;
    case QueryOp::kStddev:
    case QueryOp::kStddevPop:
      query.set = table.square(member);
      break;
    case QueryOp::kMin:
    case QueryOp::kMax:
      query.set = table.extreme(member);
      break;
    case QueryOp::kDistinct:
      // A closed left edge is an open one a millisecond further back.
      query.set = table.distinct(
          member, request.spec->delay_ms > 0, query.lo,
          request.spec->delay_ms + request.window->length_ms + (request.spec->closed_both ? 1 : 0));
      break;
    case QueryOp::kLast:
    case QueryOp::kSecondsSinceLast:
      query.set = table.last(member, query.op == QueryOp::kLast);
      break;
    default:
      break;
  }
}

std::uint32_t PlanBuilder::add_request(const Request& request) {
  const FeatureSpec& spec = *request.spec;
  TableBuilder& table = table_of(spec);
  const Member member = member_of(spec, true);
  const ColumnType type = type_of(request, member);
  Query query;
  query.op = query_op(*request.op);
  query.feature = static_cast<std::uint32_t>(plan_.features.size() - 1);
  query.output = plan_.query_count++;
  if (member.value != kNone && member.value != kLabelValue) {
    query.unit = unit_of(plan_.schema.fields[member.value].column_type());
  }
  set_edges(request, table, query);
  fill_query(request, member, table, query);
  table.add_query(query);
  return add_column(ColumnKind::kQuery, query.output, type);
}

std::uint32_t PlanBuilder::previous_column(std::uint32_t key_field, std::uint32_t value,
                                           ColumnType type, std::optional<std::int64_t> lookback) {
  const std::optional<std::int64_t> length = lookback_of(key_field, lookback);
  const std::vector<std::int64_t> identity{key_field, value, length.value_or(-1)};
  const auto [found, is_new] =
      previous_of_.emplace(identity, static_cast<std::uint32_t>(plan_.columns.size()));
  if (!is_new) return found->second;
  TableBuilder& table = table_for(key_field, {});
  Query query;
  query.op = QueryOp::kPrevious;
  query.set = table.previous(value);
  query.output = plan_.query_count++;
  if (length) query.lo = table.edge(*length, false);
  table.reach(length);
  table.add_query(query);
  return add_column(ColumnKind::kQuery, query.output, type);
}

}  // namespace warpscore
