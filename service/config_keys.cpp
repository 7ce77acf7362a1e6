#include "service/config_keys.h"

namespace warpscore {
namespace {

constexpr ConfigKey text(std::string_view path, std::string_view fallback = {}) {
  return {.path = path, .fallback = fallback};
}
constexpr ConfigKey required_text(std::string_view path) {
  return {.path = path, .required = true};
}
constexpr ConfigKey choice(std::string_view path, std::string_view fallback,
                           std::string_view choices) {
  return {.path = path, .fallback = fallback, .choices = choices};
}
constexpr ConfigKey integer(std::string_view path, std::string_view fallback, std::int64_t min,
                            std::int64_t max) {
  return {.path = path, .kind = ValueKind::kInteger, .fallback = fallback, .min = min, .max = max};
}
constexpr ConfigKey boolean(std::string_view path, std::string_view fallback) {
  return {.path = path, .kind = ValueKind::kBoolean, .fallback = fallback};
}
constexpr ConfigKey duration(std::string_view path, std::string_view fallback, std::int64_t min,
                             std::int64_t max) {
  return {.path = path, .kind = ValueKind::kDuration, .fallback = fallback, .min = min, .max = max};
}
constexpr ConfigKey texts(std::string_view path, std::int64_t min) {
  return {.path = path, .kind = ValueKind::kTexts, .min = min};
}
constexpr ConfigKey of_kind(std::string_view path, ValueKind kind) {
  return {.path = path, .kind = kind};
}
constexpr ConfigKey required(ConfigKey key) {
  key.required = true;
  return key;
}

constexpr std::int64_t kMany = 1'000'000'000'000;

constexpr ConfigKey kKeys[] = {
    required(integer("version", {}, 1, 1)),
    integer("history", "no limit", 1, kMany),

    of_kind("kafka", ValueKind::kTable),
    texts("kafka.bootstrap_servers", 1),
    of_kind("kafka.properties", ValueKind::kProperties),
    of_kind("kafka.properties.*", ValueKind::kScalar),

    required(of_kind("input", ValueKind::kTable)),
    text("input.topic"),
    text("input.group"),
    choice("input.format", "\"json\"", "json|csv"),
    text("input.partitions", "all"),
    duration("input.max_future_skew", "\"5m\"", 1, kMaxDurationMs),
    required(of_kind("input.fields", ValueKind::kTable)),
    required(of_kind("input.fields.id", ValueKind::kTextOrTable)),
    required_text("input.fields.id.field"),
    required(of_kind("input.fields.time", ValueKind::kTextOrTable)),
    required_text("input.fields.time.field"),
    choice("input.fields.time.type", "\"epoch_ms\"", "epoch_ms|epoch_s|rfc3339"),
    of_kind("input.fields.*", ValueKind::kTable),
    text("input.fields.*.field", "the name"),
    required(choice("input.fields.*.type", {}, "key|integer|decimal|enum|boolean")),
    integer("input.fields.*.scale", {}, 0, 6),
    integer("input.fields.*.max", "no limit", 1, 1'000'000'000),
    boolean("input.fields.*.optional", "false"),
    boolean("input.fields.*.masked", "false"),

    of_kind("labels", ValueKind::kTable),
    text("labels.field"),
    text("labels.topic"),
    text("labels.id"),
    text("labels.value"),

    of_kind("features", ValueKind::kTables),
    required_text("features[].name"),
    text("features[].key"),
    text("features[].value"),
    texts("features[].ops", 1),
    texts("features[].windows", 1),
    duration("features[].delay", "\"0s\"", 0, kMaxDurationMs),
    choice("features[].closed", "\"right\"", "right|both"),
    text("features[].where", "all"),
    texts("features[].same", 1),
    duration("features[].lookback", "the key's longest window + delay", 1, kMaxDurationMs),
    text("features[].expr"),

    of_kind("model", ValueKind::kTable),
    required_text("model.path"),
    text("model.sha256", "any file"),
    {.path = "model.features",
     .kind = ValueKind::kTextsOrTable,
     .fallback = "the model's own names",
     .min = 1},
    text("model.features.*"),

    of_kind("alerts", ValueKind::kTables),
    required_text("alerts[].name"),
    required_text("alerts[].when"),
    choice("alerts[].severity", "\"medium\"", "low|medium|high|critical"),
    text("alerts[].reason", "the text of `when`"),
    choice("alerts[].mode", "\"live\"", "live|shadow"),

    of_kind("output", ValueKind::kTable),
    of_kind("output.scores", ValueKind::kTable),
    required_text("output.scores.topic"),
    choice("output.scores.format", "\"json\"", "json|packed"),
    texts("output.scores.include", 0),
    of_kind("output.alerts", ValueKind::kTable),
    required_text("output.alerts.topic"),
    integer("output.alerts.reasons", "0", 0, 32),
    of_kind("output.dead_letters", ValueKind::kTable),
    required_text("output.dead_letters.topic"),
    boolean("output.dead_letters.payload", "true"),
    duration("output.commit", "\"50ms\"", 1, 60'000),

    of_kind("ha", ValueKind::kTable),
    required_text("ha.name"),
    required_text("ha.changelog"),
    choice("ha.failover", "\"automatic\"", "automatic|manual"),
    duration("ha.silence", "\"1s\"", 200, 3'600'000),
    duration("ha.lease", "silence", 200, 3'600'000),

    of_kind("device", ValueKind::kTable),
    choice("device.backend", "\"auto\"", "auto|cpu|cuda"),
    {.path = "device.memory", .kind = ValueKind::kSize, .fallback = "\"80%\""},
    integer("device.keys", "no limit", 1, kMany),
    integer("device.history", "no limit", 1, kMany),

    of_kind("http", ValueKind::kTable),
    required_text("http.listen"),

    of_kind("tests", ValueKind::kTables),
    required_text("tests[].name"),
    required(of_kind("tests[].in", ValueKind::kTables)),
    integer("tests[].in[].repeat", "1", 1, 1'000'000),
    duration("tests[].in[].every", {}, 1, kMaxDurationMs),
    of_kind("tests[].in[].*", ValueKind::kScalar),
    required(of_kind("tests[].expect", ValueKind::kTable)),
    texts("tests[].expect.alerts", 0),
    of_kind("tests[].expect.*", ValueKind::kScalar),
};

}  // namespace

std::span<const ConfigKey> config_keys() { return kKeys; }

std::string_view table_of(const ConfigKey& key) {
  const std::size_t dot = key.path.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : key.path.substr(0, dot);
}

std::string_view name_of(const ConfigKey& key) {
  const std::size_t dot = key.path.rfind('.');
  return dot == std::string_view::npos ? key.path : key.path.substr(dot + 1);
}

const ConfigKey* find_key(std::string_view table, std::string_view name) {
  const ConfigKey* any = nullptr;
  for (const ConfigKey& key : kKeys) {
    if (table_of(key) != table) continue;
    if (name_of(key) == name && name != "*") return &key;
    if (name_of(key) == "*") any = &key;
  }
  return any;
}

std::string describe_type(const ConfigKey& key) {
  switch (key.kind) {
    case ValueKind::kText: {
      if (key.choices.empty()) return "text";
      std::string described;
      std::string_view rest = key.choices;
      while (true) {
        const std::size_t bar = rest.find('|');
        described += "\"" + std::string(rest.substr(0, bar)) + "\"";
        if (bar == std::string_view::npos) return described;
        rest.remove_prefix(bar + 1);
        described += rest.find('|') == std::string_view::npos ? " or " : ", ";
      }
    }
    case ValueKind::kInteger:
      return "integer";
    case ValueKind::kBoolean:
      return "boolean";
    case ValueKind::kDuration:
      return "duration";
    case ValueKind::kSize:
      return "size";
    case ValueKind::kTexts:
      return "list of texts";
    case ValueKind::kTable:
    case ValueKind::kProperties:
      return "table";
    case ValueKind::kTables:
      return "list of tables";
    case ValueKind::kTextOrTable:
      return "text or table";
    case ValueKind::kTextsOrTable:
      return "list of texts or table";
    case ValueKind::kScalar:
      return "text, number or boolean";
  }
  return {};
}

}  // namespace warpscore
