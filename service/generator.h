// Made-up payments: load, and frauds of known kinds, the same bytes from a seed on every machine.
//
// Scenario  handbook: the process that the Fraud Detection Handbook describes in its chapter 3
//           (written anew). Customers and terminals lie on a square of 100 x 100; a customer has a
//           mean amount and a mean number of payments a day and pays at terminals within 5 of it;
//           times of day are normal around noon, amounts normal around the mean. Frauds: 1: any
//           amount over 220.00; 2: two terminals drawn each day, all their payments for 28 days;
//           3: three customers drawn each day, a third of their payments, times five, for 14 days.
//           uniform: every account pays equally often. hot: the account of rank k in proportion to
//           1 / k (Zipf). Both a payment a millisecond, and no frauds.
// Units     time: epoch milliseconds UTC from 2018-04-01, never decreasing; amount: cents.
// Memory    profiles, and the payments of one day: however many are drawn.
// Formula   doubles with + - * / and square root only, so no libm gives other bits.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "service/cli.h"

namespace warpscore {

struct GeneratedPayment {
  std::uint64_t id = 0;
  std::int64_t time_ms = 0;
  std::uint32_t customer = 0;
  std::uint32_t terminal = 0;
  std::int64_t amount_cents = 0;
  bool fraud = false;
  std::uint8_t scenario = 0;  // 0 genuine, or 1..3
};

struct GeneratorOptions {
  Scenario scenario = Scenario::kHandbook;
  std::uint64_t seed = 1;
  std::uint32_t accounts = 5'000;  // and twice as many terminals
};

// SplitMix64 (Steele, Lea, Flood, OOPSLA 2014), and what is drawn with it.
class GeneratorRandom {
 public:
  explicit GeneratorRandom(std::uint64_t seed) : state_(seed) {}
  [[nodiscard]] std::uint64_t next();
  [[nodiscard]] double uniform();  // [0, 1)
  [[nodiscard]] std::uint32_t below(std::uint32_t bound);
  [[nodiscard]] double normal();       // mean 0, deviation 1
  [[nodiscard]] double exponential();  // mean 1
  [[nodiscard]] std::uint32_t poisson(double mean);

 private:
  std::uint64_t state_;
};

class Generator {
 public:
  explicit Generator(const GeneratorOptions& options);  // REQUIRES accounts > 0
  [[nodiscard]] GeneratedPayment next();

 private:
  struct Point {
    double x = 0;
    double y = 0;
  };
  struct Customer {
    Point at;
    double mean_amount = 0;  // cents
    double payments_per_day = 0;
    bool has_terminal = false;  // one within reach
  };

  void draw_profiles();
  void place_terminals();
  [[nodiscard]] bool reaches(const Customer& customer, std::uint32_t terminal) const;
  [[nodiscard]] bool has_terminal_near(const Customer& customer) const;
  [[nodiscard]] std::uint32_t terminal_near(const Customer& customer);
  template <class Visit>
  void visit_near(const Point& at, const Visit& visit) const;

  void draw_day();
  void draw_payments(std::uint32_t customer);
  void mark_fraud(GeneratedPayment& payment);
  [[nodiscard]] std::int64_t draw_amount(double mean_cents);
  [[nodiscard]] std::uint32_t draw_account();
  [[nodiscard]] GeneratedPayment next_of_load();

  const GeneratorOptions options_;
  const std::uint32_t terminals_;
  GeneratorRandom random_;
  std::uint64_t next_id_ = 0;

  std::vector<Customer> customers_;
  std::vector<Point> terminal_at_;
  std::vector<std::uint32_t> cell_start_;  // of cell_terminals_, by cell; one more at the end
  std::vector<std::uint32_t> cell_terminals_;
  std::vector<std::int64_t> terminal_bad_until_;  // day; by terminal
  std::vector<std::int64_t> customer_bad_until_;
  std::int64_t day_ = 0;
  std::vector<GeneratedPayment> today_;
  std::size_t today_next_ = 0;

  std::vector<double> mean_amounts_;  // load scenarios, by account
  std::vector<double> rank_weights_;  // hot: cumulative
};

[[nodiscard]] std::string csv_header_of_payments();
void append_csv(const GeneratedPayment& payment, std::string& out);
void append_json(const GeneratedPayment& payment, std::string& out);

}  // namespace warpscore
