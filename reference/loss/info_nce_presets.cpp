// SPDX-License-Identifier: Apache-2.0
// The table of what libraries compute.
#include "reference/loss/info_nce_presets.hpp"

#include <cmath>
#include <stdexcept>

namespace assay::reference {

InfoNceSetting normalised(InfoNceSetting s, double eps) {
  s.normalisation = Normalisation::maximum;
  s.normalisation_eps = eps;
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

InfoNceSetting directed(Directions directions, TemperatureAs given_as) {
  InfoNceSetting s;
  s.directions = directions;
  s.temperature_as = given_as;
  return s;
}

namespace {

// Doubles nearest to the decimal numbers that the libraries write.
constexpr double eps_of_tf_normalize = 0x1.0c6f7a0b5ed8dp-20;  // 10^-6, the root of 10^-12
constexpr double eps_of_binary32 = 0x1p-23;
constexpr double log_of_100 = 0x1.26bb1bbb55516p+2;         // math.log(100)
constexpr double log_of_clip_scale = 0x1.5462a20517cffp+1;  // math.log(1 / 0.07)

InfoNceSetting weighted(InfoNceSetting s, PositiveWeight weight) {
  s.positive_weight = weight;
  s.weight_sigma = 0.5;
  return s;
}

InfoNceSetting clamped(InfoNceSetting s, Clamp clamp, ClampGradient gradient, double low,
                       double high) {
  s.clamp = clamp;
  s.clamp_gradient = gradient;
  s.clamp_low = low;
  s.clamp_high = high;
  return s;
}

InfoNceSetting times(InfoNceSetting s, double factor) {
  s.outer_value = factor;
  return s;
}

InfoNceSetting over(InfoNceSetting s, OverAnchors anchors) {
  s.over = anchors;
  return s;
}

InfoNceSetting over_base(InfoNceSetting s, double base) {
  s.outer = OuterFactor::temperature_over_base;
  s.outer_value = base;
  return s;
}

std::vector<InfoNcePreset> make_presets() {
  constexpr double torch = eps_of_torch_normalize;
  const InfoNceSetting pml_supcon =
      normalised(by_label(Denominator::all, WithinAnchor::mean_outside, EmptySet::zero), torch);
  const InfoNceSetting pairs =
      by_label(Denominator::positive_and_negatives, WithinAnchor::pairs, EmptySet::zero);
  InfoNceSetting pairs_or_nothing = pairs;  // optax divides by the number of pairs, 0 or not
  pairs_or_nothing.without_positives = EmptySet::skipped;
  const InfoNceSetting clip = directed(Directions::half_sum, TemperatureAs::log_scale);
  return {
      {"gradcache", "GradCache SimpleContrastiveLoss",
       directed(Directions::one, TemperatureAs::temperature), 1.0,
       "formula: raw dot products, no temperature, a to b only"},
      {"groupvit", "GroupViT MultiLabelContrastive.loss",
       clamped(normalised(clip, torch), Clamp::scale, ClampGradient::stops, -HUGE_VAL, 100),
       log_of_clip_scale, "formula: clamp(exp(logit_scale), max=100) in the forward pass"},
      {"inf_cl", "Inf-CL cal_inf_loss", directed(Directions::one, TemperatureAs::scale), 1.0,
       "formula: a given multiplier, a to b only, local mean"},
      {"lightly_dcl", "lightly DCLLoss", normalised(decoupled(), torch), 0.1,
       "run: one sum over own view without self and other view without the positive; mean of rows"},
      {"lightly_dclw", "lightly DCLWLoss",
       normalised(weighted(decoupled(), PositiveWeight::von_mises_fisher_detached), torch), 0.1,
       "run: DCLLoss with w_i = 2 - B softmax_i(<a_i, b_i> / 0.5), detached"},
      {"lightly_ntxent", "lightly NTXentLoss", normalised({}, torch), 0.5,
       "run: joint block, 2N - 1 terms in the denominator, F.normalize"},
      {"open_clip", "open_clip ClipLoss", directed(Directions::half_sum, TemperatureAs::scale),
       1 / 0.07, "run: half of image-to-text plus text-to-image, a multiplier, never normalises"},
      {"optax_ntxent", "optax.losses.ntxent", normalised(pairs_or_nothing, eps_of_binary32), 0.07,
       "formula: other positives left out of the denominator, one mean over all pairs"},
      {"pml_ntxent", "pytorch-metric-learning NTXentLoss", normalised(pairs, torch), 0.07,
       "run: other positives left out of the denominator, one mean over all pairs"},
      {"pml_supcon", "pytorch-metric-learning SupConLoss (AvgNonZeroReducer)",
       over(pml_supcon, OverAnchors::mean_of_positive_losses), 0.1,
       "run: mean over positives outside the logarithm, mean over rows with a positive loss"},
      {"pml_supcon_mean", "pytorch-metric-learning SupConLoss (MeanReducer)", pml_supcon, 0.1,
       "run: rows without positives count as 0 in the mean"},
      {"raminnakhli_dcl", "raminnakhli DCL", times(decoupled(), 2), 0.1,
       "formula: sum of both directions, normalising is the caller's duty"},
      {"raminnakhli_dclw", "raminnakhli DCLW",
       times(weighted(decoupled(), PositiveWeight::von_mises_fisher), 2), 0.1,
       "formula: DCL with w_i = 2 - B softmax_i(<a_i, b_i> / 0.5), attached to the gradient"},
      {"sentence_transformers_mnrl", "sentence-transformers MultipleNegativesRankingLoss",
       normalised(directed(Directions::one, TemperatureAs::scale), torch), 20.0,
       "formula: cosine similarity times scale, a to b only"},
      {"simclr_official", "google-research/simclr add_contrastive_loss",
       times(normalised({}, eps_of_tf_normalize), 2), 1.0,
       "formula: sum of the two views' means; l2_normalize puts its eps 1e-12 under the root"},
      {"solo_learn_simclr", "solo-learn simclr_loss_func",
       normalised(by_label(Denominator::all, WithinAnchor::sum_inside, EmptySet::error), torch),
       0.1, "run: positives summed inside the logarithm, no 1/|P|"},
      {"supcontrast", "SupContrast SupConLoss",
       over_base(by_label(Denominator::all, WithinAnchor::mean_outside, EmptySet::nan), 0.07), 0.07,
       "formula: factor T/0.07; a row without positives is 0/0; normalising is the caller's duty"},
      {"torchmultimodal", "torchmultimodal ContrastiveLossWithTemperature",
       clamped(clip, Clamp::log_scale, ClampGradient::passes, 0, log_of_100), log_of_clip_scale,
       "formula: logit_scale.data clamped in place to [0, log 100], never normalises"},
  };
}

}  // namespace

const std::vector<InfoNcePreset>& info_nce_presets() {
  static const std::vector<InfoNcePreset> presets = make_presets();
  return presets;
}

const InfoNcePreset& info_nce_preset(std::string_view name) {
  std::string known;
  for (const InfoNcePreset& preset : info_nce_presets()) {
    if (preset.name == name) return preset;
    known.append(known.empty() ? "" : ", ").append(preset.name);
  }
  throw std::invalid_argument("info_nce: no preset is called '" + std::string(name) +
                              "'; known are " + known);
}

}  // namespace assay::reference
