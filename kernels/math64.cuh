// SPDX-License-Identifier: Apache-2.0
// exp, log, sine and cosine from IEEE binary64 +, -, *, / and fma alone: the same bits on every
// machine.
//
// For samplers, whose laws need more than binary32 and less than the last bit: errors are bounded
// with room to spare (stated at each function; polynomial remainder plus the roundings, in units of
// the last place of binary64), and the tests hold them against enclosures.
#pragma once

#include <cstdint>

#include "kernels/portable.cuh"

namespace assay::kernels {

namespace math64_detail {

__host__ __device__ inline std::uint64_t bits_of(double x) {
  return __builtin_bit_cast(std::uint64_t, x);
}
__host__ __device__ inline double double_of(std::uint64_t bits) {
  return __builtin_bit_cast(double, bits);
}

// ln 2 in two parts, the first with 32 significant bits, so that its product with an exponent is
// exact.
inline constexpr double ln2_high = 0x1.62e42feep-1, ln2_low = 0x1.a39ef35793c76p-33;
inline constexpr double log2_e = 0x1.71547652b82fep+0;
inline constexpr double infinity64 = __builtin_huge_val();

/// e^r for |r| <= ln(2)/2 (1 + 2^-40): Taylor, remainder below r^12/12! < 2^-47 e^r.
__host__ __device__ inline double exp_reduced(double r) {
  double p = 1.0 / 39916800;
  p = fma(p, r, 1.0 / 3628800);
  p = fma(p, r, 1.0 / 362880);
  p = fma(p, r, 1.0 / 40320);
  p = fma(p, r, 1.0 / 5040);
  p = fma(p, r, 1.0 / 720);
  p = fma(p, r, 1.0 / 120);
  p = fma(p, r, 1.0 / 24);
  p = fma(p, r, 1.0 / 6);
  p = fma(p, r, 0.5);
  p = fma(p, r, 1.0);
  return fma(p, r, 1.0);
}

/// Adding it rounds to an integer, which is left in the low bits.
inline constexpr double rounding_shift = 0x1.8p52;

struct ReducedExponent {
  double r;            ///< x - n ln 2
  std::uint64_t high;  ///< n, as a multiple of the exponent's unit, modulo 2^64
};
/// For |x| < 2^20.
__host__ __device__ inline ReducedExponent reduce_exponent(double x) {
  const double shifted = fma(x, log2_e, rounding_shift);
  const double n = shifted - rounding_shift;
  return {fma(n, -ln2_low, fma(n, -ln2_high, x)), bits_of(shifted) << 52};
}

}  // namespace math64_detail

/// e^x for x <= 0, relative error below 2^-46; 0 for x < -708 (and for -inf). No NaN.
__host__ __device__ inline double exp_negative_f64(double x) {
  using namespace math64_detail;
  if (x < -708.0) return 0.0;
  const ReducedExponent e = reduce_exponent(x);
  return double_of(bits_of(exp_reduced(e.r)) + e.high);
}

/// The integer nearest to 2^51 e^x for x <= 0 (which may be -inf), from e^x with a relative error
/// below 2^-46. No branch, so that loops over it vectorise.
__host__ __device__ inline std::uint64_t scaled_exp_f64(double x) {
  using namespace math64_detail;
  x = x > -40.0 ? x : -40.0;  // 2^51 e^-40 < 1/100
  const ReducedExponent e = reduce_exponent(x);
  const double scaled = double_of(bits_of(exp_reduced(e.r)) + e.high + (std::uint64_t{51} << 52));
  return bits_of(scaled + 0x1p52) - bits_of(0x1p52);
}

/// ln x for positive normal x, relative error below 2^-49; exactly 0 at 1.
__host__ __device__ inline double log_f64(double x) {
  using namespace math64_detail;
  constexpr std::uint64_t sqrt_half = 0x3fe6a09e00000000ull, exponents = 0xfff0000000000000ull;
  const std::uint64_t shifted = (bits_of(x) - sqrt_half) & exponents;
  const double k = static_cast<double>(static_cast<std::int64_t>(shifted) >> 52);
  const double f = double_of(bits_of(x) - shifted) - 1.0;  // exact, |f| < 0.42
  // ln(1+f) = 2 artanh(s), s = f/(2+f), |s| < 0.172: the series in s^2, remainder below 2^-60 s.
  const double s = f / (2.0 + f), z = s * s;
  double p = 2.0 / 21;
  p = fma(p, z, 2.0 / 19);
  p = fma(p, z, 2.0 / 17);
  p = fma(p, z, 2.0 / 15);
  p = fma(p, z, 2.0 / 13);
  p = fma(p, z, 2.0 / 11);
  p = fma(p, z, 2.0 / 9);
  p = fma(p, z, 2.0 / 7);
  p = fma(p, z, 2.0 / 5);
  p = fma(p, z, 2.0 / 3);
  return fma(k, ln2_high, fma(k, ln2_low, fma(p * z, s, 2.0 * s)));
}

struct SineCosine {
  double sine, cosine;
};
/// Of 2 pi v for v = i 2^-53, 0 <= i < 2^53; absolute error below 2^-50.
__host__ __device__ inline SineCosine sine_cosine_turns(double v) {
  const double quarter = fma(v, 4.0, 0x1.8p52) - 0x1.8p52;  // nearest, 0 to 4
  const double y = fma(quarter, -0.25, v) * 0x1.921fb54442d18p+2;
  const double z = y * y;
  double s = -1.0 / 1307674368000;
  s = fma(s, z, 1.0 / 6227020800);
  s = fma(s, z, -1.0 / 39916800);
  s = fma(s, z, 1.0 / 362880);
  s = fma(s, z, -1.0 / 5040);
  s = fma(s, z, 1.0 / 120);
  s = fma(s, z, -1.0 / 6);
  s = fma(s * z, y, y);
  double c = 1.0 / 20922789888000;
  c = fma(c, z, -1.0 / 87178291200);
  c = fma(c, z, 1.0 / 479001600);
  c = fma(c, z, -1.0 / 3628800);
  c = fma(c, z, 1.0 / 40320);
  c = fma(c, z, -1.0 / 720);
  c = fma(c, z, 1.0 / 24);
  c = fma(c, z, -0.5);
  c = fma(c, z, 1.0);
  switch (static_cast<int>(quarter) & 3) {
    case 0: return {s, c};
    case 1: return {c, -s};
    case 2: return {-s, -c};
    default: return {-c, s};
  }
}

}  // namespace assay::kernels
