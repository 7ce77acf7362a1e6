#include "scoring/plan_builder.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/nearest_name.h"
#include "scoring/feature_names.h"

namespace warpscore {
namespace {

std::vector<std::string> names_of(const Schema& schema) {
  std::vector<std::string> names;
  for (const Field& field : schema.fields) names.push_back(field.name);
  return names;
}

std::string suggestion(const std::string& name, const std::vector<std::string>& names) {
  const std::string nearest = nearest_name(name, names);
  if (!nearest.empty()) return "did you mean \"" + nearest + "\"?";
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
  return "there are: " + all;
}

// The text from `position` on, for a sentence: cut where it is long, but not within a character.
std::string excerpt(const std::string& text, std::size_t position) {
  constexpr std::size_t kBytes = 60;
  std::string shown = text.substr(std::min(position, text.size()));
  if (shown.size() <= kBytes) return shown;
  std::size_t size = kBytes;
  while (size > 0 && (static_cast<unsigned char>(shown[size]) & 0xc0) == 0x80) --size;
  return shown.substr(0, size) + "...";
}

}  // namespace

class PlanBuilder::ScopeOf final : public Scope {
 public:
  ScopeOf(PlanBuilder& builder, const ScopeRules& rules) : builder_(builder), rules_(rules) {}

  std::optional<Symbol> find(std::string_view name) override {
    const CompiledPlan& plan = builder_.plan_;
    for (std::uint32_t f = 0; f < plan.schema.fields.size(); ++f) {
      if (plan.schema.fields[f].name == name) return symbol(f);
    }
    const auto fields = static_cast<std::uint32_t>(plan.schema.fields.size());
    if (name == "time") return symbol(fields);
    if (name == "label" && rules_.label) return symbol(fields + 1);
    if (name == "score" && rules_.score) return symbol(fields + 2);
    if (name == "margin" && rules_.score) return symbol(fields + 3);
    if (!rules_.features) return std::nullopt;
    const auto found = builder_.feature_of_.find(name);
    if (found == builder_.feature_of_.end()) return std::nullopt;
    builder_.compile_step(found->second);  // if it is an expression still to be compiled
    return symbol(plan.feature_columns[found->second]);
  }

  std::optional<Symbol> previous(std::string_view key, std::string_view field) override {
    if (!rules_.previous) return std::nullopt;
    const Schema& schema = builder_.plan_.schema;
    const Field* const key_field = schema.find(key);
    if (key_field == nullptr || key_field->type != FieldType::kKey) return std::nullopt;
    std::uint32_t value = kNone;
    ColumnType type{LaneType::kTime, 0};
    if (field != "time") {
      const Field* const found = schema.find(field);
      if (found == nullptr) return std::nullopt;
      value = static_cast<std::uint32_t>(found - schema.fields.data());
      type = found->column_type();
    }
    return symbol(builder_.previous_column(key_field->key_index, value, type, rules_.lookback));
  }

  std::vector<std::string> names() const override {
    std::vector<std::string> names = names_of(builder_.plan_.schema);
    names.emplace_back("time");
    if (rules_.label) names.emplace_back("label");
    if (rules_.score) names.insert(names.end(), {"score", "margin"});
    if (rules_.features) {
      for (const auto& [name, number] : builder_.feature_of_) names.push_back(name);
    }
    return names;
  }

 private:
  Symbol symbol(std::uint32_t column) const {
    return {column, builder_.plan_.columns[column].type};
  }

