// The rule: what happens to one key when one of its transactions arrives.
//
// advance() applies the transaction to the key's history and answers every query of its table.
// Everything else in this folder finds the key and shares out the work.
//
// Thread   as the shard of the key.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/history.h"
#include "kernels/pass_columns.h"
#include "kernels/query.h"
#include "kernels/side_sets.h"

namespace warpscore {

WARPSCORE_HD inline bool is_member(const Member& member, const PassColumns& columns,
                                   std::uint32_t row) {
  if (member.selector != kNone && columns.selectors[member.selector][row] != 1) return false;
  return member.value == kNone || columns.value_of(member.value, row) != kMissing;
}

// What a transaction adds to the prefix words: `to` is told each amount, of a sum with the slot
// word of its bound, of squares as the two words that they fill.
template <class To>
WARPSCORE_HD inline void give_contributions(const TablePlan& plan, const PassColumns& columns,
                                            std::uint32_t row, const To& to) {
  for (std::uint32_t i = 0; i < plan.count_count; ++i) {
    const CountWord& count = plan.counts[i];
    if (is_member(count.member, columns, row)) to.count(count.word);
  }
  for (std::uint32_t i = 0; i < plan.sum_count; ++i) {
    const SumWord& sum = plan.sums[i];
    if (!is_member(sum.member, columns, row)) continue;
    to.sum(sum, columns.value_of(sum.member.value, row));
  }
  for (std::uint32_t i = 0; i < plan.square_count; ++i) {
    const Member& member = plan.sums[plan.squares[i].sum].member;
    if (!is_member(member, columns, row)) continue;
    const std::uint64_t value = magnitude(columns.value_of(member.value, row));
    to.square(plan.squares[i].word, static_cast<Uint128>(value) * value);
  }
}

// To the prefix words of row n, which has just been made, and of all rows behind it.
struct ContributeTo {
  History& history;
  std::uint64_t n;

