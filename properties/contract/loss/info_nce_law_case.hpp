// SPDX-License-Identifier: Apache-2.0
// A case of loss/info_nce taken apart, so that laws can make related cases of it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::contract {

/// How often each row counts in the loss: loss = sum_i count[i] row_loss[i] / divisor.
struct InfoNceLawWeights {
  std::vector<double> count;
  double divisor = 1;
  /// Two directions whose means have different divisors: no one divisor.
  bool uneven = false;
};

/// The numbers of a case, each as the double of the same value; `made` puts them together again.
/// Vector v is row v of a, or row v - n of b; row i of the loss belongs to vector i.
struct InfoNceLawCase {
  explicit InfoNceLawCase(const engine::Case& c);

  std::int64_t n = 0, d = 0;
  /// Null for the instances "joint-block" and "one-direction", which are older than the family.
  const reference::InfoNceSetting* setting = nullptr;
  bool joint = true, backward = false;
  double temperature = 1;                      ///< or what else the setting's parameter is
  std::vector<double> a, b;                    ///< n x d
  std::vector<std::int64_t> labels, labels_b;  ///< of a, of b; the latter empty: as a
  std::vector<std::uint8_t> mask;              ///< n x n
  std::vector<double> upstream;                ///< of the rows, rows() numbers; empty: none
  double grad_loss = 0;                        ///< upstream of the loss

  bool both() const {
    return setting != nullptr && setting->directions != reference::Directions::one && !joint;
  }
  /// Rows are those of a alone.
  bool one_direction() const { return !joint && !both(); }
  bool normalised() const {
    return setting != nullptr && setting->normalisation != reference::Normalisation::none;
  }
  /// A row may have more than one positive.
  bool several_positives() const {
    return setting != nullptr && setting->positives != reference::Positives::other_view;
  }
  std::int64_t rows() const { return one_direction() ? n : 2 * n; }
  /// The pair that row i belongs to.
  std::int64_t pair_of(std::int64_t row) const { return row % n; }
  double* vector(std::int64_t v) { return v < n ? a.data() + v * d : b.data() + (v - n) * d; }
  const double* vector(std::int64_t v) const {
    return v < n ? a.data() + v * d : b.data() + (v - n) * d;
  }
  /// What the logits are multiplied by; with a log-scale only nearly.
  double scale() const;
  /// \throws engine::InputError where the setting declares the case an error
  InfoNceLawWeights weights() const;
  /// The number of positives of each row; 0 where the loss is not that of the formula.
  std::vector<std::int64_t> positives() const;

  /// The same inputs for another member: a setting's name, "joint-block" or "one-direction".
  /// Labels and masks that it does not read are dropped; `temperature` is taken as it stands.
  InfoNceLawCase as(const std::string& member) const;

  /// Further elements between rows; they hold NaN, infinities and large numbers in turn, in the
  /// mask ones.
  struct Padding {
    std::int64_t a = 0, b = 0, upstream = 0, mask = 0;
  };
  /// The case with these numbers.
  /// \throws std::invalid_argument when the inputs' format does not hold a number exactly
  engine::Case made(const Padding& padding) const;
  engine::Case made() const { return made(Padding{}); }
  /// Whether `made` has room for all numbers, and the setting accepts the case.
  bool fits() const;

 private:
  engine::Case base_;
};

}  // namespace assay::contract
