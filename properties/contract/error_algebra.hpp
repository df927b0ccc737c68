// SPDX-License-Identifier: Apache-2.0
// Error algebra: numbers that carry a bound on their rounding error, with the operations of a
// format.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/dtype.hpp"
#include "core/ends.hpp"

namespace assay::contract {

// --- Upward arithmetic in double (docs/budgets.md, "How the bounds themselves are rounded")
// -------

/// Covers the roundings of an expression of fewer than 32 operations on numbers that are not
/// negative: the expression evaluated to nearest, times (1 + 2^-48), is an upper bound.
inline double inflate_up(double x) { return x * (1 + 0x1p-48); }

/// The largest power of two that is not above |x| (0 for 0, infinity for infinity): rounding a
/// number t with |t| <= x to nearest moves it by at most u * power_below(x).
inline double power_below(double x) {
  return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x) & 0x7ff0000000000000u);
}

/// Relative error of the three functions below: proved in docs/budgets.md, no libm involved.
inline constexpr double near_slack = 0x1p-44;
/// exp(x) within a factor 1 +- near_slack for |x| <= 700; 0 below -700, infinity above 700.
double exp_near(double x);
/// log(x) within a factor 1 +- near_slack, x normal and > 0.
double log_near(double x);
/// log(1 + x) within a factor 1 +- near_slack, x >= 0.
double log1p_near(double x);
/// Upper bound of exp(-700), the magnitude that `exp_near` may drop.
inline constexpr double exp_dropped = 0x1p-1009;

/// Upper bound of exp(x) - 1, x >= 0.
inline double expm1_up(double x) {
  if (x <= 1) return inflate_up(x * (1 + 0.71829 * x));  // e - 2 < 0.71829
  return inflate_up(exp_near(x) * (1 + near_slack) - 1);
}

/// Whether |x| is 2^k for a normal k: a product with it is exact unless it underflows.
inline bool is_power_of_two(double x) {
  return x != 0 && std::fabs(x) == power_below(x) && std::isfinite(x);
}

// --- gamma_n ------------------------------------------------------------------------------------

/// gamma_n = n u / (1 - n u), the bound on the relative effect of n roundings; a number that exists
/// only for n u < 1.
class Gamma {
 public:
  /// \throws std::domain_error when n * u >= 1: no bound exists there
  Gamma(std::int64_t n, double u);
  double up() const { return up_; }  ///< rounded upward

 private:
  double up_;
};

// --- Tracked ------------------------------------------------------------------------------------

/// A computed number and what is known of it. The exact result x of the operations so far, on the
/// exact operands, lies within `radius` of `centre`; the number the algorithm holds lies within
/// `error` of x. Neither x nor the held number is known. `error` = infinity: the held number may be
/// anything (overflow is possible).
struct Tracked {
  double centre = 0;
  double radius = 0;
  double error = 0;
  /// Modelled: the variance of (held - exact) if every rounding error were an independent random
  /// number, uniform between its bounds (docs/budgets.md, "The modelled column"). Never a bound.
  double variance = 0;

  double magnitude() const { return inflate_up(std::fabs(centre) + radius); }  ///< of x
  double held_magnitude() const { return inflate_up(std::fabs(centre) + radius + error); }
  bool is_zero() const { return centre == 0 && radius == 0 && error == 0; }
};

/// A number that is known and held exactly.
inline Tracked held(double x) { return {x, 0, 0}; }
/// A number that is held exactly but known only within `radius`.
inline Tracked known_within(double centre, double radius) { return {centre, radius, 0}; }
/// An enclosed number, held with an error of at most `error`.
Tracked enclosed(const Ends& exact, double error);
/// The weaker of two statements about one held number: what holds whichever of them applies.
Tracked either(const Tracked& a, const Tracked& b);

/// The maximum of two numbers that may be either.
Tracked either_max(const Tracked& a, const Tracked& b);
/// Adds knowledge from outside: the exact number is known to lie in [lo, hi] (it must meet what is
/// known already).
Tracked narrowed(const Tracked& t, double lo, double hi);
/// The same for an exact number known not to be positive.
inline Tracked not_positive(const Tracked& t) {
  return t.centre + t.radius <= 0 ? t : narrowed(t, -std::numeric_limits<double>::infinity(), 0);
}

/// How far a format and its functions are from exact. `flushes`: results below the smallest normal
/// number may become zero (flush to zero); otherwise underflow is gradual.
struct Format {
  Rounding rounding;
  bool flushes = false;
  double exp_relative = 0;  ///< |exp^(z) - exp z| <= exp_relative * exp z + exp_absolute
  double exp_absolute = 0;
  double log_relative = 0;  ///< |log^(z) - log z| <= log_relative * |log z| + log_absolute
  double log_absolute = 0;
  double log1p_relative =
      0;  ///< |log1p^(z) - log1p z| <= log1p_relative * |log1p z| + log1p_absolute
  double log1p_absolute = 0;
  bool exp_of_zero_is_one = false;

  /// A format whose functions are correct to `ulps` units in the last place (1 ulp <= 2u relative).
  static Format with_ulps(Rounding rounding, double ulps, bool flushes);
};

/// The operations of a format, on tracked numbers: each returns the exact result's enclosure and a
/// bound on |held - exact| after the operation was rounded to nearest. Derivations:
/// docs/budgets.md.
class ErrorAlgebra {
 public:
  explicit ErrorAlgebra(const Format& format);
  const Format& format() const { return format_; }

