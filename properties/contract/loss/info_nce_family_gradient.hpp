// SPDX-License-Identifier: Apache-2.0
// The gradients of "tiled-family" over the error algebra; internal to its budget.
#pragma once

#include <vector>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_family_budget.hpp"

namespace assay::contract {

/// Cost O(rows keys d).
FamilyGradientBudget tiled_family_gradient_budget(const FamilyInstance& instance);

}  // namespace assay::contract
