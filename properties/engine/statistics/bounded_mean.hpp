// SPDX-License-Identifier: Apache-2.0
// The mean of independent bounded numbers: summed without error, with a radius that holds for every
// number of draws and every law.
#pragma once

#include <cstdint>
#include <memory>

#include "core/ends.hpp"

namespace assay::engine {

/// Maurer and Pontil, "Empirical Bernstein Bounds and Sample Variance Penalization" (COLT 2009),
/// Theorem 4, on both sides: for independent X_1..X_n in an interval of length R, with probability
/// at least 1 - delta,
///     |mean - E mean| <= sqrt(2 V ln(4/delta) / n) + 7 R ln(4/delta) / (3 (n - 1)),
/// V the sample variance with n - 1. The law may change from draw to draw. n is fixed beforehand:
/// for several looks give each its share (`epoch_delta`).
class BoundedMean {
 public:
  /// Numbers of [least, most]. \throws std::invalid_argument unless finite and least <= most
  BoundedMean(double least, double most);
  BoundedMean(BoundedMean&&) noexcept;
  BoundedMean& operator=(BoundedMean&&) noexcept;
  ~BoundedMean();

  /// \throws std::domain_error for a number outside the interval, or NaN
  void add(double x);
  std::int64_t draws() const { return draws_; }
  /// Sum and squares are exact; only the quotient is rounded, outward. \pre draws() >= 1
  Ends mean() const;
  /// V, rounded upward. \pre draws() >= 2
  double variance_up() const;
  /// The right side above, rounded upward; the length of the interval where that is less.
  /// \throws std::invalid_argument unless draws() >= 2 and 0 < delta < 1
  double radius(double delta) const;

 private:
  struct Sums;
  double least_, most_;
  std::int64_t draws_ = 0;
  std::unique_ptr<Sums> sums_;
};

}  // namespace assay::engine
