// The key table's bench on any Queue: keys found and inserted a second at 100 million keys, and
// batch by batch while the table grows from none.
//
// Grows    through the engine, as the service would: batches of keys never seen, each waited for;
//          what a batch costs beside finding keys is in it.
// Found    by the feature pass's own find_slot() and find_or_insert(), of keys that lie in the
//          device's memory, drawn at random; first all answers are looked at, then the clock runs.
// Beside   a kernel that reads random lines of 128 bytes of the same memory.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/shared_word.h"
#include "bench/device/engine_rig.h"

namespace warpscore {

struct TableBenchSizes {
  std::uint32_t keys = 100'000'000;
  std::uint32_t keys_short = 10'000'000;  // where memory is short
  std::uint32_t batch = 65'536;
  std::uint32_t found = 1U << 24;  // keys of one kernel
  std::size_t copied_bytes = 256U << 20;
  std::uint64_t pool_bytes = 0;
  std::uint64_t first_cells = 1U << 20;
  double span_seconds = 0.2;

  [[nodiscard]] static TableBenchSizes of(const BenchOptions& options) {
    TableBenchSizes sizes;
    if (options.quick) sizes.keys = sizes.keys_short;
    if (options.is_small) {
      sizes = {.keys = 20'000,
               .keys_short = 20'000,
               .batch = 5'000,
               .found = 3'000,
               .copied_bytes = 1U << 16,
               .pool_bytes = 32U << 20,
               .first_cells = 1U << 13,
               .span_seconds = 0.001};
    }
    return sizes;
  }
};

// Keys of accounts drawn from [first, first + count).
struct DrawKeys {
  Key* keys;
  std::uint64_t first;
  std::uint32_t count;
  std::uint64_t seed;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    keys[i] = key_of_number(first + below(draw(seed, i), count));
  }
};

struct FindOnly {
  const Shard* shard;
  const Key* keys;
  std::uint32_t* slots;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    const SlotHead* const slot = find_slot(*shard, keys[i], hash_of(keys[i]));
    slots[i] = slot == nullptr ? kNone : number_of(*shard, *slot);
  }
};

struct FindOrInsert {
  Shard* shard;
  const TablePlan* plan;
  const Key* keys;
  std::uint32_t* slots;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    slots[i] = find_or_insert(*shard, *plan, keys[i], hash_of(keys[i]));
  }
};

// Counts the answers that are wrong: a slot of another key, none, or one where there must be none.
struct CheckSlots {
  const Shard* shard;
  const Key* keys;
  const std::uint32_t* slots;
  bool is_there;
  std::uint64_t* wrong;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    const bool right = is_there ? slots[i] != kNone && slot_at(*shard, slots[i])->key == keys[i]
                                : slots[i] == kNone;
    if (!right) shared_add(*wrong, std::uint64_t{1});
  }
};

// A word of each sector of a random line of 128 bytes.
struct ReadLines {
  const Shard* shard;
  std::uint32_t lines;
  std::uint32_t* sums;

  WARPSCORE_HD void operator()(std::uint32_t i) const {
    const std::byte* const line = shard->slots + 128 * below(draw(3, i), lines);
    std::uint64_t sum = 0;
    for (std::uint32_t sector = 0; sector < 4; ++sector) {
      sum += *reinterpret_cast<const std::uint64_t*>(line + std::size_t{32} * sector);
    }
    sums[i] = static_cast<std::uint32_t>(sum);
  }
};

template <class Queue>
class TableBench {
 public:
  using Rig = EngineRig<Queue>;
  using OpenQueue = std::function<std::unique_ptr<MeasuredQueue<Queue>>(std::uint32_t)>;

  TableBench(OpenQueue open, Figures& figures)
      : open_(std::move(open)),
        figures_(figures),
        sizes_(TableBenchSizes::of(figures.options())),
        plan_({BenchFeatures::kSeenLast, 0, 0}) {}

  void run() {
    measure_bandwidths(*open_(1024), sizes_.copied_bytes, figures_);
    work_.each_once = true;
    work_.accounts = sizes_.keys;
    if (!figures_.wants("table")) return;
    auto queue = open_(sizes_.batch);
    const double needed = 1.5 * plan_.bytes_each(1) * sizes_.keys;
    if (sizes_.pool_bytes == 0 && static_cast<double>(queue->device_memory_free()) < needed) {
      work_.accounts = sizes_.keys_short;
    }
    const std::size_t items = sizes_.found;
    keys_ = reinterpret_cast<Key*>(queue->device_memory(items * sizeof(Key)));
    slots_ = reinterpret_cast<std::uint32_t*>(queue->device_memory(items * sizeof(std::uint32_t)));
    wrong_ = reinterpret_cast<std::uint64_t*>(queue->device_memory(sizeof(std::uint64_t)));
    Rig rig(std::move(queue), plan_, work_,
            {sizes_.batch, sizes_.pool_bytes, {}, sizes_.first_cells});
    grow(rig);
    if (!rig.is_sound()) {
      figures_.fail("table: the device's memory is too small for this; not measured");
      return;
    }
    if (figures_.wants("table find")) find(rig);
  }

