// SPDX-License-Identifier: Apache-2.0
// What the family's kernels know of a setting: who is a positive of whom, which formula a row
// follows, and what becomes of a row without positives or negatives.
#pragma once

#include <cstdint>

#include "kernels/loss/info_nce_family.hpp"
#include "kernels/loss/info_nce_sweep.cuh"

namespace assay::kernels::info_nce {

/// The formula of a row's loss (F3).
enum class RowForm : unsigned char {
  all_mean,          ///< LSE over positives and negatives, minus the mean positive
  negatives_mean,    ///< LSE over negatives, minus the mean positive
  all_inside,        ///< LSE over positives and negatives, minus LSE over positives
  negatives_inside,  ///< LSE over negatives, minus LSE over positives
  each,              ///< the mean over positives p of LSE over p and the negatives, minus s_p
};

/// A setting as the kernels read it.
struct FamilyRules {
  RowForm form;
  FamilySetting::Positives positives;
  FamilySetting::OverAnchors over;
  FamilySetting::EmptySet without_positives, without_negatives;
  FamilySetting::Normalisation normalisation;
  bool pairs;          ///< a row counts as often as it has positives
  bool joint;          ///< the joint block
  bool self_left_out;  ///< a row is no key of itself
  bool positive_sums;  ///< the formula needs the sum of the positives' exponentials
  int directions;      ///< 1, or 2
  bool halved;         ///< the loss is half the sum of the directions
  float outer;
  float eps;
};

/// With one positive a row, LSE over it and the negatives is LSE over all.
inline RowForm row_form_of(const FamilySetting& s) {
  using Denominator = FamilySetting::Denominator;
  const bool only_negatives = s.denominator == Denominator::negatives;
  if (s.within == FamilySetting::WithinAnchor::sum_inside)
    return only_negatives ? RowForm::negatives_inside : RowForm::all_inside;
  if (only_negatives) return RowForm::negatives_mean;
  return s.denominator == Denominator::all || s.positives == FamilySetting::Positives::other_view
             ? RowForm::all_mean
             : RowForm::each;
}

inline FamilyRules rules_of(const FamilySetting& s) {
  FamilyRules r;
  r.form = row_form_of(s);
  r.positives = s.positives;
  r.over = s.over;
  r.without_positives = s.without_positives;
  r.without_negatives = s.without_negatives;
  r.normalisation = s.normalisation;
  r.pairs = s.within == FamilySetting::WithinAnchor::pairs;
  r.joint = s.joint();
  r.self_left_out = s.joint() && !s.self_pair_kept;
  r.positive_sums =
      r.form == RowForm::all_inside || r.form == RowForm::negatives_inside ||
      (r.form == RowForm::all_mean && s.positives != FamilySetting::Positives::other_view);
  r.directions = s.both_directions() ? 2 : 1;
  r.halved = s.directions == FamilySetting::Directions::half_sum;
  r.outer = static_cast<float>(s.outer_value);
  r.eps = static_cast<float>(s.normalisation_eps);
  return r;
}

/// Vectors 0..split-1 lie in one matrix, the others in a second one.
struct TwoMatrices {
  const float* first;
  const float* second;
  std::int64_t first_stride, second_stride, split;

  __device__ const float* at(std::int64_t i) const {
    return i < split ? first + i * first_stride : second + (i - split) * second_stride;
  }
};

/// Who is a positive of whom in one direction (F1). Labels 0..split-1 come from the first array.
struct Relation {
  FamilySetting::Positives positives;
  std::int64_t n, split;
  bool joint, self_left_out;
  bool transposed;  ///< rows are b: the mask is read as its transpose
  const std::int64_t* row_labels[2];
  const std::int64_t* key_labels[2];
  const std::uint8_t* mask;
  std::int64_t mask_stride;

  __device__ bool left_out(std::int64_t row, std::int64_t key) const {
    return self_left_out && row == key;
  }
  __device__ std::int64_t label(const std::int64_t* const (&labels)[2], std::int64_t i) const {
    return i < split ? labels[0][i] : labels[1][i - split];
  }
  /// Planted fault: the neighbour's positive.
  __device__ std::int64_t shifted_partner(std::int64_t row) const {
    if (joint) return row < n ? n + (row + 1) % n : (row + 1) % n;
    return transposed ? (row + n - 1) % n : (row + 1) % n;
  }
  template <class Policy>
  __device__ bool positive(const Policy& policy, std::int64_t row, std::int64_t key) const {
    if (policy.is(Planted::own_view_positives_missed) && joint && (row < n) == (key < n))
      return false;
    if (positives == FamilySetting::Positives::other_view) {
      if (policy.is(Planted::positive_shifted)) return key == shifted_partner(row);
      return joint ? row - key == n || key - row == n : row == key;
    }
    if (positives == FamilySetting::Positives::same_label)
      return label(row_labels, row) == label(key_labels, key);
    if (transposed && !policy.is(Planted::mask_not_transposed))
      return mask[key * mask_stride + row] != 0;
    return mask[row * mask_stride + key] != 0;
  }
};

/// One direction: rows against keys, as many of one as of the other.
struct FamilySweep {
  TwoMatrices rows, keys;
  std::int64_t count, d;
  float inv_tau;
  Relation relation;

  /// Keys of one row.
  __host__ __device__ std::int64_t keys_of_row() const {
    return count - (relation.self_left_out ? 1 : 0);
  }
};

/// What became of a row (F3).
enum class Fate : unsigned char { counts, zero, skipped, nan };

__device__ inline Fate declared(FamilySetting::EmptySet rule) {
  if (rule == FamilySetting::EmptySet::zero) return Fate::zero;
  return rule == FamilySetting::EmptySet::skipped ? Fate::skipped : Fate::nan;
}
/// The rule `error` never reaches a kernel: the host has looked.
__device__ inline Fate fate_of(const FamilyRules& rules, float positives, std::int64_t keys) {
  if (positives == 0.0f) return declared(rules.without_positives);
  if (positives < static_cast<float>(keys)) return Fate::counts;
  const bool empty =
      rules.form == RowForm::negatives_mean || rules.form == RowForm::negatives_inside;
  if (rules.without_negatives == FamilySetting::EmptySet::as_formula && !empty) return Fate::counts;
  return declared(rules.without_negatives);
}

/// How often a row counts in the mean (F4). A row that is NaN counts, so that the loss is NaN.
template <class Policy>
__device__ inline float weight_of(const Policy& policy, const FamilyRules& rules, float positives,
                                  std::int64_t keys) {
  const Fate fate = fate_of(rules, positives, keys);
  if (fate == Fate::skipped) return 0.0f;
  if (fate == Fate::nan) return 1.0f;
  if (rules.over == FamilySetting::OverAnchors::mean_of_positive_losses &&
      !policy.is(Planted::zero_losses_counted)) {
    const bool has_negatives = positives < static_cast<float>(keys);
    const bool positive = has_negatives || (rules.form == RowForm::all_mean && positives > 1.0f);
    if (fate == Fate::zero || !positive) return 0.0f;
  }
  return rules.pairs ? positives : 1.0f;
}

}  // namespace assay::kernels::info_nce
