// SPDX-License-Identifier: Apache-2.0
// Sums of coefficient times vector and what rounding does to them; internal to the gradient
// budgets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {

/// What one term c_t x_t of a gradient's sum is made of: the coefficient and how far the held one
/// may be from it, for the vector `t` in z.
struct Term {
  double centre;
  double error;
  double size;  ///< sum of the magnitudes of the parts of the coefficient
  std::int64_t vector;
  // Modelled.
  double variance;
  double shared;  ///< the part of the coefficient that shares an error with others of the sum
  double slope;
};

// The doubles of the bounds carry relative errors of their own, far below u: coefficients and
// partial sums are computed within this fraction of the magnitudes that are added up.
inline constexpr double double_slack = 0x1p-42;
inline double slack_of_sum(std::size_t terms) {
  return double_slack + static_cast<double>(terms) * 0x1p-51;
}

/// How the common factor enters: relative errors of the logits' and of the final 1/T, and the
/// variance that the negatives of the gradient's own row share.
struct Factors {
  double inverse;  ///< |f T - 1|
  double row_shared;
};

/// The tiled kernel's sum: an fma chain per coordinate, in the order of the terms; then times 1/T.
/// `budget` and `modelled`: d numbers each, infinite where an intermediate could overflow.
void chain_budget(const InfoNceInstance& instance, const std::vector<Term>& terms,
                  const Factors& factors, double* budget, double* modelled);

/// A stranger's sum: any order and grouping, the two parts of a coefficient apart or together, the
/// factors g, 1/rows and 1/T applied anywhere, results below the smallest normal number flushed.
void any_order_budget(const InfoNceInstance& instance, const std::vector<Term>& terms,
                      const Factors& factors, double* budget, double* modelled);

}  // namespace assay::contract