  WARPSCORE_HD void count(std::uint32_t word) const {
    history.contribute(n, word, std::uint64_t{1});
  }
  WARPSCORE_HD void sum(const SumWord& sum, Lane value) const {
    history.contribute(n, sum.word, static_cast<std::uint64_t>(value));
    std::uint64_t& bound = history.word(sum.max_abs_word);
    if (magnitude(value) > bound) bound = magnitude(value);
  }
  WARPSCORE_HD void square(std::uint32_t word, Uint128 amount) const {
    history.contribute(n, word, amount);
  }
};

// The words of a row that are not prefix sums; `sequence`: which transaction of the key it is.
WARPSCORE_HD inline void set_plain_words(std::uint64_t* words, const TablePlan& plan,
                                         const PassColumns& columns, std::uint32_t row,
                                         std::uint64_t sequence) {
  if (plan.id_word != kNone) words[plan.id_word] = columns.id_hash[row];
  if (plan.sequence_word != kNone) words[plan.sequence_word] = sequence;
  if (plan.label_word != kNone) {
    words[plan.label_word] = static_cast<std::uint64_t>(columns.value_of(kLabelValue, row));
  }
  if (plan.selector_word != kNone) {
    std::uint64_t bits = 0;
    for (std::uint32_t i = 0; i < columns.selector_count && i < 64; ++i) {
      bits |= columns.selectors[i][row] == 1 ? 1ULL << i : 0;
    }
    words[plan.selector_word] = bits;
  }
  for (std::uint32_t i = 0; i < plan.distinct_count; ++i) {
    const DistinctSet& set = plan.distincts[i];
    const bool member = is_member(set.member, columns, row);
    words[set.value_word] =
        static_cast<std::uint64_t>(member ? columns.value_of(set.member.value, row) : kMissing);
  }
  for (std::uint32_t i = 0; i < plan.last_count; ++i) {
    const LastSet& set = plan.lasts[i];
    if (set.value_word == kNone || set.member.value == kLabelValue) continue;
    words[set.value_word] = static_cast<std::uint64_t>(columns.value_of(set.member.value, row));
  }
}

// What `last` and `previous` of the next transaction will see, into the slot's words (or a copy of
// those from plan.remembered on, given as if it began at word 0).
WARPSCORE_HD inline void remember_last(std::uint64_t* words, const LastSet& set,
                                       const PassColumns& columns, std::uint32_t row) {
  words[set.time_word] = static_cast<std::uint64_t>(columns.time_ms[row]);
  if (set.value_word == kNone) return;
  words[set.value_slot_word] = static_cast<std::uint64_t>(columns.value_of(set.member.value, row));
}
WARPSCORE_HD inline void remember_previous(std::uint64_t* words, const TablePlan& plan,
                                           const PassColumns& columns, std::uint32_t row) {
  for (std::uint32_t i = 0; i < plan.previous_count; ++i) {
    const PreviousField& field = plan.previous[i];
    const Lane value =
        field.value == kNone ? columns.time_ms[row] : columns.value_of(field.value, row);
    words[field.word] = static_cast<std::uint64_t>(value);
  }
}
WARPSCORE_HD inline void remember(History& history, const TablePlan& plan,
                                  const PassColumns& columns, std::uint32_t row) {
  for (std::uint32_t i = 0; i < plan.last_count; ++i) {
    const LastSet& set = plan.lasts[i];
    if (is_member(set.member, columns, row)) remember_last(&history.word(0), set, columns, row);
  }
  remember_previous(&history.word(0), plan, columns, row);
}

WARPSCORE_HD inline void apply_history_limit(History& history, const TablePlan& plan) {
  SlotHead& slot = history.slot();
  if (plan.history_max == 0 || slot.end - slot.head <= plan.history_max) return;
  const std::int64_t gone = history.time(slot.head);
  if (slot.dropped == kMissing || gone > slot.dropped) slot.dropped = gone;
  ++slot.head;
}

// A key counts from its first transaction.
WARPSCORE_HD inline void note_first(Shard& shard) {
  count_on(shard, shard.keys, 1);
  count_on(shard, shard.state_bytes, shard.slot_bytes);
}

// Applies row `row` to the key of `history` and, with `answer`, fills the outputs of its queries.
// The order matters: previous state is asked for before it is replaced.
WARPSCORE_HD inline void advance(History& history, const TablePlan& plan, Shard& shard,
                                 const PassColumns& columns, std::uint32_t table, std::uint32_t row,
                                 bool answer) {
  SlotHead& slot = history.slot();
  const std::int64_t time_ms = columns.time_ms[row];
  const bool late = plan.clock == kNone && slot.newest != kMissing && time_ms < slot.newest;
  if (plan.clock != kNone) {
    slot.newest = columns.clocks[plan.clock][row];
  } else if (!late) {
    slot.newest = time_ms;
  }
  if (late && columns.late != nullptr) columns.late[row] = 1;
  if (columns.clocks[table] != nullptr) columns.clocks[table][row] = slot.newest;
  if (slot.sequence == 0) note_first(shard);
  ++slot.sequence;

  std::uint64_t current = kMissingRow;
  const bool reachable =
      plan.keeps_rows && (plan.horizon < 0 || time_ms >= slot.newest - plan.horizon);
  if (plan.horizon >= 0) history.drop_front(slot.newest - plan.horizon);
  if (reachable) {
    bool shifted = false;
    const std::uint64_t n = history.make_row(time_ms, shifted);
    set_plain_words(history.row(n), plan, columns, row, slot.sequence);
    give_contributions(plan, columns, row, ContributeTo{history, n});
    update_side_sets(history, plan, n, shifted);
    slot.has_late = slot.has_late || shifted;
    apply_history_limit(history, plan);
    current = n;
  }
  if (answer) answer_queries(history, plan, shard, columns, row, current);
  remember(history, plan, columns, row);
}

}  // namespace warpscore
