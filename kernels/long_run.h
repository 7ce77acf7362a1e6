// Many transactions of one key in one batch, applied by a team at once: no one walks the run.
//
// What     The same as advance() for each of them in order, to the last bit. A transaction's
//          answer depends on the rows that were applied before it, never on an answer; so all rows
//          are put into the ring first, summed by a scan, and then each transaction asks the ring
//          as it was for it (PastView).
// Late     Rows may come out of time order, as long as each is less late than the shortest edge of
//          the table reaches back: then every row that an edge leaves out is applied already, and
//          what is not is all near the end. A stretch ends before a row that is later than that,
//          or that would move too much (or anything, where a set of distinct values or the history
//          limit looks at the order): such a row is applied by advance(), and a new stretch begins.
// Cost     O(rows log rows) work in some 20 steps (a sort more per set of distinct values, and one
//          where rows are late), shared by the team. Distinct counts of a window also cost the
//          values that are new in the run; extremes and the others at most some hundred rows each.
// Thread   all workers of the team call run().
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/advance.h"
#include "kernels/query.h"
#include "kernels/run_rows.h"
#include "kernels/side_sets.h"
#include "kernels/team_extremes.h"

namespace warpscore {

// Stretches of fewer rows are applied one by one: a stretch costs its steps.
inline constexpr std::uint32_t kStretchMin = 8;

class LongRun : private RunRows {
 public:
  WARPSCORE_HD LongRun(const TablePlan& plan, Shard& shard, const PassColumns& columns,
                       std::uint32_t table, bool answer, const RunScratch& scratch,
                       const SortMemory& sort, SlotHead& slot, const std::uint32_t* rows)
      : RunRows(plan, shard, columns, scratch, sort, slot, rows), table_(table), answer_(answer) {}

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void run(Team& team, std::uint32_t count) {
    while (count != 0) {
      const std::uint32_t done = stretch(team, count < scratch_.rows ? count : scratch_.rows);
      rows_ += done;
      count -= done;
    }
  }

 private:
  // ---- one stretch, on one page; returns how many rows it was

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD std::uint32_t stretch(Team& team, std::uint32_t most) {
    measure(team, most);
    find_region(team);
    limit_ = team.agree(scratch_.state->limit);
    late_ = team.agree(scratch_.state->first_late) < limit_;
    if (limit_ < kStretchMin) {
      const std::uint32_t alone = limit_ == 0 ? 1 : limit_;
      team.leader([&] {
        for (std::uint32_t k = 0; k < alone; ++k) advance_one(k);
      });
      return alone;
    }
    tail_ = late_ ? team.agree(scratch_.state->tail) : 0;
    end_before_ = team.agree(scratch_.state->end_before);
    base_ = end_before_ - tail_;
    region_ = plan_.keeps_rows ? tail_ + limit_ : 0;
    if (plan_.keeps_rows) {
      if (late_) place_rows(team);
      save(team);
      make_room(team);
      write_rows(team);
      sum_rows(team);
      if (late_) sum_in_order(team);
      if (late_) find_zones(team);
      const std::uint64_t from = team.agree(scratch_.state->grows) != 0 ? slot_.head : base_;
      for (std::uint32_t set = 0; set < plan_.extreme_count; ++set) {
        team_extremes(team, live(), plan_, set, from);
      }
      for (std::uint32_t set = 0; set < plan_.distinct_count; ++set) match_values(team, set);
      if (plan_.history_max != 0) find_drops(team);
    }
    remember_each(team);
    team.each(limit_, [&](std::uint32_t k) { answer_one(k); });
    finish(team);
    return limit_;
  }

  WARPSCORE_HD void advance_one(std::uint32_t k) const {
    History history = live();
    advance(history, plan_, shard_, columns_, table_, rows_[k], answer_);
  }

  // ---- side sets

  // For each row of the run the one before it with the same value, and the bits of the run's rows.
  // Those of the rows before it are cleared when all have answered (finish).
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void match_values(Team& team, std::uint32_t number) {
    const DistinctSet& set = plan_.distincts[number];
    const History history = live();
    const DistinctBits bits = distinct_bits(history, number);
    std::uint32_t* const firsts = firsts_of(number);
    const std::uint32_t size = power_of_two_from(region_);
    team.each(size, [&](std::uint32_t i) {
      sort_.keys[i] = i < region_ ? history.row(base_ + i)[set.value_word] : ~0ULL;
      sort_.rows[i] = i < region_ ? i : 0x80000000U + i;
      if (i == 0) firsts[0] = 0;
      const bool begins_super = i < region_ && ((base_ + i) & (kSuperRows - 1)) == 0;
      if (begins_super && bits.has_supers) *super_of(bits, base_ + i) = 0;
    });
    team_sort(team, size, sort_.keys, sort_.rows);
    team.each(region_, [&](std::uint32_t s) { match_value(history, set, bits, number, s); });
  }

