// SPDX-License-Identifier: Apache-2.0
// Refusals of members of the InfoNCE family that make no sense, one line each.
#include <cmath>
#include <stdexcept>
#include <string>

#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/info_nce_relations.hpp"

namespace assay::reference {
namespace {

constexpr double largest_log_scale = 700;  // the scale is a double then, like the other two

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("info_nce: " + what);
}

void check_similarity(const InfoNceSetting& s) {
  require(s.similarity == Similarity::dot || s.normalisation != Normalisation::product_maximum,
          "max(norm*norm,eps) divides a dot product, and the similarity is a distance");
  if (s.clamp == Clamp::none) return;
  require(s.clamp_low <= s.clamp_high, "the bounds of the clamp are not in order");
  require(s.clamp_low < HUGE_VAL && s.clamp_high > -HUGE_VAL, "the clamp leaves nothing finite");
  require(s.clamp == Clamp::log_scale || s.clamp_high > 0,
          "the clamp leaves nothing positive, and its quantity is positive");
  if (s.clamp == Clamp::log_scale)
    require(s.clamp_low <= largest_log_scale && s.clamp_high >= -largest_log_scale,
            "the clamp moves the log-scale beyond 700");
}

void check_setting(const InfoNceSetting& s) {
  require(
      s.without_positives != EmptySet::as_formula,
      "the formula says nothing about rows without positives: choose error, zero, skipped, nan");
  require(
      s.denominator != Denominator::positive_and_negatives || s.within != WithinAnchor::sum_inside,
      "a sum over positives inside the logarithm needs one denominator for all of them");
  require(s.within != WithinAnchor::pairs || s.over != OverAnchors::mean_of_positive_losses,
          "a mean over the positive losses is defined over rows, not over pairs");
  require(s.positive_weight == PositiveWeight::one || s.positives == Positives::other_view,
          "the weight of the positive is defined for pairs");
  require(s.normalisation_eps >= 0 && std::isfinite(s.normalisation_eps),
          "the eps of the normalisation must be finite and not negative");
  require(s.weight_sigma > 0 && std::isfinite(s.weight_sigma), "sigma must be positive and finite");
  require(std::isfinite(s.outer_value) && (s.outer == OuterFactor::constant || s.outer_value > 0),
          "the outer factor must be finite, and its base temperature positive");
  check_similarity(s);
}

void check_parameter(const InfoNceSetting& s, double parameter) {
  require(std::isfinite(parameter), "the temperature parameter is not finite");
  if (s.temperature_as == TemperatureAs::log_scale)
    require(std::fabs(parameter) <= largest_log_scale, "the log-scale lies beyond 700");
  else
    require(parameter > 0, "the temperature is " + std::to_string(parameter) +
                               ", a positive finite number is needed");
}

void check_relations(const InfoNceSetting& s, const InfoNceFamilyProblem& p) {
  require(p.b != nullptr || s.directions == Directions::joint_block,
          "two directions need a second view, and b is a null pointer");
  require(p.b != nullptr || s.positives != Positives::other_view,
          "the other view as positive needs a second view, and b is a null pointer");
  require(s.positives != Positives::same_label || p.a_labels != nullptr,
          "positives by label need labels");
  if (s.positives != Positives::mask) return;
  require(p.mask != nullptr, "positives by mask need a mask");
  const std::int64_t keys = s.directions == Directions::joint_block ? vectors_of(p) : p.n;
  require(p.mask_stride >= keys, "a row stride of the mask is shorter than a row");
}

}  // namespace

void check_family(const InfoNceSetting& setting, const InfoNceFamilyProblem& p) {
  check_setting(setting);
  check_parameter(setting, p.parameter);
  // Sizes, pointers, strides and entries as for the pairs; a single view stands for both.
  InfoNceProblem pairs;
  pairs.a = p.a;
  pairs.b = p.b == nullptr ? p.a : p.b;
  pairs.n = p.n;
  pairs.d = p.d;
  pairs.a_stride = p.a_stride;
  pairs.b_stride = p.b == nullptr ? p.a_stride : p.b_stride;
  check_shape(pairs);
  check_relations(setting, p);
  check_finite(pairs);
}

}  // namespace assay::reference
