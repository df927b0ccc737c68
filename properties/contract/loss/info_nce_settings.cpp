// SPDX-License-Identifier: Apache-2.0
// The table of InfoNCE settings with instances.
#include "properties/contract/loss/info_nce_settings.hpp"

#include "properties/engine/input_error.hpp"
#include "reference/loss/info_nce_presets.hpp"

namespace assay::contract {
namespace {

using namespace reference;

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
      {"both-directions", directed(Directions::half_sum, TemperatureAs::scale)},
      {"both-log-scale", normalised(directed(Directions::half_sum, TemperatureAs::log_scale),
                                    eps_of_torch_normalize)},
      {"decoupled", decoupled()},
      {"supervised-out", by_label(Denominator::all, WithinAnchor::mean_outside, EmptySet::zero)},
      {"supervised-in", by_label(Denominator::all, WithinAnchor::sum_inside, EmptySet::skipped)},
      {"supervised-pairs",
       by_label(Denominator::positive_and_negatives, WithinAnchor::pairs, EmptySet::skipped)},
      {"masked", masked()},
      {"normalised", normalised({}, eps_of_torch_normalize)},
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
