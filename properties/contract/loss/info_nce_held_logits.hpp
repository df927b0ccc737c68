// SPDX-License-Identifier: Apache-2.0
// The logits of InfoNCE rows as an algorithm holds them; where forward and backward budgets begin.
#pragma once

#include <cstdint>
#include <functional>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {

/// How an algorithm comes to its logits.
enum class LogitModel : unsigned char {
  chain,        ///< fma chain in order, then one multiplication by the rounded reciprocal of T
  any_order,    ///< any order, fused or not; T applied anywhere, as divisor or reciprocal
  tensor_core,  ///< blocks of 16 products by a tensor core, then as `chain`
};

/// Calls `use(row, budget, logits)` for every row in increasing order. `budget` has its kind set
/// and nothing else; `logits` is filled where the kind is `within_budget`.
void for_each_row(const InfoNceInstance& instance, LogitModel model,
                  const std::function<void(std::int64_t, RowBudget&, const RowLogits&)>& use);

/// Bound of |f T - 1| over the factors f that the model may use for 1/T, rounded upward; infinite
/// where one of them is not a normal binary32 number.
double inverse_temperature_error(const InfoNceInstance& instance, LogitModel model);

}  // namespace assay::contract
