// SPDX-License-Identifier: Apache-2.0
// Checks of the family's arguments: settings, shapes, and empty sets that are declared an error.
#include "kernels/loss/info_nce_family_arguments.hpp"

#include <cmath>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

#include "kernels/loss/info_nce_arguments.hpp"

namespace assay::kernels {
namespace {

using Denominator = FamilySetting::Denominator;
using EmptySet = FamilySetting::EmptySet;
using OverAnchors = FamilySetting::OverAnchors;
using Positives = FamilySetting::Positives;
using WithinAnchor = FamilySetting::WithinAnchor;

void require(bool holds, const std::string& what) {
  if (!holds) throw std::invalid_argument("info_nce family: " + what);
}

void check_setting(const FamilySetting& s) {
  require(s.positive_weight == FamilySetting::PositiveWeight::one,
          "the kernels have no weights of the positive");
  require(s.outer == FamilySetting::OuterFactor::constant,
          "the kernels' outer factor is a constant, not temperature / base");
  require(std::isfinite(static_cast<float>(s.outer_value)),
          "the outer factor is not finite in binary32");
  require(
      s.without_positives != EmptySet::as_formula,
      "the formula says nothing about rows without positives: choose error, zero, skipped, nan");
  require(
      s.denominator != Denominator::positive_and_negatives || s.within != WithinAnchor::sum_inside,
      "a sum over positives inside the logarithm needs one denominator for all of them");
  const bool of_positive = s.over == OverAnchors::mean_of_positive_losses;
  require(!of_positive || s.within != WithinAnchor::pairs,
          "a mean over the positive losses is defined over rows, not over pairs");
  require(!of_positive || s.denominator != Denominator::negatives,
          "the kernels have no mean over positive losses without positives in the denominator");
  require(s.normalisation_eps >= 0 && std::isfinite(static_cast<float>(s.normalisation_eps)),
          "the eps of the normalisation must be finite in binary32 and not negative");
}

void check_parameter(const FamilySetting& s, double parameter) {
  require(std::isfinite(parameter), "the temperature parameter is not finite");
  require(s.temperature_as == FamilySetting::TemperatureAs::log_scale || parameter > 0,
          "the temperature or scale is not positive");
  const float scale = family_scale(s.temperature_as, parameter);
  require(scale > 0 && std::isfinite(scale), "the scale of the logits is no binary32 number");
  require(
      s.temperature_as != FamilySetting::TemperatureAs::scale || static_cast<float>(parameter) > 0,
      "the scale is no binary32 number");
}

void check_inputs(const FamilyInputs& q) {
  const bool joint = q.setting.joint();
  require(q.n >= 1 && q.d >= 1, "n and d must be at least 1");
  require(q.n <= info_nce_max_rows && q.vectors() <= info_nce_max_rows, "more than 2^24 rows");
  require(q.a != nullptr, "a is null");
  require(q.b != nullptr || (joint && q.setting.positives != Positives::other_view),
          "b is null, and only the joint block by labels or mask does without it");
  require(q.input == Dtype::f32 || q.input == Dtype::bf16 || q.input == Dtype::f16,
          "inputs are f32, bf16 or f16");
  require(q.n == 1 || (q.a_stride >= q.d && (q.b == nullptr || q.b_stride >= q.d)),
          "a row stride is smaller than d");
  require(q.setting.positives != Positives::same_label || q.a_labels != nullptr,
          "positives by label need labels");
  if (q.setting.positives != Positives::mask) return;
  require(q.mask != nullptr, "positives by mask need a mask");
  require(q.mask_stride >= (joint ? q.vectors() : q.n),
          "a row stride of the mask is shorter than a row");
}

std::int64_t label_of(const FamilyInputs& q, std::int64_t vector) {
  if (vector < q.n) return q.a_labels[vector];
  return (q.b_labels != nullptr ? q.b_labels : q.a_labels)[vector - q.n];
}

/// How many positives each row of a direction has, from labels or mask alone.
class PositiveCounts {
 public:
  PositiveCounts(const FamilyInputs& q, int direction) : q_(q), transposed_(direction == 1) {
    joint_ = q.setting.joint();
    rows_ = joint_ ? q.vectors() : q.n;
    first_row_ = transposed_ ? q.n : 0;
    first_key_ = joint_ || transposed_ ? 0 : q.n;
    if (q.setting.positives != Positives::same_label) return;
    for (std::int64_t j = 0; j < rows_; ++j) ++keys_with_[label_of(q, first_key_ + j)];
  }
  std::int64_t rows() const { return rows_; }
  bool self_left_out() const { return joint_ && !q_.setting.self_pair_kept; }
  std::int64_t keys() const { return rows_ - (self_left_out() ? 1 : 0); }

