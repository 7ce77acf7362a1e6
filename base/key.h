// The identity of an account, terminal, merchant...: what a key field's text becomes.
//
// Layout  128 bits. Text of up to 15 bytes is stored as it is (so equal identity means equal text);
//         longer text as the XXH3-128 of it with the top byte 0xff. {0, 0} is no key.
// Fingerprint  63 bits of it, the lane of a key field: what ==, distinct and `same` compare.
//         Text of up to 7 bytes is exact in it.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/host_device.h"
#include "base/lane.h"

namespace warpscore {

struct Key {
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  friend bool operator==(const Key&, const Key&) = default;
  [[nodiscard]] WARPSCORE_HD bool empty() const { return low == 0 && high == 0; }
};

[[nodiscard]] Key key_of_long_text(std::string_view text);  // key.cpp: more than 15 bytes

// Empty text is the key of the empty string, not "no key": its length byte is 0x80.
[[nodiscard]] inline Key key_of(std::string_view text) {
  if (text.size() > 15) return key_of_long_text(text);
  Key key;
  if (text.size() <= 8) {
    std::memcpy(&key.low, text.data(), text.size());
  } else {
    std::memcpy(&key.low, text.data(), 8);
    std::memcpy(&key.high, text.data() + 8, text.size() - 8);
  }
  key.high |= static_cast<std::uint64_t>(0x80 | text.size()) << 56;
  return key;
}

// A 64-bit mixer with full avalanche (the finaliser of SplitMix64: Steele, Lea, Flood, OOPSLA
// 2014).
WARPSCORE_HD inline std::uint64_t mix64(std::uint64_t value) {
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9ULL;
  value = (value ^ (value >> 27)) * 0x94d049bb133111ebULL;
  return value ^ (value >> 31);
}

// Never kMissing and never negative: bit 62 tells exact (0) from mixed (1).
[[nodiscard]] WARPSCORE_HD inline Lane fingerprint_of(const Key& key) {
  const std::uint64_t length = (key.high >> 56) & 0x7f;
  const bool exact = (key.high >> 56) != 0xff && length <= 7;
  if (exact) return static_cast<Lane>(key.low | length << 56);
  const std::uint64_t mixed = mix64(key.low ^ mix64(key.high + 0x9e3779b97f4a7c15ULL));
  return static_cast<Lane>((mixed >> 2) | 1ULL << 62);
}

}  // namespace warpscore
