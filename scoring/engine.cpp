#include "scoring/engine.h"

#include <tbb/global_control.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/machine.h"
#include "kernels/feature_pass.h"
#include "kernels/label.h"
#include "scoring/admission.h"
#include "scoring/block_pass.h"
#include "scoring/compiled_plan.h"

namespace warpscore {

// The memory of one Results.
struct ResultColumns {
  ResultColumns(const CompiledPlan& plan, std::uint32_t rows)
      : features(plan.features.size()),
        fired((plan.alerts.size() + 63) / 64),
        truncated(plan.state.history_max == 0 ? 0 : (plan.features.size() + 63) / 64),
        margin(rows),
        score(rows),
        refused(rows) {
    for (auto& column : features) column.resize(rows);
    for (auto& column : fired) column.resize(rows);
    for (auto& column : truncated) column.resize(rows);
  }
  std::vector<std::vector<Lane>> features;
  std::vector<std::vector<std::uint64_t>> fired;
  std::vector<std::vector<std::uint64_t>> truncated;
  std::vector<double> margin;
  std::vector<double> score;
  std::vector<std::uint8_t> refused;
};

namespace {

constexpr std::uint64_t kMemoryShare = 80;  // percent of the machine's, where no limit is given

StateSpec with_memory_limit(StateSpec state) {
  if (state.memory_max == 0) {
    state.memory_max = machine_memory_bytes() / 100 * kMemoryShare;
  }
  return state;
}

// The identity of (key, value, value...): each step is a bijection of the key for a given value.
Key joined(const Key& key, Lane value) {
  const auto bits = static_cast<std::uint64_t>(value);
  return {mix64(key.low ^ mix64(bits + 0x9e3779b97f4a7c15ULL)),
          mix64(key.high + mix64(bits ^ 0xd1b54a32d192ed03ULL))};
}

}  // namespace

struct Engine::Impl {
  Impl(const Plan& given, const EngineOptions& given_options);

  void bind(const BatchView& batch, Results* results);
  void bind_results(Results& results);
  void make_child_keys(const BatchView& batch);
  void apply(const BatchView& batch, PassMode mode);
  void apply_one_by_one(const BatchView& batch, PassMode mode);
  void count(const Results* results);

  const CompiledPlan& plan;
  const EngineOptions options;
  std::optional<tbb::global_control> threads;
  KeyTables tables;
  Admission admission;
  ShardOrder order;
  std::vector<std::unique_ptr<BlockScratch>> workers;
  EngineCounters counters;
  std::int64_t watermark = kMissing;

  // Columns of the engine's own, batch_max rows each; which of them a batch uses is in `columns`.
  std::vector<std::vector<Lane>> query_memory;
  std::vector<std::vector<Lane>> step_memory;
  std::vector<std::vector<Lane>> selector_memory;
  std::vector<std::vector<std::int64_t>> clock_memory;
  std::vector<std::vector<Key>> child_memory;
  std::vector<Lane> missing_label;
  std::vector<Lane> score_lane;
  std::vector<Lane> margin_lane;
  std::vector<Lane> condition;
  std::vector<std::uint8_t> late;
  std::vector<std::uint8_t> refused_memory;  // of replays, which have no Results

