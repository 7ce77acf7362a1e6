#include "service/setup.h"

#include <algorithm>
#include <cstdio>
#include <thread>

#include "scoring/expression.h"
#include "service/embedded.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kDictionaryTextsMax = 1U << 26;

void print(const std::filesystem::path& file, const ConfigError& error, const char* kind) {
  std::fprintf(stderr, "%s%s\n", kind, format_error(file, error).c_str());
}

// What is allowed and yet hardly meant.
void warn(const std::filesystem::path& file, const Setup& setup) {
  const Schema& schema = setup.plan->schema();
  for (const Field& field : schema.fields) {
    if (!schema.label_in_input() || field.source != schema.labels->field) continue;
    print(file,
          {{0, 0, "input.fields." + field.name},
           "reads the label: features and rules over it know at once what is known only later",
           "leave it out, and use value = \"label\" with a delay"},
          "warning: ");
  }
  for (const AlertSpec& alert : setup.config.alerts) {
    const std::vector<std::string> names = names_in(alert.when.text);
    const bool scored = std::any_of(names.begin(), names.end(), [](const std::string& name) {
      return name == "score" || name == "margin";
    });
    if (!scored || setup.plan->has_model()) continue;
    print(file, {alert.when.place, "asks for a score, which needs a model", "add [model]"},
          "warning: ");
  }
}

template <class Read>
std::optional<Setup> set_up(const std::filesystem::path& file, const Read& read) {
  try {
    Setup setup;
    setup.config = read();
    for (const ConfigError& warning : setup.config.warnings) print(file, warning, "warning: ");
    setup.dictionary = std::make_unique<Dictionary>(kDictionaryTextsMax);
    PlanInput input;
    input.schema = setup.config.input.schema;
    input.features = setup.config.features;
    input.model = setup.config.model;
    input.alerts = setup.config.alerts;
    input.state = setup.config.state;
    setup.plan = std::make_unique<Plan>(std::move(input), *setup.dictionary);
    warn(file, setup);
    return setup;
  } catch (const ConfigErrors& errors) {
    for (const ConfigError& error : errors.errors()) print(file, error, "");
  } catch (const ConfigError& error) {
    print(file, error, "");
  }
  return std::nullopt;
}

}  // namespace

std::optional<Setup> read_setup(const std::filesystem::path& file) {
  return set_up(file, [&] { return load_config(file); });
}

std::optional<Setup> read_test_setup(const std::filesystem::path& file) {
  return set_up(file, [&] {
    Config config = load_config(file);
    for (Field& field : config.input.schema.fields) field.optional = true;
    return config;
  });
}

std::optional<Setup> embedded_setup() {
  const std::filesystem::path name = "(embedded)/warpscore.toml";
  return set_up(name, [&] {
    Config config = parse_config(embedded_configuration(), name);
    config.model->bytes = embedded_model();
    return config;
  });
}

std::uint32_t workers_of(const Options& options) {
  if (options.threads != 0) return options.threads;
  return std::max(1U, std::thread::hardware_concurrency());
}

std::uint32_t engine_workers_of(const Options& options) {
  if (options.threads != 0) return options.threads;
  return std::max(1U, std::thread::hardware_concurrency() / 2);
}

}  // namespace warpscore
