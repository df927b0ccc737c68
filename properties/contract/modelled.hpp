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

/// A case that exceeds the column.
struct BeyondModel {
  double share;
  engine::CaseDescriptor descriptor;
};

/// Draws fresh cases, with indices beyond those of the plan, of the families in which the column is
/// exceeded most: three of each, of three families, until one of a family exceeds the column too.
/// That confirms it, and the case is recorded as a refuted case "modelled".
void confirm_model(Check& check, const Column& column, Candidate& candidate,
                   std::vector<BeyondModel> exceeded);

}  // namespace assay::contract
