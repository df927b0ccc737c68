// SPDX-License-Identifier: Apache-2.0
// Laws: properties as functions of a case. `certify`, `replay` and the tests call the same ones.
#pragma once

#include "properties/contract/budget.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/column.hpp"
#include "properties/contract/finding.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/observation.hpp"

namespace assay::contract {

/// A finding with what it was derived from.
struct Judgement {
  Finding finding;
  Observation observation;
  Expectation expectation;
};

/// The law of every contract: run on this case, the candidate breaks no rule of conduct, and every
/// output element lies within the budget of its stated algorithm around the truth.
Judgement agrees_with_truth(const Column& column, Candidate& candidate, const engine::Case& c,
                            const Ladder& ladder = {});

}  // namespace assay::contract
