// SPDX-License-Identifier: Apache-2.0
// Interval arithmetic through MPFI, on the storage of Boost's dynamic-precision number.
#include "reference/arithmetic/mpfi_number.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "reference/arithmetic/precision.hpp"

namespace assay::reference {

static_assert(sizeof(long) == sizeof(long long), "from_integer passes its argument as a long");

// Boost makes the number at its default precision; the bits asked for are set before any value is.
MpfiNumber::MpfiNumber(Uninitialised, int bits) { mpfi_set_prec(data(), bits); }

MpfiNumber::MpfiNumber() : MpfiNumber(Uninitialised{}, lowest_bits) { mpfi_set_si(data(), 0); }

MpfiNumber::MpfiNumber(double x, int bits) : MpfiNumber(Uninitialised{}, bits) {
  if (std::isfinite(x))
    mpfi_set_d(data(), x);
  else
    *this = whole_line(bits);
}

MpfiNumber MpfiNumber::from_integer(long long n, int bits) {
  MpfiNumber result(Uninitialised{}, bits);
  mpfi_set_si(result.data(), n);
  return result;
}

MpfiNumber MpfiNumber::whole_line(int bits) {
  MpfiNumber result(Uninitialised{}, bits);
  mpfr_set_inf(result.value_.backend().left_data(), -1);
  mpfr_set_inf(result.value_.backend().right_data(), +1);
  return result;
}

MpfiNumber MpfiNumber::between(mpfr_srcptr lower, mpfr_srcptr upper, int bits) {
  MpfiNumber result(Uninitialised{}, bits);
  mpfr_set(result.value_.backend().left_data(), lower, MPFR_RNDD);
  mpfr_set(result.value_.backend().right_data(), upper, MPFR_RNDU);
  result.whole_line_if_nan();
  return result;
}

// Boost's own copies follow its default precision, or misbehave after a move; these do neither.
MpfiNumber::MpfiNumber(const MpfiNumber& other) : MpfiNumber(Uninitialised{}, other.bits()) {
  mpfi_set(data(), other.data());
}

MpfiNumber::MpfiNumber(MpfiNumber&& other) noexcept : value_(std::move(other.value_)) {}

MpfiNumber& MpfiNumber::operator=(const MpfiNumber& other) {
  MpfiNumber copy(other);
  value_.backend().swap(copy.value_.backend());
  return *this;
}

MpfiNumber& MpfiNumber::operator=(MpfiNumber&& other) noexcept {
  value_.backend().swap(other.value_.backend());
  return *this;
}

int MpfiNumber::bits() const { return static_cast<int>(mpfi_get_prec(data())); }

// An operation on infinite ends (inf - inf, 0 * inf) may leave NaN: then nothing is known.
void MpfiNumber::whole_line_if_nan() {
  if (mpfi_nan_p(data())) *this = whole_line(bits());
}

MpfiNumber operator+(const MpfiNumber& a, const MpfiNumber& b) {
  MpfiNumber result(MpfiNumber::Uninitialised{}, std::max(a.bits(), b.bits()));
  mpfi_add(result.data(), a.data(), b.data());
  result.whole_line_if_nan();
  return result;
}

MpfiNumber operator-(const MpfiNumber& a, const MpfiNumber& b) {
  MpfiNumber result(MpfiNumber::Uninitialised{}, std::max(a.bits(), b.bits()));
  mpfi_sub(result.data(), a.data(), b.data());
  result.whole_line_if_nan();
  return result;
}

MpfiNumber operator*(const MpfiNumber& a, const MpfiNumber& b) {
  MpfiNumber result(MpfiNumber::Uninitialised{}, std::max(a.bits(), b.bits()));
  mpfi_mul(result.data(), a.data(), b.data());
  result.whole_line_if_nan();
  return result;
}

MpfiNumber operator/(const MpfiNumber& a, const MpfiNumber& b) {
  const int bits = std::max(a.bits(), b.bits());
  if (mpfi_has_zero(b.data())) return MpfiNumber::whole_line(bits);
  MpfiNumber result(MpfiNumber::Uninitialised{}, bits);
  mpfi_div(result.data(), a.data(), b.data());
  result.whole_line_if_nan();
  return result;
}

MpfiNumber operator-(const MpfiNumber& a) {
  MpfiNumber result(MpfiNumber::Uninitialised{}, a.bits());
  mpfi_neg(result.data(), a.data());
  return result;
}

MpfiNumber exp(const MpfiNumber& x) {
  MpfiNumber result(MpfiNumber::Uninitialised{}, x.bits());
  mpfi_exp(result.data(), x.data());
  result.whole_line_if_nan();
  return result;
}

// MPFI answers NaN where an argument reaches outside the domain. The part inside still has values:
// they are enclosed from the upper end alone.
MpfiNumber log(const MpfiNumber& x) {
  if (mpfr_sgn(x.upper()) <= 0) return MpfiNumber::whole_line(x.bits());
  MpfiNumber result = MpfiNumber::whole_line(x.bits());
  mpfr_log(result.value_.backend().right_data(), x.upper(), MPFR_RNDU);
  if (mpfr_sgn(x.lower()) > 0) mpfr_log(result.value_.backend().left_data(), x.lower(), MPFR_RNDD);
  return result;
}

MpfiNumber log1p(const MpfiNumber& x) {
  if (mpfr_cmp_si(x.upper(), -1) <= 0) return MpfiNumber::whole_line(x.bits());
  MpfiNumber result = MpfiNumber::whole_line(x.bits());
  mpfr_log1p(result.value_.backend().right_data(), x.upper(), MPFR_RNDU);
  if (mpfr_cmp_si(x.lower(), -1) > 0)
    mpfr_log1p(result.value_.backend().left_data(), x.lower(), MPFR_RNDD);
  return result;
}

MpfiNumber sqrt(const MpfiNumber& x) {
  if (mpfr_sgn(x.upper()) < 0) return MpfiNumber::whole_line(x.bits());
  MpfiNumber result(MpfiNumber::Uninitialised{}, x.bits());
  mpfr_sqrt(result.value_.backend().right_data(), x.upper(), MPFR_RNDU);
  if (mpfr_sgn(x.lower()) > 0)
    mpfr_sqrt(result.value_.backend().left_data(), x.lower(), MPFR_RNDD);
  else
    mpfr_set_zero(result.value_.backend().left_data(), +1);
  return result;
}

}  // namespace assay::reference
