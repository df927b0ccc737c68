// SPDX-License-Identifier: Apache-2.0
// Checks that both entry points of the InfoNCE forward kernel make before anything runs.
#pragma once

#include <stdexcept>

#include "kernels/loss/info_nce.hpp"

namespace assay::kernels {

/// The mean divides by the number of rows as a binary32, which is exact up to this many.
inline constexpr std::int64_t info_nce_max_rows = std::int64_t{1} << 24;

inline std::int64_t info_nce_rows(const InfoNceInputs& arguments) {
  return arguments.form == InfoNceForm::joint_block ? 2 * arguments.n : arguments.n;
}

/// \throws std::invalid_argument naming the first argument that makes no sense
inline void check_info_nce_arguments(const InfoNceArguments& q) {
  const auto refuse = [](const char* what) {
    throw std::invalid_argument(std::string("info_nce: ") + what);
  };
  if (q.n < 1 || q.d < 1) refuse("n and d must be at least 1");
  if (q.n > info_nce_max_rows || info_nce_rows(q) > info_nce_max_rows)
    refuse("more than 2^24 rows");
  if (q.a == nullptr || q.b == nullptr) refuse("a or b is null");
  if (q.row_loss == nullptr || q.row_lse == nullptr || q.loss == nullptr)
    refuse("an output is null");
  if ((q.n > 1 && q.a_stride < q.d) || (q.n > 1 && q.b_stride < q.d))
    refuse("a row stride is smaller than d");
}

/// 1/temperature in binary64, rounded once to binary32.
inline float info_nce_inverse_temperature(double temperature) {
  return static_cast<float>(1.0 / temperature);
}

}  // namespace assay::kernels
