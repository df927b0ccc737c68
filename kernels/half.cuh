// SPDX-License-Identifier: Apache-2.0
// Rounding to binary16 in binary32 arithmetic; used by a planted fault.
#pragma once

#include "kernels/math.cuh"

namespace assay::kernels {

/// The binary16 number nearest to x (ties to even) as a binary32; infinities and NaN as in IEEE.
__host__ __device__ inline float round_to_half(float x) {
  using namespace math_detail;
  const float magnitude = x < 0.0f ? -x : x;
  if (!(magnitude < 65520.0f))  // halfway between the largest finite number and the next
    return x != x ? x : float_of(0x7f800000u | (bits_of(x) & 0x80000000u));
  if (magnitude < 0x1p-14f) {  // subnormal in binary16: multiples of 2^-24, the spacing at 0.5
    const float rounded = (magnitude + 0.5f) - 0.5f;
    return x < 0.0f ? -rounded : rounded;
  }
  const unsigned bits = bits_of(x);  // drop 13 of 23 fraction bits
  return float_of((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu);
}

}  // namespace assay::kernels
