// Payments by number, the same ones on host and device: what the device benches work on.
//
// Accounts  uniform, or by the 1/k law in steps of octaves (no logarithm, so that every bit is the
//           same everywhere). A share of all may go to account 0, or to terminal 0.
// Time      payment n comes rows_in_window times for each account in the longest window (30 days),
//           on average, however many accounts there are. So windows stay as full as they are.
// Late      a share of the payments comes up to late_ms before the newest.
// Keys      as key_of() makes them of eight bytes of text.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/key.h"
#include "base/lane.h"

namespace warpscore {

inline constexpr std::int64_t kLongestWindowMs = 30LL * 24 * 3'600'000;

struct Workload {
  std::uint32_t accounts = 1'000'000;  // and as many terminals
  std::uint32_t rows_in_window = 32;
  bool by_rank = false;           // by the 1/k law
  bool each_once = false;         // payment n is of account n: keys are only inserted
  std::uint32_t hot_percent = 0;  // are account 0's
  std::uint32_t hot_terminal_percent = 0;
  std::uint32_t late_percent = 0;
  std::uint32_t late_ms = 1000;
  std::uint64_t seed = 1;
};

struct Payment {
  std::int64_t time_ms = 0;
  Key customer;
  Key terminal;
  Lane amount = 0;
};

WARPSCORE_HD inline std::uint64_t draw(std::uint64_t seed, std::uint64_t number) {
  return mix64(seed * 0x9e3779b97f4a7c15ULL + mix64(number + 1));
}
WARPSCORE_HD inline std::uint64_t below(std::uint64_t random, std::uint32_t bound) {
  return ((random >> 32) * bound) >> 32;
}
WARPSCORE_HD inline Key key_of_number(std::uint64_t number) {
  return {number, std::uint64_t{0x88} << 56};
}

WARPSCORE_HD inline std::uint64_t account_of(const Workload& work, std::uint64_t random) {
  if (!work.by_rank) return below(random, work.accounts);
  std::uint32_t octaves = 0;
  while (octaves < 32 && (work.accounts >> octaves) != 0) ++octaves;
  const std::uint64_t first = 1ULL << below(mix64(random), octaves);
  const std::uint64_t rank = first + (random & (first - 1)) - 1;
  return rank < work.accounts ? rank : rank / 2;
}

WARPSCORE_HD inline std::int64_t time_of_payment(const Workload& work, std::uint64_t number) {
  constexpr std::int64_t kStartMs = 1'600'000'000'000;
  const std::uint64_t in_window = std::uint64_t{work.accounts} * work.rows_in_window;
  const std::uint64_t windows = number / in_window;
  const std::uint64_t rest = number % in_window;
  const std::uint64_t length = static_cast<std::uint64_t>(kLongestWindowMs);
  return kStartMs + static_cast<std::int64_t>(windows * length + rest * length / in_window);
}

WARPSCORE_HD inline Payment payment_of(const Workload& work, std::uint64_t number) {
  const std::uint64_t chance = draw(work.seed, number);
  const std::uint64_t which = draw(work.seed + 1, number);
  const std::uint64_t where = draw(work.seed + 2, number);
  Payment payment;
  payment.time_ms = time_of_payment(work, number);
  if (below(chance, 100) < work.late_percent) {
    payment.time_ms -= static_cast<std::int64_t>(below(chance << 32, work.late_ms)) + 1;
  }
  std::uint64_t customer = work.each_once ? number : account_of(work, which);
  if (below(mix64(chance), 100) < work.hot_percent) customer = 0;
  std::uint64_t terminal = account_of(work, where);
  if (below(mix64(chance + 1), 100) < work.hot_terminal_percent) terminal = 0;
  payment.customer = key_of_number(customer);
  payment.terminal = key_of_number(terminal);
  payment.amount = 100 + static_cast<Lane>(below(mix64(where), 50'000));
  return payment;
}

// A batch's columns, on host or device; nullptr: nobody reads it.
struct PaymentTargets {
  std::int64_t* time_ms = nullptr;
  Key* customer = nullptr;
  Key* terminal = nullptr;
  Lane* customer_lane = nullptr;
  Lane* terminal_lane = nullptr;
  Lane* amount = nullptr;

  WARPSCORE_HD void put(std::uint32_t row, const Payment& payment) const {
    if (time_ms != nullptr) time_ms[row] = payment.time_ms;
    if (customer != nullptr) customer[row] = payment.customer;
    if (terminal != nullptr) terminal[row] = payment.terminal;
    if (customer_lane != nullptr) customer_lane[row] = fingerprint_of(payment.customer);
    if (terminal_lane != nullptr) terminal_lane[row] = fingerprint_of(payment.terminal);
    if (amount != nullptr) amount[row] = payment.amount;
  }
};

struct MakePayments {  // worker i: row i, payment first + i
  Workload work;
  PaymentTargets targets;
  std::uint64_t first;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    targets.put(i, payment_of(work, first + i));
  }
};

}  // namespace warpscore
