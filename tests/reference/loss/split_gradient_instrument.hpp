// SPDX-License-Identifier: Apache-2.0
// The split tier's gradient with instruments: the error of each step beside the term that bounds
// it.
#pragma once

#include <array>
#include <cfenv>
#include <optional>
#include <string>

#include "reference/loss/info_nce_gradient.hpp"
#include "tests/reference/loss/instrument.hpp"

namespace assay::testing {

/// The steps of the split tier's gradient, in the order of docs/loss/info_nce-split.md.
enum class GradientStep : unsigned char {
  upstream,     ///< row + mean / rows
  coefficient,  ///< of a pair of row and key, or of a positive
  absolute,     ///< the same where a logit was cut or a number underflowed
  product,      ///< a chunk of coefficients times vectors
  join,         ///< the sum of the chunks
  inflation,    ///< sums of sizes in plain double
  rounding,     ///< the derivative itself
  weighted,     ///< the sum of coefficients times logits
  logit,        ///< base 2
  pairs         ///< the temperature's pair operations
};
inline constexpr int gradient_steps = 10;
std::string name_of(GradientStep step);

using GradientStepReports = std::array<StepReport, gradient_steps>;

/// Runs the tier's own code under `rounding_mode`, with one term of the bound set to zero if asked;
/// then, in round to nearest, compares what each step made of its actual input with what the exact
/// operation makes of it (MPFI). The problem must be small and in the tier's range. What is looked
/// at: every step, or only those that begin with the coefficients and end with the derivatives
/// (product, join, inflation, rounding), which is possible for larger problems.
enum class Look : unsigned char { at_everything, at_products };
GradientStepReports measure_gradient_steps(const reference::InfoNceProblem& problem,
                                           const reference::InfoNceUpstream& upstream,
                                           int rounding_mode = FE_TONEAREST,
                                           std::optional<GradientStep> deleted = std::nullopt,
                                           Look look = Look::at_everything);

}  // namespace assay::testing
