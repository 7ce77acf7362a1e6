// [[features]], [model] and [[alerts]]: their shape. What they mean is compiled by scoring/plan.
#include <algorithm>
#include <array>
#include <set>

#include "base/nearest_name.h"
#include "service/config_parts.h"
#include "service/duration.h"

namespace warpscore {
namespace {

struct Operation {
  std::string_view name;
  bool windowed;
  bool needs_value;
};

constexpr std::array<Operation, 11> kOperations = {{{"count", true, false},
                                                    {"sum", true, true},
                                                    {"mean", true, true},
                                                    {"min", true, true},
                                                    {"max", true, true},
                                                    {"stddev", true, true},
                                                    {"stddev_pop", true, true},
                                                    {"distinct", true, true},
                                                    {"last", false, true},
                                                    {"first_seen", false, false},
                                                    {"seconds_since_last", false, false}}};

const Operation* find_operation(std::string_view name) {
  for (const Operation& operation : kOperations)
    if (operation.name == name) return &operation;
  return nullptr;
}

class FeatureReader {
 public:
  FeatureReader(const Node& block, Findings& findings) : block_(block), findings_(findings) {}

  FeatureSpec read() {
    FeatureSpec spec;
    spec.place = block_.place;
    spec.name = text_at(find(&block_, "name"));
    spec.key = text_at(find(&block_, "key"));
    spec.value = text_at(find(&block_, "value"));
    spec.ops = texts_of(find(&block_, "ops"));
    spec.delay_ms = duration_or(find(&block_, "delay"), 0);
    spec.closed_both = text_of(find(&block_, "closed")) == "both";
    spec.where = text_at(find(&block_, "where"));
    spec.same = texts_of(find(&block_, "same"));
    spec.expr = text_at(find(&block_, "expr"));
    if (const Node* lookback = find(&block_, "lookback"))
      spec.lookback_ms = duration_or(lookback, 0);
    read_windows(spec);
    if (given("expr"))
      check_expression();
    else
      check_operations(spec);
    return spec;
  }

 private:
  // Refused values count as given: one mistake, one error.
  [[nodiscard]] bool given(std::string_view name) const {
    return std::any_of(block_.items.begin(), block_.items.end(),
                       [name](const Node& item) { return item.name == name; });
  }

  void missing(const std::string& name, const std::string& mend) {
    findings_.error({block_.place.line, block_.place.column, block_.place.key + "." + name},
                    "is missing", mend);
  }

  void read_windows(FeatureSpec& spec) {
    for (const TextAt& text : texts_of(find(&block_, "windows"))) {
      const auto length_ms = parse_duration(text.text);
      if (!length_ms || *length_ms == 0) {
        findings_.error(text.place, "\"" + text.text + "\" is no length of a window",
                        "write for example \"30s\", \"10m\", \"1h30m\", \"7d\" or \"2w\"");
        continue;
      }
      for (const WindowSpec& other : spec.windows)
        if (other.length_ms == *length_ms)
          findings_.error(text.place, "is as long as \"" + other.text + "\"",
                          "keep one of the two");
      spec.windows.push_back({text.text, *length_ms, text.place});
    }
  }

  void check_expression() {
    for (const Node& item : block_.items)
      if (item.kind != Node::Kind::kInvalid && item.name != "name" && item.name != "expr" &&
          item.name != "lookback")  // of previous(KEY)
        findings_.error(item.key, "does not go with expr, which stands alone",
                        "make two blocks: one with " + item.name + ", one with expr");
  }

  void check_operations(const FeatureSpec& spec) {
    if (!given("key") && !given("ops")) {
      findings_.error(block_.place, "says neither what to count nor an expression",
                      "add key and ops, or expr");
      return;
    }
    if (!given("key")) missing("key", "name the key field whose transactions count");
    if (!given("ops")) missing("ops", "add for example ops = [\"count\"]");

    bool windowed = false;
    bool windowless = false;
    bool unknown = !given("ops") || spec.ops.empty();
    std::set<std::string> seen;
    for (const TextAt& op : spec.ops) {
      const Operation* operation = find_operation(op.text);
      if (operation == nullptr) {
        refuse_operation(op);
        unknown = true;
        continue;
      }
      if (!seen.insert(op.text).second)
        findings_.error(op.place, "\"" + op.text + "\" stands here twice", "keep one of the two");
      (operation->windowed ? windowed : windowless) = true;
      if (operation->needs_value && !given("value"))
        findings_.error(op.place, "\"" + op.text + "\" needs a value",
                        "add value = \"...\" with a field's name or \"label\"");
    }
    if (windowed && !given("windows"))
      missing("windows", "add for example windows = [\"1d\", \"7d\"]");
    if (unknown) return;
    if (!windowed) refuse_unused("windows", "none of the ops has a window");
    if (!windowed) refuse_unused("closed", "none of the ops has a window");
    if (!windowless) refuse_unused("lookback", "it bounds ops without a window, and none is here");
  }

