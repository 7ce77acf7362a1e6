// A label that comes after its transaction: found by key, time and id, it changes the prefix sums
// of the rows behind (design S8).
//
// Thread   as the shard of the key.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/history.h"
#include "kernels/side_sets.h"

namespace warpscore {

// Does a member condition over the label hold, but for the label's presence?
WARPSCORE_HD inline bool selected(const Member& member, const TablePlan& plan,
                                  const std::uint64_t* row) {
  if (member.selector == kNone) return true;
  return (row[plan.selector_word] >> member.selector & 1) != 0;
}

struct LabelChange {
  Lane old = kMissing;
  Lane now = kMissing;
};

// What a change of the label of `row` adds to the prefix words of a row behind it, or to the
// totals.
WARPSCORE_HD inline void add_label(std::uint64_t* words, const TablePlan& plan,
                                   const std::uint64_t* row, const LabelChange& change) {
  const bool is_new = change.old == kMissing;
  const Lane added = change.now - (is_new ? 0 : change.old);
  for (std::uint32_t i = 0; is_new && i < plan.count_count; ++i) {
    const CountWord& count = plan.counts[i];
    if (count.member.value == kLabelValue && selected(count.member, plan, row)) ++words[count.word];
  }
  for (std::uint32_t i = 0; i < plan.sum_count; ++i) {
    const SumWord& sum = plan.sums[i];
    if (sum.member.value != kLabelValue || !selected(sum.member, plan, row)) continue;
    words[sum.word] += static_cast<std::uint64_t>(added);
  }
  for (std::uint32_t i = 0; i < plan.square_count; ++i) {  // 0 and 1 are their own squares
    const SumWord& sum = plan.sums[plan.squares[i].sum];
    if (sum.member.value != kLabelValue || !selected(sum.member, plan, row)) continue;
    std::uint64_t* const low = words + plan.squares[i].word;
    const Uint128 before = static_cast<Uint128>(low[1]) << 64 | low[0];
    const Uint128 after = before + static_cast<Uint128>(static_cast<Int128>(added));
    low[0] = static_cast<std::uint64_t>(after);
    low[1] = static_cast<std::uint64_t>(after >> 64);
  }
}

// The transaction's row; kMissingRow: it is not held.
WARPSCORE_HD inline std::uint64_t labelled_row(const History& history, const TablePlan& plan,
                                               std::int64_t time_ms, std::uint64_t id_hash) {
  for (std::uint64_t n = history.first_at(time_ms); n != history.end(); ++n) {
    if (history.time(n) != time_ms) break;
    if (history.row(n)[plan.id_word] == id_hash) return n;
  }
  return kMissingRow;
}

// The row takes its label, and the slot the bound of its values; the rows behind are to follow.
WARPSCORE_HD inline LabelChange exchange_label(const History& history, const TablePlan& plan,
                                               std::uint64_t n, Lane label) {
  std::uint64_t* const row = history.row(n);
  const LabelChange change{static_cast<Lane>(row[plan.label_word]), label};
  row[plan.label_word] = static_cast<std::uint64_t>(label);
  for (std::uint32_t i = 0; i < plan.sum_count; ++i) {
    const SumWord& sum = plan.sums[i];
    if (sum.member.value != kLabelValue || !selected(sum.member, plan, row)) continue;
    history.word(sum.max_abs_word) = 1;
  }
  return change;
}

// false: no such transaction is held.
WARPSCORE_HD inline bool apply_label(Shard& shard, const TablePlan& plan, const Key& key,
                                     std::int64_t time_ms, std::uint64_t id_hash, Lane label) {
  SlotHead* const slot = find_slot(shard, key, hash_of(key));
  if (slot == nullptr || !slot->has_ring) return false;
  const History history(plan, shard, *slot);
  const std::uint64_t n = labelled_row(history, plan, time_ms, id_hash);
  if (n == kMissingRow) return false;
  const LabelChange change = exchange_label(history, plan, n, label);
  for (std::uint64_t behind = n + 1; behind != history.end(); ++behind) {
    add_label(history.row(behind), plan, history.row(n), change);
  }
  add_label(&history.word(plan.totals), plan, history.row(n), change);
  for (std::uint32_t i = 0; i < plan.extreme_count; ++i) {
    if (plan.sums[plan.extremes[i].sum].member.value != kLabelValue) continue;
    rebuild_extremes(history, plan, i, n);
  }
  return true;
}

}  // namespace warpscore
