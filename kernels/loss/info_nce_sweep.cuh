// SPDX-License-Identifier: Apache-2.0
// What the InfoNCE kernels share: the problem, tiles in shared memory, dot products, and the sweep
// over all keys that leaves every row's maximum and sum of exponentials (steps 2 to 6 of
// info_nce.cuh).
#pragma once

#include <cstdint>

#include "kernels/half.cuh"
#include "kernels/loss/info_nce_faults.cuh"
#include "kernels/loss/info_nce_tensor.cuh"
#include "kernels/math.cuh"
#include "kernels/portable.cuh"

namespace assay::kernels {

/// What a kernel reads. Strides and offsets are 64-bit: a row may start beyond 2^31 elements.
/// `Element` is float, Bf16 or Half; elements are widened, exactly, when they are staged.
template <class Element>
struct InfoNceProblem {
  const Element* a;
  const Element* b;
  std::int64_t n, d, a_stride, b_stride;
  float inv_tau;
};

namespace info_nce {

inline constexpr int warps = 8;
inline constexpr int rows_per_warp = 4;
inline constexpr int rows_per_block = warps * rows_per_warp;
inline constexpr int keys_per_tile = 32;  // one per lane
inline constexpr int chunk = 32;          // coordinates staged at a time
inline constexpr int threads = warps * 32;
/// At least so many blocks run at once, which leaves a thread 128 registers. Without a number the
/// compiler guesses, and spills a few.
inline constexpr int blocks_per_multiprocessor = 2;
inline constexpr unsigned all_lanes = 0xffffffffu;
/// A row of the tile has one element more than it needs: 32 lanes reading one column then touch 32
/// different banks of shared memory.
using Tile = float[rows_per_block][chunk + 1];
static_assert(rows_per_block == keys_per_tile);

/// Which vectors are rows, which are keys.
enum class Sweep : unsigned char {
  rows,   ///< rows a, keys b
  keys,   ///< rows b, keys a: the transposed sweep of the gradient of the keys
  joint,  ///< rows and keys [a; b]
};

template <class Element>
__device__ inline const Element* a_of(const InfoNceProblem<Element>& q, std::int64_t i) {
  return q.a + i * q.a_stride;
}
template <class Element>
__device__ inline const Element* b_of(const InfoNceProblem<Element>& q, std::int64_t i) {
  return q.b + i * q.b_stride;
}
template <Sweep sweep, class Element>
__device__ inline const Element* row_of(const InfoNceProblem<Element>& q, std::int64_t i) {
  if constexpr (sweep == Sweep::joint) return i < q.n ? a_of(q, i) : b_of(q, i - q.n);
  return sweep == Sweep::rows ? a_of(q, i) : b_of(q, i);
}
template <Sweep sweep, class Element>
__device__ inline const Element* key_of(const InfoNceProblem<Element>& q, std::int64_t j) {
  if constexpr (sweep == Sweep::joint) return row_of<sweep>(q, j);
  return sweep == Sweep::rows ? b_of(q, j) : a_of(q, j);
}
/// Rows, and as many keys.
template <Sweep sweep, class Element>
__host__ __device__ inline std::int64_t count_of(const InfoNceProblem<Element>& q) {
  return sweep == Sweep::joint ? 2 * q.n : q.n;
}
/// The positive of row i.
template <Sweep sweep, class Policy>
__device__ inline std::int64_t partner_of(const Policy& policy, std::int64_t i, std::int64_t n) {
  if (policy.is(Planted::positive_shifted)) {
    if (sweep == Sweep::joint) return i < n ? n + (i + 1) % n : (i + 1) % n;
    return sweep == Sweep::rows ? (i + 1) % n : (i + n - 1) % n;
  }
  if (sweep == Sweep::joint) return i < n ? i + n : i - n;
  return i;
}

// The order of the columns. As stated: tiles of 32 in increasing order, one column per lane.

template <class Policy>
__device__ inline std::int64_t tiles_of(const Policy& policy, std::int64_t count) {
  if (policy.is(Variant::wide_tiles)) return (count + 63) / 64 * 2;
  return (count + keys_per_tile - 1) / keys_per_tile;
}
/// The tile that is visited at a step of the sweep.
template <class Policy>
__device__ inline std::int64_t tile_at(const Policy& policy, std::int64_t step,
                                       std::int64_t tiles) {
  return policy.is(Variant::reversed_tiles) ? tiles - 1 - step : step;
}
/// The column in a slot (a lane) of a tile.
template <class Policy>
__device__ inline std::int64_t column_of(const Policy& policy, std::int64_t tile, int slot) {
  if (policy.is(Variant::wide_tiles)) return tile / 2 * 64 + 2 * slot + tile % 2;
  return tile * keys_per_tile + slot;
}
/// The inverse: the lane that sees a column.
template <class Policy>
__device__ inline int lane_of(const Policy& policy, std::int64_t column) {
  return static_cast<int>(policy.is(Variant::wide_tiles) ? column % 64 / 2 : column % 32);
}

/// Copies 32 vectors and coordinates [k0, k0 + 32) into shared memory, zeros outside.
/// `index(slot)` is the vector's index, `pointer(index)` its first coordinate.
template <class Index, class Pointer>
__device__ inline void stage(Tile& tile, int thread, std::int64_t count, std::int64_t k0,
                             std::int64_t d, Index index, Pointer pointer) {
  ASSAY_UNROLL(1)
  for (int i = thread; i < rows_per_block * chunk; i += threads) {
    const int slot = i / chunk, c = i % chunk;
    const std::int64_t vector = index(slot);
    const bool inside = vector < count && k0 + c < d;
    tile[slot][c] = inside ? widen(pointer(vector)[k0 + c]) : 0.0f;
  }
}

/// The two tiles of a block.
struct Tiles {
  Tile& rows;
  Tile& keys;
};

/// Step 3 of "tiled-mma-log1p": info_nce_tensor.cuh. tiles.keys is not used.
template <Sweep sweep, class Element, class Policy>
__device__ inline void tensor_products(const InfoNceProblem<Element>& q, const Policy& policy,
                                       std::int64_t first_row, std::int64_t tile,
                                       const Tiles& tiles, float (&c)[rows_per_warp]) {
  ASSAY_SHARED(packed_rows, PackedTile);
  ASSAY_SHARED(packed_keys, PackedTile);
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const int thread = warp * 32 + lane;
  const std::int64_t count = count_of<sweep>(q);
  float block[4] = {};
  for (std::int64_t k0 = 0; k0 < q.d; k0 += chunk) {
    __syncthreads();
    stage_packed(
        packed_rows, thread, threads, count, k0, q.d, [&](int slot) { return first_row + slot; },
        [&](std::int64_t i) { return row_of<sweep>(q, i); });
    stage_packed(
        packed_keys, thread, threads, count, k0, q.d,
        [&](int slot) { return column_of(policy, tile, slot); },
        [&](std::int64_t j) { return key_of<sweep>(q, j); });
    __syncthreads();
    multiply_packed(packed_rows, packed_keys, warp, lane, block);
  }
  spread(block, warp, lane, tiles.rows);
  __syncthreads();
  for (int r = 0; r < rows_per_warp; ++r) c[r] = tiles.rows[warp * rows_per_warp + r][lane];
}

/// Step 3: dot products of the warp's four rows with this lane's key; `row_pointer(i)` and
/// `key_pointer(j)` are their first coordinates, `count` vectors each. Afterwards tiles.keys holds
/// the last chunk of the keys; the next call begins with a barrier.
template <class Policy, class RowPointer, class KeyPointer>
__device__ inline void products_between(const Policy& policy, std::int64_t first_row,
                                        std::int64_t tile, std::int64_t count, std::int64_t d,
                                        const Tiles& tiles, RowPointer row_pointer,
                                        KeyPointer key_pointer, float (&c)[rows_per_warp]) {
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const int thread = warp * 32 + lane;
  float odd[rows_per_warp] = {};  // the odd coordinates of Variant::split_accumulators
  for (int r = 0; r < rows_per_warp; ++r) c[r] = 0.0f;
  for (std::int64_t k0 = 0; k0 < d; k0 += chunk) {
    if (!policy.is(Planted::barrier_removed)) __syncthreads();
    stage(
        tiles.rows, thread, count, k0, d, [&](int slot) { return first_row + slot; }, row_pointer);
    stage(
        tiles.keys, thread, count, k0, d, [&](int slot) { return column_of(policy, tile, slot); },
        key_pointer);
    __syncthreads();
    ASSAY_UNROLL(8)
    for (int k = 0; k < chunk; ++k) {
      const float key = tiles.keys[lane][k];
      const bool second = policy.is(Variant::split_accumulators) && k % 2 != 0;
      for (int r = 0; r < rows_per_warp; ++r) {
        float& sum = second ? odd[r] : c[r];
        sum = fmaf(tiles.rows[warp * rows_per_warp + r][k], key, sum);
      }
    }
  }
  if (policy.is(Variant::split_accumulators))
    for (int r = 0; r < rows_per_warp; ++r) c[r] = c[r] + odd[r];
}

/// Step 3 for a sweep.
template <Sweep sweep, class Element, class Policy>
__device__ inline void products(const InfoNceProblem<Element>& q, const Policy& policy,
                                std::int64_t first_row, std::int64_t tile, const Tiles& tiles,
                                float (&c)[rows_per_warp]) {
  if constexpr (Policy::tensor_core) {
    tensor_products<sweep>(q, policy, first_row, tile, tiles, c);
  } else {
    products_between(
        policy, first_row, tile, count_of<sweep>(q), q.d, tiles,
        [&](std::int64_t i) { return row_of<sweep>(q, i); },
        [&](std::int64_t j) { return key_of<sweep>(q, j); }, c);
  }
}

/// One lane's online sum of exponentials over the negatives that it has seen.
struct OnlineSum {
  float maximum;
  float sum;
};

/// Step 5.
template <class Policy>
__device__ inline void add_negative(const Policy& policy, OnlineSum& s, float v, bool last_tile) {
  const float minus_infinity = -math_detail::float_of(0x7f800000u);
  if (v > s.maximum && !shift_is_fixed(policy)) {
    float rescale = exponential(policy, s.maximum - v);
    if (policy.is(Planted::rescale_missing_in_last_tile) && last_tile) rescale = 1.0f;
    s.sum = fmaf(s.sum, rescale, 1.0f);
    s.maximum = v;
  } else if (v != minus_infinity || policy.is(Planted::minus_infinity_unguarded)) {
    s.sum = s.sum + exponential(policy, v - s.maximum);  // -inf - (-inf) would be NaN
  }
  s.sum = kept_sum(policy, s.sum);
}

/// The largest of the lanes' values, in every lane; NaN is passed over.
__device__ inline float maximum_of_lanes(float m) {
  for (int offset = 16; offset > 0; offset /= 2) {
    const float other = __shfl_xor_sync(all_lanes, m, offset);
    m = other > m ? other : m;
  }
  return m;
}

/// What a warp knows of one of its rows after the sweep, the same in every lane.
struct RowSum {
  float maximum;   ///< of the negatives; -inf without any
  float sum;       ///< of exp(negative - maximum)
  float positive;  ///< logit
};

/// Step 6: the lanes' sums as one, the same in every lane.
template <class Policy>
__device__ inline OnlineSum join_lanes(const Policy& policy, OnlineSum s) {
  const float m = maximum_of_lanes(s.maximum);
  // sum is 0 only in a lane without negatives above -inf, where m - M may be NaN.
  float r = s.sum == 0.0f ? 0.0f : s.sum * exponential(policy, s.maximum - m);
  for (int offset = 16; offset > 0; offset /= 2)
    r = kept_sum(policy, r + __shfl_xor_sync(all_lanes, r, offset));
  return {m, r};
}

template <bool joint, class Policy>
__device__ inline RowSum reduce_row(const Policy& policy, OnlineSum s, float positive) {
  const OnlineSum all = join_lanes(policy, s);
  RowSum row{all.maximum, all.sum, positive};
  if (policy.is(Planted::self_share_constant) && joint)
    row.sum = row.sum - exponential(policy, 1.0f - row.maximum);
  return row;
}

/// One column's contribution to one row.
template <bool joint, class Policy>
__device__ inline void add_column(const Policy& policy, const Place& at, float v, OnlineSum& s,
                                  float& positive) {
  if (at.positive) positive = v;
  if (policy.is(Planted::maximum_over_masked) && at.self && v > s.maximum) {
    s.sum = s.sum * exponential(policy, s.maximum - v);
    s.maximum = v;
  }
  if (!counts_as_negative<joint>(policy, at)) return;
  if (policy.is(Planted::additive_mask_finite) && (joint ? at.self : at.positive))
    v = v - 149 * 0x1.62e43p-1f;  // log of the smallest subnormal
  add_negative(policy, s, v, at.last_tile);
  if (policy.is(Planted::last_column_twice) && at.last_column)
    add_negative(policy, s, v, at.last_tile);
}

/// Steps 2 to 6 for the rows of this block.
template <Sweep sweep, class Element, class Policy>
__device__ inline void sweep_rows(const InfoNceProblem<Element>& q, const Policy& policy,
                                  std::int64_t first_row, const Tiles& shared,
                                  RowSum (&rows)[rows_per_warp]) {
  constexpr bool joint = sweep == Sweep::joint;
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const std::int64_t count = count_of<sweep>(q), tiles = tiles_of(policy, count);
  OnlineSum sums[rows_per_warp];
  float positive[rows_per_warp];
  for (int r = 0; r < rows_per_warp; ++r) {
    sums[r] = {starting_maximum(policy, q.inv_tau), 0.0f};
    positive[r] = 0.0f;
  }
  // Variant::two_pass first finds the maxima, which the sums then never exceed.
  for (int pass = policy.is(Variant::two_pass) ? 0 : 1; pass < 2; ++pass) {
    for (std::int64_t step = 0; step < tiles; ++step) {
      const std::int64_t tile = tile_at(policy, step, tiles);
      if (policy.is(Planted::tail_tile_skipped) && (tile + 1) * keys_per_tile > count) continue;
      float c[rows_per_warp];
      products<sweep>(q, policy, first_row, tile, shared, c);
      const std::int64_t j = column_of(policy, tile, lane);
      for (int r = 0; r < rows_per_warp; ++r) {
        const std::int64_t i = first_row + warp * rows_per_warp + r;
        const Place at{j == partner_of<sweep>(policy, i, q.n), joint && j == i, j == count - 1,
                       tile == tiles - 1, tiles > 2 && tile == tiles / 2};
        const float v = logit(policy, c[r], q.inv_tau, at.positive);
        if (j < count && pass == 0) {
          if (counts_as_negative<joint>(policy, at) && v > sums[r].maximum) sums[r].maximum = v;
        } else if (j < count) {
          add_column<joint>(policy, at, v, sums[r], positive[r]);
        } else if (policy.is(Planted::padding_counted)) {
          add_negative(policy, sums[r], v, at.last_tile);
        }
      }
    }
    if (pass == 0)
      for (int r = 0; r < rows_per_warp; ++r) sums[r].maximum = maximum_of_lanes(sums[r].maximum);
  }
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first_row + warp * rows_per_warp + r;
    const int holder = lane_of(policy, partner_of<sweep>(policy, i, q.n));
    rows[r] = reduce_row<joint>(policy, sums[r], __shfl_sync(all_lanes, positive[r], holder));
  }
}

/// Planted fault: the rows of a that the block owns are doubled in place.
template <class Element>
__device__ inline void write_input(const InfoNceProblem<Element>& q, std::int64_t first_row) {
  if constexpr (sizeof(Element) == sizeof(float)) {
    for (int r = static_cast<int>(threadIdx.y); r < rows_per_block && first_row + r < q.n;
         r += warps)
      for (std::int64_t k = threadIdx.x; k < q.d; k += 32)
        const_cast<Element*>(a_of(q, first_row + r))[k] *= 2.0f;
  } else {
    for (int r = static_cast<int>(threadIdx.y); r < rows_per_block && first_row + r < q.n;
         r += warps)
      for (std::int64_t k = threadIdx.x; k < q.d; k += 32)
        const_cast<Element*>(a_of(q, first_row + r))[k].bits ^= 0x8000u;
  }
  __syncthreads();
}

// Sums over all rows, by one block.

inline constexpr int threads_of_sum = 256;

/// What becomes of the sum: the mean of the losses, or the temperature's gradient.
struct Divided {
  float divisor;
  __device__ float operator()(float sum) const { return sum / divisor; }
};
struct NegatedProduct {
  float factor;
  __device__ float operator()(float sum) const { return -(sum * factor); }
};

/// Step 8: thread t adds the rows t, t + 256, ... in increasing order, then a tree.
template <class Finish>
__global__ void __launch_bounds__(threads_of_sum)
    sum_of_rows(const float* values, std::int64_t rows, float* result, Finish finish) {
  ASSAY_SHARED(partial, float[threads_of_sum]);
  const int thread = static_cast<int>(threadIdx.x);
  float sum = 0.0f;
  for (std::int64_t i = thread; i < rows; i += threads_of_sum) sum = sum + values[i];
  partial[thread] = sum;
  __syncthreads();
  for (int offset = threads_of_sum / 2; offset > 0; offset /= 2) {
    if (thread < offset) partial[thread] = partial[thread] + partial[thread + offset];
    __syncthreads();
  }
  if (thread == 0) result[0] = finish(partial[0]);
}

}  // namespace info_nce
}  // namespace assay::kernels
