// SPDX-License-Identifier: Apache-2.0
// The emulated family kernel on a case of a setting, without a worker.
#pragma once

#include "kernels/planted.hpp"
#include "kernels/variant.hpp"
#include "properties/contract/observation.hpp"
#include "properties/engine/case.hpp"

namespace assay::testing {

/// The outputs of the case's operation.
contract::Observation run_family(const engine::Case& c,
                                 kernels::Planted fault = kernels::Planted::none);
/// The same of a correct variant of the kernel.
contract::Observation run_family_variant(const engine::Case& c, kernels::Variant variant);

}  // namespace assay::testing
