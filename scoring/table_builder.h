// Collects what one key table must hold for the features asked of it, each thing once, and lays out
// its rows and slots.
//
// Thread  start-up only.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "scoring/compiled_plan.h"

namespace warpscore {

class TableBuilder {
 public:
  // `fields` of the schema: a value that is never missing needs no count of its own.
  TableBuilder(const std::vector<Field>& fields, std::uint32_t key_field,
               std::vector<std::uint32_t> same, std::uint32_t clock)
      : fields_(fields), clock_(clock) {
    parts_.key_field = key_field;
    parts_.same = std::move(same);
  }

  [[nodiscard]] bool is_for(std::uint32_t key_field, const std::vector<std::uint32_t>& same) const {
    return parts_.key_field == key_field && parts_.same == same;
  }

  // Each returns the index of what is asked for, made now or before.
  std::uint32_t edge(std::int64_t offset, bool before);
  std::uint32_t count(const Member& member);  // kNone where every row is a member
  std::uint32_t sum(const Member& member);
  std::uint32_t square(const Member& member);
  std::uint32_t extreme(const Member& member);
  std::uint32_t distinct(const Member& member, bool delayed, std::uint32_t reach_edge,
                         std::int64_t reach);
  std::uint32_t last(const Member& member, bool with_value);
  std::uint32_t previous(std::uint32_t value);  // kNone: the time

  void add_query(const Query& query) { parts_.queries.push_back(query); }
  // Nothing is asked of rows further back than T - offset; nullopt: the whole past is.
  void reach(std::optional<std::int64_t> offset);
  void need_rows() { keeps_rows_ = true; }

  // Row and slot words in their final order. `labels_later`: they come by a topic.
  void lay_out(bool labels_later);
  // What a TablePlan says beside its arrays; point_to() adds those once the parts rest in place.
  [[nodiscard]] TablePlan plan(std::uint32_t key_column, const StateSpec& state) const;
  [[nodiscard]] TableParts& parts() { return parts_; }

 private:
  [[nodiscard]] bool takes_all(const Member& member) const;

  const std::vector<Field>& fields_;
  std::uint32_t clock_;
  TableParts parts_;
  std::int64_t horizon_ = 0;
  bool unlimited_ = false;
  bool keeps_rows_ = false;
  std::vector<std::int64_t> distinct_reach_;
  std::uint32_t row_words_ = 1;
  std::uint32_t slot_words_ = 0;
  std::uint32_t hints_ = 0;
  std::uint32_t totals_ = 0;
  std::uint32_t remembered_ = 0;
  std::uint32_t remembered_words_ = 0;
  std::uint32_t id_word_ = kNone;
  std::uint32_t sequence_word_ = kNone;
  std::uint32_t label_word_ = kNone;
  std::uint32_t selector_word_ = kNone;
};

void point_to(TablePlan& plan, const TableParts& parts);

}  // namespace warpscore
