#include "service/check_command.h"

#include <atomic>
#include <cstdio>
#include <string>

#include "base/kafka.h"
#include "kernels/history.h"
#include "publish/json_text.h"
#include "publish/reason.h"
#include "publish/shape.h"
#include "scoring/compiled_plan.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"
#include "service/setup.h"
#include "service/start_checks.h"

namespace warpscore {
namespace {

class Report {
 public:
  explicit Report(bool json) : json_(json) {
    if (json_) std::printf("[");
  }
  ~Report() {
    if (json_) std::printf("]\n");
  }
  Report(const Report&) = delete;
  Report& operator=(const Report&) = delete;

  void line(bool ok, const char* what, const std::string& text) {
    if (!json_) {
      std::printf("%-6s %-14s %s\n", ok ? "ok" : "FAILED", what, text.c_str());
      return;
    }
    std::printf("%s{\"check\":\"%s\",\"ok\":%s,\"text\":%s}", first_ ? "" : ",", what,
                ok ? "true" : "false", json_string(is_utf8(text) ? text : "(not UTF-8)").c_str());
    first_ = false;
  }

 private:
  const bool json_;
  bool first_ = true;
};

std::string key_name(const Schema& schema, std::uint32_t key_index) {
  for (const Field& field : schema.fields) {
    if (field.type == FieldType::kKey && field.key_index == key_index) return field.name;
  }
  return {};
}

// What state will take: per key at first, and per transaction held.
void report_memory(const Plan& plan, Report& report) {
  const CompiledPlan& compiled = plan.compiled();
  for (std::size_t t = 0; t < compiled.tables.size(); ++t) {
    const TablePlan& table = compiled.tables[t];
    std::string name = key_name(plan.schema(), compiled.parts[t].key_field);
    for (const std::uint32_t field : compiled.parts[t].same) {
      name += " + " + plan.schema().fields[field].name;
    }
    const std::uint64_t slot = (sizeof(SlotHead) + 8 * table.slot_words + 63) / 64 * 64 + 16;
    const std::uint64_t ring = table.keeps_rows ? 64 * ring_units(table, kFirstClass) : 0;
    report.line(true, "memory",
                name + ": " + std::to_string(slot + ring) + " bytes per key, " +
                    std::to_string(table.keeps_rows ? 8 * table.row_words : 0) +
                    " per transaction held" + (table.horizon < 0 ? ", which is for ever" : ""));
  }
}

void report_offline(const Setup& setup, Report& report) {
  const Plan& plan = *setup.plan;
  report.line(true, "fields",
              std::to_string(plan.schema().fields.size()) + ", of them " +
                  std::to_string(plan.schema().key_count) + " keys");
  report.line(true, "features", std::to_string(plan.features().size()));
  if (plan.has_model()) {
    const Model& model = *plan.compiled().model;
    report.line(true, "model",
                plan.model_version() + ", " + std::to_string(model.feature_count) + " inputs" +
                    (model.tree_count == 0 ? std::string(", logistic")
                                           : ", " + std::to_string(model.tree_count) + " trees"));
  }
  report.line(true, "alerts", std::to_string(plan.alerts().size()));
  if (!setup.config.tests.empty()) {
    report.line(true, "tests",
                std::to_string(setup.config.tests.size()) + ", not run here: warpscore test");
  }
  report_memory(plan, report);
}

// What `run` would compute on, on this host. Offline, the host may be another one than will run it.
bool report_device(const Options& options, const Setup& setup, Report& report) {
  const DeviceChoice choice = choose_device(options, setup.config);
  const std::string which = choice.device == Device::kCuda ? cuda_line() : "cpu";
  const std::string why_not =
      choice.why_not.empty() ? "" : " (cuda: not usable: " + choice.why_not + ")";
  if (!choice.refused) {
    report.line(true, "device", which + why_not);
  } else {
    report.line(options.check.offline, "device", "cuda: not usable here: " + choice.why_not);
  }
  return !choice.refused;
}

int check_kafka(const Setup& setup, Report& report) {
  const Config& config = setup.config;
  const std::vector<ConfigError> missing = config.missing_for_run();
  for (const ConfigError& error : missing) {
    report.line(false, "run", format_error(config.file, error));
  }
  if (!missing.empty()) return kExitConfiguration;
  for (const ConfigError& idle : config.not_in_this_version()) {
    report.line(true, "warning", format_error(config.file, idle));
  }
  const KafkaPlaces places = kafka_places(config);
  try {
    KafkaClient client(places.settings, config.input.group);
    const std::atomic<bool> no_patience{true};  // one try: a person waits for the answer
    std::int32_t input = 0;
    std::int32_t labels = 0;
    const StartProblem problem = check_topics(config, places, client, no_patience, input, labels);
    if (problem.exit_code != kExitOk) {
      report.line(false, "kafka", problem.message + " (" + problem.mend + ")");
      return problem.exit_code;
    }
    report.line(true, "kafka",
                places.servers + ": all topics exist, " + config.input.topic + " has " +
                    std::to_string(input) + " partitions");
  } catch (const KafkaError& error) {
    report.line(false, "kafka", error.what());
    return error.fault() == KafkaFault::kUnreachable ? kExitUnavailable : kExitConfiguration;
  }
  return kExitOk;
}

}  // namespace

int check_command(const Options& options) {
  const std::optional<Setup> setup = read_setup(options.check.config);
  if (!setup) return kExitConfiguration;
  try {
    const OutputShape shape = shape_of(*setup->plan);
    for (const AlertSpec& alert : setup->config.alerts) {
      const ReasonTemplate reason(alert.reason.text, shape, alert.reason.place);  // throws
    }
  } catch (const ConfigError& error) {
    std::fprintf(stderr, "%s\n", format_error(setup->config.file, error).c_str());
    return kExitConfiguration;
  }
  Report report(options.check.print == PrintFormat::kJson);
  report_offline(*setup, report);
  const bool has_device = report_device(options, *setup, report);
  if (options.check.offline) return kExitOk;
  if (!has_device) return kExitUnavailable;
  // A file without brokers is for `features`: there is nothing to look for.
  if (setup->config.kafka.bootstrap_servers.empty()) return kExitOk;
  return check_kafka(*setup, report);
}

}  // namespace warpscore
