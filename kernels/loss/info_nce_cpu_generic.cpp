// SPDX-License-Identifier: Apache-2.0
// The loops of the CPU InfoNCE for any machine: vectors of 4, and the C library's fmaf where the
// compiler has no instruction for it (slow and exact).
namespace assay::kernels::cpu {
namespace {

constexpr int vector_lanes = 4;
constexpr int row_tile = 4;
constexpr int key_tile = 8;
typedef float Vec __attribute__((vector_size(vector_lanes * 4)));
inline Vec fused(Vec a, Vec b, Vec c) {
  for (int i = 0; i < vector_lanes; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
inline Vec splat(float x) { return Vec{x, x, x, x}; }

}  // namespace
}  // namespace assay::kernels::cpu

#define ASSAY_CPU_CODE generic_code
#define ASSAY_CPU_NAME "generic"
#include "kernels/loss/info_nce_cpu_code.inc.hpp"
