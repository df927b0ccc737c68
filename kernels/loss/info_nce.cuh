// SPDX-License-Identifier: Apache-2.0
// The tiled InfoNCE forward kernel, algorithm "tiled-online-log1p".
//
// Every operation is an IEEE binary32 addition, subtraction, multiplication or fused multiply-add
// in a fixed order, so the result is the same bit for bit on every machine and under every
// schedule. The N x N matrix of logits is never stored. The algorithm, which the error budget of
// the contract is derived from:
//
//  1. inv_tau = 1/temperature in binary64, rounded once to binary32 (on the host).
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
//  with
//     offsets 128, 64, ..., 1, then a division by the number of rows (exact in binary32 up to
//     2^24).
//
// exp, log and log1p are those of kernels/math.cuh. A row with a NaN logit has NaN results; a row
// with a logit of +inf has non-finite results.
#pragma once

#include <cstdint>

#include "kernels/half.cuh"
#include "kernels/math.cuh"
#include "kernels/planted.hpp"
#include "kernels/portable.cuh"

namespace assay::kernels {

/// What the kernel gets. Strides and offsets are 64-bit: a row may start beyond 2^31 elements.
struct InfoNceProblem {
  const float* a;
  const float* b;
  std::int64_t n, d, a_stride, b_stride;
  float inv_tau;
  float* row_loss;
  float* row_lse;
};

namespace info_nce {

inline constexpr int warps = 8;
inline constexpr int rows_per_warp = 4;
inline constexpr int rows_per_block = warps * rows_per_warp;
inline constexpr int keys_per_tile = 32;  // one per lane
inline constexpr int chunk = 32;          // coordinates staged at a time
inline constexpr int threads = warps * 32;
inline constexpr int threads_of_mean = 256;
inline constexpr unsigned all_lanes = 0xffffffffu;
/// A row of the tile has one element more than it needs: 32 lanes reading one column then touch 32
/// different banks of shared memory.
using Tile = float[rows_per_block][chunk + 1];
static_assert(rows_per_block == keys_per_tile);

/// Coordinates of row (or key) `i`, by the form of the loss.
template <bool joint>
__device__ inline const float* row_of(const InfoNceProblem& q, std::int64_t i) {
  if constexpr (joint)
    return i < q.n ? q.a + i * q.a_stride : q.b + (i - q.n) * q.b_stride;
  else
    return q.a + i * q.a_stride;
}
template <bool joint>
__device__ inline const float* key_of(const InfoNceProblem& q, std::int64_t j) {
  if constexpr (joint)
    return row_of<true>(q, j);
  else
    return q.b + j * q.b_stride;
}

/// One lane's online sum of exponentials over the negatives that it has seen.
struct OnlineSum {
  float maximum;
  float sum;
};

template <Planted fault>
__device__ inline void add_negative(OnlineSum& s, float v) {
  const float minus_infinity = -math_detail::float_of(0x7f800000u);
  if constexpr (fault == Planted::maximum_not_subtracted) {
    s.sum = s.sum + exp_f32(v);
  } else if (v > s.maximum) {
    s.sum = fmaf(s.sum, exp_f32(s.maximum - v), 1.0f);
    s.maximum = v;
  } else if (v != minus_infinity) {  // -inf - (-inf) would be NaN
    s.sum = s.sum + exp_f32(v - s.maximum);
  }
  if constexpr (fault == Planted::row_sum_in_half) s.sum = round_to_half(s.sum);
}

/// Copies rows [first, first + 32) and coordinates [k0, k0 + 32) into shared memory, zeros outside.
template <class RowPointer>
__device__ inline void stage(Tile& tile, int thread, std::int64_t first, std::int64_t count,
                             std::int64_t k0, std::int64_t d, RowPointer pointer) {
  for (int i = thread; i < rows_per_block * chunk; i += threads) {
    const int r = i / chunk, c = i % chunk;
    const bool inside = first + r < count && k0 + c < d;
    tile[r][c] = inside ? pointer(first + r)[k0 + c] : 0.0f;
  }
}

/// Steps 6 and 7 for one row. Every lane of the warp calls it; every lane gets the result.
template <Planted fault>
__device__ inline void finish_row(OnlineSum s, float p, bool has_negatives, float& row_loss,
                                  float& row_lse) {
  float m = s.maximum;
  for (int offset = 16; offset > 0; offset /= 2) {
    const float other = __shfl_xor_sync(all_lanes, m, offset);
    m = other > m ? other : m;
  }
  // sum is 0 only in a lane without negatives above -inf, where m - M may be NaN.
  float r = s.sum;
  if constexpr (fault != Planted::maximum_not_subtracted)
    r = s.sum == 0.0f ? 0.0f : s.sum * exp_f32(s.maximum - m);
  for (int offset = 16; offset > 0; offset /= 2) {
    r = r + __shfl_xor_sync(all_lanes, r, offset);
    if constexpr (fault == Planted::row_sum_in_half) r = round_to_half(r);
  }

  const float zero = p - p;  // NaN when the positive logit is not finite: no loss is defined then
  if constexpr (fault == Planted::maximum_not_subtracted) {
    row_lse = log_f32(r + exp_f32(p));
    row_loss = row_lse - p;
  } else if (!has_negatives) {
    row_loss = zero;
    row_lse = p;
  } else if (m <= p) {
    const float t = log1p_f32(r * exp_f32(m - p));
    row_loss = t + zero;
    row_lse = p + t;
  } else {
    const float t = log_f32(r + exp_f32(p - m));
    row_loss = (m - p) + t;
    row_lse = m + t;
  }
}

/// Rows of one block against all keys.
template <bool joint, Planted fault>
__global__ void __launch_bounds__(threads) forward(InfoNceProblem q) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  const int lane = static_cast<int>(threadIdx.x);
  const int warp = static_cast<int>(threadIdx.y);
  const int thread = warp * 32 + lane;
  const std::int64_t count = joint ? 2 * q.n : q.n;  // of rows and of keys
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;
  float inv_tau = q.inv_tau;
  if constexpr (fault == Planted::temperature_off) inv_tau = inv_tau * (1.0f + 0x1p-16f);
  if constexpr (fault == Planted::input_written) {
    for (int r = warp; r < rows_per_block && first_row + r < q.n; r += warps)
      for (std::int64_t k = lane; k < q.d; k += 32)
        const_cast<float*>(q.a)[(first_row + r) * q.a_stride + k] *= 2.0f;
    __syncthreads();
  }

