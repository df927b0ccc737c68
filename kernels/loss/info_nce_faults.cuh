// SPDX-License-Identifier: Apache-2.0
// How the InfoNCE kernels are altered: planted faults and correct variants, chosen at run time.
//
// Kernels take a policy. `Plain` answers every question with a constant `false`, so that nothing
// of what follows is left in the compiled kernel; it is the only one compiled for a device.
// `Altered` looks: one more instance of every kernel serves all faults and all variants. What is
// wrong before a kernel starts (strides, upstream gradients) is in info_nce_planted.hpp.
#pragma once

#include "kernels/half.cuh"
#include "kernels/math_base2.cuh"
#include "kernels/planted.hpp"
#include "kernels/variant.hpp"

namespace assay::kernels::info_nce {

struct Plain {
  static constexpr bool tensor_core = false;
  __host__ __device__ static constexpr bool is(Planted) { return false; }
  __host__ __device__ static constexpr bool is(Variant) { return false; }
};

struct Altered {
  static constexpr bool tensor_core = false;
  Planted fault = Planted::none;
  Variant variant = Variant::stated;
  __host__ __device__ constexpr bool is(Planted f) const { return fault == f; }
  __host__ __device__ constexpr bool is(Variant v) const { return variant == v; }
};

template <class Policy>
__device__ inline float exponential(const Policy& policy, float x) {
  if (policy.is(Variant::base2_exponential)) return exp_base2_f32(x);
  if (policy.is(Planted::log2e_truncated)) return exp_short_constant_f32(x);
  if (policy.is(Planted::exponential_cubic)) return exp_cubic_f32(x);
  return exp_f32(x);
}

/// A logit from its dot product.
template <class Policy>
__device__ inline float logit(const Policy& policy, float c, float inv_tau, bool positive) {
  float v = c * inv_tau;
  if (policy.is(Planted::logits_in_bf16)) v = round_to_bf16(v);
  if (policy.is(Planted::logits_in_half)) v = round_to_half(v);
  if (policy.is(Planted::positive_in_bf16) && positive) v = round_to_bf16(v);
  if (policy.is(Planted::negatives_in_tf32) && !positive) v = round_off(v, 13);
  return v;
}

/// A row sum that is kept in a format.
template <class Policy>
__device__ inline float kept_sum(const Policy& policy, float sum) {
  if (policy.is(Planted::row_sum_in_half)) sum = round_to_half(sum);
  if (policy.is(Planted::row_sum_in_bf16)) sum = round_to_bf16(sum);
  return sum;
}

/// True if the shift of the exponentials is a constant, `starting_maximum`, and no maximum.
template <class Policy>
__device__ inline bool shift_is_fixed(const Policy& policy) {
  return policy.is(Planted::maximum_not_subtracted) || policy.is(Planted::fixed_shift);
}
template <class Policy>
__device__ inline float starting_maximum(const Policy& policy, float inv_tau) {
  if (policy.is(Planted::maximum_not_subtracted)) return 0.0f;
  if (policy.is(Planted::fixed_shift)) return inv_tau;
  return -math_detail::float_of(0x7f800000u);
}

/// The place of a column in a sweep.
struct Place {
  bool positive, self;          ///< partner of the row; the row itself (joint block)
  bool last_column;             ///< of all columns
  bool last_tile, middle_tile;  ///< of the sweep
};

/// Whether a column counts as a negative; by rights: neither the positive nor the row itself.
template <bool joint, class Policy>
__device__ inline bool counts_as_negative(const Policy& policy, const Place& at) {
  bool negative = !at.positive && !at.self;
  const bool masked = joint ? at.self : at.positive;
  if (policy.is(Planted::diagonal_mask_dropped)) negative = negative || masked;
  if (policy.is(Planted::diagonal_mask_lost_in_last_tile))
    negative = negative || (masked && at.last_tile);
  if (policy.is(Planted::positive_counted_twice)) negative = negative || at.positive;
  if (policy.is(Planted::additive_mask_finite)) negative = negative || masked;
  if (policy.is(Planted::self_share_constant)) negative = negative || at.self;
  if (policy.is(Planted::last_column_dropped)) negative = negative && !at.last_column;
  if (policy.is(Planted::middle_tile_skipped)) negative = negative && !at.middle_tile;
  return negative;
}

/// The denominator, a sum relative to the shift, before its logarithm or reciprocal is taken.
template <class Policy>
__device__ inline float kept_denominator(const Policy& policy, float x) {
  if (policy.is(Planted::epsilon_in_log)) x = x + 0x1p-20f;
  return x;
}

/// A gradient coefficient before it is used.
template <class Policy>
__device__ inline float kept_coefficient(const Policy& policy, float w) {
  if (policy.is(Planted::coefficient_in_bf16)) w = round_to_bf16(w);
  if (policy.is(Planted::coefficient_in_three_bits)) w = round_off(w, 21);
  return w;
}

/// A gradient (also the temperature's) before it is written.
template <class Policy>
__device__ inline float kept_gradient(const Policy& policy, float g) {
  if (policy.is(Planted::zero_gradient)) g = 0.0f;
  if (policy.is(Planted::half_gradient)) g = g * 0.5f;
  if (policy.is(Planted::gradient_three_percent)) g = g * 1.03f;
  return g;
}

}  // namespace assay::kernels::info_nce
