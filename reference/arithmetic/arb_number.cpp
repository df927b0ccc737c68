// SPDX-License-Identifier: Apache-2.0
// Ball arithmetic through Arb.
#include "reference/arithmetic/arb_number.hpp"

#include <algorithm>
#include <cmath>

#include "reference/arithmetic/precision.hpp"

namespace assay::reference {
namespace {

static_assert(sizeof(slong) == sizeof(long long), "from_integer passes its argument as an slong");

// A ball that is not bounded, and Arb's "indeterminate" (NaN), carry no information.
void whole_line_unless_finite(arb_ptr x) {
  if (!arb_is_finite(x)) arb_zero_pm_inf(x);
}

}  // namespace

ArbNumber::ArbNumber() : bits_(lowest_bits) { arb_init(value_); }

ArbNumber::ArbNumber(double x, int bits) : bits_(bits) {
  arb_init(value_);
  if (std::isfinite(x))
    arb_set_d(value_, x);
  else
    arb_zero_pm_inf(value_);
}

ArbNumber ArbNumber::from_integer(long long n, int bits) {
  ArbNumber result;
  result.bits_ = bits;
  arb_set_si(result.value_, n);
  return result;
}

ArbNumber ArbNumber::whole_line(int bits) {
  ArbNumber result;
  result.bits_ = bits;
  arb_zero_pm_inf(result.value_);
  return result;
}

ArbNumber::ArbNumber(const ArbNumber& other) : bits_(other.bits_) {
  arb_init(value_);
  arb_set(value_, other.value_);
}

ArbNumber::ArbNumber(ArbNumber&& other) noexcept : bits_(other.bits_) {
  arb_init(value_);
  arb_swap(value_, other.value_);
}

ArbNumber& ArbNumber::operator=(const ArbNumber& other) {
  bits_ = other.bits_;
  arb_set(value_, other.value_);
  return *this;
}

ArbNumber& ArbNumber::operator=(ArbNumber&& other) noexcept {
  std::swap(bits_, other.bits_);
  arb_swap(value_, other.value_);
  return *this;
}

ArbNumber::~ArbNumber() { arb_clear(value_); }

ArbNumber& ArbNumber::operator+=(const ArbNumber& b) {
  bits_ = std::max(bits_, b.bits_);
  arb_add(value_, value_, b.value_, bits_);
  whole_line_unless_finite(value_);
  return *this;
}

ArbNumber& ArbNumber::operator-=(const ArbNumber& b) {
  bits_ = std::max(bits_, b.bits_);
  arb_sub(value_, value_, b.value_, bits_);
  whole_line_unless_finite(value_);
  return *this;
}

ArbNumber& ArbNumber::operator*=(const ArbNumber& b) {
  bits_ = std::max(bits_, b.bits_);
  arb_mul(value_, value_, b.value_, bits_);
  whole_line_unless_finite(value_);
  return *this;
}

ArbNumber operator+(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result;
  result.bits_ = std::max(a.bits_, b.bits_);
  arb_add(result.value_, a.value_, b.value_, result.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

ArbNumber operator-(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result;
  result.bits_ = std::max(a.bits_, b.bits_);
  arb_sub(result.value_, a.value_, b.value_, result.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

ArbNumber operator*(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result;
  result.bits_ = std::max(a.bits_, b.bits_);
  arb_mul(result.value_, a.value_, b.value_, result.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

ArbNumber operator/(const ArbNumber& a, const ArbNumber& b) {
  const int bits = std::max(a.bits_, b.bits_);
  if (arb_contains_zero(b.value_)) return ArbNumber::whole_line(bits);
  ArbNumber result;
  result.bits_ = bits;
  arb_div(result.value_, a.value_, b.value_, bits);
  whole_line_unless_finite(result.value_);
  return result;
}

ArbNumber operator-(const ArbNumber& a) {
  ArbNumber result;
  result.bits_ = a.bits_;
  arb_neg(result.value_, a.value_);
  return result;
}

ArbNumber exp(const ArbNumber& x) {
  ArbNumber result;
  result.bits_ = x.bits_;
  arb_exp(result.value_, x.value_, x.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

// Arb answers "indeterminate" for log and log1p when the ball reaches outside the domain.
ArbNumber log(const ArbNumber& x) {
  ArbNumber result;
  result.bits_ = x.bits_;
  arb_log(result.value_, x.value_, x.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

ArbNumber log1p(const ArbNumber& x) {
  ArbNumber result;
  result.bits_ = x.bits_;
  arb_log1p(result.value_, x.value_, x.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

// arb_sqrtpos leaves the negative part of the ball out of account.
ArbNumber sqrt(const ArbNumber& x) {
  if (arb_is_negative(x.value_)) return ArbNumber::whole_line(x.bits_);
  ArbNumber result;
  result.bits_ = x.bits_;
  arb_sqrtpos(result.value_, x.value_, x.bits_);
  whole_line_unless_finite(result.value_);
  return result;
}

}  // namespace assay::reference
