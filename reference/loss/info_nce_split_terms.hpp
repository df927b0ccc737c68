// SPDX-License-Identifier: Apache-2.0
// The error bound of the split tier of InfoNCE, term by term.
//
// Derivation: docs/loss/info_nce-split.md; each term below is a section there.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/ends.hpp"
#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_split_pass.hpp"

namespace assay::reference::split {

/// Upper bounds of what each step adds to the error, the same for all rows. A hat marks a computed
/// number; s is an inner product, t a base-2 logit (less the shift of its row), e an exponential, R
/// the sum over the negatives, p the positive, x the ratio R/e_p, D the full sum R + e_p. The first
/// five bound differences of natural logarithms, so that they add up along the chain of steps.
struct Terms {
  double gram = 0;         ///< |s^ - s| / temperature
  double logit = 0;        ///< |t^ log 2 - (s^ / temperature - shift)|
  double exponential = 0;  ///< |log(e^ / 2^t^)|
  double sum = 0;          ///< |log(R^ / sum of the e^ of the negatives)|
  double ratio = 0;        ///< |log(x^ / (R^ / e_p^))| and |log(D^ / (R^ + e_p^))|
  double cut = 0;          ///< with shifts: |log| of R over R with logits below -1000 raised to it
  double logarithm = 0;  ///< |v - log1p(x^)|, |v - log D^| per unit of split_log_error_weight_up(v)
  double shift = 0;      ///< what adding the shift to a log-sum-exp loses
  double mean = 0;       ///< |mean^ - mean of the v| per unit of mean^

  /// Bound of |log(e^ / e)| of one exponential.
  double log_exponential_up() const;
  /// Bound of |log(x^ / x)|.
  double log_ratio_up() const;
  /// Bound of |log(D^ / D)|.
  double log_total_up() const;
};

/// What the terms depend on.
struct Scale {
  OperandFacts facts;
  double temperature = 1;
  std::int64_t rows = 0;
  std::int64_t keys = 0;
  bool shifted = false;
};
Terms terms_of(const Scale& scale);

/// Upper bound of |t| log 2, the size of the logits.
double logit_size_up(const Scale& scale);

/// Row loss log1p(x) and row log-sum-exp log(D) + shift log 2, from the sums of a row; empty if the
/// bound is too large to be of use or a number is out of the range of the functions.
struct RowSum {
  Pair negatives, positive, positive_logit;
  double shift = 0;
};
std::optional<BoundedPair> row_loss_of(const RowSum& row, const Terms& terms);
std::optional<BoundedPair> row_lse_of(const RowSum& row, const Terms& terms);

/// Mean of the row losses.
BoundedPair mean_of(const std::vector<BoundedPair>& rows, const Terms& terms);

/// The part of both tiers up to the sums: cut the operands, choose shifts, run the pass.
struct Sums {
  Operands operands;
  Pair scale;
  std::vector<double> shifts;  ///< empty: none
  RowSums rows;
  Terms terms;
  RowSum row(std::size_t i) const {
    return {rows.negatives[i], rows.positive[i], rows.positive_logit[i],
            shifts.empty() ? 0.0 : shifts[i]};
  }
};
/// Empty outside the range of the tier.
std::optional<Sums> sums_of(const InfoNceProblem& problem);

/// Logits up to this size are exponentiated as they are; larger ones less the shift of their row.
inline constexpr double largest_unshifted_logit = 350.0;
/// No larger ones than these: shifts times log 2 are then exact enough.
inline constexpr double largest_logit = 0x1p19;

}  // namespace assay::reference::split
