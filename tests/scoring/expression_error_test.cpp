// What is refused: where, in which words, and with which mend.
#include <gtest/gtest.h>

#include <array>
#include <span>

#include "scoring/expression_syntax.h"
#include "tests/scoring/expression_support.h"

namespace warpscore {
namespace {

struct Refusal {
  const char* expression;
  std::size_t position;
  const char* message;  // a part of it
  const char* mend;     // all of it
};

void expect_refused(std::span<const Refusal> cases) {
  TestScope scope;
  add_usual_columns(scope);
  for (const Refusal& tested : cases) {
    const TestResult result = evaluate(scope, tested.expression);
    const std::string mend = *tested.mend == '\0' ? "" : std::string(" -- ") + tested.mend;
    EXPECT_EQ(result.text.rfind("error: ", 0), 0U) << tested.expression << ": " << result.text;
    EXPECT_NE(result.text.find(tested.message), std::string::npos)
        << tested.expression << ": " << result.text;
    EXPECT_TRUE(result.text.ends_with(mend)) << tested.expression << ": " << result.text;
    EXPECT_EQ(result.text.find(" -- ") == std::string::npos, mend.empty()) << result.text;
    EXPECT_EQ(result.position, tested.position) << tested.expression << ": " << result.text;
  }
}

TEST(ExpressionError, Syntax) {
  static constexpr auto kCases = std::to_array<Refusal>({
      {"", 0, "the expression is empty", ""},
      {"  // nothing", 0, "the expression is empty", ""},
      {"i +", 3, "expected a value, found the end", ""},
      {"(i", 2, "expected \")\", found the end", ""},
      {"i)", 1, "expected an operator or the end, found \")\"", ""},
      {"i i", 2, "found \"i\"", ""},
      {"i and j", 2, "found \"and\"", "write &&"},
      {"i OR j", 2, "found \"OR\"", "write ||"},
      {"not yes", 4, "found \"yes\"", ""},
      {"i = 7", 2, "unexpected '='", "write == to compare"},
      {"i & j", 2, "unexpected '&'", "write &&"},
      {"i | j", 2, "unexpected '|'", "write ||"},
      {"i <> j", 2, "<> is no operator", "write !="},
      {"$i", 0, "unexpected '$'", ""},
      {"i\x01", 1, "unexpected byte 0x01", ""},
      {"{1}", 0, "unexpected '{'", "lists are written [..]; maps are not part of the language"},
      {"7.", 0, "a number cannot end with a point", "write 7.0 or 7"},
      {"0x", 2, "0x needs hexadecimal digits", ""},
      {"i < 10m", 6, "directly after the number 10", "write duration(\"10m\")"},
      {"10u", 2, "directly after", "write 10: there are no unsigned integers"},
      {"10abc", 2, "directly after", "put an operator or a space between them"},
      {"9223372036854775808", 0, "larger than 9223372036854775807",
       "write a double: a point and a digit after it"},
      {"1e999", 0, "out of a double's range", ""},
      {"'NL", 0, "no closing quote", "add ' at its end"},
      {"'N\nL'", 0, "no closing quote", "add ' at its end"},
      {"'''NL'''", 0, "triple quotes", "use one quote"},
      {"b'NL'", 0, "byte strings", "drop the b"},
      {"'\\q'", 1, "unknown escape", "write \\\\ for a backslash"},
      {"'\\u12'", 1, "too few digits", ""},
      {"'\\ud800'", 1, "no Unicode character", ""},
      {"'\\", 1, "unknown escape", "write \\\\ for a backslash"},
      {"``", 0, "needs a name", ""},
      {"yes ? 1", 7, "expected \":\"", ""},
      {"[1]", 0, "a list can only stand after in", "write x in [1, 2, 3]"},
      {"i in 5", 5, "expected a list: [..]", ""},
      {"i in [1", 7, "expected \"]\"", ""},
      {"null == i", 0, "there is no null", "write has(x) or !has(x)"},
      {"if == i", 0, "reserved word", "write `if` in backticks for a field of that name"},
      {"i.amount", 2, "has a field \"amount\"",
       "fields stand alone, or behind previous(KEY), as in previous(KEY).amount"},
      {"previous(account)", 17, "previous(account) needs a field",
       "write previous(account).time or another field"},
      {"previous(1).time", 9, "expected the name of a key", ""},
  });
  expect_refused(kCases);
}

TEST(ExpressionError, Names) {
  static constexpr auto kCases = std::to_array<Refusal>({
      {"amont > 1", 0, "unknown name \"amont\"", "did you mean amount?"},
      {"yes && cuntry == 'NL'", 7, "unknown name \"cuntry\"", "did you mean country?"},
      {"xyzzy", 0, "unknown name \"xyzzy\"", ""},
      {"i == truee", 5, "unknown name \"truee\"", "did you mean true?"},
      {"has", 0, "unknown name \"has\"", "has is a function: write has(..)"},
      {"hass(i)", 0, "unknown function \"hass\"", "did you mean has?"},
      {"amount(i)", 0, "unknown function \"amount\"",
       "amount is a value: write it without parentheses"},
      {"previous(acount).time", 0, "\"acount\" is no key", "did you mean account?"},
      {"previous(account).amoun", 0, "has no field \"amoun\"", "did you mean amount?"},
      {"time.getHour()", 5, "a time has no method \"getHour\"", "did you mean getHours?"},
      {"span.getMinute()", 5, "a duration has no method", "did you mean getMinutes?"},
      {"time.getHours('CET')", 5, "getHours takes no value", "write getHours(): all times are UTC"},
      {"amount.getHours()", 7, "has no getHours", "only times and durations have methods"},
      {"country.startsWith('N')", 8, "has no startsWith", "only times and durations have methods"},
  });
  expect_refused(kCases);
}

TEST(ExpressionError, Arithmetic) {
  static constexpr auto kCases = std::to_array<Refusal>({
      {"i * 100.0", 2, "i is an integer, 100.0 is a double", "write double(i)"},
      {"x * 100", 2, "x is a double, 100 is an integer", "write 100.0"},
      {"x + -1", 2, "-1 is an integer", "write -1.0"},
      {"x + 0x10", 2, "0x10 is an integer", "write double(0x10)"},
      {"x / i", 2, "numbers of one type", "write double(i)"},
      {"x % y", 2, "% needs integers", "write int(x) % int(y)"},
      {"amount + i", 7, "numbers of one type",
       "write double(amount) and double(i), or minor(x) for the units of a decimal"},
      {"amount + x", 7, "amount is a decimal of scale 2, x is a double", "write double(amount)"},
      {"amount * 1.5", 7, "numbers of one type", "write double(amount)"},
      {"amount / 100.0", 7, "numbers of one type", "write double(amount)"},
      {"1.5 / amount", 4, "numbers of one type", "write double(amount)"},
      {"amount * fee", 7, "multiplied by a decimal", "write double(amount) * double(fee)"},
      {"amount % 2", 7, "% needs integers", "write minor(amount) for its integer of units"},
      {"amount + 0.005", 9, "0.005 is no decimal of scale 2, as amount is",
       "write at most 2 digits after the point, or double(amount)"},
      {"amount > 92233720368547758.08", 9, "larger than any decimal of scale 2", ""},
      {"whole + 0.5", 8, "no decimal of scale 0",
       "write no digits after the point, or double(whole)"},
      {"yes + 1", 4, "yes is a boolean", "write (yes ? 1 : 0)"},
      {"country + 'x'", 8, "country is an enum", "texts can only be compared, with == != and in"},
      {"'a' + 'b'", 4, "'a' is a text", "texts can only be compared, with == != and in"},
      {"-yes", 0, "- needs a number: yes is a boolean", "write !"},
      {"-span", 0, "span is a duration", "write duration(\"-1h\")"},
      {"-country", 0, "country is an enum", ""},
      {"time + 60", 5, "time is a time, 60 is an integer", "write duration(\"60s\") for seconds"},
      {"time + time", 5, "does not take these", ""},
      {"span - time", 5, "does not take these", ""},
      {"span / 2", 5, "span is a duration, 2 is an integer",
       "write .getSeconds() for the number of seconds of a duration"},
  });
  expect_refused(kCases);
}

TEST(ExpressionError, Comparisons) {
  static constexpr auto kCases = std::to_array<Refusal>({
      {"amount > 500.005", 9, "500.005 is no decimal of scale 2, as amount is",
       "write at most 2 digits after the point, or double(amount)"},
      {"country == account", 8, "country is an enum, account is a key",
       "give both fields one type in [input.fields]"},
      {"country < 'NL'", 8, "cannot compare", "texts have no order: use ==, != or in"},
      {"account < payee", 8, "cannot compare", "texts have no order: use ==, != or in"},
      {"country == 1.5", 8, "1.5 is a double", "write it as a text, in quotes"},
      {"country == 0x2a", 8, "0x2a is an integer", "write it as a text, in quotes"},
      {"i == '7'", 2, "'7' is a text", "write the number without quotes"},
      {"amount > '5'", 7, "'5' is a text", "write the number without quotes"},
      {"'a' == 'b'", 4, "'a' is a text, 'b' is a text", "one side must be a field"},
      {"yes == 2", 7, "yes is a boolean: it is never 2", "write true or false, or 1 or 0"},
      {"yes == i", 4, "yes is a boolean, i is an integer",
       "compare booleans with true or false only"},
      {"yes < no", 4, "cannot compare",
       "booleans have no order; write a < b && b < c for two comparisons"},
      {"j < i < 9", 6, "j < i is a boolean",
       "booleans have no order; write a < b && b < c for two comparisons"},
      {"time > '2024-01-01T00:00:00Z'", 5, "is a text",
       "write timestamp(\"2024-01-01T00:00:00Z\")"},
      {"time > 1700000000", 5, "1700000000 is an integer",
       "write int(time) for seconds since 1970"},
      {"span > '1h'", 5, "'1h' is a text", "write duration(\"1h\")"},
      {"span > 60", 5, "60 is an integer",
       "write duration(\"60s\"), or .getSeconds() for a number of seconds"},
      {"time > span", 5, "time is a time, span is a duration", ""},
      {"i in [j]", 6, "a list holds literals: j is none", "write x == a || x == b"},
      {"'a' in ['a']", 0, "must be a field", ""},
      {"i in ['7']", 2, "'7' is a text", "write the number without quotes"},
      {"amount in [0.001]", 11, "no decimal of scale 2",
       "write at most 2 digits after the point, or double(amount)"},
      {"country in ['NL', 1.5]", 8, "1.5 is a double", "write it as a text, in quotes"},
  });
  expect_refused(kCases);
}

TEST(ExpressionError, LogicAndFunctions) {
  static constexpr auto kCases = std::to_array<Refusal>({
      {"i && yes", 0, "&& needs a boolean: i is an integer", "compare it, as in i != 0"},
      {"yes || country", 7, "|| needs a boolean: country is an enum",
       "compare it, or write has(country)"},
      {"!amount", 1, "! needs a boolean", "compare it, as in amount != 0"},
      {"i ? 1 : 2", 0, "the condition of ?: needs a boolean", "compare it, as in i != 0"},
      {"yes ? 1 : 2.0", 4, "both sides of ?: must have one type: 1 is an integer, 2.0 is a double",
       "write 1.0"},
      {"yes ? x : i", 4, "one type", "write double(i)"},
      {"yes ? 1 : time", 4, "one type", ""},
      {"yes ? amount : i", 4, "one type", ""},
      {"yes ? 'a' : 'b'", 4, "one type", "write a number for each of them"},
      {"no ? amount : 0.005", 14, "no decimal of scale 2",
       "write at most 2 digits after the point, or double(amount)"},
      {"'NL'", 0, "a text alone is no value", "compare a field with it"},
      {"double(yes)", 0, "yes is a boolean", "write (yes ? 1.0 : 0.0)"},
      {"double(span)", 0, "span is a duration", "write double(span.getSeconds())"},
      {"double(time)", 0, "time is a time", "write double(int(time))"},
      {"double('5')", 0, "'5' is a text", ""},
      {"double()", 0, "double takes one value", "write double(x)"},
      {"int(amount)", 0, "amount is a decimal",
       "write minor(amount) for its units, or int(double(amount))"},
      {"int(yes)", 0, "yes is a boolean", "write (yes ? 1 : 0)"},
      {"int(span)", 0, "span is a duration", "write span.getSeconds()"},
      {"minor(i)", 0, "minor needs a decimal: i is an integer", "write i"},
      {"minor(x)", 0, "minor needs a decimal: x is a double", ""},
      {"has(i + 1)", 4, "has needs the name", "write has(x) or has(previous(KEY).x)"},
      {"duration(60)", 9, "needs a text in quotes", "write duration(\"1h30m\")"},
      {"duration('soon')", 9, "this is no duration",
       "write numbers with units d h m s ms, as in duration(\"1h30m\")"},
      {"duration('1.2.3s')", 9, "this is no duration",
       "write numbers with units d h m s ms, as in duration(\"1h30m\")"},
      {"duration('')", 9, "this is no duration",
       "write numbers with units d h m s ms, as in duration(\"1h30m\")"},
      {"duration('-')", 9, "this is no duration",
       "write numbers with units d h m s ms, as in duration(\"1h30m\")"},
      {"duration('1us')", 9, "times are whole milliseconds", ""},
      {"duration('9999999999999h')", 9, "this duration is too long", ""},
      {"timestamp('2024-02-30T00:00:00Z')", 10, "this is no time",
       "write RFC 3339 with a zone, as in timestamp(\"2026-01-31T12:00:00Z\")"},
      {"timestamp('2024-02-01T00:00:00')", 10, "this is no time",
       "write RFC 3339 with a zone, as in timestamp(\"2026-01-31T12:00:00Z\")"},
      {"timestamp('2024-02-01T00:00:00.0001Z')", 10, "times are whole milliseconds", ""},
      {"timestamp(i)", 10, "needs a text in quotes", "write timestamp(\"2026-01-31T12:00:00Z\")"},
  });
  expect_refused(kCases);
}

TEST(ExpressionError, LimitsHoldForHostileTexts) {
  TestScope scope;
  add_usual_columns(scope);
  const auto repeated = [](const std::string& piece, std::size_t bytes) {
    std::string text;
    while (text.size() + piece.size() <= bytes) text += piece;
    return text;
  };
  const auto error_of = [&](const std::string& text) { return evaluate(scope, text).text; };
  const std::string deep =
      "error: the expression nests deeper than 100 -- split it into several "
      "features";
  EXPECT_EQ(error_of(repeated("(", 60'000)), deep);
  EXPECT_EQ(error_of(repeated("-", 60'000)), deep);
  EXPECT_EQ(error_of(repeated("!", 60'000)), deep);
  EXPECT_EQ(error_of(repeated("has(", 60'000)), deep);
  EXPECT_EQ(error_of(repeated("yes?1:", 60'000)), deep);
  EXPECT_EQ(error_of("i in [" + repeated("(", 60'000)), deep);
  EXPECT_EQ(error_of("time" + repeated(".getHours()", 60'000)), "error: too many methods in a row");
  EXPECT_EQ(error_of(repeated("i+", 70'000)),
            "error: the expression is longer than 64 KiB -- split it into several features");
  EXPECT_EQ(error_of(std::string(99, '(') + "i" + std::string(99, ')')), "7");
  EXPECT_EQ(error_of(std::string(100, '(') + "i" + std::string(100, ')')), deep);
  EXPECT_NE(error_of(repeated("i+(", 280) + "i" + std::string(93, ')')).find("64 values"),
            std::string::npos);
}

// A full dictionary must not make != false for ever.
TEST(ExpressionError, FullDictionary) {
  TestScope scope;
  scope.add("country", {LaneType::kEnum, 0}, 0);
  Dictionary full(1);
  (void)full.number_of("NL");
  EXPECT_NO_THROW((void)compile_expression("country != 'NL'", scope, full));
  EXPECT_THROW((void)compile_expression("country != 'BE'", scope, full), ExpressionError);
}

}  // namespace
}  // namespace warpscore
