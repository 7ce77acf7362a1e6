// What a team needs beside the key while it applies a long run (kernels/long_run.h).
//
// Layout   arrays one behind the other in device memory, one set per team. A region is the rows of
//          the ring that a stretch of the run writes: its own and those that late ones move up.
// Owner    kernels/device_pass_impl.h, which allocates them when it starts.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/exact.h"
#include "kernels/table_plan.h"
#include "kernels/team_algorithms.h"

namespace warpscore {

// Words that one step of a team writes and the next ones read.
struct RunState {
  std::uint32_t limit = 0;       // rows of the stretch
  std::uint32_t first_late = 0;  // the first that is before a row in front of it
  std::uint32_t tail = 0;        // rows of the history that move up
  std::uint32_t grows = 0;
  std::uint32_t had_ring = 0;
  std::uint32_t old_ring = 0;
  std::uint64_t least_time = 0;  // ordered(): of the rows that go into the history
  std::uint64_t base = 0;        // the region's first row
  std::uint64_t end_before = 0;
  std::uint64_t sequence_before = 0;
  std::uint64_t held_max = 0;
  std::uint8_t old_class = 0;
};

// Of the pairs that a team sorts.
inline std::size_t sort_bytes(std::size_t size) {
  return size * (sizeof(std::uint64_t) + sizeof(std::uint32_t));
}

// Where a team sorts: of its scratch, or of its fast memory.
struct SortMemory {
  std::uint64_t* keys = nullptr;
  std::uint32_t* rows = nullptr;
};

struct RunScratch {
  std::uint32_t rows = 0;    // of a stretch at most
  std::uint32_t region = 0;  // 2 * rows: so many rows may move up
  RunState* state = nullptr;
  std::int64_t* clock = nullptr;           // [rows] T as each sees it
  SortMemory sort;                         // [region, made up to a power of two]
  std::uint32_t* place = nullptr;          // [rows] where in the region each comes to lie
  std::uint32_t* complete = nullptr;       // [rows] first place that one after it takes
  std::uint32_t* zone = nullptr;           // [rows] behind the last place that it sees
  std::uint32_t* orders = nullptr;         // [region] PastView::orders
  std::uint64_t* moved = nullptr;          // [rows][row_words] of the history that move up
  std::uint64_t* base_words = nullptr;     // [row_words] prefix words before the region
  std::uint64_t* totals_before = nullptr;  // [row_words]
  std::uint64_t* totals = nullptr;         // [rows][row_words] sums as of each
  std::uint64_t* remembered = nullptr;     // [rows][remembered_words] as of each
  std::uint64_t* repeats = nullptr;        // [distinct sets][region + 1] PastView::repeats
  std::uint32_t* firsts = nullptr;         // [distinct sets][region + 1] PastView::firsts
  Uint128* partial = nullptr;              // of scans
};

// Hands out pieces of a block; with no block it only adds up.
class Carver {
 public:
  explicit Carver(std::byte* at) : at_(at) {}
  template <class T>
  void take(T*& array, std::size_t count) {
    bytes_ = (bytes_ + 15) / 16 * 16;
    if (at_ != nullptr) array = reinterpret_cast<T*>(at_ + bytes_);
    bytes_ += count * sizeof(T);
  }
  [[nodiscard]] std::size_t bytes() const { return (bytes_ + 255) / 256 * 256; }

 private:
  std::byte* const at_;
  std::size_t bytes_ = 0;
};

inline std::uint32_t scan_lanes_of(const TablePlan& plan) {
  const std::uint32_t sums = plan.count_count + plan.sum_count + plan.square_count;
  const std::uint32_t lanes = sums > plan.last_count ? sums : plan.last_count;
  return lanes > 2 ? lanes : 2;
}

// Of stretches of `rows` rows of any of these tables. `block`: nullptr to learn the bytes.
inline RunScratch carve_run_scratch(const TablePlan* tables, std::uint32_t table_count,
                                    std::uint32_t rows, std::byte* block, std::size_t& bytes) {
  std::uint32_t row_words = 1;
  std::uint32_t remembered = 0;
  std::uint32_t distincts = 0;
  std::uint32_t lanes = 1;
  const auto raise = [](std::uint32_t& most, std::uint32_t to) { most = most < to ? to : most; };
  for (std::uint32_t t = 0; t < table_count; ++t) {
    raise(row_words, tables[t].row_words);
    raise(remembered, tables[t].remembered_words);
    raise(distincts, tables[t].distinct_count);
    raise(lanes, scan_lanes_of(tables[t]));
  }
  RunScratch scratch;
  scratch.rows = rows;
  scratch.region = 2 * rows;
  const std::size_t sorted = power_of_two_from(scratch.region);
  const std::size_t all_rows = rows;
  Carver carver(block);
  carver.take(scratch.state, 1);
  carver.take(scratch.clock, all_rows);
  carver.take(scratch.sort.keys, sorted);
  carver.take(scratch.sort.rows, sorted);
  carver.take(scratch.place, all_rows);
  carver.take(scratch.complete, all_rows);
  carver.take(scratch.zone, all_rows);
  carver.take(scratch.orders, scratch.region);
  carver.take(scratch.moved, all_rows * row_words);
  carver.take(scratch.base_words, row_words);
  carver.take(scratch.totals_before, row_words);
  carver.take(scratch.totals, all_rows * row_words);
  carver.take(scratch.remembered, all_rows * remembered);
  carver.take(scratch.repeats, std::size_t{distincts} * (scratch.region + 1));
  carver.take(scratch.firsts, std::size_t{distincts} * (scratch.region + 1));
  carver.take(scratch.partial, std::size_t{lanes} * ScanShape::numbers_max(scratch.region));
  bytes = carver.bytes();
  return scratch;
}

}  // namespace warpscore
