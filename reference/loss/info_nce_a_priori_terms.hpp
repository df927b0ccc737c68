// SPDX-License-Identifier: Apache-2.0
// The a-priori error bound of the batched InfoNCE, term by term.
//
// Derivation: docs/loss/info_nce-enclosure.md; each term below is a section there. All but the last
// two bound a difference of logarithms, so that they add up along the chain of steps.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "core/ends.hpp"
#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_batch.hpp"

namespace assay::reference {

/// Upper bounds of what each step of one row adds to the error. A hat marks a computed number; s is
/// an inner product, t the base-2 logit, e an exponential, R the sum over the negatives, p the
/// positive, x the ratio R/e_p, D the full sum R + e_p, v a computed logarithm.
struct AprioriTerms {
  double gram = 0;         ///< |s^ - s| / temperature
  double logit = 0;        ///< |t^ log 2 - s^ / temperature|
  double exponential = 0;  ///< |log(e^ / 2^t^)|
  double sum = 0;          ///< |log(R^ / sum of the e^ of the negatives)|
  double ratio = 0;        ///< |log(x^ / (R^ / e_p^))| and |log(D^ / (R^ + e_p^))|
  double logarithm = 0;    ///< |v - log1p(x^)|, |v - log(D^)| per unit of `log_error_weight_up(v)`
  double mean = 0;         ///< |mean^ - mean of the v| per unit of mean^

  /// Bound of |log(x^ / x)|: numerator and denominator each carry the first three errors.
  double log_ratio_up() const;
  /// Bound of |log(D^ / D)|.
  double log_total_up() const;
};

/// What the terms depend on. `product_up` >= |x_i| max_j |y_j|, the norms of the row and the keys.
struct AprioriScale {
  std::int64_t d = 0;
  std::int64_t rows = 0;
  double temperature = 1;
  bool exact_products = false;  ///< every product of two entries is a double
  std::int64_t sum_height = 0;  ///< most roundings inside a block sum
  std::int64_t joins = 0;       ///< most block sums per row
};
AprioriScale scale_of(const InfoNceProblem& problem, bool exact_products);

/// The bound for one row. \pre d, rows <= 2^26, temperature > 0
AprioriTerms a_priori_terms(const AprioriScale& scale, double product_up);

/// A computed number with a bound of its error: |value - truth| <= radius.
struct Bounded {
  double value = 0;
  double radius = 0;
  /// Outward ends, the point itself for radius 0; `floor` is a number known to lie below the truth.
  Ends ends(double floor) const;
};

/// log1p(x^) as an enclosure centre of log1p(x), given the terms of the row; the radius is relative
/// to the loss when the loss is small. Empty if the bound is too large to be of use.
std::optional<Bounded> row_loss_of(double ratio, const AprioriTerms& terms);
/// log(D^) likewise.
std::optional<Bounded> row_lse_of(double total, const AprioriTerms& terms);

/// Mean of the row losses. \pre rows.size() <= 2^26
Bounded mean_of(const std::vector<Bounded>& rows, const AprioriTerms& terms);

/// What one pass over the columns finds out.
struct ColumnFacts {
  std::vector<double> norms_up;  ///< upper bounds of the norms; not finite where an entry is not,
                                 ///< or where the square overflows
  bool products_exact = true;  ///< entries have 24-bit significands and moderate exponents, as all
                               ///< binary32 numbers do: a product of two of them is a double
};
ColumnFacts facts_of(const Eigen::MatrixXd& columns);

}  // namespace assay::reference
