// SPDX-License-Identifier: Apache-2.0
// The two narrow formats, bfloat16 and binary16, in integer and binary32 operations alone.
//
// Widening is exact for every bit pattern, subnormals, infinities and NaN included, and the same on
// host and device. Rounding serves planted faults.
#pragma once

#include <cstdint>

#include "kernels/math.cuh"

namespace assay::kernels {

/// A bfloat16 number: the upper half of a binary32.
struct Bf16 {
  std::uint16_t bits;
};
/// An IEEE binary16 number.
struct Half {
  std::uint16_t bits;
};

__host__ __device__ inline float widen(float x) { return x; }
__host__ __device__ inline float widen(Bf16 x) {
  return math_detail::float_of(static_cast<unsigned>(x.bits) << 16);
}
/// The payload of a NaN is kept in the upper bits of the fraction.
__host__ __device__ inline float widen(Half x) {
  using math_detail::bits_of;
  using math_detail::float_of;
  const unsigned sign = (x.bits & 0x8000u) << 16;
  const unsigned exponent = (x.bits >> 10) & 31u, fraction = x.bits & 0x3ffu;
  if (exponent == 31u) return float_of(sign | 0x7f800000u | fraction << 13);
  if (exponent == 0u)  // a multiple of 2^-24, which binary32 holds exactly
    return float_of(sign | bits_of(static_cast<float>(static_cast<int>(fraction)) * 0x1p-24f));
  return float_of(sign | (exponent + 112u) << 23 | fraction << 13);
}

/// The binary16 number nearest to x (ties to even) as a binary32; infinities and NaN as in IEEE.
__host__ __device__ inline float round_to_half(float x) {
  using namespace math_detail;
  const float magnitude = x < 0.0f ? -x : x;
  if (!(magnitude < 65520.0f))  // halfway between the largest finite number and the next
    return x != x ? x : float_of(0x7f800000u | (bits_of(x) & 0x80000000u));
  if (magnitude < 0x1p-14f) {  // subnormal in binary16: multiples of 2^-24, the spacing at 0.5
    const float rounded = (magnitude + 0.5f) - 0.5f;
    return float_of((bits_of(rounded) & 0x7fffffffu) | (bits_of(x) & 0x80000000u));
  }
  const unsigned bits = bits_of(x);  // drop 13 of 23 fraction bits
  return float_of((bits + 0xfffu + ((bits >> 13) & 1u)) & ~0x1fffu);
}

/// x with its last `dropped` fraction bits rounded away (ties to even): 16 gives bfloat16, 13 the
/// precision of TF32 and binary16. NaN stays NaN.
__host__ __device__ inline float round_off(float x, int dropped) {
  using namespace math_detail;
  if (x != x) return x;
  const unsigned bits = bits_of(x), unit = 1u << dropped;
  return float_of((bits + (unit / 2 - 1) + ((bits >> dropped) & 1u)) & ~(unit - 1));
}
__host__ __device__ inline float round_to_bf16(float x) { return round_off(x, 16); }

}  // namespace assay::kernels
