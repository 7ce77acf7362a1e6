#include "service/test_command.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory_resource>
#include <string>
#include <vector>

#include "base/check.h"
#include "ingest/decode.h"
#include "publish/json_text.h"
#include "publish/value_text.h"
#include "scoring/engine.h"
#include "service/exit_codes.h"
#include "service/setup.h"

namespace warpscore {
namespace {

constexpr std::int64_t kFirstTimeMs = 1'767'225'600'000;  // 2026-01-01T00:00:00Z
constexpr std::int64_t kEveryMs = 1000;
constexpr std::size_t kTextBytes = 1U << 20;

std::string time_text(const Schema& schema, std::int64_t time_ms) {
  char text[kValueTextMax];
  switch (schema.time_format) {
    case TimeFormat::kEpochMs:
      return std::to_string(time_ms);
    case TimeFormat::kEpochSeconds:
      return std::string(text, write_decimal(text, time_ms, 3));
    case TimeFormat::kRfc3339:
      return '"' + std::string(text, write_rfc3339(text, time_ms)) + '"';
  }
  return {};
}

// One transaction as the JSON that the input would hold.
std::string transaction_json(const Schema& schema, const TestStep& step, std::uint64_t number,
                             std::int64_t time_ms) {
  bool has_id = false;
  bool has_time = false;
  std::string json = "{";
  for (const TestValue& member : step.members) {
    has_id = has_id || member.name == schema.id_source;
    has_time = has_time || member.name == schema.time_source;
    if (json.size() > 1) json += ',';
    append_json_string(json, member.name);
    json += ':';
    if (member.kind == TestValue::Kind::kText) {
      append_json_string(json, member.text);
    } else {
      json += member.text;
    }
  }
  const auto add = [&](const std::string& name, const std::string& value) {
    if (json.size() > 1) json += ',';
    append_json_string(json, name);
    json += ':' + value;
  };
  if (!has_id) add(schema.id_source, "\"test-" + std::to_string(number) + "\"");
  if (!has_time) add(schema.time_source, time_text(schema, time_ms));
  return json + '}';
}

class TestRun {
 public:
  TestRun(const Plan& plan, const TestSpec& test)
      : plan_(plan),
        test_(test),
        schema_(plan.schema()),
        engine_(plan, {1, 1}),
        decoder_(schema_, plan.dictionary(), {}),
        batch_(schema_, 1, kTextBytes, engine_.batch_memory()) {}

  // Sentences about what is not as expected; empty if the test passed.
  std::vector<std::string> run() {
    std::int64_t time_ms = kFirstTimeMs;
    for (const TestStep& step : test_.steps) {
      for (std::uint32_t i = 0; i < step.repeat; ++i) {
        if (number_ != 0) time_ms += step.every_ms.value_or(kEveryMs);
        if (!apply(transaction_json(schema_, step, ++number_, time_ms))) return failures_;
      }
    }
    if (number_ == 0) return {"no transaction is given"};
    check_alerts();
    for (const TestValue& expected : test_.expect) check_value(expected);
    return failures_;
  }

 private:
  bool apply(const std::string& json) {
    batch_.clear();
    RawTransaction raw;
    raw.value = json;
    raw.source.offset = static_cast<std::int64_t>(number_);
    if (!decoder_.decode(raw, batch_)) {
      failures_.push_back("transaction " + std::to_string(number_) +
                          " is refused: " + batch_.rejects().back().detail);
      return false;
    }
    engine_.process(batch_.view(), results_);
    return true;
  }

  void check_alerts() {
    if (!test_.alerts) return;
    std::vector<std::string> fired;
    for (std::uint32_t a = 0; a < plan_.alerts().size(); ++a) {
      if (results_.alert_fired(a, 0)) fired.push_back(plan_.alerts()[a].name);
    }
    std::vector<std::string> expected;
    for (const TextAt& name : *test_.alerts) expected.push_back(name.text);
    std::sort(fired.begin(), fired.end());
    std::sort(expected.begin(), expected.end());
    if (fired == expected) return;
    failures_.push_back("alerts: expected " + listed(expected) + ", fired " + listed(fired));
  }

  static std::string listed(const std::vector<std::string>& names) {
    std::string text;
    for (const std::string& name : names) text += (text.empty() ? "" : ", ") + name;
    return text.empty() ? "none" : text;
  }

  [[nodiscard]] std::string found(const std::string& name) const {
    char text[kValueTextMax];
    if ((name == "score" || name == "margin") && std::isnan(results_.score[0])) return "missing";
    if (name == "score") return {text, write_double(text, results_.score[0])};
    if (name == "margin") {
      return {text, plan_.margin_is_float()
                        ? write_float(text, static_cast<float>(results_.margin[0]))
                        : write_double(text, results_.margin[0])};
    }
    for (std::size_t f = 0; f < plan_.features().size(); ++f) {
      const FeatureColumn& feature = plan_.features()[f];
      if (feature.name != name) continue;
      const Lane lane = results_.features[f][0];
      if (is_missing(feature.type.type, lane)) return "missing";
      if (feature.type.type == LaneType::kEnum)
        return std::string(plan_.dictionary().text_of(lane));
      return {text, write_lane(text, feature.type, lane)};
    }
    return "no such feature";
  }

  void check_value(const TestValue& expected) {
    const std::string value = found(expected.name);
    std::string wanted = expected.text;
    if (expected.kind == TestValue::Kind::kBoolean) wanted = wanted == "true" ? "1" : "0";
    if (value == wanted) return;
    if (expected.kind == TestValue::Kind::kNumber) {  // 1 and 1.00 are one number
      char* end = nullptr;
      const double number = std::strtod(value.c_str(), &end);
      if (end == value.c_str() + value.size() && number == std::strtod(wanted.c_str(), nullptr)) {
        return;
      }
    }
    failures_.push_back(expected.name + ": expected " + wanted + ", is " + value);
  }

  const Plan& plan_;
  const TestSpec& test_;
  const Schema& schema_;
  Engine engine_;
  JsonDecoder decoder_;
  Batch batch_;
  Results results_;
  std::uint64_t number_ = 0;
  std::vector<std::string> failures_;
};

}  // namespace

int test_command(const Options& options) {
  const std::optional<Setup> setup = read_test_setup(options.test.config);
  if (!setup) return kExitConfiguration;
  const bool json = options.test.print == PrintFormat::kJson;
  std::size_t failed = 0;
  for (const TestSpec& test : setup->config.tests) {
    const std::vector<std::string> failures = TestRun(*setup->plan, test).run();
    failed += failures.empty() ? 0 : 1;
    std::string name;
    append_json_string(name, test.name);
    if (json) {
      std::printf("{\"test\":%s,\"passed\":%s,\"failures\":[", name.c_str(),
                  failures.empty() ? "true" : "false");
    } else {
      std::printf("%s %s\n", failures.empty() ? "ok    " : "FAILED", test.name.c_str());
    }
    for (std::size_t i = 0; i < failures.size(); ++i) {
      std::string text;
      append_json_string(text, failures[i]);
      if (json) {
        std::printf("%s%s", i == 0 ? "" : ",", text.c_str());
      } else {
        std::printf("       %s\n", failures[i].c_str());
      }
    }
    if (json) std::printf("]}\n");
  }
  if (!json) {
    std::printf("%zu passed, %zu failed\n", setup->config.tests.size() - failed, failed);
  }
  return failed == 0 ? kExitOk : kExitFailed;
}

}  // namespace warpscore
