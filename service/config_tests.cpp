// [[tests]]: transactions and what is to come of the last of them.
#include <algorithm>

#include "base/nearest_name.h"
#include "service/config_parts.h"

namespace warpscore {
namespace {

TestValue value_of(const Node& node) {
  TestValue value{node.name, TestValue::Kind::kText, node.text, node.place};
  if (node.kind == Node::Kind::kInteger || node.kind == Node::Kind::kFloat)
    value.kind = TestValue::Kind::kNumber;
  if (node.kind == Node::Kind::kBoolean) value.kind = TestValue::Kind::kBoolean;
  return value;
}

// The members a transaction can have: by the names of the input, since that is what they are.
std::vector<std::string> member_names(const Schema& schema) {
  std::vector<std::string> names = {schema.id_source, schema.time_source};
  for (const Field& field : schema.fields) names.push_back(field.source);
  if (schema.label_in_input()) names.push_back(schema.labels->field);
  return names;
}

void refuse_member(const Node& node, const Schema& schema, const std::vector<std::string>& names,
                   Findings& findings) {
  std::vector<std::string> candidates = names;
  candidates.insert(candidates.end(), {"repeat", "every"});
  std::string mend = "[input.fields] says what the input is made of";
  if (const Field* field = schema.find(node.name))
    mend = "in the input the field " + field->name + " is called \"" + field->source + "\"";
  else if (const std::string nearest = nearest_name(node.name, candidates); !nearest.empty())
    mend = "did you mean \"" + nearest + "\"?";
  findings.error(node.key, "no field reads this member", mend);
}

TestStep read_step(const Node& table, const Schema& schema, Findings& findings) {
  TestStep step;
  step.place = table.place;
  step.repeat = static_cast<std::uint32_t>(integer_or(find(&table, "repeat"), 1));
  if (const Node* every = find(&table, "every")) step.every_ms = duration_or(every, 0);
  const std::vector<std::string> names = member_names(schema);
  for (const Node& item : table.items) {
    if (item.kind == Node::Kind::kInvalid || item.name == "repeat" || item.name == "every")
      continue;
    if (std::find(names.begin(), names.end(), item.name) == names.end())
      refuse_member(item, schema, names, findings);
    step.members.push_back(value_of(item));
  }
  return step;
}

void read_expectation(const Node& table, const std::vector<AlertSpec>& alerts, TestSpec& test,
                      Findings& findings) {
  for (const Node& item : table.items)
    if (item.kind != Node::Kind::kInvalid && item.name != "alerts")
      test.expect.push_back(value_of(item));
  const Node* list = find(&table, "alerts");
  if (list == nullptr) return;
  test.alerts = texts_of(list);
  std::vector<std::string> names;
  for (const AlertSpec& alert : alerts) names.push_back(alert.name);
  for (const TextAt& alert : *test.alerts) {
    if (std::find(names.begin(), names.end(), alert.text) != names.end()) continue;
    const std::string nearest = nearest_name(alert.text, names);
    findings.error(alert.place, "there is no alert \"" + alert.text + "\"",
                   nearest.empty() ? "" : "did you mean \"" + nearest + "\"?");
  }
}

}  // namespace

void read_tests(PartSource source, Config& config) {
  const Node* list = find(&source.root, "tests");
  if (list == nullptr) return;
  for (const Node& table : list->items) {
    if (table.kind != Node::Kind::kTable) continue;
    TestSpec test;
    test.place = table.place;
    test.name = text_of(find(&table, "name"));
    if (const Node* steps = find(&table, "in")) {
      for (const Node& step : steps->items)
        if (step.kind == Node::Kind::kTable)
          test.steps.push_back(read_step(step, config.input.schema, source.findings));
      if (steps->items.empty())
        source.findings.error(steps->place, "must not be an empty list",
                              "a test needs at least one transaction");
    }
    if (const Node* expect = find(&table, "expect")) {
      read_expectation(*expect, config.alerts, test, source.findings);
      if (expect->items.empty())
        source.findings.error(expect->place, "expects nothing",
                              "add alerts = [...] or a feature's name and value");
    }
    config.tests.push_back(std::move(test));
  }
}

}  // namespace warpscore
