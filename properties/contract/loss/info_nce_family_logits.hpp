// SPDX-License-Identifier: Apache-2.0
// Vectors and logits of an InfoNCE setting as an algorithm holds them; where its budgets begin.
#pragma once

#include <cstdint>
#include <vector>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_family_instance.hpp"

namespace assay::contract {

/// How an algorithm comes to norms, dot products and logits.
enum class FamilyArithmetic : unsigned char {
  tiled,      ///< lanes and chains in the stated order
  any_order,  ///< any order and grouping, any of the usual ways to divide and scale
};

/// What multiplies the dot products: near `exact`, held as a number near `held`.
struct FamilyScale {
  double exact = 1;
  double exact_slack = 0;  ///< relative
  double held = 1;
  double held_spread = 0;  ///< relative: the held number lies in held (1 +- spread)
  double common = 0;       ///< bound of |held / exact - 1|
  bool usable = true;      ///< false: not a normal binary32 number
  /// Modelled: bound of the part of |held / exact - 1| that is not known.
  double unknown = 0;
};
FamilyScale scale_of(const FamilyInstance& instance, FamilyArithmetic arithmetic);

/// The vectors y of the dot products: x itself, or x / nu(x). Where the stated algorithm
/// normalises, its entries are known: the inputs are, and so are all of its operations. A
/// stranger's entry is y_k (1 + c) + r_k with one |c| <= common for the whole vector and |r_k| <=
/// rounding_k.
struct FamilyVectors {
  std::int64_t d = 0;
  std::vector<double>
      held;               ///< 2N x d, as the stated algorithm has them; empty: y itself, or unknown
  std::vector<double> y;  ///< near the exact entries, 2N x d
  double slack = 0;       ///< relative error of every entry of `y`
  std::vector<double> rounding;  ///< 2N x d; empty: all 0
  std::vector<double> common;    ///< per vector
  std::vector<char> in_domain;   ///< per vector: false where an intermediate could overflow
  // Where the setting normalises, per vector: |x| and nu, as numbers of the algorithm.
  std::vector<Tracked> length, norm;
  std::vector<double> held_length, held_norm;  ///< as the stated algorithm has them
  /// Modelled: standard deviation of a stranger's c, per vector; empty where entries are known.
  std::vector<double> spread;

  const double* entries(std::int64_t v) const { return y.data() + v * d; }
  const double* held_entries(std::int64_t v) const {
    return (held.empty() ? y : held).data() + v * d;
  }
  double rounding_of(std::int64_t v, std::int64_t k) const {
    return rounding.empty() ? 0 : rounding[static_cast<std::size_t>(v * d + k)];
  }
  /// Bound of |held - exact| of an entry.
  double error(std::int64_t v, std::int64_t k) const;
  Tracked tracked(std::int64_t v, std::int64_t k) const;
};
FamilyVectors vectors_of(const FamilyInstance& instance, const ErrorAlgebra& algebra,
                         FamilyArithmetic arithmetic);
/// The square root of a held number that is exactly a sum of squares, within `ulps` units.
Tracked square_root(const ErrorAlgebra& algebra, const Tracked& z, double ulps);

/// The logits of one row: its positives, then its negatives, both in the order of their columns.
/// Held is v_j = factor t_j + r_j with t_j exact, |factor - 1| <= common, |r_j| <= deviation_j.
struct FamilyLogits {
  std::size_t positives = 0;
  std::vector<double> ideal;  ///< near t_j
  double ideal_slack = 0;     ///< bound of |ideal_j - t_j|
  std::vector<Tracked> held;  ///< v_j, held exactly, known within its radius
  std::vector<double> deviation;
  double common = 0;
  std::vector<std::int64_t> column;
  bool in_domain = true;  ///< false: an intermediate could overflow
  // Modelled: the part of v_j - t_j that is known, with its sign; the bound of the common factor's
  // part that is not; the variance of what is independent from logit to logit; and the standard
  // deviations of what the row's vector and the key's vector carry into every logit that they meet
  // (empty: nothing).
  std::vector<double> known, variance, row_noise, key_noise;
  double unknown_common = 0;

  std::size_t size() const { return ideal.size(); }
  std::size_t negatives() const { return size() - positives; }
};
FamilyLogits logits_of(const FamilyInstance& instance, const FamilyVectors& vectors,
                       const FamilyScale& scale, FamilyArithmetic arithmetic, const FamilyRow& row);

}  // namespace assay::contract
