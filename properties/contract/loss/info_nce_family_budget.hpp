// SPDX-License-Identifier: Apache-2.0
// Error budgets of the InfoNCE settings, element by element (docs/loss/info_nce-family-budget.md).
#pragma once

#include <string>
#include <vector>

#include "core/contract.hpp"
#include "core/ends.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"
#include "properties/contract/loss/info_nce_family_model.hpp"

namespace assay::contract {

/// Allowed absolute errors; infinite where nothing is promised (overflow of an intermediate).
struct FamilyGradientBudget {
  std::vector<double> a, b;  ///< N x d, row-major
  double parameter = 0;
  /// The modelled column, no larger than the budgets; equal to them where there is no model.
  std::vector<double> a_modelled, b_modelled;
  double parameter_modelled = 0;

  /// Cuts the modelled column off at the budget.
  void cut_off();
};

/// The same of the row losses; 0 for rows that do not count or are declared to be 0.
struct FamilyRowBudgets {
  std::vector<double> budget, modelled;
  FamilyLossModel loss;  ///< what the rows' errors amount to in the loss
};

/// An algorithm for the settings in binary32, as far as its rounding errors go. Instances have
/// finite vectors only: elements that depend on others are not judged.
class FamilyAlgorithm {
 public:
  virtual ~FamilyAlgorithm() = default;
  virtual std::string name() const = 0;
  /// What is assumed of the arithmetic and of the algorithm, one sentence each.
  virtual std::vector<std::string> hypotheses(Operation operation) const = 0;
  virtual FamilyRowBudgets row_budgets(const FamilyInstance& instance) const = 0;
  /// Budget of the loss, from the truths and budgets of the rows.
  virtual ModelledBudget loss_budget(const FamilyInstance& instance, const std::vector<Ends>& truth,
                                     const FamilyRowBudgets& rows) const = 0;
  virtual FamilyGradientBudget gradient_budget(const FamilyInstance& instance) const = 0;
};

/// The kernel of kernels/loss/info_nce_family.
const FamilyAlgorithm& tiled_family();
/// A stranger: any order of summation, any of the usual forms; and one with online sums.
const FamilyAlgorithm& any_order_family();
const FamilyAlgorithm& any_order_online_family();

}  // namespace assay::contract
