// The committed table of another CEL's results, and every example of docs/expressions.md.
#include <gtest/gtest.h>

#include <fstream>

#include "tests/scoring/expression_support.h"

namespace warpscore {
namespace {

Lane time_of(const char* text) { return expression::parse_timestamp(text)->value; }
Lane duration_of(const char* text) { return expression::parse_cel_duration(text)->value; }

// What cel_cases.py binds, and the absent names as missing columns.
void add_cel_columns(TestScope& scope) {
  const ColumnType integer{LaneType::kInteger, 0};
  const ColumnType real{LaneType::kDouble, 0};
  const ColumnType boolean{LaneType::kBool, 0};
  const ColumnType time{LaneType::kTime, 0};
  const ColumnType span{LaneType::kDuration, 0};
  const ColumnType text{LaneType::kEnum, 0};
  scope.add("i", integer, 7);
  scope.add("j", integer, -3);
  scope.add("zero", integer, 0);
  scope.add("most", integer, INT64_MAX);
  scope.add("least", integer, -INT64_MAX);
  scope.add("gi", integer, kMissing);
  scope.add("x", real, lane_of(2.5));
  scope.add("y", real, lane_of(-0.5));
  scope.add("z", real, lane_of(0.0));
  scope.add("wide", real, lane_of(0x1p63));
  scope.add("yes", boolean, 1);
  scope.add("no", boolean, 0);
  scope.add("gb", boolean, kMissing);
  scope.add("time", time, time_of("2024-02-01T08:02:03.456Z"));
  scope.add("then", time, time_of("1969-07-20T20:17:40Z"));
  scope.add("span", span, duration_of("5430.25s"));
  scope.add("back", span, duration_of("-61s"));
  scope.add("country", text, scope.dictionary().number_of("NL"));
  scope.add("home", text, scope.dictionary().number_of("BE"));
}

// Doubles are compared as values: Python and C++ write some in different ways.
bool same(const std::string& result, const std::string& expected) {
  if (result == expected) return true;
  double a = 0;
  double b = 0;
  const auto [a_end, a_error] = std::from_chars(result.data(), result.data() + result.size(), a);
  const auto [b_end, b_error] =
      std::from_chars(expected.data(), expected.data() + expected.size(), b);
  const bool numbers = a_error == std::errc{} && b_error == std::errc{} &&
                       a_end == result.data() + result.size() &&
                       b_end == expected.data() + expected.size();
  const bool doubles = result.find_first_of(".en") != std::string::npos &&
                       expected.find_first_of(".en") != std::string::npos;
  return numbers && doubles && lane_of(a) == lane_of(b);
}

TEST(ExpressionExamples, AgreesWithCelPython) {
  TestScope scope;
  add_cel_columns(scope);
  std::ifstream file(WARPSCORE_CEL_CASES);
  ASSERT_TRUE(file.is_open());
  std::size_t cases = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("#")) continue;
    const std::size_t tab = line.find('\t');
    ASSERT_NE(tab, std::string::npos) << line;
    const std::string expression = line.substr(0, tab);
    const std::string expected = line.substr(tab + 1);
    const std::string result = evaluate(scope, expression).text;
    EXPECT_TRUE(same(result, expected)) << expression << ": " << result << ", CEL: " << expected;
    ++cases;
  }
  EXPECT_GT(cases, 1000U);
}

// docs/expressions.md: a fence "expressions" holds lines of an expression, "=>" and its result,
// with the columns that the page names; a result may be "error: MESSAGE -- MEND".
TEST(ExpressionExamples, DocumentationIsTrue) {
  TestScope scope;
  add_usual_columns(scope);
  std::ifstream file(WARPSCORE_EXPRESSION_DOCS);
  ASSERT_TRUE(file.is_open());
  bool inside = false;
  std::size_t examples = 0;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("```")) inside = line == "```expressions";
    const std::size_t arrow = line.find("=> ");
    if (!inside || line.starts_with("```") || line.empty()) continue;
    ASSERT_NE(arrow, std::string::npos) << line;
    const std::string expression = line.substr(0, line.find_last_not_of(' ', arrow - 1) + 1);
    EXPECT_EQ(evaluate(scope, expression).text, line.substr(arrow + 3)) << expression;
    ++examples;
  }
  EXPECT_GT(examples, 60U);
}

}  // namespace
}  // namespace warpscore