 private:
  void grow(Rig& rig) {
    rig.queue().make_batches(&rig.resident_targets(), work_, 0);
    std::vector<double> seconds;
    const Stopwatch watch;
    for (std::uint64_t done = 0; done < work_.accounts; done += sizes_.batch) {
      const Stopwatch batch;
      rig.engine().replay(rig.resident_view());
      seconds.push_back(batch.seconds());
    }
    const double all = watch.seconds();
    if (!rig.is_sound()) return;
    const std::uint64_t keys = rig.engine().counters().keys;
    const std::uint64_t expected = seconds.size() * std::uint64_t{sizes_.batch};
    if (keys != expected) {
      figures_.fail("table: " + std::to_string(keys) + " keys of " + std::to_string(expected));
      return;
    }
    const Spread batch = spread_of(seconds);
    const std::string name = "table, " + std::to_string(keys) + " keys inserted";
    figures_.figure(name, 1e-6 * static_cast<double>(keys) / all, "M keys/s");
    figures_.figure(name + ", a batch", each_of(batch, [](double one) { return 1e3 * one; }), "ms");
    figures_.figure(name + ", the longest batch", 1e3 * batch.max, "ms", Goal::at_most(1));
    figures_.figure(name + ", the longest batch over the median", batch.max / batch.median,
                    "times");
  }

  void find(Rig& rig) {
    MeasuredQueue<Queue>& queue = rig.queue();
    const PassWork& work = queue.pass_work();
    Shard* const shard = work.set.shards;
    const std::uint32_t count = sizes_.found;
    const auto keys = static_cast<std::uint32_t>(rig.engine().counters().keys);
    const FindOnly find_only{shard, keys_, slots_};
    const FindOrInsert find_or{shard, work.set.plans, keys_, slots_};
    QueueTimer<MeasuredQueue<Queue>> timer(queue, sizes_.span_seconds);
    const auto per_second = [&](double seconds) { return 1e-9 * count / seconds; };
    const auto measure = [&](const char* name, const auto& task, Goal goal) {
      const Spread rate = each_of(timer.queued([&] { queue.each(name, count, task); }), per_second);
      figures_.figure(std::string(name) + " at " + std::to_string(keys) + " keys", rate, "G keys/s",
                      goal);
      return rate;
    };
    print_load(rig, keys);

    draw_keys(queue, 0, keys);
    if (!right(queue, "table find", find_only, shard, true)) return;
    const Spread found = measure("table find", find_only, Goal::at_least(4));
    if (!right(queue, "table find-or-insert", find_or, shard, true)) return;
    measure("table find-or-insert", find_or, Goal::at_least(1.5));
    draw_keys(queue, std::uint64_t{1} << 40, keys);
    if (!right(queue, "table find of none", find_only, shard, false)) return;
    measure("table find of none", find_only, {});

    const std::uint64_t lines = std::uint64_t{keys} * plan_slot_bytes() / 128;
    const Spread read = measure("table beside: random lines",
                                ReadLines{shard, static_cast<std::uint32_t>(lines), slots_}, {});
    figures_.figure("table find over random lines", ratio_of(found, read), "times",
                    Goal::at_least(0.7));
    insert_alone(queue, find_or, count);
  }

  // New keys by find_or_insert alone: what the index still has room for, once.
  void insert_alone(MeasuredQueue<Queue>& queue, const FindOrInsert& task, std::uint32_t count) {
    const std::uint32_t some = count / 16;
    QueueTimer<MeasuredQueue<Queue>> timer(queue, 0);
    std::vector<double> rates;
    for (std::uint64_t turn = 0; turn < 3; ++turn) {
      queue.each("fresh keys", count, DrawKeys{keys_, (turn + 1) << 42, 0xffffffff, turn + 9});
      queue.wait(queue.fence());
      const auto insert = [&] { queue.each("table insert", some, task); };
      rates.push_back(1e-9 * some / timer.once(insert, 1));
      if (!right(queue, "table insert", FindOnly{task.shard, keys_, slots_}, task.shard, true,
                 some)) {
        return;
      }
    }
    figures_.figure("table insert by find-or-insert alone", spread_of(rates), "G keys/s");
  }

  void print_load(Rig& rig, std::uint32_t keys) {
    std::uint64_t cells = sizes_.first_cells;  // as DeviceTables grows them
    while (std::uint64_t{keys} * 8 > cells * 5) cells *= 2;
    figures_.figure("table, load of the index at most",
                    static_cast<double>(keys) / static_cast<double>(cells), "of its cells");
    figures_.figure("table, state of a key",
                    static_cast<double>(rig.engine().counters().state_bytes) / keys, "bytes");
  }
  [[nodiscard]] std::uint64_t plan_slot_bytes() const {
    return slot_bytes_of(plan_.plan().compiled().tables[0]);
  }

  void draw_keys(MeasuredQueue<Queue>& queue, std::uint64_t first, std::uint32_t count) {
    queue.each("draw keys", sizes_.found, DrawKeys{keys_, first, count, 5});
  }
  template <class Task>
  bool right(MeasuredQueue<Queue>& queue, const char* name, const Task& task, const Shard* shard,
             bool is_there, std::uint32_t count = 0) {
    if (count == 0) count = sizes_.found;
    const StagedArray<std::uint64_t> wrong(queue.staging_memory(), 1);
    queue.zero(wrong_, sizeof(std::uint64_t));
    queue.each(name, count, task);
    queue.each("check slots", count, CheckSlots{shard, keys_, slots_, is_there, wrong_});
    queue.computed();
    queue.copy_out(wrong.data(), wrong_, sizeof(std::uint64_t));
    queue.wait(queue.fence());
    if (wrong[0] == 0) return true;
    figures_.fail(std::string(name) + ": " + std::to_string(wrong[0]) + " of " +
                  std::to_string(count) + " answers are wrong; not measured");
    return false;
  }

  const OpenQueue open_;
  Figures& figures_;
  const TableBenchSizes sizes_;
  const BenchPlan plan_;
  Workload work_;
  Key* keys_ = nullptr;
  std::uint32_t* slots_ = nullptr;
  std::uint64_t* wrong_ = nullptr;
};

}  // namespace warpscore
