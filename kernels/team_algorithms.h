// What a Team does to a column of numbers together: scan and sort.
//
// Order    results do not depend on how the work was shared; both have the steps of a sequence.
// Memory   the caller's scratch; nothing allocates.
// Thread   all workers of the team call them with the same arguments.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "kernels/exact.h"

namespace warpscore {

// How a scan is shared out: segments of values, and groups of segments.
inline constexpr std::uint32_t kScanLength = 32;         // values of a segment, or more
inline constexpr std::uint32_t kScanSegmentsMax = 4096;  // of a column
inline constexpr std::uint32_t kScanGroup = 64;          // segments of a group

struct ScanShape {
  std::uint32_t length = 0;
  std::uint32_t segments = 0;  // none is empty
  std::uint32_t groups = 0;

  WARPSCORE_HD explicit ScanShape(std::uint32_t count) {
    length = (count + kScanSegmentsMax - 1) / kScanSegmentsMax;
    if (length < kScanLength) length = kScanLength;
    segments = (count + length - 1) / length;
    groups = (segments + kScanGroup - 1) / kScanGroup;
  }
  // Of a column: a number per segment and one per group.
  [[nodiscard]] WARPSCORE_HD std::uint32_t numbers() const { return segments + groups; }
  // At most, of columns of up to so many values.
  [[nodiscard]] static std::uint32_t numbers_max(std::uint32_t count) {
    const std::uint32_t segments = (count + kScanLength - 1) / kScanLength;
    const std::uint32_t most = segments < kScanSegmentsMax ? segments : kScanSegmentsMax;
    return most + (most + kScanGroup - 1) / kScanGroup;
  }
};

// f(i, value(i)) for [first, end) in order, first <= end; the values asked for a few ahead: f may
// write what the compiler must take for the next value, and one worker would wait for memory value
// by value.
template <class Value, class Function>
WARPSCORE_HD inline void for_values(std::uint32_t first, std::uint32_t end, const Value& value,
                                    const Function& f) {
  for (; end - first >= 4; first += 4) {
    const Uint128 a = value(first);
    const Uint128 b = value(first + 1);
    const Uint128 c = value(first + 2);
    const Uint128 d = value(first + 3);
    f(first, a);
    f(first + 1, b);
    f(first + 2, c);
    f(first + 3, d);
  }
  for (; first < end; ++first) f(first, value(first));
}

// Some numbers of one lane of a scan.
template <class Task>
struct ScanLane {
  const Task* task;
  std::uint32_t lane;

