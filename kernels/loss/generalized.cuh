// SPDX-License-Identifier: Apache-2.0
// The generalized contrastive loss with explicit negatives: one warp per tuple, binary32.
//
//  K1. s = x.y as one chain of fma over the coordinates in rising order, from 0; u = s inv_tau.
//  K2. t_i = u(z, z_i^-) - u(z, z^+). Lane l has the negatives l, l + 32, ...
//  K3. info_nce: m = the largest t_i, and 0 where alpha > 0; a lane adds exp(t_i - m) in rising i.
//      The others: a lane adds max(t_i + margin, 0), softplus(t_i) = max(t_i, 0) +
//      log1p(exp(-|t_i|)), or t_i.
//  K4. The lanes are added by an xor tree (16, 8, 4, 2, 1); mean: divided by k. info_nce:
//      m + log(alpha exp(-m) + sum), the inner sum one fma.
//
// exp, log, log1p: kernels/math.cuh.
#pragma once

#include "kernels/loss/generalized.hpp"
#include "kernels/math.cuh"
#include "kernels/portable.cuh"

namespace assay::kernels::generalized {

inline constexpr int warps_per_block = 4;
inline constexpr unsigned all_lanes = 0xffffffffu;
inline constexpr float lowest = -__builtin_huge_valf();

/// K1.
__host__ __device__ inline float scaled_product(const float* x, const float* y,
                                                std::int64_t dimension, float inv_tau) {
  float s = 0;
  for (std::int64_t a = 0; a < dimension; ++a) s = fmaf(x[a], y[a], s);
  return s * inv_tau;
}

/// The larger one; NaN if either is.
__host__ __device__ inline float larger(float a, float b) { return a > b || a != a ? a : b; }

/// One argument of the losses that are sums over the negatives, K3.
__host__ __device__ inline float term_of(const GeneralizedLoss& loss, float t) {
  if (loss.psi == GeneralizedLoss::Psi::hinge) return larger(t + loss.margin, 0.0f);
  if (loss.psi == GeneralizedLoss::Psi::softplus)
    return larger(t, 0.0f) + log1p_f32(exp_f32(t > 0.0f ? -t : t));
  return t;
}

__host__ __device__ inline bool has_maximum(const GeneralizedLoss& loss) {
  return loss.psi == GeneralizedLoss::Psi::info_nce;
}
/// What the maximum starts from: the loss constant is the term exp(0) alpha.
__host__ __device__ inline float first_maximum(const GeneralizedLoss& loss) {
  return loss.alpha > 0.0f ? 0.0f : lowest;
}

/// K4, after the tree.
__host__ __device__ inline float concluded(const GeneralizedLoss& loss, float sum, float maximum,
                                           std::int64_t k) {
  const float all = loss.over == GeneralizedLoss::Over::mean ? sum / static_cast<float>(k) : sum;
  if (!has_maximum(loss)) return all;
  return maximum + log_f32(fmaf(loss.alpha, exp_f32(-maximum), all));
}

/// Tuples whose pointers are readable where the kernel runs.
struct Problem {
  const float* points;
  std::int64_t dimension;
  const std::int64_t *pairs, *negatives;
  std::int64_t tuples, k;
  GeneralizedLoss loss;

  __host__ __device__ const float* point(std::int64_t index) const {
    return points + index * dimension;
  }
};

/// K2 of one negative.
__host__ __device__ inline float argument_of(const Problem& q, std::int64_t tuple, std::int64_t i,
                                             float positive) {
  return scaled_product(q.point(q.pairs[2 * tuple]), q.point(q.negatives[tuple * q.k + i]),
                        q.dimension, q.loss.inv_tau) -
         positive;
}
__host__ __device__ inline float positive_of(const Problem& q, std::int64_t tuple) {
  return scaled_product(q.point(q.pairs[2 * tuple]), q.point(q.pairs[2 * tuple + 1]), q.dimension,
                        q.loss.inv_tau);
}

// Static: nvcc's host stub of a kernel bears the kernel's name, the emulated kernel does too.
static __global__ void __launch_bounds__(32 * warps_per_block)
    tuple_losses(Problem q, float* row_loss) {
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t tuple = static_cast<std::int64_t>(blockIdx.x) * warps_per_block + threadIdx.y;
  if (tuple >= q.tuples) return;  // the whole warp
  const float positive = positive_of(q, tuple);

  float maximum = first_maximum(q.loss);
  if (has_maximum(q.loss)) {
    for (std::int64_t i = lane; i < q.k; i += 32)
      maximum = larger(argument_of(q, tuple, i, positive), maximum);
    for (int offset = 16; offset > 0; offset /= 2)
      maximum = larger(__shfl_xor_sync(all_lanes, maximum, offset), maximum);
  }
  float sum = 0;
  for (std::int64_t i = lane; i < q.k; i += 32) {
    const float t = argument_of(q, tuple, i, positive);
    sum += has_maximum(q.loss) ? exp_f32(t - maximum) : term_of(q.loss, t);
  }
  for (int offset = 16; offset > 0; offset /= 2) sum += __shfl_xor_sync(all_lanes, sum, offset);
  if (lane == 0) row_loss[tuple] = concluded(q.loss, sum, maximum, q.k);
}

/// All tuples. The pointers must be readable, `row_loss` writable, where the kernel runs.
inline void launch_losses(const Problem& q, float* row_loss) {
  if (q.tuples == 0) return;  // no grid is empty
  const auto blocks = static_cast<unsigned>((q.tuples + warps_per_block - 1) / warps_per_block);
  launch(tuple_losses, dim3(blocks), dim3(32, warps_per_block), 0, q, row_loss);
}

inline Problem problem_of(const TupleArguments& a, const float* points, const std::int64_t* pairs,
                          const std::int64_t* negatives) {
  return {points, a.dimension, pairs, negatives, a.tuples, a.k, a.loss};
}

}  // namespace assay::kernels::generalized
