// A random plan with random columns for it, and what the host's block pass says of them.
//
// Owner    a ScoreCase owns its columns; what answers_of_host gives is copied.
#pragma once

#include <cstdint>
#include <vector>

#include "base/dictionary.h"
#include "scoring/compiled_plan.h"
#include "tests/differential/random_case.h"

namespace warpscore {

struct ScoreCaseShape {
  std::uint64_t seed = 1;
  std::uint32_t rows = 300;
  std::uint32_t alerts = 5;
  bool deep = false;     // an expression that needs nearly all registers there are
  bool refuses = false;  // some rows were refused by the feature pass
};

class ScoreCase {
 public:
  explicit ScoreCase(const ScoreCaseShape& shape);
  ScoreCase(const ScoreCase&) = delete;
  ScoreCase& operator=(const ScoreCase&) = delete;

  // Where a column number's lanes are; nullptr: computed by the pass (a step, score or margin).
  [[nodiscard]] const std::vector<Lane>* given(const ColumnSource& source) const;

  Dictionary dictionary{1U << 10};
  CompiledPlan plan;
  std::uint32_t rows = 0;
  std::vector<std::vector<Lane>> fields;
  std::vector<std::vector<Lane>> queries;
  std::vector<std::vector<Key>> keys;
  std::vector<Lane> time;
  std::vector<Lane> label;
  std::vector<std::uint8_t> refused;

 private:
  void make_plan(Random& random, const ScoreCaseShape& shape);
  void make_columns(Random& random, const ScoreCaseShape& shape);
  [[nodiscard]] std::vector<Lane> random_lanes(Random& random, ColumnType type);
  void add_forest(Random& random);
  void add_logistic(Random& random);
};

struct ScoreAnswers {
  std::vector<std::vector<Lane>> selectors;
  std::vector<std::vector<Lane>> steps;
  std::vector<std::vector<std::uint64_t>> fired;
  std::vector<Lane> margin;
  std::vector<Lane> score;
  std::uint64_t overflows = 0;
};

// Of the first `rows`.
[[nodiscard]] ScoreAnswers answers_of_host(const ScoreCase& given, std::uint32_t rows);

}  // namespace warpscore
