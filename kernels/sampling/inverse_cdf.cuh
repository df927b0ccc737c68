// SPDX-License-Identifier: Apache-2.0
// Draws with replacement by inversion of an exact cumulative sum, over fused scores.
//
// Weights are integers W_j below 2^52 (population.cuh), hence every sum is exact, in any order, and
// non-decreasing by construction. With T = W_0 + ... + W_{N-1} and u of b bits the target is
// floor(u T / 2^b), and the result is the first j whose cumulative sum exceeds it. The law is
//
//     q_j = (ceil(C_j 2^b / T) - ceil(C_{j-1} 2^b / T)) / 2^b,   C_j = W_0 + ... + W_j.
//
//  1. `tile_up`: a block per row, a warp per tile of 256 columns: sums of tiles, then their running
//     ends in 128 bits. Memory is N / 256 per row; scores are formed again where they are needed.
//  2. `draw`: a warp per draw: bisection over the tiles, a prefix sum inside one, by shuffles.
#pragma once

#include "kernels/sampling/population.cuh"

namespace assay::kernels::sampling {

using Wide = unsigned __int128;

inline constexpr int tile_columns = 256, columns_per_lane = tile_columns / 32;
inline constexpr int cdf_threads = 256, cdf_warps = cdf_threads / 32;

/// A cumulative sum; halves, since 16-byte alignment differs between compilers.
struct TileEnd {
  std::uint64_t low, high;
  __host__ __device__ Wide value() const { return static_cast<Wide>(high) << 64 | low; }
  __host__ __device__ static TileEnd of(Wide x) {
    return {static_cast<std::uint64_t>(x), static_cast<std::uint64_t>(x >> 64)};
  }
};

__host__ __device__ inline std::int64_t tiles_of(std::int64_t columns) {
  return (columns + tile_columns - 1) / tile_columns;
}

/// floor(u T / 2^bits) for T below 2^96 and u of at most 64 bits, without overflow.
__host__ __device__ inline Wide target_of(Wide u, int bits, Wide total) {
  const Wide low = u * static_cast<std::uint64_t>(total);  // u <= 2^64: below 2^128
  const Wide high = u * static_cast<std::uint64_t>(total >> 64);
  return (high << (64 - bits)) + (low >> bits);  // (high 2^64 + low) / 2^bits
}

__device__ inline std::uint64_t warp_total(std::uint64_t x) {
  for (int offset = 16; offset > 0; offset /= 2)
    x += __shfl_xor_sync(every_lane, static_cast<unsigned long long>(x), offset);
  return x;
}

/// The sum of a lane's columns of a tile.
template <class Policy>
__device__ std::uint64_t lane_weight(const Policy& policy, const View& v, double scale,
                                     std::int64_t row, std::int64_t first) {
  std::uint64_t sum = 0;
  for (int c = 0; c < columns_per_lane; ++c) sum += weight_at(policy, v, scale, row, first + c);
  return sum;
}

/// ends[row][tile]: the cumulative sum at the end of each tile. Rows without weight are skipped.
template <class Policy>
static __global__ void __launch_bounds__(cdf_threads)
    tile_up(Policy policy, View v, const RowSummary* summaries, TileEnd* ends) {
  ASSAY_SHARED(parts, TileEnd[cdf_threads]);
  const std::int64_t row = blockIdx.x, tiles = tiles_of(v.columns);
  if (summaries[row].support == 0 || summaries[row].bad != 0) return;  // the whole block
  const double scale = weight_scale(v.tilt, summaries[row].top);
  TileEnd* const mine = ends + row * tiles;
  const std::int64_t lane = threadIdx.x % 32;
  for (std::int64_t t = threadIdx.x / 32; t < tiles; t += cdf_warps) {
    const std::uint64_t sum =
        warp_total(lane_weight(policy, v, scale, row, t * tile_columns + lane * columns_per_lane));
    if (lane == 0) mine[t] = {sum, 0};
  }
  __syncthreads();
  // Each thread adds up a run of tiles, one adds the runs, each writes its ends.
  const std::int64_t run = (tiles + cdf_threads - 1) / cdf_threads;
  const std::int64_t first = run * threadIdx.x;
  const std::int64_t last = first + run < tiles ? first + run : tiles;
  Wide sum = 0;
  for (std::int64_t t = first; t < last; ++t) sum += mine[t].low;
  parts[threadIdx.x] = TileEnd::of(sum);
  __syncthreads();
  if (threadIdx.x == 0) {
    Wide before = 0;
    for (int i = 0; i < cdf_threads; ++i) {
      const Wide next = before + parts[i].value();
      parts[i] = TileEnd::of(before);
      before = next;
    }
  }
  __syncthreads();
  Wide end = parts[threadIdx.x].value();
  for (std::int64_t t = first; t < last; ++t) {
    end += mine[t].low;
    mine[t] = TileEnd::of(end);
  }
}

/// Whether a cumulative sum lies beyond the target.
template <class Policy, class Sum>
__host__ __device__ bool is_beyond(const Policy& policy, Sum end, Sum target) {
  return policy.is(Fault::search_not_strict) ? end >= target : end > target;
}

/// The fault of a cumulative sum in binary32, as a loop of one thread. `weight(j)` is W_j.
template <class Weight>
__host__ __device__ std::int64_t draw_from_floats(const Weight& weight, std::int64_t columns,
                                                  std::uint64_t u, int bits) {
  float total = 0, sum = 0;
  for (std::int64_t j = 0; j < columns; ++j) total += static_cast<float>(weight(j)) * 0x1p-51f;
  const double unit = math64_detail::double_of(static_cast<std::uint64_t>(1023 - bits) << 52);
  const float target = static_cast<float>(static_cast<double>(u) * unit) * total;
  for (std::int64_t j = 0; j < columns; ++j) {
    sum += static_cast<float>(weight(j)) * 0x1p-51f;
    if (sum > target) return j;
  }
  return columns - 1;
}

/// W_j of a row, formed where it is asked for.
template <class Policy>
struct WeightOfColumn {
  const Policy& policy;
  const View& v;
  double scale;
  std::int64_t row;
  __host__ __device__ std::uint64_t operator()(std::int64_t column) const {
    return weight_at(policy, v, scale, row, column);
  }
};

/// out[row][trial].
template <class Words, class Policy>
static __global__ void __launch_bounds__(cdf_threads)
    draw(Policy policy, View v, Words words, std::int64_t first_row, std::int64_t k, int bits,
         const RowSummary* summaries, const TileEnd* ends, std::int64_t* out) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * cdf_warps + threadIdx.x / 32;
  if (index >= v.rows * k) return;  // the whole warp
  const std::int64_t row = index / k, trial = index % k, tiles = tiles_of(v.columns);
  if (summaries[row].support == 0 || summaries[row].bad != 0) return;
  const TileEnd* const mine = ends + row * tiles;
  const double scale = weight_scale(v.tilt, summaries[row].top);
  const std::int64_t lane = threadIdx.x % 32;
  const std::uint64_t u = leading_bits(words, stream_of(policy, row, trial, first_row), 0, bits);
  if (policy.is(Fault::float_cumulative_sum)) {
    const WeightOfColumn<Policy> weight{policy, v, scale, row};
    if (lane == 0) out[index] = draw_from_floats(weight, v.columns, u, bits);
    return;
  }
  const Wide chosen = policy.is(Fault::open_closed_swapped) ? static_cast<Wide>(u) + 1 : u;
  const Wide target = target_of(chosen, bits, mine[tiles - 1].value());

