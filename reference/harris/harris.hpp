// SPDX-License-Identifier: Apache-2.0
// The Harris inequality and Corollary 1 (hard-negatives paper, section 4.1) on finite laws, decided
// exactly.
#pragma once

#include <boost/multiprecision/gmp.hpp>
#include <compare>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <vector>

#include "reference/arithmetic/rational.hpp"

namespace assay::reference {

inline constexpr int harris_max_axes = 4;
inline constexpr int harris_max_support = 8;

/// An exact integer (GMP), without expression templates.
using HarrisInteger =
    boost::multiprecision::number<boost::multiprecision::gmp_int, boost::multiprecision::et_off>;

/// The joint law of u_1..u_k. Lemma 1 prints `iid`; the inequality holds for `independent` too;
/// under `joint` it may fail, which is what a dropped hypothesis is shown with.
enum class HarrisLaw : unsigned char { iid, independent, joint };

/// Two tables over a finite support s_0 < ... < s_{n-1} on each of k axes. Only the order of the
/// points matters: a table that does not decrease along any axis extends to an argument-wise
/// non-decreasing function on R^k (steps), and every such function restricts to one.
///
/// Row-major: axis 0 is the slowest, cell (i_0, .., i_{k-1}) has the index sum_a i_a n^(k-1-a).
struct HarrisInstance {
  int axes = 1;     ///< k, 1 to 4
  int support = 1;  ///< n, 1 to 8
  HarrisLaw law = HarrisLaw::iid;
  /// Unnormalised probabilities, non-negative with a positive sum: n (iid), k x n with one row per
  /// axis, each with a positive sum (independent), n^k (joint).
  std::vector<std::int64_t> weights;
  std::vector<std::int64_t> g;  ///< n^k
  std::vector<std::int64_t> h;  ///< n^k; the hardening function eta of Corollary 1

  /// n^k
  std::int64_t cells() const;
};

/// The first cell at which a table decreases: its value at `cell` is below that of its predecessor
/// along `axis`.
struct HarrisDescent {
  std::int64_t cell = 0;
  int axis = 0;
};

/// Where `table` (n^k values) first fails to be argument-wise non-decreasing; empty if nowhere.
std::optional<HarrisDescent> first_descent(const HarrisInstance& instance,
                                           const std::vector<std::int64_t>& table);

/// What every function below asks for. \throws std::invalid_argument naming the field, for sizes
/// out of range, arrays of another length, a negative weight, a law whose weights sum to zero
void check_harris_shape(const HarrisInstance& instance);
/// The shape and the hypotheses of Lemma 1: independent arguments, g and h argument-wise
/// non-decreasing. Lemma 1 prints IID arguments; unequal laws are accepted here.
/// \throws std::invalid_argument naming the table, the first cell and the axis that violate them
void check_lemma_1(const HarrisInstance& instance);
/// The same for Corollary 1: also eta = h non-negative in every cell, and gamma > 0.
/// \throws std::invalid_argument; UndefinedLaw if gamma is not positive
void check_corollary_1(const HarrisInstance& instance);

/// gamma = E[eta] is not in (0, inf): the law p_H of Corollary 1 does not exist.
class UndefinedLaw : public std::domain_error {
 public:
  using std::domain_error::domain_error;
};

/// Which integers were used. int128 only if (W max|g|)(W max|h|) < 2^126 (maxima of at least 1)
/// proves that nothing overflows; GMP otherwise, without limit.
enum class HarrisArithmetic : unsigned char { int128, gmp };
/// The arithmetic that the size of the numbers calls for. \throws as check_harris_shape
HarrisArithmetic harris_arithmetic(const HarrisInstance& instance);

/// Sums over all cells with the unnormalised weight w(c) of a cell (the product of the weights of
/// its coordinates, or its joint weight): E[g] = g / total, and so on.
struct HarrisSums {
  HarrisInteger gh, g, h, total;
};
HarrisSums harris_sums(const HarrisInstance& instance);
/// The same always in GMP.
HarrisSums harris_sums_in_gmp(const HarrisInstance& instance);

/// left - right = numerator / denominator, the denominator positive, not in lowest terms. `order`
/// compares left with right; the statements claim that it is not `less`.
struct HarrisDecision {
  std::strong_ordering order = std::strong_ordering::equal;
  HarrisInteger numerator, denominator;
  HarrisArithmetic arithmetic = HarrisArithmetic::int128;
  /// numerator / denominator in lowest terms
  Rational gap() const;
};

/// Lemma 1: E[g h] against E[g] E[h]; numerator sum(w g h) W - sum(w g) sum(w h), denominator W^2
/// (for iid weights of sum S, W = S^k). The hypotheses are not asked for, so that they can be
/// dropped: see check_lemma_1. \throws as check_harris_shape
HarrisDecision decide_lemma_1(const HarrisInstance& instance);
/// Corollary 1 with eta = h: E_{p_H}[g] against E_p[g]; the numerator of Lemma 1 over
/// sum(w eta) W. A negative value of eta is not refused as long as gamma > 0: p_H is then no
/// probability law, the two sides are still defined. \throws as check_harris_shape; UndefinedLaw if
/// gamma is zero or negative
HarrisDecision decide_corollary_1(const HarrisInstance& instance);

}  // namespace assay::reference
