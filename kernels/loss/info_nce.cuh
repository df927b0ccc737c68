// SPDX-License-Identifier: Apache-2.0
// The tiled InfoNCE forward kernel, algorithm "tiled-online-log1p".
//
// Every operation is an IEEE binary32 addition, subtraction, multiplication or fused multiply-add
// in a fixed order, so the result is the same bit for bit on every machine and under every
// schedule. The N x N matrix of logits is never stored. The algorithm, which the error budget of
// the contract is derived from:
//
//  1. inv_tau = 1/temperature in binary64, rounded once to binary32 (on the host). Inputs are
//     binary32, or bfloat16 or binary16 widened exactly.
//  2. A block of 32 x 8 threads owns 32 rows (4 per warp) and sweeps the keys in tiles of 32, one
//     key per lane; coordinates are staged in chunks of 32 in shared memory, padded with zeros.
//  3. c_ij: fma chain over k = 0..d-1 in increasing order from +0. s_ij = c_ij * inv_tau, rounded.
//  4. One direction: rows a_i, keys b_j, positive j = i. Joint block: rows and keys are [a; b], the
//     self-pair j = i is left out by index, positive j = (i + N) mod 2N.
//  5. The positive logit p is kept apart. Each lane keeps (m, sum) over the negatives it sees, in
//     increasing j: if v > m: sum = fma(sum, exp(m - v), 1), m = v; otherwise sum += exp(v - m).
//     Initially m = -inf, sum = 0. v = -inf adds nothing; a NaN makes sum NaN.
//  6. M = maximum of the lanes' m; R = xor tree (offsets 16, 8, 4, 2, 1) of sum * exp(m - M).
//  7. No negatives: loss 0, lse p. M <= p: t = log1p(R * exp(M - p)), loss t, lse p + t.
//     Otherwise t = log(R + exp(p - M)), loss (M - p) + t, lse M + t.
//  8. The mean: 256 threads; thread t adds rows t, t + 256, ... in increasing order, then a tree
//     with offsets 128, 64, ..., 1, then a division by the number of rows (exact in binary32 up to
//     2^24).
//
// exp, log and log1p are those of kernels/math.cuh. A row with a NaN logit has NaN results; a row
// with a logit of +inf has non-finite results. The gradient: info_nce_gradient.cuh.
#pragma once

#include "kernels/loss/info_nce_sweep.cuh"

namespace assay::kernels::info_nce {

/// What the forward writes; `divisor` is the number of rows.
struct ForwardOutputs {
  float* row_loss;
  float* row_lse;
  float* loss;
  float divisor;
};

/// Planted faults in step 7.
template <class Policy>
__device__ inline void spoil_row(const Policy& policy, const RowSum& row, float& loss, float& lse) {
  const float m = row.maximum, p = row.positive;
  if (shift_is_fixed(policy)) {
    lse = m + log_f32(row.sum + exp_f32(p - m));
    loss = lse - p;
  }
  if (policy.is(Planted::denominator_without_positive)) {
    lse = m + log_f32(row.sum);
    loss = lse - p;
  }
  if (policy.is(Planted::loss_from_lse)) loss = lse - p;
  if (policy.is(Planted::tiny_in_log)) loss = -log_f32(exp_f32(-loss) + 0x1p-126f);
}

/// Step 7.
template <class Policy>
__device__ inline void finish_row(const Policy& policy, const RowSum& row, bool has_negatives,
                                  float& loss, float& lse) {
  const float m = row.maximum, p = row.positive;
  const float zero = p - p;  // NaN when the positive logit is not finite: no loss is defined then
  if (!has_negatives) {
    loss = zero;
    lse = p;
  } else if (m <= p) {
    const float t = log1p_f32(kept_denominator(policy, row.sum * exponential(policy, m - p)));
    loss = t + zero;
    lse = p + t;
  } else {
    const float t = log_f32(kept_denominator(policy, row.sum + exponential(policy, p - m)));
    loss = (m - p) + t;
    lse = m + t;
  }
  spoil_row(policy, row, loss, lse);
}

/// Rows of one block against all keys.
template <Sweep sweep, class Element, class Policy>
__global__ void __launch_bounds__(threads, blocks_per_multiprocessor)
    forward(InfoNceProblem<Element> q, ForwardOutputs out, Policy policy) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  const std::int64_t count = count_of<sweep>(q);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;
  if (policy.is(Planted::input_written)) write_input(q, first_row);

  RowSum rows[rows_per_warp];
  sweep_rows<sweep>(q, policy, first_row, Tiles{row_tile, key_tile}, rows);

  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first_row + static_cast<int>(threadIdx.y) * rows_per_warp + r;
    float loss, lse;
    finish_row(policy, rows[r], q.n > 1, loss, lse);
    if (policy.is(Planted::last_row_stale) && i == count - 1) continue;
    if (threadIdx.x == 0 && i < count) {
      out.row_loss[i] = loss;
      out.row_lse[i] = lse;
    }
  }
}

inline unsigned blocks_for(std::int64_t rows) {
  return static_cast<unsigned>((rows + rows_per_block - 1) / rows_per_block);
}

/// Both kernels. All pointers must be readable where the kernel runs.
template <Sweep sweep, class Element, class Policy>
void launch_forward(const InfoNceProblem<Element>& q, const ForwardOutputs& out, Policy policy) {
  const std::int64_t rows = count_of<sweep>(q);
  launch(forward<sweep, Element, Policy>, dim3(blocks_for(rows)), dim3(32, warps), 0, q, out,
         policy);
  launch(sum_of_rows<Divided>, dim3(1), dim3(threads_of_sum), 0,
         static_cast<const float*>(out.row_loss), rows, out.loss, Divided{out.divisor});
}

}  // namespace assay::kernels::info_nce
