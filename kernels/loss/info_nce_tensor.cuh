// SPDX-License-Identifier: Apache-2.0
// InfoNCE with logits from tensor cores, algorithm "tiled-mma-log1p": bfloat16 inputs only.
//
// Everything is as in info_nce.cuh and info_nce_gradient.cuh but step 3. There c_ij is the result
// of K = ceil(d/16) instructions mma.m16n8k16 in increasing order of the coordinates, padded with
// zeros, from c = 0: |c_ij computed - c_ij| <= ((1 + e)^K - 1) sum_k |x_k y_k|, where e bounds one
// instruction (kernels/mma.cuh). The chains of the gradient (B4) remain fma chains on the widened
// inputs. Results of the emulator and of a device agree within that bound, not bit for bit; on one
// device they are repeatable.
//
// A block's 32 x 32 logits are 2 x 4 products of 16 x 8, one per warp, which change hands through
// shared memory; then a lane holds its four rows' logits as after the fma chains.
#pragma once

#include <cstdint>

#include "kernels/half.cuh"
#include "kernels/loss/info_nce_faults.cuh"
#include "kernels/mma.cuh"
#include "kernels/portable.cuh"

namespace assay::kernels::info_nce {

/// The policy of these kernels: nothing planted, logits from tensor cores.
struct TensorCore : Plain {
  static constexpr bool tensor_core = true;
};

/// 32 vectors, 32 coordinates, two to a word. The padding spreads the eight rows that a warp reads
/// at once over different banks.
using PackedTile = unsigned[32][20];

/// Coordinates [k0, k0 + 32) of 32 vectors as bit patterns, zeros outside.
template <class Index, class Pointer>
__device__ inline void stage_packed(PackedTile& tile, int thread, int threads, std::int64_t count,
                                    std::int64_t k0, std::int64_t d, Index index, Pointer pointer) {
  ASSAY_UNROLL(1)
  for (int i = thread; i < 32 * 16; i += threads) {
    const int slot = i / 16, pair = i % 16;
    const std::int64_t vector = index(slot), k = k0 + 2 * pair;
    unsigned word = 0;
    if (vector < count && k < d) word = pointer(vector)[k].bits;
    if (vector < count && k + 1 < d)
      word |= static_cast<unsigned>(pointer(vector)[k + 1].bits) << 16;
    tile[slot][pair] = word;
  }
}

/// c += the 16 x 8 products of this warp over the 32 coordinates of two tiles: rows 16 (warp / 4)
/// and on, keys 8 (warp % 4) and on.
__device__ inline void multiply_packed(const PackedTile& rows, const PackedTile& keys, int warp,
                                       int lane, float (&c)[4]) {
  const int g = lane / 4, t = lane % 4, row = warp / 4 * 16 + g, key = warp % 4 * 8 + g;
  for (int k = 0; k < 16; k += 8) {  // in words
    const unsigned a[4] = {rows[row][k + t], rows[row + 8][k + t], rows[row][k + t + 4],
                           rows[row + 8][k + t + 4]};
    const unsigned b[2] = {keys[key][k + t], keys[key][k + t + 4]};
    mma_m16n8k16_bf16(c, a, b);
  }
}

/// Spreads the warp's results over the block's tile of logits.
template <class Logits>
__device__ inline void spread(const float (&c)[4], int warp, int lane, Logits& logits) {
  const int row = warp / 4 * 16 + lane / 4, key = warp % 4 * 8 + lane % 4 * 2;
  for (int i = 0; i < 4; ++i) logits[row + i / 2 * 8][key + i % 2] = c[i];
}

}  // namespace assay::kernels::info_nce
