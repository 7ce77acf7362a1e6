// The lines that `warpscore bench` measures: a bare consumer, a pass-through, and the service.
//
// Each reads the same topic from its beginning and says how long it took between the first and the
// last of what it made visible. The two limits use the same librdkafka calls as the service, with
// nothing in between.
// Errors  KafkaError, std::runtime_error.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/kafka.h"
#include "service/config.h"

namespace warpscore {

struct BenchPlace {
  KafkaSettings settings;
  std::string servers;
  std::string input;
  std::int32_t partitions = 0;
  std::uint64_t transactions = 0;  // how many the input holds
};

struct BenchTime {
  double rate = 0;         // transactions per second of wall time
  double cpu_seconds = 0;  // 0: not measured
};

[[nodiscard]] BenchTime bench_consumer(const BenchPlace& place);

// Each message in becomes one of about a score's size, in transactions of commit_ms.
[[nodiscard]] BenchTime bench_pass_through(const BenchPlace& place, const std::string& output,
                                           std::int64_t commit_ms);

// `config` as it is to run, with these arguments of `run`; scores go to `output`. Then every score
// is read back: each transaction of the input exactly once, or a std::runtime_error that says what
// is wrong.
[[nodiscard]] BenchTime bench_service(const BenchPlace& place, const Config& config,
                                      const std::string& output,
                                      const std::vector<std::string>& arguments);

// Every message of the input once, by its source.
void check_scores(const BenchPlace& place, const std::string& output);

}  // namespace warpscore
