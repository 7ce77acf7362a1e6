// The extremes of a history's blocks, made anew by a team.
//
// Thread   all workers of the team call it with the same arguments; nobody changes the key.
#pragma once

#include <cstdint>

#include "base/host_device.h"
#include "kernels/side_sets.h"

namespace warpscore {

// Least and greatest of every block and superblock that has rows from `from` on; `from` is the head
// in a new ring. As rebuild_extremes, which one worker does alone.
WARPSCORE_TEAM_CODE
template <class Team>
WARPSCORE_HD void team_extremes(Team& team, const History& history, const TablePlan& plan,
                                std::uint32_t set, std::uint64_t from) {
  const ExtremeBlocks side = extreme_blocks(history, set);
  if (!side.has_blocks) return;
  const SumWord& sum = plan.sums[plan.extremes[set].sum];
  const std::uint64_t head = history.head();
  const std::uint64_t first = from >> kBlockBits;
  const std::uint64_t end_block = ((history.end() - 1) >> kBlockBits) + 1;
  team.each(static_cast<std::uint32_t>(end_block - first), [&](std::uint32_t b) {
    std::uint64_t n = (first + b) << kBlockBits;
    const std::uint64_t end = n + kBlockRows < history.end() ? n + kBlockRows : history.end();
    if (n < head) n = head;
    std::uint64_t* const pair = side.blocks + 2 * ((first + b) & side.block_mask);
    clear_pair(pair);
    for (; n < end; ++n) {
      if (!history.counts(n, sum.count)) continue;
      const std::int64_t value = history.value(n, sum.word);
      widen(pair, value, value);
    }
  });
  if (!side.has_supers) return;
  const std::uint64_t first_super = from >> kSuperBits;
  const std::uint64_t end_super = ((history.end() - 1) >> kSuperBits) + 1;
  team.each(static_cast<std::uint32_t>(end_super - first_super), [&](std::uint32_t s) {
    constexpr std::uint64_t kBlocks = kSuperRows / kBlockRows;
    std::uint64_t block = (first_super + s) * kBlocks;
    const std::uint64_t end = block + kBlocks < end_block ? block + kBlocks : end_block;
    if (block < head >> kBlockBits) block = head >> kBlockBits;
    std::uint64_t* const pair = side.supers + 2 * ((first_super + s) & side.super_mask);
    clear_pair(pair);
    for (; block < end; ++block) {
      const std::uint64_t* const one = side.blocks + 2 * (block & side.block_mask);
      widen(pair, static_cast<std::int64_t>(one[0]), static_cast<std::int64_t>(one[1]));
    }
  });
}

}  // namespace warpscore