  std::int64_t low = 0, high = tiles - 1;  // the first tile that ends beyond the target
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    if (is_beyond(policy, mine[middle].value(), target))
      high = middle;
    else
      low = middle + 1;
  }
  const std::uint64_t rest =
      static_cast<std::uint64_t>(target - (low > 0 ? mine[low - 1].value() : 0));
  const std::int64_t first = low * tile_columns + lane * columns_per_lane;
  const std::uint64_t own = lane_weight(policy, v, scale, row, first);
  std::uint64_t end = own;
  for (int offset = 1; offset < 32; offset *= 2) {
    const std::uint64_t left =
        __shfl_up_sync(every_lane, static_cast<unsigned long long>(end), offset);
    if (lane >= offset) end += left;
  }
  const bool before = lane > 0 && is_beyond(policy, end - own, rest);
  const bool beyond = is_beyond(policy, end, rest) || lane == 31;
  if (before || !beyond) return;  // one lane stays
  std::uint64_t sum = end - own;
  std::int64_t j = first;
  for (; j < first + columns_per_lane; ++j) {
    sum += weight_at(policy, v, scale, row, j);
    if (is_beyond(policy, sum, rest)) break;
  }
  out[index] = j < v.columns ? j : v.columns;  // beyond the end only with a planted fault
}

}  // namespace assay::kernels::sampling
