#include "scoring/feature_names.h"

#include <array>
#include <utility>

namespace warpscore {
namespace {

constexpr std::array<std::pair<std::string_view, QueryOp>, 11> kOps = {{
    {"count", QueryOp::kCount},
    {"sum", QueryOp::kSum},
    {"mean", QueryOp::kMean},
    {"min", QueryOp::kMin},
    {"max", QueryOp::kMax},
    {"stddev", QueryOp::kStddev},
    {"stddev_pop", QueryOp::kStddevPop},
    {"distinct", QueryOp::kDistinct},
    {"last", QueryOp::kLast},
    {"first_seen", QueryOp::kFirstSeen},
    {"seconds_since_last", QueryOp::kSecondsSinceLast},
}};

constexpr std::int64_t kMinuteMs = 60'000;

// The window's length in the unit, if it is whole in it.
std::string number_in(const TextAt& name, const WindowSpec& window, std::int64_t unit_ms,
                      std::string_view placeholder) {
  if (window.length_ms % unit_ms != 0) {
    throw ConfigError(name.place,
                      "a window of \"" + window.text + "\" is no whole number of " +
                          std::string(placeholder.substr(1, placeholder.size() - 2)),
                      "use {window} in the name");
  }
  return std::to_string(window.length_ms / unit_ms);
}

}  // namespace

bool is_windowless(std::string_view op) {
  return op == "last" || op == "first_seen" || op == "seconds_since_last";
}

QueryOp query_op(const TextAt& op) {
  for (const auto& [name, value] : kOps) {
    if (name == op.text) return value;
  }
  throw ConfigError(op.place, "there is no operation \"" + op.text + "\"",
                    "count, sum, mean, min, max, stddev, stddev_pop, distinct, last, first_seen or "
                    "seconds_since_last");
}

std::string feature_name(const TextAt& name, const std::string& op, const WindowSpec* window) {
  std::string filled;
  for (std::size_t at = 0; at < name.text.size();) {
    const std::size_t close = name.text[at] == '{' ? name.text.find('}', at) : std::string::npos;
    if (close == std::string::npos) {
      filled += name.text[at++];
      continue;
    }
    const std::string_view placeholder(name.text.data() + at, close + 1 - at);
    const bool of_window = placeholder == "{window}" || placeholder == "{days}" ||
                           placeholder == "{hours}" || placeholder == "{minutes}";
    if (placeholder == "{op}") {
      filled += op;
    } else if (of_window && window == nullptr) {
      throw ConfigError(name.place, "\"" + op + "\" has no window for " + std::string(placeholder),
                        "put it into a [[features]] block of its own");
    } else if (placeholder == "{window}") {
      filled += window->text;
    } else if (placeholder == "{days}") {
      filled += number_in(name, *window, 24 * 60 * kMinuteMs, placeholder);
    } else if (placeholder == "{hours}") {
      filled += number_in(name, *window, 60 * kMinuteMs, placeholder);
    } else if (placeholder == "{minutes}") {
      filled += number_in(name, *window, kMinuteMs, placeholder);
    } else {
      throw ConfigError(name.place, "there is no placeholder " + std::string(placeholder),
                        "{op}, {window}, {days}, {hours} or {minutes}");
    }
    at = close + 1;
  }
  return filled;
}

}  // namespace warpscore
