// SPDX-License-Identifier: Apache-2.0
// InfoNCE as one formula text over the number types; internal to the ball and interval tiers.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/info_nce.hpp"

namespace assay::reference {

/// Exponent e with |x| < 2^e for every entry; 0 when all are 0.
int exponent_up(const double* x, std::int64_t n, std::int64_t d, std::int64_t stride);

/// How many bits beyond those asked for keep the absolute error of every logit near 2^(10-bits):
/// the exponent of a bound of |logit| as far as it exceeds 10, so that logits of ordinary size are
/// computed at the precision asked for and huge ones still have a fraction.
int extra_bits_for(const InfoNceProblem& problem);

/// The formulas of one problem at one precision, with the embeddings made ready once. Defined for
/// double (no bound: for cross-checks), MpfiNumber, ArbNumber; for Rational only the logits.
template <class Number>
class InfoNceFormula {
 public:
  struct Row {
    Number loss;
    Number lse;
  };
  InfoNceFormula(const InfoNceProblem& problem, int bits);

  const Context<Number>& context() const { return context_; }
  std::int64_t rows() const { return static_cast<std::int64_t>(row_vectors_.size()); }
  /// Keys of every row: all but the row itself in the joint block.
  bool is_key_of(std::int64_t row, std::int64_t key) const { return !joint_ || row != key; }
  std::int64_t positive_of(std::int64_t row) const {
    if (!joint_) return row;
    return row < n_ ? row + n_ : row - n_;
  }

  /// <x_row, y_key> / temperature.
  Number logit(std::int64_t row, std::int64_t key) const;
  std::vector<Number> logits(std::int64_t row) const;

  /// With q the largest logit: loss = (s_q - s_p) + log1p(sum_{j != q} exp(s_j - s_q)). When the
  /// positive is the largest this is log1p over the negatives; exp never sees a large argument.
  Row row(const std::vector<Number>& logits, std::int64_t row) const;
  /// Log-sum-exp over all keys about an integer near the largest logit, minus the positive.
  Row row_second_way(const std::vector<Number>& logits, std::int64_t row) const;

  /// The derivatives of the row loss with respect to its logits, which add up to 0: exp(s_j - lse)
  /// for a negative j; -R / (R + e_p) for the positive, with R the sum over the negatives, never
  /// exp(s_p - lse) - 1, which loses everything when the loss is small; 0 for the row itself.
  std::vector<Number> weights(const std::vector<Number>& logits, std::int64_t row) const;

 private:
  std::int64_t largest(const std::vector<Number>& logits, std::int64_t row) const;

  Context<Number> context_;
  bool joint_;
  std::int64_t n_;
  std::vector<ExactVector<Number>> row_vectors_;
  std::vector<ExactVector<Number>> only_key_vectors_;  // one direction
  Number temperature_;
};

/// The logits of all rows, one row after the other, at most half of them computed twice: the joint
/// block is symmetric. Holds one row, or everything when that is small.
template <class Number>
class LogitRows {
 public:
  explicit LogitRows(const InfoNceFormula<Number>& formula, bool symmetric);
  /// \pre rows are asked for in ascending order from 0
  const std::vector<Number>& next();

 private:
  const InfoNceFormula<Number>& formula_;
  bool keep_;
  std::int64_t row_ = 0;
  std::vector<std::vector<Number>> waiting_;  // waiting_[i]: logits of row i against keys < row_
  std::vector<Number> current_;
};

/// What the tiers need of one engine, behind plain types.
template <class Number>
struct InfoNceOnEngine {
  static InfoNceEnclosures enclose(const InfoNceProblem& problem, int bits);
  static InfoNceRow row(const InfoNceProblem& problem, std::int64_t row, int bits, bool second_way);
  static Interval mean(const InfoNceProblem& problem, int bits);
};

}  // namespace assay::reference
