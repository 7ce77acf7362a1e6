// The history of one key: its transactions in time order, with exclusive prefix sums.
//
// Layout   a ring of 2^size_class rows (kernels/table_plan.h says what a row holds), then for each
//          ExtremeSet least and greatest per 64 and per 4,096 rows, then for each DistinctSet a bit
//          per row and a count per 4,096 rows. Row n lies at n & mask for its whole life.
// Order    by time; of equal times the later applied comes later. A late transaction is inserted
//          and the rows behind it move up by one: linear in how late it is, and rare.
// Seen     a History is either the key as it is, or (PastView) as one transaction of a run sees it
//          while rows that come after it in the run are in the ring already. Then all rows before
//          complete_end() are applied, of those from there to zone_end the ones that
//          is_applied() names, and later ones are not; end() is how many rows there would be.
// Thread   as its shard; any number of workers may read past views of one key at once.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/exact.h"
#include "kernels/shard.h"
#include "kernels/shared_shard.h"
#include "kernels/table_plan.h"

namespace warpscore {

inline constexpr std::uint32_t kBlockBits = 6;   // rows of a block: one word of bits
inline constexpr std::uint32_t kSuperBits = 12;  // rows of a superblock
inline constexpr std::uint64_t kBlockRows = 1ULL << kBlockBits;
inline constexpr std::uint64_t kSuperRows = 1ULL << kSuperBits;
inline constexpr std::uint8_t kFirstClass = 2;  // a new key starts with room for four rows

// Words of the side arrays of a ring.
WARPSCORE_HD inline std::uint64_t extreme_words(std::uint8_t size_class) {
  const std::uint64_t rows = 1ULL << size_class;
  return 2 * (rows >> kBlockBits) + 2 * (rows >> kSuperBits);
}
WARPSCORE_HD inline std::uint64_t distinct_words(std::uint8_t size_class) {
  const std::uint64_t rows = 1ULL << size_class;
  return (rows + kBlockRows - 1) / kBlockRows + (rows >> kSuperBits);
}
WARPSCORE_HD inline std::uint64_t ring_units(const TablePlan& plan, std::uint8_t size_class) {
  std::uint64_t words = static_cast<std::uint64_t>(plan.row_words) << size_class;
  words += plan.extreme_count * extreme_words(size_class);
  words += plan.distinct_count * distinct_words(size_class);
  return (words + 7) / 8;
}

// How one transaction of a run sees its key (kernels/long_run.h).
struct PastView {
  SlotHead slot;                              // head, end, newest, sequence, ... as of then
  const std::uint64_t* totals = nullptr;      // by row word: the sums as of then
  const std::uint64_t* remembered = nullptr;  // the slot's words from plan.remembered, as of then
  std::uint64_t complete_end = 0;
  std::uint64_t zone_end = 0;
  std::uint64_t base = 0;  // the first row that the run has changed; of row n at n - base:
  const std::uint32_t* orders = nullptr;   // when in the run it came, from 1; 0: before it
  const std::uint64_t* repeats = nullptr;  // for each DistinctSet, `repeats_stride` apart: 1 + the
                                           // row before with this value; 0: none; kNoValue
  const std::uint32_t* firsts = nullptr;   // likewise: how many, then rows - base that repeat none
                                           // of the run
  std::uint64_t repeats_stride = 0;
  std::uint32_t order = 0;  // of this transaction: rows of at most this order are applied
};

// What a History of the past knows beside the slot as of then; a live one has none of it.
template <bool past>
struct PastOfHistory {
  SlotHead& real;  // the slot in the table
  const PastView& view;
};
template <>
struct PastOfHistory<false> {};

// `past`: read as one transaction of a run sees it. A template, so that the live one, which is the
// hot path of the CPU, pays for nothing of that.
template <bool past>
class HistoryOf : private PastOfHistory<past> {
 public:
  static constexpr bool kPast = past;

  WARPSCORE_HD HistoryOf(const TablePlan& plan, Shard& shard, SlotHead& slot)
      : plan_(plan), shard_(shard), slot_(slot) {
    static_assert(!kPast);
    point_to_ring();
  }
  WARPSCORE_HD HistoryOf(const TablePlan& plan, Shard& shard, SlotHead& real, PastView& view)
      : PastOfHistory<past>{real, view}, plan_(plan), shard_(shard), slot_(view.slot) {
    static_assert(kPast);
    point_to_ring();
  }

