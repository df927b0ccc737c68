// SPDX-License-Identifier: Apache-2.0
// One InfoNCE case in doubles, and its dot products with the quantities their error bounds need.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"
#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_gradient.hpp"

namespace assay::contract {

/// A case of loss/info_nce: the 2N vectors z = [a; b], contiguous, each entry (binary32, bfloat16
/// or binary16) as the double of the same value. Rows are the first `rows()` vectors.
struct InfoNceInstance {
  std::int64_t n = 0;
  std::int64_t d = 0;
  double temperature = 1;
  reference::InfoNceForm form = reference::InfoNceForm::joint_block;
  std::vector<double> z;         ///< 2N x d
  std::vector<double> norm;      ///< upper bound of the Euclidean norm; 0 for a non-finite vector
  std::vector<double> norm_one;  ///< upper bound of the sum of magnitudes; 0 for a non-finite one
  std::vector<char> finite;      ///< per vector: all entries are finite
  // Backward only: the upstream gradients of the row losses (rows() numbers) and of their mean.
  std::vector<double> upstream;
  double upstream_mean = 0;

  bool joint() const { return form == reference::InfoNceForm::joint_block; }
  std::int64_t rows() const { return joint() ? 2 * n : n; }
  std::int64_t keys() const { return joint() ? 2 * n : n; }
  const double* vector(std::int64_t v) const { return z.data() + v * d; }
  /// Index in z of a key.
  std::int64_t key_vector(std::int64_t key) const { return joint() ? key : n + key; }
  /// The key that is row i's positive.
  std::int64_t positive(std::int64_t row) const { return joint() ? (row + n) % (2 * n) : row; }
  /// True when the row does not see the key (the self-pair).
  bool left_out(std::int64_t row, std::int64_t key) const { return joint() && row == key; }

  bool all_finite() const;
  static bool is_backward(const engine::Case& c);
  /// \throws engine::InputError for missing or misshapen inputs, a bad temperature or direction
  static InfoNceInstance from(const engine::Case& c);
  /// The same instance for `reference/`; it points into this object.
  reference::InfoNceProblem problem() const;
  reference::InfoNceUpstream upstream_gradient() const;
};

/// What a dot product's error bound is made of.
enum class DotWeight : unsigned char {
  /// sum over k of power_below(|x_0 y_0 + ... + x_k y_k|), for a chain of fma in this order. Valid
  /// for d u <= 1/4 (u = 2^-24).
  partial_sums,
  products,  ///< sum over k of |x_k y_k|: any order
};

/// Dot products of rows with all keys, in double (the products are exact there), each with its
/// weight. Not finite where an entry is not: the extended-real dot product.
class InfoNceDots {
 public:
  InfoNceDots(const InfoNceInstance& instance, DotWeight weight);

  /// Fills centre[r * keys + j] and weight[r * keys + j] for rows first .. first+count-1 and every
  /// key j. |centre - exact| <= slack(row, j); the weight is an upper bound.
  /// `squares`: for partial sums, the sum of the squares of the same powers; for products, d times
  /// the square of their sum. (Times u^2/3 it is the variance of the modelled column.)
  void compute(std::int64_t first, std::int64_t count, std::vector<double>& centre,
               std::vector<double>& weight, std::vector<double>& squares) const;
  double slack(std::int64_t row, std::int64_t key) const;

 private:
  const InfoNceInstance& instance_;
  DotWeight weight_;
  std::vector<double> blocks_;  // keys transposed: [block][k][lane]
};

}  // namespace assay::contract
