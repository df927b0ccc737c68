// SPDX-License-Identifier: Apache-2.0
// The online sums of the tiled InfoNCE kernels over the error algebra; internal to the budgets.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

/// Which of two exactly held numbers may be the larger one.
struct Order {
  bool may_exceed;  ///< a > b is possible
  bool may_not;     ///< a <= b is possible
};
Order compare(const Tracked& a, const Tracked& b);

/// The largest of v[first], v[first + 1], ...
Tracked largest_of(const ErrorAlgebra& algebra, const std::vector<Tracked>& v, std::size_t first);
/// The index of the only number that can be the largest, `top`; v.size() when several can.
std::size_t certain_largest(const std::vector<Tracked>& v, const Tracked& top, std::size_t first);

/// Largest negative logit M and the sum of exp(v_j - M) over the negatives, as 32 online lanes and
/// their tree hold it. \pre there is a negative
struct NegativeSum {
  Tracked maximum, sum;
};
/// The same over `count` logits with these columns. \pre count > 0
NegativeSum tiled_sum(const ErrorAlgebra& algebra, const Tracked* logits,
                      const std::int64_t* column, std::size_t count);
NegativeSum tiled_negative_sum(const ErrorAlgebra& algebra, const RowLogits& logits);

}  // namespace assay::contract
