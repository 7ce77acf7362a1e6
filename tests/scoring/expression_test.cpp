// What every operator gives for every type, present and missing.
#include "scoring/expression.h"

#include <gtest/gtest.h>

#include <array>
#include <span>

#include "scoring/expression_syntax.h"
#include "tests/scoring/expression_support.h"

namespace warpscore {
namespace {

struct Case {
  const char* expression;
  const char* expected;
  std::uint32_t failed = 0;
};

void expect_all(std::span<const Case> cases) {
  TestScope scope;
  add_usual_columns(scope);
  for (const Case& tested : cases) {
    const TestResult result = evaluate(scope, tested.expression);
    EXPECT_EQ(result.text, tested.expected) << tested.expression;
    EXPECT_EQ(result.failed, tested.failed) << tested.expression;
  }
}

TEST(Expression, Literals) {
  static constexpr auto kCases = std::to_array<Case>({
      {"1", "1"},
      {"0x1F", "31"},
      {"-5", "-5"},
      {"--5", "5"},
      {"9223372036854775807", "9223372036854775807"},
      {"-9223372036854775807", "-9223372036854775807"},
      {"1.5", "1.5"},
      {".5", "0.5"},
      {"1e3", "1000.0"},
      {"2.5E-1", "0.25"},
      {"-0.0", "-0.0"},
      {"true", "true"},
      {"false", "false"},
      {"duration(\"1h30m\")", "5400000ms"},
      {"duration('-1.5h')", "-5400000ms"},
      {"duration(\"2d\")", "172800000ms"},
      {"duration('1500us500us')", "2ms"},
      {"duration('1.5s')", "1500ms"},
      {"duration('.25s')", "250ms"},
      {"duration('0')", "0ms"},
      {"timestamp('1970-01-01T00:00:00Z')", "t0"},
      {"timestamp('2024-02-29T23:59:59.999+01:30')", "t1709245799999"},
      {"timestamp('1969-12-31T23:59:59Z')", "t-1000"},
      {"timestamp('0001-01-01T00:00:00Z')", "t-62135596800000"},
      {"timestamp('9999-12-31T23:59:59.9990Z')", "t253402300799999"},
      {"1 // a comment\n + 2", "3"},
  });
  expect_all(kCases);
}

TEST(Expression, Integers) {
  static constexpr auto kCases = std::to_array<Case>({
      {"i + j", "4"},
      {"i - j", "10"},
      {"i * j", "-21"},
      {"i / j", "-2"},
      {"i % j", "1"},
      {"j % i", "-3"},
      {"-i", "-7"},
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3", "9"},
      {"10 - 4 - 3", "3"},
      {"i / zero", "missing", 1},
      {"i % zero", "missing", 1},
      {"i / 0 + i % 0", "missing", 1},
      {"most + 1", "missing", 1},
      {"least - 1", "missing", 1},
      {"least - 2", "missing", 1},
      {"least + -1", "missing", 1},
      {"most * 2", "missing", 1},
      {"most * most", "missing", 1},
      {"most + least", "0"},
      {"-most", "-9223372036854775807"},
      {"least / -1", "9223372036854775807"},
      {"4294967296 * 2147483648", "missing", 1},
      {"-4294967296 * 2147483648", "missing", 1},  // -2^63 is no number here
      {"gi + 1", "missing"},
      {"1 - gi", "missing"},
      {"gi * 0", "missing"},
      {"gi / zero", "missing"},
      {"i / gi", "missing"},
      {"i % gi", "missing"},
      {"-gi", "missing"},
  });
  expect_all(kCases);
}

TEST(Expression, Doubles) {
  static constexpr auto kCases = std::to_array<Case>({
      {"x + y", "2.0"},
      {"x - y", "3.0"},
      {"x * y", "-1.25"},
      {"x / y", "-5.0"},
      {"-x", "-2.5"},
      {"-z", "-0.0"},
      {"x / z", "inf"},
      {"-x / z", "-inf"},
      {"z / z", "missing"},
      {"0.1 + 0.2", "0.30000000000000004"},
      {"gx + x", "missing"},
      {"x * gx", "missing"},
      {"-gx", "missing"},
      {"x / z - x / z", "missing"},
  });
  expect_all(kCases);
}

TEST(Expression, Decimals) {
  static constexpr auto kCases = std::to_array<Case>({
      {"amount", "123.45"},
      {"amount + fee", "124.455"},
      {"fee - amount", "-122.445"},
      {"amount + 1", "124.45"},
      {"amount + 0.5", "123.95"},
      {"1000.00 - amount", "876.55"},
      {"amount - 1e1", "113.45"},
      {"-amount", "-123.45"},
      {"amount * 3", "370.35"},
      {"j * amount", "-370.35"},
      {"amount / 3", "41.15"},
      {"amount / amount", "1.0"},
      {"amount / fee", "122.83582089552239"},
      {"fee / amount", "0.008140947752126367"},
      {"i / amount", "0.056703118671526935"},
      {"1 / nothing", "inf"},
      {"nothing / nothing", "missing"},
      {"amount / zero", "inf"},
      {"fine", "-0.000001"},
      {"whole + fee", "5.005"},
      {"huge + 0.01", "missing", 1},
      {"huge * 2", "missing", 1},
      {"huge + fee", "missing", 1},  // scaling overflows
      {"huge / fine", "missing", 1},
      {"gd + amount", "missing"},
      {"gd * 2", "missing"},
      {"gd / 2", "missing"},
      {"2 / gd", "missing"},
      {"-gd", "missing"},
      {"gd + fee", "missing"},
  });
  expect_all(kCases);
}

TEST(Expression, Comparisons) {
  static constexpr auto kCases = std::to_array<Case>({
      {"i == 7", "true"},
      {"i != 7", "false"},
      {"i < 7", "false"},
      {"i <= 7", "true"},
      {"i > j", "true"},
      {"i >= 8", "false"},
      {"gi == 7", "false"},
      {"gi != 7", "false"},
      {"gi == gi", "false"},
      {"gi < 7", "false"},
      {"gi <= gi", "false"},
      {"7 > gi", "false"},
      {"gi >= 7", "false"},
      {"x < 2.6", "true"},
      {"x != x", "false"},
      {"gx != x", "false"},
      {"gx == gx", "false"},
      {"x >= gx", "false"},
      {"z == -z", "true"},
      {"amount == 123.45", "true"},
      {"amount > 123.44", "true"},
      {"amount > 123", "true"},
      {"123.450 >= amount", "true"},
      {"amount != -123.45", "true"},
      {"gd < 1", "false"},
      {"gd != 1", "false"},
      {"yes == true", "true"},
      {"yes == 1", "true"},
      {"no == 0", "true"},
      {"yes != no", "true"},
      {"gb == 1", "false"},
      {"gb != 1", "false"},
      {"(i > 3) == yes", "true"},
  });
  expect_all(kCases);
}

TEST(Expression, NumbersOfTwoTypesCompareExactly) {
  static constexpr auto kCases = std::to_array<Case>({
      {"i == 7.0", "true"},
      {"i < 7.5", "true"},
      {"i == 7.5", "false"},
      {"i != 7.5", "true"},
      {"x > 2", "true"},
      {"x == 2", "false"},
      {"3 > x", "true"},
      {"most < wide", "true"},
      {"most == wide", "false"},
      {"wide > most", "true"},
      {"-wide < least", "true"},
      {"most >= wide", "false"},
      {"9007199254740993 == 9007199254740992.0", "false"},
      {"9007199254740993 > 9007199254740992.0", "true"},
      {"x / z > most", "true"},
      {"-x / z < least", "true"},
      {"amount > x", "true"},
      {"amount < double(amount)", "true"},
      {"double(amount) != amount", "true"},  // the nearest double is 3e-15 more
      {"fee > 1.005", "false"},
      {"double(whole) == whole", "true"},
      {"fine < y", "false"},
      {"fine < z", "true"},
      {"fine > -4.9e-324",
       "error: -4.9e-324 is no decimal of scale 6, as fine is -- write at most 6 "
       "digits after the point, or double(fine)"},
      {"nothing == z", "true"},
      {"amount > fee", "true"},
      {"huge > fine", "true"},
      {"huge != fee", "true"},
      {"whole == zero + 4", "true"},
      {"amount < i", "false"},
      {"gd < x", "false"},
      {"gd != x", "false"},
      {"amount != gx", "false"},
      {"gi < x", "false"},
      {"gd != fee", "false"},
  });
  expect_all(kCases);
}

TEST(Expression, Logic) {
  static constexpr auto kCases = std::to_array<Case>({
      {"yes && yes", "true"},
      {"yes && no", "false"},
      {"no && gb", "false"},
      {"gb && no", "false"},
      {"gb && yes", "missing"},
      {"yes && gb", "missing"},
      {"gb && gb", "missing"},
      {"no || no", "false"},
      {"no || yes", "true"},
      {"gb || yes", "true"},
      {"yes || gb", "true"},
      {"gb || no", "missing"},
      {"no || gb", "missing"},
      {"gb || gb", "missing"},
      {"!yes", "false"},
      {"!no", "true"},
      {"!gb", "missing"},
      {"!!yes", "true"},
      {"no && no || yes", "true"},
      {"yes || no && no", "true"},
      {"yes ? 1 : 2", "1"},
      {"no ? 1 : 2", "2"},
      {"gb ? 1 : 2", "missing"},
      {"gb ? 1.0 : 2.0", "missing"},
      {"no ? 1 : no ? 2 : 3", "3"},
      {"yes ? gi : 2", "missing"},
      {"yes ? amount : 2", "123.45"},
      {"no ? amount : 2.5", "2.50"},
      {"no ? amount : fee", "1.005"},
      {"yes ? amount : fee", "123.450"},
      {"(yes ? country : home) == 'NL'", "true"},
      {"(no ? country : 'FR') == 'FR'", "true"},
      {"(yes ? account : payee) == account", "true"},
      {"(yes ? time : gt) == time", "true"},
      {"yes ? yes : no", "true"},
  });
  expect_all(kCases);
}

// A failure counts only where the row needs the value.
TEST(Expression, FailuresCountWhereNeeded) {
  static constexpr auto kCases = std::to_array<Case>({
      {"zero == 0 ? 0 : i / zero", "0"},
      {"zero != 0 ? i / zero : 0", "0"},
      {"zero == 0 ? i / zero : 0", "missing", 1},
      {"gb ? i / zero : i / zero", "missing"},
      {"no && i / zero > 1", "false"},
      {"yes && i / zero > 1", "false", 1},
      {"gb && i / zero > 1", "false", 1},
      {"yes || i / zero > 1", "true"},
      {"no || i / zero > 1", "false", 1},
      {"i / zero > 1 && no", "false", 1},
      {"no ? 1 : (yes ? 2 : i / zero)", "2"},
      {"no ? (yes ? i / zero : 1) : 3", "3"},
      {"yes ? (yes ? i / zero : 1) : 3", "missing", 1},
      {"yes && no && i / zero > 1", "false"},
      {"no ? huge : fee", "1.005"},  // huge does not fit scale 3, but is not taken
      {"yes ? huge : fee", "missing", 1},
  });
  expect_all(kCases);
}

TEST(Expression, Texts) {
  static constexpr auto kCases = std::to_array<Case>({
      {"country == \"NL\"", "true"},
      {"'NL' == country", "true"},
      {"country != 'BE'", "true"},
      {"country == 'never seen'", "false"},
      {"country != 'never seen too'", "true"},
      {"country == home", "false"},
      {"country != home", "true"},
      {"ge == 'NL'", "false"},
      {"ge != 'NL'", "false"},
      {"ge == ge", "false"},
      {"country == `home-country`", "true"},
      {"country == '\\x4e\\u004c'", "true"},
      {"country == r'NL'", "true"},
      {"country == r'N\\L'", "false"},
      {"account == 'a-1'", "true"},
      {"account != 'a-1'", "false"},
      {"account == payee", "false"},
      {"account == account", "true"},
      {"gk == 'a-1'", "false"},
      {"gk != 'a-1'", "false"},
      {"long_key == 'a key of more than fifteen bytes'", "true"},
      {"number == 42", "true"},
      {"number == '42'", "true"},
      {"number != 43", "true"},
      {"number == -42", "false"},
      {"code == 42", "true"},
      {"code in [41, 42]", "true"},
  });
  expect_all(kCases);
}

TEST(Expression, Membership) {
  static constexpr auto kCases = std::to_array<Case>({
      {"i in [1, 7]", "true"},
      {"i in [1, 8,]", "false"},
      {"i in []", "false"},
      {"i in [7.0]", "true"},
      {"i in [7.5]", "false"},
      {"j in [-3]", "true"},
      {"gi in [1, 7]", "false"},
      {"!(gi in [1])", "true"},
      {"x in [2, 2.5]", "true"},
      {"x in [9007199254740993]", "false"},
      {"gx in [2.5]", "false"},
      {"amount in [1, 123.45]", "true"},
      {"gd in [1]", "false"},
      {"country in ['BE', 'NL']", "true"},
      {"country in ['BE']", "false"},
      {"ge in ['BE']", "false"},
      {"account in ['a-1']", "true"},
      {"yes in [1]", "true"},
      {"yes in [false, true]", "true"},
      {"span in [duration('1h30m30.25s')]", "true"},
      {"time in [timestamp('2024-02-01T08:02:03.456Z')]", "true"},
      {"i + 1 in [8]", "true"},
      {"i in [7] && j in [-3]", "true"},
      {"i in [7] == yes", "true"},
  });
  expect_all(kCases);
}

TEST(Expression, Times) {
  static constexpr auto kCases = std::to_array<Case>({
      {"time.getFullYear()", "2024"},
      {"time.getMonth()", "1"},
      {"time.getDate()", "1"},
      {"time.getDayOfMonth()", "0"},
      {"time.getDayOfYear()", "31"},
      {"time.getDayOfWeek()", "4"},
      {"time.getHours()", "8"},
      {"time.getMinutes()", "2"},
      {"time.getSeconds()", "3"},
      {"time.getMilliseconds()", "456"},
      {"gt.getFullYear()", "missing"},
      {"gt.getDayOfYear()", "missing"},
      {"gt.getHours()", "missing"},
      {"timestamp('1969-12-31T23:59:59.999Z').getMilliseconds()", "999"},
      {"timestamp('1969-12-31T23:59:59Z').getHours()", "23"},
      {"timestamp('1969-12-31T23:59:59Z').getDayOfWeek()", "3"},
      {"timestamp('1900-03-01T00:00:00Z').getDayOfYear()", "59"},
      {"timestamp('2000-03-01T00:00:00Z').getDayOfYear()", "60"},
      {"timestamp('2000-12-31T00:00:00Z').getDayOfYear()", "365"},
      {"timestamp('0001-01-01T00:00:00Z').getFullYear()", "1"},
      {"time - previous(account).time", "90456ms"},
      {"time - previous(account).time < duration('60s')", "false"},
      {"(time - duration('1h')).getHours()", "7"},
      {"(time + duration('1d')).getDate()", "2"},
      {"duration('1d') + time > time", "true"},
      {"duration('1h') + duration('1m')", "3660000ms"},
      {"duration('1h') - duration('1m')", "3540000ms"},
      {"span.getHours()", "1"},
      {"span.getMinutes()", "90"},
      {"span.getSeconds()", "5430"},
      {"span.getMilliseconds()", "250"},
      {"duration('-90.5s').getMinutes()", "-1"},
      {"duration('-90.5s').getMilliseconds()", "-500"},
      {"gs.getHours()", "missing"},
      {"gs.getMilliseconds()", "missing"},
      {"gs + span", "missing"},
      {"time - gt", "missing"},
      {"gt < time", "false"},
      {"gt != time", "false"},
      {"span >= duration('90m')", "true"},
      {"time == previous(terminal).time", "false"},
      {"previous(account).country == country", "true"},
      {"amount - previous(account).amount", "missing"},
      {"timestamp('9999-12-31T00:00:00Z') + duration('2562047788015h')", "missing", 1},
  });
  expect_all(kCases);
}

TEST(Expression, Functions) {
  static constexpr auto kCases = std::to_array<Case>({
      {"double(i)", "7.0"},
      {"double(amount)", "123.45"},
      {"double(fine)", "-1e-06"},
      {"double(x)", "2.5"},
      {"double(5)", "5.0"},
      {"double(gi)", "missing"},
      {"double(gd)", "missing"},
      {"double(9223372036854775807)", "9223372036854775808.0"},
      {"int(x)", "2"},
      {"int(y)", "0"},
      {"int(-2.9)", "-2"},
      {"int(i)", "7"},
      {"int(gx)", "missing"},
      {"int(wide)", "missing", 1},
      {"int(-wide)", "missing", 1},
      {"int(9223372036854774784.0)", "9223372036854774784"},
      {"int(x / z)", "missing", 1},
      {"int(time)", "1706774523"},
      {"int(timestamp('1969-12-31T23:59:59.5Z'))", "-1"},
      {"int(gt)", "missing"},
      {"minor(amount)", "12345"},
      {"minor(fee + amount)", "124455"},
      {"minor(gd)", "missing"},
      {"has(i)", "true"},
      {"has(gi)", "false"},
      {"has(gx)", "false"},
      {"has(x)", "true"},
      {"has(ge)", "false"},
      {"has(previous(account).amount)", "false"},
      {"has(previous(account).time)", "true"},
      {"has(gi) ? gi : -1", "-1"},
  });
  expect_all(kCases);
}

TEST(Expression, NamesInOrderOfAppearance) {
  EXPECT_EQ(names_in("a + b * a > c ? time.getHours() : previous(k).f"),
            (std::vector<std::string>{"a", "b", "c", "time"}));
  EXPECT_EQ(names_in("has(x) && y in [1, 2]"), (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(names_in("`home-country` == 'x'"), (std::vector<std::string>{"home-country"}));
  EXPECT_THROW((void)names_in("a +"), ExpressionError);
}

TEST(Expression, ColumnsAreListedOnce) {
  TestScope scope;
  add_usual_columns(scope);
  const Program program = compile_expression("i + j + i > 2 || i == 1", scope, scope.dictionary());
  EXPECT_EQ(program.columns, (std::vector<std::uint32_t>{0, 1}));
  EXPECT_EQ(program.type, (ColumnType{LaneType::kBool, 0}));
  const auto columns = scope.columns();
  EXPECT_EQ(evaluate_row(program, columns.data(), 0), 1);
}

// Chains may be long: they are walked in a loop and need two registers.
TEST(Expression, LongChains) {
  TestScope scope;
  add_usual_columns(scope);
  std::string sum = "i";
  while (sum.size() < expression::kExpressionBytesMax - 4) sum += "+1";
  EXPECT_EQ(evaluate(scope, sum).failed, 0U);
  std::string any = "i == 1";
  while (any.size() < expression::kExpressionBytesMax - 20) any += "||i==j";
  EXPECT_EQ(evaluate(scope, any).text, "false");
}

}  // namespace
}  // namespace warpscore
