// SPDX-License-Identifier: Apache-2.0
// A second exponential, through powers of two, for the correct variants; and two bad ones.
#pragma once

#include "kernels/math.cuh"

namespace assay::kernels {

/// e^x as 2^(x log2 e). The product is formed in two parts, so that the integer part costs no
/// accuracy however large it is. Same range and special values as exp_f32, other last bits.
__host__ __device__ inline float exp_base2_f32(float x) {
  using namespace math_detail;
  if (x != x) return x;
  if (x < -104.0f) return 0.0f;
  if (x > 89.0f) return float_of(0x7f800000u);
  constexpr float log2e_high = 0x1.715476p+0f, log2e_low = 0x1.4ae0cp-26f;
  const float product = x * log2e_high;
  const float lost = fmaf(x, log2e_low, fmaf(x, log2e_high, -product));
  constexpr float shift = 0x1.8p23f;
  const float n = (product + shift) - shift;
  const float f = (product - n) + lost;  // the difference is exact
  // 2^f = e^(f ln 2): the coefficients of exp_f32, which are good for |r| <= ln(2)/2.
  const float r = f * 0x1.62e43p-1f;
  float p = 0x1.6a23dp-10f;
  p = fmaf(p, r, 0x1.123a2p-7f);
  p = fmaf(p, r, 0x1.5558f2p-5f);
  p = fmaf(p, r, 0x1.555492p-3f);
  p = fmaf(p, r, 0x1.fffffcp-2f);
  p = fmaf(p, r, 1.0f);
  p = fmaf(p, r, 1.0f);
  const int e = static_cast<int>(n), half = e >> 1;
  return p * power_of_two(half) * power_of_two(e - half);
}

/// Planted fault: the same with a polynomial of degree 3, relative error up to 7e-4.
__host__ __device__ inline float exp_cubic_f32(float x) {
  using namespace math_detail;
  if (!(x >= -104.0f && x <= 89.0f)) return exp_f32(x);
  constexpr float shift = 0x1.8p23f;
  const float n = fmaf(x, 0x1.715476p+0f, shift) - shift;
  const float r = fmaf(n, -ln2_low, fmaf(n, -ln2_high, x));
  const float p = fmaf(fmaf(fmaf(0x1.555556p-3f, r, 0.5f), r, 1.0f), r, 1.0f);
  const int e = static_cast<int>(n), half = e >> 1;
  return p * power_of_two(half) * power_of_two(e - half);
}

/// Planted fault: log2 e taken as 1.4427.
__host__ __device__ inline float exp_short_constant_f32(float x) {
  return exp_base2_f32(x * (1.4427f * 0x1.62e43p-1f));
}

}  // namespace assay::kernels
