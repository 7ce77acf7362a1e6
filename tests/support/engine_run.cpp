#include "tests/support/engine_run.h"

#include "base/batch.h"
#include "base/check.h"

namespace warpscore {
namespace {

constexpr std::size_t kTextBytes = 64;  // the engine reads no text

void add_row(Batch& batch, const Schema& schema, const Transaction& transaction) {
  const Batch::Row row = batch.row();
  *row.time_ms = transaction.time_ms;
  *row.timestamp_ms = transaction.time_ms;
  *row.id_hash = transaction.id_hash;
  if (schema.label_in_input()) *row.label = transaction.label;
  WARPSCORE_CHECK(transaction.keys.size() == schema.key_count);
  WARPSCORE_CHECK(transaction.fields.size() == schema.fields.size());
  for (std::uint32_t i = 0; i < schema.key_count; ++i) batch.set_key(i, transaction.keys[i]);
  for (std::uint32_t i = 0; i < schema.fields.size(); ++i)
    batch.set_field(i, transaction.fields[i]);
  batch.commit_row();
}

RowResult copy_row(const Plan& plan, const Results& results, std::uint32_t row) {
  RowResult copy;
  copy.refused = results.refused[row] != 0;
  if (copy.refused) return copy;
  for (std::uint32_t i = 0; i < plan.features().size(); ++i) {
    copy.features.push_back(results.features[i][row]);
    copy.truncated.push_back(results.is_truncated(i, row));
  }
  for (std::uint32_t i = 0; i < plan.alerts().size(); ++i)
    copy.fired.push_back(results.alert_fired(i, row));
  copy.margin = results.margin == nullptr ? 0 : results.margin[row];
  copy.score = results.score == nullptr ? 0 : results.score[row];
  return copy;
}

template <class T>
void append(std::string& bytes, const T& value) {
  bytes.append(reinterpret_cast<const char*>(&value), sizeof(value));
}

}  // namespace

std::string EngineRun::bytes() const {
  std::string bytes;
  for (const RowResult& row : rows) {
    append(bytes, row.refused);
    for (const Lane lane : row.features) append(bytes, lane);
    for (const bool bit : row.truncated) append(bytes, bit);
    for (const bool bit : row.fired) append(bytes, bit);
    append(bytes, row.margin);
    append(bytes, row.score);
  }
  for (const bool found : labels_found) append(bytes, found);
  for (const std::uint64_t count :
       {counters.transactions, counters.late, counters.overflows, counters.truncated,
        counters.refused, counters.labels, counters.labels_unmatched})
    append(bytes, count);
  return bytes;
}

EngineRun run_engine(const Plan& plan, std::span<const Step> steps,
                     const EngineRunOptions& options) {
  EngineOptions engine_options;
  engine_options.threads = options.threads;
  engine_options.batch_max = options.batch_max;
  Engine engine(plan, engine_options);
  Batch batch(plan.schema(), options.batch_max, kTextBytes, engine.batch_memory());
  Results results;
  EngineRun run;
  const auto size_of_next = [&] {
    return options.batch_size ? options.batch_size() : options.batch_max;
  };
  std::uint32_t wanted = size_of_next();
  bool replaying = options.replayed > 0;
  const auto process = [&] {
    if (batch.size() == 0) return;
    if (replaying) {
      engine.replay(batch.view());
    } else {
      engine.process(batch.view(), results);
      WARPSCORE_CHECK(results.size == batch.size());
      for (std::uint32_t row = 0; row < results.size; ++row)
        run.rows.push_back(copy_row(plan, results, row));
    }
    batch.clear();
    wanted = size_of_next();
  };
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (replaying && i == options.replayed) {
      process();
      replaying = false;
    }
    const Transaction& transaction = steps[i].transaction;
    if (!steps[i].is_label) {
      add_row(batch, plan.schema(), transaction);
      if (batch.size() >= wanted) process();
      continue;
    }
    process();
    run.labels_found.push_back(engine.apply_label(
        {transaction.id_hash, transaction.time_ms, transaction.keys.data(), steps[i].fraud}));
  }
  process();
  run.counters = engine.counters();
  return run;
}

}  // namespace warpscore
