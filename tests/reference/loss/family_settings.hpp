// SPDX-License-Identifier: Apache-2.0
// Settings of the InfoNCE family that between them reach every field.
#pragma once

#include <vector>

#include "reference/loss/info_nce_presets.hpp"

namespace assay::testing {

/// Settings that reach every field.
inline std::vector<reference::InfoNceSetting> many_settings() {
  std::vector<reference::InfoNceSetting> all;
  for (const reference::InfoNcePreset& preset : reference::info_nce_presets())
    all.push_back(preset.setting);
  for (const reference::Normalisation how :
       {reference::Normalisation::added, reference::Normalisation::inside_root})
    for (const reference::Denominator denominator :
         {reference::Denominator::all, reference::Denominator::negatives}) {
      reference::InfoNceSetting s;
      s.normalisation = how;
      s.normalisation_eps = 0.25;
      s.denominator = denominator;
      s.positives = reference::Positives::same_label;
      s.within = denominator == reference::Denominator::all ? reference::WithinAnchor::mean_outside
                                                            : reference::WithinAnchor::sum_inside;
      s.over = reference::OverAnchors::sum;
      s.directions = how == reference::Normalisation::added ? reference::Directions::sum
                                                            : reference::Directions::half_sum;
      s.temperature_as = reference::TemperatureAs::log_scale;
      s.self_pair_kept = denominator == reference::Denominator::all;
      s.without_positives = reference::EmptySet::skipped;
      s.without_negatives = reference::EmptySet::zero;
      all.push_back(s);
    }
  for (const reference::TemperatureAs as :
       {reference::TemperatureAs::scale, reference::TemperatureAs::log_scale}) {
    all.push_back(reference::info_nce_preset("supcontrast").setting);  // outer factor T / base
    all.back().temperature_as = as;
  }
  return all;
}

}  // namespace assay::testing
