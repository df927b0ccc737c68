// SPDX-License-Identifier: Apache-2.0
// The gradients of "tiled-family" over the error algebra; internal to its budget.
#pragma once

#include <optional>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_family_budget.hpp"

namespace assay::contract {

/// What the budget and its modelled column are made of.
enum class GradientTerm : unsigned char {
  logits,           ///< what the held logits do to the exact coefficients
  upstream,         ///< the upstream gradient of a row (G1)
  evaluation,       ///< coefficients and levers from the held logits (G2)
  pair,             ///< the sum of the two coefficients of a pair
  chain,            ///< the fused multiply-adds over the vectors (G3)
  carried,          ///< errors of the normalised entries, where they multiply coefficients
  scale,            ///< the rounded scale, after the chain
  product,          ///< the rounding of that product
  norm,             ///< the norm that divides
  norm_steps,       ///< the operations of B6
  parameter_sum,    ///< the sum over rows (G4)
  parameter_scale,  ///< what follows it
};
inline constexpr int gradient_terms = 12;

/// Cost O(rows keys d). The modelled column is as it comes out: it may lie above the budget, or be
/// infinite or not a number where there is no model. `without`: a term that is left out, for tests
/// that show that it is needed.
FamilyGradientBudget tiled_family_gradient_budget(const FamilyInstance& instance,
                                                  std::optional<GradientTerm> without = {});

}  // namespace assay::contract
