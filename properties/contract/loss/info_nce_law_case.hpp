// SPDX-License-Identifier: Apache-2.0
// A case of loss/info_nce taken apart, so that laws can make related cases of it.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::contract {

/// The numbers of a case, each as the double of the same value; `made` puts them together again.
struct InfoNceLawCase {
  explicit InfoNceLawCase(const engine::Case& c);

  std::int64_t n = 0, d = 0;
  bool joint = true, backward = false;
  double temperature = 1;
  std::vector<double> a, b;      ///< n x d
  std::vector<double> upstream;  ///< of the rows, rows() numbers; empty: the case has none
  double grad_loss = 0;          ///< upstream of the mean

  std::int64_t rows() const { return joint ? 2 * n : n; }
  /// The pair that row i belongs to.
  std::int64_t pair_of(std::int64_t row) const { return row % n; }
  double* vector(std::int64_t v) { return v < n ? a.data() + v * d : b.data() + (v - n) * d; }
  const double* vector(std::int64_t v) const {
    return v < n ? a.data() + v * d : b.data() + (v - n) * d;
  }

  /// The case with these numbers, contiguous.
  /// \throws std::invalid_argument when the inputs' format does not hold a number exactly
  engine::Case made() const;
  /// Whether `made` has room for all numbers.
  bool fits() const;
  /// The same with row strides d + a_padding, d + b_padding, upstream stride 1 + upstream_padding;
  /// the elements in between hold NaN, infinities and large numbers in turn.
  engine::Case made_with_padding(std::int64_t a_padding, std::int64_t b_padding,
                                 std::int64_t upstream_padding) const;

 private:
  engine::Case base_;
};

}  // namespace assay::contract
