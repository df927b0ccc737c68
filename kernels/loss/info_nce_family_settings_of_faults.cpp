// SPDX-License-Identifier: Apache-2.0
// In which settings of the family a planted fault exists.
#include "kernels/loss/info_nce_family_planted.hpp"

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

/// Of the faults that the family shares with the two settings of info_nce.hpp.
bool shared_fault_exists(Planted fault, const FamilySetting& s, Dtype input, bool backward) {
  const bool other_view = s.positives == Positives::other_view;
  const bool inside = s.within == WithinAnchor::sum_inside;
  const bool negatives = s.denominator == Denominator::negatives;
  // Rows with one positive follow the formulas of info_nce.cuh, in this form and in `each`.
  const bool all_mean =
      !inside && (s.denominator == Denominator::all || (other_view && !negatives));
  switch (fault) {
    case Planted::maximum_over_masked:
    case Planted::self_share_constant:
    case Planted::additive_mask_finite:
    case Planted::minus_infinity_unguarded: return false;
    case Planted::diagonal_mask_dropped:
    case Planted::diagonal_mask_lost_in_last_tile: return s.joint() && !s.self_pair_kept;
    case Planted::epsilon_in_log: return all_mean || !backward;
    case Planted::tiny_in_log:
    case Planted::denominator_without_positive:
      return all_mean || (!backward && !inside && !negatives);
    case Planted::loss_from_lse: return !inside && !negatives;
    case Planted::positive_by_cancellation: return all_mean;
    case Planted::positive_shifted: return other_view;
    case Planted::inputs_in_bf16: return input == Dtype::f32;
    case Planted::wrong_direction: return s.directions == Directions::one;
    case Planted::sum_for_mean: return s.over == OverAnchors::mean;
    case Planted::mean_over_padded_length: return s.over != OverAnchors::sum;
    case Planted::upstream_count_mismatch: return s.joint() && s.over == OverAnchors::mean;
    case Planted::one_sided_detach: return s.directions != Directions::one;
    case Planted::keys_detached: return s.directions == Directions::one;
    case Planted::keys_from_wrong_operand: return !s.joint();
    case Planted::temperature_gradient_not_scaled:
      return s.temperature_as != TemperatureAs::log_scale;
    default: return true;
  }
}

}  // namespace

bool family_fault_exists(Planted fault, const FamilySetting& s, Dtype input, bool backward) {
  const PlantedEntry* const entry = entry_of(fault);
  if (entry == nullptr || !(backward ? entry->in_backward() : entry->in_forward())) return false;
  const bool several = s.positives != Positives::other_view;
  const bool inside = s.within == WithinAnchor::sum_inside;
  const bool normalised = s.normalisation != Normalisation::none;
  const bool has_eps = normalised && s.normalisation_eps > 0;
  switch (fault) {
    case Planted::positives_kept_in_denominator:
      return several && s.denominator == Denominator::positive_and_negatives;
    case Planted::positives_left_out_of_denominator:
      return several && !inside && s.denominator == Denominator::all;
    case Planted::decoupled_with_positive: return s.denominator == Denominator::negatives;
    case Planted::own_view_positives_missed: return several && s.joint();
    case Planted::self_pair_as_positive: return several && s.joint() && !s.self_pair_kept;
    case Planted::last_tile_positives_lost: return true;
    case Planted::mask_not_transposed: return s.positives == Positives::mask && s.both_directions();
    case Planted::labels_in_32_bits:
    case Planted::labels_as_float: return s.positives == Positives::same_label;
    case Planted::inside_for_outside:
      return several && s.within == WithinAnchor::mean_outside &&
             s.denominator != Denominator::positive_and_negatives;
    case Planted::outside_for_inside: return several && inside;
    case Planted::positives_not_averaged: return several && !inside;
    case Planted::positives_averaged_over_one_more: return !inside;
    case Planted::mean_for_sum: return s.over == OverAnchors::sum;
    case Planted::divisor_counts_all_rows:
      return s.over != OverAnchors::sum &&
             (s.over == OverAnchors::mean_of_positive_losses ||
              s.without_positives == EmptySet::skipped ||
              s.without_negatives == EmptySet::skipped || s.within == WithinAnchor::pairs);
    case Planted::zero_rows_skipped:
      return s.without_positives == EmptySet::zero && s.over == OverAnchors::mean &&
             s.within != WithinAnchor::pairs;
    case Planted::empty_row_not_a_number:
      return several && s.without_positives != EmptySet::nan &&
             s.without_positives != EmptySet::error;
    case Planted::zero_losses_counted: return s.over == OverAnchors::mean_of_positive_losses;
    case Planted::pair_weights_forgotten:
    case Planted::pair_weights_forgotten_in_gradient:
      return several && s.within == WithinAnchor::pairs;
    case Planted::directions_not_halved: return s.directions == Directions::half_sum;
    case Planted::only_first_direction: return s.both_directions();
    case Planted::eps_under_root:
    case Planted::eps_added: return has_eps && s.normalisation == Normalisation::maximum;
    case Planted::eps_lost: return has_eps;
    case Planted::normalisation_missing:
    case Planted::projection_missing:
    case Planted::gradient_not_divided_by_norm:
    case Planted::norm_attached_twice: return normalised;
    case Planted::log_scale_as_scale:
    case Planted::log_scale_gradient_not_scaled:
      return s.temperature_as == TemperatureAs::log_scale;
    case Planted::scale_gradient_of_temperature:
      return s.temperature_as != TemperatureAs::temperature;
    default: return shared_fault_exists(fault, s, input, backward);
  }
}

}  // namespace assay::kernels
