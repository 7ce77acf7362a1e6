// The first half of a long run (kernels/long_run.h): a stretch of it into the ring, and summed.
//
// Thread   all workers of the team call each step.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/advance.h"
#include "kernels/long_run_scratch.h"
#include "kernels/team_algorithms.h"

namespace warpscore {

// The prefix words of a table as lanes of a scan.
struct PrefixWords {
  const TablePlan& plan;

  WARPSCORE_HD std::uint32_t lanes() const {
    return plan.count_count + plan.sum_count + plan.square_count;
  }
  WARPSCORE_HD bool is_wide(std::uint32_t lane) const {
    return lane >= plan.count_count + plan.sum_count;
  }
  WARPSCORE_HD std::uint32_t word(std::uint32_t lane) const {
    if (lane < plan.count_count) return plan.counts[lane].word;
    lane -= plan.count_count;
    if (lane < plan.sum_count) return plan.sums[lane].word;
    return plan.squares[lane - plan.sum_count].word;
  }
  WARPSCORE_HD Uint128 get(const std::uint64_t* words, std::uint32_t lane) const {
    const std::uint32_t w = word(lane);
    if (!is_wide(lane)) return words[w];
    return static_cast<Uint128>(words[w + 1]) << 64 | words[w];
  }
  WARPSCORE_HD void set(std::uint64_t* words, std::uint32_t lane, Uint128 value) const {
    const std::uint32_t w = word(lane);
    words[w] = static_cast<std::uint64_t>(value);
    if (is_wide(lane)) words[w + 1] = static_cast<std::uint64_t>(value >> 64);
  }
};

// `rows`: row numbers of the batch, in order, all of `slot`'s key.
class RunRows {
 public:
  WARPSCORE_HD RunRows(const TablePlan& plan, Shard& shard, const PassColumns& columns,
                       const RunScratch& scratch, const SortMemory& sort, SlotHead& slot,
                       const std::uint32_t* rows)
      : plan_(plan),
        shard_(shard),
        columns_(columns),
        scratch_(scratch),
        sort_(sort),
        slot_(slot),
        rows_(rows) {}

 protected:
  WARPSCORE_HD std::int64_t time_of(std::uint32_t k) const { return columns_.time_ms[rows_[k]]; }
  WARPSCORE_HD std::uint32_t place_of(std::uint32_t k) const {
    return late_ ? scratch_.place[k] : k;
  }
  WARPSCORE_HD History live() const { return {plan_, shard_, slot_}; }

  // ---- which rows: clocks, lateness, the region

  struct Clocks {  // lane 0: the greatest time of a row so far; lane 1: of a transaction (T)
    const RunRows& run;
    std::uint64_t newest_row;
    WARPSCORE_HD Uint128 start(std::uint32_t lane) const {
      return lane == 0 ? newest_row : ordered(run.slot_.newest);
    }
    WARPSCORE_HD Uint128 value(std::uint32_t k, std::uint32_t) const {
      return ordered(run.time_of(k));
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a < b ? b : a; }
    WARPSCORE_HD void store(std::uint32_t k, std::uint32_t lane, Uint128 before,
                            Uint128 value) const {
      if (lane == 1) {
        const auto newest = static_cast<std::uint64_t>(before < value ? value : before);
        run.scratch_.clock[k] = of_ordered(newest);
      } else if (value < before) {
        shared_min(run.scratch_.state->first_late, k);
      }
    }
  };

