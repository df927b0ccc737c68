// SPDX-License-Identifier: Apache-2.0
// What libraries compute, as members of the InfoNCE family.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "reference/loss/info_nce_family.hpp"

namespace assay::reference {

/// A library's entry point with its conventions. `parameter` is its default for the temperature
/// parameter, in the form its setting names; `observed` says in one line what the setting was read
/// off. docs/loss/info_nce-family.md has the values on the shared vectors.
struct InfoNcePreset {
  std::string name;   ///< "open_clip"
  std::string entry;  ///< "open_clip ClipLoss"
  InfoNceSetting setting;
  double parameter = 1;
  std::string observed;
};

/// All presets, in the order of their names.
const std::vector<InfoNcePreset>& info_nce_presets();
/// \throws std::invalid_argument listing the known names
const InfoNcePreset& info_nce_preset(std::string_view name);

}  // namespace assay::reference
