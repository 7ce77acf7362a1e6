#include "service/demo_screen.h"

#include <cstdio>

#include "publish/json_text.h"

namespace warpscore {
namespace {

constexpr std::uint32_t kAlertsPerSecond = 4;

const char* color_of(std::string_view severity) {
  if (severity == "critical") return "\x1b[1;31m";
  if (severity == "high") return "\x1b[31m";
  return "\x1b[33m";
}

}  // namespace

double DemoScreen::seconds() const {
  return std::chrono::duration<double>(Clock::now() - start_).count();
}

void DemoScreen::show_alert(std::string_view alert) {
  if (alerts_++ == 0) first_alert_seconds_ = seconds();
  if (shown_this_second_ == kAlertsPerSecond) {
    ++hidden_;
    return;
  }
  ++shown_this_second_;
  const auto print = [](std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
  };
  const std::string_view severity = find_json_member(alert, "severity");
  if (color_) print(color_of(severity));
  print("  ALERT ");
  print(severity);
  if (color_) print("\x1b[0m");
  print("  ");
  print(find_json_member(alert, "rule"));
  print("  customer ");
  print(find_json_member(find_json_member(alert, "transaction"), "customer"));
  print("  score ");
  print(find_json_member(alert, "score").substr(0, 6));
  print("  ");
  print(find_json_member(alert, "reason"));
  print("\n");
}

void DemoScreen::tick(std::uint64_t scored) {
  const Clock::time_point now = Clock::now();
  const double passed = std::chrono::duration<double>(now - second_).count();
  if (passed < 1.0) return;
  std::printf("[%4.0f s] %8.0f payments/s  %9llu scored  %6llu alerts", seconds(),
              static_cast<double>(scored - scored_) / passed,
              static_cast<unsigned long long>(scored), static_cast<unsigned long long>(alerts_));
  if (hidden_ != 0) std::printf("  (%llu not shown)", static_cast<unsigned long long>(hidden_));
  std::printf("\n");
  std::fflush(stdout);
  second_ = now;
  scored_ = scored;
  shown_this_second_ = 0;
  hidden_ = 0;
}

void DemoScreen::finish(std::uint64_t scored) {
  std::printf("%llu payments scored in %.1f s, %llu alerts",
              static_cast<unsigned long long>(scored), seconds(),
              static_cast<unsigned long long>(alerts_));
  if (alerts_ != 0) std::printf(", the first after %.2f s", first_alert_seconds_);
  std::printf("\n");
}

}  // namespace warpscore
