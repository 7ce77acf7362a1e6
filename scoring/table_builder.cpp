#include "scoring/table_builder.h"

#include <algorithm>

namespace warpscore {
namespace {

// Index of the first element that `same` holds for, appended by `make` if there is none.
template <class T, class Same, class Make>
std::uint32_t find_or_add(std::vector<T>& items, Same same, Make make) {
  const auto found = std::find_if(items.begin(), items.end(), same);
  if (found != items.end()) return static_cast<std::uint32_t>(found - items.begin());
  items.push_back(make());
  return static_cast<std::uint32_t>(items.size() - 1);
}

bool is_label(const Member& member) { return member.value == kLabelValue; }

}  // namespace

std::uint32_t TableBuilder::edge(std::int64_t offset, bool before) {
  return find_or_add(
      parts_.edges, [&](const Edge& e) { return e.offset == offset && e.before == before; },
      [&] {
        return Edge{offset, before};
      });
}

bool TableBuilder::takes_all(const Member& member) const {
  if (member.selector != kNone || is_label(member)) return false;
  return member.value == kNone || !fields_[member.value].optional;
}

std::uint32_t TableBuilder::count(const Member& member) {
  if (takes_all(member)) return kNone;
  return find_or_add(
      parts_.counts, [&](const CountWord& c) { return c.member == member; },
      [&] {
        return CountWord{member, 0};
      });
}

std::uint32_t TableBuilder::sum(const Member& member) {
  const std::uint32_t members = count(member);
  return find_or_add(
      parts_.sums, [&](const SumWord& s) { return s.member == member; },
      [&] {
        return SumWord{member, members, 0, 0};
      });
}

std::uint32_t TableBuilder::square(const Member& member) {
  const std::uint32_t values = sum(member);
  return find_or_add(
      parts_.squares, [&](const SquareWord& s) { return s.sum == values; },
      [&] {
        return SquareWord{values, 0};
      });
}

std::uint32_t TableBuilder::extreme(const Member& member) {
  const std::uint32_t values = sum(member);
  return find_or_add(
      parts_.extremes, [&](const ExtremeSet& e) { return e.sum == values; },
      [&] { return ExtremeSet{values}; });
}

std::uint32_t TableBuilder::distinct(const Member& member, bool delayed, std::uint32_t reach_edge,
                                     std::int64_t reach) {
  const std::uint32_t number = find_or_add(
      parts_.distincts, [&](const DistinctSet& d) { return d.member == member; },
      [&] {
        distinct_reach_.push_back(reach);
        return DistinctSet{member, 0, kNone, reach_edge};
      });
  DistinctSet& set = parts_.distincts[number];
  if (reach > distinct_reach_[number]) {
    distinct_reach_[number] = reach;
    set.reach_edge = reach_edge;
  }
  if (delayed) set.previous_word = 0;  // lay_out gives it its place
  return number;
}

std::uint32_t TableBuilder::last(const Member& member, bool with_value) {
  const std::uint32_t members = count(member);
  const std::uint32_t number = find_or_add(
      parts_.lasts, [&](const LastSet& l) { return l.member == member; },
      [&] {
        return LastSet{member, members, 0, 0, kNone};
      });
  if (with_value) parts_.lasts[number].value_word = 0;  // lay_out gives it its place
  return number;
}

std::uint32_t TableBuilder::previous(std::uint32_t value) {
  // The first is always the time: answer_previous needs it.
  if (parts_.previous.empty()) parts_.previous.push_back({kNone, 0});
  return find_or_add(
      parts_.previous, [&](const PreviousField& p) { return p.value == value; },
      [&] {
        return PreviousField{value, 0};
      });
}

void TableBuilder::reach(std::optional<std::int64_t> offset) {
  if (!offset) unlimited_ = true;
  if (offset) horizon_ = std::max(horizon_, *offset);
}

void TableBuilder::lay_out(bool labels_later) {
  bool label_rows = false;
  bool label_selected = false;
  for (CountWord& count : parts_.counts) {
    count.word = row_words_++;
    label_rows = label_rows || is_label(count.member);
    label_selected = label_selected || (is_label(count.member) && count.member.selector != kNone);
  }
  for (SumWord& sum : parts_.sums) sum.word = row_words_++;
  for (SquareWord& square : parts_.squares) {
    square.word = row_words_;
    row_words_ += 2;
  }
  for (DistinctSet& set : parts_.distincts) {
    set.value_word = row_words_++;
    if (set.previous_word != kNone) set.previous_word = row_words_++;
  }
  bool label_value = false;
  for (LastSet& set : parts_.lasts) {
    if (set.value_word == kNone) continue;
    if (is_label(set.member)) {
      label_value = true;
    } else {
      set.value_word = row_words_++;
    }
  }
  if (!parts_.lasts.empty()) sequence_word_ = row_words_++;
  if (labels_later && label_rows) id_word_ = row_words_++;
  if ((labels_later && label_rows) || label_value) label_word_ = row_words_++;
  if (labels_later && label_selected) selector_word_ = row_words_++;
  for (LastSet& set : parts_.lasts) {
    if (set.value_word != kNone && is_label(set.member)) set.value_word = label_word_;
  }

  hints_ = slot_words_;
  slot_words_ += static_cast<std::uint32_t>(parts_.edges.size());
  totals_ = slot_words_;
  slot_words_ += row_words_;
  for (SumWord& sum : parts_.sums) sum.max_abs_word = slot_words_++;
  remembered_ = slot_words_;
  for (LastSet& set : parts_.lasts) {
    set.time_word = slot_words_++;
    set.value_slot_word = slot_words_++;
  }
  for (PreviousField& field : parts_.previous) field.word = slot_words_++;
  remembered_words_ = slot_words_ - remembered_;
  for (Query& query : parts_.queries) {
    const bool extreme = query.op == QueryOp::kMin || query.op == QueryOp::kMax;
    if (!extreme || query.hi != kNone) continue;
    query.cache = slot_words_;
    slot_words_ += 2;
  }
}

TablePlan TableBuilder::plan(std::uint32_t key_column, const StateSpec& state) const {
  TablePlan plan;
  plan.key = key_column;
  plan.clock = clock_;
  plan.horizon = unlimited_ ? -1 : horizon_;
  plan.keeps_rows = keeps_rows_;
  plan.history_max = state.history_max;
  plan.row_words = row_words_;
  plan.slot_words = slot_words_;
  plan.hints = hints_;
  plan.totals = totals_;
  plan.remembered = remembered_;
  plan.remembered_words = remembered_words_;
  plan.id_word = id_word_;
  plan.sequence_word = sequence_word_;
  plan.label_word = label_word_;
  plan.selector_word = selector_word_;
  return plan;
}

void point_to(TablePlan& plan, const TableParts& parts) {
  const auto size = [](const auto& items) { return static_cast<std::uint32_t>(items.size()); };
  plan.edges = parts.edges.data();
  plan.edge_count = size(parts.edges);
  plan.counts = parts.counts.data();
  plan.count_count = size(parts.counts);
  plan.sums = parts.sums.data();
  plan.sum_count = size(parts.sums);
  plan.squares = parts.squares.data();
  plan.square_count = size(parts.squares);
  plan.extremes = parts.extremes.data();
  plan.extreme_count = size(parts.extremes);
  plan.distincts = parts.distincts.data();
  plan.distinct_count = size(parts.distincts);
  plan.lasts = parts.lasts.data();
  plan.last_count = size(parts.lasts);
  plan.previous = parts.previous.data();
  plan.previous_count = size(parts.previous);
  plan.queries = parts.queries.data();
  plan.query_count = size(parts.queries);
}

}  // namespace warpscore
