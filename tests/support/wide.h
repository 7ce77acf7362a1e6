// Exact integers of 256 bits for the oracle: slow, short, and sharing nothing with the kernels.
//
// Errors  leaving the range is a broken invariant of the test (WARPSCORE_CHECK).
#pragma once

#include <array>
#include <cmath>
#include <cstdint>

#include "base/check.h"

namespace warpscore {

// Unsigned; limbs of 32 bits, the least first.
class Wide {
 public:
  static constexpr std::size_t kLimbs = 8;

  Wide() = default;
  explicit Wide(unsigned __int128 value) {
    for (std::size_t i = 0; i < 4; ++i) limbs_[i] = static_cast<std::uint32_t>(value >> (32 * i));
  }

  [[nodiscard]] Wide plus(const Wide& other) const {
    Wide result;
    std::uint64_t carry = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      carry += std::uint64_t{limbs_[i]} + other.limbs_[i];
      result.limbs_[i] = static_cast<std::uint32_t>(carry);
      carry >>= 32;
    }
    WARPSCORE_CHECK(carry == 0);
    return result;
  }

  [[nodiscard]] Wide minus(const Wide& other) const {  // REQUIRES other <= *this
    Wide result;
    std::int64_t borrow = 0;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      std::int64_t limb = std::int64_t{limbs_[i]} - other.limbs_[i] - borrow;
      borrow = limb < 0 ? 1 : 0;
      if (limb < 0) limb += std::int64_t{1} << 32;
      result.limbs_[i] = static_cast<std::uint32_t>(limb);
    }
    WARPSCORE_CHECK(borrow == 0);
    return result;
  }

  [[nodiscard]] Wide times(const Wide& other) const {
    Wide result;
    for (std::size_t i = 0; i < kLimbs; ++i) {
      std::uint64_t carry = 0;
      for (std::size_t j = 0; j < kLimbs; ++j) {
        const std::uint64_t product = std::uint64_t{limbs_[i]} * other.limbs_[j];
        if (i + j >= kLimbs) {
          WARPSCORE_CHECK(product == 0 && carry == 0);
          continue;
        }
        carry += product + result.limbs_[i + j];
        result.limbs_[i + j] = static_cast<std::uint32_t>(carry);
        carry >>= 32;
      }
      WARPSCORE_CHECK(carry == 0);
    }
    return result;
  }

  [[nodiscard]] bool bit(std::size_t index) const {
    return (limbs_[index / 32] >> (index % 32) & 1) != 0;
  }

  // The nearest double; of two equally near ones the even one.
  [[nodiscard]] double to_double() const {
    int top = 32 * kLimbs - 1;
    while (top >= 0 && !bit(static_cast<std::size_t>(top))) --top;
    if (top < 0) return 0.0;
    const int shift = top > 52 ? top - 52 : 0;
    std::uint64_t mantissa = 0;
    for (int i = top; i >= shift; --i) mantissa = mantissa << 1 | (bit(i) ? 1 : 0);
    bool below = false;  // anything under the bit that decides
    for (int i = 0; i < shift - 1; ++i) below = below || bit(i);
    const bool half = shift > 0 && bit(shift - 1);
    if (half && (below || (mantissa & 1) != 0)) ++mantissa;
    return std::ldexp(static_cast<double>(mantissa), shift);
  }

 private:
  std::array<std::uint32_t, kLimbs> limbs_{};
};

// The magnitude of a signed 128-bit number.
[[nodiscard]] inline Wide magnitude(__int128 value) {
  const auto bits = static_cast<unsigned __int128>(value);
  return Wide(value < 0 ? -bits : bits);
}

[[nodiscard]] inline double nearest_double(__int128 value) {
  const double result = magnitude(value).to_double();
  return value < 0 ? -result : result;
}

}  // namespace warpscore
