// Probability from a margin, with an exp of our own so that host and device give the same bits.
//
// Why     libm's and CUDA's exp differ in last bits, and between versions of either.
// Method  only + - * / and bit operations in one fixed order; exp(x) = 2^k * exp(r), |r| <= ln2 /
// 2,
//         with ln2 in two parts and a polynomial of degree 13; within 1 ulp of the true value.
// Edges   +inf gives 1, below -708 gives 0, NaN gives NaN (missing stays missing).
// Order   sigmoid never falls while the margin grows: 1 / (1 + e) is built of monotone steps.
#pragma once

#include <bit>
#include <cstdint>

#include "base/host_device.h"

namespace warpscore {

inline constexpr double kExpArgumentMax =
    708.0;  // exp of it, and of its negative, is a normal double

// REQUIRES: |x| <= kExpArgumentMax.
WARPSCORE_HD constexpr double exp_in_range(double x) {
  constexpr double kLog2E = 1.4426950408889634;
  constexpr double kLn2High = 0.693147180369123816490;  // its last 20 bits are 0: k * it is exact
  constexpr double kLn2Low = 1.90821492927058770002e-10;
  constexpr double kRound = 6755399441055744.0;  // 1.5 * 2^52: adding it rounds to an integer

  const double k = (x * kLog2E + kRound) - kRound;
  const double high = x - k * kLn2High;
  const double low = k * kLn2Low;
  const double r = high - low;
  const double error = (high - r) - low;  // what rounding took from r

  double p = 1.0 / 6227020800.0;  // the Taylor series, 1/13! first
  p = p * r + 1.0 / 479001600.0;
  p = p * r + 1.0 / 39916800.0;
  p = p * r + 1.0 / 3628800.0;
  p = p * r + 1.0 / 362880.0;
  p = p * r + 1.0 / 40320.0;
  p = p * r + 1.0 / 5040.0;
  p = p * r + 1.0 / 720.0;
  p = p * r + 1.0 / 120.0;
  p = p * r + 1.0 / 24.0;
  p = p * r + 1.0 / 6.0;
  p = p * r + 0.5;
  const double fraction = 1.0 + (r + (p * (r * r) + error));

  const std::int64_t exponent = static_cast<std::int64_t>(k) + 1023;
  return fraction * std::bit_cast<double>(exponent << 52);
}

WARPSCORE_HD constexpr double sigmoid(double margin) {
  if (margin != margin) return margin;
  if (margin < -kExpArgumentMax) return 0.0;
  if (margin > kExpArgumentMax) return 1.0;
  return 1.0 / (1.0 + exp_in_range(-margin));
}

}  // namespace warpscore