  WARPSCORE_HD const TablePlan& plan() const { return plan_; }
  WARPSCORE_HD std::uint64_t* ring() const { return rows_; }
  WARPSCORE_HD SlotHead& slot() const { return slot_; }
  WARPSCORE_HD std::uint64_t head() const { return slot_.head; }
  WARPSCORE_HD std::uint64_t end() const { return slot_.end; }
  WARPSCORE_HD const PastView& view() const { return PastOfHistory<past>::view; }
  WARPSCORE_HD std::uint64_t complete_end() const {
    if constexpr (kPast) {
      return view().complete_end;
    } else {
      return slot_.end;
    }
  }
  // Of a row of [complete_end(), view().zone_end).
  WARPSCORE_HD bool is_applied(std::uint64_t n) const {
    return view().orders[n - view().base] <= view().order;
  }
  // f(n) for the applied rows of [lo, hi), in time order.
  template <class Function>
  WARPSCORE_HD void for_applied(std::uint64_t lo, std::uint64_t hi, const Function& f) const {
    const std::uint64_t complete = complete_end();
    for (std::uint64_t n = lo; n < hi && n < complete; ++n) f(n);
    if constexpr (kPast) {
      if (hi < slot_.end) return;
      for (std::uint64_t n = lo > complete ? lo : complete; n < view().zone_end; ++n) {
        if (is_applied(n)) f(n);
      }
    }
  }

  WARPSCORE_HD std::uint64_t& word(std::uint32_t number) const {
    return reinterpret_cast<std::uint64_t*>(&real() + 1)[number];
  }
  // A word of the slot that `last` and `previous` keep for the next transaction.
  WARPSCORE_HD std::uint64_t remembered(std::uint32_t number) const {
    if constexpr (kPast) {
      return view().remembered[number - plan_.remembered];
    } else {
      return word(number);
    }
  }
  WARPSCORE_HD std::uint64_t* row(std::uint64_t n) const {
    return rows_ + (n & mask_) * plan_.row_words;
  }
  WARPSCORE_HD std::int64_t time(std::uint64_t n) const {
    return static_cast<std::int64_t>(row(n)[0]);
  }
  // Prefix word w before row n; n may be end().
  WARPSCORE_HD std::uint64_t prefix(std::uint64_t n, std::uint32_t w) const {
    if (n != slot_.end) return row(n)[w];
    if constexpr (kPast) {
      return view().totals[w];
    } else {
      return word(plan_.totals + w);
    }
  }
  // The same of the rows as they lie in the ring, applied or not.
  WARPSCORE_HD std::uint64_t stored_prefix(std::uint64_t n, std::uint32_t w) const {
    return n == real().end ? word(plan_.totals + w) : row(n)[w];
  }
  WARPSCORE_HD std::uint64_t difference(std::uint64_t lo, std::uint64_t hi, std::uint32_t w) const {
    return prefix(hi, w) - prefix(lo, w);
  }
  WARPSCORE_HD std::int64_t value(std::uint64_t n, std::uint32_t sum_word) const {
    return static_cast<std::int64_t>(stored_prefix(n + 1, sum_word) - row(n)[sum_word]);
  }
  // Is row n a member, by the count word of its member condition?
  WARPSCORE_HD bool counts(std::uint64_t n, std::uint32_t count) const {
    if (count == kNone) return true;
    const std::uint32_t word = plan_.counts[count].word;
    return stored_prefix(n + 1, word) != row(n)[word];
  }

  WARPSCORE_HD void drop_front(std::int64_t oldest) {
    while (slot_.head != slot_.end && time(slot_.head) < oldest) ++slot_.head;
  }

  // Room for a row with this time; returns its number. Its words are copies of the row that was
  // there (or the totals): right for every prefix word. `shifted`: rows behind it have moved.
  WARPSCORE_HD std::uint64_t make_row(std::int64_t time_ms, bool& shifted) {
    reserve_one();
    std::uint64_t n = slot_.end;
    while (n != slot_.head && time(n - 1) > time_ms) --n;  // a late one: usually not far
    shifted = n != slot_.end;
    if (shifted) {
      for (std::uint64_t to = slot_.end; to != n; --to) copy_row(to - 1, row(to));
    } else {
      std::uint64_t* const words = row(n);
      for (std::uint32_t w = 1; w < plan_.row_words; ++w) words[w] = word(plan_.totals + w);
    }
    row(n)[0] = static_cast<std::uint64_t>(time_ms);
    ++slot_.end;
    return n;
  }

