#include "service/generator.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <tuple>

#include "base/check.h"
#include "base/key.h"

namespace warpscore {
namespace {

constexpr std::int64_t kStartMs = 1'522'540'800'000;  // 2018-04-01
constexpr std::int64_t kDaySeconds = 86'400;
constexpr double kSide = 100.0;
constexpr double kReach = 5.0;
constexpr std::uint32_t kCells = 20;        // a side; a cell is as wide as the reach
constexpr double kMeanAmountLeast = 500.0;  // cents
constexpr double kMeanAmountMost = 10'000.0;
constexpr double kPaymentsPerDayMost = 4.0;
constexpr double kNoonSecond = 43'200.0;
constexpr double kTimeOfDayDeviation = 20'000.0;
constexpr std::int64_t kLargeAmount = 22'000;
constexpr std::uint32_t kTerminalsPerDay = 2;
constexpr std::int64_t kTerminalDays = 28;
constexpr std::uint32_t kCustomersPerDay = 3;
constexpr std::int64_t kCustomerDays = 14;
constexpr std::int64_t kStolenFactor = 5;

// libm's log differs between machines in the last bit; this one is the same everywhere. With
// value = m 2^e, m in [1/sqrt 2, sqrt 2): log m = 2 atanh((m - 1) / (m + 1)), whose series gains 5
// bits a term at the ends.
double natural_log(double value) {
  constexpr double kLog2 = 0.69314718055994530942;
  int exponent = 0;
  double mantissa = std::frexp(value, &exponent);  // exact
  if (mantissa < 0.70710678118654752440) {
    mantissa *= 2.0;
    --exponent;
  }
  const double ratio = (mantissa - 1.0) / (mantissa + 1.0);
  const double square = ratio * ratio;
  double sum = 0.0;
  for (int term = 23; term >= 1; term -= 2) sum = sum * square + 1.0 / term;
  return exponent * kLog2 + 2.0 * ratio * sum;
}

std::uint32_t cell_of(double coordinate) {
  return std::min(static_cast<std::uint32_t>(coordinate / kReach), kCells - 1);
}

void append_number(std::string& out, std::int64_t number) {
  char digits[20];
  const auto end = std::to_chars(digits, digits + sizeof(digits), number).ptr;
  out.append(digits, end);
}

}  // namespace

std::uint64_t GeneratorRandom::next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }

double GeneratorRandom::uniform() { return static_cast<double>(next() >> 11) * 0x1p-53; }

std::uint32_t GeneratorRandom::below(std::uint32_t bound) {
  return static_cast<std::uint32_t>((next() >> 32) * bound >> 32);
}

// Marsaglia's polar method; the second value is thrown away, so that nothing is kept between calls.
double GeneratorRandom::normal() {
  for (;;) {
    const double x = 2.0 * uniform() - 1.0;
    const double y = 2.0 * uniform() - 1.0;
    const double square = x * x + y * y;
    if (square >= 1.0 || square == 0.0) continue;
    return x * std::sqrt(-2.0 * natural_log(square) / square);
  }
}

double GeneratorRandom::exponential() { return -natural_log(1.0 - uniform()); }

// How many exponential waits fit into `mean`: good for the small means here.
std::uint32_t GeneratorRandom::poisson(double mean) {
  std::uint32_t count = 0;
  for (double waited = exponential(); waited <= mean; waited += exponential()) ++count;
  return count;
}

Generator::Generator(const GeneratorOptions& options)
    : options_(options), terminals_(2 * options.accounts), random_(options.seed) {
  WARPSCORE_CHECK(options.accounts > 0 && options.accounts < (1U << 31));
  if (options_.scenario == Scenario::kHandbook) {
    place_terminals();
    draw_profiles();
    return;
  }
  for (std::uint32_t i = 0; i < options_.accounts; ++i) {
    mean_amounts_.push_back(kMeanAmountLeast +
                            (kMeanAmountMost - kMeanAmountLeast) * random_.uniform());
    const double before = rank_weights_.empty() ? 0.0 : rank_weights_.back();
    if (options_.scenario == Scenario::kHot) rank_weights_.push_back(before + 1.0 / (i + 1.0));
  }
}

