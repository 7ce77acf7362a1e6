// Lines for the journal: "time level message key=value ...", one write per line, to stderr.
//
// Thread  any. A line is one write(2), so lines of several threads do not mix.
// Rule    no account id and no secret in a line; values with spaces are quoted.
#pragma once

#include <atomic>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>

namespace warpscore {

enum class LogLevel : std::uint8_t { kInfo, kWarn, kError };

struct LogField {
  std::string_view key;
  std::string value;

  LogField(std::string_view name, std::string_view text) : key(name), value(text) {}
  LogField(std::string_view name, const std::string& text) : key(name), value(text) {}
  LogField(std::string_view name, const char* text) : key(name), value(text) {}
  template <class Number>
  requires std::is_arithmetic_v<Number> LogField(std::string_view name, Number number)
      : key(name), value(std::to_string(number)) {}
};

void log_line(LogLevel level, std::string_view message, std::initializer_list<LogField> fields);

inline void log_info(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kInfo, message, fields);
}
inline void log_warn(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kWarn, message, fields);
}
inline void log_error(std::string_view message, std::initializer_list<LogField> fields = {}) {
  log_line(LogLevel::kError, message, fields);
}

// Lets a line that would repeat through once per interval. One limiter per line.
class LogLimiter {
 public:
  explicit LogLimiter(std::int64_t interval_ms) : interval_ms_(interval_ms) {}
  [[nodiscard]] bool allow() noexcept;

 private:
  const std::int64_t interval_ms_;
  std::atomic<std::int64_t> next_ms_{0};
};

// Milliseconds of a clock that only goes forward.
[[nodiscard]] std::int64_t steady_ms() noexcept;
// Epoch milliseconds, for what is shown and measured against Kafka's timestamps.
[[nodiscard]] std::int64_t wall_ms() noexcept;

}  // namespace warpscore
