// The history of one key: its transactions in time order, with exclusive prefix sums.
//
// Layout   a ring of 2^size_class rows (kernels/table_plan.h says what a row holds), then for each
//          ExtremeSet least and greatest per 64 and per 4,096 rows, then for each DistinctSet a bit
//          per row and a count per 4,096 rows. Row n lies at n & mask for its whole life.
// Order    by time; of equal times the later applied comes later. A late transaction is inserted
//          and the rows behind it move up by one: linear in how late it is, and rare.
// Thread   as its shard.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/exact.h"
#include "kernels/shard.h"
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

class History {
 public:
  WARPSCORE_HD History(const TablePlan& plan, Shard& shard, SlotHead& slot)
      : plan_(plan), shard_(shard), slot_(slot) {
    point_to_ring();
  }

  WARPSCORE_HD SlotHead& slot() const { return slot_; }
  WARPSCORE_HD std::uint64_t head() const { return slot_.head; }
  WARPSCORE_HD std::uint64_t end() const { return slot_.end; }
  WARPSCORE_HD std::uint64_t& word(std::uint32_t number) const {
    return reinterpret_cast<std::uint64_t*>(&slot_ + 1)[number];
  }
  WARPSCORE_HD std::uint64_t* row(std::uint64_t n) const {
    return rows_ + (n & mask_) * plan_.row_words;
  }
  WARPSCORE_HD std::int64_t time(std::uint64_t n) const {
    return static_cast<std::int64_t>(row(n)[0]);
  }
  // Prefix word w before row n; n may be end().
  WARPSCORE_HD std::uint64_t prefix(std::uint64_t n, std::uint32_t w) const {
    return n == slot_.end ? word(plan_.totals + w) : row(n)[w];
  }
  WARPSCORE_HD std::uint64_t difference(std::uint64_t lo, std::uint64_t hi, std::uint32_t w) const {
    return prefix(hi, w) - prefix(lo, w);
  }
  WARPSCORE_HD std::int64_t value(std::uint64_t n, std::uint32_t sum_word) const {
    return static_cast<std::int64_t>(difference(n, n + 1, sum_word));
  }
  // Is row n a member, by the count word of its member condition?
  WARPSCORE_HD bool counts(std::uint64_t n, std::uint32_t count) const {
    return count == kNone || difference(n, n + 1, plan_.counts[count].word) != 0;
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

  // First row with time >= time_ms; end() if there is none.
  WARPSCORE_HD std::uint64_t first_at(std::int64_t time_ms) const {
    return search(slot_.head, slot_.end, time_ms - 1);
  }

  // Side arrays.
  WARPSCORE_HD std::uint64_t* extreme_array(std::uint32_t set) const {
    return side_ + set * extreme_words(slot_.size_class);
  }
  WARPSCORE_HD std::uint64_t* distinct_array(std::uint32_t set) const {
    return side_ + plan_.extreme_count * extreme_words(slot_.size_class) +
           set * distinct_words(slot_.size_class);
  }
  WARPSCORE_HD std::uint64_t capacity() const { return slot_.has_ring ? mask_ + 1 : 0; }
  // The ring has just been replaced by a larger one: side arrays hold nothing yet.
  WARPSCORE_HD bool grown() const { return grown_; }

  WARPSCORE_HD void free_ring() {
    if (!slot_.has_ring) return;
    auto* const link = reinterpret_cast<std::uint32_t*>(rows_);
    *link = shard_.ring_free[slot_.size_class];
    shard_.ring_free[slot_.size_class] = slot_.ring + 1;
    shard_.state_bytes -= 64 * ring_units(plan_, slot_.size_class);
    slot_.has_ring = false;
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

  WARPSCORE_HD std::uint32_t take_ring(std::uint8_t size_class) {
    const std::uint64_t units = ring_units(plan_, size_class);
    shard_.state_bytes += 64 * units;
    std::uint32_t& free = shard_.ring_free[size_class];
    if (free != 0) {
      const std::uint32_t ring = free - 1;
      free = *reinterpret_cast<const std::uint32_t*>(shard_.rings + std::size_t{ring} * 64);
      return ring;
    }
    const auto ring = static_cast<std::uint32_t>(shard_.rings_used);
    shard_.rings_used += units;
    return ring;
  }

  WARPSCORE_HD void reserve_one() {
    if (slot_.has_ring && slot_.end - slot_.head <= mask_) return;
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
      free_ring();
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
      const std::uint64_t* const from = distinct_array(set);
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

}  // namespace warpscore
