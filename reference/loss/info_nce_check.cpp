// SPDX-License-Identifier: Apache-2.0
// Refusals of InfoNCE problems that make no sense, one line each.
#include "reference/loss/info_nce_check.hpp"

#include <cmath>
#include <stdexcept>
#include <string>

namespace assay::reference {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument("info_nce: " + what);
}

void check_entries(const char* name, const double* x, std::int64_t n, std::int64_t d,
                   std::int64_t stride) {
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < d; ++k)
      if (!std::isfinite(x[i * stride + k]))
        refuse(std::string(name) + "[" + std::to_string(i) + "][" + std::to_string(k) +
               "] is not finite");
}

}  // namespace

void check_shape(const InfoNceProblem& p) {
  if (p.n < 1) refuse("n is " + std::to_string(p.n) + ", at least 1 is needed");
  if (p.d < 1) refuse("d is " + std::to_string(p.d) + ", at least 1 is needed");
  if (p.a == nullptr || p.b == nullptr) refuse("a or b is a null pointer");
  if (p.n > 1 && (p.a_stride < p.d || p.b_stride < p.d))
    refuse("a row stride is shorter than a row");
  if (!(p.temperature > 0) || !std::isfinite(p.temperature))
    refuse("the temperature is " + std::to_string(p.temperature) +
           ", a positive finite number is needed");
}

void check_finite(const InfoNceProblem& p) {
  check_entries("a", p.a, p.n, p.d, p.a_stride);
  check_entries("b", p.b, p.n, p.d, p.b_stride);
}

void check_row(const InfoNceProblem& p, std::int64_t row) {
  if (row < 0 || row >= p.rows())
    throw std::out_of_range("info_nce: row " + std::to_string(row) + " of " +
                            std::to_string(p.rows()));
}

}  // namespace assay::reference
