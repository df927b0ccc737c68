// SPDX-License-Identifier: Apache-2.0
// The exponential and the logarithms of the split tier: results as two doubles, proved errors.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>

#include "reference/loss/batch_exp.hpp"
#include "reference/loss/batch_log.hpp"
#include "reference/loss/pair.hpp"

namespace assay::reference {

/// log2(e) = log2_e + log2_e_low up to 2^-109.
inline constexpr double log2_e_low = 0x1.777d0ffda0d24p-56;
/// log 2 = exp2_coefficients[1] + log_2_low up to 2^-110.
inline constexpr double log_2_low = 0x1.abc9e3b39803fp-56;

/// Proved bound of the relative error of `exp2_split`, in units of u, round to nearest.
inline constexpr double exp2_split_error_in_roundoffs = 0.4;

/// 2^(t + tail) for |t| <= exp2_domain - 1 and |tail| <= half an ulp of t: v + w with a relative
/// error of at most 0.4 u and |w| <= 2^-43 v. As `exp2_proved`, but the linear term of the
/// polynomial, its sum with 1 and the argument's tail keep what rounding would lose. Derivation:
/// docs/loss/info_nce-split.md, section "exponential".
inline void exp2_split(double t, double tail, double& v, double& w) {
  constexpr double magic = 0x1.8p52;
  constexpr double log_2 = exp2_coefficients[1];
  const double shifted = t + magic;
  const double r = t - (shifted - magic);
  double q = exp2_coefficients[exp2_degree];
  q = std::fma(q, r, exp2_coefficients[12]);
  q = std::fma(q, r, exp2_coefficients[11]);
  q = std::fma(q, r, exp2_coefficients[10]);
  q = std::fma(q, r, exp2_coefficients[9]);
  q = std::fma(q, r, exp2_coefficients[8]);
  q = std::fma(q, r, exp2_coefficients[7]);
  q = std::fma(q, r, exp2_coefficients[6]);
  q = std::fma(q, r, exp2_coefficients[5]);
  q = std::fma(q, r, exp2_coefficients[4]);
  q = std::fma(q, r, exp2_coefficients[3]);
  q = std::fma(q, r, exp2_coefficients[2]);
  const double linear = r * log_2;
  const double lost = std::fma(r, log_2_low, std::fma(r, log_2, -linear));
  const double curved = std::fma(r * r, q, lost);
  const double y = linear + curved;  // 2^r - 1, and what the two additions lose:
  const double y_low = curved - (y - linear);
  const double one = 1.0 + y;
  const double one_low = y - (one - 1.0);
  const double low = std::fma(one, tail * log_2, one_low + y_low);
  const std::uint64_t exponent = std::bit_cast<std::uint64_t>(shifted) << 52;
  v = std::bit_cast<double>(std::bit_cast<std::uint64_t>(one) + exponent);
  w = low * std::bit_cast<double>(std::bit_cast<std::uint64_t>(1.0) + exponent);
}

/// Proved error of the two logarithms below, v the result: u/8 min(|v|, 1/2). Derivation:
/// docs/loss/info_nce-split.md, section "logarithm".
inline constexpr double split_log_error_in_roundoffs = 0.125;
inline double split_log_error_weight_up(double v) {
  return std::min(std::fabs(v), 0.5) * split_log_error_in_roundoffs;  // exact but for the product
}

namespace detail {

/// log(1 + f) for 1 + f in [sqrt(1/2), sqrt(2)): 2 atanh(s), s = f / (2 + f) a pair.
inline Pair log_near_one(Pair f) {
  const Pair two_plus = add({2.0, 0.0}, f);
  const Pair s = divide(f, two_plus);
  const double z = s.high * s.high;
  const Pair sum = fast_two_sum(2.0 * s.high, 2.0 * s.high * z * atanh_series(z));
  return fast_two_sum(sum.high, sum.low + 2.0 * s.low);
}

/// n log 2 up to 17 u^2 |n|.
inline Pair times_log_2(double n) { return multiply({n, 0.0}, {exp2_coefficients[1], log_2_low}); }

/// log of the pair h; when h is near 1 it is 1 + `if_near_one`.
inline Pair log_split(Pair h, Pair if_near_one) {
  const auto bits = std::bit_cast<std::uint64_t>(h.high);
  const auto k = static_cast<std::int64_t>(bits - sqrt_half_bits) >> 52;
  if (k == 0) return log_near_one(if_near_one);
  const double m = std::bit_cast<double>(bits - (static_cast<std::uint64_t>(k) << 52));
  const Pair f = two_sum(m - 1.0, std::ldexp(h.low, static_cast<int>(-k)));
  return add(times_log_2(static_cast<double>(k)), log_near_one(f));
}

}  // namespace detail

/// log(1 + x) for a normalised pair 0 <= x <= 2^1000.
inline Pair log1p_split(Pair x) { return detail::log_split(add({1.0, 0.0}, x), x); }
/// log(x) for a normalised pair 2^-1000 <= x <= 2^1000.
inline Pair log_split(Pair x) { return detail::log_split(x, add({-1.0, 0.0}, x)); }

}  // namespace assay::reference
