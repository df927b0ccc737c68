// SPDX-License-Identifier: Apache-2.0
// Error algebra: the functions of the bounds, gamma_n, and the operations that are not inline.
#include "properties/contract/error_algebra.hpp"

#include <stdexcept>
#include <string>

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// 2^k for -1022 <= k <= 1023.
double power_of_two(int k) {
  return std::bit_cast<double>(static_cast<std::uint64_t>(k + 1023) << 52);
}

/// 2 atanh(s) for |s| <= 0.1716, as 2 s (1 + s^2/3 + ... + s^16/17).
double twice_atanh(double s) {
  const double q = s * s;
  double p = 1.0 / 17;
  for (int odd = 15; odd >= 1; odd -= 2) p = p * q + 1.0 / odd;
  return 2 * s * p;
}

}  // namespace

double exp_near(double x) {
  if (!(x > -700)) return x != x ? x : 0.0;
  if (x > 700) return infinity;
  // x = k log 2 + r, |r| <= 0.3467; Taylor polynomial of degree 11. log 2 in two parts, the first
  // with 21 trailing zeros, so that k * first is exact.
  const double k = std::nearbyint(x * 1.4426950408889634);
  const double r = (x - k * 0x1.62e42feep-1) - k * 0x1.a39ef35793c76p-33;
  // Estrin's scheme: pairs, then pairs of pairs, so that the multiplications overlap.
  const double r2 = r * r, r4 = r2 * r2, r8 = r4 * r4;
  const double p0 = (1 + r) + r2 * (1.0 / 2 + r * (1.0 / 6));
  const double p4 = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040));
  const double p8 =
      (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3628800 + r * (1.0 / 39916800));
  const double p = (p0 + r4 * p4) + r8 * p8;
  return p * power_of_two(static_cast<int>(k));
}

double log_near(double x) {
  if (x == infinity) return infinity;
  int k = 0;
  double m = std::frexp(x, &k);  // [1/2, 1)
  if (m < 0.70710678118654752) {
    m *= 2;
    --k;
  }
  return k * 0.69314718055994531 + twice_atanh((m - 1) / (m + 1));
}

double log1p_near(double x) {
  if (x < 0.41421356) return twice_atanh(x / (2 + x));
  return log_near(1 + x);
}

Gamma::Gamma(std::int64_t n, double u) {
  const double nu = static_cast<double>(n) * u;
  if (n < 0 || !(nu < 1))
    throw std::domain_error("gamma_n with n = " + std::to_string(n) +
                            ": n * u >= 1, no error bound exists");
  // 1 - nu is rounded; near 1 the quotient loses all digits, so divide by a lower bound of it.
  const double denominator = (1 - inflate_up(nu)) - 0x1p-53;
  if (!(denominator > 0))
    throw std::domain_error("gamma_n with n = " + std::to_string(n) + ": n * u is too close to 1");
  up_ = inflate_up(nu / denominator);
}

Tracked enclosed(const Ends& exact, double error) {
  if (!(std::isfinite(exact.lo) && std::isfinite(exact.hi))) return {0, infinity, infinity};
  const double centre = exact.lo + (exact.hi - exact.lo) / 2;
  const double radius = std::max(exact.hi - centre, centre - exact.lo);
  return {centre, radius > 0 ? inflate_up(radius) + 0x1p-1074 : 0.0, error};
}

namespace {

/// [lo, hi] as a centre and a radius; 2^-50 of the ends covers their roundings and the centre's.
Tracked between(double lo, double hi, double error, double variance) {
  const double centre = lo + (hi - lo) / 2;
  const double radius =
      std::max(hi - centre, centre - lo) + 0x1p-50 * std::max(std::fabs(lo), std::fabs(hi));
  return {centre, inflate_up(radius), error, variance};
}

}  // namespace

Tracked either(const Tracked& a, const Tracked& b) {
  return between(std::min(a.centre - a.radius, b.centre - b.radius),
                 std::max(a.centre + a.radius, b.centre + b.radius), std::max(a.error, b.error),
                 std::max(a.variance, b.variance));
}

