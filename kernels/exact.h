// Exact integers wide enough for sums of squares, and their one conversion to double (design S3).
#pragma once

#include <bit>
#include <cstdint>

#include "base/host_device.h"

namespace warpscore {

using Int128 = __int128;
using Uint128 = unsigned __int128;

// 256 bits, least significant word first.
struct Uint256 {
  std::uint64_t word[4] = {0, 0, 0, 0};
};

WARPSCORE_HD inline Uint256 wide(Uint128 value) {
  return {{static_cast<std::uint64_t>(value), static_cast<std::uint64_t>(value >> 64), 0, 0}};
}

WARPSCORE_HD inline void add_to(Uint256& sum, const Uint256& value) {
  Uint128 carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<Uint128>(sum.word[i]) + value.word[i];
    sum.word[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
}

// REQUIRES value <= sum.
WARPSCORE_HD inline void subtract_from(Uint256& sum, const Uint256& value) {
  std::uint64_t borrow = 0;
  for (int i = 0; i < 4; ++i) {
    const Uint128 take = static_cast<Uint128>(value.word[i]) + borrow;
    borrow = sum.word[i] < take ? 1 : 0;
    sum.word[i] = static_cast<std::uint64_t>(sum.word[i] - take);
  }
}

// REQUIRES the product to fit.
WARPSCORE_HD inline Uint256 times(const Uint256& value, std::uint64_t factor) {
  Uint256 product;
  Uint128 carry = 0;
  for (int i = 0; i < 4; ++i) {
    carry += static_cast<Uint128>(value.word[i]) * factor;
    product.word[i] = static_cast<std::uint64_t>(carry);
    carry >>= 64;
  }
  return product;
}

// |value|, of the least int64 too.
WARPSCORE_HD inline std::uint64_t magnitude(std::int64_t value) {
  return value < 0 ? 0 - static_cast<std::uint64_t>(value) : static_cast<std::uint64_t>(value);
}

WARPSCORE_HD inline int bit_width_of(std::uint64_t value) {
  return static_cast<int>(std::bit_width(value));
}

// The nearest double; of two equally near the even one, as IEEE converts.
WARPSCORE_HD inline double to_double(const Uint256& value) {
  int top = 3;
  while (top > 0 && value.word[top] == 0) --top;
  if (value.word[top] == 0) return 0.0;
  const int width = top * 64 + bit_width_of(value.word[top]);
  if (width <= 53) return static_cast<double>(value.word[0]);
  const int shift = width - 53;  // bits that go
  const int from = shift / 64;
  const int bits = shift % 64;
  std::uint64_t kept = value.word[from] >> bits;
  if (bits != 0 && from < 3) kept |= value.word[from + 1] << (64 - bits);
  kept &= (1ULL << 53) - 1;
  const int half = shift - 1;
  const bool round = (value.word[half / 64] >> (half % 64) & 1) != 0;
  bool sticky = (value.word[half / 64] & ((1ULL << (half % 64)) - 1)) != 0;
  for (int i = 0; i < half / 64; ++i) sticky = sticky || value.word[i] != 0;
  if (round && (sticky || (kept & 1) != 0)) ++kept;
  // kept may now be 2^53: the exponent's carry makes that right by itself.
  const std::uint64_t exponent = static_cast<std::uint64_t>(1023 + width - 1);
  return std::bit_cast<double>((exponent << 52) + (kept - (1ULL << 52)));
}

}  // namespace warpscore
