// SPDX-License-Identifier: Apache-2.0
// Error budgets of InfoNCE backward algorithms, element by element
// (docs/loss/info_nce-gradient-budget.md).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {

/// Allowed absolute error of every gradient element; infinite where nothing is promised (overflow
/// of an intermediate, or an element that depends on a row or vector that is not finite).
struct GradientBudget {
  std::vector<double> a, b;  ///< N x d, row-major
  double temperature = 0;
  /// The modelled column, no larger than the budgets.
  std::vector<double> a_modelled, b_modelled;
  double temperature_modelled = 0;
};

/// A backward algorithm in binary32, as far as its rounding errors go.
class InfoNceGradientAlgorithm {
 public:
  virtual ~InfoNceGradientAlgorithm() = default;
  virtual std::string name() const = 0;
  /// What is assumed of the arithmetic and of the algorithm, one sentence each.
  virtual std::vector<std::string> hypotheses() const = 0;
  /// Cost O(rows keys d).
  virtual GradientBudget budget(const InfoNceInstance& instance) const = 0;
};

/// The kernel of kernels/loss/info_nce, backward.
const InfoNceGradientAlgorithm& tiled_gradient();
/// The same with logits from bfloat16 tensor cores.
const InfoNceGradientAlgorithm& tiled_mma_gradient();
/// A stranger: softmax of the logits minus one at the positive, sums in any order.
const InfoNceGradientAlgorithm& any_order_gradient();
/// The same with online sums, `any_order_online`.
const InfoNceGradientAlgorithm& any_order_online_gradient();

// --- The parts ----------------------------------------------------------------------------------

/// Coefficients of one row: the derivative of g_i row_loss_i with respect to the logit of each
/// key, and what multiplies -1/T in the derivative with respect to the temperature. The number an
/// algorithm holds lies within `error` of the exact one, which lies near `centre`.
struct RowCoefficients {
  std::vector<double> centre;  ///< per key; 0 where the key is left out
  std::vector<double> error;
  Tracked temperature;  ///< g_i sum_{j != p} P_ij (t_ij - t_ip)
  /// Strangers: sum over the keys of |coefficient logit|, which they add up with others' rows.
  double temperature_products = 0;
  // Modelled. Variances of what is independent from key to key; the relative variance that all
  // negatives of the row share; and the derivatives by the common factor of the logits.
  std::vector<double> variance;
  double shared = 0;
  std::vector<double> slope;
  double temperature_slope = 0;
};

/// How far the exact coefficients move when the exact logits are replaced by the held ones.
struct CoefficientEffect {
  std::vector<double> weight;  ///< P_j near the exact logits, in the order of `logits`
  std::vector<double> moved;   ///< bound of |P_j(held) - P_j|; entry 0: of |(1 - P_p)(held) - ...|
  double miss = 0;             ///< 1 - P_p, the sum of the other weights
  double temperature = 0;      ///< sum_{j != p} P_j (t_j - t_p)
  double temperature_moved = 0;
  // Modelled: first-order effects of the r_j (variances) and of the common factor (slopes).
  double positive = 0;           ///< P_p
  std::vector<double> variance;  ///< of P_j, without what all share; entry 0: of 1 - P_p
  double shared = 0;             ///< of sum_k P_k r_k
  double temperature_variance = 0;
  std::vector<double> slope;  ///< dP_j by the factor; entry 0: -d(1 - P_p)
  double temperature_slope = 0;
};
CoefficientEffect coefficient_effect(const RowLogits& logits);

/// Statistics and coefficients of one row as the tiled kernel computes them; `g` is the row's
/// upstream gradient. Exposed for tests.
RowCoefficients tiled_coefficients(const ErrorAlgebra& algebra, const RowLogits& logits,
                                   const Tracked& g, std::int64_t keys);
RowCoefficients any_order_coefficients(const ErrorAlgebra& algebra, const RowLogits& logits,
                                       const Tracked& g, std::int64_t keys,
                                       std::int64_t rescalings = 0);
/// A stranger's sum of coefficient times logit over all pairs of `rows`, in which no product meets
/// more than `additions` additions.
Tracked any_order_temperature(const ErrorAlgebra& algebra, const std::vector<RowCoefficients>& rows,
                              std::int64_t additions);

}  // namespace assay::contract
