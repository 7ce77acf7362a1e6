#include "scoring/plan_model.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "base/nearest_name.h"
#include "scoring/sha256.h"

namespace warpscore {
namespace {

bool is_numeric(LaneType type) {
  return type == LaneType::kInteger || type == LaneType::kDecimal || type == LaneType::kDouble ||
         type == LaneType::kBool;
}

// Does `name` match a pattern with * (any text) and ? (one character)?
// Only the last * is tried again: an earlier one that takes more can win nothing, and trying them
// all would take time exponential in their number.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = std::string_view::npos;
  std::size_t taken = 0;  // name[0, taken): what everything up to the last * has matched
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      taken = n;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == name[n])) {
      ++p;
      ++n;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      n = ++taken;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

class InputFinder {
 public:
  explicit InputFinder(const CompiledPlan& plan) : plan_(plan) {
    for (std::uint32_t f = 0; f < plan.features.size(); ++f) {
      names_.push_back(plan.features[f].name);
      columns_.push_back(plan.feature_columns[f]);
    }
    feature_count_ = names_.size();
    for (std::uint32_t f = 0; f < plan.schema.fields.size(); ++f) {
      names_.push_back(plan.schema.fields[f].name);
      columns_.push_back(f);
    }
  }

  [[nodiscard]] bool knows(const std::string& name) const {
    return std::find(names_.begin(), names_.end(), name) != names_.end();
  }

  [[nodiscard]] ModelInput find(const TextAt& name) const {
    const auto found = std::find(names_.begin(), names_.end(), name.text);
    if (found == names_.end()) {
      const std::string nearest = nearest_name(name.text, names_);
      throw ConfigError(
          name.place, "the model's input \"" + name.text + "\" is no feature or field",
          nearest.empty() ? "define it in [[features]]" : "did you mean \"" + nearest + "\"?");
    }
    const std::uint32_t column = columns_[static_cast<std::size_t>(found - names_.begin())];
    const ColumnType type = plan_.columns[column].type;
    if (!is_numeric(type.type)) {
      throw ConfigError(name.place, "the model's input \"" + name.text + "\" is not a number",
                        "derive a number from it in [[features]]");
    }
    return {column, type};
  }

  // Every feature that matches, in the order configured.
  [[nodiscard]] std::vector<ModelInput> expand(const TextAt& pattern) const {
    if (pattern.text.find_first_of("*?") == std::string::npos) return {find(pattern)};
    std::vector<ModelInput> inputs;
    for (std::size_t f = 0; f < feature_count_; ++f) {
      if (matches(pattern.text, names_[f])) inputs.push_back(find({names_[f], pattern.place}));
    }
    if (inputs.empty()) {
      throw ConfigError(pattern.place, "no feature matches \"" + pattern.text + "\"",
                        "check the names in [[features]]");
    }
    return inputs;
  }

 private:
  const CompiledPlan& plan_;
  std::vector<std::string> names_;
  std::vector<std::uint32_t> columns_;
  std::size_t feature_count_ = 0;
};

void check_sha256(const ModelSpec& spec) {
  if (spec.sha256.empty()) return;
  std::ifstream file(spec.path.text, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(file), {}};
  const std::string found = sha256_hex(std::as_bytes(std::span(bytes)));
  if (found == spec.sha256) return;
  throw ConfigError(spec.path.place, spec.path.text + " has the SHA-256 " + found,
                    "the configuration pins " + spec.sha256 + ": is this the right model?");
}

std::vector<ModelInput> by_list(const ModelSpec& spec, const InputFinder& finder) {
  std::vector<ModelInput> inputs;
  for (const TextAt& pattern : spec.list) {
    const std::vector<ModelInput> found = finder.expand(pattern);
    inputs.insert(inputs.end(), found.begin(), found.end());
  }
  return inputs;
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all;
}

// The model's own names, each through the table, or ours of the same name without one.
std::vector<ModelInput> by_name(const ModelSpec& spec, const Model& model,
                                const InputFinder& finder) {
  if (model.feature_names.empty()) {
    throw ConfigError(spec.path.place, spec.path.text + " does not name its inputs",
                      "give them by position: [model] features = [\"...\"]");
  }
  std::vector<ModelInput> inputs;
  std::vector<std::string> missing;
  for (const std::string& name : model.feature_names) {
    const auto mapped = std::find_if(spec.table.begin(), spec.table.end(),
                                     [&](const auto& entry) { return entry.first == name; });
    if (mapped != spec.table.end()) {
      inputs.push_back(finder.find(mapped->second));
    } else if (finder.knows(name)) {
      inputs.push_back(finder.find({name, spec.path.place}));
    } else {
      missing.push_back(name);
    }
  }
  if (!missing.empty()) {
    throw ConfigError(spec.path.place,
                      "the model needs inputs that are no features here: " + joined(missing),
                      "name the features so, or map them in [model.features]");
  }
  for (const auto& [name, ours] : spec.table) {
    if (std::find(model.feature_names.begin(), model.feature_names.end(), name) !=
        model.feature_names.end()) {
      continue;
    }
    throw ConfigError(ours.place, "the model has no input \"" + name + "\"",
                      "it has: " + joined(model.feature_names));
  }
  return inputs;
}

}  // namespace

void add_model(const ModelSpec& spec, CompiledPlan& plan) {
  check_sha256(spec);
  try {
    plan.model =
        spec.bytes.empty() ? load_model(spec.path.text) : parse_model(spec.bytes, spec.path.text);
  } catch (const ModelError& error) {
    throw ConfigError(spec.path.place, error.what(), "");
  }
  const InputFinder finder(plan);
  plan.model_inputs =
      spec.list.empty() ? by_name(spec, *plan.model, finder) : by_list(spec, finder);
  if (plan.model_inputs.size() != plan.model->feature_count) {
    throw ConfigError(spec.list.empty() ? spec.path.place : spec.list.front().place,
                      "the model has " + std::to_string(plan.model->feature_count) +
                          " inputs and the configuration gives " +
                          std::to_string(plan.model_inputs.size()),
                      "list one feature for each, in the model's order");
  }
}

}  // namespace warpscore
