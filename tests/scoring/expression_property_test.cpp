// Random expressions over random rows: the program gives what an evaluator gives that walks the
// expression row by row in wide arithmetic, counts the same failures, and does not care about the
// size of its blocks.
#include <gtest/gtest.h>

#include <array>
#include <functional>
#include <random>

#include "tests/scoring/expression_support.h"

namespace warpscore {
namespace {

using Wide = __int128;
using Quad = __float128;  // holds any int64, and any double times 10^6, exactly

constexpr std::uint32_t kRows = 300;
constexpr ColumnType kInteger{LaneType::kInteger, 0};
constexpr ColumnType kDouble{LaneType::kDouble, 0};
constexpr ColumnType kBool{LaneType::kBool, 0};
constexpr ColumnType kTime{LaneType::kTime, 0};
constexpr ColumnType kDuration{LaneType::kDuration, 0};
constexpr ColumnType kEnum{LaneType::kEnum, 0};

struct Value {
  bool missing = true;
  Wide whole = 0;  // all types but double
  double real = 0;
};

struct Row {
  std::uint32_t number = 0;
  bool failed = false;
};

struct Expression {
  std::string text;
  ColumnType type;
  std::function<Value(Row&)> eval;
};

Wide power(unsigned exponent) {
  Wide result = 1;
  while (exponent-- > 0) result *= 10;
  return result;
}

Value fits(Wide whole, Row& row) {
  if (whole > INT64_MAX || whole < -INT64_MAX) {
    row.failed = true;
    return {};
  }
  return {false, whole, 0};
}

Value of_double(double real) { return {real != real, 0, real}; }

class Generator {
 public:
  explicit Generator(std::uint32_t seed) : random_(seed) { make_columns(); }

  Expression make(ColumnType type, int depth) {
    switch (type.type) {
      case LaneType::kInteger:
        return integer(depth);
      case LaneType::kDecimal:
        return decimal(type.scale, depth);
      case LaneType::kDouble:
        return real(depth);
      case LaneType::kBool:
        return boolean(depth);
      default:
        return other(type, depth);
    }
  }

  ColumnType any_type() {
    const std::array<ColumnType, 8> types = {kInteger,  kDouble, kBool,  kTime,
                                             kDuration, kEnum,   dec(2), dec(pick(7))};
    return types[pick(8)];
  }

  TestScope& scope() { return scope_; }
  const std::vector<std::vector<Lane>>& columns() const { return columns_; }

 private:
  static ColumnType dec(std::uint32_t scale) {
    return {LaneType::kDecimal, static_cast<std::uint8_t>(scale)};
  }
  std::uint32_t pick(std::uint32_t count) { return random_() % count; }

