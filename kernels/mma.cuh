// SPDX-License-Identifier: Apache-2.0
// The bfloat16 tensor-core product of one warp, m16n8k16 with binary32 accumulators: one PTX
// instruction under nvcc (sm_80 and later), a warp function under the emulator.
//
// The arithmetic is not IEEE, so that no bits carry over from the emulator to a device, only an
// error bound. Products are exact. With S = |c| + sum |a_k b_k| over the 16 terms of one element:
//  - the emulator adds in binary64 and rounds once: error at most (2^-24 + 2^-48) S;
//  - for a device the hypothesis is an error of at most mma_error_device * S. It holds for any unit
//    that aligns a block of 8 or 16 products and the accumulator to the largest of them, cuts each
//    to at least 24 bits and cuts the sum to binary32 (at most 2 * (9 + 1) units of 2^-23), which
//    is how measurements describe V100 to H100: Fasi, Higham, Mikaitis, Pranesh, PeerJ Computer
//    Science 7:e330 (2021); Khattak, Mikaitis, arXiv 2512.07004.
#pragma once

#include "kernels/mma_bounds.hpp"
#include "kernels/portable.cuh"

namespace assay::kernels {

// Fragments, as the PTX manual defines them, for lane = 4 g + t. Two bfloat16 numbers share a
// word, the one with the lower column in the lower half. A is 16 x 16, B 16 x 8, C 16 x 8.
//  a[0]: row g,     columns 2t, 2t+1      b[0]: rows 2t, 2t+1,   column g
//  a[1]: row g + 8, columns 2t, 2t+1      b[1]: rows 2t+8, 2t+9, column g
//  a[2]: row g,     columns 2t+8, 2t+9    c[0], c[1]: row g,     columns 2t, 2t+1
//  a[3]: row g + 8, columns 2t+8, 2t+9    c[2], c[3]: row g + 8, columns 2t, 2t+1

#if defined(__CUDACC__)

/// c += a b. Every lane of the warp calls it. Ends the kernel with an error below sm_80.
__device__ inline void mma_m16n8k16_bf16(float (&c)[4], const unsigned (&a)[4],
                                         const unsigned (&b)[2]) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile(
      "mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 "
      "{%0,%1,%2,%3},{%4,%5,%6,%7},{%8,%9},{%0,%1,%2,%3};"
      : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
#else
  __trap();
#endif
}

#else

/// c += a b. Every lane of the warp calls it.
inline void mma_m16n8k16_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2],
                              SIMT_WHERE) {
  // What a lane hands out: two words of a, the other two, two of b.
  const unsigned mine[3][2] = {{a[0], a[1]}, {a[2], a[3]}, {b[0], b[1]}};
  unsigned all[3][32][2];
  for (int part = 0; part < 3; ++part) {
    const simt::Word word = simt::Word{mine[part][1]} << 32 | mine[part][0];
    const simt::Exchanged x = simt::exchange(simt::WarpOp::matrix, ~0u, word, simt_where);
    for (int lane = 0; lane < 32; ++lane) {
      const simt::Word other = (x.mask >> lane & 1u) != 0 ? x.words[lane] : 0;
      all[part][lane][0] = static_cast<unsigned>(other);
      all[part][lane][1] = static_cast<unsigned>(other >> 32);
    }
  }
  const auto number = [](unsigned word, int odd) {
    return static_cast<double>(
        __builtin_bit_cast(float, odd != 0 ? word & 0xffff0000u : word << 16));
  };
  const int lane = static_cast<int>(simt::current.thread->lane), g = lane / 4, t = lane % 4;
  for (int i = 0; i < 4; ++i) {
    const int row = g + i / 2 * 8, column = 2 * t + i % 2;
    double sum = c[i];
    for (int k = 0; k < 16; ++k) {
      const int pair = k % 8 / 2;
      sum += number(all[k / 8][row % 8 * 4 + pair][row / 8], k % 2) *
             number(all[2][column * 4 + pair][k / 8], k % 2);
    }
    c[i] = static_cast<float>(sum);
  }
}

#endif

}  // namespace assay::kernels