  // Of the s-th row by value.
  WARPSCORE_HD void match_value(const History& history, const DistinctSet& set,
                                const DistinctBits& bits, std::uint32_t number,
                                std::uint32_t s) const {
    const std::uint64_t value = sort_.keys[s];
    const std::uint32_t i = sort_.rows[s];
    std::uint64_t& repeat = repeats_of(number)[i];
    const bool member = static_cast<std::int64_t>(value) != kMissing;
    const bool is_last = s + 1 == region_ || sort_.keys[s + 1] != value;
    put_shared_bit(bits, base_ + i, member && is_last);
    repeat = kNoValue;
    if (!member) return;
    if (s != 0 && sort_.keys[s - 1] == value) {
      repeat = base_ + sort_.rows[s - 1] + 1;
    } else {
      // As far back as the first of them looks: one that comes later in the run may lie in front.
      const Edge& edge = plan_.edges[set.reach_edge];
      const std::int64_t limit = scratch_.clock[0] - edge.offset - (edge.before ? 1 : 0);
      const std::uint64_t lo = history.first_at(limit + 1);
      const std::uint64_t before =
          lo < base_ ? latest_with(history, bits, set.value_word, lo, base_, value) : kMissingRow;
      repeat = before == kMissingRow ? 0 : before + 1;
      std::uint32_t* const firsts = firsts_of(number);
      firsts[1 + shared_add(firsts[0], 1U)] = i;
    }
    if (set.previous_word == kNone) return;
    history.row(base_ + i)[set.previous_word] =
        repeat == 0 ? static_cast<std::uint64_t>(kMissing) : history.row(repeat - 1)[0];
  }

  // A bit of a new row, which may hold anything; its superblock has none of it yet.
  WARPSCORE_HD static void put_shared_bit(const DistinctBits& bits, std::uint64_t n, bool on) {
    const std::uint64_t at = n & bits.mask;
    const std::uint64_t one = 1ULL << (at & (kBlockRows - 1));
    if (!on) {
      shared_and(bits.words[at >> kBlockBits], ~one);
    } else {
      set_shared_bit(bits, n, true);
    }
  }

  WARPSCORE_HD std::uint64_t* repeats_of(std::uint32_t set) const {
    return scratch_.repeats + std::size_t{set} * (scratch_.region + 1);
  }
  WARPSCORE_HD std::uint32_t* firsts_of(std::uint32_t set) const {
    return scratch_.firsts + std::size_t{set} * (scratch_.region + 1);
  }

  // ---- what each transaction sees beside the rows

  struct Drops {  // the last transaction up to each that the history limit made drop a row, from 1
    const LongRun& run;
    const History history;
    WARPSCORE_HD Uint128 start(std::uint32_t) const { return 0; }
    WARPSCORE_HD Uint128 value(std::uint32_t k, std::uint32_t) const {
      const std::uint64_t end = run.end_before_ + k + 1;
      return end - run.front(history, k) > run.plan_.history_max ? k + 1 : 0;
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a < b ? b : a; }
    WARPSCORE_HD void store(std::uint32_t k, std::uint32_t, Uint128 before, Uint128 value) const {
      run.scratch_.complete[k] = static_cast<std::uint32_t>(before < value ? value : before);
    }
  };
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void find_drops(Team& team) {
    team_scan(team, limit_, 1, scratch_.partial, Drops{*this, live()});
  }
  // The first row that is near enough for transaction k, the history limit apart.
  WARPSCORE_HD std::uint64_t front(const History& history, std::uint32_t k) const {
    if (plan_.horizon < 0) return slot_.head;
    return history.first_at(scratch_.clock[k] - plan_.horizon);
  }

  struct Lasts {  // for each LastSet the member in front of each transaction
    const LongRun& run;
    WARPSCORE_HD Uint128 start(std::uint32_t) const { return 0; }
    WARPSCORE_HD Uint128 value(std::uint32_t k, std::uint32_t lane) const {
      return is_member(run.plan_.lasts[lane].member, run.columns_, run.rows_[k]) ? k + 1 : 0;
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a < b ? b : a; }
    WARPSCORE_HD void store(std::uint32_t k, std::uint32_t lane, Uint128 before, Uint128) const {
      const LastSet& set = run.plan_.lasts[lane];
      std::uint64_t* const words = run.remembered_of(k);
      if (before != 0) {
        remember_last(words, set, run.columns_, run.rows_[static_cast<std::uint32_t>(before) - 1]);
        return;
      }
      const std::uint64_t* const old = &run.live().word(0);
      words[set.time_word] = old[set.time_word];
      words[set.value_slot_word] = old[set.value_slot_word];
    }
  };
  // As if the slot's words began at word 0.
  WARPSCORE_HD std::uint64_t* remembered_of(std::uint32_t k) const {
    return scratch_.remembered + std::size_t{k} * plan_.remembered_words - plan_.remembered;
  }
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void remember_each(Team& team) {
    if (plan_.remembered_words == 0) return;
    team_scan(team, limit_, plan_.last_count, scratch_.partial, Lasts{*this});
    team.each(limit_, [&](std::uint32_t k) {
      std::uint64_t* const words = remembered_of(k);
      if (k != 0) {
        remember_previous(words, plan_, columns_, rows_[k - 1]);
        return;
      }
      const std::uint64_t* const old = &live().word(0);
      for (std::uint32_t i = 0; i < plan_.previous_count; ++i) {
        words[plan_.previous[i].word] = old[plan_.previous[i].word];
      }
    });
  }

