#include "tests/support/engine_run.h"

#include <algorithm>

#include "base/batch.h"
#include "base/check.h"
#include "scoring/host_engine.h"

namespace warpscore {
namespace {

constexpr std::size_t kTextBytes = 64;  // the engine reads no text

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

std::unique_ptr<EngineBackend> open_engine(const Plan& plan, const EngineRunOptions& options) {
  EngineOptions engine_options;
  engine_options.threads = options.threads;
  engine_options.batch_max = options.batch_max;
  return options.open ? options.open(plan, engine_options) : open_host_engine(plan, engine_options);
}

class Runner {
 public:
  Runner(const Plan& plan, const EngineRunOptions& options)
      : plan_(plan), options_(options), engine_(open_engine(plan, options)) {
    for (std::uint32_t i = 0; i <= engine_.in_flight_max(); ++i) {  // one is being filled
      places_.push_back(std::make_unique<Place>(plan.schema(), options.batch_max, engine_));
    }
    wanted_ = size_of_next();
  }

  EngineRun run(std::span<const Step> steps) {
    replaying_ = options_.replayed > 0;
    for (std::size_t i = 0; i < steps.size(); ++i) {
      if (replaying_ && i == options_.replayed) {
        end_batch();
        apply_labels();
        replaying_ = false;
      }
      if (steps[i].is_label) {
        end_batch();
        const Transaction& of = steps[i].transaction;
        labels_.push_back({of.id_hash, of.time_ms, of.keys.data(), steps[i].fraud});
        continue;
      }
      apply_labels();
      add_row(filling().batch, plan_.schema(), steps[i].transaction);
      if (filling().batch.size() >= wanted_) end_batch();
    }
    end_batch();
    apply_labels();
    while (engine_.in_flight() != 0) finish_oldest(true);
    run_.counters = engine_.counters();
    run_.engine = engine_.name();
    return std::move(run_);
  }

 private:
  struct Place {
    Place(const Schema& schema, std::uint32_t batch_max, Engine& engine)
        : batch(schema, batch_max, kTextBytes, engine.batch_memory()) {}
    Batch batch;
    Results results;
  };

  [[nodiscard]] std::uint32_t size_of_next() const {
    return options_.batch_size ? options_.batch_size() : options_.batch_max;
  }
  [[nodiscard]] std::uint32_t most_in_flight() const {
    const std::uint32_t max = engine_.in_flight_max();
    if (options_.in_flight) return std::min(options_.in_flight(), max);
    return 1 + static_cast<std::uint32_t>(mix64(submitted_) % max);
  }
  Place& filling() { return *places_[submitted_ % places_.size()]; }

  void end_batch() {
    Place& place = filling();
    if (place.batch.size() == 0) return;
    if (replaying_) {
      engine_.replay(place.batch.view());
      place.batch.clear();
    } else {
      const std::uint32_t most = most_in_flight();
      const bool wait = submitted_ % 2 == 0;  // or else ask until it is there
      while (engine_.in_flight() >= most) finish_oldest(wait);
      engine_.submit(place.batch.view(), place.results);
      ++submitted_;
    }
    wanted_ = size_of_next();
  }

  bool finish_oldest(bool wait) {
    if (!engine_.finish_oldest(wait)) return false;
    Place& place = *places_[finished_++ % places_.size()];
    WARPSCORE_CHECK(place.results.size == place.batch.size());
    for (std::uint32_t row = 0; row < place.results.size; ++row) {
      run_.rows.push_back(copy_row(plan_, place.results, row));
    }
    place.batch.clear();
    return true;
  }

  void apply_labels() {
    if (labels_.empty()) return;
    std::vector<std::uint8_t> found(labels_.size());
    engine_.apply_labels(labels_, found.data());
    for (const std::uint8_t each : found) run_.labels_found.push_back(each != 0);
    labels_.clear();
  }

  const Plan& plan_;
  const EngineRunOptions& options_;
  Engine engine_;
  std::vector<std::unique_ptr<Place>> places_;
  std::size_t submitted_ = 0;
  std::size_t finished_ = 0;
  std::uint32_t wanted_ = 0;
  bool replaying_ = false;
  std::vector<Label> labels_;
  EngineRun run_;
};

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

EngineRun run_engine(const Plan& plan, std::span<const Step> steps,
                     const EngineRunOptions& options) {
  return Runner(plan, options).run(steps);
}

}  // namespace warpscore
