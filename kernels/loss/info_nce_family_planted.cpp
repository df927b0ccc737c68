// SPDX-License-Identifier: Apache-2.0
// Implementation of the family's faults that take effect before a kernel starts.
#include "kernels/loss/info_nce_family_planted.hpp"

#include <cstring>
#include <utility>

#include "kernels/loss/info_nce_family_arguments.hpp"
#include "kernels/loss/info_nce_planted.hpp"

namespace assay::kernels {
namespace {

using Denominator = FamilySetting::Denominator;
using Directions = FamilySetting::Directions;
using EmptySet = FamilySetting::EmptySet;
using Normalisation = FamilySetting::Normalisation;
using OverAnchors = FamilySetting::OverAnchors;
using Positives = FamilySetting::Positives;
using TemperatureAs = FamilySetting::TemperatureAs;
using WithinAnchor = FamilySetting::WithinAnchor;

/// A dense distorted copy where the fault is one of layout or format.
bool distort(const FamilyInputs& q, const void* data, std::int64_t stride, Planted fault,
             std::vector<unsigned char>& copy) {
  if (data == nullptr) return false;
  InfoNceInputs one;
  one.a = one.b = data;
  one.a_stride = one.b_stride = stride;
  one.input = q.input;
  one.n = q.n;
  one.d = q.d;
  const SeenInputs seen(one, fault);
  if (seen.inputs.a == data) return false;
  const std::size_t size =
      static_cast<std::size_t>(q.n) * static_cast<std::size_t>(q.d) * size_of(q.input);
  copy.resize(size);
  std::memcpy(copy.data(), seen.inputs.a, size);
  return true;
}

void write_over(const FamilyInputs& q) {
  for (std::int64_t i = 0; i < q.n; ++i)
    for (std::int64_t k = 0; k < q.d; ++k) {
      auto* const base = static_cast<unsigned char*>(const_cast<void*>(q.a));
      unsigned char* const element =
          base + static_cast<std::size_t>(i * q.a_stride + k) * size_of(q.input);
      element[size_of(q.input) - 1] ^= 0x80u;  // the sign
    }
}

}  // namespace

SeenFamily::SeenFamily(const FamilyInputs& given, Planted fault, bool backward)
    : inputs(given), inv_tau(family_scale(given.setting.temperature_as, given.parameter)) {
  parameter_as = given.setting.temperature_as;
  parameter_negated = parameter_as == TemperatureAs::temperature;
  if (fault == Planted::temperature_off) inv_tau = inv_tau * (1.0f + 0x1p-16f);
  if (fault == Planted::temperature_off_coarsely) inv_tau = inv_tau * (1.0f + 0x1p-9f);
  if (fault == Planted::temperature_forgotten) inv_tau = 1.0f;
  if (fault == Planted::log_scale_as_scale && parameter_as == TemperatureAs::log_scale)
    inv_tau = static_cast<float>(given.parameter);
  parameter_factor = inv_tau;
  if (fault == Planted::none) return;
  spoil_setting(fault, backward);
  spoil_data(fault);
  spoil_parameter(fault);
}

void SeenFamily::spoil_setting(Planted fault, bool backward) {
  FamilySetting& s = inputs.setting;
  const bool several = s.positives != Positives::other_view;
  const bool inside = s.within == WithinAnchor::sum_inside;
  switch (fault) {
    case Planted::positives_kept_in_denominator:
      if (s.denominator == Denominator::positive_and_negatives) s.denominator = Denominator::all;
      break;
    case Planted::positives_left_out_of_denominator:
      if (several && !inside && s.denominator == Denominator::all)
        s.denominator = Denominator::positive_and_negatives;
      break;
    case Planted::decoupled_with_positive:
      if (s.denominator == Denominator::negatives) s.denominator = Denominator::all;
      break;
    case Planted::self_pair_as_positive: s.self_pair_kept |= s.joint() && several; break;
    case Planted::inside_for_outside:
      if (several && s.within == WithinAnchor::mean_outside &&
          s.denominator != Denominator::positive_and_negatives)
        s.within = WithinAnchor::sum_inside;
      break;
    case Planted::outside_for_inside:
      if (several && inside) s.within = WithinAnchor::mean_outside;
      break;
    case Planted::sum_for_mean:
      if (s.over == OverAnchors::mean) s.over = OverAnchors::sum;
      break;
    case Planted::mean_for_sum:
      if (s.over == OverAnchors::sum) s.over = OverAnchors::mean;
      break;
    case Planted::zero_rows_skipped:
      if (s.without_positives == EmptySet::zero) s.without_positives = EmptySet::skipped;
      break;
    case Planted::empty_row_not_a_number: s.without_positives = EmptySet::nan; break;
    case Planted::pair_weights_forgotten:
    case Planted::pair_weights_forgotten_in_gradient:
      if (s.within == WithinAnchor::pairs && (backward || fault == Planted::pair_weights_forgotten))
        s.within = WithinAnchor::mean_outside;
      break;
    case Planted::directions_not_halved:
      if (s.directions == Directions::half_sum) s.directions = Directions::sum;
      break;
    case Planted::eps_under_root:
      if (s.normalisation == Normalisation::maximum) s.normalisation = Normalisation::inside_root;
      break;
    case Planted::eps_added:
      if (s.normalisation == Normalisation::maximum) s.normalisation = Normalisation::added;
      break;
    case Planted::eps_lost: s.normalisation_eps = 0; break;
    case Planted::normalisation_missing: s.normalisation = Normalisation::none; break;
    default: break;
  }
}

void SeenFamily::spoil_data(Planted fault) {
  FamilyInputs& q = inputs;
  if (distort(q, q.a, q.a_stride, fault, a_)) {
    q.a = a_.data();
    if (distort(q, q.b, q.b_stride, fault, b_)) q.b = b_.data();
    q.a_stride = q.b_stride = q.d;
  }
  if (fault == Planted::input_written) write_over(q);
  if (fault == Planted::wrong_direction && q.setting.directions == Directions::one) {
    std::swap(q.a, q.b);
    std::swap(q.a_stride, q.b_stride);
    exchanged = true;
  }
  if (fault != Planted::labels_in_32_bits && fault != Planted::labels_as_float) return;
  const auto spoil = [&](const std::int64_t*& labels, std::vector<std::int64_t>& own) {
    if (labels == nullptr) return;
    for (std::int64_t i = 0; i < q.n; ++i)
      own.push_back(fault == Planted::labels_in_32_bits
                        ? static_cast<std::int32_t>(static_cast<std::uint32_t>(labels[i]))
                        : static_cast<std::int64_t>(
                              __builtin_bit_cast(std::uint32_t, static_cast<float>(labels[i]))));
    labels = own.data();
  };
  spoil(q.a_labels, a_labels_);
  spoil(q.b_labels, b_labels_);
}

void SeenFamily::spoil_parameter(Planted fault) {
  // By the temperature: -(S factor); one rule for all three parameters makes the rest easy to say.
  float factor = parameter_factor;
  if (parameter_as == TemperatureAs::scale) factor = 1.0f / factor;
  if (parameter_as == TemperatureAs::log_scale) factor = 1.0f;
  const auto tell = [&](float changed, bool negated) {
    parameter_as = TemperatureAs::temperature;
    parameter_factor = changed;
    parameter_negated = negated;
  };
  switch (fault) {
    case Planted::temperature_gradient_sign: parameter_negated = !parameter_negated; break;
    case Planted::temperature_gradient_not_scaled: tell(1.0f, parameter_negated); break;
    case Planted::temperature_gradient_missing:
    case Planted::zero_gradient: tell(0.0f, parameter_negated); break;
    case Planted::half_gradient: tell(0.5f * factor, parameter_negated); break;
    case Planted::gradient_three_percent: tell(1.03f * factor, parameter_negated); break;
    case Planted::log_scale_gradient_not_scaled:
      if (parameter_as == TemperatureAs::log_scale) tell(1.0f / inv_tau, false);
      break;
    case Planted::scale_gradient_of_temperature:
      if (parameter_as != TemperatureAs::temperature) tell(inv_tau, true);
      break;
    default: break;
  }
}

SeenFamilyUpstream::SeenFamilyUpstream(const FamilyBackwardArguments& given, Planted fault)
    : per_row(given.grad_row_loss),
      stride(given.grad_row_loss_stride),
      mean(family_mean_upstream(given.setting, given.grad_loss)) {
  const std::int64_t rows = given.rows();
  if (fault == Planted::upstream_ignored || fault == Planted::row_upstream_ignored)
    per_row = nullptr;
  if (fault == Planted::upstream_ignored) mean = family_mean_upstream(given.setting, 1.0f);
  if (fault == Planted::mean_upstream_ignored) mean = 0.0f;
  if (fault == Planted::upstream_count_mismatch && given.setting.joint() &&
      given.setting.over == OverAnchors::mean)
    mean = mean * 2.0f;
  if (fault == Planted::directions_not_halved && given.setting.directions == Directions::half_sum)
    mean = mean * 2.0f;
  if (fault == Planted::unit_upstream_shortcut && per_row == nullptr && given.grad_loss == 1.0f)
    mean = 0.0f;
  if (fault == Planted::upstream_first_for_all) stride = 0;
  if (fault == Planted::upstream_stride_one && stride > 1) stride = 1;
  if (fault != Planted::upstream_averaged || per_row == nullptr) return;
  float sum = 0;
  for (std::int64_t i = 0; i < rows; ++i) sum += per_row[i * stride];
  averaged_ = {sum / static_cast<float>(rows)};
  per_row = averaged_.data();
  stride = 0;
}

}  // namespace assay::kernels
