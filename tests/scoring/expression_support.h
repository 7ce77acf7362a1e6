// A scope of columns made on the spot, and results as text, for the tests of expressions.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/dictionary.h"
#include "base/key.h"
#include "scoring/expression.h"
#include "scoring/expression_literals.h"

namespace warpscore {

// Names with types and one value each. previous(account) sees the names that begin with "before_".
class TestScope : public Scope {
 public:
  void add(const std::string& name, ColumnType type, Lane value) {
    columns_.push_back(value);
    symbols_[name] = {static_cast<std::uint32_t>(columns_.size() - 1), type};
  }

  std::optional<Symbol> find(std::string_view name) override {
    const auto found = symbols_.find(name);
    if (found == symbols_.end()) return std::nullopt;
    return found->second;
  }
  std::optional<Symbol> previous(std::string_view key, std::string_view field) override {
    if (key != "account" && key != "terminal") return std::nullopt;
    return find("before_" + std::string(field));
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, symbol] : symbols_) names.push_back(name);
    return names;
  }

  Dictionary& dictionary() { return dictionary_; }
  [[nodiscard]] std::vector<const Lane*> columns() const {
    std::vector<const Lane*> pointers;
    for (const Lane& lane : columns_) pointers.push_back(&lane);
    return pointers;
  }

 private:
  std::map<std::string, Symbol, std::less<>> symbols_;
  std::vector<Lane> columns_;
  Dictionary dictionary_{1000};
};

inline std::string text_of_decimal(Lane units, unsigned scale) {
  const Lane power = expression::power_of_ten(scale);
  const Lane magnitude = units < 0 ? -units : units;
  std::string text = (units < 0 ? "-" : "") + std::to_string(magnitude / power);
  if (scale == 0) return text;
  const std::string digits = std::to_string(magnitude % power);
  return text + "." + std::string(scale - digits.size(), '0') + digits;
}

// "missing", "true", "7", "1.50", the shortest double that reads back equal, "90500ms", "t1000".
inline std::string text_of_lane(ColumnType type, Lane lane) {
  if (is_missing(type.type, lane)) return "missing";
  switch (type.type) {
    case LaneType::kBool:
      return lane == 1 ? "true" : lane == 0 ? "false" : "no boolean";
    case LaneType::kDecimal:
      return text_of_decimal(lane, type.scale);
    case LaneType::kDouble: {
      char buffer[40];
      const auto end = std::to_chars(buffer, buffer + sizeof buffer, double_of(lane)).ptr;
      std::string text(buffer, end);
      return text.find_first_of(".en") == std::string::npos ? text + ".0" : text;
    }
    case LaneType::kTime:
      return "t" + std::to_string(lane);
    case LaneType::kDuration:
      return std::to_string(lane) + "ms";
    default:
      return std::to_string(lane);
  }
}

struct TestResult {
  std::string text;  // or "error: ..." with the mend behind " -- "
  std::uint32_t failed = 0;
  std::size_t position = 0;  // of an error
};

inline TestResult evaluate(TestScope& scope, std::string_view expression) {
  try {
    const Program program = compile_expression(expression, scope, scope.dictionary());
    const auto columns = scope.columns();
    std::vector<Lane> scratch(program.registers);
    Lane out = 0;
    const std::uint32_t failed =
        run_program<1>(view_of(program), columns.data(), 0, 1, scratch.data(), &out);
    return {text_of_lane(program.type, out), failed, 0};
  } catch (const ExpressionError& error) {
    const std::string mend = error.mend().empty() ? "" : " -- " + error.mend();
    return {std::string("error: ") + error.what() + mend, 0, error.position()};
  }
}

// One column of every type, present and missing (g...).
inline void add_usual_columns(TestScope& scope) {
  const ColumnType integer{LaneType::kInteger, 0};
  const ColumnType real{LaneType::kDouble, 0};
  const ColumnType boolean{LaneType::kBool, 0};
  const ColumnType time{LaneType::kTime, 0};
  const ColumnType span{LaneType::kDuration, 0};
  const ColumnType enumerated{LaneType::kEnum, 0};
  const ColumnType key{LaneType::kKey, 0};
  const auto decimal = [](std::uint8_t scale) { return ColumnType{LaneType::kDecimal, scale}; };
  Dictionary& dictionary = scope.dictionary();

  scope.add("i", integer, 7);
  scope.add("j", integer, -3);
  scope.add("zero", integer, 0);
  scope.add("most", integer, INT64_MAX);
  scope.add("least", integer, -INT64_MAX);
  scope.add("gi", integer, kMissing);
  scope.add("amount", decimal(2), 12345);
  scope.add("fee", decimal(3), 1005);
  scope.add("whole", decimal(0), 4);
  scope.add("fine", decimal(6), -1);
  scope.add("nothing", decimal(2), 0);
  scope.add("huge", decimal(2), INT64_MAX);
  scope.add("gd", decimal(2), kMissing);
  scope.add("x", real, lane_of(2.5));
  scope.add("y", real, lane_of(-0.5));
  scope.add("z", real, lane_of(0.0));
  scope.add("wide", real, lane_of(0x1p63));
  scope.add("gx", real, kMissingDouble);
  scope.add("yes", boolean, 1);
  scope.add("no", boolean, 0);
  scope.add("gb", boolean, kMissing);
  scope.add("time", time, 1'706'774'523'456);  // 2024-02-01T08:02:03.456Z, a Thursday
  scope.add("before_time", time, 1'706'774'433'000);
  scope.add("gt", time, kMissing);
  scope.add("span", span, 5'430'250);  // 1h30m30.25s
  scope.add("gs", span, kMissing);
  scope.add("country", enumerated, dictionary.number_of("NL"));
  scope.add("home", enumerated, dictionary.number_of("BE"));
  scope.add("before_country", enumerated, dictionary.number_of("NL"));
  scope.add("code", enumerated, dictionary.number_of("42"));
  scope.add("ge", enumerated, kMissing);
  scope.add("account", key, fingerprint_of(key_of("a-1")));
  scope.add("payee", key, fingerprint_of(key_of("a-2")));
  scope.add("number", key, fingerprint_of(key_of("42")));
  scope.add("long_key", key, fingerprint_of(key_of("a key of more than fifteen bytes")));
  scope.add("gk", key, kMissing);
  scope.add("before_amount", decimal(2), kMissing);
  scope.add("count_1d", integer, 11);  // from here on: what docs/expressions.md names
  scope.add("idle", integer, kMissing);
  scope.add("mean_7d", real, lane_of(40.5));
  scope.add("score", real, lane_of(0.93));
  scope.add("label", boolean, 1);
  scope.add("home_country", enumerated, dictionary.number_of("BE"));
  scope.add("home-country", enumerated, dictionary.number_of("NL"));
}

}  // namespace warpscore
