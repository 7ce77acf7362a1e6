// What the demo shows: a line per alert, not more than a reader can follow, and a line of figures
// per second.
//
// Thread  one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace warpscore {

inline constexpr std::uint64_t kDemoRate = 2'000;          // payments a second, if not asked for
inline constexpr std::chrono::milliseconds kDemoTurn{10};  // of the loops that show something

class DemoScreen {
 public:
  explicit DemoScreen(bool color) : color_(color) {}

  // `alert`: its JSON as it goes to the alerts topic.
  void show_alert(std::string_view alert);
  // Once a second at most. `scored`: transactions so far.
  void tick(std::uint64_t scored);
  void finish(std::uint64_t scored);

  [[nodiscard]] std::uint64_t alerts() const { return alerts_; }
  [[nodiscard]] double seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  const bool color_;
  const Clock::time_point start_ = Clock::now();
  Clock::time_point second_ = start_;
  std::uint64_t scored_ = 0;
  std::uint64_t alerts_ = 0;
  double first_alert_seconds_ = 0;
  std::uint32_t shown_this_second_ = 0;
  std::uint64_t hidden_ = 0;
};

}  // namespace warpscore
