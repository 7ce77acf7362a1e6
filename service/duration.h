// Lengths of time as people write them: "50ms", "7d", "1h30m".
//
// Units   w d h m s ms, largest first, each at most once, whole numbers; a day is 24 hours.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace warpscore {

inline constexpr std::int64_t kMaxDurationMs = 36'500LL * 86'400'000;  // a hundred years

// Milliseconds, 0..kMaxDurationMs; nothing if the text is no duration.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);

// A text that parse_duration reads back: 90'000 is "1m30s", a week "7d". REQUIRES ms >= 0.
[[nodiscard]] std::string format_duration(std::int64_t ms);

}  // namespace warpscore
