// SPDX-License-Identifier: Apache-2.0
// The modelled column in a campaign: counted beside the deterministic verdict, refuting only after
// fresh cases confirmed it (docs/budgets.md, "The modelled column").
#pragma once

#include <string>
#include <vector>

#include "properties/contract/candidate.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/column.hpp"

namespace assay::contract {

/// True when a certified case certainly exceeds the modelled column.
bool exceeds_model(const Finding& finding);

/// Adds one judged case to `check.modelled`.
void record_model(Check& check, const engine::CaseDescriptor& descriptor, const Finding& finding,
                  const std::string& hypothesis);

/// Draws fresh cases of the family of the first descriptor, with indices beyond those of the plan;
/// one that exceeds the column too confirms it and is recorded as a refuted case "modelled".
void confirm_model(Check& check, const Column& column, Candidate& candidate,
                   const std::vector<engine::CaseDescriptor>& exceeded);

}  // namespace assay::contract
