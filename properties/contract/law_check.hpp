// SPDX-License-Identifier: Apache-2.0
// Laws in a certification: asking them of a candidate, and judging a violation again from what was
// observed.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "properties/contract/candidate.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/column.hpp"
#include "properties/contract/law_trial.hpp"

namespace assay::contract {

/// Asks every law of the column that stays within the instance, on the column's cases for laws, and
/// records the results in `check`. Ends early at a call that hangs.
void ask_laws(Check& check, const Column& column, const std::string& instance, Candidate& candidate,
              std::uint64_t seed, const std::function<bool()>& interrupted);

/// One line for a check whose laws are violated, and whether any is.
bool laws_violated(const Check& check, std::string& reason);

/// The law on the recorded case and observations alone; `unavailable` for a law that this program
/// does not have, or when the observations are not as many as the law asks for.
LawFinding judge_again(const Column& column, const std::string& algorithm,
                       const ViolatedLaw& violated);

}  // namespace assay::contract
