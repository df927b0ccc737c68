// SPDX-License-Identifier: Apache-2.0
// The loops of the CPU InfoNCE for AVX2 with FMA. 6 x 16: twelve accumulators, two columns and one
// factor fill fifteen of the sixteen registers.
#include <immintrin.h>

namespace assay::kernels::cpu {
namespace {

constexpr int vector_lanes = 8;
constexpr int row_tile = 6;
constexpr int key_tile = 16;
typedef float Vec __attribute__((vector_size(vector_lanes * 4)));
inline Vec fused(Vec a, Vec b, Vec c) { return _mm256_fmadd_ps(a, b, c); }
inline Vec splat(float x) { return _mm256_set1_ps(x); }

}  // namespace
}  // namespace assay::kernels::cpu

#define ASSAY_CPU_CODE avx2_code
#define ASSAY_CPU_NAME "avx2"
#include "kernels/loss/info_nce_cpu_code.inc.hpp"