  Tracked add(const Tracked& a, const Tracked& b) const {
    if (a.is_zero()) return b;  // x + 0 is exact
    if (b.is_zero()) return a;
    const double c = a.centre + b.centre;
    if (known(a) && known(b) && is_exact(c - a.centre == b.centre && c - b.centre == a.centre, c))
      return held(c);
    return rounded_sum(
        {c, a.radius + b.radius + own(c), a.error + b.error, a.variance + b.variance});
  }
  Tracked sub(const Tracked& a, const Tracked& b) const {
    return add(a, {-b.centre, b.radius, b.error, b.variance});
  }
  Tracked mul(const Tracked& a, const Tracked& b) const {
    const Tracked exact = product(a, b);
    return scales(a) || scales(b) ? scaled(exact) : rounded_product(exact);
  }
  /// a * b + c with one rounding.
  Tracked fma(const Tracked& a, const Tracked& b, const Tracked& c) const {
    if (a.is_zero() && std::isfinite(b.error)) return c;
    if (b.is_zero() && std::isfinite(a.error)) return c;
    if (c.is_zero()) return mul(a, b);
    const Tracked ab = product(a, b);
    const double centre = ab.centre + c.centre;
    return rounded_product(
        {centre, ab.radius + c.radius + own(centre), ab.error + c.error, ab.variance + c.variance});
  }
  /// a / b; the error is infinite when b may be zero.
  Tracked div(const Tracked& a, const Tracked& b) const;
  Tracked exp(const Tracked& z) const;
  /// The error is infinite when the held argument may be zero or negative.
  Tracked log(const Tracked& z) const;
  /// \pre the exact argument is not negative
  Tracked log1p(const Tracked& z) const;
  /// The larger of two held numbers (exact: a comparison and a copy).
  Tracked max(const Tracked& a, const Tracked& b) const {
    const double gap = (a.centre - b.centre) * (1 - 0x1p-50);
    const double fog = inflate_up(a.radius + b.radius + a.error + b.error);
    if (gap >= fog) return a;
    if (-gap >= fog) return b;
    return either_max(a, b);
  }
  /// Rounding of a held number to this format.
  Tracked round(const Tracked& a) const { return rounded_product(a); }

  /// ((x_0 + x_1) + x_2) + ...; zero for no terms.
  Tracked sum_in_order(const std::vector<Tracked>& terms) const;
  /// A sum in any order, with any grouping. \throws std::domain_error when (terms - 1) u >= 1
  Tracked sum_any_order(const std::vector<Tracked>& terms) const;

 private:
  /// Rounding error of the bound's own centre, computed in double.
  static double own(double centre) { return std::fabs(centre) * 0x1p-53 + 0x1p-1074; }
  static Tracked product(const Tracked& a, const Tracked& b) {
    const double c = a.centre * b.centre;
    const double x = std::fabs(a.centre), y = std::fabs(b.centre);
    return {c, x * b.radius + a.radius * y + a.radius * b.radius + own(c),
            (x + a.radius) * b.error + a.error * (y + b.radius) + a.error * b.error,
            x * x * b.variance + y * y * a.variance};
  }
  static bool known(const Tracked& t) { return t.radius == 0 && t.error == 0; }
  /// Known and a power of two.
  static bool scales(const Tracked& t) { return known(t) && is_power_of_two(t.centre); }
  /// Whether a sum of two known numbers, formed without a rounding in double, is one of binary32.
  bool is_exact(bool in_double, double sum) const {
    return in_double && is_f32_ && static_cast<float>(sum) == sum && !format_.flushes;
  }
  // A product with a power of two is rounded only where it may underflow.
  Tracked scaled(const Tracked& t) const {
    const double top = inflate_up(std::fabs(t.centre) + t.radius + t.error);
    const double bottom = (std::fabs(t.centre) - t.radius - t.error) * (1 - 0x1p-48);
    return finish(t, top, top == 0 || bottom >= exact_sum_below_ ? 0 : underflow_);
  }
  // A sum of two numbers of the format is a multiple of its smallest subnormal: it is exact below
  // twice the smallest normal number, unless it is flushed.
  Tracked rounded_sum(Tracked t) const {
    const double top = inflate_up(std::fabs(t.centre) + t.radius + t.error);
    const double step = u_ * power_below(top);
    const double error = top < exact_sum_below_ ? sum_underflow_ : step + sum_underflow_;
    return finish(t, top + step, error);
  }
  Tracked rounded_product(Tracked t) const {
    const double top = inflate_up(std::fabs(t.centre) + t.radius + t.error);
    const double step = std::max(u_ * power_below(top), underflow_);
    return finish(t, top + step, top == 0 ? 0 : step);
  }
  Tracked finish(Tracked t, double top, double rounding) const {
    t.radius = inflate_up(t.radius);
    t.variance += rounding * rounding * (1.0 / 3);
    t.error =
        top <= largest_ ? inflate_up(t.error + rounding) : std::numeric_limits<double>::infinity();
    return t;
  }

  Format format_;
  double u_, largest_, underflow_, sum_underflow_, exact_sum_below_;
  bool is_f32_;
};

}  // namespace assay::contract