  std::int64_t of(std::int64_t row) const {
    switch (q_.setting.positives) {
      case Positives::other_view: return 1;
      case Positives::same_label: {
        const auto found = keys_with_.find(label_of(q_, first_row_ + row));
        return (found == keys_with_.end() ? 0 : found->second) - (self_left_out() ? 1 : 0);
      }
      case Positives::mask: break;
    }
    std::int64_t count = 0;
    for (std::int64_t key = 0; key < rows_; ++key) {
      if (key == row && self_left_out()) continue;
      count += q_.mask[transposed_ ? key * q_.mask_stride + row : row * q_.mask_stride + key] != 0;
    }
    return count;
  }

 private:
  const FamilyInputs& q_;
  bool transposed_, joint_;
  std::int64_t rows_, first_row_, first_key_;
  std::unordered_map<std::int64_t, std::int64_t> keys_with_;
};

/// The rule that holds for a row; `as_formula` where it follows the formula.
EmptySet rule_of(const FamilySetting& s, std::int64_t positives, std::int64_t keys) {
  if (positives == 0) return s.without_positives;
  if (positives < keys) return EmptySet::as_formula;
  if (s.without_negatives == EmptySet::as_formula && s.denominator == Denominator::negatives)
    return EmptySet::error;  // the formula's denominator would be empty
  return s.without_negatives;
}

/// Refuses rows that are declared an error, and a mean over no row.
void check_empty_sets(const FamilyInputs& q) {
  bool some_count_nowhere = false, declared = false;
  for (int direction = 0; direction < (q.setting.both_directions() ? 2 : 1); ++direction) {
    const PositiveCounts counts(q, direction);
    bool one_counts = false;
    for (std::int64_t i = 0; i < counts.rows(); ++i) {
      const std::int64_t positives = counts.of(i);
      const EmptySet rule = rule_of(q.setting, positives, counts.keys());
      require(rule != EmptySet::error, "row " + std::to_string(direction * q.n + i) + " has no " +
                                           (positives == 0 ? "positive" : "negative"));
      one_counts |= rule == EmptySet::as_formula;
      declared |= rule == EmptySet::zero || rule == EmptySet::nan;
      if (q.setting.positives == Positives::other_view) break;  // all rows are alike
    }
    some_count_nowhere |= !one_counts;
  }
  require(!some_count_nowhere || declared || q.setting.over != OverAnchors::mean,
          "every row is skipped, and a mean of none is asked for");
}

void check_all(const FamilyInputs& q) {
  check_setting(q.setting);
  check_parameter(q.setting, q.parameter);
  check_inputs(q);
  check_empty_sets(q);
}

}  // namespace

void check_family_arguments(const FamilyArguments& q) {
  check_all(q);
  require(q.row_loss != nullptr && q.loss != nullptr, "an output is null");
}

void check_family_arguments(const FamilyBackwardArguments& q) {
  check_all(q);
  require(
      q.grad_a != nullptr && (q.grad_b != nullptr || q.b == nullptr) && q.grad_parameter != nullptr,
      "an output is null");
}

float family_scale(FamilySetting::TemperatureAs as, double parameter) {
  if (as == FamilySetting::TemperatureAs::temperature)
    return info_nce_inverse_temperature(parameter);
  if (as == FamilySetting::TemperatureAs::log_scale) parameter = std::exp(parameter);
  return static_cast<float>(parameter);
}

float family_mean_upstream(const FamilySetting& setting, float grad_loss) {
  const float outer = static_cast<float>(setting.outer_value);
  float up = grad_loss;
  if (outer != 1.0f) up = up * outer;
  return setting.directions == FamilySetting::Directions::half_sum ? up * 0.5f : up;
}

}  // namespace assay::kernels
