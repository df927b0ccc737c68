// SPDX-License-Identifier: Apache-2.0
// Real: exp, log, sqrt, powers, maxima.
#include <cmath>
#include <limits>
#include <memory>
#include <optional>

#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/real.hpp"

namespace assay::reference {

void set_number(MpfiNumber& result, const Rational& x, int bits) {
  result = MpfiNumber::whole_line(bits);
  auto ends = std::make_unique<Interval::Representation>(bits);
  mpfr_set_q(ends->lower, x.backend().data(), MPFR_RNDD);
  mpfr_set_q(ends->upper, x.backend().data(), MPFR_RNDU);
  result = MpfiNumber::between(ends->lower, ends->upper, bits);
}

void set_number(MpfiNumber& result, const Interval& x, int bits) {
  result = MpfiNumber::between(x.representation().lower, x.representation().upper, bits);
}

MpfiNumber larger(const MpfiNumber& a, const MpfiNumber& b) {
  return MpfiNumber::between(mpfr_greater_p(a.lower(), b.lower()) ? a.lower() : b.lower(),
                             mpfr_greater_p(a.upper(), b.upper()) ? a.upper() : b.upper(),
                             std::max(a.bits(), b.bits()));
}

MpfiNumber smaller(const MpfiNumber& a, const MpfiNumber& b) {
  return MpfiNumber::between(mpfr_less_p(a.lower(), b.lower()) ? a.lower() : b.lower(),
                             mpfr_less_p(a.upper(), b.upper()) ? a.upper() : b.upper(),
                             std::max(a.bits(), b.bits()));
}

#if ASSAY_HAVE_ARB
namespace {

struct FmpqValue {
  FmpqValue() { fmpq_init(value); }
  FmpqValue(const FmpqValue&) = delete;
  FmpqValue& operator=(const FmpqValue&) = delete;
  ~FmpqValue() { fmpq_clear(value); }
  fmpq_t value;
};

void whole_line_unless_finite(arb_ptr x) {
  if (!arb_is_finite(x)) arb_zero_pm_inf(x);
}

}  // namespace

void set_number(ArbNumber& result, const Rational& x, int bits) {
  FmpqValue q;
  fmpq_set_mpq(q.value, x.backend().data());
  result = ArbNumber(0.0, bits);
  arb_set_fmpq(result.data(), q.value, bits);
}

void set_number(ArbNumber& result, const Interval& x, int bits) {
  result = ArbNumber::whole_line(bits);
  if (!x.is_finite()) return;
  arb_set_interval_mpfr(result.data(), x.representation().lower, x.representation().upper, bits);
  whole_line_unless_finite(result.data());
}

ArbNumber larger(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result(0.0, std::max(a.bits(), b.bits()));
  arb_max(result.data(), a.data(), b.data(), result.bits());
  whole_line_unless_finite(result.data());
  return result;
}

ArbNumber smaller(const ArbNumber& a, const ArbNumber& b) {
  ArbNumber result(0.0, std::max(a.bits(), b.bits()));
  arb_min(result.data(), a.data(), b.data(), result.bits());
  whole_line_unless_finite(result.data());
  return result;
}
#endif

namespace {

/// f(x) as an enclosure of the number's own arithmetic.
template <class Function>
Real enclosed_value(const Real& x, const char* name, Function f) {
  const Real::Node::Home home = Real::Node::require_home(x, name);
  return on_number_type(home.engine, [&]<class Number>(std::type_identity<Number>) {
    return Real::Node::enclosure(f(Real::Node::number<Number>(x, home.bits)));
  });
}

/// The exact root of an exact number, if it has one.
std::optional<Rational> exact_root(const Real& x) {
  const Rational q = Real::Node::rational(x);
  mpz_srcptr n = mpq_numref(q.backend().data());
  mpz_srcptr d = mpq_denref(q.backend().data());
  if (mpz_sgn(n) < 0 || !mpz_perfect_square_p(n) || !mpz_perfect_square_p(d)) return std::nullopt;
  Rational root;
  mpz_sqrt(mpq_numref(root.backend().data()), n);
  mpz_sqrt(mpq_denref(root.backend().data()), d);
  return root;
}

}  // namespace

Real exp(const Real& x) {
  if (x.kind_ == Real::Kind::plain) return Real::plain(std::exp(x.plain_));
  if (x.is_exact() && identical(x, 0)) return Real(1, x.engine_, x.bits_);
  return enclosed_value(x, "exp", [](const auto& y) { return exp(y); });
}

Real log(const Real& x) {
  if (x.kind_ == Real::Kind::plain)
    return Real::plain(x.plain_ > 0 ? std::log(x.plain_)
                                    : std::numeric_limits<double>::quiet_NaN());
  if (x.is_exact() && identical(x, 1)) return Real(0, x.engine_, x.bits_);
  return enclosed_value(x, "log", [](const auto& y) { return log(y); });
}

Real log1p(const Real& x) {
  if (x.kind_ == Real::Kind::plain)
    return Real::plain(x.plain_ > -1 ? std::log1p(x.plain_)
                                     : std::numeric_limits<double>::quiet_NaN());
  if (x.is_exact() && identical(x, 0)) return Real(0, x.engine_, x.bits_);
  return enclosed_value(x, "log1p", [](const auto& y) { return log1p(y); });
}

Real sqrt(const Real& x) {
  if (x.kind_ == Real::Kind::plain) return Real::plain(std::sqrt(x.plain_));
  if (x.is_exact())
    if (std::optional<Rational> root = exact_root(x))
      return Real::Node::exact(*std::move(root), Real::Node::home_of(x));
  return enclosed_value(x, "sqrt", [](const auto& y) { return sqrt(y); });
}

Real pow(const Real& x, int n) {
  if (n < 0) {
    const Real inverse = 1 / x;
    return n == std::numeric_limits<int>::min() ? pow(inverse, -(n + 1)) * inverse
                                                : pow(inverse, -n);
  }
  // Powers of |x|, not of x: the square of an enclosure around 0 has no negative part.
  Real base = abs(x);
  Real result = x.is_plain() ? Real::plain(1) : Real(1, x.engine_, x.bits_);
  if (n % 2 != 0) result *= x;
  for (int left = n / 2; left > 0; left /= 2) {
    base *= base;
    if (left % 2 != 0) result *= base;
  }
  return result;
}

Real max(const Real& a, const Real& b) {
  if (a.is_plain() || b.is_plain()) {
    const double x = a.approximate();
    const double y = b.approximate();
    return Real::plain(std::isnan(x) || x > y ? x : y);
  }
  const Real::Node::Home home = Real::Node::common_home(a, b);
  if (a.is_exact() && b.is_exact()) {
    Real result = less(a, b) == Truth::yes ? b : a;
    result.engine_ = home.engine;
    result.bits_ = home.bits;
    return result;
  }
  return on_number_type(home.engine, [&]<class Number>(std::type_identity<Number>) {
    return Real::Node::enclosure(
        larger(Real::Node::number<Number>(a, home.bits), Real::Node::number<Number>(b, home.bits)));
  });
}

Real min(const Real& a, const Real& b) { return -max(-a, -b); }

Real abs(const Real& a) {
  if (a.kind_ == Real::Kind::plain) return Real::plain(std::fabs(a.plain_));
  if (a.is_exact()) return max(a, -a);
  return max(max(a, -a), 0);
}

}  // namespace assay::reference