void Generator::place_terminals() {
  for (std::uint32_t i = 0; i < terminals_; ++i) {
    const double x = kSide * random_.uniform();
    const double y = kSide * random_.uniform();
    terminal_at_.push_back({x, y});
  }
  // Counted, then filled: the terminals of a cell lie together, in the order of their numbers.
  const auto cell = [&](std::uint32_t terminal) {
    const Point& at = terminal_at_[terminal];
    return cell_of(at.y) * kCells + cell_of(at.x);
  };
  cell_start_.assign(kCells * kCells + 1, 0);
  for (std::uint32_t i = 0; i < terminals_; ++i) ++cell_start_[cell(i) + 1];
  for (std::uint32_t i = 0; i < kCells * kCells; ++i) cell_start_[i + 1] += cell_start_[i];
  std::vector<std::uint32_t> next(cell_start_.begin(), cell_start_.end() - 1);
  cell_terminals_.resize(terminals_);
  for (std::uint32_t i = 0; i < terminals_; ++i) cell_terminals_[next[cell(i)]++] = i;
  terminal_bad_until_.assign(terminals_, 0);
}

void Generator::draw_profiles() {
  for (std::uint32_t i = 0; i < options_.accounts; ++i) {
    Customer customer;
    customer.at.x = kSide * random_.uniform();
    customer.at.y = kSide * random_.uniform();
    customer.mean_amount =
        kMeanAmountLeast + (kMeanAmountMost - kMeanAmountLeast) * random_.uniform();
    customer.payments_per_day = kPaymentsPerDayMost * random_.uniform();
    customer.has_terminal = has_terminal_near(customer);
    customers_.push_back(customer);
  }
  customer_bad_until_.assign(options_.accounts, 0);
}

// Runs over the cells around a point: nothing within reach lies outside of them.
template <class Visit>
void Generator::visit_near(const Point& at, const Visit& visit) const {
  const std::uint32_t column = cell_of(at.x);
  const std::uint32_t row = cell_of(at.y);
  for (std::uint32_t y = row == 0 ? 0 : row - 1; y <= std::min(row + 1, kCells - 1); ++y) {
    for (std::uint32_t x = column == 0 ? 0 : column - 1; x <= std::min(column + 1, kCells - 1); ++x)
      if (!visit(cell_start_[y * kCells + x], cell_start_[y * kCells + x + 1])) return;
  }
}

bool Generator::reaches(const Customer& customer, std::uint32_t terminal) const {
  const double dx = customer.at.x - terminal_at_[terminal].x;
  const double dy = customer.at.y - terminal_at_[terminal].y;
  return dx * dx + dy * dy < kReach * kReach;
}

bool Generator::has_terminal_near(const Customer& customer) const {
  bool found = false;
  visit_near(customer.at, [&](std::uint32_t first, std::uint32_t end) {
    for (std::uint32_t i = first; i < end && !found; ++i)
      found = reaches(customer, cell_terminals_[i]);
    return !found;
  });
  return found;
}

// One of those within reach, all as likely: drawn from the cells around until one is. So no
// customer needs a list of its own.
std::uint32_t Generator::terminal_near(const Customer& customer) {
  std::uint32_t candidates = 0;
  visit_near(customer.at, [&](std::uint32_t first, std::uint32_t end) {
    candidates += end - first;
    return true;
  });
  for (;;) {
    std::uint32_t left = random_.below(candidates);
    std::uint32_t terminal = 0;
    visit_near(customer.at, [&](std::uint32_t first, std::uint32_t end) {
      if (left >= end - first) {
        left -= end - first;
        return true;
      }
      terminal = cell_terminals_[first + left];
      return false;
    });
    if (reaches(customer, terminal)) return terminal;
  }
}

std::int64_t Generator::draw_amount(double mean_cents) {
  for (;;) {
    const double amount = mean_cents + mean_cents / 2.0 * random_.normal();
    if (amount >= 0.0) return static_cast<std::int64_t>(amount + 0.5);
  }
}

