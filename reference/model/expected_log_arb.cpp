// SPDX-License-Identifier: Apache-2.0
// The integral of expected_log on Arb: adaptive quadrature over complex balls.
//
// With u = Y/c for a point c near E Y:  E log Y = log c + int_0^oo (e^{-z} - E e^{-zu}) dz/z, and
// E e^{-zu} = e^{-az} (1 + A(z))^k with A(z) = sum_j p_j (e^{-z r_j} - 1). The integrand is entire.
// Beyond T it is at most (e^{-T} + E e^{-Tu} / u_min) / T in total.

#include "reference/arithmetic/number.hpp"

#if ASSAY_HAVE_ARB
#include <mpfr.h>
#if ASSAY_FLINT3
#include <flint/acb.h>
#include <flint/acb_calc.h>
#else
#include <acb.h>
#include <acb_calc.h>
#endif

#include <cmath>
#include <stdexcept>

#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/model/detail/log_integral.hpp"

namespace assay::reference::detail {
namespace {

struct AcbValue {
  AcbValue() { acb_init(value); }
  AcbValue(const AcbValue&) = delete;
  AcbValue& operator=(const AcbValue&) = delete;
  ~AcbValue() { acb_clear(value); }
  operator acb_ptr() { return value; }
  acb_t value;
};

struct Integrand {
  std::vector<ArbNumber> masses, rates;
  ArbNumber alpha;  // alpha / c
  ulong k = 1;
  // Room to work in: the integrand is called hundreds of times and a ball of three words allocates.
  AcbValue term, product, a, base, e, power, hull, slope, zero;
};

/// A(z) and, where asked for, -A'(z) = sum p r e^{-zr}.
void sums(acb_ptr a, acb_ptr minus_derivative, Integrand& f, acb_srcptr z, slong prec) {
  acb_ptr term = f.term;
  acb_zero(a);
  if (minus_derivative) acb_zero(minus_derivative);
  for (std::size_t j = 0; j < f.rates.size(); ++j) {
    acb_mul_arb(term, z, f.rates[j].data(), prec);
    acb_neg(term, term);
    acb_exp(term, term, prec);
    if (minus_derivative) {
      acb_mul_arb(f.product, term, f.rates[j].data(), prec);
      acb_addmul_arb(minus_derivative, f.product, f.masses[j].data(), prec);
    }
    acb_sub_ui(term, term, 1, prec);
    acb_addmul_arb(a, term, f.masses[j].data(), prec);
  }
}

void exp_minus(acb_ptr result, acb_srcptr z, slong prec) {
  acb_neg(result, z);
  acb_exp(result, result, prec);
}

/// F(z)/z with F(z) = e^{-z} - e^{-az} (1+A)^k. Where the box contains 0 it is the mean of F' over
/// the segment from 0 to z, which lies in the hull of F' on the hull of 0 and z.
int integrand(acb_ptr out, const acb_t z, void* parameters, slong, slong prec) {
  Integrand& f = *static_cast<Integrand*>(parameters);
  acb_ptr a = f.a, base = f.base, e = f.e, power = f.power;
  if (!acb_contains_zero(z)) {
    sums(a, nullptr, f, z, prec);
    acb_add_ui(base, a, 1, prec);
    acb_pow_ui(power, base, f.k, prec);
    acb_mul_arb(e, z, f.alpha.data(), prec);
    exp_minus(e, e, prec);
    acb_mul(power, power, e, prec);
    exp_minus(e, z, prec);
    acb_sub(e, e, power, prec);
    acb_div(out, e, z, prec);
    return 0;
  }
  acb_ptr hull = f.hull, slope = f.slope;
  acb_union(hull, z, f.zero, prec);
  sums(a, slope, f, hull, prec);
  acb_add_ui(base, a, 1, prec);
  acb_pow_ui(power, base, f.k - 1, prec);
  acb_mul_arb(e, hull, f.alpha.data(), prec);
  exp_minus(e, e, prec);
  acb_mul(power, power, e, prec);  // e^{-az} (1+A)^{k-1}
  acb_mul_arb(base, base, f.alpha.data(), prec);
  acb_addmul_ui(base, slope, f.k, prec);  // a (1+A) + k sum p r e^{-zr}
  acb_mul(power, power, base, prec);
  exp_minus(e, hull, prec);
  acb_sub(out, power, e, prec);
  return 0;
}

/// (e^{-T} + E e^{-Tu} / u_min) / T
ArbNumber tail(const Integrand& f, const ArbNumber& slowest, double t, int bits) {
  const ArbNumber end(t, bits);
  ArbNumber phi(0.0, bits);
  for (std::size_t j = 0; j < f.rates.size(); ++j) phi += f.masses[j] * exp(-(end * f.rates[j]));
  ArbNumber power(0.0, bits);
  arb_pow_ui(power.data(), phi.data(), f.k, bits);
  return (exp(-end) + exp(-(end * f.alpha)) * power / slowest) / end;
}

/// An upper bound of the tail below the tolerance, and the end T that gives it.
ArbNumber find_end(const Integrand& f, const ArbNumber& slowest, double log2_tolerance,
                   double* end) {
  constexpr int bits = 64;
  *end = 1;
  for (int step = 0; step < 2000; ++step, *end *= 1.5) {
    ArbNumber bound = tail(f, slowest, *end, bits);
    mag_t size;
    mag_init(size);
    arb_get_mag(size, bound.data());
    const bool small = mag_cmp_2exp_si(size, static_cast<slong>(std::floor(log2_tolerance))) < 0;
    mag_clear(size);
    if (small) return bound;
  }
  return ArbNumber::whole_line(bits);
}

ArbNumber integrate(Integrand& f, double end, const LogIntegralGoal& goal) {
  AcbValue a, b, piece, total;
  mag_t tolerance;
  mag_init(tolerance);
  mag_set_ui_2exp_si(tolerance, 1, static_cast<slong>(std::floor(goal.log2_tolerance)));
  acb_calc_integrate_opt_t options;
  acb_calc_integrate_opt_init(options);
  const slong prec = goal.working_bits;
  double high = 1;  // pieces [0, 1], [1, 8], [8, 64], ... up to the end
  for (bool last = false; !last; high *= 8) {
    last = high >= end;
    acb_set(a, b);
    acb_set_d(b, last ? end : high);
    acb_calc_integrate(piece, integrand, &f, a, b, prec, tolerance, options, prec);
    acb_add(total, total, piece, prec);
  }
  mag_clear(tolerance);
  ArbNumber result(0.0, goal.working_bits);
  arb_set(result.data(), acb_realref(total.value));
  return result;
}

}  // namespace

ArbNumber log_integral_arb(const LogIntegral& p, const LogIntegralGoal& goal) {
  const int bits = goal.working_bits;
  const auto in = [bits](const Real& x) { return Real::Node::number<ArbNumber>(x, bits); };
  const ArbNumber alpha = in(p.alpha);
  const ArbNumber k = ArbNumber::from_integer(p.k, bits);
  Integrand f;
  f.k = static_cast<ulong>(p.k);
  ArbNumber mean(0.0, bits);
  for (std::size_t j = 0; j < p.masses.size(); ++j) {
    f.masses.push_back(in(p.masses[j]));
    f.rates.push_back(in(p.weight) * exp(in(p.exponents[j])));
    mean += f.masses.back() * f.rates.back();
  }
  ArbNumber centre = k * mean;
  arb_get_mid_arb(centre.data(), centre.data());
  const ArbNumber c = alpha + centre;
  if (!arb_is_positive(c.data())) return ArbNumber::whole_line(bits);
  const ArbNumber log_c = equal(p.alpha, 1) == Truth::yes ? log1p(centre) : log(c);
  f.alpha = alpha / c;
  for (ArbNumber& rate : f.rates) rate = rate / c;
  ArbNumber smallest = f.rates.front();
  for (const ArbNumber& rate : f.rates) smallest = smaller(smallest, rate);
  const ArbNumber slowest = f.alpha + k * smallest;
  if (!arb_is_positive(slowest.data())) return ArbNumber::whole_line(bits);

  double end = 1;
  const ArbNumber bound = find_end(f, slowest, goal.log2_tolerance, &end);
  ArbNumber result = log_c + integrate(f, end, goal);
  arb_add_error(result.data(), bound.data());
  if (!arb_is_finite(result.data())) return ArbNumber::whole_line(bits);
  return result;
}

}  // namespace assay::reference::detail
#endif
