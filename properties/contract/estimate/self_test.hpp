// SPDX-License-Identifier: Apache-2.0
// The self-test of a pipeline's contract: wrong wirings must be refuted, the right one certified.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "properties/contract/estimate/check.hpp"
#include "properties/contract/self_test.hpp"

namespace assay::contract {

using CandidateMaker = std::function<std::unique_ptr<Candidate>(const std::string& name)>;

/// Every planted wiring on every instance, row by row, until a row refutes it; and the pipeline on
/// one core on all rows. A fault that changes no loss of any
/// row does not apply. `threads` is ignored. `make` makes candidates by name; empty: built-ins in
/// workers. \throws Interrupted; engine::InputError for an unknown instance
SelfTest run_estimate_self_test(const EstimateContract& contract, const SelfTestOptions& options,
                                CandidateMaker make = {});

}  // namespace assay::contract
