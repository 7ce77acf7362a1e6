// Summaries beside the rows: extremes per block for min and max, "no later row has this value" bits
// for distinct counts. Both make a long window cost its blocks instead of its rows.
//
// Thread   as the shard of the key.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/history.h"

namespace warpscore {

inline constexpr std::int64_t kNoLeast = std::numeric_limits<std::int64_t>::max();
inline constexpr std::int64_t kNoGreatest = std::numeric_limits<std::int64_t>::min();

// ---- extremes: least and greatest of a block of rows, at `least`, the greatest one behind it

struct ExtremeBlocks {
  std::uint64_t* blocks = nullptr;  // {least, greatest} per 64 rows
  std::uint64_t* supers = nullptr;  // {least, greatest} per 4,096 rows
  std::uint64_t block_mask = 0;
  std::uint64_t super_mask = 0;
  bool has_blocks = false;
  bool has_supers = false;
};

template <class AnyHistory>
WARPSCORE_HD inline ExtremeBlocks extreme_blocks(const AnyHistory& history, std::uint32_t set) {
  ExtremeBlocks found;
  const std::uint64_t block_count = history.capacity() >> kBlockBits;
  const std::uint64_t super_count = history.capacity() >> kSuperBits;
  found.blocks = history.extreme_array(set);
  found.supers = found.blocks + 2 * block_count;
  found.has_blocks = block_count != 0;
  found.has_supers = super_count != 0;
  found.block_mask = block_count - 1;
  found.super_mask = super_count - 1;
  return found;
}

WARPSCORE_HD inline void widen(std::uint64_t* pair, std::int64_t least, std::int64_t greatest) {
  if (least < static_cast<std::int64_t>(pair[0])) pair[0] = static_cast<std::uint64_t>(least);
  if (greatest > static_cast<std::int64_t>(pair[1])) pair[1] = static_cast<std::uint64_t>(greatest);
}
WARPSCORE_HD inline void clear_pair(std::uint64_t* pair) {
  pair[0] = static_cast<std::uint64_t>(kNoLeast);
  pair[1] = static_cast<std::uint64_t>(kNoGreatest);
}

// Row n into the summaries of its block and superblock, which it begins where it is their first, or
// where `begin` says so.
WARPSCORE_HD inline void note_extreme(const History& history, const SumWord& sum,
                                      const ExtremeBlocks& side, std::uint64_t n, bool begin) {
  std::uint64_t* const block = side.blocks + 2 * ((n >> kBlockBits) & side.block_mask);
  std::uint64_t* const super = side.supers + 2 * ((n >> kSuperBits) & side.super_mask);
  if (begin || (n & (kBlockRows - 1)) == 0) clear_pair(block);
  if (side.has_supers && (begin || (n & (kSuperRows - 1)) == 0)) clear_pair(super);
  if (!history.counts(n, sum.count)) return;
  const std::int64_t value = history.value(n, sum.word);
  widen(block, value, value);
  if (side.has_supers) widen(super, value, value);
}

// Makes the summaries of rows [from, end) anew; those of a block's earlier rows are kept by
// starting at the block's (or superblock's) first held row.
WARPSCORE_HD inline void rebuild_extremes(const History& history, const TablePlan& plan,
                                          std::uint32_t set, std::uint64_t from) {
  const ExtremeBlocks side = extreme_blocks(history, set);
  if (!side.has_blocks) return;
  const std::uint64_t step = side.has_supers ? kSuperRows : kBlockRows;
  std::uint64_t first = from & ~(step - 1);
  if (first < history.head()) first = history.head();
  const SumWord& sum = plan.sums[plan.extremes[set].sum];
  for (std::uint64_t n = first; n != history.end(); ++n) {
    note_extreme(history, sum, side, n, n == first);
  }
}

WARPSCORE_HD inline void append_extreme(const History& history, const TablePlan& plan,
                                        std::uint32_t set, std::uint64_t n) {
  const ExtremeBlocks side = extreme_blocks(history, set);
  if (side.has_blocks) {
    note_extreme(history, plan.sums[plan.extremes[set].sum], side, n, false);
  }
}

// Least and greatest member of rows [lo, hi) into `pair`.
template <class AnyHistory>
WARPSCORE_HD inline void extremes_of(const AnyHistory& history, const TablePlan& plan,
                                     std::uint32_t set, std::uint64_t lo, std::uint64_t hi,
                                     std::uint64_t* pair) {
  const ExtremeBlocks side = extreme_blocks(history, set);
  const SumWord& sum = plan.sums[plan.extremes[set].sum];
  clear_pair(pair);
  const std::uint64_t sure = hi < history.complete_end() ? hi : history.complete_end();
  std::uint64_t n = lo;
  while (n < sure) {
    if (side.has_supers && (n & (kSuperRows - 1)) == 0 && sure - n >= kSuperRows) {
      const std::uint64_t* const super = side.supers + 2 * ((n >> kSuperBits) & side.super_mask);
      widen(pair, static_cast<std::int64_t>(super[0]), static_cast<std::int64_t>(super[1]));
      n += kSuperRows;
    } else if (side.has_blocks && (n & (kBlockRows - 1)) == 0 && sure - n >= kBlockRows) {
      const std::uint64_t* const block = side.blocks + 2 * ((n >> kBlockBits) & side.block_mask);
      widen(pair, static_cast<std::int64_t>(block[0]), static_cast<std::int64_t>(block[1]));
      n += kBlockRows;
    } else {
      if (history.counts(n, sum.count)) {
        const std::int64_t value = history.value(n, sum.word);
        widen(pair, value, value);
      }
      ++n;
    }
  }
  if constexpr (AnyHistory::kPast) {
    history.for_applied(lo > sure ? lo : sure, hi, [&](std::uint64_t at) {
      if (!history.counts(at, sum.count)) return;
      const std::int64_t value = history.value(at, sum.word);
      widen(pair, value, value);
    });
  }
}

// The latest row of [lo, hi) that is a member and holds `value`, which one of them does.
WARPSCORE_HD inline std::uint64_t latest_row_of(const History& history, const TablePlan& plan,
                                                std::uint32_t set, std::uint64_t lo,
                                                std::uint64_t hi, std::int64_t value, bool least) {
  const ExtremeBlocks side = extreme_blocks(history, set);
  const SumWord& sum = plan.sums[plan.extremes[set].sum];
  std::uint64_t n = hi;
  while (n > lo) {
    if (side.has_blocks && (n & (kBlockRows - 1)) == 0 && n - lo >= kBlockRows) {
      const std::uint64_t* const block =
          side.blocks + 2 * (((n - 1) >> kBlockBits) & side.block_mask);
      if (static_cast<std::int64_t>(block[least ? 0 : 1]) != value) {
        n -= kBlockRows;
        continue;
      }
    }
    --n;
    if (history.counts(n, sum.count) && history.value(n, sum.word) == value) return n;
  }
  return lo;
}

// Where the extreme of a window that ends with the newest row was last time: slot words {row + 1,
// end of the history then}. As long as that row is in the window and one row has come since, the
// new row is all there is to look at. A late row moves the others, so it forgets (forget_extremes).
WARPSCORE_HD inline std::int64_t cached_extreme(const History& history, const TablePlan& plan,
                                                const Query& query, std::uint64_t lo) {
  const std::uint64_t hi = history.end();
  const bool least = query.op == QueryOp::kMin;
  const SumWord& sum = plan.sums[plan.extremes[query.set].sum];
  std::uint64_t& row = history.word(query.cache);
  std::uint64_t& seen = history.word(query.cache + 1);
  if (row > lo && (seen + 1 == hi || seen == hi)) {
    std::int64_t best = history.value(row - 1, sum.word);
    if (seen != hi && history.counts(hi - 1, sum.count)) {
      const std::int64_t value = history.value(hi - 1, sum.word);
      if (least ? value <= best : value >= best) {
        best = value;
        row = hi;
      }
    }
    seen = hi;
    return best;
  }
  std::uint64_t pair[2];
  extremes_of(history, plan, query.set, lo, hi, pair);
  const auto best = static_cast<std::int64_t>(pair[least ? 0 : 1]);
  row = latest_row_of(history, plan, query.set, lo, hi, best, least) + 1;
  seen = hi;
  return best;
}

WARPSCORE_HD inline void forget_extremes(const History& history, const TablePlan& plan) {
  if (plan.extreme_count == 0) return;
  for (std::uint32_t i = 0; i < plan.query_count; ++i) {
    if (plan.queries[i].cache != kNone) history.word(plan.queries[i].cache) = 0;
  }
}

// In PastView::repeats: this row is no member. Greater than every row, so that it never counts.
inline constexpr std::uint64_t kNoValue = ~0ULL;

// ---- distinct values: bit n is set while no later row has row n's value

struct DistinctBits {
  std::uint64_t* words = nullptr;   // by n & mask
  std::uint64_t* supers = nullptr;  // set bits per 4,096 rows
  std::uint64_t mask = 0;
  std::uint64_t super_mask = 0;
  bool has_supers = false;
};

// Of a ring that begins at `rows`, of this size class.
WARPSCORE_HD inline DistinctBits distinct_bits_at(const TablePlan& plan, std::uint64_t* rows,
                                                  std::uint8_t size_class, std::uint32_t set) {
  DistinctBits bits;
  const std::uint64_t count = 1ULL << size_class;
  const std::uint64_t super_count = count >> kSuperBits;
  bits.words = rows + (static_cast<std::uint64_t>(plan.row_words) << size_class) +
               plan.extreme_count * extreme_words(size_class) + set * distinct_words(size_class);
  bits.supers = bits.words + (count + kBlockRows - 1) / kBlockRows;
  bits.mask = count - 1;
  bits.super_mask = super_count - 1;
  bits.has_supers = super_count != 0;
  return bits;
}

template <class AnyHistory>
WARPSCORE_HD inline DistinctBits distinct_bits(const AnyHistory& history, std::uint32_t set) {
  return distinct_bits_at(history.plan(), history.ring(), history.slot().size_class, set);
}

WARPSCORE_HD inline bool bit_of(const DistinctBits& bits, std::uint64_t n) {
  const std::uint64_t at = n & bits.mask;
  return (bits.words[at >> kBlockBits] >> (at & (kBlockRows - 1)) & 1) != 0;
}
WARPSCORE_HD inline void put_bit(const DistinctBits& bits, std::uint64_t n, bool on) {
  const std::uint64_t at = n & bits.mask;
  const std::uint64_t one = 1ULL << (at & (kBlockRows - 1));
  std::uint64_t& word = bits.words[at >> kBlockBits];
  word = on ? word | one : word & ~one;
}
WARPSCORE_HD inline std::uint64_t* super_of(const DistinctBits& bits, std::uint64_t n) {
  return bits.supers + ((n >> kSuperBits) & bits.super_mask);
}

// Bits of rows [lo, lo + count) of one word, count <= 64, not crossing the word.
WARPSCORE_HD inline std::uint64_t bits_from(const DistinctBits& bits, std::uint64_t lo,
                                            std::uint64_t count) {
  const std::uint64_t at = lo & bits.mask;
  // Other rows' bits of the word may change meanwhile (kernels/long_run.h).
  const std::uint64_t shifted =
      shared_load(bits.words[at >> kBlockBits]) >> (at & (kBlockRows - 1));
  return count == kBlockRows ? shifted : shifted & ((1ULL << count) - 1);
}

// Rows from n to the end of its word, n included. A ring of fewer than 64 rows ends sooner.
WARPSCORE_HD inline std::uint64_t rows_left_in_word(const DistinctBits& bits, std::uint64_t n) {
  const std::uint64_t rows = bits.mask + 1 < kBlockRows ? bits.mask + 1 : kBlockRows;
  return rows - (n & (rows - 1));
}

template <class AnyHistory>
WARPSCORE_HD inline std::uint64_t count_bits(const AnyHistory& history, std::uint32_t set,
                                             std::uint64_t lo, std::uint64_t hi) {
  const DistinctBits bits = distinct_bits(history, set);
  std::uint64_t count = 0;
  std::uint64_t n = lo;
  while (n < hi) {
    if (bits.has_supers && (n & (kSuperRows - 1)) == 0 && hi - n >= kSuperRows) {
      count += *super_of(bits, n);
      n += kSuperRows;
      continue;
    }
    if ((n & (kBlockRows - 1)) == 0 && hi - n >= kBlockRows && bits.mask >= kBlockRows) {
      count += static_cast<std::uint64_t>(std::popcount(bits.words[(n & bits.mask) >> kBlockBits]));
      n += kBlockRows;
      continue;
    }
    std::uint64_t step = rows_left_in_word(bits, n);
    if (step > hi - n) step = hi - n;
    count += static_cast<std::uint64_t>(std::popcount(bits_from(bits, n, step)));
    n += step;
  }
  return count;
}

// Different values of a past view's rows from lo on: those that the bits tell before the run, and
// of the run the rows whose value no applied row of the window has before them.
WARPSCORE_HD inline std::uint64_t count_past(const PastHistory& history, std::uint32_t set,
                                             std::uint64_t lo) {
  const PastView& past = history.view();
  const std::uint64_t base = past.base;
  const std::uint64_t* const repeats = past.repeats + set * past.repeats_stride;
  const std::uint32_t* const firsts = past.firsts + set * past.repeats_stride;
  std::uint64_t count = lo < base ? count_bits(history, set, lo, base) : 0;
  if (lo <= base) {  // in the run's complete part only values that are new in it can count
    for (std::uint32_t i = 1; i <= firsts[0]; ++i) {
      const std::uint64_t n = base + firsts[i];
      if (n < past.complete_end && repeats[firsts[i]] <= lo) ++count;
    }
  } else {
    for (std::uint64_t n = lo; n < past.complete_end; ++n) {
      if (repeats[n - base] <= lo) ++count;
    }
  }
  const std::uint64_t zone = lo > past.complete_end ? lo : past.complete_end;
  for (std::uint64_t n = zone; n < past.zone_end; ++n) {
    if (!history.is_applied(n) || repeats[n - base] == kNoValue) continue;
    std::uint64_t before = repeats[n - base];
    while (before > past.complete_end && !history.is_applied(before - 1)) {
      before = repeats[before - 1 - base];
    }
    if (before <= lo) ++count;
  }
  return count;
}

inline constexpr std::uint64_t kMissingRow = ~0ULL;

// Latest row of [lo, hi) that has its bit set and holds `value`; kMissingRow if there is none.
WARPSCORE_HD inline std::uint64_t latest_with(const History& history, const DistinctBits& bits,
                                              std::uint32_t value_word, std::uint64_t lo,
                                              std::uint64_t hi, std::uint64_t value) {
  std::uint64_t n = hi;
  while (n > lo) {
    if (bits.has_supers && (n & (kSuperRows - 1)) == 0 && n - lo >= kSuperRows &&
        *super_of(bits, n - 1) == 0) {
      n -= kSuperRows;
      continue;
    }
    const std::uint64_t rows = bits.mask + 1 < kBlockRows ? bits.mask + 1 : kBlockRows;
    std::uint64_t start = (n - 1) & ~(rows - 1);
    if (start < lo) start = lo;
    std::uint64_t found = bits_from(bits, start, n - start);
    while (found != 0) {
      const auto top = static_cast<std::uint64_t>(63 - std::countl_zero(found));
      if (history.row(start + top)[value_word] == value) return start + top;
      found &= ~(1ULL << top);
    }
    n = start;
  }
  return kMissingRow;
}

WARPSCORE_HD inline void append_distinct(const History& history, const TablePlan& plan,
                                         std::uint32_t number, std::uint64_t n) {
  const DistinctSet& set = plan.distincts[number];
  const DistinctBits bits = distinct_bits(history, number);
  if (bits.has_supers && (n & (kSuperRows - 1)) == 0) *super_of(bits, n) = 0;
  const std::uint64_t value = history.row(n)[set.value_word];
  const bool member = static_cast<std::int64_t>(value) != kMissing;
  put_bit(bits, n, member);
  if (!member) return;
  if (bits.has_supers) ++*super_of(bits, n);
  const std::uint64_t lo = history.edge_at(set.reach_edge, history.slot().newest);
  const std::uint64_t before =
      lo < n ? latest_with(history, bits, set.value_word, lo, n, value) : kMissingRow;
  if (before != kMissingRow) {
    put_bit(bits, before, false);
    if (bits.has_supers) --*super_of(bits, before);
  }
  if (set.previous_word != kNone) {
    history.row(n)[set.previous_word] =
        before == kMissingRow ? static_cast<std::uint64_t>(kMissing) : history.row(before)[0];
  }
}

// Row n was inserted before others: their bits move up by one with them.
WARPSCORE_HD inline void shift_bits(const History& history, const DistinctBits& bits,
                                    std::uint64_t n) {
  for (std::uint64_t to = history.end() - 1; to != n; --to) {
    const bool on = bit_of(bits, to - 1);
    put_bit(bits, to, on);
    if (!bits.has_supers || (to & (kSuperRows - 1)) != 0) continue;
    if (to == history.end() - 1) *super_of(bits, to) = 0;
    *super_of(bits, to) += on ? 1 : 0;
    *super_of(bits, to - 1) -= on ? 1 : 0;
  }
}

// A late row: linear in how late it is, and in the history where times before are kept.
WARPSCORE_HD inline void insert_distinct(const History& history, const TablePlan& plan,
                                         std::uint32_t number, std::uint64_t n) {
  const DistinctSet& set = plan.distincts[number];
  const DistinctBits bits = distinct_bits(history, number);
  shift_bits(history, bits, n);
  put_bit(bits, n, false);
  const std::uint64_t value = history.row(n)[set.value_word];
  if (static_cast<std::int64_t>(value) == kMissing) return;
  if (latest_with(history, bits, set.value_word, n + 1, history.end(), value) == kMissingRow) {
    const std::uint64_t before =
        latest_with(history, bits, set.value_word, history.head(), n, value);
    if (before != kMissingRow) {
      put_bit(bits, before, false);
      if (bits.has_supers) --*super_of(bits, before);
    }
    put_bit(bits, n, true);
    if (bits.has_supers) ++*super_of(bits, n);
  }
  if (set.previous_word == kNone) return;
  history.row(n)[set.previous_word] = static_cast<std::uint64_t>(kMissing);
  for (std::uint64_t at = n; at != history.head(); --at) {
    if (history.row(at - 1)[set.value_word] != value) continue;
    history.row(n)[set.previous_word] = history.row(at - 1)[0];
    break;
  }
  for (std::uint64_t at = n + 1; at != history.end(); ++at) {
    if (history.row(at)[set.value_word] != value) continue;
    history.row(at)[set.previous_word] = history.row(n)[0];
    break;
  }
}

WARPSCORE_HD inline void update_side_sets(History& history, const TablePlan& plan, std::uint64_t n,
                                          bool shifted) {
  if (shifted) forget_extremes(history, plan);
  for (std::uint32_t i = 0; i < plan.extreme_count; ++i) {
    if (history.grown()) {
      rebuild_extremes(history, plan, i, history.head());
    } else if (shifted) {
      rebuild_extremes(history, plan, i, n);
    } else {
      append_extreme(history, plan, i, n);
    }
  }
  for (std::uint32_t i = 0; i < plan.distinct_count; ++i) {
    if (shifted) {
      insert_distinct(history, plan, i, n);
    } else {
      append_distinct(history, plan, i, n);
    }
  }
}

}  // namespace warpscore
