// SPDX-License-Identifier: Apache-2.0
// The integral of expected_log on MPFI: the trapezoid rule in x = log s with a proved bound.
//
// With u = Y/c and D(s) = E exp(-su) - exp(-s):  E log Y = log c - int D(e^x) dx  for every c > 0.
// c is a point near E Y, so that E u = 1 + d with a tiny d; E2 = E(u-1)^2; m = min(1, min u). Then
//   |int - h sum over all nodes| <= 2 (M0/cos a) / (exp(2 pi a/h) - 1), 0 < a < pi/2,
//       M0 = E[|u-1| / min(1,u)] <= sqrt(E2)/m   (|e^{-su} - e^{-s}| <= |s||u-1| e^{-Re s
//       min(1,u)});
//   nodes <= x_L together: h/(1-e^{-2h}) e^{2 x_L} E2/2 + h/(1-e^{-h}) e^{x_L} |d|
//       (|D| <= s |d| + s^2 E2/2, from 1-y <= e^{-y} <= 1-y + y^2/2 max(1, e^{-y}), y = s(u-1));
//   nodes >= x_R together: h e^{-m S} / (1 - e^{-m S (e^h - 1)}), S = e^{x_R}.
#include <algorithm>
#include <cmath>

#include "reference/arithmetic/detail/mpfr_value.hpp"
#include "reference/arithmetic/detail/real_node.hpp"
#include "reference/model/detail/log_integral.hpp"

namespace assay::reference::detail {
namespace {

constexpr int bound_bits = 64;  // error bounds need few digits

MpfiNumber expm1(const MpfiNumber& x) {
  MpfrValue lower(x.bits()), upper(x.bits());
  mpfr_expm1(lower, x.lower(), MPFR_RNDD);
  mpfr_expm1(upper, x.upper(), MPFR_RNDU);
  return MpfiNumber::between(lower, upper, x.bits());
}

MpfiNumber point(mpfr_srcptr x, int bits) { return MpfiNumber::between(x, x, bits); }
/// [-|x|, |x|] for the largest |x|.
MpfiNumber plus_minus(const MpfiNumber& x) {
  return larger(x, -x) *
         MpfiNumber::between(MpfiNumber(-1.0, 2).lower(), MpfiNumber(1.0, 2).upper(), 2);
}
/// The upper end as a point of few bits, rounded up.
MpfiNumber upper_point(const MpfiNumber& x) {
  MpfrValue up(bound_bits);
  mpfr_set(up, x.upper(), MPFR_RNDU);
  return point(up, bound_bits);
}
double log2_of_upper(const MpfiNumber& x) {
  if (!mpfr_number_p(x.upper()) || mpfr_sgn(x.upper()) <= 0) return -4096;
  long exponent = 0;
  const double mantissa = mpfr_get_d_2exp(&exponent, x.upper(), MPFR_RNDU);
  return std::log2(mantissa) + static_cast<double>(exponent);
}

class Trapezoid {
 public:
  Trapezoid(const LogIntegral& problem, int bits);
  MpfiNumber value(double log2_tolerance) const;
  TrapezoidRule rule(const TrapezoidNodes& nodes) const;

 private:
  TrapezoidNodes nodes_for(double log2_tolerance) const;
  MpfiNumber number(double x) const { return MpfiNumber(x, bits_); }
  MpfiNumber small(double x) const { return MpfiNumber(x, bound_bits); }
  /// D(s)
  MpfiNumber difference(const MpfiNumber& s) const;
  MpfiNumber strip_bound(double h) const;
  MpfiNumber left_bound(double h, double x) const;
  MpfiNumber right_bound(double h, double x) const;