  void refuse_operation(const TextAt& op) {
    std::vector<std::string_view> names;
    std::string list;
    for (const Operation& operation : kOperations) {
      names.push_back(operation.name);
      list += (list.empty() ? "" : ", ") + std::string(operation.name);
    }
    const std::string nearest = nearest_name(op.text, names);
    findings_.error(op.place, "unknown operation \"" + op.text + "\"",
                    nearest.empty() ? "known: " + list : "did you mean \"" + nearest + "\"?");
  }

  void refuse_unused(std::string_view name, const std::string& why) {
    if (const Node* node = find(&block_, name))
      findings_.error(node->key, "has no effect: " + why, "leave it out");
  }

  const Node& block_;
  Findings& findings_;
};

void check_sha256(const Node* pin, ModelSpec& model, Findings& findings) {
  if (pin == nullptr) return;
  model.sha256 = pin->text;
  for (char& c : model.sha256)
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
  if (model.sha256.size() != 64 ||
      model.sha256.find_first_not_of("0123456789abcdef") != std::string::npos)
    findings.error(pin->place, "is no SHA-256", "write the 64 hex digits that sha256sum prints");
}

ModelSpec read_model(const Node& table, const std::filesystem::path& folder, Findings& findings) {
  ModelSpec model;
  model.path = text_at(find(&table, "path"));
  const std::filesystem::path path(model.path.text);
  if (!path.empty() && path.is_relative()) model.path.text = (folder / path).string();
  check_sha256(find(&table, "sha256"), model, findings);
  if (const Node* features = find(&table, "features")) {
    model.has_features = true;
    if (features->kind == Node::Kind::kArray) model.list = texts_of(features);
    if (features->kind == Node::Kind::kTable)
      for (const Node& item : features->items)
        if (item.kind == Node::Kind::kText) model.table.emplace_back(item.name, text_at(&item));
  }
  return model;
}

AlertSpec read_alert(const Node& table, const std::vector<AlertSpec>& others, Findings& findings) {
  AlertSpec alert;
  alert.place = table.place;
  alert.when = text_at(find(&table, "when"));
  alert.severity = text_of(find(&table, "severity"));
  if (alert.severity.empty()) alert.severity = "medium";
  alert.reason = text_at(find(&table, "reason"));
  alert.shadow = text_of(find(&table, "mode")) == "shadow";
  const Node* name = find(&table, "name");
  if (name == nullptr) return alert;
  alert.name = name->text;
  const bool legal = std::all_of(alert.name.begin(), alert.name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
  if (!legal)
    findings.error(name->place, "\"" + alert.name + "\" cannot name an alert",
                   "use letters, digits, \".\", \"_\" and \"-\"");
  for (const AlertSpec& other : others)
    if (other.name == alert.name)
      findings.error(name->place,
                     "\"" + alert.name + "\" is the name of the alert in line " +
                         std::to_string(other.place.line) + " as well",
                     "give each alert its own name");
  return alert;
}

}  // namespace

void read_features(PartSource source, std::vector<FeatureSpec>& features) {
  const Node* list = find(&source.root, "features");
  if (list == nullptr) return;
  for (const Node& block : list->items)
    if (block.kind == Node::Kind::kTable)
      features.push_back(FeatureReader(block, source.findings).read());
}

void read_decisions(PartSource source, Config& config) {
  if (const Node* model = find(&source.root, "model"))
    config.model = read_model(*model, source.folder, source.findings);
  const Node* list = find(&source.root, "alerts");
  if (list == nullptr) return;
  for (const Node& table : list->items)
    if (table.kind == Node::Kind::kTable)
      config.alerts.push_back(read_alert(table, config.alerts, source.findings));
}

}  // namespace warpscore
