// SPDX-License-Identifier: Apache-2.0
// Contexts of the four number types and the conversions out of them.
#include "reference/arithmetic/number.hpp"

#include <stdexcept>
#include <string>
#include <type_traits>

#include "reference/arithmetic/detail/mpfr_value.hpp"
#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/environment.hpp"
#include "reference/arithmetic/exact_sum.hpp"

namespace assay::reference {
namespace {

template <class Number>
constexpr bool is_arb = false;
#if ASSAY_HAVE_ARB
template <>
constexpr bool is_arb<ArbNumber> = true;
#endif

ExactSum exact_dot(const double* x, const double* y, std::int64_t count, std::int64_t stride) {
  ExactSum sum;
  for (std::int64_t k = 0; k < count; ++k) sum.add_product(x[k * stride], y[k * stride]);
  return sum;
}

double plain_dot(const double* x, const double* y, std::int64_t count, std::int64_t stride) {
  double sum = 0;
  for (std::int64_t k = 0; k < count; ++k) sum += x[k * stride] * y[k * stride];
  return sum;
}

MpfiNumber rounded(const ExactSum& sum, int bits) {
  if (!sum.is_finite()) return MpfiNumber::whole_line(bits);
  detail::MpfrValue lower(bits);
  detail::MpfrValue upper(bits);
  sum.round_to(lower, MPFR_RNDD);
  sum.round_to(upper, MPFR_RNDU);
  return MpfiNumber::between(lower, upper, bits);
}

bool all_finite(const double* x, std::int64_t count, std::int64_t stride) {
  for (std::int64_t k = 0; k < count; ++k)
    if (!std::isfinite(x[k * stride])) return false;
  return true;
}

}  // namespace

template <class Number>
Context<Number>::Context(int bits) : bits_(bits) {
  require_precision(bits);
  if constexpr (encloses<Number>) ensure_sound_environment();
}

template <class Number>
Number Context<Number>::exactly(double x) const {
  if constexpr (is_exact<Number>)
    return rational_from(x);
  else if constexpr (encloses<Number>)
    return Number(x, bits_);
  else
    return x;
}

template <class Number>
Number Context<Number>::from_integer(long long n) const {
  if constexpr (is_exact<Number>)
    return rational_from_integer(n);
  else if constexpr (encloses<Number>)
    return Number::from_integer(n, bits_);
  else
    return static_cast<double>(n);
}

template <class Number>
Number Context<Number>::dot(const double* x, const double* y, std::int64_t count,
                            std::int64_t stride) const {
  if constexpr (is_arb<Number>) {
    if (!all_finite(x, count, stride) || !all_finite(y, count, stride))
      return Number::whole_line(bits_);
    return dot(vector(x, count, stride), vector(y, count, stride));
  } else if constexpr (encloses<Number>) {
    return rounded(exact_dot(x, y, count, stride), bits_);
  } else if constexpr (is_exact<Number>) {
    const ExactSum sum = exact_dot(x, y, count, stride);
    if (!sum.is_finite()) throw std::invalid_argument("dot: an element is not finite");
    return sum.exact();
  } else {
    return plain_dot(x, y, count, stride);
  }
}

template <class Number>
ExactVector<Number> Context<Number>::vector(const double* x, std::int64_t count,
                                            std::int64_t stride) const {
  if (!all_finite(x, count, stride))
    throw std::invalid_argument("vector: an element is not finite");
  return ExactVector<Number>(x, count, stride);
}

template <class Number>
Number Context<Number>::dot(const ExactVector<Number>& x, const ExactVector<Number>& y) const {
  if (x.size() != y.size())
    throw std::invalid_argument("dot: vectors of " + std::to_string(x.size()) + " and " +
                                std::to_string(y.size()) + " elements");
  if constexpr (is_arb<Number>) {
    Number sum(0.0, bits_);
    arb_dot(sum.data(), nullptr, 0, x.balls_.get(), 1, y.balls_.get(), 1, x.size(), bits_);
    return sum;
  } else {
    return dot(x.elements_.data(), y.elements_.data(), x.size(), 1);
  }
}

template class Context<double>;
template class Context<MpfiNumber>;
template class Context<Rational>;
#if ASSAY_HAVE_ARB
template class Context<ArbNumber>;
#endif

Interval to_interval(const MpfiNumber& x) {
  auto ends = std::make_unique<Interval::Representation>(x.bits());
  mpfr_set(ends->lower, x.lower(), MPFR_RNDD);
  mpfr_set(ends->upper, x.upper(), MPFR_RNDU);
  // MPFI gives its zeros signs that mean something to MPFI only.
  for (mpfr_ptr end : {ends->lower, ends->upper})
    if (mpfr_zero_p(end)) mpfr_set_zero(end, +1);
  return Interval(std::move(ends));
}

Interval to_interval(const Rational& x, int bits) {
  require_precision(bits);
  auto ends = std::make_unique<Interval::Representation>(bits);
  mpfr_set_q(ends->lower, x.backend().data(), MPFR_RNDD);
  mpfr_set_q(ends->upper, x.backend().data(), MPFR_RNDU);
  return Interval(std::move(ends));
}

double midpoint_of(const MpfiNumber& x) {
  detail::MpfrValue middle(64);
  mpfr_add(middle, x.lower(), x.upper(), MPFR_RNDN);
  mpfr_div_2ui(middle, middle, 1, MPFR_RNDN);
  return mpfr_number_p(middle) ? mpfr_get_d(middle, MPFR_RNDN) : std::nan("");
}

double midpoint_of(const Rational& x) { return mpq_get_d(x.backend().data()); }

#if ASSAY_HAVE_ARB
namespace {

/// `x` into an MPFR end with room for all its bits; beyond MPFR's range it goes outward.
void set_end(mpfr_ptr end, const arf_t x, mpfr_rnd_t outward) {
  mpfr_set_prec(end, std::max<slong>(arf_bits(x), lowest_bits));
  if (arf_is_special(x)) {
    arf_get_mpfr(end, x, outward);
    return;
  }
  const bool up = outward == MPFR_RNDU;
  const int sign = arf_sgn(x);
  if (arf_cmpabs_2exp_si(x, mpfr_get_emax()) >= 0) {
    mpfr_set_inf(end, sign);
    if (up == (sign < 0)) up ? mpfr_nextabove(end) : mpfr_nextbelow(end);
  } else if (arf_cmpabs_2exp_si(x, mpfr_get_emin() - 1) < 0) {
    mpfr_set_zero(end, sign);
    if (up == (sign > 0)) up ? mpfr_nextabove(end) : mpfr_nextbelow(end);
  } else {
    arf_get_mpfr(end, x, outward);  // exact: the precision is that of x
  }
}

struct ArfValue {
  ArfValue() { arf_init(value); }
  ArfValue(const ArfValue&) = delete;
  ArfValue& operator=(const ArfValue&) = delete;
  ~ArfValue() { arf_clear(value); }
  arf_t value;
};

}  // namespace

Interval to_interval(const ArbNumber& x) {
  auto ends = std::make_unique<Interval::Representation>(lowest_bits);
  if (!arb_is_finite(x.data())) return Interval(std::move(ends));
  if (arb_is_exact(x.data())) {
    set_end(ends->lower, arb_midref(x.data()), MPFR_RNDD);
    set_end(ends->upper, arb_midref(x.data()), MPFR_RNDU);
    return Interval(std::move(ends));
  }
  // A radius has MAG_BITS bits: so many more than the midpoint's keep the ends tight.
  const slong bits = x.bits() + MAG_BITS;
  ArfValue end;
  arb_get_lbound_arf(end.value, x.data(), bits);
  set_end(ends->lower, end.value, MPFR_RNDD);
  arb_get_ubound_arf(end.value, x.data(), bits);
  set_end(ends->upper, end.value, MPFR_RNDU);
  return Interval(std::move(ends));
}

double midpoint_of(const ArbNumber& x) {
  return arb_is_finite(x.data()) ? arf_get_d(arb_midref(x.data()), ARF_RND_NEAR) : std::nan("");
}
#endif

void release_thread_caches() {
  mpfr_free_cache2(MPFR_FREE_LOCAL_CACHE);
#if ASSAY_HAVE_ARB
  flint_cleanup();
#endif
}

}  // namespace assay::reference
