// SPDX-License-Identifier: Apache-2.0
// Rows of an InfoNCE setting as a stranger may compute them: any order, any of the usual forms.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/loss/info_nce_family_effect.hpp"
#include "properties/contract/loss/info_nce_family_logits.hpp"
#include "properties/contract/loss/info_nce_family_rows.hpp"

namespace assay::contract {

/// The row loss in the weakest of the forms; those that overflow are left out while one does not.
/// `rescalings`: how often a term of a sum may be multiplied by exp of a difference of maxima.
Tracked any_order_family_loss(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
                              const FamilyLogits& logits, std::int64_t rescalings);

/// g dl/ds_j, each as a sum of shares: of the denominator, minus those of the positives.
struct StrangerCoefficients {
  std::vector<Tracked> terms;  ///< as in `FamilyCoefficients`
  std::vector<double> parts;   ///< sum of the magnitudes that each is made of
  Tracked lever;               ///< exact as in `FamilyCoefficients`; error without any summation
  double lever_parts = 0;      ///< sum over the keys of |parts logit|
  CoefficientNoise noise;      ///< modelled
};
StrangerCoefficients any_order_family_coefficients(const ErrorAlgebra& algebra,
                                                   const reference::InfoNceSetting& setting,
                                                   const FamilyLogits& logits, const Tracked& g,
                                                   std::int64_t rescalings);

}  // namespace assay::contract