  Lane random_lane(ColumnType type) {
    if (pick(5) == 0) return type.type == LaneType::kDouble ? kMissingDouble : kMissing;
    if (type.type == LaneType::kBool) return pick(2);
    if (type.type == LaneType::kEnum) return pick(3);
    if (type.type == LaneType::kTime)
      return static_cast<Lane>(random_() % 4'000'000'000'000ULL) - 2'000'000'000'000;
    if (type.type == LaneType::kDouble) {
      static constexpr std::array<double, 10> kEdges = {
          0.0, -0.0, 1.0, 0.5, 123.45, 0x1p63, -0x1p63, 5e-324, 1e300, 9007199254740992.0};
      const double small = static_cast<double>(pick(2001)) / 8 - 125;
      return lane_of(pick(3) == 0 ? kEdges[pick(kEdges.size())] : small);
    }
    static constexpr std::array<Lane, 8> kEdges = {
        0, 1, -1, INT64_MAX, -INT64_MAX, 9007199254740993, 1LL << 62, 4'000'000'000};
    return pick(4) == 0 ? kEdges[pick(kEdges.size())] : static_cast<Lane>(pick(401)) - 200;
  }

  void make_columns() {
    for (const char* text : {"A", "B", "C"}) (void)scope_.dictionary().number_of(text);
    std::vector<ColumnType> types = {kInteger, kDouble, kBool, kTime, kDuration, kEnum};
    for (std::uint8_t scale = 0; scale <= 6; ++scale) types.push_back(dec(scale));
    for (const ColumnType type : types) {
      for (int twice = 0; twice < 2; ++twice) {
        scope_.add("c" + std::to_string(columns_.size()), type, 0);
        types_.push_back(type);
        auto& column = columns_.emplace_back(kRows);
        for (Lane& lane : column) lane = random_lane(type);
      }
    }
  }

  Expression column(ColumnType type) {
    std::uint32_t number = pick(static_cast<std::uint32_t>(types_.size()));
    while (types_[number] != type) number = pick(static_cast<std::uint32_t>(types_.size()));
    const Lane* const lanes = columns_[number].data();
    return {"c" + std::to_string(number), type, [=](Row& row) {
              const Lane lane = lanes[row.number];
              if (type.type == LaneType::kDouble) return of_double(double_of(lane));
              return Value{lane == kMissing, lane, 0};
            }};
  }

  Expression choice(ColumnType type, int depth) {
    auto condition = boolean(depth - 1);
    auto yes = make(type, depth - 1);
    auto no = make(type, depth - 1);
    std::string text = "(" + condition.text + " ? " + yes.text + " : " + no.text + ")";
    return {std::move(text), type, [=](Row& row) {
              const Value chosen = condition.eval(row);
              if (chosen.missing) return Value{};
              return chosen.whole == 1 ? yes.eval(row) : no.eval(row);
            }};
  }

  // Both sides are evaluated, so both failures count, even if one is missing.
  template <class Function>
  Expression both(Expression left, const char* sign, Expression right, ColumnType type,
                  Function function) {
    std::string text = "(" + left.text + " " + sign + " " + right.text + ")";
    return {std::move(text), type, [=](Row& row) {
              const Value a = left.eval(row);
              const Value b = right.eval(row);
              return a.missing || b.missing ? Value{} : function(a, b, row);
            }};
  }

  Expression integer(int depth) {
    if (depth <= 0 || pick(6) == 0) {
      if (pick(3) != 0) return column(kInteger);
      const Lane literal = pick(300);
      return {std::to_string(literal), kInteger, [=](Row&) { return Value{false, literal, 0}; }};
    }
    switch (pick(9)) {
      case 0:
        return sum("+", 1, kInteger, integer(depth - 1), integer(depth - 1));
      case 1:
        return sum("-", -1, kInteger, integer(depth - 1), integer(depth - 1));
      case 2:
        return both(integer(depth - 1), "*", integer(depth - 1), kInteger,
                    [](Value a, Value b, Row& row) { return fits(a.whole * b.whole, row); });
      case 3:
        return both(integer(depth - 1), "/", integer(depth - 1), kInteger, divide<false>);
      case 4:
        return both(integer(depth - 1), "%", integer(depth - 1), kInteger, divide<true>);
      case 5:
        return choice(kInteger, depth);
      case 6:
        return wrapped("minor(", decimal(static_cast<std::uint8_t>(pick(7)), depth - 1), ")",
                       kInteger, [](Value a, Row&) { return a; });
      case 7:
        return wrapped("int(", real(depth - 1), ")", kInteger, [](Value a, Row& row) {
          if (a.real >= 0x1p63 || a.real <= -0x1p63) return fits(power(30), row);
          return Value{false, static_cast<Wide>(a.real), 0};
        });
      default:
        return wrapped("-(", integer(depth - 1), ")", kInteger, [](Value a, Row&) {
          return Value{false, -a.whole, 0};
        });
    }
  }

  template <bool remainder>
  static Value divide(Value a, Value b, Row& row) {
    if (b.whole == 0) return fits(power(30), row);
    return {false, remainder ? a.whole % b.whole : a.whole / b.whole, 0};
  }

  Expression sum(const char* sign, int factor, ColumnType type, Expression left, Expression right) {
    return both(std::move(left), sign, std::move(right), type,
                [=](Value a, Value b, Row& row) { return fits(a.whole + factor * b.whole, row); });
  }

  template <class Function>
  Expression wrapped(const char* before, Expression inner, const char* after, ColumnType type,
                     Function function) {
    return {before + inner.text + after, type, [=](Row& row) {
              const Value a = inner.eval(row);
              return a.missing ? Value{} : function(a, row);
            }};
  }

  Expression scaled(Expression inner, std::uint8_t scale) {
    const Wide factor = power(scale - inner.type.scale);
    return {inner.text, dec(scale), [=](Row& row) {
              const Value a = inner.eval(row);
              return a.missing ? a : fits(a.whole * factor, row);
            }};
  }

  Expression decimal(std::uint8_t scale, int depth) {
    if (depth <= 0 || pick(6) == 0) return column(dec(scale));
    switch (pick(5)) {
      case 0: {
        const auto lower = static_cast<std::uint8_t>(pick(scale + 1U));
        return sum("+", 1, dec(scale), scaled(decimal(lower, depth - 1), scale),
                   decimal(scale, depth - 1));
      }
      case 1: {
        const auto lower = static_cast<std::uint8_t>(pick(scale + 1U));
        return sum("-", -1, dec(scale), decimal(scale, depth - 1),
                   scaled(decimal(lower, depth - 1), scale));
      }
      case 2:
        return both(decimal(scale, depth - 1), "*", integer(depth - 1), dec(scale),
                    [](Value a, Value b, Row& row) { return fits(a.whole * b.whole, row); });
      case 3: {
        const Lane units = pick(100'000);
        auto left = decimal(scale, depth - 1);
        Expression literal{text_of_decimal(units, scale), dec(scale), [=](Row&) {
                             return Value{false, units, 0};
                           }};
        return sum("-", -1, dec(scale), std::move(left), std::move(literal));
      }
      default:
        return choice(dec(scale), depth);
    }
  }

  Expression real(int depth) {
    if (depth <= 0 || pick(6) == 0) return column(kDouble);
    const auto add = [](Value a, Value b, Row&) { return of_double(a.real + b.real); };
    const auto subtract = [](Value a, Value b, Row&) { return of_double(a.real - b.real); };
    const auto multiply = [](Value a, Value b, Row&) { return of_double(a.real * b.real); };
    const auto divide = [](Value a, Value b, Row&) { return of_double(a.real / b.real); };
    switch (pick(7)) {
      case 0:
        return both(real(depth - 1), "+", real(depth - 1), kDouble, add);
      case 1:
        return both(real(depth - 1), "-", real(depth - 1), kDouble, subtract);
      case 2:
        return both(real(depth - 1), "*", real(depth - 1), kDouble, multiply);
      case 3:
        return both(real(depth - 1), "/", real(depth - 1), kDouble, divide);
      case 4: {
        const auto scale = static_cast<std::uint8_t>(pick(7));
        return wrapped("double(", decimal(scale, depth - 1), ")", kDouble, [=](Value a, Row&) {
          return of_double(static_cast<double>(a.whole) / static_cast<double>(power(scale)));
        });
      }
      case 5:
        return ratio(depth);
      default:
        return choice(kDouble, depth);
    }
  }

  Expression ratio(int depth) {
    auto left = decimal(static_cast<std::uint8_t>(pick(7)), depth - 1);
    auto right =
        pick(2) == 0 ? integer(depth - 1) : decimal(static_cast<std::uint8_t>(pick(7)), depth - 1);
    const unsigned scale = std::max(left.type.scale, right.type.scale);
    const Wide up = power(scale - left.type.scale);
    const Wide down = power(scale - right.type.scale);
    return both(std::move(left), "/", std::move(right), kDouble, [=](Value a, Value b, Row& row) {
      const Value over = fits(a.whole * up, row);
      const Value under = fits(b.whole * down, row);
      if (over.missing || under.missing) return Value{};
      return of_double(static_cast<double>(over.whole) / static_cast<double>(under.whole));
    });
  }

  static Quad exact(ColumnType type, const Value& value, unsigned scale) {
    if (type.type == LaneType::kDouble) return Quad(value.real) * Quad(power(scale));
    return Quad(value.whole * power(scale - type.scale));
  }

  Expression comparison(Expression left, Expression right, bool ordered) {
    static constexpr std::array<const char*, 6> kSigns = {"==", "!=", "<", "<=", ">", ">="};
    const std::uint32_t sign = pick(ordered ? 6 : 2);
    const ColumnType left_type = left.type;
    const ColumnType right_type = right.type;
    const auto compare = [=](Value a, Value b) {
      const unsigned scale = std::max(left_type.scale, right_type.scale);
      const Quad l = exact(left_type, a, scale);
      const Quad r = exact(right_type, b, scale);
      const std::array<bool, 6> results = {l == r, l != r, l<r, l <= r, l> r, l >= r};
      return results[sign];
    };
    std::string text = "(" + left.text + " " + kSigns[sign] + " " + right.text + ")";
    return {std::move(text), kBool, [=](Row& row) {
              const Value a = left.eval(row);
              const Value b = right.eval(row);
              return Value{false, !a.missing && !b.missing && compare(a, b), 0};
            }};
  }

  ColumnType number_type() {
    const std::uint32_t kind = pick(3);
    return kind == 0 ? kInteger : kind == 1 ? kDouble : dec(pick(7));
  }

  Expression boolean(int depth) {
    if (depth <= 0 || pick(6) == 0) return column(kBool);
    switch (pick(8)) {
      case 0:
        return logic(true, boolean(depth - 1), boolean(depth - 1));
      case 1:
        return logic(false, boolean(depth - 1), boolean(depth - 1));
      case 2:
        return wrapped("!", boolean(depth - 1), "", kBool, [](Value a, Row&) {
          return Value{false, 1 - a.whole, 0};
        });
      case 3:
        return comparison(column(kEnum), other(kEnum, depth - 1), false);
      case 4:
        return among();
      case 5: {
        const ColumnType type = any_type();
        auto inner = column(type);
        return {"has(" + inner.text + ")", kBool, [=](Row& row) {
                  return Value{false, !inner.eval(row).missing, 0};
                }};
      }
      case 6: {
        const ColumnType type = pick(2) == 0 ? kTime : kDuration;
        return comparison(other(type, depth - 1), other(type, depth - 1), true);
      }
      default: {  // the columns first: number literals beside others adapt, which is tested apart
        auto left = make(number_type(), depth - 1);
        return comparison(std::move(left), column(number_type()), true);
      }
    }
  }

  static Expression logic(bool is_and, Expression left, Expression right) {
    std::string text = "(" + left.text + (is_and ? " && " : " || ") + right.text + ")";
    return {std::move(text), kBool, [=](Row& row) {
              const Wide decided = is_and ? 0 : 1;
              const Value a = left.eval(row);
              if (!a.missing && a.whole == decided) return a;
              const Value b = right.eval(row);
              if (!b.missing && b.whole == decided) return b;
              return a.missing ? a : b;
            }};
  }

  Expression among() {
    auto inner = column(kEnum);
    return {"(" + inner.text + " in [\"A\", 'C'])", kBool, [=](Row& row) {
              const Value a = inner.eval(row);
              return Value{false, !a.missing && (a.whole == 0 || a.whole == 2), 0};
            }};
  }

  Expression other(ColumnType type, int depth) {  // times, durations, enums
    if (depth <= 0 || pick(3) == 0) return column(type);
    if (type == kTime && pick(2) == 0) {
      return sum("-", -1, kTime, other(kTime, depth - 1), other(kDuration, depth - 1));
    }
    if (type == kDuration && pick(2) == 0) {
      return sum("-", -1, kDuration, other(kTime, depth - 1), other(kTime, depth - 1));
    }
    return choice(type, depth);
  }

  std::mt19937_64 random_;
  TestScope scope_;
  std::vector<ColumnType> types_;
  std::vector<std::vector<Lane>> columns_;
};

Lane expected_lane(const Expression& expression, Row& row) {
  const Value value = expression.eval(row);
  if (expression.type.type == LaneType::kDouble) {
    return value.missing ? kMissingDouble : lane_of(value.real);
  }
  return value.missing ? kMissing : static_cast<Lane>(value.whole);
}

void check(Generator& generator, const Expression& expression) {
  Program program;
  try {
    program =
        compile_expression(expression.text, generator.scope(), generator.scope().dictionary());
  } catch (const ExpressionError& error) {
    FAIL() << expression.text << ": " << error.what() << " at " << error.position();
  }
  ASSERT_EQ(program.type, expression.type) << expression.text;
  std::vector<const Lane*> columns;
  for (const auto& column : generator.columns()) columns.push_back(column.data());
  std::vector<Lane> scratch(program.registers * kProgramBlock, 0x5a5a5a5a5a5a);
  constexpr std::uint32_t kFirst = 3;  // no multiple of anything
  std::vector<Lane> wide(kRows);
  std::vector<Lane> narrow(kRows);
  const std::uint32_t failed = run_program<kProgramBlock>(
      view_of(program), columns.data(), kFirst, kRows - kFirst, scratch.data(), wide.data());
  const std::uint32_t failed_narrow = run_program<1>(view_of(program), columns.data(), kFirst,
                                                     kRows - kFirst, scratch.data(), narrow.data());
  std::vector<Lane> widest(kRows);
  const std::uint32_t failed_widest = run_program_blocks(
      view_of(program), columns.data(), kFirst, kRows - kFirst, scratch.data(), widest.data());
  ASSERT_EQ(widest, wide) << expression.text;
  ASSERT_EQ(failed_widest, failed) << expression.text;
  std::uint32_t failed_expected = 0;
  for (std::uint32_t i = kFirst; i < kRows; ++i) {
    Row row{i, false};
    const Lane expected = expected_lane(expression, row);
    ASSERT_EQ(wide[i], expected) << expression.text << " in row " << i;
    ASSERT_EQ(narrow[i], expected) << expression.text << " in row " << i;
    failed_expected += row.failed ? 1 : 0;
  }
  ASSERT_EQ(failed, failed_expected) << expression.text;
  ASSERT_EQ(failed_narrow, failed_expected) << expression.text;
}

TEST(ExpressionProperty, ProgramsGiveWhatTheEvaluatorGives) {
  for (std::uint32_t seed = 0; seed < 40; ++seed) {
    Generator generator(seed);
    for (int i = 0; i < 60; ++i) {
      const ColumnType type = generator.any_type();
      check(generator, generator.make(type, 1 + i % 4));
      if (HasFatalFailure()) return;
    }
  }
}

// The calendar, against a walk through every day from 1600 to 2400.
TEST(ExpressionProperty, CalendarAgreesWithAWalk) {
  constexpr std::array<Lane, 12> kDays = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  Lane day = -135'140;  // 1600-01-01
  Lane weekday = 6;     // a Saturday
  for (Lane year = 1600; year <= 2400; ++year) {
    const bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    Lane day_of_year = 0;
    for (std::size_t month = 0; month < 12; ++month) {
      const Lane length = kDays[month] + (month == 1 && leap ? 1 : 0);
      for (Lane date = 1; date <= length; ++date, ++day, ++day_of_year) {
        const CivilDate civil = civil_of_days(day);
        ASSERT_EQ(civil.year, year) << day;
        ASSERT_EQ(civil.month, static_cast<Lane>(month)) << day;
        ASSERT_EQ(civil.date, date) << day;
        ASSERT_EQ(civil.day_of_month, date - 1) << day;
        ASSERT_EQ(civil.day_of_year, day_of_year) << day;
        ASSERT_EQ((cycle_of<kDayMs, 7, 4>(day * kDayMs + kDayMs - 1)), weekday) << day;
        weekday = (weekday + 1) % 7;
      }
    }
  }
}

TEST(ExpressionProperty, IntegersAndDoublesCompareExactly) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 200'000; ++i) {
    const auto units = static_cast<Lane>(random() >> random() % 64) * (random() % 2 == 0 ? 1 : -1);
    if (units == kMissing) continue;
    const unsigned scale = random() % 7;
    const Lane power_of_scale = expression::power_of_ten(scale);
    double value = static_cast<double>(units) / static_cast<double>(power_of_scale);
    const auto nudge = static_cast<Lane>(random() % 3) - 1;
    if (value != 0) value = double_of(lane_of(value) + nudge);
    if (random() % 50 == 0) value = double_of(static_cast<Lane>(random()));
    if (value != value) continue;
    const Quad left = Quad(units);
    const Quad right = Quad(value) * Quad(power_of_scale);
    const int expected = (left > right) - (left < right);
    ASSERT_EQ(order_with_double(units, power_of_scale, value), expected) << units << " " << value;
  }
}

}  // namespace
}  // namespace warpscore
