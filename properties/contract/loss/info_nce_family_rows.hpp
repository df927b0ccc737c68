// SPDX-License-Identifier: Apache-2.0
// Rows of the algorithm "tiled-family" over the error algebra, from their held logits.
#pragma once

#include <vector>

#include "properties/contract/loss/info_nce_family_effect.hpp"
#include "properties/contract/loss/info_nce_family_gradient_model.hpp"
#include "properties/contract/loss/info_nce_family_logits.hpp"
#include "properties/contract/loss/info_nce_online.hpp"

namespace assay::contract {

/// What the lanes leave of a row (step F2). A part without logits has sum 0.
struct FamilySums {
  NegativeSum negatives, positives;
  Tracked mean;      ///< of the positive logits
  double count = 0;  ///< of positives
  bool has_negatives = false;
};
FamilySums tiled_family_sums(const ErrorAlgebra& algebra, const FamilyLogits& logits);

/// The row loss (F3): its exact value on the held logits, and the error of what is held.
Tracked tiled_family_loss(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
                          const FamilyLogits& logits);

/// g dl/ds_j of one row (B2): the exact one within `radius` of `centre`, the held one within
/// `error` of the exact one.
struct FamilyCoefficients {
  std::vector<Tracked> terms;
  /// g times the sum over j of dl/ds_j (s_j - mean of the positives).
  Tracked lever;
  CoefficientNoise noise;  ///< modelled: of the operations after the logits, for a known g
};
FamilyCoefficients tiled_family_coefficients(const ErrorAlgebra& algebra,
                                             const reference::InfoNceSetting& setting,
                                             const FamilyLogits& logits, const Tracked& g);

}  // namespace assay::contract
