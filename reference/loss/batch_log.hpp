// SPDX-License-Identifier: Apache-2.0
// log1p and log in double with a proved error, so that no bound rests on the C library.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

#include "reference/loss/upward.hpp"

namespace assay::reference {

// Proved error of the two functions below, v the computed value, u = 2^-53:
//   |v - exact| <= u * min(log_error_relative |v|, log_error_slope |v| + log_error_offset).
// Derivation: docs/loss/info_nce-enclosure.md, section "logarithm".
inline constexpr double log_error_relative = 6.0;
inline constexpr double log_error_slope = 1.01;
inline constexpr double log_error_offset = 1.65;

/// min(6 |v|, 1.01 |v| + 1.65), rounded upward: the error of v in roundoffs.
inline double log_error_weight_up(double v) {
  const double magnitude = std::fabs(v);
  const double relative = multiply_up(log_error_relative, magnitude);
  const double affine = add_up(multiply_up(log_error_slope, magnitude), log_error_offset);
  return relative < affine ? relative : affine;
}

namespace detail {

/// Bits of the double nearest sqrt(1/2): where the significand of an argument is split.
inline constexpr std::uint64_t sqrt_half_bits = 0x3fe6a09e667f3bcdULL;

/// (atanh(s)/s - 1)/z for z = s^2: 1/3 + z/5 + ... + z^9/21, by Horner and fma.
inline double atanh_series(double z) {
  double q = 1.0 / 21;
  q = std::fma(q, z, 1.0 / 19);
  q = std::fma(q, z, 1.0 / 17);
  q = std::fma(q, z, 1.0 / 15);
  q = std::fma(q, z, 1.0 / 13);
  q = std::fma(q, z, 1.0 / 11);
  q = std::fma(q, z, 1.0 / 9);
  q = std::fma(q, z, 1.0 / 7);
  q = std::fma(q, z, 1.0 / 5);
  return std::fma(q, z, 1.0 / 3);
}

/// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)), by 2 atanh(s), s = f / (2 + f); relative error at
/// most 3.2 u.
inline double log_near_one(double f) {
  const double s = f / (2.0 + f);
  const double z = s * s;
  return std::fma(2.0 * s * z, atanh_series(z), 2.0 * s);
}

/// log(2^k m (1 + tail / (2^k m))) for h = 2^k m normal, m in [sqrt(1/2), sqrt(2)).
/// `tail` is what h lacks of the true argument; when k is 0 the argument is 1 + `if_near_one`.
inline double log_split(double h, double tail, double if_near_one) {
  constexpr double log2_high = 0x1.62e42feep-1;  // 32 bits: k * log2_high is exact for |k| < 2^21
  constexpr double log2_low = 0x1.a39ef35793c76p-33;
  const auto bits = std::bit_cast<std::uint64_t>(h);
  const auto k = static_cast<std::int64_t>(bits - sqrt_half_bits) >> 52;
  if (k == 0) return log_near_one(if_near_one);
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  const double f = (m - 1.0) + std::ldexp(tail, static_cast<int>(-k));
  const double n = static_cast<double>(k);
  return n * log2_high + std::fma(n, log2_low, log_near_one(f));
}

}  // namespace detail

/// log(1 + x) for 0 <= x <= 2^1012 with the error stated above; 0 for x = 0.
inline double log1p_proved(double x) {
  const double h = 1.0 + x;
  const double tail = x < 1.0 ? x - (h - 1.0) : 1.0 - (h - x);  // exact: 1 + x = h + tail
  return detail::log_split(h, tail, x);
}

/// log(x) for normal x > 0 with the error stated above.
inline double log_proved(double x) { return detail::log_split(x, 0.0, x - 1.0); }

}  // namespace assay::reference
