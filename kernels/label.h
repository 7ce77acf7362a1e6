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

WARPSCORE_HD inline void replace_label(History& history, const TablePlan& plan, std::uint64_t n,
                                       Lane label) {
  std::uint64_t* const row = history.row(n);
  const Lane old = static_cast<Lane>(row[plan.label_word]);
  row[plan.label_word] = static_cast<std::uint64_t>(label);
  const std::uint64_t new_member = old == kMissing ? 1 : 0;
  const auto added = static_cast<std::uint64_t>(label - (old == kMissing ? 0 : old));
  for (std::uint32_t i = 0; i < plan.count_count; ++i) {
    const CountWord& count = plan.counts[i];
    if (count.member.value != kLabelValue || !selected(count.member, plan, row)) continue;
    history.contribute(n, count.word, new_member);
  }
  for (std::uint32_t i = 0; i < plan.sum_count; ++i) {
    const SumWord& sum = plan.sums[i];
    if (sum.member.value != kLabelValue || !selected(sum.member, plan, row)) continue;
    history.contribute(n, sum.word, added);
    history.word(sum.max_abs_word) = 1;
  }
  for (std::uint32_t i = 0; i < plan.square_count; ++i) {  // 0 and 1 are their own squares
    const SumWord& sum = plan.sums[plan.squares[i].sum];
    if (sum.member.value != kLabelValue || !selected(sum.member, plan, row)) continue;
    const auto wide_added = static_cast<Uint128>(static_cast<Int128>(static_cast<Lane>(added)));
    history.contribute(n, plan.squares[i].word, wide_added);
  }
  for (std::uint32_t i = 0; i < plan.extreme_count; ++i) {
    if (plan.sums[plan.extremes[i].sum].member.value != kLabelValue) continue;
    rebuild_extremes(history, plan, i, n);
  }
}

// false: no such transaction is held.
WARPSCORE_HD inline bool apply_label(Shard& shard, const TablePlan& plan, const Key& key,
                                     std::int64_t time_ms, std::uint64_t id_hash, Lane label) {
  SlotHead* const slot = find_slot(shard, key, hash_of(key));
  if (slot == nullptr || !slot->has_ring) return false;
  History history(plan, shard, *slot);
  for (std::uint64_t n = history.first_at(time_ms); n != history.end(); ++n) {
    if (history.time(n) != time_ms) return false;
    if (history.row(n)[plan.id_word] != id_hash) continue;
    replace_label(history, plan, n, label);
    return true;
  }
  return false;
}

}  // namespace warpscore
