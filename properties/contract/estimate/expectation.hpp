// SPDX-License-Identifier: Apache-2.0
// What a pipeline owes on a model: the enclosed expectation, the range of one loss, and how far
// rounding and an inexact law may move the mean.
#pragma once

#include <string>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/estimate/problem.hpp"
#include "reference/arithmetic/engine.hpp"
#include "reference/model/expected_loss.hpp"

namespace assay::contract {

/// The batch as a finite model, exact: lambda_y and r the shares of the classes, q(x, x^+ | y)
/// uniform over pairs of different points, s uniform, inner products scaled by inv_tau. Classes
/// with fewer points than the largest are filled up with points of probability 0.
/// \throws std::invalid_argument for a class with one point
reference::FiniteModel model_of(const EstimateProblem& problem);
reference::LossFunction loss_of(const EstimateProblem& problem);
reference::Hardening hardening_of(const EstimateProblem& problem);
/// HSCL or HUCL; SCL or UCL where nothing hardens.
reference::Law law_of(const EstimateProblem& problem);

/// Enclosure of the expected loss. \throws what reference::expected_loss throws
Ends enclose_expectation(const EstimateProblem& problem, reference::Engine engine, int bits = 64);
/// The same without hardening, in doubles and without a bound.
double unhardened_expectation(const EstimateProblem& problem);

/// Every loss of a tuple whose positive is a point of the anchor's class (the anchor itself
/// included) and whose negatives are any points lies in it, rounding aside.
Ends range_of_losses(const EstimateProblem& problem);

/// What is assumed of how a candidate computes, by the name of its algorithm.
struct EstimateArithmetic {
  double exp_relative, log_relative;  ///< of the loss, in binary32
  int extra_roundings;                ///< of a scaled product beside those of a chain of fma
  double unit;                        ///< unit roundoff of the numbers that weights are made of
  std::vector<std::string> hypotheses;
};
/// "generalized" is that of kernels/loss/generalized.cuh fed by kernels/sampling; anything else is
/// a stranger.
EstimateArithmetic estimate_arithmetic(const std::string& algorithm);

/// A bound of |loss - psi_k(t)| for one loss of any tuple of the model (docs/hardened-losses.md,
/// "The loss kernel").
double loss_error_bound(const EstimateProblem& problem, const EstimateArithmetic& arithmetic);
/// A bound of the total variation between the law of the drawn tuples and the law: that of anchor
/// and positive, and k times that of one negative, or that of a rejection.
double total_variation_bound(const EstimateProblem& problem, const EstimateArithmetic& arithmetic);

}  // namespace assay::contract
