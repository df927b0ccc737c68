// SPDX-License-Identifier: Apache-2.0
// Expectations under a binomial law, for any number of trials and any precision.
#pragma once

#include <functional>

#include "reference/arithmetic/real.hpp"

namespace assay::reference {

/// E g(M), where M counts the successes of `trials` independent trials with odds
/// P(success) / P(failure) = `odds`. g is called for 0..trials.
///
/// An exact odds gives exact weights, so that the result is exact if g is, as long as the weights
/// have at most 2^18 bits together with an integer odds, or for 256 trials with a fraction. Beyond,
/// the weights are enclosures. Weights that are no integers are formed relative to the largest,
/// from there outward, and divided by their sum: doubles neither overflow nor underflow to a wrong
/// result.
/// \throws std::invalid_argument for trials < 0 or odds that are not certainly positive
Real binomial_expectation(const Arithmetic& in, int trials, const Real& odds,
                          const std::function<Real(int successes)>& g);

}  // namespace assay::reference
