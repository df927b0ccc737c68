// SPDX-License-Identifier: Apache-2.0
// The worst case of a kernel: the search for counterexamples, with the budget as the statement.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "core/contract.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/column.hpp"
#include "properties/engine/claim/claim.hpp"

namespace assay::contract {

/// True for "loss/info_nce" and "loss/info_nce:one-direction", whatever the instance.
bool is_contract(const std::string& name);

/// Small cases of the instance, one per family, contiguous: starts of a search. At most `largest`
/// floating-point input elements each.
std::vector<engine::Case> small_cases(const Column& column, const std::string& instance,
                                      std::uint64_t seed, std::int64_t largest = 64);

/// "At every input of these forms the candidate's largest share of its budget is at most 1": shapes
/// are the given cases, blocks their floating-point inputs, each element within twice the largest
/// one of the case; scalars and options stay. The left side is the upper end of the share. An exact
/// instance is decided by the judge: refuted there is a violation, certified holds.
/// \pre the column outlives the claim; the candidate is used by one thread at a time
engine::Claim worst_case_claim(const Column& column, const std::string& instance,
                               std::shared_ptr<Candidate> candidate,
                               std::vector<engine::Case> cases);

/// The case that an instance of that claim stands for: elements rounded to the inputs' formats.
engine::Case case_of(const engine::Instance& instance, const std::vector<engine::Case>& cases);

}  // namespace assay::contract
