// What a key table holds per key and per transaction, and what is asked of it: plain data that the
// feature pass runs by, the same on host and device. scoring/plan compiles the configuration to it.
//
// Layout   a row is one transaction of one key, `row_words` eight-byte words: word 0 the time, the
//          others as the accumulators say. Prefix words are exclusive: they hold the sum over all
//          rows before this one, so a window [lo, hi) sums to word(hi) - word(lo), and the totals
//          in the slot stand for the row after the last. Arithmetic is modulo 2^64 (2^128), which
//          is exact for every difference that fits.
// Units    times and offsets in milliseconds.
#pragma once

#include <cstdint>

#include "base/lane.h"

namespace warpscore {

inline constexpr std::uint32_t kNone = 0xffffffff;

// A place in a key's time order: the number of rows with t <= T - offset, or t < T - offset.
struct Edge {
  std::int64_t offset = 0;
  bool before = false;  // true: t < T - offset
};

// Which transactions take part: `where` true, value present. kNone: no such condition.
struct Member {
  std::uint32_t selector = kNone;  // which selector column
  std::uint32_t value = kNone;  // which value column (PassColumns::values); kLabelValue: the label
  friend bool operator==(const Member&, const Member&) = default;
};
inline constexpr std::uint32_t kLabelValue = 0xfffffffe;

struct CountWord {  // prefix count of the rows that are members
  Member member;
  std::uint32_t word = 0;
};
struct SumWord {  // prefix sum of a member's value
  Member member;
  std::uint32_t count = kNone;  // index of the CountWord; kNone: every row is a member
  std::uint32_t word = 0;
  std::uint32_t max_abs_word = 0;  // slot word: bound of |value| so far, to know sums that fit
};
struct SquareWord {       // prefix sum of squares, two words, low first
  std::uint32_t sum = 0;  // index of the SumWord
  std::uint32_t word = 0;
};
// Least and greatest value of each 64 and each 4,096 rows, for long windows.
struct ExtremeSet {
  std::uint32_t sum = 0;  // index of the SumWord it summarises
};
// Different values: a bit per row that no later row repeats, and the time of the one before.
struct DistinctSet {
  Member member;
  std::uint32_t value_word = 0;
  std::uint32_t previous_word = kNone;  // time of the previous row with this value (delays only)
  std::uint32_t reach_edge = 0;         // nothing further back is ever asked for
};
// The member applied last, for `last` and `seconds_since_last`.
struct LastSet {
  Member member;
  std::uint32_t count = kNone;  // CountWord of the member; kNone: every row is one
  std::uint32_t time_word = 0;  // slot words: its time (kMissing: none yet) and value
  std::uint32_t value_slot_word = 0;
  std::uint32_t value_word = kNone;  // row word of the value; kNone: only the time is asked for
};
// Field of the transaction applied just before: slot word `word`.
struct PreviousField {
  std::uint32_t value = kNone;  // value column; kNone: the time
  std::uint32_t word = 0;
};

enum class QueryOp : std::uint8_t {
  kCount,
  kSum,
  kMean,
  kMin,
  kMax,
  kStddev,
  kStddevPop,
  kDistinct,
  kLast,
  kSecondsSinceLast,
  kFirstSeen,
  kPrevious,
};

// One output column.
struct Query {
  QueryOp op{};
  std::uint32_t lo = kNone;       // edge; kNone: from the first row
  std::uint32_t hi = kNone;       // edge; kNone: to the last row (no delay)
  std::uint32_t set = kNone;      // index into counts / sums / squares / extremes / ...
  std::uint32_t count = kNone;    // CountWord of its members; kNone: every row is one
  std::int64_t unit = 1;          // 10^scale of the value
  std::uint32_t output = 0;       // column of PassColumns::outputs
  std::uint32_t cache = kNone;    // min, max without delay: two slot words, see cached_extreme
  std::uint32_t feature = kNone;  // bit of the truncation mark
};

struct TablePlan {
  std::uint32_t key = 0;          // key column (PassColumns::keys)
  std::uint32_t clock = kNone;    // a child table takes T from this table (design: `same`)
  std::int64_t horizon = 0;       // nothing looks further back than T - horizon; < 0: no limit
  std::uint64_t history_max = 0;  // rows held per key; 0: no limit
  std::uint32_t row_words = 1;
  std::uint32_t slot_words = 0;  // behind the SlotHead
  std::uint32_t hints = 0;       // slot word of the first edge hint
  std::uint32_t totals = 0;      // slot word of total w is totals + w (as row word w)
  std::uint32_t remembered = 0;  // slot words of lasts and previous: from here, so many
  std::uint32_t remembered_words = 0;
  std::uint32_t id_word = kNone;        // row word of the id's hash, where labels come later
  std::uint32_t sequence_word = kNone;  // row word of the applied number, where `last` needs it
  std::uint32_t label_word = kNone;     // row word of the label, where labels come later
  std::uint32_t selector_word = kNone;  // row word of the selectors' bits, where labels come later
  bool keeps_rows = true;               // false: only what the slot remembers is ever asked for

  const Edge* edges = nullptr;
  const CountWord* counts = nullptr;
  const SumWord* sums = nullptr;
  const SquareWord* squares = nullptr;
  const ExtremeSet* extremes = nullptr;
  const DistinctSet* distincts = nullptr;
  const LastSet* lasts = nullptr;
  const PreviousField* previous = nullptr;
  const Query* queries = nullptr;
  std::uint32_t edge_count = 0;
  std::uint32_t count_count = 0;
  std::uint32_t sum_count = 0;
  std::uint32_t square_count = 0;
  std::uint32_t extreme_count = 0;
  std::uint32_t distinct_count = 0;
  std::uint32_t last_count = 0;
  std::uint32_t previous_count = 0;
  std::uint32_t query_count = 0;
};

}  // namespace warpscore
