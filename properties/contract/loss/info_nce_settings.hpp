// SPDX-License-Identifier: Apache-2.0
// The members of the InfoNCE family that have instances of their own, by name.
#pragma once

#include <string>
#include <vector>

#include "reference/loss/info_nce_family.hpp"

namespace assay::contract {

/// A member of the family with a name for its instances.
struct NamedInfoNceSetting {
  std::string name;  ///< "decoupled"
  reference::InfoNceSetting setting;
};

/// All of them, in the order in which they are listed. The instances "joint-block" and
/// "one-direction" are older than the family and are not among them.
const std::vector<NamedInfoNceSetting>& info_nce_settings();
/// The member of that name. \throws engine::InputError listing the known ones
const reference::InfoNceSetting& info_nce_setting(const std::string& name);

}  // namespace assay::contract
