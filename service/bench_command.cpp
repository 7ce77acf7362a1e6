#include "service/bench_command.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/kafka_admin.h"
#include "service/bench_lines.h"
#include "service/device_choice.h"
#include "service/exit_codes.h"
#include "service/generator.h"
#include "service/payment_sink.h"
#include "service/setup.h"
#include "service/start_checks.h"

namespace warpscore {
namespace {

constexpr int kAnswerMs = 10'000;

struct Pair {
  BenchTime consumer;
  BenchTime pass_through;
  BenchTime service;
};

struct Spread {
  double least = 0;
  double median = 0;
  double most = 0;
};

template <class Value>
Spread spread_of(const std::vector<Pair>& pairs, Value value) {
  std::vector<double> values;
  for (const Pair& pair : pairs) values.push_back(value(pair));
  std::sort(values.begin(), values.end());
  const std::size_t half = values.size() / 2;
  const double median =
      values.size() % 2 == 1 ? values[half] : (values[half - 1] + values[half]) / 2;
  return {values.front(), median, values.back()};
}

// Topics of one bench, deleted with it.
class BenchTopics {
 public:
  BenchTopics(KafkaSettings settings, std::int32_t partitions)
      : settings_(std::move(settings)),
        partitions_(partitions),
        prefix_("warpscore-bench-" + std::to_string(getpid()) + "-") {}
  ~BenchTopics() {
    try {
      remove();
    } catch (const KafkaError& error) {
      std::fprintf(stderr, "warpscore bench: topics stay behind: %s\n", error.what());
    }
  }
  BenchTopics(const BenchTopics&) = delete;
  BenchTopics& operator=(const BenchTopics&) = delete;

  std::string make(const std::string& name, std::int32_t partitions) {
    create_topics(settings_, {{prefix_ + name, partitions}});
    names_.push_back(prefix_ + name);
    return names_.back();
  }
  std::string make(const std::string& name) { return make(name, partitions_); }
  // All but the first `keep`.
  void remove(std::size_t keep = 0) {
    if (names_.size() <= keep) return;
    const auto from = names_.begin() + static_cast<std::ptrdiff_t>(keep);
    delete_topics(settings_, {from, names_.end()});
    names_.erase(from, names_.end());
  }
  [[nodiscard]] std::size_t size() const { return names_.size(); }
  [[nodiscard]] const std::string& prefix() const { return prefix_; }

