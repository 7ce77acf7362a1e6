// JSON and CSV in, JSON and CSV out: nanoseconds per transaction, one thread.
//
// The JSON is that of ../shared/peers (workload R1): ten members, of which the schema takes six.
#include <benchmark/benchmark.h>

#include <cmath>
#include <memory_resource>
#include <random>
#include <string>
#include <vector>

#include "ingest/decode.h"
#include "publish/encode.h"
#include "publish/feature_csv.h"

namespace {

using namespace warpscore;

constexpr std::uint32_t kRows = 4096;

Schema r1_schema() {
  Schema schema;
  schema.id_source = "id";
  schema.time_source = "ts";
  schema.fields = {{"account", "account", FieldType::kKey, 0, false, false, 0, 0},
                   {"merchant", "merchant", FieldType::kEnum, 0, false, false, 0, 0},
                   {"amount", "amount", FieldType::kDecimal, 2, false, false, 0, 0},
                   {"country", "country", FieldType::kEnum, 0, false, false, 0, 0}};
  schema.key_count = 1;
  return schema;
}

struct Input {
  std::vector<std::string> json;
  std::vector<std::string> csv;
};

Input make_input() {
  static const char* const kCountries[] = {"DE", "FR", "US", "GB", "BR", "IN"};
  std::mt19937_64 random(7);
  Input input;
  for (std::uint32_t i = 0; i < kRows; ++i) {
    const std::string id = "tx-" + std::to_string(1'000'000'000 + i);
    const std::string time = std::to_string(1'700'000'000'000 + i * 37);
    const std::string account = "acc-" + std::to_string(1'000'000 + random() % 100'000);
    const std::string merchant = "m" + std::to_string(random() % 5'000);
    std::string amount = std::to_string(random() % 50'000) + ".";
    amount += static_cast<char>('0' + random() % 10);
    amount += static_cast<char>('0' + random() % 10);
    const std::string country = kCountries[random() % 6];
    input.json.push_back("{\"id\":\"" + id + "\",\"ts\":" + time + ",\"account\":\"" + account +
                         "\",\"merchant\":\"" + merchant + "\",\"amount\":" + amount +
                         ",\"currency\":\"EUR\",\"country\":\"" + country +
                         "\",\"mcc\":5411,\"channel\":\"pos\",\"card_present\":true}");
    input.csv.push_back(id + "," + time + "," + account + "," + merchant + "," + amount + ",EUR," +
                        country + ",5411,pos,1");
  }
  return input;
}

template <class Decoder>
void decode_all(benchmark::State& state, Decoder& decoder, const Schema& schema,
                const std::vector<std::string>& rows) {
  Batch batch(schema, kRows, 4 * 1024 * 1024, *std::pmr::new_delete_resource());
  std::size_t bytes = 0;
  for (const std::string& row : rows) bytes += row.size();
  for (auto _ : state) {
    batch.clear();
    for (std::uint32_t i = 0; i < kRows; ++i) {
      decoder.decode({"", rows[i], {0, i}, kNoTimestamp}, batch);
    }
    benchmark::DoNotOptimize(batch.field(0, kRows - 1));
  }
  if (batch.size() != kRows) state.SkipWithError("a transaction was refused");
  const auto rounds = static_cast<std::int64_t>(state.iterations());
  state.SetItemsProcessed(rounds * kRows);
  state.SetBytesProcessed(rounds * static_cast<std::int64_t>(bytes));
  state.counters["bytes_each"] = static_cast<double>(bytes) / kRows;
}

void decode_json(benchmark::State& state) {
  const Schema schema = r1_schema();
  Dictionary dictionary(100'000);
  JsonDecoder decoder(schema, dictionary, {});
  decode_all(state, decoder, schema, make_input().json);
}
BENCHMARK(decode_json);

void decode_csv(benchmark::State& state) {
  const Schema schema = r1_schema();
  Dictionary dictionary(100'000);
  CsvDecoder decoder("id,ts,account,merchant,amount,currency,country,mcc,channel,card_present",
                     schema, dictionary, {});
  decode_all(state, decoder, schema, make_input().csv);
}
BENCHMARK(decode_csv);

// All of it refused: what a flood of rubbish costs.
void decode_poison(benchmark::State& state) {
  const Schema schema = r1_schema();
  Dictionary dictionary(100'000);
  JsonDecoder decoder(schema, dictionary, {});
  std::string poison = make_input().json[0];
  poison.back() = ']';
  Batch batch(schema, kRows, 4 * 1024 * 1024, *std::pmr::new_delete_resource());
  for (auto _ : state) {
    batch.clear();
    for (std::uint32_t i = 0; i < kRows; ++i) {
      decoder.decode({"", poison, {0, i}, kNoTimestamp}, batch);
    }
  }
  if (batch.rejects().size() != kRows) state.SkipWithError("poison was accepted");
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kRows);
}
BENCHMARK(decode_poison);

// As many features as the Handbook's configuration has: 14 integers, 7 doubles.
struct Output {
  Output() {
    shape.schema = &schema;
    shape.dictionary = &dictionary;
    shape.has_model = shape.margin_is_float = true;
    shape.model_version = "model";
    shape.alerts = {{"high", "high", "score >= 0.5", "", false}};
    JsonDecoder decoder(schema, dictionary, {});
    const Input input = make_input();
    std::mt19937_64 random(9);
    for (int f = 0; f < 21; ++f) {
      const bool integer = f < 14;
      shape.features.push_back(
          {"feature_" + std::to_string(f), {integer ? LaneType::kInteger : LaneType::kDouble, 0}});
      std::vector<Lane> column;
      for (std::uint32_t i = 0; i < kRows; ++i) {
        const auto value = static_cast<Lane>(random() % (f % 2 == 0 ? 50 : 100'000));
        column.push_back(integer ? value
                                 : lane_of(static_cast<double>(value) / 100.0 /
                                           static_cast<double>(1 + random() % 30)));
      }
      columns.push_back(std::move(column));
    }
    for (std::uint32_t i = 0; i < kRows; ++i) {
      decoder.decode({"", input.json[i], {0, i}, kNoTimestamp}, batch);
      margin.push_back(static_cast<double>(static_cast<float>(random() % 1000) / 77.0F));
      score.push_back(1.0 / (1.0 + std::exp(-margin.back())));
      fired.push_back(i % 100 == 0 ? 1 : 0);
    }
    for (const auto& column : columns) results.features.push_back(column.data());
    results.size = kRows;
    results.margin = margin.data();
    results.score = score.data();
    results.fired = {fired.data()};
  }
  Schema schema = r1_schema();
  Dictionary dictionary{100'000};
  Batch batch{schema, kRows, 4 * 1024 * 1024, *std::pmr::new_delete_resource()};
  OutputShape shape;
  std::vector<std::vector<Lane>> columns;
  std::vector<double> margin;
  std::vector<double> score;
  std::vector<std::uint64_t> fired;
  Results results;
};

void encode_score(benchmark::State& state) {
  const Output output;
  const JsonEncoder encoder(output.shape);
  std::string out;
  for (auto _ : state) {
    out.clear();
    for (std::uint32_t i = 0; i < kRows; ++i) {
      encoder.append_score(out, output.batch, output.results, i, {state.range(0) != 0});
    }
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kRows);
  state.counters["bytes_each"] = static_cast<double>(out.size()) / kRows;
}
BENCHMARK(encode_score)->ArgName("features")->Arg(0)->Arg(1);

void encode_feature_csv(benchmark::State& state) {
  const Output output;
  const FeatureCsv csv(output.shape);
  std::string out;
  for (auto _ : state) {
    out.clear();
    csv.append_rows(out, output.batch, output.results);
    benchmark::DoNotOptimize(out.data());
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kRows);
  state.counters["bytes_each"] = static_cast<double>(out.size()) / kRows;
}
BENCHMARK(encode_feature_csv);

}  // namespace

BENCHMARK_MAIN();