  WARPSCORE_HD bool must_be_alone(std::uint32_t k, std::int64_t least_offset,
                                  std::int64_t newest_row) const {
    const std::int64_t time_ms = time_of(k);
    const std::int64_t clock = scratch_.clock[k];
    if (clock - time_ms >= least_offset) return true;
    if (plan_.horizon >= 0 && time_ms < clock - plan_.horizon) return true;
    return plan_.distinct_count != 0 && time_ms < newest_row;
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void measure(Team& team, std::uint32_t most) {
    RunState* const state = scratch_.state;
    team.leader([&] {
      state->limit = most;
      state->first_late = most;
      state->least_time = ~0ULL;
      state->end_before = slot_.end;
      state->sequence_before = slot_.sequence;
      state->held_max = 0;
      state->tail = 0;
      state->base = slot_.end;
    });
    std::int64_t newest_row = kMissing;
    if (slot_.has_ring && slot_.end != slot_.head) newest_row = live().time(slot_.end - 1);
    if (plan_.keeps_rows || plan_.clock == kNone) {
      team_scan(team, most, plan_.clock == kNone ? 2 : 1, scratch_.partial,
                Clocks{*this, ordered(newest_row)});
    }
    if (plan_.clock != kNone) {
      team.each(most, [&](std::uint32_t k) {
        scratch_.clock[k] = columns_.clocks[plan_.clock][rows_[k]];
      });
    }
    if (!plan_.keeps_rows) return;
    std::int64_t least_offset = INT64_MAX;
    for (std::uint32_t i = 0; i < plan_.edge_count; ++i) {
      if (plan_.edges[i].offset < least_offset) least_offset = plan_.edges[i].offset;
    }
    team.each(most, [&](std::uint32_t k) {
      if (must_be_alone(k, least_offset, newest_row)) shared_min(state->limit, k);
    });
    team.leader([&] {
      if (plan_.history_max != 0 && state->first_late < state->limit) {
        state->limit = state->first_late;
      }
    });
  }

  // The history's rows that move up are those after the earliest of the stretch's late rows.
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void find_region(Team& team) {
    RunState* const state = scratch_.state;
    const std::uint32_t limit = team.agree(state->limit);
    if (team.agree(state->first_late) >= limit) return;
    if (!plan_.keeps_rows) {  // there is no order to keep
      team.leader([&] { state->first_late = limit; });
      return;
    }
    team.each(limit, [&](std::uint32_t k) { shared_min(state->least_time, ordered(time_of(k))); });
    team.leader([&] {
      const std::uint64_t base = live().first_at(of_ordered(state->least_time) + 1);
      const std::uint64_t tail = state->end_before - base;
      if (tail > scratch_.rows) {
        state->limit = state->first_late;
        return;
      }
      state->base = base;
      state->tail = static_cast<std::uint32_t>(tail);
    });
  }

  // ---- where rows come to lie

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void place_rows(Team& team) {
    const std::uint32_t size = power_of_two_from(limit_);
    team.each(size, [&](std::uint32_t i) {
      sort_.keys[i] = i < limit_ ? ordered(time_of(i)) : ~0ULL;
      sort_.rows[i] = i < limit_ ? i : 0x80000000U + i;
    });
    team_sort(team, size, sort_.keys, sort_.rows);
    const History history = live();
    team.each(limit_, [&](std::uint32_t i) {
      const std::uint32_t k = sort_.rows[i];
      std::uint64_t in_front = base_;  // of the tail: not later than this one
      std::uint64_t behind = end_before_;
      while (in_front != behind) {
        const std::uint64_t middle = in_front + (behind - in_front) / 2;
        if (history.time(middle) <= time_of(k)) {
          in_front = middle + 1;
        } else {
          behind = middle;
        }
      }
      scratch_.place[k] = i + static_cast<std::uint32_t>(in_front - base_);
      scratch_.orders[scratch_.place[k]] = k + 1;
    });
  }
  // Of row h of the tail: behind the run's rows that are earlier.
  WARPSCORE_HD std::uint32_t tail_place(std::uint32_t h, std::int64_t time_ms) const {
    std::uint32_t in_front = 0;
    std::uint32_t behind = limit_;
    while (in_front != behind) {
      const std::uint32_t middle = in_front + (behind - in_front) / 2;
      if (sort_.keys[middle] < ordered(time_ms)) {
        in_front = middle + 1;
      } else {
        behind = middle;
      }
    }
    return h + in_front;
  }

  // What the ring holds that will be written over: sums before the region, and the tail's rows with
  // their own amounts in place of sums.
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void save(Team& team) {
    const History history = live();
    team.each(plan_.row_words, [&](std::uint32_t w) {
      if (w == 0) return;
      scratch_.base_words[w] = history.stored_prefix(base_, w);
      scratch_.totals_before[w] = history.word(plan_.totals + w);
    });
    team.each(tail_, [&](std::uint32_t h) {
      std::uint64_t* const words = scratch_.moved + std::size_t{h} * plan_.row_words;
      const std::uint64_t* const row = history.row(base_ + h);
      for (std::uint32_t w = 0; w < plan_.row_words; ++w) words[w] = row[w];
      const PrefixWords prefixes{plan_};
      const bool is_last = base_ + h + 1 == end_before_;
      const std::uint64_t* const next =
          is_last ? &history.word(plan_.totals) : history.row(base_ + h + 1);
      for (std::uint32_t lane = 0; lane < prefixes.lanes(); ++lane) {
        prefixes.set(words, lane, prefixes.get(next, lane) - prefixes.get(row, lane));
      }
    });
  }

  // A ring that holds every row that the stretch asks for; what is charged is settled at the end.
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void make_room(Team& team) {
    RunState* const state = scratch_.state;
    team.leader([&] {
      History history = live();
      if (plan_.horizon >= 0 && slot_.end != slot_.head) {
        slot_.head = history.first_at(scratch_.clock[0] - plan_.horizon);
      }
      const std::uint64_t wanted = slot_.end - slot_.head + limit_;
      state->had_ring = slot_.has_ring ? 1 : 0;
      state->old_ring = slot_.ring;
      state->old_class = slot_.size_class;
      std::uint8_t size_class = slot_.has_ring ? slot_.size_class : kFirstClass;
      while ((1ULL << size_class) < wanted) ++size_class;
      state->grows = !slot_.has_ring || size_class != slot_.size_class ? 1 : 0;
      if (state->grows != 0) history.swap_ring(size_class);
    });
    if (team.agree(state->grows) == 0) return;
    const History history = live();
    for (std::uint32_t set = 0; set < plan_.distinct_count; ++set) {
      const DistinctBits bits = distinct_bits(history, set);
      team.each(static_cast<std::uint32_t>(distinct_words(slot_.size_class)),
                [&](std::uint32_t w) { bits.words[w] = 0; });
    }
    if (team.agree(state->had_ring) == 0) return;
    auto* const old_rows =
        reinterpret_cast<std::uint64_t*>(shard_.rings + std::size_t{state->old_ring} * 64);
    const std::uint64_t old_mask = (1ULL << state->old_class) - 1;
    const auto held = static_cast<std::uint32_t>(end_before_ - slot_.head);
    team.each(held, [&](std::uint32_t i) {
      const std::uint64_t n = slot_.head + i;
      const std::uint64_t* const from = old_rows + (n & old_mask) * plan_.row_words;
      std::uint64_t* const to = history.row(n);
      for (std::uint32_t w = 0; w < plan_.row_words; ++w) to[w] = from[w];
      for (std::uint32_t set = 0; set < plan_.distinct_count; ++set) {
        if (!bit_of(distinct_bits_at(plan_, old_rows, state->old_class, set), n)) continue;
        set_shared_bit(distinct_bits(history, set), n, true);
      }
    });
    team.leader([&] { live().give_ring_back(state->old_ring, state->old_class); });
  }

  WARPSCORE_HD static void set_shared_bit(const DistinctBits& bits, std::uint64_t n, bool on) {
    const std::uint64_t at = n & bits.mask;
    const std::uint64_t one = 1ULL << (at & (kBlockRows - 1));
    if (on) {
      shared_or(bits.words[at >> kBlockBits], one);
    } else {
      shared_and(bits.words[at >> kBlockBits], ~one);
    }
    if (bits.has_supers) shared_add(*super_of(bits, n), on ? std::uint64_t{1} : ~std::uint64_t{0});
  }

  // ---- the rows and their sums

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void write_rows(Team& team) {
    team.leader([&] {
      slot_.end = end_before_ + limit_;
      slot_.has_late = slot_.has_late || late_;
    });
    const History history = live();
    team.each(limit_, [&](std::uint32_t k) {
      const std::uint32_t row = rows_[k];
      std::uint64_t* const words = history.row(base_ + place_of(k));
      words[0] = static_cast<std::uint64_t>(time_of(k));
      for (std::uint32_t w = 1; w < plan_.row_words; ++w) words[w] = 0;
      give_contributions(plan_, columns_, row, Amounts{history, words});
      set_plain_words(words, plan_, columns_, row, scratch_.state->sequence_before + k + 1);
    });
    team.each(tail_, [&](std::uint32_t h) {
      const std::uint64_t* const from = scratch_.moved + std::size_t{h} * plan_.row_words;
      const std::uint32_t place = tail_place(h, static_cast<std::int64_t>(from[0]));
      std::uint64_t* const to = history.row(base_ + place);
      for (std::uint32_t w = 0; w < plan_.row_words; ++w) to[w] = from[w];
      scratch_.orders[place] = 0;
    });
  }

  struct Amounts {  // a row's own, in place of sums
    const History& history;
    std::uint64_t* words;
    WARPSCORE_HD void count(std::uint32_t word) const { words[word] = 1; }
    WARPSCORE_HD void sum(const SumWord& sum, Lane value) const {
      words[sum.word] = static_cast<std::uint64_t>(value);
      shared_max(history.word(sum.max_abs_word), magnitude(value));
    }
    WARPSCORE_HD void square(std::uint32_t word, Uint128 amount) const {
      words[word] = static_cast<std::uint64_t>(amount);
      words[word + 1] = static_cast<std::uint64_t>(amount >> 64);
    }
  };

  struct Sums {  // amounts of the region's rows -> exclusive sums, and the slot's totals
    const RunRows& run;
    const History history;
    WARPSCORE_HD PrefixWords words() const { return {run.plan_}; }
    WARPSCORE_HD Uint128 start(std::uint32_t lane) const {
      return words().get(run.scratch_.base_words, lane);
    }
    WARPSCORE_HD Uint128 value(std::uint32_t i, std::uint32_t lane) const {
      return words().get(history.row(run.base_ + i), lane);
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a + b; }
    WARPSCORE_HD void store(std::uint32_t i, std::uint32_t lane, Uint128 before,
                            Uint128 value) const {
      words().set(history.row(run.base_ + i), lane, before);
      if (i + 1 != run.region_) return;
      words().set(&history.word(run.plan_.totals), lane, before + value);
    }
  };
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void sum_rows(Team& team) {
    team_scan(team, region_, PrefixWords{plan_}.lanes(), scratch_.partial, Sums{*this, live()});
  }

  struct SumsInOrder {  // totals as each transaction sees them, where rows lie in another order
    const RunRows& run;
    const History history;
    WARPSCORE_HD PrefixWords words() const { return {run.plan_}; }
    WARPSCORE_HD Uint128 start(std::uint32_t lane) const {
      return words().get(run.scratch_.totals_before, lane);
    }
    WARPSCORE_HD Uint128 value(std::uint32_t k, std::uint32_t lane) const {
      const std::uint64_t n = run.base_ + run.place_of(k);
      const std::uint64_t* const next =
          n + 1 == run.slot_.end ? &history.word(run.plan_.totals) : history.row(n + 1);
      return words().get(next, lane) - words().get(history.row(n), lane);
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a + b; }
    WARPSCORE_HD void store(std::uint32_t k, std::uint32_t lane, Uint128 before,
                            Uint128 value) const {
      words().set(run.totals_of(k), lane, before + value);
    }
  };
  WARPSCORE_HD std::uint64_t* totals_of(std::uint32_t k) const {
    return scratch_.totals + std::size_t{k} * plan_.row_words;
  }
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void sum_in_order(Team& team) {
    team_scan(team, limit_, PrefixWords{plan_}.lanes(), scratch_.partial,
              SumsInOrder{*this, live()});
  }

  struct Zones {  // lane 0, from the back: the first place of those after; lane 1: the last so far
    const RunRows& run;
    std::uint32_t tail_end;
    WARPSCORE_HD std::uint32_t row(std::uint32_t i, std::uint32_t lane) const {
      return lane == 0 ? run.limit_ - 1 - i : i;
    }
    WARPSCORE_HD Uint128 start(std::uint32_t lane) const { return lane == 0 ? 0 : tail_end; }
    WARPSCORE_HD Uint128 value(std::uint32_t i, std::uint32_t lane) const {
      const std::uint32_t place = run.scratch_.place[row(i, lane)];
      return lane == 0 ? run.region_ - place : place + 1;
    }
    WARPSCORE_HD Uint128 join(std::uint32_t, Uint128 a, Uint128 b) const { return a < b ? b : a; }
    WARPSCORE_HD void store(std::uint32_t i, std::uint32_t lane, Uint128 before,
                            Uint128 value) const {
      if (lane == 0) {
        run.scratch_.complete[row(i, 0)] = run.region_ - static_cast<std::uint32_t>(before);
      } else {
        run.scratch_.zone[i] = static_cast<std::uint32_t>(before < value ? value : before);
      }
    }
  };
  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void find_zones(Team& team) {
    std::uint32_t tail_end = 0;
    if (tail_ != 0) {
      const std::uint64_t* const last = scratch_.moved + std::size_t{tail_ - 1} * plan_.row_words;
      tail_end = tail_place(tail_ - 1, static_cast<std::int64_t>(last[0])) + 1;
    }
    team_scan(team, limit_, 2, scratch_.partial, Zones{*this, tail_end});
  }

  const TablePlan& plan_;
  Shard& shard_;
  const PassColumns& columns_;
  const RunScratch& scratch_;
  const SortMemory sort_;
  SlotHead& slot_;
  const std::uint32_t* rows_;

  // Of the stretch, the same for every worker.
  std::uint32_t limit_ = 0;
  std::uint32_t tail_ = 0;
  std::uint32_t region_ = 0;
  std::uint64_t base_ = 0;
  std::uint64_t end_before_ = 0;
  bool late_ = false;
};

}  // namespace warpscore
