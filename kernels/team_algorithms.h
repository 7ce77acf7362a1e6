// What a Team does to a column of numbers together: scan and sort.
//
// Order    results do not depend on how the work was shared; both have the steps of a sequence.
// Memory   the caller's scratch; nothing allocates.
// Thread   all workers of the team call them with the same arguments.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/exact.h"

namespace warpscore {

inline constexpr std::uint32_t kScanSegments = 256;

// Scans `lanes` columns of `count` values at once. The task gives value(i, lane), join(lane, a, b),
// which is associative, start(lane), and takes store(i, lane, before, value): `before` is what all
// values in front of i come to, start included. value(i, lane) is asked for before store(i, lane).
// `partial` holds lanes * kScanSegments numbers. Each worker takes a stretch of values, whose
// results are joined; as many stretches as each has values, up to kScanSegments.
WARPSCORE_TEAM_CODE
template <class Team, class Task>
WARPSCORE_HD void team_scan(Team& team, std::uint32_t count, std::uint32_t lanes, Uint128* partial,
                            const Task& task) {
  if (count == 0 || lanes == 0) return;
  std::uint32_t segments = 1;
  while (segments * segments < count && segments < kScanSegments) segments *= 2;
  const std::uint32_t length = (count + segments - 1) / segments;
  const auto end_of = [=](std::uint32_t segment) {
    const std::uint32_t end = (segment + 1) * length;
    return end < count ? end : count;
  };
  team.each(segments * lanes, [&](std::uint32_t job) {
    const std::uint32_t lane = job / segments;
    const std::uint32_t segment = job % segments;
    Uint128 sum = task.start(lane);
    bool any = false;
    for (std::uint32_t i = segment * length; i < end_of(segment); ++i) {
      sum = any ? task.join(lane, sum, task.value(i, lane)) : task.value(i, lane);
      any = true;
    }
    partial[lane * kScanSegments + segment] = sum;
  });
  team.each(lanes, [&](std::uint32_t lane) {
    Uint128 before = task.start(lane);
    for (std::uint32_t segment = 0; segment * length < count; ++segment) {
      Uint128& place = partial[lane * kScanSegments + segment];
      const Uint128 sum = place;
      place = before;
      before = task.join(lane, before, sum);
    }
  });
  team.each(segments * lanes, [&](std::uint32_t job) {
    const std::uint32_t lane = job / segments;
    const std::uint32_t segment = job % segments;
    if (segment * length >= count) return;
    Uint128 before = partial[lane * kScanSegments + segment];
    for (std::uint32_t i = segment * length; i < end_of(segment); ++i) {
      const Uint128 value = task.value(i, lane);
      task.store(i, lane, before, value);
      before = task.join(lane, before, value);
    }
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
