// SPDX-License-Identifier: Apache-2.0
// The loops of the CPU InfoNCE with vectors of 16, for any machine.
#include "tests/kernels/loss/info_nce_cpu_case.hpp"

namespace assay::kernels::cpu {
namespace {

constexpr int vector_lanes = 16;
constexpr int row_tile = 12;
constexpr int key_tile = 32;
typedef float Vec __attribute__((vector_size(vector_lanes * 4)));
inline Vec fused(const Vec& a, const Vec& b, Vec c) {
  for (int i = 0; i < vector_lanes; ++i) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
}
inline Vec splat(float x) { return x - Vec{}; }

}  // namespace
}  // namespace assay::kernels::cpu

#define ASSAY_CPU_CODE wide_code
#define ASSAY_CPU_NAME "wide layout"
#include "kernels/loss/info_nce_cpu_code.inc.hpp"

namespace assay::kernels::testing {
const cpu::VectorCode& wide_layout_code() { return cpu::wide_code; }
}  // namespace assay::kernels::testing