  // ---- answers

  WARPSCORE_HD PastView past_of(std::uint32_t k) const {
    const History now = live();
    PastView past;
    past.slot = slot_;
    past.slot.newest = scratch_.clock[k];
    past.slot.sequence = scratch_.state->sequence_before + k + 1;
    past.remembered = scratch_.remembered + std::size_t{k} * plan_.remembered_words;
    past.totals = &now.word(plan_.totals);
    past.complete_end = slot_.end;
    past.zone_end = slot_.end;
    if (!plan_.keeps_rows) return past;
    past.slot.end = end_before_ + k + 1;
    past.complete_end = late_ ? base_ + scratch_.complete[k] : past.slot.end;
    past.zone_end = late_ ? base_ + scratch_.zone[k] : past.slot.end;
    past.base = base_;
    past.orders = scratch_.orders;
    past.order = k + 1;
    past.repeats = scratch_.repeats;
    past.firsts = scratch_.firsts;
    past.repeats_stride = scratch_.region + 1;
    if (late_) {
      past.totals = totals_of(k);
    } else if (past.slot.end != slot_.end) {
      past.totals = now.row(past.slot.end);
    }
    past.slot.head = front(now, k);
    if (plan_.history_max == 0) return past;
    if (past.slot.end - past.slot.head > plan_.history_max) {
      past.slot.head = past.slot.end - plan_.history_max;
    }
    if (scratch_.complete[k] == 0) return past;
    const std::int64_t gone = now.time(end_before_ + scratch_.complete[k] - plan_.history_max - 1);
    if (past.slot.dropped == kMissing || gone > past.slot.dropped) past.slot.dropped = gone;
    return past;
  }

  // Rows that the ring held when this one came: what state is charged for depends on the most.
  WARPSCORE_HD std::uint64_t held_before(std::uint32_t k) const {
    std::uint64_t first = front(live(), k);
    const std::uint64_t end = end_before_ + k;
    if (first > end) first = end;
    const std::uint64_t held = end - first;
    return plan_.history_max != 0 && held > plan_.history_max ? plan_.history_max : held;
  }

  WARPSCORE_HD void answer_one(std::uint32_t k) const {
    const std::uint32_t row = rows_[k];
    const std::int64_t clock = scratch_.clock[k];
    if (plan_.clock == kNone && columns_.late != nullptr && time_of(k) < clock) {
      columns_.late[row] = 1;
    }
    if (columns_.clocks[table_] != nullptr) columns_.clocks[table_][row] = clock;
    if (plan_.keeps_rows) shared_max(scratch_.state->held_max, held_before(k));
    if (!answer_) return;
    PastView past = past_of(k);
    const PastHistory history(plan_, shard_, slot_, past);
    const std::uint64_t current = plan_.keeps_rows ? base_ + place_of(k) : kMissingRow;
    answer_queries(history, plan_, shard_, columns_, row, current);
  }

  // ---- the key as the last of them leaves it

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void finish(Team& team) {
    if (plan_.keeps_rows) {
      const History history = live();
      for (std::uint32_t set = 0; set < plan_.distinct_count; ++set) {
        const DistinctBits bits = distinct_bits(history, set);
        const std::uint32_t* const firsts = firsts_of(set);
        team.each(team.agree(firsts[0]), [&](std::uint32_t i) {
          const std::uint64_t before = repeats_of(set)[firsts[1 + i]];
          if (before != 0) set_shared_bit(bits, before - 1, false);
        });
      }
    }
    team.leader([&] {
      const std::uint32_t last = limit_ - 1;
      const PastView past = past_of(last);
      History history = live();
      const std::uint64_t* const words = remembered_of(last);
      for (std::uint32_t w = 0; w < plan_.remembered_words; ++w) {
        history.word(plan_.remembered + w) = words[plan_.remembered + w];
      }
      remember(history, plan_, columns_, rows_[last]);
      forget_extremes(history, plan_);
      slot_.head = past.slot.head;
      slot_.newest = past.slot.newest;
      slot_.dropped = past.slot.dropped;
      if (scratch_.state->sequence_before == 0) note_first(shard_);
      slot_.sequence = past.slot.sequence;
      if (plan_.keeps_rows) settle_charge(history);
    });
  }

  WARPSCORE_HD void settle_charge(History& history) const {
    const bool is_first = scratch_.state->had_ring == 0;
    std::uint8_t size_class = is_first ? kFirstClass : slot_.charged_class;
    while (scratch_.state->held_max >> size_class != 0) ++size_class;
    if (is_first || size_class != slot_.charged_class) history.charge_class(size_class, is_first);
  }

  const std::uint32_t table_;
  const bool answer_;
};

}  // namespace warpscore
