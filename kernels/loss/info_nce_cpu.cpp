// SPDX-License-Identifier: Apache-2.0
// The CPU implementation of InfoNCE: choice of the instruction set, arguments.
#include <stdexcept>
#include <string>

#include "kernels/loss/info_nce.hpp"
#include "kernels/loss/info_nce_arguments.hpp"
#include "kernels/loss/info_nce_cpu_code.hpp"

namespace assay::kernels {

namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("info_nce: " + what);
}

void check_inputs(const InfoNceInputs& q) {
  if (q.input != Dtype::f32) refuse("the CPU implementation takes binary32 inputs only");
  if (q.n < 1 || q.d < 1) refuse("n and d must be at least 1");
  if (q.n > info_nce_max_rows || info_nce_rows(q) > info_nce_max_rows)
    refuse("more than 2^24 rows");
  if (q.a == nullptr || q.b == nullptr) refuse("a or b is null");
  if (q.n > 1 && (q.a_stride < q.d || q.b_stride < q.d)) refuse("a row stride is smaller than d");
  if (!(info_nce_inverse_temperature(q.temperature) > 0))
    refuse("1/temperature is not positive in binary32");
}

bool same_inputs(const InfoNceInputs& p, const InfoNceInputs& q) {
  return p.a == q.a && p.b == q.b && p.n == q.n && p.d == q.d && p.a_stride == q.a_stride &&
         p.b_stride == q.b_stride && p.temperature == q.temperature && p.form == q.form;
}

void check(const InfoNceArguments* forward, const InfoNceBackwardArguments* backward) {
  if (forward == nullptr && backward == nullptr) refuse("neither forward nor backward asked for");
  if (forward != nullptr) {
    check_inputs(*forward);
    if (forward->row_loss == nullptr || forward->row_lse == nullptr || forward->loss == nullptr)
      refuse("an output is null");
  }
  if (backward != nullptr) {
    check_inputs(*backward);
    if (backward->grad_a == nullptr || backward->grad_b == nullptr ||
        backward->grad_temperature == nullptr)
      refuse("an output is null");
  }
  if (forward != nullptr && backward != nullptr && !same_inputs(*forward, *backward))
    refuse("forward and backward of different inputs in one call");
}

const cpu::VectorCode& code_for(const std::string& isa) {
#if defined(__x86_64__)
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f");
  if (isa == "avx512" || (isa.empty() && avx512)) {
    if (!avx512) refuse("this machine has no AVX-512F");
    return cpu::avx512_code;
  }
  if (isa == "avx2" || (isa.empty() && avx2)) {
    if (!avx2) refuse("this machine has no AVX2 with FMA");
    return cpu::avx2_code;
  }
#else
  if (isa == "avx512" || isa == "avx2") refuse(isa + " is an instruction set of x86-64");
#endif
  if (!isa.empty() && isa != "generic") refuse("unknown instruction set '" + isa + "'");
  return cpu::generic_code;
}

}  // namespace

void info_nce_cpu(const InfoNceArguments* forward, const InfoNceBackwardArguments* backward,
                  int threads, const std::string& isa) {
  check(forward, backward);
  if (threads < 0) refuse("a negative number of threads");
  cpu::info_nce_on(code_for(isa), forward, backward, threads);
}

}  // namespace assay::kernels
