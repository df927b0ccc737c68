// SPDX-License-Identifier: Apache-2.0
// ExactSum: sums of doubles and of products of doubles without any rounding.
#pragma once

#include <mpfr.h>

#include <array>
#include <cstdint>

#include "reference/arithmetic/rational.hpp"

namespace assay::reference {

/// A fixed-point register wide enough for every product of two doubles (U. Kulisch, "Computer
/// Arithmetic and Validity", 2nd ed., ch. 8): adding is exact whatever the terms and their order,
/// uses integers only, and cannot be disturbed by the rounding mode. Rounds once, at the end.
///
/// Bit 0 of the register weighs 2^-2148 = (2^-1074)^2, the smallest product. The largest is below
/// 2^2048, and 2^63 terms need 63 bits more: 2148 + 2048 + 63 = 4259 bits, 67 words of 64. Positive
/// and negative terms have registers of their own, so that carries stay short when the sum
/// changes its sign back and forth.
class ExactSum {
 public:
  /// Adds x. A term that is not finite makes the whole sum not finite, for good.
  void add(double x) { add_product(x, 1.0); }
  /// Adds the exact product x*y (in particular 0 when a factor is 0 and the other is finite).
  void add_product(double x, double y);

  /// False once a NaN or an infinity was added; the sum has no value then.
  bool is_finite() const { return finite_; }
  /// The sum, rounded to the precision of `result`. \return as `mpfr_set`. \pre is_finite()
  int round_to(mpfr_ptr result, mpfr_rnd_t direction) const;
  /// The sum as a rational number. \pre is_finite()
  Rational exact() const;

 private:
  static constexpr int words = 67;
  static constexpr int weight_of_bit_0 = -2148;
  using Register = std::array<mp_limb_t, words>;
  static_assert(GMP_NUMB_BITS == 64);

  /// Positive minus negative part: magnitude into `magnitude`, \return its sign.
  int difference(Register& magnitude) const;

  Register positive_{};
  Register negative_{};
  bool finite_ = true;
};

}  // namespace assay::reference
