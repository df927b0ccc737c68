// SPDX-License-Identifier: Apache-2.0
// The loops of the CPU InfoNCE for AVX-512F. 12 x 32: 24 accumulators, two columns and a factor
// fill 27 of the 32 registers.
#include <immintrin.h>

namespace assay::kernels::cpu {
namespace {

constexpr int vector_lanes = 16;
constexpr int row_tile = 12;
constexpr int key_tile = 32;
typedef float Vec __attribute__((vector_size(vector_lanes * 4)));
inline Vec fused(Vec a, Vec b, Vec c) { return _mm512_fmadd_ps(a, b, c); }
inline Vec splat(float x) { return _mm512_set1_ps(x); }

}  // namespace
}  // namespace assay::kernels::cpu

#define ASSAY_CPU_CODE avx512_code
#define ASSAY_CPU_NAME "avx512"
#include "kernels/loss/info_nce_cpu_code.inc.hpp"
