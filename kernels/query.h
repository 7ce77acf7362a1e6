// The answers: every query of a table from the history of one key.
//
// Units    lanes; a query's `unit` is 10^scale of its value.
// Formula  docs/semantics.md; the float boundary is in mean_of and deviation_of and nowhere else.
// Thread   as the shard of the key.
#pragma once

#include <cmath>
#include <cstdint>

#include "base/host_device.h"
#include "kernels/exact.h"
#include "kernels/history.h"
#include "kernels/pass_columns.h"
#include "kernels/side_sets.h"

namespace warpscore {

struct Interval {  // rows [lo, hi), hi >= lo
  std::uint64_t lo = 0;
  std::uint64_t hi = 0;
};

// The sum of a window in 64 bits, if it fits: by its bound in most cases, else by adding up in 128.
template <class AnyHistory>
WARPSCORE_HD inline bool exact_sum(const AnyHistory& history, const SumWord& sum, Interval rows,
                                   std::int64_t& total) {
  total = static_cast<std::int64_t>(history.difference(rows.lo, rows.hi, sum.word));
  const std::uint64_t bound = history.word(sum.max_abs_word);
  if (bit_width_of(bound) + bit_width_of(rows.hi - rows.lo) <= 63) return true;
  Int128 exact = 0;
  history.for_applied(rows.lo, rows.hi,
                      [&](std::uint64_t n) { exact += history.value(n, sum.word); });
  return exact == total && total != kMissing;
}

template <class AnyHistory>
WARPSCORE_HD inline std::uint64_t members_in(const AnyHistory& history, const TablePlan& plan,
                                             std::uint32_t count, Interval rows) {
  if (count == kNone) return rows.hi - rows.lo;
  return history.difference(rows.lo, rows.hi, plan.counts[count].word);
}

// n Q - S^2 as a double: in 256 bits, where even the extremes of int64 fit, and converted once.
template <class AnyHistory>
WARPSCORE_HD inline double spread_of(const AnyHistory& history, const TablePlan& plan,
                                     const SquareWord& square, Interval rows, std::uint64_t n,
                                     std::int64_t sum) {
  const SumWord& values = plan.sums[square.sum];
  const std::uint64_t bound = history.word(values.max_abs_word);
  const int bits = 2 * bit_width_of(bound) + bit_width_of(rows.hi - rows.lo);
  const std::uint64_t size = magnitude(sum);
  if (bits + bit_width_of(n) <= 128) {  // nearly always: amounts have some 30 bits
    const Uint128 squares = history.difference128(rows.lo, rows.hi, square.word);
    const Uint128 spread = squares * n - static_cast<Uint128>(size) * size;
    if (spread >> 53 == 0) return static_cast<double>(static_cast<std::uint64_t>(spread));
    return to_double(wide(spread));
  }
  Uint256 spread;
  if (bits <= 128) {
    spread = wide(history.difference128(rows.lo, rows.hi, square.word));
  } else {
    history.for_applied(rows.lo, rows.hi, [&](std::uint64_t at) {
      const std::uint64_t one = magnitude(history.value(at, values.word));
      add_to(spread, wide(static_cast<Uint128>(one) * one));
    });
  }
  spread = times(spread, n);
  subtract_from(spread, wide(static_cast<Uint128>(size) * size));
  return to_double(spread);
}

WARPSCORE_HD inline double deviation_of(double spread, std::uint64_t n, bool sample,
                                        std::int64_t unit) {
  const std::uint64_t divisor = n * (sample ? n - 1 : n);
  return std::sqrt(spread / static_cast<double>(divisor)) / static_cast<double>(unit);
}

WARPSCORE_HD inline double mean_of(std::int64_t sum, std::uint64_t n, std::int64_t unit) {
  return static_cast<double>(sum) / static_cast<double>(n * static_cast<std::uint64_t>(unit));
}

template <class AnyHistory>
WARPSCORE_HD inline Lane answer_moment(const AnyHistory& history, const TablePlan& plan,
                                       Shard& shard, const Query& query, Interval rows) {
  const std::uint32_t number = query.op == QueryOp::kSum || query.op == QueryOp::kMean
                                   ? query.set
                                   : plan.squares[query.set].sum;
  std::int64_t sum = 0;
  if (!exact_sum(history, plan.sums[number], rows, sum)) {
    count_on(shard, shard.overflows, 1);
    return query.op == QueryOp::kSum ? kMissing : kMissingDouble;
  }
  if (query.op == QueryOp::kSum) return sum;
  const std::uint64_t n = members_in(history, plan, query.count, rows);
  const bool sample = query.op == QueryOp::kStddev;
  if (n < (sample ? 2 : 1)) return kMissingDouble;
  if (query.op == QueryOp::kMean) return lane_of(mean_of(sum, n, query.unit));
  const double spread = spread_of(history, plan, plan.squares[query.set], rows, n, sum);
  return lane_of(deviation_of(spread, n, sample, query.unit));
}

template <class AnyHistory>
WARPSCORE_HD inline Lane answer_extreme(const AnyHistory& history, const TablePlan& plan,
                                        const Query& query, Interval rows) {
  if (members_in(history, plan, query.count, rows) == 0) return kMissing;
  if constexpr (!AnyHistory::kPast) {
    if (query.cache != kNone) return cached_extreme(history, plan, query, rows.lo);
  }
  std::uint64_t pair[2];
  extremes_of(history, plan, query.set, rows.lo, rows.hi, pair);
  return static_cast<Lane>(pair[query.op == QueryOp::kMin ? 0 : 1]);
}

// Did the history limit take away the row of that time that had row n's value before it? Only among
// rows of the head's own time it takes a look to know.
template <class AnyHistory>
WARPSCORE_HD inline bool went(const AnyHistory& history, const DistinctSet& set, std::uint64_t lo,
                              std::uint64_t n, std::int64_t previous_ms) {
  if (history.slot().dropped == kMissing || lo != history.head()) return false;
  if (previous_ms != history.time(lo)) return previous_ms < history.time(lo);
  for (std::uint64_t at = lo; at < n && history.time(at) == previous_ms; ++at) {
    if (history.row(at)[set.value_word] == history.row(n)[set.value_word]) return false;
  }
  return true;
}

// Without a delay the bits tell; with one, a value counts where it is met first in the window.
template <class AnyHistory>
WARPSCORE_HD inline Lane answer_distinct(const AnyHistory& history, const TablePlan& plan,
                                         const Query& query, Interval rows) {
  if (query.hi == kNone) {
    if constexpr (AnyHistory::kPast) {
      return static_cast<Lane>(count_past(history, query.set, rows.lo));
    } else {
      return static_cast<Lane>(count_bits(history, query.set, rows.lo, rows.hi));
    }
  }
  const DistinctSet& set = plan.distincts[query.set];
  const Edge& edge = plan.edges[query.lo];
  const std::int64_t limit = history.slot().newest - edge.offset - (edge.before ? 1 : 0);
  Lane count = 0;
  for (std::uint64_t n = rows.lo; n < rows.hi; ++n) {
    const std::uint64_t* const row = history.row(n);
    if (static_cast<std::int64_t>(row[set.value_word]) == kMissing) continue;
    const auto previous_ms = static_cast<std::int64_t>(row[set.previous_word]);
    if (previous_ms <= limit || went(history, set, rows.lo, n, previous_ms)) ++count;
  }
  return count;
}

// First row of [lo, hi) whose prefix count exceeds `than`; hi if none does.
template <class AnyHistory>
WARPSCORE_HD inline std::uint64_t first_beyond(const AnyHistory& history, std::uint32_t word,
                                               Interval rows, std::uint64_t than) {
  std::uint64_t lo = rows.lo;
  std::uint64_t hi = rows.hi;
  while (lo != hi) {
    const std::uint64_t middle = lo + (hi - lo) / 2;
    if (history.prefix(middle + 1, word) <= than) {
      lo = middle + 1;
    } else {
      hi = middle;
    }
  }
  return lo;
}

template <class AnyHistory>
WARPSCORE_HD inline Lane answer_first_seen(const AnyHistory& history, const TablePlan& plan,
                                           const Query& query, Interval rows) {
  const std::uint64_t complete = history.complete_end();
  Interval sure = rows;  // without the zone of a past view
  if (sure.hi > complete) sure.hi = complete > sure.lo ? complete : sure.lo;
  std::uint64_t n = rows.lo;
  if (query.count != kNone) {
    const std::uint32_t word = plan.counts[query.count].word;
    n = first_beyond(history, word, sure, history.prefix(rows.lo, word));
  }
  if (n < sure.hi) return history.time(n);
  Lane first = kMissing;
  history.for_applied(sure.hi, rows.hi, [&](std::uint64_t at) {
    if (first == kMissing && history.counts(at, query.count)) first = history.time(at);
  });
  return first;
}

// The member applied last in rows [lo, hi) but for `current`; kMissingRow if there is none.
template <class AnyHistory>
WARPSCORE_HD inline std::uint64_t last_member(const AnyHistory& history, const TablePlan& plan,
                                              std::uint32_t count, Interval rows,
                                              std::uint64_t current) {
  if (history.slot().has_late) {
    std::uint64_t best = kMissingRow;
    history.for_applied(rows.lo, rows.hi, [&](std::uint64_t n) {
      if (n == current || !history.counts(n, count)) return;
      if (best == kMissingRow ||
          history.row(n)[plan.sequence_word] > history.row(best)[plan.sequence_word]) {
        best = n;
      }
    });
    return best;
  }
  std::uint64_t hi = rows.hi;
  if (current != kMissingRow && current < hi) hi = current;  // it is the last row of all
  if (hi <= rows.lo) return kMissingRow;
  if (count == kNone) return hi - 1;
  const std::uint32_t word = plan.counts[count].word;
  const std::uint64_t members = history.prefix(hi, word) - history.prefix(rows.lo, word);
  if (members == 0) return kMissingRow;
  return first_beyond(history, word, {rows.lo, hi}, history.prefix(hi, word) - 1);
}

// Is this time after the left edge of the query?
template <class AnyHistory>
WARPSCORE_HD inline bool in_reach(const AnyHistory& history, const TablePlan& plan,
                                  const Query& query, std::int64_t time_ms) {
  if (query.lo == kNone) return true;
  const Edge& edge = plan.edges[query.lo];
  return time_ms > history.slot().newest - edge.offset - (edge.before ? 1 : 0);
}

// Is the answer to last or seconds_since_last what the slot remembers (or that nothing came
// before), so that no row is asked and none that went is missed?
template <class AnyHistory>
WARPSCORE_HD inline bool is_remembered(const AnyHistory& history, const TablePlan& plan,
                                       const Query& query) {
  if (query.op != QueryOp::kLast && query.op != QueryOp::kSecondsSinceLast) return false;
  if (query.hi != kNone) return false;
  const auto time_ms =
      static_cast<std::int64_t>(history.remembered(plan.lasts[query.set].time_word));
  return time_ms == kMissing || in_reach(history, plan, query, time_ms);
}

template <class AnyHistory>
WARPSCORE_HD inline Lane answer_last(const AnyHistory& history, const TablePlan& plan,
                                     const Query& query, Interval rows, std::uint64_t current) {
  const LastSet& set = plan.lasts[query.set];
  const std::int64_t newest = history.slot().newest;
  const bool want_time = query.op == QueryOp::kSecondsSinceLast;
  std::int64_t time_ms = kMissing;
  Lane value = kMissing;
  if (query.hi == kNone) {  // most often the one remembered; it may be late and out of reach
    time_ms = static_cast<std::int64_t>(history.remembered(set.time_word));
    if (!want_time) value = static_cast<Lane>(history.remembered(set.value_slot_word));
    if (time_ms == kMissing) return want_time ? kMissingDouble : kMissing;
    if (!in_reach(history, plan, query, time_ms)) time_ms = kMissing;
  }
  if (time_ms == kMissing) {
    // With a delay the time alone says what comes before: a late current row may be the one.
    const std::uint64_t but_for = query.hi == kNone ? current : kMissingRow;
    const std::uint64_t n = last_member(history, plan, set.count, rows, but_for);
    if (n == kMissingRow) return want_time ? kMissingDouble : kMissing;
    time_ms = history.time(n);
    if (!want_time) value = static_cast<Lane>(history.row(n)[set.value_word]);
  }
  if (!want_time) return value;
  return lane_of(static_cast<double>(newest - time_ms) / 1000.0);
}

// plan.previous[query.set] is the field, the time of that transaction its neighbour in front.
template <class AnyHistory>
WARPSCORE_HD inline Lane answer_previous(const AnyHistory& history, const TablePlan& plan,
                                         const Query& query) {
  if (history.slot().sequence == 1) return kMissing;  // the current one is the first
  const auto time_ms = static_cast<std::int64_t>(history.remembered(plan.previous[0].word));
  if (query.lo != kNone) {
    const Edge& edge = plan.edges[query.lo];
    if (time_ms <= history.slot().newest - edge.offset) return kMissing;
  }
  return static_cast<Lane>(history.remembered(plan.previous[query.set].word));
}

template <class AnyHistory>
WARPSCORE_HD inline Lane answer(const AnyHistory& history, const TablePlan& plan, Shard& shard,
                                const Query& query, Interval rows, std::uint64_t current) {
  switch (query.op) {
    case QueryOp::kCount:
      return static_cast<Lane>(members_in(history, plan, query.count, rows));
    case QueryOp::kSum:
    case QueryOp::kMean:
    case QueryOp::kStddev:
    case QueryOp::kStddevPop:
      return answer_moment(history, plan, shard, query, rows);
    case QueryOp::kMin:
    case QueryOp::kMax:
      return answer_extreme(history, plan, query, rows);
    case QueryOp::kDistinct:
      return answer_distinct(history, plan, query, rows);
    case QueryOp::kFirstSeen:
      return answer_first_seen(history, plan, query, rows);
    case QueryOp::kLast:
    case QueryOp::kSecondsSinceLast:
      return answer_last(history, plan, query, rows, current);
    case QueryOp::kPrevious:
      return answer_previous(history, plan, query);
  }
  return kMissing;
}

// What a query says of a transaction that has no key (an optional key field that is missing).
WARPSCORE_HD inline Lane answer_without_key(QueryOp op) {
  switch (op) {
    case QueryOp::kCount:
    case QueryOp::kSum:
    case QueryOp::kDistinct:
      return 0;
    case QueryOp::kMean:
    case QueryOp::kStddev:
    case QueryOp::kStddevPop:
    case QueryOp::kSecondsSinceLast:
      return kMissingDouble;
    default:
      return kMissing;
  }
}

template <class AnyHistory>
WARPSCORE_HD inline void answer_queries(const AnyHistory& history, const TablePlan& plan,
                                        Shard& shard, const PassColumns& columns, std::uint32_t row,
                                        std::uint64_t current) {
  constexpr std::uint32_t kEdgesKept = 32;
  std::uint64_t edges[kEdgesKept];
  const std::int64_t newest = history.slot().newest;
  for (std::uint32_t i = 0; i < plan.edge_count && i < kEdgesKept; ++i) {
    edges[i] = history.edge_at(i, newest);
  }
  for (std::uint32_t i = 0; i < plan.query_count; ++i) {
    const Query& query = plan.queries[i];
    Interval rows{history.head(), history.end()};
    if (query.lo != kNone) {
      rows.lo = query.lo < kEdgesKept ? edges[query.lo] : history.edge_at(query.lo, newest);
    }
    if (query.hi != kNone) {
      rows.hi = query.hi < kEdgesKept ? edges[query.hi] : history.edge_at(query.hi, newest);
    }
    if (rows.hi < rows.lo) rows.hi = rows.lo;
    columns.outputs[query.output][row] = answer(history, plan, shard, query, rows, current);
    if (columns.truncated == nullptr || query.feature == kNone) continue;
    if (history.slot().dropped == kMissing) continue;
    if (!in_reach(history, plan, query, history.slot().dropped)) continue;
    if (!is_remembered(history, plan, query))
      columns.truncated[query.feature / 64][row] |= 1ULL << (query.feature % 64);
  }
}

}  // namespace warpscore
