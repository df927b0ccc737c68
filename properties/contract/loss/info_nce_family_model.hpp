// SPDX-License-Identifier: Apache-2.0
// The modelled column of the InfoNCE settings, forward (docs/loss/info_nce-family-budget.md, "The
// modelled column"): first-order propagation of what is known and of what is random.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/loss/info_nce_family_curvature.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"

namespace assay::contract {

/// A modelled error is never above the budget; one that is not a number says nothing.
inline double smaller(double modelled, double budget) {
  return modelled <= budget ? modelled : budget;
}

/// How far a row's logits may be from the exact ones, as the model sees it: the largest
/// 8 sigma + |known|. First order is enough only where this is small.
double reach_of_logits(const FamilyLogits& logits);
/// Beyond this reach a row has no model.
inline constexpr double largest_modelled_reach = 0x1p-4;
/// False for rows without a model.
bool is_modelled(const FamilyLogits& logits);

/// How many of the numbers have the same magnitude, for each: equal operands have equal rounding
/// errors, and m of those add up to m^2 variances, not m.
std::vector<double> ties_of(const std::vector<double>& numbers);
double most_ties(const std::vector<double>& ties);

/// What a row's loss is multiplied by in the loss.
double weight_in_loss(const FamilyInstance& instance, const FamilyRow& row);
/// Whether a pair of vectors gives a logit to two rows.
bool pairs_meet_twice(const FamilyInstance& instance);

/// Errors of the row losses in the loss. `known` has a sign; `unknown` times the unknown part of
/// the common factor, and `remainder`, are added as they are.
class FamilyLossModel {
 public:
  explicit FamilyLossModel(const FamilyInstance& instance)
      : twice_(pairs_meet_twice(instance)), of_vector_(static_cast<std::size_t>(2 * instance.n)) {}
  FamilyLossModel() = default;

  /// Adds one row and returns its own modelled error. `evaluation`: the variance of what happens
  /// after the logits.
  double add(const FamilyInstance& instance, const FamilyRow& row, const FamilyLogits& logits,
             const RowCurvature& curvature, double evaluation);
  /// The modelled error of the loss; `rounding` is the variance of the sum over rows.
  double of_loss(double rounding) const;

 private:
  bool twice_ = false, modelled_ = true;
  double known_ = 0, slope_ = 0, unknown_common_ = 0, remainder_ = 0;
  std::vector<double> of_row_;     ///< variances
  std::vector<double> of_vector_;  ///< standard deviations
};

}  // namespace assay::contract
