// SPDX-License-Identifier: Apache-2.0
// What held logits do to the exact row losses and derivatives of an InfoNCE setting.
#pragma once

#include <vector>

#include "properties/contract/loss/info_nce_family_logits.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::contract {

/// The formulas of a row. With one positive in the denominator (one positive at all, or the others
/// left out) the loss is a softplus.
enum class RowForm : unsigned char {
  softplus,          ///< the mean over positives p of log(1 + sum over N of exp(s - s_p))
  all_mean,          ///< LSE over P and N minus the mean of P
  negatives_mean,    ///< LSE over N minus the mean of P
  all_inside,        ///< LSE over P and N minus LSE over P
  negatives_inside,  ///< LSE over N minus LSE over P
};
RowForm form_of(const reference::InfoNceSetting& setting, const FamilyLogits& logits);

/// Exact losses and derivatives when the exact logits are replaced by the held ones
/// (docs/loss/info_nce-family-budget.md, part A). Entries as in the logits.
struct FamilyEffect {
  std::vector<double> weight;  ///< near dl/dt_j at the exact logits
  std::vector<double> radius;  ///< bound of |dl/dt_j(exact) - weight_j|: doubles are inexact
  std::vector<double> moved;   ///< bound of |dl/dt_j(any logits as far as the held) - weight_j|
  double loss = 0;             ///< bound of |l(held) - l(exact)|
  double lever = 0;            ///< sum over j of weight_j (t_j - mean of the positives)
  double lever_radius = 0;     ///< bound of |exact - lever|
  double lever_moved = 0;      ///< bound of |at the held logits - exact|, and from `lever`
};
FamilyEffect family_effect(const reference::InfoNceSetting& setting, const FamilyLogits& logits);

}  // namespace assay::contract