void Generator::draw_payments(std::uint32_t customer) {
  const Customer& profile = customers_[customer];
  if (!profile.has_terminal) return;
  for (std::uint32_t left = random_.poisson(profile.payments_per_day); left > 0; --left) {
    const double second = kNoonSecond + kTimeOfDayDeviation * random_.normal();
    if (second < 0.0 || second >= kDaySeconds) continue;  // not on this day: no payment
    GeneratedPayment payment;
    payment.id = today_.size();  // for the sort below, which numbers them anew
    payment.time_ms = kStartMs + (day_ * kDaySeconds + static_cast<std::int64_t>(second)) * 1000;
    payment.customer = customer;
    payment.terminal = terminal_near(profile);
    payment.amount_cents = draw_amount(profile.mean_amount);
    mark_fraud(payment);
    today_.push_back(payment);
  }
}

void Generator::mark_fraud(GeneratedPayment& payment) {
  if (payment.amount_cents > kLargeAmount) payment.scenario = 1;
  if (day_ < terminal_bad_until_[payment.terminal]) payment.scenario = 2;
  if (day_ < customer_bad_until_[payment.customer] && random_.below(3) == 0) {
    payment.scenario = 3;
    payment.amount_cents *= kStolenFactor;
  }
  payment.fraud = payment.scenario != 0;
}

void Generator::draw_day() {
  for (std::uint32_t i = 0; i < kTerminalsPerDay; ++i)
    terminal_bad_until_[random_.below(terminals_)] = day_ + kTerminalDays;
  for (std::uint32_t i = 0; i < kCustomersPerDay; ++i)
    customer_bad_until_[random_.below(options_.accounts)] = day_ + kCustomerDays;
  today_.clear();
  today_next_ = 0;
  for (std::uint32_t i = 0; i < options_.accounts; ++i) draw_payments(i);
  std::sort(today_.begin(), today_.end(),
            [](const GeneratedPayment& left, const GeneratedPayment& right) {
              return std::tie(left.time_ms, left.id) < std::tie(right.time_ms, right.id);
            });
  ++day_;
}

std::uint32_t Generator::draw_account() {
  if (options_.scenario == Scenario::kUniform) return random_.below(options_.accounts);
  const double at = random_.uniform() * rank_weights_.back();
  const auto found = std::upper_bound(rank_weights_.begin(), rank_weights_.end(), at);
  const auto rank = static_cast<std::uint32_t>(found - rank_weights_.begin());
  return std::min(rank, options_.accounts - 1);
}

GeneratedPayment Generator::next_of_load() {
  GeneratedPayment payment;
  payment.id = next_id_++;
  payment.time_ms = kStartMs + static_cast<std::int64_t>(payment.id);
  payment.customer = draw_account();
  payment.terminal = random_.below(terminals_);
  payment.amount_cents = draw_amount(mean_amounts_[payment.customer]);
  return payment;
}

GeneratedPayment Generator::next() {
  if (options_.scenario != Scenario::kHandbook) return next_of_load();
  // A few accounts may all rest for a day.
  while (today_next_ == today_.size()) draw_day();
  GeneratedPayment payment = today_[today_next_++];
  payment.id = next_id_++;
  return payment;
}

std::string csv_header_of_payments() {
  return "tx_id,ts_ms,customer,terminal,amount_cents,fraud,scenario\n";
}

void append_csv(const GeneratedPayment& payment, std::string& out) {
  const std::int64_t columns[] = {static_cast<std::int64_t>(payment.id),
                                  payment.time_ms,
                                  payment.customer,
                                  payment.terminal,
                                  payment.amount_cents,
                                  payment.fraud ? 1 : 0,
                                  payment.scenario};
  for (const std::int64_t column : columns) {
    append_number(out, column);
    out += ',';
  }
  out.back() = '\n';
}

void append_json(const GeneratedPayment& payment, std::string& out) {
  out += "{\"tx_id\":";
  append_number(out, static_cast<std::int64_t>(payment.id));
  out += ",\"ts_ms\":";
  append_number(out, payment.time_ms);
  out += ",\"customer\":\"";
  append_number(out, payment.customer);
  out += "\",\"terminal\":\"";
  append_number(out, payment.terminal);
  out += "\",\"amount_cents\":";
  append_number(out, payment.amount_cents);
  out += payment.fraud ? ",\"fraud\":1" : ",\"fraud\":0";
  out += ",\"scenario\":";
  append_number(out, payment.scenario);
  out += "}\n";
}

}  // namespace warpscore
