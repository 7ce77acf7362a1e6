// How far a long job is: a bar on a terminal's stderr, and nothing elsewhere.
//
// Thread  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

namespace warpscore {

class ProgressBar {
 public:
  explicit ProgressBar(std::string what);
  ~ProgressBar();  // ends the line
  ProgressBar(const ProgressBar&) = delete;
  ProgressBar& operator=(const ProgressBar&) = delete;

  // `done` of `total` parts (0: not known), `rows` so far. Draws ten times a second at most.
  void update(std::uint64_t done, std::uint64_t total, std::uint64_t rows);
  [[nodiscard]] double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  const std::string what_;
  const bool terminal_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point drawn_{};
};

}  // namespace warpscore
