// SPDX-License-Identifier: Apache-2.0
// The error bound of the split tier's gradient, term by term.
//
// Derivation: docs/loss/info_nce-split.md, section "the gradient"; each term is a section there.
#pragma once

#include <optional>

#include "reference/loss/info_nce_gradient.hpp"
#include "reference/loss/info_nce_split_gradient_pass.hpp"
#include "reference/loss/info_nce_split_terms.hpp"

namespace assay::reference::split {

/// The upstream gradient of a row, row[i stride] + mean / rows, with `mean` that quotient.
Pair upstream_of(const InfoNceUpstream& upstream, Pair mean, std::int64_t row);
/// upstream.mean / rows.
Pair mean_share(const InfoNceUpstream& upstream, std::int64_t rows);

/// The upstream gradients made ready: per row kappa = g/D and q = g R/D.
struct GradientFactors {
  RowFactors rows;
  Pair positive_logits;             ///< sum of q times the positive's base-2 logit
  double positive_logit_sizes = 0;  ///< of the absolute values, rounded upward
  double q_sizes = 0;               ///< sum of |q|, rounded upward
  double upstream = 0;              ///< largest relative error of an upstream gradient
  double largest = 0;               ///< largest |g|
  bool one_sign = true;             ///< no two upstream gradients of opposite signs
};
/// Empty when an upstream gradient is too large or small, or lost by cancellation.
std::optional<GradientFactors> gradient_factors(const InfoNceProblem& problem,
                                                const InfoNceUpstream& upstream, const Sums& sums);

struct GradientTerms {
  double coefficient = 0;  ///< |m^ - m| / |m^| of a coefficient; both parts of a sum separately
  double product = 0;      ///< |product^ - product| per unit of sum |m^| |z|, inside a chunk
  double join = 0;         ///< the same for joining the chunks
  double weighted = 0;     ///< |sum^ - sum m^ t^| per unit of sum |m^ t^|
  double logit = 0;        ///< |t^ - t| absolutely, base 2
  double absolute = 0;     ///< underflow and cut logits, temperature times the derivative
  double rounding = 0;     ///< of the last sum, the division and the step outward, per |derivative|
  double pairs = 0;        ///< of the pair operations of the temperature, per unit of sizes
  double inflation = 1;    ///< sums of sizes in plain double times this bound those sums

  /// Bound of the error of a derivative `value`, given the size sum |m^| |z| as computed.
  double radius_up(double size, double value, double temperature) const;
};
GradientTerms gradient_terms(const Sums& sums, const GradientFactors& factors, std::int64_t rows,
                             double largest_entry);

/// log 2 / temperature times the positives' sum less the negatives'.
Pair temperature_derivative(const WeightedLogits& logits, const GradientFactors& factors,
                            double temperature);
/// The derivative with respect to the temperature. `weight` >= sum |m^| over the pairs.
Ends temperature_ends(const WeightedLogits& logits, const GradientFactors& factors, double weight,
                      const GradientTerms& terms, double temperature);

}  // namespace assay::reference::split
