// Random configurations and random transactions for them, all from one seed.
//
// Units   times lie on a coarse grid whose multiples are the windows' lengths, so that edges are
// hit
//         exactly and ties are common; one in eight is a millisecond beside the grid.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/dictionary.h"
#include "tests/support/engine_run.h"
#include "tests/support/oracle.h"

namespace warpscore {

class Random {  // SplitMix64
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t next() { return mix64(state_ += 0x9e3779b97f4a7c15ULL); }
  std::uint32_t below(std::uint32_t bound) {
    return static_cast<std::uint32_t>((next() >> 32) * bound >> 32);
  }
  bool percent(std::uint32_t chance) { return below(100) < chance; }
  template <class T>
  const T& one_of(const std::vector<T>& values) {
    return values[below(static_cast<std::uint32_t>(values.size()))];
  }

 private:
  std::uint64_t state_;
};

// How the transactions of a case are drawn.
struct TrafficShape {
  std::uint32_t transactions = 200;
  std::uint32_t keys = 5;         // per key field
  std::uint32_t hot_percent = 0;  // of the traffic, on one key
  std::uint32_t late_percent = 10;
  std::uint32_t missing_percent = 15;  // of the optional values
  std::uint32_t extreme_percent = 0;   // of the integers: near the ends of the 64-bit range
  std::uint32_t step_max = 3;          // most grid steps from one transaction to the next
  std::uint32_t tie_percent = 0;       // of the transactions take no step at all
};

struct RandomCase {
  PlanInput input;
  OracleTexts texts;
  std::vector<Step> steps;
};

enum class LabelsFrom : std::uint8_t { kNowhere, kInput, kTopic };

[[nodiscard]] Schema random_case_schema(LabelsFrom labels);

// `where` texts and expressions with what they mean.
[[nodiscard]] OracleTexts random_case_texts(Dictionary& dictionary);

[[nodiscard]] RandomCase make_random_case(std::uint64_t seed, Dictionary& dictionary);

// A feature of every kind, for the runs that compare splits and threads.
[[nodiscard]] std::vector<FeatureSpec> every_feature(LabelsFrom labels);
[[nodiscard]] std::vector<Step> random_steps(Random& random, const Schema& schema,
                                             const TrafficShape& shape, LabelsFrom labels,
                                             Dictionary& dictionary);

// How a batch size is drawn: mostly small, at times one, at times all that fits.
[[nodiscard]] std::function<std::uint32_t()> random_batches(Random& random,
                                                            std::uint32_t batch_max);

}  // namespace warpscore