Tracked either_max(const Tracked& a, const Tracked& b) {
  return between(std::max(a.centre - a.radius, b.centre - b.radius),
                 std::max(a.centre + a.radius, b.centre + b.radius), std::max(a.error, b.error),
                 std::max(a.variance, b.variance));
}

Tracked narrowed(const Tracked& t, double lo, double hi) {
  if (!(t.radius > 0)) return t;
  // Rounding of the two ends is covered by 2^-50 of their size.
  const double old_lo = t.centre - t.radius, old_hi = t.centre + t.radius;
  if (old_lo >= lo && old_hi <= hi) return t;
  const double new_lo = std::max(lo, old_lo - 0x1p-50 * std::fabs(old_lo));
  const double new_hi = std::min(hi, old_hi + 0x1p-50 * std::fabs(old_hi));
  if (!(new_lo <= new_hi)) return t;  // contradicts what is known; keep the wider statement
  const double centre = std::clamp(new_lo + (new_hi - new_lo) / 2, new_lo, new_hi);
  return {centre, inflate_up(std::max(new_hi - centre, centre - new_lo)), t.error, t.variance};
}

Format Format::with_ulps(Rounding rounding, double ulps, bool flushes) {
  const double relative = 2 * ulps * rounding.roundoff;
  // In the subnormal range one ulp is two half spacings; a flushed result is off by less than the
  // smallest normal number.
  const double absolute = flushes ? rounding.smallest_normal : 2 * ulps * rounding.half_subnormal;
  Format f{rounding, flushes, relative, absolute, relative, absolute, relative, absolute, false};
  return f;
}

ErrorAlgebra::ErrorAlgebra(const Format& format)
    : format_(format),
      u_(format.rounding.roundoff),
      largest_(format.rounding.largest),
      underflow_(format.flushes ? format.rounding.smallest_normal : format.rounding.half_subnormal),
      sum_underflow_(format.flushes ? format.rounding.smallest_normal : 0),
      exact_sum_below_(2 * format.rounding.smallest_normal),
      is_f32_(u_ == rounding_of(Dtype::f32).roundoff &&
              largest_ == rounding_of(Dtype::f32).largest) {}

Tracked ErrorAlgebra::div(const Tracked& a, const Tracked& b) const {
  const double b_low = (std::fabs(b.centre) - b.radius) * (1 - 0x1p-48);
  const double b_held_low = (b_low - b.error) * (1 - 0x1p-48);
  if (!(b_low > 0 && b_held_low > 0)) return {0, infinity, infinity};
  const double c = a.centre / b.centre;
  const double quotient = a.magnitude() / b_low;
  // |a'/b' - a/b| <= (|a' - a| + |a/b| |b' - b|) / |b'|, for the enclosure and for the error alike.
  const double radius = (a.radius + std::fabs(c) * (1 + 0x1p-52) * b.radius) / b_low + own(c);
  const double error = (a.error + quotient * b.error) / b_held_low;
  const double spread = (a.variance + c * c * b.variance) / (b.centre * b.centre);
  const Tracked exact{c, inflate_up(radius), inflate_up(error), spread};
  return scales(b) ? scaled(exact) : rounded_product(exact);
}

Tracked ErrorAlgebra::exp(const Tracked& z) const {
  if (format_.exp_of_zero_is_one && z.is_zero()) return held(1);
  double c = exp_near(z.centre), radius = 0, moved = 0;
  if (z.radius + z.error <= 1) {
    const double spread = expm1_up(z.radius);
    radius = c * (spread + (1 + spread) * near_slack) + exp_dropped;
    moved = inflate_up(c + radius) * expm1_up(z.error);
  } else {  // from 0 to the largest value; the two exponentials differ by no more than the larger
    const double most = z.centre + z.radius;
    const double top = exp_near(most + std::fabs(most) * 0x1p-50) * (1 + near_slack) + exp_dropped;
    const double held_most = most + z.error;
    const double held_top = exp_near(held_most + (std::fabs(most) + z.error) * 0x1p-50);
    c = top / 2;
    radius = top / 2;
    moved = z.error > 0 ? held_top * (1 + near_slack) + exp_dropped : 0;
  }
  const double held_top = inflate_up(c + radius + moved);
  const double own_error = format_.exp_relative * held_top + format_.exp_absolute;
  const double error = moved + own_error;
  // The function's error is no rounding of a known result: it enters as if it were one.
  const double spread = c * c * z.variance + own_error * own_error * (1.0 / 3);
  return finish({c, radius, error, spread}, inflate_up(held_top + error), 0);
}

