// SPDX-License-Identifier: Apache-2.0
// What all entry points of the InfoNCE kernels do before anything runs: checks, and the choice of
// an element type.
#pragma once

#include <stdexcept>
#include <string>

#include "kernels/half.cuh"
#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {

/// The mean divides by the number of rows as a binary32, which is exact up to this many.
inline constexpr std::int64_t info_nce_max_rows = std::int64_t{1} << 24;

inline std::int64_t info_nce_rows(const InfoNceInputs& arguments) {
  return arguments.form == InfoNceForm::joint_block ? 2 * arguments.n : arguments.n;
}

[[noreturn]] inline void refuse_info_nce(const char* what) {
  throw std::invalid_argument(std::string("info_nce: ") + what);
}

/// \throws std::invalid_argument naming the first argument that makes no sense
inline void check_info_nce_inputs(const InfoNceInputs& q) {
  if (q.n < 1 || q.d < 1) refuse_info_nce("n and d must be at least 1");
  if (q.n > info_nce_max_rows || info_nce_rows(q) > info_nce_max_rows)
    refuse_info_nce("more than 2^24 rows");
  if (q.a == nullptr || q.b == nullptr) refuse_info_nce("a or b is null");
  if (q.input != Dtype::f32 && q.input != Dtype::bf16 && q.input != Dtype::f16)
    refuse_info_nce("inputs are f32, bf16 or f16");
  if ((q.n > 1 && q.a_stride < q.d) || (q.n > 1 && q.b_stride < q.d))
    refuse_info_nce("a row stride is smaller than d");
}
inline void check_info_nce_arguments(const InfoNceArguments& q) {
  check_info_nce_inputs(q);
  if (q.row_loss == nullptr || q.row_lse == nullptr || q.loss == nullptr)
    refuse_info_nce("an output is null");
}
inline void check_info_nce_arguments(const InfoNceBackwardArguments& q) {
  check_info_nce_inputs(q);
  if (q.grad_a == nullptr || q.grad_b == nullptr || q.grad_temperature == nullptr)
    refuse_info_nce("an output is null");
}

inline void check_tensor_input(const InfoNceInputs& q) {
  if (q.input != Dtype::bf16) refuse_info_nce("tensor cores take bf16 inputs only");
}

/// 1/temperature in binary64, rounded once to binary32.
inline float info_nce_inverse_temperature(double temperature) {
  return static_cast<float>(1.0 / temperature);
}

/// Calls f(zero) with a value of the inputs' element type: float, Bf16 or Half.
template <class F>
void with_element_of(Dtype input, F f) {
  if (input == Dtype::bf16)
    f(Bf16{});
  else if (input == Dtype::f16)
    f(Half{});
  else
    f(0.0f);
}

}  // namespace assay::kernels
