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

// What settings are put together from.
/// torch.nn.functional.normalize's eps: the double nearest to 10^-12.
inline constexpr double eps_of_torch_normalize = 0x1.19799812dea11p-40;
/// Divided by max(norm, eps).
InfoNceSetting normalised(InfoNceSetting s, double eps);
/// Positives by label.
InfoNceSetting by_label(Denominator denominator, WithinAnchor within, EmptySet without_positives);
/// The positive is not in the denominator.
InfoNceSetting decoupled();
InfoNceSetting directed(Directions directions, TemperatureAs given_as);

/// All presets, in the order of their names.
const std::vector<InfoNcePreset>& info_nce_presets();
/// \throws std::invalid_argument listing the known names
const InfoNcePreset& info_nce_preset(std::string_view name);

}  // namespace assay::reference
