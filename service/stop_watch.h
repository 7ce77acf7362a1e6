// SIGTERM and SIGINT as two flags: asked to stop, and some seconds later: stop waiting for anybody.
//
// Thread  one of its own. To be made before any other thread, so that all inherit the signal mask.
#pragma once

#include <signal.h>

#include <atomic>
#include <cstdint>
#include <thread>

namespace warpscore {

class StopWatch {
 public:
  explicit StopWatch(std::int64_t patience_ms);
  ~StopWatch();
  StopWatch(const StopWatch&) = delete;
  StopWatch& operator=(const StopWatch&) = delete;

  [[nodiscard]] const std::atomic<bool>& stop() const { return stop_; }
  [[nodiscard]] const std::atomic<bool>& give_up() const { return give_up_; }

 private:
  void run();

  const std::int64_t patience_ms_;
  std::atomic<bool> stop_{false};
  std::atomic<bool> give_up_{false};
  std::atomic<bool> end_{false};
  int signals_ = -1;
  sigset_t before_{};
  std::thread thread_;
};

}  // namespace warpscore
