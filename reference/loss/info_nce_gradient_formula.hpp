// SPDX-License-Identifier: Apache-2.0
// The gradient of InfoNCE as one text over the number types; internal to the engines' tiers.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace assay::reference {

/// \throws std::invalid_argument for a negative stride or a number that is not finite
void check_upstream(std::int64_t rows, const InfoNceUpstream& upstream);

/// Adds up sum_i g_i dl_i over the rows, row by row; memory O(N d).
template <class Number>
class InfoNceGradientSum {
 public:
  InfoNceGradientSum(const InfoNceProblem& problem, const InfoNceFormula<Number>& formula);
  /// Adds `upstream` times the gradient of one row's loss, given the row's logits.
  void add_row(std::int64_t row, const std::vector<Number>& logits, const Number& upstream);
  /// Everything so far, divided by the temperature.
  InfoNceGradients result() const;

 private:
  using Vectors = std::vector<std::vector<Number>>;
  const Vectors& keys() const { return joint_ ? rows_ : only_keys_; }
  Vectors& key_sums() { return joint_ ? row_sums_ : only_key_sums_; }

  const InfoNceFormula<Number>& formula_;
  bool joint_;
  std::int64_t n_;
  Number temperature_;
  Vectors rows_, only_keys_;          // the embeddings at their exact values
  Vectors row_sums_, only_key_sums_;  // T times the derivatives
  Number temperature_sum_;            // -T times the derivative
};

/// What the tier needs of one engine, behind plain types.
template <class Number>
struct InfoNceGradientOnEngine {
  static InfoNceGradients enclose(const InfoNceProblem& problem, const InfoNceUpstream& upstream,
                                  int bits);
};

}  // namespace assay::reference
