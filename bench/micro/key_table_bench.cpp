// The index of a key table: find by key, and insert of new ones, at some numbers of keys.
//
// bm_find/<keys>: random keys that are there, one after another, no prefetch: the latency of the
// two misses a find costs. bm_insert/<keys>: from empty to so many, growth of the index included.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kernels/key_tables.h"
#include "service/generator.h"

namespace warpscore::bench {
namespace {

std::vector<Key> make_keys(std::uint64_t count) {
  std::vector<Key> keys;
  keys.reserve(count);
  for (std::uint64_t i = 0; i < count; ++i) keys.push_back(key_of("account-" + std::to_string(i)));
  return keys;
}

void insert_all(KeyTables& tables, const std::vector<Key>& keys) {
  for (const Key& key : keys) {
    const std::uint64_t hash = hash_of(key);
    Shard& shard = tables.shard(0, hash);
    if (find_slot(shard, key, hash) == nullptr) insert_slot(shard, tables.plan(0), key, hash);
  }
}

void bm_find(benchmark::State& state) {
  const std::vector<Key> keys = make_keys(static_cast<std::uint64_t>(state.range(0)));
  const TablePlan plans[1] = {};
  KeyTables tables(plans);
  insert_all(tables, keys);
  GeneratorRandom random(7);
  for (auto _ : state) {
    const Key& key = keys[random.next() % keys.size()];
    const std::uint64_t hash = hash_of(key);
    benchmark::DoNotOptimize(find_slot(tables.shard(0, hash), key, hash));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(bm_find)->ArgName("keys")->Arg(1'000)->Arg(100'000)->Arg(4'000'000);

void bm_insert(benchmark::State& state) {
  const std::vector<Key> keys = make_keys(static_cast<std::uint64_t>(state.range(0)));
  const TablePlan plans[1] = {};
  for (auto _ : state) {
    KeyTables tables(plans);
    insert_all(tables, keys);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(bm_insert)->ArgName("keys")->Arg(1'000)->Arg(100'000)->Arg(4'000'000)->Unit(
    benchmark::kMillisecond);

}  // namespace
}  // namespace warpscore::bench

BENCHMARK_MAIN();
