// SPDX-License-Identifier: Apache-2.0
// How the built-ins of loss/info_nce serve the instances of the family's settings.
#pragma once

#include <functional>

#include "core/contract.hpp"
#include "kernels/loss/info_nce_family.hpp"
#include "kernels/planted.hpp"
#include "properties/contract/builtin.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::contract {

/// True for the instances that belong to a setting of the family, and for their cases.
bool is_of_family(const Contract& instance);
bool is_of_family(const BuiltinCase& c);

/// The same setting in the kernels' words.
kernels::FamilySetting kernel_setting(const reference::InfoNceSetting& setting);

/// The two kernels of one implementation.
struct FamilyKernels {
  std::function<void(const kernels::FamilyArguments&)> forward;
  std::function<void(const kernels::FamilyBackwardArguments&)> backward;
};
/// Translates a case into the kernel's arguments and calls the kernel of its operation.
/// \throws Unsupported for shapes and formats that the kernels do not take
void call_family_kernels(const BuiltinCase& c, const FamilyKernels& kernels);

/// Whether a fault of either catalogue exists in a family's instance.
bool family_fault_exists_on(kernels::Planted fault, const Contract& instance);

}  // namespace assay::contract
