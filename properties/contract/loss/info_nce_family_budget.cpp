// SPDX-License-Identifier: Apache-2.0
// Budgets of "tiled-family": rows, means and sums over rows.
#include "properties/contract/loss/info_nce_family_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_gradient.hpp"
#include "properties/contract/loss/info_nce_family_rows.hpp"

namespace assay::contract {

namespace {

using reference::Directions;
using reference::OverAnchors;
using reference::RowFate;

constexpr double infinity = std::numeric_limits<double>::infinity();

/// With one positive in the denominator the effect of the logits has a second bound, tighter where
/// they move far (part A of docs/loss/info_nce-budget.md).
double softplus_effect(const FamilyLogits& logits) {
  RowLogits row;
  row.ideal = logits.ideal;
  row.ideal_slack = logits.ideal_slack;
  row.deviation = logits.deviation;
  row.variance.assign(logits.size(), 0.0);
  row.common = logits.common;
  return logit_effect(row).loss;
}

/// Budget and model of one row that counts.
void add_row(const FamilyInstance& instance, const ErrorAlgebra& algebra, const FamilyRow& row,
             const FamilyLogits& logits, FamilyRowBudgets& rows) {
  rows.budget.push_back(infinity);
  rows.modelled.push_back(infinity);
  if (!logits.in_domain) return;
  const RowForm form = form_of(instance.setting, logits);
  double effect = family_effect(instance.setting, logits).loss;
  if (logits.positives == 1 && form == RowForm::softplus)
    effect = std::min(effect, softplus_effect(logits));
  const Tracked loss = tiled_family_loss(algebra, instance.setting, logits);
  const double total = inflate_up(effect + loss.error);
  if (std::isfinite(total)) rows.budget.back() = total;
  const double modelled =
      rows.loss.add(instance, row, logits, curvature_of(form, logits), loss.variance);
  rows.modelled.back() = smaller(modelled, rows.budget.back());
}

class TiledFamily final : public FamilyAlgorithm {
 public:
  std::string name() const override { return "tiled-family"; }

  std::vector<std::string> hypotheses(Operation operation) const override {
    std::vector<std::string> all = {
        "binary32 arithmetic rounds to nearest with gradual underflow (no flush to zero)",
        "a vector is divided by its norm, the correctly rounded root of a sum of squares in 32 "
        "lanes and a tree, where the setting normalises",
        "every logit is a chain of fused multiply-adds over increasing k from 0, times the scale "
        "rounded once from binary64 to binary32; an exponential of a log-scale in binary64 lies "
        "within 2^-43 of the exact one",
        "32 lanes keep (maximum, sum) over the negatives, and over the positives where their sum "
        "is needed, whose column equals the lane modulo 32, in increasing order; the lanes are "
        "joined at the largest maximum by a tree 16, 8, 4, 2, 1",
        "exp, log and log1p are the kernel's own, within the proven bounds of "
        "kernels/math_bounds.hpp",
    };
    if (operation == Operation::forward) {
      all.emplace_back(
          "a direction adds its rows, each as often as it counts, t, t+256, ... in each of 256 "
          "threads, then a tree 128, ..., 1, then divides by the number that count");
      return all;
    }
    all.insert(all.end(),
               {"the upstream gradient of a row is that of the row plus that of the loss, divided "
                "by the number that count, times how often the row counts",
                "the two coefficients of a pair of vectors are added before they multiply a vector",
                "every coordinate of a gradient is a chain of fused multiply-adds over increasing "
                "vectors from 0, times the rounded scale; then the part along the vector is taken "
                "off and the rest divided by the norm, where the setting normalises",
                "the derivative by the parameter sums coefficient times (logit - mean positive) "
                "in 32 lanes, and all rows as a direction's loss"});
    return all;
  }

  FamilyRowBudgets row_budgets(const FamilyInstance& instance) const override {
    const ErrorAlgebra algebra(tiled_format());
    const FamilyVectors vectors = vectors_of(instance, algebra, FamilyArithmetic::tiled);
    const FamilyScale scale = scale_of(instance, FamilyArithmetic::tiled);
    FamilyRowBudgets rows{{}, {}, FamilyLossModel(instance)};
    for (const FamilyRow& row : instance.rows) {
      if (row.fate == RowFate::counts) {
        add_row(instance, algebra, row,
                logits_of(instance, vectors, scale, FamilyArithmetic::tiled, row), rows);
      } else {
        rows.budget.push_back(0);
        rows.modelled.push_back(0);
      }
    }
    return rows;
  }

  ModelledBudget loss_budget(const FamilyInstance& instance, const std::vector<Ends>& truth,
                             const FamilyRowBudgets& rows) const override {
    const ErrorAlgebra algebra(tiled_format());
    Tracked loss = held(0);
    for (std::size_t block = 0; block < instance.blocks.size(); ++block) {
      std::vector<Tracked> terms;
      for (std::size_t i = 0; i < instance.rows.size(); ++i) {
        if (instance.rows[i].block != block) continue;
        const auto count = static_cast<double>(instance.rows[i].count);
        const Tracked row = enclosed(truth[i], rows.budget[i]);
        terms.push_back(count == 0 ? held(0) : count == 1 ? row : algebra.mul(row, held(count)));
      }
      const Tracked sum = sum_by_threads(algebra, terms);
      const Tracked total = algebra.round(held(static_cast<double>(instance.block_counts[block])));
      const bool divided =
          instance.setting.over != OverAnchors::sum && instance.block_counts[block] != 0;
      loss = algebra.add(loss, divided ? algebra.div(sum, total) : sum);
    }
    if (instance.setting.directions == Directions::half_sum) loss = algebra.mul(loss, held(0.5));
    const double outer = instance.setting.outer_value, rounded = static_cast<float>(outer);
    if (outer != 1) loss = algebra.mul(loss, {outer, 0, std::fabs(rounded - outer)});
    if (!std::isfinite(loss.error)) return {infinity, infinity};
    return {loss.error, smaller(rows.loss.of_loss(loss.variance), loss.error)};
  }

  FamilyGradientBudget gradient_budget(const FamilyInstance& instance) const override {
    FamilyGradientBudget budget = tiled_family_gradient_budget(instance);
    budget.cut_off();
    return budget;
  }
};

}  // namespace

void FamilyGradientBudget::cut_off() {
  const auto cut = [](std::vector<double>& modelled, const std::vector<double>& at) {
    for (std::size_t i = 0; i < at.size(); ++i) modelled[i] = smaller(modelled[i], at[i]);
  };
  cut(a_modelled, a);
  cut(b_modelled, b);
  parameter_modelled = smaller(parameter_modelled, parameter);
}

const FamilyAlgorithm& tiled_family() {
  static const TiledFamily algorithm;
  return algorithm;
}

}  // namespace assay::contract