  // Adds to a prefix word what row n contributes: to all rows behind it and to the total.
  WARPSCORE_HD void contribute(std::uint64_t n, std::uint32_t w, std::uint64_t amount) {
    for (std::uint64_t behind = n + 1; behind != slot_.end; ++behind) row(behind)[w] += amount;
    word(plan_.totals + w) += amount;
  }
  WARPSCORE_HD void contribute(std::uint64_t n, std::uint32_t w, Uint128 amount) {
    for (std::uint64_t behind = n + 1; behind != slot_.end; ++behind) add(row(behind) + w, amount);
    add(&word(plan_.totals + w), amount);
  }
  WARPSCORE_HD Uint128 difference128(std::uint64_t lo, std::uint64_t hi, std::uint32_t w) const {
    const Uint128 upper = static_cast<Uint128>(prefix(hi, w + 1)) << 64 | prefix(hi, w);
    const Uint128 lower = static_cast<Uint128>(prefix(lo, w + 1)) << 64 | prefix(lo, w);
    return upper - lower;
  }

  // Number of rows counted by `edge` with T = newest, as a row number. The last answer is the first
  // guess: T never goes back, so an edge seldom moves by more than a row or two.
  WARPSCORE_HD std::uint64_t edge_at(std::uint32_t number, std::int64_t newest) const {
    const Edge& edge = plan_.edges[number];
    const std::int64_t limit = newest - edge.offset - (edge.before ? 1 : 0);  // t <= limit
    if constexpr (kPast) return search(slot_.head, complete_end(), limit);
    std::uint64_t& hint = word(plan_.hints + number);
    std::uint64_t at = hint < slot_.head ? slot_.head : hint > slot_.end ? slot_.end : hint;
    if (at != slot_.head && time(at - 1) > limit) {
      at = search(slot_.head, at - 1, limit);
    } else {
      std::uint32_t steps = 0;
      while (at != slot_.end && time(at) <= limit) {
        ++at;
        if (++steps == 4) {
          at = search(at, slot_.end, limit);
          break;
        }
      }
    }
    hint = at;
    return at;
  }

  // First row with time >= time_ms; complete_end() if there is none before it.
  WARPSCORE_HD std::uint64_t first_at(std::int64_t time_ms) const {
    return search(slot_.head, complete_end(), time_ms - 1);
  }

  // Side arrays.
  WARPSCORE_HD std::uint64_t* extreme_array(std::uint32_t set) const {
    return side_ + set * extreme_words(slot_.size_class);
  }
  WARPSCORE_HD std::uint64_t capacity() const { return slot_.has_ring ? mask_ + 1 : 0; }
  // The ring has just been replaced by a larger one: side arrays hold nothing yet.
  WARPSCORE_HD bool grown() const { return grown_; }

  WARPSCORE_HD void free_ring() {
    if (!slot_.has_ring) return;
    give_ring_back(slot_.ring, slot_.size_class);
    charge(0 - 64 * ring_units(plan_, slot_.charged_class));
    slot_.has_ring = false;
  }

  // For kernels/long_run.h, which makes room for a whole run: a larger ring in place of the present
  // one, which the caller gives back once its rows are moved. What is charged stays.
  WARPSCORE_HD void swap_ring(std::uint8_t size_class) {
    slot_.ring = take_ring(size_class);
    slot_.size_class = size_class;
    slot_.has_ring = true;
    point_to_ring();
  }
  WARPSCORE_HD void give_ring_back(std::uint32_t ring, std::uint8_t size_class) {
    const RingLink link{shard_.rings};
    if (shard_.pool != nullptr) {
      warpscore::give_back(shard_.free[1 + size_class], ring + 1, link);
      return;
    }
    link(ring + 1) = shard_.ring_free[size_class];
    shard_.ring_free[size_class] = ring + 1;
  }
  // What state is charged for the ring once it has been this class.
  WARPSCORE_HD void charge_class(std::uint8_t size_class, bool is_first) {
    const std::uint64_t before = is_first ? 0 : 64 * ring_units(plan_, slot_.charged_class);
    slot_.charged_class = size_class;
    charge(64 * ring_units(plan_, size_class) - before);
  }

 private:
  WARPSCORE_HD static void add(std::uint64_t* words, Uint128 amount) {
    const Uint128 sum = (static_cast<Uint128>(words[1]) << 64 | words[0]) + amount;
    words[0] = static_cast<std::uint64_t>(sum);
    words[1] = static_cast<std::uint64_t>(sum >> 64);
  }

  WARPSCORE_HD void copy_row(std::uint64_t from, std::uint64_t* to) const {
    const std::uint64_t* const words = row(from);
    for (std::uint32_t w = 0; w < plan_.row_words; ++w) to[w] = words[w];
  }

  // First row of [lo, hi) with time > limit, by halving.
  WARPSCORE_HD std::uint64_t search(std::uint64_t lo, std::uint64_t hi, std::int64_t limit) const {
    while (lo != hi) {
      const std::uint64_t middle = lo + (hi - lo) / 2;
      if (time(middle) <= limit) {
        lo = middle + 1;
      } else {
        hi = middle;
      }
    }
    return lo;
  }