  OnlineSum sums[rows_per_warp];
  float positive[rows_per_warp];
  for (int r = 0; r < rows_per_warp; ++r) {
    sums[r] = {-math_detail::float_of(0x7f800000u), 0.0f};
    positive[r] = 0.0f;
  }

  const std::int64_t swept =
      fault == Planted::tail_tile_skipped ? count / keys_per_tile * keys_per_tile : count;
  for (std::int64_t first_key = 0; first_key < swept; first_key += keys_per_tile) {
    float c[rows_per_warp] = {};
    for (std::int64_t k0 = 0; k0 < q.d; k0 += chunk) {
      stage(row_tile, thread, first_row, count, k0, q.d,
            [&](std::int64_t i) { return row_of<joint>(q, i); });
      stage(key_tile, thread, first_key, count, k0, q.d,
            [&](std::int64_t j) { return key_of<joint>(q, j); });
      __syncthreads();
      for (int k = 0; k < chunk; ++k) {
        const float key = key_tile[lane][k];
        for (int r = 0; r < rows_per_warp; ++r)
          c[r] = fmaf(row_tile[warp * rows_per_warp + r][k], key, c[r]);
      }
      if constexpr (fault != Planted::barrier_removed) __syncthreads();
    }
    const std::int64_t j = first_key + lane;
    if (j >= count) continue;
    for (int r = 0; r < rows_per_warp; ++r) {
      const std::int64_t i = first_row + warp * rows_per_warp + r;
      const std::int64_t partner = joint ? (i < q.n ? i + q.n : i - q.n) : i;
      const float v = c[r] * inv_tau;
      if (j == partner) positive[r] = v;
      bool negative = j != partner && !(joint && j == i);
      if constexpr (fault == Planted::diagonal_mask_dropped) negative = joint ? j != partner : true;
      if (negative) add_negative<fault>(sums[r], v);
      if constexpr (fault == Planted::last_column_twice)
        if (negative && j == count - 1) add_negative<fault>(sums[r], v);
    }
  }

  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first_row + warp * rows_per_warp + r;
    const std::int64_t partner = joint ? (i < q.n ? i + q.n : i - q.n) : i;
    const float p = __shfl_sync(all_lanes, positive[r], static_cast<int>(partner % 32));
    float row_loss, row_lse;
    finish_row<fault>(sums[r], p, q.n > 1, row_loss, row_lse);
    if (lane == 0 && i < count) {
      q.row_loss[i] = row_loss;
      q.row_lse[i] = row_lse;
    }
  }
}

/// Step 8: one block of this many threads.
template <int mean_threads>
__global__ void __launch_bounds__(mean_threads)
    mean_of_rows(const float* row_loss, std::int64_t rows, float* loss) {
  ASSAY_SHARED(partial, float[mean_threads]);
  const int thread = static_cast<int>(threadIdx.x);
  float sum = 0.0f;
  for (std::int64_t i = thread; i < rows; i += mean_threads) sum = sum + row_loss[i];
  partial[thread] = sum;
  __syncthreads();
  for (int offset = mean_threads / 2; offset > 0; offset /= 2) {
    if (thread < offset) partial[thread] = partial[thread] + partial[thread + offset];
    __syncthreads();
  }
  if (thread == 0) loss[0] = partial[0] / static_cast<float>(rows);
}

/// Both kernels. All pointers must be readable where the kernel runs.
template <bool joint, Planted fault>
void launch_forward(const InfoNceProblem& q, float* loss) {
  const std::int64_t rows = joint ? 2 * q.n : q.n;
  const auto blocks = static_cast<unsigned>((rows + rows_per_block - 1) / rows_per_block);
  launch(forward<joint, fault>, dim3(blocks), dim3(32, warps), 0, q);
  launch(mean_of_rows<threads_of_mean>, dim3(1), dim3(threads_of_mean), 0,
         static_cast<const float*>(q.row_loss), rows, loss);
}

}  // namespace info_nce
}  // namespace assay::kernels
