// SPDX-License-Identifier: Apache-2.0
// ArbNumber: a ball (midpoint and radius) on Arb; exists where ASSAY_HAVE_ARB is 1.
#pragma once

#if !ASSAY_HAVE_ARB
#error "built without Arb: include reference/arithmetic/number.hpp and test ASSAY_HAVE_ARB"
#endif

#include <mpfr.h>  // FLINT 3 declares its conversions to MPFR only after it

#if ASSAY_FLINT3
#include <flint/arb.h>
#else
#include <arb.h>
#endif

namespace assay::reference {

/// The set of possible values of a real number, as a ball. Same contract as `MpfiNumber`: what an
/// operation cannot enclose is the whole line; nothing throws, aborts or yields NaN. A ball cannot
/// be a half line: `log` of a ball that reaches down to 0 is the whole line.
///
/// Precision is carried by the value and counted in bits; a result is rounded to the larger
/// precision of its operands. Exact numbers (doubles, integers) are held exactly at any precision.
class ArbNumber {
 public:
  /// The point 0, at the lowest precision (it never raises the precision of a result).
  ArbNumber();
  /// \pre here and below: lowest_bits <= bits <= highest_bits (`Context` checks it)
  /// The double at its exact value; the whole line for NaN and infinities.
  ArbNumber(double x, int bits);
  static ArbNumber from_integer(long long n, int bits);
  static ArbNumber whole_line(int bits);

  ArbNumber(const ArbNumber& other);
  ArbNumber(ArbNumber&& other) noexcept;
  ArbNumber& operator=(const ArbNumber& other);
  ArbNumber& operator=(ArbNumber&& other) noexcept;
  ~ArbNumber();

  int bits() const { return bits_; }
  arb_srcptr data() const { return value_; }
  arb_ptr data() { return value_; }

  friend ArbNumber operator+(const ArbNumber& a, const ArbNumber& b);
  friend ArbNumber operator-(const ArbNumber& a, const ArbNumber& b);
  friend ArbNumber operator*(const ArbNumber& a, const ArbNumber& b);
  friend ArbNumber operator/(const ArbNumber& a, const ArbNumber& b);
  friend ArbNumber operator-(const ArbNumber& a);
  ArbNumber& operator+=(const ArbNumber& b);
  ArbNumber& operator-=(const ArbNumber& b);
  ArbNumber& operator*=(const ArbNumber& b);
  ArbNumber& operator/=(const ArbNumber& b) { return *this = *this / b; }

  friend ArbNumber exp(const ArbNumber& x);
  friend ArbNumber log(const ArbNumber& x);
  friend ArbNumber log1p(const ArbNumber& x);
  friend ArbNumber sqrt(const ArbNumber& x);

 private:
  arb_t value_;
  int bits_;
};

}  // namespace assay::reference
