// SPDX-License-Identifier: Apache-2.0
// Error budgets of InfoNCE forward algorithms, element by element.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {

/// How a row's outputs are judged (the rule "extended reals", docs/loss/info_nce-budget.md).
enum class RowKind : unsigned char {
  within_budget,
  nan,              ///< a logit is NaN
  not_finite,       ///< a logit is +inf
  loss_not_finite,  ///< the positive is -inf: the loss is +inf; nothing is asked of the lse
  outside_domain,   ///< an intermediate of the algorithm could overflow
};

/// Budget of one row, and what it is made of: `*_logits` bounds what the rounding of the logits can
/// do to the exact function, `*_evaluation` what rounding can do after the logits.
struct RowBudget {
  RowKind kind = RowKind::within_budget;
  bool all_finite = true;  ///< false: some logit is not finite (-inf negatives weigh nothing)
  double loss = 0, loss_logits = 0, loss_evaluation = 0;
  double lse = 0, lse_logits = 0, lse_evaluation = 0;
  /// The modelled column of both, never larger than the budgets; and what the mean needs of it: the
  /// variance and the signed effect of the common factor.
  double loss_modelled = 0, lse_modelled = 0;
  double loss_variance = 0, loss_systematic = 0;
};

/// How many standard deviations the modelled column allows.
inline constexpr double modelled_deviations = 8;
/// |systematic| + 8 sqrt(variance), at most `budget`.
double modelled_error(double systematic, double variance, double budget);

/// Budget of a number and its modelled column.
struct ModelledBudget {
  double budget = 0;
  double modelled = 0;
};

/// An algorithm for InfoNCE forward in binary32, as far as its rounding errors go.
class InfoNceAlgorithm {
 public:
  virtual ~InfoNceAlgorithm() = default;
  virtual std::string name() const = 0;
  /// What is assumed of the arithmetic and of the algorithm, one sentence each.
  virtual std::vector<std::string> hypotheses() const = 0;
  /// Budgets of row_loss and row_lse of every row. Cost O(rows keys d), vectorised.
  virtual std::vector<RowBudget> row_budgets(const InfoNceInstance& instance) const = 0;
  /// Budget of the mean of row losses whose truths and budgets are given; infinite when the sum
  /// could overflow.
  virtual ModelledBudget mean_budget(const std::vector<Ends>& truth,
                                     const std::vector<RowBudget>& rows) const = 0;
};

/// The kernel of kernels/loss/info_nce: fma chains, one online (maximum, sum) per lane of a warp
/// over the negatives, log1p of their sum relative to the positive.
const InfoNceAlgorithm& tiled_online_log1p();
/// The same with logits from bfloat16 tensor cores (kernels/loss/info_nce_tensor.cuh).
const InfoNceAlgorithm& tiled_mma_log1p();
/// A stranger: any order of summation, any of the usual forms.
const InfoNceAlgorithm& any_order();
/// A stranger whose sums are online: blocks or lanes of at least `online_block` logits with a
/// running maximum each, rescaled when it grows and when they are joined.
const InfoNceAlgorithm& any_order_online();
inline constexpr std::int64_t online_block = 16;
/// Most rescalings that one exponential goes through: one for every logit of its lane (there are
/// `online_block` lanes) or for every block, and those of the tree that joins them.
constexpr std::int64_t online_rescalings(std::int64_t keys) {
  return (keys + online_block - 1) / online_block + 5;
}

/// Format and functions of the stated kernel, from its proven constants.
Format tiled_format();
/// Units in the last place that `any_order` grants exp, log and log1p.
inline constexpr double stranger_ulps = 4;

// --- The parts, shared by the algorithms
// ----------------------------------------------------------

/// The logits of one row. All vectors have one entry per live key: the positive first, then the
/// negatives in the order of their columns. The held logit is v_j = factor * t_j + r_j, t_j the
/// exact one, |factor - 1| <= common, |r_j| <= deviation[j].
struct RowLogits {
  std::vector<double> ideal;        ///< near t_j
  double ideal_slack = 0;           ///< bound on |ideal[j] - t_j|
  std::vector<Tracked> held_logit;  ///< v_j, held exactly, known within its radius
  std::vector<double> deviation;
  std::vector<double> variance;  ///< of r_j in the modelled column
  double common = 0;
  bool recomputed = false;  ///< the same logit, computed again elsewhere, may have other bits
  std::vector<std::int64_t> column;  ///< the key of each entry
};

/// How much row_loss and row_lse can move when the exact logits are replaced by the held ones.
struct LogitEffect {
  double loss = 0;
  double lse = 0;
  // Modelled: variance of the first-order effect of the r_j, and the signed effect per unit of the
  // common factor.
  double loss_variance = 0, lse_variance = 0;
  double loss_slope = 0, lse_slope = 0;
};
LogitEffect logit_effect(const RowLogits& logits);

/// Evaluation of one row from its held logits, written once over the algebra.
struct RowEvaluation {
  Tracked loss;
  Tracked lse;
};
RowEvaluation evaluate_tiled(const ErrorAlgebra& algebra, const RowLogits& logits);
/// The weakest of the forms a stranger may use. Forms that overflow are left out while one does
/// not. `rescalings`: how often a term of a sum may be multiplied by exp of a difference of maxima.
RowEvaluation evaluate_any_order(const ErrorAlgebra& algebra, const RowLogits& logits,
                                 std::int64_t rescalings = 0);
/// The kernels' sum over rows: t, t + 256, ... in each of 256 threads, then a tree 128, ..., 1.
Tracked sum_by_threads(const ErrorAlgebra& algebra, const std::vector<Tracked>& terms);
/// A sum of exponentials after so many rescalings of its terms. \pre the sum is of positive terms
Tracked rescaled(const ErrorAlgebra& algebra, const RowLogits& logits, Tracked sum,
                 std::int64_t rescalings);

}  // namespace assay::contract
