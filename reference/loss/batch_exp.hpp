// SPDX-License-Identifier: Apache-2.0
// A base-2 exponential in double with a proved error, in a form that compilers vectorise.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>

namespace assay::reference {

/// log2(e) rounded to double: relative error below 0.13 * 2^-53.
inline constexpr double log2_e = 0x1.71547652b82fep+0;

/// Proved bound of the relative error of `exp2_proved`, in units of 2^-53, round to nearest.
inline constexpr double exp2_error_in_roundoffs = 1.4;
/// `exp2_proved` is proved for arguments up to this size.
inline constexpr double exp2_domain = 1021.0;

/// Taylor coefficients of 2^r, (log 2)^k / k!, each rounded to double.
inline constexpr double exp2_coefficients[] = {0x1p+0,
                                               0x1.62e42fefa39efp-1,
                                               0x1.ebfbdff82c58fp-3,
                                               0x1.c6b08d704a0c0p-5,
                                               0x1.3b2ab6fba4e77p-7,
                                               0x1.5d87fe78a6731p-10,
                                               0x1.430912f86c787p-13,
                                               0x1.ffcbfc588b0c7p-17,
                                               0x1.62c0223a5c824p-20,
                                               0x1.b5253d395e7c4p-24,
                                               0x1.e4cf5158b8ecap-28,
                                               0x1.e8cac7351bb25p-32,
                                               0x1.c3bd650fc2986p-36,
                                               0x1.816193166d0f9p-40};
inline constexpr int exp2_degree = 13;

/// 2^t for |t| <= exp2_domain, |result - 2^t| <= exp2_error_in_roundoffs * 2^-53 * 2^t (in round to
/// nearest). t = k + r with k the nearest integer and r exact; 2^r by its Taylor polynomial in
/// Horner form; k is added to the exponent. No branch, no table, no division. Derivation:
/// docs/loss/info_nce-enclosure.md, section "exponential".
inline double exp2_proved(double t) {
  constexpr double magic = 0x1.8p52;  // adding it leaves round(t) in the low bits
  const double shifted = t + magic;
  const double r = t - (shifted - magic);
  double p = exp2_coefficients[exp2_degree];
  p = std::fma(p, r, exp2_coefficients[12]);
  p = std::fma(p, r, exp2_coefficients[11]);
  p = std::fma(p, r, exp2_coefficients[10]);
  p = std::fma(p, r, exp2_coefficients[9]);
  p = std::fma(p, r, exp2_coefficients[8]);
  p = std::fma(p, r, exp2_coefficients[7]);
  p = std::fma(p, r, exp2_coefficients[6]);
  p = std::fma(p, r, exp2_coefficients[5]);
  p = std::fma(p, r, exp2_coefficients[4]);
  p = std::fma(p, r, exp2_coefficients[3]);
  p = std::fma(p, r, exp2_coefficients[2]);
  p = std::fma(p, r, exp2_coefficients[1]);
  p = std::fma(p, r, exp2_coefficients[0]);
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(p) +
                               (std::bit_cast<std::uint64_t>(shifted) << 52));
}

/// v[k] <- 2^fl(v[k] * scale), in place.
inline void exp2_scaled(double* __restrict v, std::int64_t count, double scale) {
  for (std::int64_t k = 0; k < count; ++k) v[k] = exp2_proved(v[k] * scale);
}

}  // namespace assay::reference
