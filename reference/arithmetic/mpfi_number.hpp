// SPDX-License-Identifier: Apache-2.0
// MpfiNumber: an interval on Boost.Multiprecision's MPFI backend, its precision counted in bits.
#pragma once

#include <boost/multiprecision/mpfi.hpp>

namespace assay::reference {

/// The set of possible values of a real number, as an interval with MPFR ends.
///
/// Contract of every operation f: for all reals x in X (and y in Y) at which f is defined, f(x, y)
/// lies in f(X, Y). Where f is defined nowhere on X, and where a divisor may be zero, the result is
/// the whole line ("no information"); nothing here throws, aborts or yields NaN. `log` of an
/// interval that reaches down to 0 is the half line (-inf, log hi].
///
/// Precision is carried by the value and counted in bits; a result has the larger precision of its
/// operands. The storage is Boost's dynamic-precision number, but every bit of arithmetic goes
/// through `mpfi_*` on its backend: Boost counts precision in decimal digits, rounded up or down
/// with the release, and its comparisons of overlapping intervals terminate the program. For that
/// reason there is no comparison here at all: convert with `to_interval` and ask there.
class MpfiNumber {
 public:
  using Boost = boost::multiprecision::number<boost::multiprecision::mpfi_float_backend<0>,
                                              boost::multiprecision::et_off>;

  /// The point 0, at the lowest precision (it never raises the precision of a result).
  MpfiNumber();
  /// \pre here and below: lowest_bits <= bits <= highest_bits (`Context` checks it)
  /// The double at its exact value, rounded outward to `bits` bits (exact from 53 bits upward);
  /// the whole line for NaN and infinities, which are no real numbers.
  MpfiNumber(double x, int bits);
  /// The integer, rounded outward to `bits` bits (exact from 64 bits upward).
  static MpfiNumber from_integer(long long n, int bits);
  static MpfiNumber whole_line(int bits);
  /// [lower, upper], rounded outward to `bits` bits; the whole line if an end is NaN.
  /// \pre not lower > upper
  static MpfiNumber between(mpfr_srcptr lower, mpfr_srcptr upper, int bits);

  MpfiNumber(const MpfiNumber& other);
  MpfiNumber(MpfiNumber&& other) noexcept;
  MpfiNumber& operator=(const MpfiNumber& other);
  MpfiNumber& operator=(MpfiNumber&& other) noexcept;
  ~MpfiNumber() = default;

  int bits() const;
  mpfr_srcptr lower() const { return value_.backend().left_data(); }
  mpfr_srcptr upper() const { return value_.backend().right_data(); }

  friend MpfiNumber operator+(const MpfiNumber& a, const MpfiNumber& b);
  friend MpfiNumber operator-(const MpfiNumber& a, const MpfiNumber& b);
  friend MpfiNumber operator*(const MpfiNumber& a, const MpfiNumber& b);
  friend MpfiNumber operator/(const MpfiNumber& a, const MpfiNumber& b);
  friend MpfiNumber operator-(const MpfiNumber& a);
  MpfiNumber& operator+=(const MpfiNumber& b) { return *this = *this + b; }
  MpfiNumber& operator-=(const MpfiNumber& b) { return *this = *this - b; }
  MpfiNumber& operator*=(const MpfiNumber& b) { return *this = *this * b; }
  MpfiNumber& operator/=(const MpfiNumber& b) { return *this = *this / b; }

  friend MpfiNumber exp(const MpfiNumber& x);
  friend MpfiNumber log(const MpfiNumber& x);
  friend MpfiNumber log1p(const MpfiNumber& x);
  friend MpfiNumber sqrt(const MpfiNumber& x);

 private:
  struct Uninitialised {};
  MpfiNumber(Uninitialised, int bits);
  mpfi_ptr data() { return value_.backend().data(); }
  mpfi_srcptr data() const { return value_.backend().data(); }
  void whole_line_if_nan();
  Boost value_;
};

}  // namespace assay::reference
