// SPDX-License-Identifier: Apache-2.0
// The table of InfoNCE settings with instances.
#include "properties/contract/loss/info_nce_settings.hpp"

#include "properties/engine/input_error.hpp"

namespace assay::contract {
namespace {

using namespace reference;

constexpr double eps_of_torch_normalize = 0x1.19799812dea11p-40;  // 10^-12

InfoNceSetting normalised(InfoNceSetting s) {
  s.normalisation = Normalisation::maximum;
  s.normalisation_eps = eps_of_torch_normalize;
  return s;
}

InfoNceSetting both_directions(TemperatureAs given_as) {
  InfoNceSetting s;
  s.directions = Directions::half_sum;
  s.temperature_as = given_as;
  return s;
}

InfoNceSetting by_label(Denominator denominator, WithinAnchor within, EmptySet without_positives) {
  InfoNceSetting s;
  s.positives = Positives::same_label;
  s.denominator = denominator;
  s.within = within;
  s.without_positives = without_positives;
  return s;
}

InfoNceSetting decoupled() {
  InfoNceSetting s;
  s.denominator = Denominator::negatives;
  return s;
}

InfoNceSetting masked() {
  InfoNceSetting s =
      by_label(Denominator::positive_and_negatives, WithinAnchor::mean_outside, EmptySet::skipped);
  s.positives = Positives::mask;
  s.directions = Directions::one;
  s.over = OverAnchors::sum;
  return s;
}

}  // namespace

const std::vector<NamedInfoNceSetting>& info_nce_settings() {
  static const std::vector<NamedInfoNceSetting> all = {
      {"both-directions", both_directions(TemperatureAs::scale)},
      {"both-log-scale", normalised(both_directions(TemperatureAs::log_scale))},
      {"decoupled", decoupled()},
      {"supervised-out", by_label(Denominator::all, WithinAnchor::mean_outside, EmptySet::zero)},
      {"supervised-in", by_label(Denominator::all, WithinAnchor::sum_inside, EmptySet::skipped)},
      {"supervised-pairs",
       by_label(Denominator::positive_and_negatives, WithinAnchor::pairs, EmptySet::skipped)},
      {"masked", masked()},
      {"normalised", normalised({})},
  };
  return all;
}

const InfoNceSetting& info_nce_setting(const std::string& name) {
  std::string known;
  for (const NamedInfoNceSetting& entry : info_nce_settings()) {
    if (entry.name == name) return entry.setting;
    known += (known.empty() ? "" : ", ") + entry.name;
  }
  throw engine::InputError("loss/info_nce", "setting '" + name + "'",
                           "unknown; there are " + known);
}

}  // namespace assay::contract