  PlanBuilder& builder_;
  const ScopeRules rules_;
};

PlanBuilder::PlanBuilder(const PlanInput& input, CompiledPlan& plan)
    : input_(input), plan_(plan), key_lookback_(input.schema.key_count) {}

void PlanBuilder::build() {
  add_fields();
  find_lookbacks();
  declare_features();
  for (std::uint32_t f = 0; f < plan_.features.size(); ++f) compile_step(f);
  for (std::uint32_t f = 0; f < plan_.features.size(); ++f) {
    if (plan_.features[f].type.type != LaneType::kKey) continue;
    throw ConfigError(places_[f],
                      "feature \"" + plan_.features[f].name + "\" is a key, which has no value",
                      "compare it: previous(customer).terminal == terminal");
  }
  compile_alerts();
  finish_tables();
}

std::uint32_t PlanBuilder::add_column(ColumnKind kind, std::uint32_t index, ColumnType type) {
  plan_.columns.push_back({kind, index, type});
  return static_cast<std::uint32_t>(plan_.columns.size() - 1);
}

void PlanBuilder::add_fields() {
  const std::vector<Field>& fields = plan_.schema.fields;
  for (std::uint32_t f = 0; f < fields.size(); ++f) {
    add_column(ColumnKind::kField, f, fields[f].column_type());
  }
  add_column(ColumnKind::kTime, 0, {LaneType::kTime, 0});
  add_column(ColumnKind::kLabel, 0, {LaneType::kBool, 0});
  add_column(ColumnKind::kScore, 0, {LaneType::kDouble, 0});
  add_column(ColumnKind::kMargin, 0, {LaneType::kDouble, 0});
}

// How far back operations without a window look: the key's longest window + delay (design S6).
void PlanBuilder::find_lookbacks() {
  for (const FeatureSpec& spec : input_.features) {
    if (spec.key.text.empty()) continue;
    std::optional<std::int64_t>& longest = key_lookback_[key_field_of(spec.key)];
    for (const WindowSpec& window : spec.windows) {
      longest = std::max(longest.value_or(0), window.length_ms + spec.delay_ms);
    }
  }
}

std::optional<std::int64_t> PlanBuilder::lookback_of(
    std::uint32_t key_field, const std::optional<std::int64_t>& given) const {
  return given ? given : key_lookback_[key_field];
}

std::uint32_t PlanBuilder::key_field_of(const TextAt& key) const {
  const Field* const field = plan_.schema.find(key.text);
  if (field != nullptr && field->type == FieldType::kKey) return field->key_index;
  std::vector<std::string> keys;
  for (const Field& each : plan_.schema.fields) {
    if (each.type == FieldType::kKey) keys.push_back(each.name);
  }
  throw ConfigError(
      key.place,
      field == nullptr ? "there is no field \"" + key.text + "\""
                       : "field \"" + key.text + "\" is not a key",
      field == nullptr ? suggestion(key.text, keys) : "give it type = \"key\" in [input.fields]");
}

void PlanBuilder::declare(const std::string& name, const Place& place) {
  if (plan_.schema.find(name) != nullptr || name == "time" || name == "label" || name == "score" ||
      name == "margin") {
    throw ConfigError(place, "\"" + name + "\" is the name of a field already",
                      "give the feature another name");
  }
  if (name.find_first_of("{}") != std::string::npos) {
    throw ConfigError(place, "\"" + name + "\" cannot name a feature: it has braces",
                      "{op}, {window}, {days}, {hours} and {minutes} go with ops and windows");
  }
  const auto number = static_cast<std::uint32_t>(plan_.features.size());
  if (!feature_of_.emplace(name, number).second) {
    throw ConfigError(place, "two features have the name \"" + name + "\"",
                      "use {op} and {window} in the name, or another one");
  }
  plan_.features.push_back({name, {}});
  places_.push_back(place);
  plan_.feature_columns.push_back(kNone);
  expressions_.push_back(nullptr);
  progress_.push_back(Progress::kDone);
}

void PlanBuilder::declare_features() {
  for (const FeatureSpec& spec : input_.features) {
    if (spec.expr.text.empty()) {
      declare_block(spec);
      continue;
    }
    declare(spec.name.text, spec.name.place);
    expressions_.back() = &spec;
    progress_.back() = Progress::kWaiting;
  }
}

void PlanBuilder::declare_block(const FeatureSpec& spec) {
  check_label_use(spec);
  for (const TextAt& op : spec.ops) {
    const bool windowed = !is_windowless(op.text);
    std::vector<const WindowSpec*> windows;
    if (!windowed) windows.push_back(nullptr);
    for (const WindowSpec& window : spec.windows) {
      if (windowed) windows.push_back(&window);
    }
    for (const WindowSpec* const window : windows) {
      const Request request{&spec, &op, window, feature_name(spec.name, op.text, window)};
      declare(request.name, spec.name.place);
      const std::uint32_t column = add_request(request);
      plan_.feature_columns.back() = column;
      plan_.features.back().type = plan_.columns[column].type;
    }
  }
}

void PlanBuilder::compile_step(std::uint32_t feature) {
  if (progress_[feature] == Progress::kDone) return;
  const FeatureSpec& spec = *expressions_[feature];
  if (progress_[feature] == Progress::kRunning) {
    throw ConfigError(spec.expr.place,
                      "feature \"" + plan_.features[feature].name + "\" depends on itself",
                      "break the circle of expressions");
  }
  progress_[feature] = Progress::kRunning;
  ScopeRules rules;
  rules.features = true;
  rules.previous = true;
  rules.lookback = spec.lookback_ms;
  Program program = compile(spec.expr, rules);
  const ColumnType type = program.type;
  plan_.feature_columns[feature] =
      add_column(ColumnKind::kStep, static_cast<std::uint32_t>(plan_.steps.size()), type);
  plan_.features[feature].type = type;
  plan_.steps.push_back(std::move(program));
  progress_[feature] = Progress::kDone;
}

void PlanBuilder::compile_alerts() {
  for (const AlertSpec& spec : input_.alerts) {
    ScopeRules rules;
    rules.features = true;
    rules.previous = true;
    rules.score = true;
    Program program = compile(spec.when, rules);
    if (program.type.type != LaneType::kBool) {
      throw ConfigError(spec.when.place, "the condition of an alert must be true or false",
                        "compare it, e.g. \"score >= 0.9\"");
    }
    plan_.alert_programs.push_back(std::move(program));
    plan_.alerts.push_back(
        {spec.name, spec.severity, spec.when.text, spec.reason.text, spec.shadow});
  }
}

Program PlanBuilder::compile(const TextAt& text, const ScopeRules& rules) {
  ScopeOf scope(*this, rules);
  try {
    return compile_expression(text.text, scope, *plan_.dictionary);
  } catch (const ExpressionError& error) {
    std::string mend = error.mend();
    if (error.what() == std::string_view("unknown name \"label\"")) {
      mend = "labels are known only later: use a feature over value = \"label\" with a delay";
    }
    throw ConfigError(
        text.place,
        std::string(error.what()) + ", at \"" + excerpt(text.text, error.position()) + "\"", mend);
  }
}

// Parents first: a child's clock is the number of its parent's table, fixed by table_for.
void PlanBuilder::finish_tables() {
  for (const std::unique_ptr<TableBuilder>& builder : tables_) {
    builder->lay_out(plan_.labels_come_later);
  }
  std::uint32_t child = 0;
  for (const std::unique_ptr<TableBuilder>& builder : tables_) {
    const bool is_child = !builder->parts().same.empty();
    const std::uint32_t key =
        is_child ? plan_.schema.key_count + child++ : builder->parts().key_field;
    plan_.tables.push_back(builder->plan(key, plan_.state));
    plan_.parts.push_back(std::move(builder->parts()));
  }
  for (std::size_t t = 0; t < plan_.tables.size(); ++t) point_to(plan_.tables[t], plan_.parts[t]);
}

}  // namespace warpscore
