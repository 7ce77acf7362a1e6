// The configuration as it was understood: every default written out, no secret.
#include "service/config.h"
#include "service/duration.h"

namespace warpscore {
namespace {

std::string quote(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (byte < 0x20 || byte == 0x7F) {
      quoted += "\\u00";
      quoted += kHex[byte >> 4];
      quoted += kHex[byte & 15];
    } else {
      quoted += c;
    }
  }
  return quoted + "\"";
}

std::string quote_duration(std::int64_t ms) { return quote(format_duration(ms)); }

class Dump {
 public:
  void table(const std::string& header) { text_ += (text_.empty() ? "" : "\n") + header + "\n"; }
  void raw(std::string_view key, const std::string& value) {
    text_ += std::string(key) + " = " + value + "\n";
  }
  void text(std::string_view key, const std::string& value) {
    if (!value.empty()) raw(key, quote(value));
  }
  void number(std::string_view key, std::uint64_t value) {
    if (value != 0) raw(key, std::to_string(value));
  }
  template <class Items, class Text>
  void list(std::string_view key, const Items& items, Text text_of) {
    if (items.empty()) return;
    std::string value;
    for (const auto& item : items) value += (value.empty() ? "" : ", ") + quote(text_of(item));
    raw(key, "[" + value + "]");
  }
  [[nodiscard]] std::string take() { return std::move(text_); }

