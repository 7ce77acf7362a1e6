// What a device bench prints: one line per figure, and the same as JSON on the next.
//
// Format   NAME: VALUE UNIT (MIN, MAX) [goal >= GOAL: met]
//          {"figure": "NAME", "value": VALUE, "unit": "UNIT", "min": MIN, "max": MAX, ...}
// Value    the median of the repeats unless the name says p50, p99 or longest.
// Time     `seconds` is for the whole program: a part that would begin later is left out, by name.
// Failure  output that is not right is said in place of its figures, and the exit code is 1.
// Thread   one.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>
#include <utility>
#include <vector>

namespace warpscore {

struct BenchOptions {
  bool quick = false;     // a few seconds in all: does it run?
  double seconds = 90;    // no part begins later
  std::string only;       // parts whose name holds this text
  bool is_small = false;  // sizes for a test on host threads
};

// false: the usage was printed.
inline bool read_bench_options(int count, char** arguments, BenchOptions& options) {
  for (int i = 1; i < count; ++i) {
    const bool has_value = i + 1 < count;
    if (std::strcmp(arguments[i], "--quick") == 0) {
      options.quick = true;
    } else if (std::strcmp(arguments[i], "--only") == 0 && has_value) {
      options.only = arguments[++i];
    } else if (std::strcmp(arguments[i], "--seconds") == 0 && has_value) {
      options.seconds = std::atof(arguments[++i]);
    } else {
      std::fprintf(stderr, "usage: %s [--quick] [--only NAME] [--seconds SECONDS]\n", arguments[0]);
      return false;
    }
  }
  return true;
}

struct Spread {
  double median = 0;
  double min = 0;
  double max = 0;
};

inline Spread spread_of(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values.front(), values.back()};
}
// Each value as its function says; one that falls turns least and greatest round.
template <class Function>
Spread each_of(const Spread& spread, const Function& f) {
  const double a = f(spread.min);
  const double b = f(spread.max);
  return {f(spread.median), std::min(a, b), std::max(a, b)};
}
// What a greater one of the left says of the right, at its worst and its best.
inline Spread ratio_of(const Spread& a, const Spread& b) {
  return {a.median / b.median, a.min / b.max, a.max / b.min};
}

struct Goal {
  enum class Kind { kNone, kAtLeast, kAtMost };
  Kind kind = Kind::kNone;
  double value = 0;

  static Goal at_least(double value) { return {Kind::kAtLeast, value}; }
  static Goal at_most(double value) { return {Kind::kAtMost, value}; }
  [[nodiscard]] bool is_met(double found) const {
    return kind == Kind::kAtLeast ? found >= value : found <= value;
  }
};

class Figures {
 public:
  Figures(std::FILE* out, BenchOptions options)
      : out_(out), options_(std::move(options)), started_(Clock::now()) {}

  [[nodiscard]] const BenchOptions& options() const { return options_; }

  // Is this part to be measured? If there is no time left for it, that is said.
  [[nodiscard]] bool wants(const char* part) {
    if (std::string(part).find(options_.only) == std::string::npos) return false;
    if (std::chrono::duration<double>(Clock::now() - started_).count() < options_.seconds) {
      return true;
    }
    std::fprintf(out_, "%s: not measured, the time is up\n", part);
    std::fflush(out_);
    return false;
  }

  void figure(const std::string& name, const Spread& spread, const char* unit, Goal goal = {}) {
    char goal_text[64] = "";
    char goal_json[64] = "";
    if (goal.kind != Goal::Kind::kNone) {
      const bool met = goal.is_met(spread.median);
      const char* const sign = goal.kind == Goal::Kind::kAtLeast ? ">=" : "<=";
      std::snprintf(goal_text, sizeof goal_text, " [goal %s %.4g: %s]", sign, goal.value,
                    met ? "met" : "not met");
      std::snprintf(goal_json, sizeof goal_json, ", \"goal\": \"%s %.4g\", \"met\": %s", sign,
                    goal.value, met ? "true" : "false");
    }
    std::fprintf(out_, "%s: %.4g %s (%.4g, %.4g)%s\n", name.c_str(), spread.median, unit,
                 spread.min, spread.max, goal_text);
    std::fprintf(
        out_,
        "{\"figure\": \"%s\", \"value\": %.6g, \"unit\": \"%s\", \"min\": %.6g, \"max\": %.6g%s}\n",
        name.c_str(), spread.median, unit, spread.min, spread.max, goal_json);
    std::fflush(out_);
  }
  void figure(const std::string& name, double value, const char* unit, Goal goal = {}) {
    figure(name, Spread{value, value, value}, unit, goal);
  }

  // What is no figure.
  void say(const std::string& sentence) {
    std::fprintf(out_, "%s\n", sentence.c_str());
    std::fflush(out_);
  }
  void fail(const std::string& sentence) {
    say(sentence);
    ++failures_;
  }
  [[nodiscard]] int failures() const { return failures_; }

 private:
  using Clock = std::chrono::steady_clock;

  std::FILE* const out_;
  const BenchOptions options_;
  const Clock::time_point started_;
  int failures_ = 0;
};

}  // namespace warpscore