 private:
  const KafkaSettings settings_;
  const std::int32_t partitions_;
  const std::string prefix_;
  std::vector<std::string> names_;
};

void fill(const BenchPlace& place) {
  const std::unique_ptr<PaymentSink> sink = make_kafka_sink(place.servers, place.input);
  Generator generator({Scenario::kHandbook, 1, 5'000});
  std::string line;
  for (std::uint64_t i = 0; i < place.transactions; ++i) {
    const GeneratedPayment payment = generator.next();
    line.clear();
    append_json(payment, line);
    if (!sink->write(payment.customer, line)) throw std::runtime_error(sink->error());
  }
  if (!sink->close()) throw std::runtime_error(sink->error());
}

// Messages of a topic that was there before: counted, as offsets count control records too.
std::uint64_t count_messages(BenchPlace place) {
  KafkaClient client(place.settings, "warpscore-bench-watch");
  std::uint64_t offsets = 0;
  for (std::int32_t p = 0; p < place.partitions; ++p) {
    const Watermarks marks = client.watermarks(place.input, p, kAnswerMs);
    offsets += static_cast<std::uint64_t>(marks.high - marks.low);
  }
  return offsets;
}

// The configuration of one run: everything it writes is its own.
Config config_of_run(Config config, const BenchPlace& place, BenchTopics& topics,
                     std::size_t number, const std::string& scores) {
  const std::string suffix = std::to_string(number);
  config.kafka.bootstrap_servers = {place.servers};
  config.input.topic = place.input;
  config.input.group = topics.prefix() + suffix;
  config.output.scores->topic = scores;
  config.output.alerts->topic = topics.make("alerts-" + suffix);
  config.output.dead_letters->topic = topics.make("dead-" + suffix);
  config.ha = HaConfig{};
  config.ha->name = topics.prefix() + suffix;
  config.ha->changelog = topics.make("changelog-" + suffix, 1);
  if (config.model && !config.model->bytes.empty()) config.model->path.text = "model.json";
  return config;
}

Pair run_pair(const Config& config, const BenchPlace& place, BenchTopics& topics,
              std::size_t number, const std::vector<std::string>& arguments) {
  const std::size_t keep = topics.size();
  Pair pair;
  pair.consumer = bench_consumer(place);
  const std::string suffix = std::to_string(number);
  pair.pass_through =
      bench_pass_through(place, topics.make("passed-" + suffix), config.output.commit_ms);
  const std::string scores = topics.make("scores-" + suffix);
  pair.service =
      bench_service(place, config_of_run(config, place, topics, number, scores), scores, arguments);
  topics.remove(keep);
  return pair;
}

double load_average() {
  double load = 0;
  return getloadavg(&load, 1) == 1 ? load : 0;
}

void print(const BenchPlace& place, const Config& config, Device device,
           const std::vector<Pair>& pairs, bool json) {
  const Spread consumer = spread_of(pairs, [](const Pair& p) { return p.consumer.rate; });
  const Spread pass = spread_of(pairs, [](const Pair& p) { return p.pass_through.rate; });
  const Spread ours = spread_of(pairs, [](const Pair& p) { return p.service.rate; });
  const Spread ratio =
      spread_of(pairs, [](const Pair& p) { return p.service.rate / p.pass_through.rate; });
  const auto transactions = static_cast<double>(place.transactions);
  const Spread cpu =
      spread_of(pairs, [&](const Pair& p) { return p.service.cpu_seconds * 1e6 / transactions; });
  const Spread pass_cpu = spread_of(
      pairs, [&](const Pair& p) { return p.pass_through.cpu_seconds * 1e6 / transactions; });
  const auto row = [&](const char* name, const Spread& spread, const char* unit) {
    std::printf(json ? ",\"%s\":{\"min\":%.4g,\"median\":%.4g,\"max\":%.4g,\"unit\":\"%s\"}"
                     : "%-22s min %10.4g  median %10.4g  max %10.4g  %s\n",
                name, spread.least, spread.median, spread.most, unit);
  };
  std::printf(json ? "{\"transactions\":%llu,\"partitions\":%d,\"pairs\":%zu,\"commit_ms\":%lld,"
                     "\"load\":%.2f,\"device\":\"%s\""
                   : "%llu transactions, %d partitions, %zu interleaved rounds, commit %lld ms, "
                     "load average %.2f, device %s\n",
              static_cast<unsigned long long>(place.transactions), place.partitions, pairs.size(),
              static_cast<long long>(config.output.commit_ms), load_average(), name_of(device));
  row("bare consumer", consumer, "tx/s");
  row("pass-through", pass, "tx/s");
  row("pass-through cpu", pass_cpu, "us/tx");
  row("warpscore", ours, "tx/s");
  row("warpscore cpu", cpu, "us/tx");
  row("warpscore/pass-through", ratio, "ratio of rates, round by round");
  std::printf(json ? "}\n" : "every score was read back: each transaction exactly once\n");
}

int measure(const Options& options, const Setup& setup, Device device) {
  const BenchOptions& wanted = options.bench;
  BenchPlace place;
  place.servers = wanted.kafka.empty() ? kafka_places(setup.config).servers : wanted.kafka;
  if (place.servers.empty()) {
    std::fprintf(stderr, "warpscore bench: no broker (add --kafka HOST:PORT)\n");
    return kExitUsage;
  }
  place.settings = {{"bootstrap.servers", place.servers}};
  const bool own_input = wanted.config.empty();
  BenchTopics topics(place.settings, static_cast<std::int32_t>(wanted.partitions));
  if (own_input) {
    place.partitions = static_cast<std::int32_t>(wanted.partitions);
    place.transactions = wanted.transactions;
    place.input = topics.make("input");
    fill(place);
  } else {
    place.input = setup.config.input.topic;
    place.partitions =
        KafkaClient(place.settings, "warpscore-bench-watch").partitions_of(place.input, kAnswerMs);
    place.transactions = std::min(count_messages(place), wanted.transactions);
  }
  std::vector<Pair> pairs;
  for (std::uint32_t i = 0; i < wanted.pairs; ++i) {
    pairs.push_back(run_pair(setup.config, place, topics, i, engine_arguments(options, device)));
    std::fprintf(stderr, "round %u of %u: consumer %.0f, pass-through %.0f, warpscore %.0f tx/s\n",
                 i + 1, wanted.pairs, pairs.back().consumer.rate, pairs.back().pass_through.rate,
                 pairs.back().service.rate);
  }
  print(place, setup.config, device, pairs, wanted.print == PrintFormat::kJson);
  return kExitOk;
}

}  // namespace

int bench_command(const Options& options) {
  const std::optional<Setup> setup =
      options.bench.config.empty() ? embedded_setup() : read_setup(options.bench.config);
  if (!setup) return kExitConfiguration;
  const std::optional<Device> device = settle_device(options, setup->config);
  if (!device) return kExitUnavailable;
  try {
    return measure(options, *setup, *device);
  } catch (const KafkaError& error) {
    std::fprintf(stderr, "warpscore bench: %s\n", error.what());
    return error.fault() == KafkaFault::kUnreachable ? kExitUnavailable : kExitFailed;
  } catch (const std::runtime_error& error) {
    std::fprintf(stderr, "warpscore bench: %s\n", error.what());
    return kExitFailed;
  }
}

}  // namespace warpscore
