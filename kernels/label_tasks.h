// Labels that come later (kernels/label.h), by teams: what one changes in a long history is shared
// out row by row.
//
// Order    labels of one key fall to one team, which takes them in order; different keys at once.
// Thread   a team per share of the keys.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/host_device.h"
#include "base/shared_word.h"
#include "kernels/device_work.h"
#include "kernels/label.h"
#include "kernels/team_extremes.h"

namespace warpscore {

struct DeviceLabel {
  std::uint64_t id_hash = 0;
  std::int64_t time_ms = 0;
  std::uint32_t fraud = 0;
  std::uint32_t found = 0;
};

struct ApplyLabels {
  static constexpr std::uint32_t kThreads = 256;
  static constexpr std::uint32_t kTeams = 128;
  PassWork work;
  DeviceLabel* labels;
  const Key* keys;  // [label][key_count]
  std::uint32_t count;
  std::uint32_t key_count;

  struct Found {     // in the team's shared memory
    SlotHead* slot;  // nullptr: there is no such transaction
    std::uint64_t row;
    Lane old;
  };
  [[nodiscard]] std::size_t shared_bytes() const { return sizeof(Found); }

  // The row takes the label; the rows behind it are still to follow.
  WARPSCORE_HD Found find_row(Shard& shard, const TablePlan& plan, const Key& key,
                              const DeviceLabel& label) const {
    SlotHead* const slot = find_slot(shard, key, hash_of(key));
    if (slot == nullptr || !slot->has_ring) return {};
    const History history(plan, shard, *slot);
    const std::uint64_t n = labelled_row(history, plan, label.time_ms, label.id_hash);
    if (n == kMissingRow) return {};
    return {slot, n, exchange_label(history, plan, n, Lane{label.fraud}).old};
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void apply_one(Team& team, Shard& shard, const TablePlan& plan, const Key& key,
                              DeviceLabel& label) const {
    auto* const found = reinterpret_cast<Found*>(team.shared_memory());
    team.leader([&] { *found = find_row(shard, plan, key, label); });
    SlotHead* const slot = team.agree(found->slot);
    if (slot == nullptr) return;
    const std::uint64_t n = team.agree(found->row);
    const LabelChange change{team.agree(found->old), Lane{label.fraud}};
    const History history(plan, shard, *slot);
    // The totals are the row behind the last one.
    team.each(static_cast<std::uint32_t>(history.end() - n), [&](std::uint32_t i) {
      const std::uint64_t behind = n + 1 + i;
      std::uint64_t* const words =
          behind == history.end() ? &history.word(plan.totals) : history.row(behind);
      add_label(words, plan, history.row(n), change);
    });
    for (std::uint32_t set = 0; set < plan.extreme_count; ++set) {
      if (plan.sums[plan.extremes[set].sum].member.value != kLabelValue) continue;
      team_extremes(team, history, plan, set, n);
    }
    team.leader([&] { shared_or(label.found, 1U); });
  }

  WARPSCORE_TEAM_CODE
  template <class Team>
  WARPSCORE_HD void operator()(Team& team, std::uint32_t number) const {
    for (std::uint32_t t = 0; t < work.set.tables; ++t) {
      const TablePlan& plan = work.set.plans[t];
      if (plan.id_word == kNone) continue;
      for (std::uint32_t i = 0; i < count; ++i) {
        const Key& key = keys[std::size_t{i} * key_count + plan.key];
        if (key.empty() || hash_of(key) % kTeams != number) continue;
        apply_one(team, work.set.shards[t], plan, key, labels[i]);
      }
    }
  }
};

}  // namespace warpscore
