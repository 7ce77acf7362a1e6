#include "scoring/host_engine.h"

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
#include "scoring/child_key.h"
#include "scoring/compiled_plan.h"

namespace warpscore {
namespace {

// The memory of one Results.
struct HostResults final : ResultMemory {
  HostResults(const CompiledPlan& plan, std::uint32_t rows)
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

// A batch is done when submit returns: a second one in flight gains nothing, and costs its Results.
constexpr std::uint32_t kInFlightMax = 2;

StateSpec with_memory_limit(StateSpec state, std::uint32_t percent) {
  if (state.memory_max == 0) state.memory_max = machine_memory_bytes() / 100 * percent;
  return state;
}

class HostEngine final : public EngineBackend {
 public:
  HostEngine(const Plan& given, const EngineOptions& given_options);

  std::pmr::memory_resource& batch_memory() override { return *std::pmr::new_delete_resource(); }
  std::uint32_t in_flight_max() const override { return kInFlightMax; }
  void prepare(Results& results) override;
  void submit(const BatchView& batch, Results& results) override;
  bool finish_oldest(bool wait) override;
  void replay(const BatchView& batch) override;
  void apply_labels(std::span<const Label> labels, std::uint8_t* found) override;
  const EngineCounters& counters() override;
  const char* name() const override { return "cpu"; }
  std::string describe() const override;

 private:
  void bind(const BatchView& batch, HostResults* results);
  void bind_results(HostResults& results);
  void make_child_keys(const BatchView& batch);
  void apply(const BatchView& batch, PassMode mode);
  void apply_one_by_one(const BatchView& batch, PassMode mode);
  bool apply_one_label(const Label& label);
  void count();

  const CompiledPlan& plan_;
  const EngineOptions options_;
  std::optional<tbb::global_control> threads_;
  KeyTables tables_;
  Admission admission_;
  ShardOrder order_;
  std::vector<std::unique_ptr<BlockScratch>> workers_;
  EngineCounters counters_;
  std::int64_t watermark_ = kMissing;
  std::uint32_t in_flight_ = 0;

  // Columns of the engine's own, batch_max rows each; which of them a batch uses is in `columns`.
  std::vector<std::vector<Lane>> query_memory_;
  std::vector<std::vector<Lane>> step_memory_;
  std::vector<std::vector<Lane>> selector_memory_;
  std::vector<std::vector<std::int64_t>> clock_memory_;
  std::vector<std::vector<Key>> child_memory_;
  std::vector<Lane> missing_label_;
  std::vector<Lane> score_lane_;
  std::vector<Lane> margin_lane_;
  std::vector<Lane> condition_;
  std::vector<std::uint8_t> late_;
  std::vector<std::uint8_t> refused_memory_;  // of replays, which have no Results