 private:
  std::string text_;
};

std::string text_of(const TextAt& text) { return text.text; }

void dump_kafka(const KafkaConfig& kafka, Dump& dump) {
  if (kafka.bootstrap_servers.empty() && kafka.properties.empty()) return;
  dump.table("[kafka]");
  dump.list("bootstrap_servers", kafka.bootstrap_servers, [](const auto& text) { return text; });
  if (kafka.properties.empty()) return;
  dump.table("[kafka.properties]");
  for (const KafkaProperty& property : kafka.properties)
    dump.raw(quote(property.name), property.secret ? "\"***\"" : quote(property.value));
}

std::string field_line(const Field& field) {
  std::string line = "{ field = " + quote(field.source) + ", type = ";
  switch (field.type) {
    case FieldType::kKey:
      line += std::string("\"key\", masked = ") + (field.masked ? "true" : "false");
      break;
    case FieldType::kInteger:
      line += "\"integer\"";
      break;
    case FieldType::kDecimal:
      line += "\"decimal\", scale = " + std::to_string(field.scale);
      break;
    case FieldType::kEnum:
      line += "\"enum\"";
      if (field.enum_max != 0) line += ", max = " + std::to_string(field.enum_max);
      break;
    case FieldType::kBool:
      line += "\"boolean\"";
      break;
  }
  return line + ", optional = " + (field.optional ? "true" : "false") + " }";
}

void dump_input(const InputConfig& input, Dump& dump) {
  dump.table("[input]");
  dump.text("topic", input.topic);
  dump.text("group", input.group);
  dump.text("format", input.format == InputFormat::kCsv ? "csv" : "json");
  std::string partitions;
  for (const PartitionRange& range : input.partitions) {
    partitions += (partitions.empty() ? "" : ",") + std::to_string(range.first);
    if (range.last != range.first) partitions += "-" + std::to_string(range.last);
  }
  dump.text("partitions", partitions);
  dump.raw("max_future_skew", quote_duration(input.max_future_skew_ms));

  const Schema& schema = input.schema;
  dump.table("[input.fields]");
  dump.text("id", schema.id_source);
  const char* type = schema.time_format == TimeFormat::kRfc3339        ? "rfc3339"
                     : schema.time_format == TimeFormat::kEpochSeconds ? "epoch_s"
                                                                       : "epoch_ms";
  dump.raw("time", "{ field = " + quote(schema.time_source) + ", type = " + quote(type) + " }");
  for (const Field& field : schema.fields) dump.raw(field.name, field_line(field));
  if (!schema.labels) return;
  dump.table("[labels]");
  dump.text("field", schema.labels->field);
  dump.text("topic", schema.labels->topic);
  dump.text("id", schema.labels->id);
  dump.text("value", schema.labels->value);
}

void dump_feature(const FeatureSpec& feature, Dump& dump) {
  dump.table("[[features]]");
  dump.text("name", feature.name.text);
  dump.text("key", feature.key.text);
  dump.text("value", feature.value.text);
  dump.list("ops", feature.ops, text_of);
  dump.list("windows", feature.windows, [](const WindowSpec& window) { return window.text; });
  if (feature.delay_ms > 0) dump.raw("delay", quote_duration(feature.delay_ms));
  if (!feature.windows.empty()) dump.text("closed", feature.closed_both ? "both" : "right");
  dump.text("where", feature.where.text);
  dump.list("same", feature.same, text_of);
  if (feature.lookback_ms) dump.raw("lookback", quote_duration(*feature.lookback_ms));
  dump.text("expr", feature.expr.text);
}

void dump_decisions(const Config& config, Dump& dump) {
  if (config.model) {
    dump.table("[model]");
    dump.text("path", config.model->path.text);
    dump.text("sha256", config.model->sha256);
    dump.list("features", config.model->list, text_of);
    if (!config.model->table.empty()) dump.table("[model.features]");
    for (const auto& [name, ours] : config.model->table) dump.raw(quote(name), quote(ours.text));
  }
  for (const AlertSpec& alert : config.alerts) {
    dump.table("[[alerts]]");
    dump.text("name", alert.name);
    dump.text("when", alert.when.text);
    dump.text("severity", alert.severity);
    dump.text("reason", alert.reason.text);
    dump.text("mode", alert.shadow ? "shadow" : "live");
  }
}

void dump_output(const OutputConfig& output, Dump& dump) {
  dump.table("[output]");
  dump.raw("commit", quote_duration(output.commit_ms));
  if (output.scores) {
    dump.table("[output.scores]");
    dump.text("topic", output.scores->topic);
    dump.text("format", output.scores->format == ScoreFormat::kPacked ? "packed" : "json");
    std::vector<std::string> include;
    if (output.scores->include_features) include.emplace_back("features");
    dump.list("include", include, [](const auto& text) { return text; });
  }
  if (output.alerts) {
    dump.table("[output.alerts]");
    dump.text("topic", output.alerts->topic);
    dump.raw("reasons", std::to_string(output.alerts->reasons));
  }
  if (output.dead_letters) {
    dump.table("[output.dead_letters]");
    dump.text("topic", output.dead_letters->topic);
    dump.raw("payload", output.dead_letters->payload ? "true" : "false");
  }
}

void dump_host(const Config& config, Dump& dump) {
  dump.table("[device]");
  const Backend backend = config.device.backend;
  dump.text("backend", backend == Backend::kCpu    ? "cpu"
                       : backend == Backend::kCuda ? "cuda"
                                                   : "auto");
  dump.number("memory", config.state.memory_max);
  if (config.device.memory_percent != 0)
    dump.text("memory", std::to_string(config.device.memory_percent) + "%");
  dump.number("keys", config.state.keys_max);
  dump.number("history", config.state.history_max);
  if (config.http) {
    dump.table("[http]");
    dump.text("listen", config.http->listen);
  }
  if (config.ha) {
    dump.table("[ha]");
    dump.text("name", config.ha->name);
    dump.text("changelog", config.ha->changelog);
    dump.text("failover", config.ha->failover == Failover::kManual ? "manual" : "automatic");
    dump.raw("silence", quote_duration(config.ha->silence_ms));
  }
}

std::string value_text(const TestValue& value) {
  return value.kind == TestValue::Kind::kText ? quote(value.text) : value.text;
}

void dump_test(const TestSpec& test, Dump& dump) {
  dump.table("[[tests]]");
  dump.text("name", test.name);
  for (const TestStep& step : test.steps) {
    dump.table("[[tests.in]]");
    dump.raw("repeat", std::to_string(step.repeat));
    if (step.every_ms) dump.raw("every", quote_duration(*step.every_ms));
    for (const TestValue& member : step.members) dump.raw(quote(member.name), value_text(member));
  }
  dump.table("[tests.expect]");
  if (test.alerts) {
    if (test.alerts->empty()) dump.raw("alerts", "[]");
    dump.list("alerts", *test.alerts, text_of);
  }
  for (const TestValue& value : test.expect) dump.raw(quote(value.name), value_text(value));
}

}  // namespace

std::string dump_config(const Config& config) {
  Dump dump;
  dump.raw("version", std::to_string(config.version));
  dump_kafka(config.kafka, dump);
  dump_input(config.input, dump);
  for (const FeatureSpec& feature : config.features) dump_feature(feature, dump);
  dump_decisions(config, dump);
  dump_output(config.output, dump);
  dump_host(config, dump);
  for (const TestSpec& test : config.tests) dump_test(test, dump);
  return dump.take();
}

}  // namespace warpscore