  std::vector<const Lane*> columns;  // by column number
  std::vector<Lane*> outputs;        // by query
  std::vector<Lane*> steps;
  std::vector<Lane*> selectors;
  std::vector<std::int64_t*> clocks;
  std::vector<const Key*> keys;
  std::vector<std::uint64_t*> truncated;
  std::vector<std::uint64_t*> fired;
  std::uint8_t* refused = nullptr;
  PassColumns pass;
};

Engine::Impl::Impl(const Plan& given, const EngineOptions& given_options)
    : plan(given.compiled()),
      options(given_options),
      tables(plan.tables),
      admission(with_memory_limit(plan.state), tables),
      order(given_options.batch_max),
      query_memory(plan.query_count),
      step_memory(plan.steps.size()),
      selector_memory(plan.selectors.size()),
      clock_memory(plan.tables.size()),
      missing_label(given_options.batch_max, kMissing),
      score_lane(given_options.batch_max),
      margin_lane(given_options.batch_max),
      condition(given_options.batch_max),
      late(given_options.batch_max),
      refused_memory(given_options.batch_max),
      columns(plan.columns.size()),
      outputs(plan.query_count),
      steps(plan.steps.size()),
      clocks(plan.tables.size()) {
  WARPSCORE_CHECK(options.threads > 0 && options.batch_max > 0);
  if (options.threads > 1) {
    threads.emplace(tbb::global_control::max_allowed_parallelism, options.threads);
  }
  const auto make = [&](auto& columns_of) {
    for (auto& column : columns_of) column.resize(options.batch_max);
  };
  make(query_memory);
  make(step_memory);
  make(selector_memory);
  for (auto& column : selector_memory) selectors.push_back(column.data());
  for (const TablePlan& table : plan.tables) {
    if (table.clock != kNone) clock_memory[table.clock].resize(options.batch_max);
  }
  for (std::size_t t = 0; t < clocks.size(); ++t) {
    clocks[t] = clock_memory[t].empty() ? nullptr : clock_memory[t].data();
  }
  for (const TableParts& parts : plan.parts) {
    if (!parts.same.empty()) child_memory.emplace_back(options.batch_max);
  }
  for (std::uint32_t w = 0; w < options.threads; ++w) {
    workers.push_back(std::make_unique<BlockScratch>(plan));
  }
}

void Engine::Impl::bind_results(Results& results) {
  if (!results.columns) {
    results.columns = std::make_shared<ResultColumns>(plan, options.batch_max);
  }
  ResultColumns& memory = *results.columns;
  results.features.clear();
  for (std::size_t f = 0; f < plan.features.size(); ++f) {
    const ColumnSource& source = plan.columns[plan.feature_columns[f]];
    Lane* const column = memory.features[f].data();
    (source.kind == ColumnKind::kQuery ? outputs : steps)[source.index] = column;
    results.features.push_back(column);
  }
  truncated.clear();
  results.truncated.clear();
  for (auto& column : memory.truncated) {
    truncated.push_back(column.data());
    results.truncated.push_back(column.data());
  }
  fired.clear();
  results.fired.clear();
  for (auto& column : memory.fired) {
    fired.push_back(column.data());
    results.fired.push_back(column.data());
  }
  results.margin = memory.margin.data();
  results.score = memory.score.data();
  results.refused = memory.refused.data();
  refused = memory.refused.data();
}

// Points every column at where this batch has it.
void Engine::Impl::bind(const BatchView& batch, Results* results) {
  for (std::size_t q = 0; q < outputs.size(); ++q) outputs[q] = query_memory[q].data();
  for (std::size_t s = 0; s < steps.size(); ++s) steps[s] = step_memory[s].data();
  truncated.clear();
  refused = refused_memory.data();
  if (results != nullptr) bind_results(*results);
  const Lane* const label = batch.label != nullptr ? batch.label : missing_label.data();
  for (std::size_t c = 0; c < columns.size(); ++c) {
    const ColumnSource& source = plan.columns[c];
    switch (source.kind) {
      case ColumnKind::kField:
        columns[c] = batch.fields[source.index];
        break;
      case ColumnKind::kTime:
        columns[c] = batch.time_ms;
        break;
      case ColumnKind::kLabel:
        columns[c] = label;
        break;
      case ColumnKind::kQuery:
        columns[c] = outputs[source.index];
        break;
      case ColumnKind::kStep:
        columns[c] = steps[source.index];
        break;
      case ColumnKind::kScore:
        columns[c] = score_lane.data();
        break;
      case ColumnKind::kMargin:
        columns[c] = margin_lane.data();
        break;
    }
  }
  keys.assign(batch.keys, batch.keys + plan.schema.key_count);
  for (auto& column : child_memory) keys.push_back(column.data());
  pass = PassColumns{};
  pass.size = batch.size;
  pass.time_ms = batch.time_ms;
  pass.id_hash = batch.id_hash;
  pass.keys = keys.data();
  pass.values = batch.fields;
  pass.label = batch.label;
  pass.selectors = selectors.data();
  pass.selector_count = static_cast<std::uint32_t>(selectors.size());
  pass.outputs = outputs.data();
  pass.clocks = clocks.data();
  pass.late = late.data();
  pass.truncated = truncated.empty() ? nullptr : truncated.data();
}

void Engine::Impl::make_child_keys(const BatchView& batch) {
  std::size_t child = 0;
  for (const TableParts& parts : plan.parts) {
    if (parts.same.empty()) continue;
    Key* const out = child_memory[child++].data();
    const Key* const parent = batch.keys[parts.key_field];
    for (std::uint32_t i = 0; i < batch.size; ++i) {
      out[i] = parent[i];
      if (parent[i].empty()) continue;
      for (const std::uint32_t field : parts.same) out[i] = joined(out[i], batch.fields[field][i]);
    }
  }
}

void Engine::Impl::apply_one_by_one(const BatchView& batch, PassMode mode) {
  pass.refused = refused;
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    const std::int64_t newest = std::max(watermark, batch.time_ms[row]);
    if (admission.admit(pass, row, newest)) {
      watermark = newest;
      admission.applied(batch.time_ms[row]);
    } else {
      refused[row] = 1;
      ++counters.refused;
    }
    run_feature_pass(tables, pass, row, 1, mode, 1, order);
  }
}