  int bits_;
  std::vector<MpfiNumber> masses_, rates_;  // w X_j / c
  MpfiNumber alpha_, rest_;                 // alpha / c, (c - alpha) / c
  MpfiNumber k_, log_c_;
  std::size_t lowest_ = 0, highest_ = 0;     // of the rates
  MpfiNumber deviation_, second_, slowest_;  // upper |d|, upper E2, lower m
};

Trapezoid::Trapezoid(const LogIntegral& p, int bits) : bits_(bits) {
  const auto in = [bits](const Real& x) { return Real::Node::number<MpfiNumber>(x, bits); };
  k_ = MpfiNumber::from_integer(p.k, bits);
  const MpfiNumber alpha = in(p.alpha);
  MpfiNumber mean;
  for (std::size_t j = 0; j < p.masses.size(); ++j) {
    masses_.push_back(in(p.masses[j]));
    rates_.push_back(in(p.weight) * exp(in(p.exponents[j])));
    mean += masses_.back() * rates_.back();
  }
  MpfiNumber variance;
  for (std::size_t j = 0; j < rates_.size(); ++j) {
    const MpfiNumber off = rates_[j] - mean;
    variance += masses_[j] * (off * off);
  }
  const MpfiNumber centre = point((k_ * mean).lower(), bits);
  const MpfiNumber c = alpha + centre;
  log_c_ = equal(p.alpha, 1) == Truth::yes ? log1p(centre) : log(c);
  alpha_ = alpha / c;
  rest_ = centre / c;
  const MpfiNumber deviation = (k_ * mean - centre) / c;
  deviation_ = upper_point(larger(deviation, -deviation));
  second_ = upper_point(k_ * variance / (c * c) + deviation * deviation);
  for (MpfiNumber& rate : rates_) rate = rate / c;
  MpfiNumber smallest = rates_.front();
  for (std::size_t j = 0; j < rates_.size(); ++j) {
    if (midpoint_of(rates_[j]) < midpoint_of(rates_[lowest_])) lowest_ = j;
    if (midpoint_of(rates_[j]) > midpoint_of(rates_[highest_])) highest_ = j;
    smallest = smaller(smallest, rates_[j]);
  }
  const MpfiNumber slowest = smaller(number(1), alpha_ + k_ * smallest);
  MpfrValue down(bound_bits);
  mpfr_set(down, slowest.lower(), MPFR_RNDD);
  slowest_ = point(down, bound_bits);
}

MpfiNumber Trapezoid::difference(const MpfiNumber& s) const {
  MpfiNumber total = number(0);
  if (midpoint_of(s * rates_[highest_]) <= 1) {
    for (std::size_t j = 0; j < rates_.size(); ++j) total += masses_[j] * expm1(-(s * rates_[j]));
    return exp(-s) * expm1(s * rest_ + k_ * log1p(total));
  }
  for (std::size_t j = 0; j < rates_.size(); ++j)
    total += masses_[j] * (j == lowest_ ? number(1) : exp(-(s * (rates_[j] - rates_[lowest_]))));
  return exp(k_ * log(total) - s * (alpha_ + k_ * rates_[lowest_])) - exp(-s);
}

// pi > 314159265/10^8, and a stays below pi/2 - h/(2 pi); cos a = sin y >= y - y^3/6 for
// y = pi/2 - a.
MpfiNumber Trapezoid::strip_bound(double h) const {
  const MpfiNumber pi = small(314159265) / small(100000000);
  const double a = std::floor((1.5707963 - h / 6.2831854) * 0x1p20) * 0x1p-20;
  const MpfiNumber y = pi / small(2) - small(a);
  const MpfiNumber cosine = y - y * y * y / small(6);
  return small(2) * sqrt(second_) / (slowest_ * cosine) /
         expm1(small(2) * pi * small(a) / small(h));
}

MpfiNumber Trapezoid::left_bound(double h, double x) const {
  const MpfiNumber e = exp(small(x));
  return small(-h) / expm1(small(-2 * h)) * (e * e * second_ / small(2)) +
         small(-h) / expm1(small(-h)) * (e * deviation_);
}

MpfiNumber Trapezoid::right_bound(double h, double x) const {
  const MpfiNumber decay = slowest_ * exp(small(x));
  return small(-h) * exp(-decay) / expm1(-(decay * expm1(small(h))));
}

TrapezoidRule Trapezoid::rule(const TrapezoidNodes& nodes) const {
  const double h = nodes.step;
  MpfiNumber total = number(0);
  for (long n = nodes.first; n <= nodes.last; ++n)
    total += difference(exp(number(static_cast<double>(n) * h)));
  return {log_c_ - number(h) * total, strip_bound(h),
          left_bound(h, static_cast<double>(nodes.first - 1) * h),
          right_bound(h, static_cast<double>(nodes.last + 1) * h)};
}

/// Nodes for which every bound is about the tolerance; what the bounds really are is computed
/// afterwards, so that nothing rests on these doubles.
TrapezoidNodes Trapezoid::nodes_for(double log2_tolerance) const {
  constexpr double ln2 = 0.6931471805599453;
  constexpr double pi_squared = 9.869604401089358;
  const double log2_slowest = log2_of_upper(slowest_);
  const double log_ratio =
      std::max(ln2 * (log2_of_upper(second_) / 2 - log2_slowest - log2_tolerance), 1.0);
  const double h = pi_squared / (log_ratio + std::log(log_ratio) + 5);
  TrapezoidNodes nodes;
  nodes.step = std::max(std::floor(h * 0x1p16), 1.0) * 0x1p-16;
  const double left = std::min(ln2 * (log2_tolerance - log2_of_upper(second_)) / 2, 0.0) - 1;
  const double left_by_deviation = ln2 * (log2_tolerance - log2_of_upper(deviation_)) - 1;
  const double right = std::log(std::max(-ln2 * log2_tolerance, 1.0) + 2) - ln2 * log2_slowest;
  nodes.first = static_cast<long>(std::floor(std::min(left, left_by_deviation) / nodes.step));
  nodes.last = static_cast<long>(std::ceil(right / nodes.step));
  return nodes;
}

MpfiNumber Trapezoid::value(double log2_tolerance) const {
  if (mpfr_sgn(slowest_.lower()) <= 0)
    return MpfiNumber::whole_line(bits_);  // Y is not known to stay away from 0
  const TrapezoidRule result = rule(nodes_for(log2_tolerance));
  return result.value + plus_minus(result.strip + result.left + result.right);
}

}  // namespace

MpfiNumber log_integral_mpfi(const LogIntegral& problem, const LogIntegralGoal& goal) {
  return Trapezoid(problem, goal.working_bits).value(goal.log2_tolerance);
}

TrapezoidRule log_integral_rule(const LogIntegral& problem, int bits, const TrapezoidNodes& nodes) {
  return Trapezoid(problem, bits).rule(nodes);
}

}  // namespace assay::reference::detail