  WARPSCORE_HD void point_to_ring() {
    if (!slot_.has_ring) return;
    rows_ = reinterpret_cast<std::uint64_t*>(shard_.rings + std::size_t{slot_.ring} * 64);
    mask_ = (1ULL << slot_.size_class) - 1;
    side_ = rows_ + (static_cast<std::uint64_t>(plan_.row_words) << slot_.size_class);
  }

  WARPSCORE_HD SlotHead& real() const {
    if constexpr (kPast) {
      return PastOfHistory<past>::real;
    } else {
      return slot_;
    }
  }

  WARPSCORE_HD void charge(std::uint64_t bytes) { count_on(shard_, shard_.state_bytes, bytes); }

  WARPSCORE_HD std::uint32_t take_ring(std::uint8_t size_class) {
    const std::uint64_t units = ring_units(plan_, size_class);
    const RingLink link{shard_.rings};
    if (shard_.pool != nullptr) {
      const std::uint32_t first = take(shard_.free[1 + size_class], link);
      return first != 0 ? first - 1 : take_units(shard_, units);
    }
    std::uint32_t& free = shard_.ring_free[size_class];
    if (free != 0) {
      const std::uint32_t ring = free - 1;
      free = link(free);
      return ring;
    }
    const auto ring = static_cast<std::uint32_t>(shard_.rings_used);
    shard_.rings_used += units;
    return ring;
  }

  WARPSCORE_HD void reserve_one() {
    const std::uint64_t held = slot_.end - slot_.head;
    if (!slot_.has_ring) {
      charge_class(kFirstClass, true);
    } else if (held >> slot_.charged_class != 0) {
      charge_class(static_cast<std::uint8_t>(slot_.charged_class + 1), false);
    }
    if (slot_.has_ring && held <= mask_) return;
    const std::uint8_t wanted =
        slot_.has_ring ? static_cast<std::uint8_t>(slot_.size_class + 1) : kFirstClass;
    const std::uint32_t ring = take_ring(wanted);
    auto* const rows = reinterpret_cast<std::uint64_t*>(shard_.rings + std::size_t{ring} * 64);
    const std::uint64_t mask = (1ULL << wanted) - 1;
    if (slot_.has_ring) {
      for (std::uint64_t n = slot_.head; n != slot_.end; ++n) {
        copy_row(n, rows + (n & mask) * plan_.row_words);
      }
      copy_bits(rows + (static_cast<std::uint64_t>(plan_.row_words) << wanted), wanted);
      give_ring_back(slot_.ring, slot_.size_class);
    }
    slot_.ring = ring;
    slot_.size_class = wanted;
    slot_.has_ring = true;
    grown_ = true;
    point_to_ring();
  }

  // The bits of every DistinctSet into the side arrays of a larger ring, counted anew. (Extremes
  // are made from the rows instead: kernels/side_sets.h.)
  WARPSCORE_HD void copy_bits(std::uint64_t* side, std::uint8_t wanted) const {
    const std::uint64_t rows = 1ULL << wanted;
    const std::uint64_t supers = rows >> kSuperBits;
    std::uint64_t* to = side + plan_.extreme_count * extreme_words(wanted);
    for (std::uint32_t set = 0; set < plan_.distinct_count; ++set, to += distinct_words(wanted)) {
      const std::uint64_t* const from = side_ +
                                        plan_.extreme_count * extreme_words(slot_.size_class) +
                                        set * distinct_words(slot_.size_class);
      std::uint64_t* const counts = to + (rows + kBlockRows - 1) / kBlockRows;
      for (std::uint64_t w = 0; w < distinct_words(wanted); ++w) to[w] = 0;
      for (std::uint64_t n = slot_.head; n != slot_.end; ++n) {
        const std::uint64_t at = n & mask_;
        const std::uint64_t bit = from[at >> kBlockBits] >> (at & (kBlockRows - 1)) & 1;
        const std::uint64_t place = n & (rows - 1);
        to[place >> kBlockBits] |= bit << (place & (kBlockRows - 1));
        if (supers != 0) counts[(n >> kSuperBits) & (supers - 1)] += bit;
      }
    }
  }

  const TablePlan& plan_;
  Shard& shard_;
  SlotHead& slot_;
  std::uint64_t* rows_ = nullptr;
  std::uint64_t* side_ = nullptr;
  std::uint64_t mask_ = 0;
  bool grown_ = false;
};

using History = HistoryOf<false>;
using PastHistory = HistoryOf<true>;

}  // namespace warpscore