void Engine::Impl::apply(const BatchView& batch, PassMode mode) {
  std::memset(late.data(), 0, batch.size);
  std::memset(refused, 0, batch.size);
  for (std::uint64_t* const column : truncated) std::fill_n(column, batch.size, 0);
  run_selectors(plan, columns.data(), batch.size, selectors.data(), *workers[0]);
  make_child_keys(batch);
  if (admission.limit_near(batch.size)) {
    apply_one_by_one(batch, mode);
  } else {
    for (std::uint32_t i = 0; i < batch.size; ++i)
      watermark = std::max(watermark, batch.time_ms[i]);
    for (std::uint32_t i = 0; i < batch.size; ++i) admission.applied(batch.time_ms[i]);
    run_feature_pass(tables, pass, 0, batch.size, mode, options.threads, order);
  }
}

void Engine::Impl::count(const Results* results) {
  counters.transactions += pass.size;
  for (std::uint32_t i = 0; i < pass.size; ++i) counters.late += late[i];
  counters.overflows = tables.overflows();
  for (const auto& worker : workers) counters.overflows += worker->overflows;
  if (results == nullptr) return;
  for (std::uint32_t i = 0; i < pass.size; ++i) {
    std::uint64_t any = 0;
    for (const std::uint64_t* const column : truncated) any |= column[i];
    counters.truncated += any != 0 ? 1 : 0;
  }
}

Engine::Engine(const Plan& plan, const EngineOptions& options)
    : impl_(std::make_unique<Impl>(plan, options)) {}

Engine::~Engine() = default;

std::pmr::memory_resource& Engine::batch_memory() { return *std::pmr::new_delete_resource(); }

void Engine::process(const BatchView& batch, Results& results) {
  Impl& engine = *impl_;
  WARPSCORE_CHECK(batch.size <= engine.options.batch_max);
  engine.bind(batch, &results);
  results.size = batch.size;
  if (batch.size == 0) return;
  engine.apply(batch, PassMode::kAnswer);

  BlockColumns block;
  block.size = batch.size;
  block.columns = engine.columns.data();
  block.steps = engine.steps.data();
  block.score_lane = engine.score_lane.data();
  block.margin_lane = engine.margin_lane.data();
  block.condition = engine.condition.data();
  block.score = results.columns->score.data();
  block.margin = results.columns->margin.data();
  block.fired = engine.fired.data();
  block.refused = engine.pass.refused;
  run_block_pass(engine.plan, block, engine.workers);
  engine.count(&results);
}

void Engine::replay(const BatchView& batch) {
  Impl& engine = *impl_;
  WARPSCORE_CHECK(batch.size <= engine.options.batch_max);
  engine.bind(batch, nullptr);
  if (batch.size == 0) return;
  engine.apply(batch, PassMode::kApply);
  engine.count(nullptr);
}

bool Engine::apply_label(const Label& label) {
  Impl& engine = *impl_;
  bool wanted = false;
  bool found = false;
  for (std::uint32_t t = 0; t < engine.tables.size(); ++t) {
    const TablePlan& plan = engine.tables.plan(t);
    if (plan.id_word == kNone) continue;
    wanted = true;
    const Key& key = label.keys[plan.key];
    if (key.empty()) continue;
    Shard& shard = engine.tables.shard(t, hash_of(key));
    const bool here =
        warpscore::apply_label(shard, plan, key, label.time_ms, label.id_hash, label.fraud ? 1 : 0);
    found = found || here;
  }
  ++(found || !wanted ? engine.counters.labels : engine.counters.labels_unmatched);
  return found || !wanted;
}

const EngineCounters& Engine::counters() const {
  Impl& engine = *impl_;
  engine.counters.keys = 0;
  for (std::uint32_t t = 0; t < engine.tables.size(); ++t) {
    engine.counters.keys += engine.tables.keys(t);
  }
  engine.counters.state_bytes = engine.tables.state_bytes();
  return engine.counters;
}

}  // namespace warpscore