  std::vector<const Lane*> columns_;  // by column number
  std::vector<Lane*> outputs_;        // by query
  std::vector<Lane*> steps_;
  std::vector<Lane*> selectors_;
  std::vector<std::int64_t*> clocks_;
  std::vector<const Key*> keys_;
  std::vector<std::uint64_t*> truncated_;
  std::vector<std::uint64_t*> fired_;
  std::uint8_t* refused_ = nullptr;
  PassColumns pass_;
};

HostEngine::HostEngine(const Plan& given, const EngineOptions& given_options)
    : plan_(given.compiled()),
      options_(given_options),
      tables_(plan_.tables),
      admission_(with_memory_limit(plan_.state, options_.device_memory_percent), tables_),
      order_(given_options.batch_max),
      query_memory_(plan_.query_count),
      step_memory_(plan_.steps.size()),
      selector_memory_(plan_.selectors.size()),
      clock_memory_(plan_.tables.size()),
      missing_label_(given_options.batch_max, kMissing),
      score_lane_(given_options.batch_max),
      margin_lane_(given_options.batch_max),
      condition_(given_options.batch_max),
      late_(given_options.batch_max),
      refused_memory_(given_options.batch_max),
      columns_(plan_.columns.size()),
      outputs_(plan_.query_count),
      steps_(plan_.steps.size()),
      clocks_(plan_.tables.size()) {
  WARPSCORE_CHECK(options_.threads > 0 && options_.batch_max > 0);
  if (options_.threads > 1) {
    threads_.emplace(tbb::global_control::max_allowed_parallelism, options_.threads);
  }
  const auto make = [&](auto& columns_of) {
    for (auto& column : columns_of) column.resize(options_.batch_max);
  };
  make(query_memory_);
  make(step_memory_);
  make(selector_memory_);
  for (auto& column : selector_memory_) selectors_.push_back(column.data());
  for (const TablePlan& table : plan_.tables) {
    if (table.clock != kNone) clock_memory_[table.clock].resize(options_.batch_max);
  }
  for (std::size_t t = 0; t < clocks_.size(); ++t) {
    clocks_[t] = clock_memory_[t].empty() ? nullptr : clock_memory_[t].data();
  }
  for (const TableParts& parts : plan_.parts) {
    if (!parts.same.empty()) child_memory_.emplace_back(options_.batch_max);
  }
  for (std::uint32_t w = 0; w < options_.threads; ++w) {
    workers_.push_back(std::make_unique<BlockScratch>(plan_));
  }
}

void HostEngine::prepare(Results& results) {
  auto made = std::make_unique<HostResults>(plan_, options_.batch_max);
  HostResults& memory = *made;
  results.memory = std::move(made);
  const auto point = [](auto& to, auto& columns) {
    to.clear();
    for (auto& column : columns) to.push_back(column.data());
  };
  point(results.features, memory.features);
  point(results.truncated, memory.truncated);
  point(results.fired, memory.fired);
  results.margin = memory.margin.data();
  results.score = memory.score.data();
  results.refused = memory.refused.data();
}

void HostEngine::bind_results(HostResults& memory) {
  for (std::size_t f = 0; f < plan_.features.size(); ++f) {
    const ColumnSource& source = plan_.columns[plan_.feature_columns[f]];
    Lane* const column = memory.features[f].data();
    (source.kind == ColumnKind::kQuery ? outputs_ : steps_)[source.index] = column;
  }
  for (auto& column : memory.truncated) truncated_.push_back(column.data());
  fired_.clear();
  for (auto& column : memory.fired) fired_.push_back(column.data());
  refused_ = memory.refused.data();
}

// Points every column at where this batch has it.
void HostEngine::bind(const BatchView& batch, HostResults* results) {
  for (std::size_t q = 0; q < outputs_.size(); ++q) outputs_[q] = query_memory_[q].data();
  for (std::size_t s = 0; s < steps_.size(); ++s) steps_[s] = step_memory_[s].data();
  truncated_.clear();
  refused_ = refused_memory_.data();
  if (results != nullptr) bind_results(*results);
  const Lane* const label = batch.label != nullptr ? batch.label : missing_label_.data();
  for (std::size_t c = 0; c < columns_.size(); ++c) {
    const ColumnSource& source = plan_.columns[c];
    switch (source.kind) {
      case ColumnKind::kField:
        columns_[c] = batch.fields[source.index];
        break;
      case ColumnKind::kTime:
        columns_[c] = batch.time_ms;
        break;
      case ColumnKind::kLabel:
        columns_[c] = label;
        break;
      case ColumnKind::kQuery:
        columns_[c] = outputs_[source.index];
        break;
      case ColumnKind::kStep:
        columns_[c] = steps_[source.index];
        break;
      case ColumnKind::kScore:
        columns_[c] = score_lane_.data();
        break;
      case ColumnKind::kMargin:
        columns_[c] = margin_lane_.data();
        break;
    }
  }
  keys_.assign(batch.keys, batch.keys + plan_.schema.key_count);
  for (auto& column : child_memory_) keys_.push_back(column.data());
  pass_ = PassColumns{};
  pass_.size = batch.size;
  pass_.time_ms = batch.time_ms;
  pass_.id_hash = batch.id_hash;
  pass_.keys = keys_.data();
  pass_.values = batch.fields;
  pass_.label = batch.label;
  pass_.selectors = selectors_.data();
  pass_.selector_count = static_cast<std::uint32_t>(selectors_.size());
  pass_.outputs = outputs_.data();
  pass_.clocks = clocks_.data();
  pass_.late = late_.data();
  pass_.truncated = truncated_.empty() ? nullptr : truncated_.data();
}

void HostEngine::make_child_keys(const BatchView& batch) {
  std::size_t child = 0;
  for (const TableParts& parts : plan_.parts) {
    if (parts.same.empty()) continue;
    Key* const out = child_memory_[child++].data();
    const Key* const parent = batch.keys[parts.key_field];
    const auto same_count = static_cast<std::uint32_t>(parts.same.size());
    for (std::uint32_t i = 0; i < batch.size; ++i) {
      out[i] = child_key(parent[i], parts.same.data(), same_count, batch.fields, i);
    }
  }
}

void HostEngine::apply_one_by_one(const BatchView& batch, PassMode mode) {
  pass_.refused = refused_;
  for (std::uint32_t row = 0; row < batch.size; ++row) {
    const std::int64_t newest = std::max(watermark_, batch.time_ms[row]);
    if (admission_.admit(pass_, row, newest)) {
      watermark_ = newest;
      admission_.applied(batch.time_ms[row]);
    } else {
      refused_[row] = 1;
      ++counters_.refused;
    }
    run_feature_pass(tables_, pass_, row, 1, mode, 1, order_);
  }
}

void HostEngine::apply(const BatchView& batch, PassMode mode) {
  std::memset(late_.data(), 0, batch.size);
  std::memset(refused_, 0, batch.size);
  for (std::uint64_t* const column : truncated_) std::fill_n(column, batch.size, 0);
  run_selectors(plan_, columns_.data(), batch.size, selectors_.data(), *workers_[0]);
  make_child_keys(batch);
  if (admission_.limit_near(batch.size)) {
    apply_one_by_one(batch, mode);
  } else {
    for (std::uint32_t i = 0; i < batch.size; ++i)
      watermark_ = std::max(watermark_, batch.time_ms[i]);
    for (std::uint32_t i = 0; i < batch.size; ++i) admission_.applied(batch.time_ms[i]);
    run_feature_pass(tables_, pass_, 0, batch.size, mode, options_.threads, order_);
  }
}

void HostEngine::count() {
  counters_.transactions += pass_.size;
  for (std::uint32_t i = 0; i < pass_.size; ++i) counters_.late += late_[i];
  counters_.overflows = tables_.overflows();
  for (const auto& worker : workers_) counters_.overflows += worker->overflows;
  if (truncated_.empty()) return;  // no history limit, or a replay
  for (std::uint32_t i = 0; i < pass_.size; ++i) {
    std::uint64_t any = 0;
    for (const std::uint64_t* const column : truncated_) any |= column[i];
    counters_.truncated += any != 0 ? 1 : 0;
  }
}

void HostEngine::submit(const BatchView& batch, Results& results) {
  WARPSCORE_CHECK(batch.size > 0 && batch.size <= options_.batch_max);
  WARPSCORE_CHECK(in_flight_ < kInFlightMax);
  auto& memory = static_cast<HostResults&>(*results.memory);
  bind(batch, &memory);
  apply(batch, PassMode::kAnswer);

  BlockColumns block;
  block.size = batch.size;
  block.columns = columns_.data();
  block.steps = steps_.data();
  block.score_lane = score_lane_.data();
  block.margin_lane = margin_lane_.data();
  block.condition = condition_.data();
  block.score = memory.score.data();
  block.margin = memory.margin.data();
  block.fired = fired_.data();
  block.refused = pass_.refused;
  run_block_pass(plan_, block, workers_);
  count();
  ++in_flight_;
}

bool HostEngine::finish_oldest(bool) {
  WARPSCORE_CHECK(in_flight_ > 0);
  --in_flight_;
  return true;
}

void HostEngine::replay(const BatchView& batch) {
  WARPSCORE_CHECK(batch.size > 0 && batch.size <= options_.batch_max);
  bind(batch, nullptr);
  apply(batch, PassMode::kApply);
  count();
}

bool HostEngine::apply_one_label(const Label& label) {
  bool wanted = false;
  bool found = false;
  for (std::uint32_t t = 0; t < tables_.size(); ++t) {
    const TablePlan& table = tables_.plan(t);
    if (table.id_word == kNone) continue;
    wanted = true;
    const Key& key = label.keys[table.key];
    if (key.empty()) continue;
    Shard& shard = tables_.shard(t, hash_of(key));
    const bool here =
        apply_label(shard, table, key, label.time_ms, label.id_hash, label.fraud ? 1 : 0);
    found = found || here;
  }
  ++(found || !wanted ? counters_.labels : counters_.labels_unmatched);
  return found || !wanted;
}

void HostEngine::apply_labels(std::span<const Label> labels, std::uint8_t* found) {
  for (std::size_t i = 0; i < labels.size(); ++i) found[i] = apply_one_label(labels[i]) ? 1 : 0;
}

const EngineCounters& HostEngine::counters() {
  counters_.keys = 0;
  for (std::uint32_t t = 0; t < tables_.size(); ++t) counters_.keys += tables_.keys(t);
  counters_.state_bytes = tables_.state_bytes();
  return counters_;
}

std::string HostEngine::describe() const {
  return "cpu, " + std::to_string(options_.threads) +
         (options_.threads == 1 ? " thread" : " threads");
}

}  // namespace

std::unique_ptr<EngineBackend> open_host_engine(const Plan& plan, const EngineOptions& options) {
  return std::make_unique<HostEngine>(plan, options);
}

}  // namespace warpscore
