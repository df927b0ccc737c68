// SPDX-License-Identifier: Apache-2.0
// First and second derivatives of a row loss of an InfoNCE setting by its logits, in doubles: what
// the modelled column propagates rounding errors with. Nothing here is a bound.
#pragma once

#include <cstddef>
#include <vector>

#include "properties/contract/loss/info_nce_family_effect.hpp"
#include "properties/contract/loss/info_nce_family_logits.hpp"

namespace assay::contract {

/// dl/dt_j and the matrix H of second derivatives: diagonal_j on the diagonal, plus C between the
/// negatives' border (shares over N) and the positives' (docs/loss/info_nce-family-budget.md, "The
/// modelled column"). Entries as in the logits: positives first.
struct RowCurvature {
  std::size_t positives = 0;
  std::vector<double> weight, diagonal, border;
  double of_negatives = 0, between = 0, of_positives = 0;  ///< C

  /// How coefficient j answers to the two sums over borders.
  struct Reach {
    double negatives, positives;
  };
  Reach reach(std::size_t j) const {
    const double b = border[j];
    return j < positives ? Reach{between * b, of_positives * b}
                         : Reach{of_negatives * b, between * b};
  }
  double diagonal_of_matrix(std::size_t j) const {
    const Reach r = reach(j);
    return diagonal[j] + border[j] * (j < positives ? r.positives : r.negatives);
  }
  /// H times a vector.
  std::vector<double> times(const std::vector<double>& direction) const;
  /// The change of every dl/dt_j by a relative error of the sum over the negatives (or of the whole
  /// denominator, where that is one sum), and of the sum over the positives.
  std::vector<double> by_sum(bool of_positives) const;
};
RowCurvature curvature_of(RowForm form, const FamilyLogits& logits);

}  // namespace assay::contract
