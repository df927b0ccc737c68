// SPDX-License-Identifier: Apache-2.0
// What the built-ins of loss/info_nce check and find in a case.
#pragma once

#include <string>
#include <vector>

#include "properties/contract/builtin.hpp"

namespace assay::contract {

/// Checks shape and format of one embedding matrix. \throws Unsupported
void require_embeddings(const PlacedTensor& t);

/// Where the kernel writes an output: in place, or into scratch when the case does not ask for it.
/// \throws Unsupported
float* place_of(const BuiltinCase& c, const std::string& name, std::int64_t elements,
                std::vector<float>& scratch);

/// "forward" or "backward"; \throws Unsupported for others
Operation operation_of(const BuiltinCase& c);

}  // namespace assay::contract
