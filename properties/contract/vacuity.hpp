// SPDX-License-Identifier: Apache-2.0
// The vacuity guard: would a trivial answer have passed?
#pragma once

#include <string>
#include <vector>

#include "core/tensor.hpp"
#include "properties/contract/budget.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/engine/case.hpp"

namespace assay::contract {

/// One trivial answer for one output of one case.
struct TrivialTrial {
  std::string output;
  /// "zeros", "constant" (the mean of the truth), "first value" (of the truth, everywhere),
  /// "copy of NAME" (leading elements of an input), "previous output", "poison" (a NaN
  /// fill, what untouched buffers hold), "scaled by 1.03", "negated"
  std::string answer;
  bool accepted = false;  ///< no element of the answer is refused
};

/// Tries every trivial answer on every output, in the order of `expectation.outputs`. An answer
/// equal to the truth in every element (the constant for a single-element output, zeros where the
/// truth is zero) counts like any other: a case on which it passes shows nothing for that output.
/// The "constant", "first value" and "copy" answers are left out for outputs of one element, where
/// they say nothing or are the truth itself. `previous` (outputs or truths of another case; may be
/// null) feeds "previous output"; it is repeated or cut to the shape. No refinement: the cost is
/// O(elements).
std::vector<TrivialTrial> trivial_trials(const engine::Case& c, const Expectation& expectation,
                                         const std::vector<Tensor>* previous = nullptr);

/// The truth of an expectation rounded to binary32, as tensors: what a correct candidate returns.
/// Feeds "previous output" of the next case.
std::vector<Tensor> rounded_truth(const Expectation& expectation);

/// The names of the outputs for which some trivial answer was accepted, each once.
std::vector<std::string> vacuous_outputs(const std::vector<TrivialTrial>& trials);

/// Adds the trials of one case to the account of a suite. A pair (output, answer) that no case of
/// the suite refuses makes the check vacuous.
void accumulate(std::vector<VacuityResult>& account, const std::vector<TrivialTrial>& trials);

}  // namespace assay::contract
