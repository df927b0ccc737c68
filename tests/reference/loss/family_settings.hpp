// SPDX-License-Identifier: Apache-2.0
// Settings of the InfoNCE family that between them reach every field.
#pragma once

#include <vector>

#include "reference/loss/info_nce_presets.hpp"

namespace assay::testing {

/// Distances under every norm, DCLW with moving weights, dot products over a clamped product.
inline void add_similarities(std::vector<reference::InfoNceSetting>& all) {
  using namespace reference;
  for (const Similarity similarity :
       {Similarity::negative_squared_euclidean, Similarity::negative_euclidean})
    for (const Normalisation how : {Normalisation::none, Normalisation::maximum,
                                    Normalisation::added, Normalisation::inside_root}) {
      InfoNceSetting s;
      s.similarity = similarity;
      s.normalisation = how;
      s.normalisation_eps = 0.25;
      s.self_pair_kept = how == Normalisation::none;
      s.directions = how == Normalisation::added ? Directions::half_sum : Directions::joint_block;
      all.push_back(s);
    }
  for (const Directions directions :
       {Directions::one, Directions::half_sum, Directions::joint_block})
    for (const Denominator denominator : {Denominator::all, Denominator::negatives}) {
      InfoNceSetting s;
      s.directions = directions;
      s.denominator = denominator;
      s.positive_weight = PositiveWeight::von_mises_fisher;
      s.normalisation = directions == Directions::one ? Normalisation::none : Normalisation::added;
      s.normalisation_eps = 0.5;
      s.similarity = directions == Directions::half_sum ? Similarity::negative_squared_euclidean
                                                        : Similarity::dot;
      s.weight_sigma = 0.75;
      all.push_back(s);
    }
  // The norms of `family_problem` lie between 1/2 and 2 and those of a pair multiply to 1, up to a
  // rounding: products on each side of 7/8, and none at it.
  InfoNceSetting s;
  s.normalisation = Normalisation::product_maximum;
  s.normalisation_eps = 0.875;
  all.push_back(s);
  s.positive_weight = PositiveWeight::von_mises_fisher;
  s.self_pair_kept = true;
  all.push_back(s);
}

/// Clamps of every quantity in every form of the parameter, active or not, for parameters near 1.
inline void add_clamps(std::vector<reference::InfoNceSetting>& all) {
  using namespace reference;
  struct Bounds {
    double low, high;
  };
  for (const TemperatureAs as :
       {TemperatureAs::temperature, TemperatureAs::scale, TemperatureAs::log_scale})
    for (const Clamp clamp : {Clamp::temperature, Clamp::scale, Clamp::log_scale})
      for (const Bounds bounds : {Bounds{-HUGE_VAL, 0.25}, Bounds{3, HUGE_VAL}, Bounds{-4, 4}}) {
        InfoNceSetting s = all.front();
        s.temperature_as = as;
        s.clamp = clamp;
        s.clamp_gradient =
            as == TemperatureAs::scale ? ClampGradient::stops : ClampGradient::passes;
        s.clamp_low = bounds.low;
        s.clamp_high = bounds.high;
        if (clamp == Clamp::scale) s.outer = OuterFactor::temperature_over_base;
        all.push_back(s);
      }
}

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
  add_similarities(all);
  add_clamps(all);
  return all;
}

}  // namespace assay::testing
