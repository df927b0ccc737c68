// SPDX-License-Identifier: Apache-2.0
// exp, log and log1p from IEEE binary32 +, -, * and fma alone: the same bits on every machine.
//
// The library functions differ between glibc, CUDA and their versions; these do not, because every
// operation in them is correctly rounded by the standard. Powers of two are built from bits.
// Subnormal results and arguments are kept (IEEE gradual underflow), never flushed. Proved error
// bounds: kernels/math_bounds.hpp.
#pragma once

#include "kernels/portable.cuh"

namespace assay::kernels {

namespace math_detail {

__host__ __device__ inline unsigned bits_of(float x) { return __builtin_bit_cast(unsigned, x); }
__host__ __device__ inline float float_of(unsigned bits) { return __builtin_bit_cast(float, bits); }
/// 2^e for -126 <= e <= 127.
__host__ __device__ inline float power_of_two(int e) {
  return float_of(static_cast<unsigned>(e + 127) << 23);
}

// ln 2 in two parts. The first has 15 significant bits, so that its product with an exponent is
// exact; the second is what is missing, rounded.
inline constexpr float ln2_high = 0x1.62e4p-1f;
inline constexpr float ln2_low = 0x1.7f7d1cp-20f;

inline constexpr unsigned one_bits = 0x3f800000u;
inline constexpr unsigned sqrt_half_bits = 0x3f3504f3u;
inline constexpr unsigned exponent_bits = 0xff800000u;

/// For x = 2^k m with m in [sqrt(1/2), sqrt(2)): k as a multiple of the exponent's unit.
__host__ __device__ inline unsigned shifted_exponent(float x) {
  return (bits_of(x) - sqrt_half_bits) & exponent_bits;
}
__host__ __device__ inline float exponent_value(unsigned shifted) {
  return static_cast<float>(static_cast<int>(shifted) >> 23);
}

/// k ln 2 + ln(1+f) + low for f in [sqrt(1/2) - 1, sqrt(2) - 1] and a tiny low. The polynomial is a
/// minimax fit of (ln(1+f) - f + f^2/2)/f^3 with weight f^3/ln(1+f); its error is below 0.1 u. The
/// small terms are added first, so that what is lost is a fraction of an ulp of the result.
__host__ __device__ inline float log_reduced(float k, float f, float low) {
  float p = -0x1.38b57p-4f;
  p = fmaf(p, f, 0x1.055d6ep-3f);
  p = fmaf(p, f, -0x1.0d8632p-3f);
  p = fmaf(p, f, 0x1.22d9e8p-3f);
  p = fmaf(p, f, -0x1.547228p-3f);
  p = fmaf(p, f, 0x1.99a00ap-3f);
  p = fmaf(p, f, -0x1.000228p-2f);
  p = fmaf(p, f, 0x1.555554p-2f);
  p = fmaf(p, f, -0.5f);
  const float square = f * f;
  const float tail = fmaf(k, ln2_low, fmaf(square, p, low));
  return fmaf(k, ln2_high, f + tail);
}

}  // namespace math_detail

/// e^x. Overflows to +inf, underflows gradually to +0; NaN stays NaN.
__host__ __device__ inline float exp_f32(float x) {
  using namespace math_detail;
  if (x != x) return x;
  if (x < -104.0f) return 0.0f;  // e^x < 2^-150
  if (x > 89.0f) return float_of(0x7f800000u);
  // Adding 1.5 * 2^23 rounds to an integer and leaves it in the low bits.
  constexpr float shift = 0x1.8p23f;
  const float shifted = fmaf(x, 0x1.715476p+0f, shift);
  const float n = shifted - shift;
  const int e = static_cast<int>(bits_of(shifted)) - static_cast<int>(bits_of(shift));
  float r = fmaf(n, -ln2_high, x);
  r = fmaf(n, -ln2_low, r);
  // Minimax fit of (e^r - 1 - r)/r^2 for |r| <= ln(2)/2 with weight r^2/e^r, error 0.06 u.
  float p = 0x1.6a23dp-10f;
  p = fmaf(p, r, 0x1.123a2p-7f);
  p = fmaf(p, r, 0x1.5558f2p-5f);
  p = fmaf(p, r, 0x1.555492p-3f);
  p = fmaf(p, r, 0x1.fffffcp-2f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  // Two steps: 2^e itself may be out of range. Only the second can round, and only to a subnormal.
  const int half = e >> 1;
  return p * power_of_two(half) * power_of_two(e - half);
}

/// ln x for x >= 0; -inf at 0, +inf at +inf, NaN for a negative or NaN argument.
__host__ __device__ inline float log_f32(float x) {
  using namespace math_detail;
  if (!(x > 0.0f)) return x == 0.0f ? -float_of(0x7f800000u) : float_of(0x7fc00000u);
  if (x == float_of(0x7f800000u)) return x;
  float k = 0.0f;
  if (x < 0x1p-126f) {  // subnormal: scale into the normal range, exactly
    x *= 0x1p24f;
    k = -24.0f;
  }
  const unsigned shifted = shifted_exponent(x);
  return log_reduced(k + exponent_value(shifted), float_of(bits_of(x) - shifted) - 1.0f, 0.0f);
}

/// ln(1+x) for x >= 0 with a small relative error however small x is; NaN for a negative or NaN
/// argument.
__host__ __device__ inline float log1p_f32(float x) {
  using namespace math_detail;
  if (!(x >= 0.0f)) return float_of(0x7fc00000u);
  if (x > 0x1p25f) return log_f32(x);  // ln(1+x) - ln x < 1/x < 2^-25, far below an ulp
  // 1+x = 2^k (1+f): the rounded sum only chooses k. f is x 2^-k + (2^-k - 1) from exact parts;
  // what its rounding loses (nothing when k = 0) is recovered exactly (two-sum) and added at the
  // end, where the derivative 1/(1+f) may be taken for 1.
  const unsigned shifted = shifted_exponent(1.0f + x);
  const float scale = float_of(one_bits - shifted);
  const float first = x * scale, second = scale - 1.0f;
  const float f = first + second;
  const float back = f - first;
  const float lost = (first - (f - back)) + (second - back);
  return log_reduced(exponent_value(shifted), f, lost);
}

}  // namespace assay::kernels