  // What the values of [first, end), at least one, come to.
  template <class Value>
  WARPSCORE_HD Uint128 sum(std::uint32_t first, std::uint32_t end, const Value& value) const {
    Uint128 sum = value(first);
    for_values(first + 1, end, value,
               [&](std::uint32_t, Uint128 one) { sum = task->join(lane, sum, one); });
    return sum;
  }
  // Each of the numbers becomes what all in front of it come to.
  WARPSCORE_HD void replace(Uint128* numbers, std::uint32_t count, Uint128 before) const {
    for_values(
        0, count, [=](std::uint32_t i) { return numbers[i]; },
        [&](std::uint32_t i, Uint128 one) {
          numbers[i] = before;
          before = task->join(lane, before, one);
        });
  }
};

// Scans `lanes` columns of `count` values at once. The task gives value(i, lane), join(lane, a, b),
// which is associative, start(lane), and takes store(i, lane, before, value): `before` is what all
// values in front of i come to, start included. value(i, lane) is asked for before store(i, lane),
// and must not depend on what store() is given for others. `partial` holds
// ScanShape::numbers_max() numbers for each lane.
WARPSCORE_TEAM_CODE
template <class Team, class Task>
WARPSCORE_HD void team_scan(Team& team, std::uint32_t count, std::uint32_t lanes, Uint128* partial,
                            const Task& task) {
  if (count == 0 || lanes == 0) return;
  const ScanShape shape(count);
  const auto least = [](std::uint32_t a, std::uint32_t b) { return a < b ? a : b; };
  // f(lane, its numbers, i, first, end) for each of `pieces` of `length`, of `whole` in all.
  const Task* const tasks = &task;
  const auto each_piece = [=, &team](std::uint32_t pieces, std::uint32_t length,
                                     std::uint32_t whole, const auto& f) {
    team.each(pieces * lanes, [=](std::uint32_t job) {
      const std::uint32_t lane = job / pieces;
      const std::uint32_t i = job % pieces;
      f(ScanLane<Task>{tasks, lane}, partial + std::size_t{lane} * shape.numbers(), i, i * length,
        least((i + 1) * length, whole));
    });
  };
  each_piece(shape.segments, shape.length, count,
             [=](ScanLane<Task> of, Uint128* sums, std::uint32_t segment, std::uint32_t first,
                 std::uint32_t end) {
               sums[segment] =
                   of.sum(first, end, [=](std::uint32_t i) { return tasks->value(i, of.lane); });
             });
  if (shape.groups > 1) {
    each_piece(shape.groups, kScanGroup, shape.segments,
               [=](ScanLane<Task> of, Uint128* sums, std::uint32_t group, std::uint32_t first,
                   std::uint32_t end) {
                 sums[shape.segments + group] =
                     of.sum(first, end, [=](std::uint32_t i) { return sums[i]; });
               });
    each_piece(1, shape.groups, shape.groups,
               [=](ScanLane<Task> of, Uint128* sums, std::uint32_t, std::uint32_t, std::uint32_t) {
                 of.replace(sums + shape.segments, shape.groups, tasks->start(of.lane));
               });
  }
  each_piece(shape.groups, kScanGroup, shape.segments,
             [=](ScanLane<Task> of, Uint128* sums, std::uint32_t group, std::uint32_t first,
                 std::uint32_t end) {
               const Uint128 before =
                   shape.groups > 1 ? sums[shape.segments + group] : tasks->start(of.lane);
               of.replace(sums + first, end - first, before);
             });
  each_piece(shape.segments, shape.length, count,
             [=](ScanLane<Task> of, Uint128* sums, std::uint32_t segment, std::uint32_t first,
                 std::uint32_t end) {
               Uint128 before = sums[segment];
               for_values(
                   first, end, [=](std::uint32_t i) { return tasks->value(i, of.lane); },
                   [&](std::uint32_t i, Uint128 value) {
                     tasks->store(i, of.lane, before, value);
                     before = tasks->join(of.lane, before, value);
                   });
             });
}

// Sorts (key, row) pairs ascending; `size` is a power of two, rows are different, so that no two
// pairs are equal. A bitonic network: K. E. Batcher, Sorting networks and their applications, 1968.
WARPSCORE_TEAM_CODE
template <class Team>
WARPSCORE_HD void team_sort(Team& team, std::uint32_t size, std::uint64_t* keys,
                            std::uint32_t* rows) {
  for (std::uint32_t run = 2; run <= size; run *= 2) {
    for (std::uint32_t apart = run / 2; apart != 0; apart /= 2) {
      team.each(size / 2, [=](std::uint32_t job) {
        const std::uint32_t low = 2 * apart * (job / apart) + job % apart;
        const std::uint32_t high = low + apart;
        const bool ascending = (low & run) == 0;
        const bool greater =
            keys[low] != keys[high] ? keys[low] > keys[high] : rows[low] > rows[high];
        if (greater != ascending) return;
        const std::uint64_t key = keys[low];
        const std::uint32_t row = rows[low];
        keys[low] = keys[high];
        rows[low] = rows[high];
        keys[high] = key;
        rows[high] = row;
      });
    }
  }
}

// Signed numbers in the order of unsigned ones.
WARPSCORE_HD inline std::uint64_t ordered(std::int64_t value) {
  return static_cast<std::uint64_t>(value) ^ 1ULL << 63;
}
WARPSCORE_HD inline std::int64_t of_ordered(std::uint64_t value) {
  return static_cast<std::int64_t>(value ^ 1ULL << 63);
}

WARPSCORE_HD inline std::uint32_t power_of_two_from(std::uint32_t size) {
  std::uint32_t power = 1;
  while (power < size) power *= 2;
  return power;
}

}  // namespace warpscore