Tracked ErrorAlgebra::log(const Tracked& z) const {
  const double low = (z.centre - z.radius) * (1 - 0x1p-48);
  const double held_low = (low - z.error) * (1 - 0x1p-48);
  if (!(held_low >= std::numeric_limits<double>::min()) || !std::isfinite(z.centre))
    return {0, infinity, infinity};
  const double c = log_near(z.centre);
  const double radius = z.radius / low + std::fabs(c) * near_slack;
  const double moved = z.error / held_low;
  const double top = inflate_up(std::fabs(c) + radius + moved);
  const double own_error = format_.log_relative * top + format_.log_absolute;
  const double spread = z.variance / (z.centre * z.centre) + own_error * own_error * (1.0 / 3);
  return finish({c, radius, moved + own_error, spread}, top, 0);
}

Tracked ErrorAlgebra::log1p(const Tracked& z) const {
  const double low = 1 + std::max(0.0, z.centre - z.radius);
  const double held_low = (low * (1 - 0x1p-48) - z.error) * (1 - 0x1p-48);
  if (!(held_low > 0) || !std::isfinite(z.centre)) return {0, infinity, infinity};
  const double c = log1p_near(std::max(z.centre, 0.0));
  const double radius = z.radius / (low * (1 - 0x1p-48)) + std::fabs(c) * near_slack;
  const double moved = z.error / held_low;
  const double top = inflate_up(std::fabs(c) + radius + moved);
  const double own_error = format_.log1p_relative * top + format_.log1p_absolute;
  const double spread = z.variance / (low * low) + own_error * own_error * (1.0 / 3);
  return finish({c, radius, moved + own_error, spread}, top, 0);
}

Tracked ErrorAlgebra::sum_in_order(const std::vector<Tracked>& terms) const {
  Tracked sum = held(0);
  for (const Tracked& t : terms) sum = add(sum, t);
  return sum;
}

Tracked ErrorAlgebra::sum_any_order(const std::vector<Tracked>& terms) const {
  if (terms.empty()) return held(0);
  Tracked sum = held(0);
  double magnitude = 0;
  for (const Tracked& t : terms) {
    sum.centre += t.centre;
    sum.radius += t.radius;
    sum.error += t.error;
    sum.variance += t.variance;
    magnitude += std::fabs(t.centre) + t.radius + t.error;
  }
  const std::int64_t n = static_cast<std::int64_t>(terms.size());
  // The bound's own sums: n terms to nearest, each at most n 2^-53 of the magnitudes off.
  const double grow = 1 + static_cast<double>(n + 8) * 0x1p-52;
  magnitude *= grow;
  sum.radius = sum.radius * grow + magnitude * static_cast<double>(n) * 0x1p-52 + 0x1p-1074;
  if (n == 1) sum.radius = terms.front().radius;
  const double rounding =
      n == 1 ? 0 : Gamma(n - 1, u_).up() * magnitude + sum_underflow_ * static_cast<double>(n - 1);
  // n - 1 roundings of partial sums that are no larger than all magnitudes together.
  const double step = u_ * magnitude;
  sum.variance += static_cast<double>(n - 1) * (step * step * (1.0 / 3));
  sum.error *= grow;
  const double top = magnitude + rounding;
  sum.radius = inflate_up(sum.radius);
  sum.error = top <= largest_ ? inflate_up(sum.error + rounding) : infinity;
  return sum;
}

}  // namespace assay::contract
