// SPDX-License-Identifier: Apache-2.0
// Expected verdicts: what makes `assay check` a gate.
#pragma once

#include <string>
#include <vector>

#include "properties/engine/claim/check.hpp"

namespace assay::cli {

/// The verdict of every claim; planted claims that were refuted, as they must be, are left out.
std::string baseline_text(const std::vector<engine::ClaimResult>& results);

/// One line for each claim whose verdict is not the expected one, that the baseline does not know,
/// or, with `complete`, that it knows and nobody checked. \throws engine::InputError with the place
std::vector<std::string> differences(const std::string& text, const std::string& source,
                                     const std::vector<engine::ClaimResult>& results,
                                     bool complete);

}  // namespace assay::cli
