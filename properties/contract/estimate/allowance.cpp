// SPDX-License-Identifier: Apache-2.0
// How far rounding and an inexact law may move the mean: docs/hardened-losses.md, "The loss kernel"
// and "The sampler".
#include <algorithm>
#include <cmath>

#include "kernels/math_bounds.hpp"
#include "properties/contract/error_algebra.hpp"
#include "properties/contract/estimate/expectation.hpp"

namespace assay::contract {
namespace {

constexpr double u32 = 0x1p-24, tiny32 = 0x1p-149;

/// Sizes of a model: the largest sum |x_a y_a| over pairs of points, times inv_tau; d, k.
struct Sizes {
  double product, dimension, negatives, inv_tau;
};

Sizes sizes_of(const EstimateProblem& p) {
  double largest = 0;
  for (std::int64_t x = 0; x < p.count(); ++x)
    for (std::int64_t y = 0; y < p.count(); ++y) {
      double sum = 0;
      for (std::int64_t a = 0; a < p.dimension; ++a)
        sum += std::fabs(static_cast<double>(p.point(x)[a]) * static_cast<double>(p.point(y)[a]));
      largest = std::max(largest, sum);
    }
  const auto scale = static_cast<double>(p.inv_tau);
  // A sum of d exact products in binary64, and one product.
  return {largest * scale * (1 + 0x1p-40), static_cast<double>(p.dimension),
          static_cast<double>(p.k), scale};
}

// The arguments t_i as they are held: error, and an upper bound of their magnitude.
struct Argument {
  double error, magnitude;
};

Argument argument_of(const Sizes& s, int extra_roundings) {
  const double roundings = s.dimension + 1 + extra_roundings;
  const double gamma = Gamma(static_cast<std::int64_t>(roundings), u32).up();
  const double e_u = s.product * gamma + roundings * tiny32 * std::max(1.0, s.inv_tau);
  const double t = 2 * s.product;
  return {inflate_up(2 * e_u + u32 * (t + 2 * e_u)), inflate_up(t + 2 * e_u)};
}

double info_nce_bound(const EstimateProblem& p, const Sizes& s, const Argument& t,
                      const EstimateArithmetic& a) {
  const auto alpha = static_cast<double>(p.alpha);
  const double k = s.negatives, held = t.magnitude + t.error;
  // The least that alpha exp(-m) + w sum exp(t_i - m) can be: one of its terms has exponent 0.
  const double least = std::min(alpha > 0 ? alpha : 1.0, p.over == "mean" ? 1 / k : 1.0) / 2;
  const double shift = u32 * 2 * held;  // rounding of t_i - m
  const double exponent = inflate_up(shift + a.exp_relative + (k + 8) * u32);
  const double relative = inflate_up(expm1_up(exponent) + (k + 2) * tiny32 / least);
  const double size = std::max(log_near(alpha + k + 2), -log_near(least)) * (1 + near_slack);
  const double of_log = inflate_up(relative / (1 - relative) + a.log_relative * (size + relative));
  return inflate_up(t.error + of_log + u32 * (held + 2 * size + 1));
}

double sum_bound(const EstimateProblem& p, const Sizes& s, const Argument& t,
                 const EstimateArithmetic& a) {
  const double held = t.magnitude + t.error, k = s.negatives;
  double error = t.error, magnitude = held;
  if (p.psi == "hinge") {
    magnitude += std::fabs(static_cast<double>(p.margin));
    error += u32 * magnitude;
  }
  if (p.psi == "softplus") {  // log1p moves by no more than its argument; it is below log 2
    magnitude += 1;
    error += a.exp_relative + a.log_relative + u32 * magnitude;
  }
  const double gamma = Gamma(p.k + 5, u32).up();
  const double sum = inflate_up(k * (error + gamma * (magnitude + error)));
  return p.over == "sum" ? sum : inflate_up(sum / k + 2 * u32 * (magnitude + error));
}

// Of the weight of one column, relative to the sum of all: see docs/hardened-losses.md.
double weight_error(const EstimateProblem& p, const Sizes& s, double unit) {
  const double product = (s.dimension / 8 + 3) * s.product;
  const auto beta = static_cast<double>(p.beta), n = static_cast<double>(p.count());
  if (p.tilt == "exponential") return 2 * unit * beta * (product + 2 * s.product);
  if (p.tilt == "polynomial") return 4 * unit * n * p.power * (product + 2);
  return 0;
}

// The least chance that a proposal is accepted, halved: doubles without a bound would do.
double acceptance(const EstimateProblem& p) {
  const reference::FiniteModel m = model_of(p).in(reference::Arithmetic::plain());
  double least = 1;
  for (int y = 0; y < m.classes; ++y)
    for (int x = 0; x < m.points; ++x) {
      if (m.s(y, x).approximate() == 0) continue;
      double top = 0;
      for (const reference::Real& u : negatives_of(m, law_of(p), y, x).u)
        top = std::max(top, u.approximate() + 1);
      const double most = p.tilt == "sum_plus_one" ? top * static_cast<double>(p.k) : top;
      const double gamma =
          reference::gamma(m, law_of(p), hardening_of(p), static_cast<int>(p.k), y, x)
              .approximate();
      least = std::min(least, gamma / most);
    }
  return least / 2;
}

}  // namespace

EstimateArithmetic estimate_arithmetic(const std::string& algorithm) {
  const std::string mean = "the points are those of the case, and tuples are independent";
  if (algorithm == "generalized")
    return {
        kernels::exp_error_u * u32,
        kernels::log_error_u * u32,
        0,
        0x1p-53,
        {mean, "losses are computed as K1 to K4 of kernels/loss/generalized.cuh say",
         "negatives are drawn as docs/sampling.md says; its words are independent and uniform"}};
  return {8 * u32,
          8 * u32,
          3,
          u32,
          {mean,
           "losses are computed in binary32 or better, in any order, with exp, log and log1p "
           "within 4 ulp and no overflow",
           "weights are computed in binary32 or better"}};
}

double loss_error_bound(const EstimateProblem& p, const EstimateArithmetic& a) {
  const Sizes s = sizes_of(p);
  const Argument t = argument_of(s, a.extra_roundings);
  return p.psi == "info-nce" ? info_nce_bound(p, s, t, a) : sum_bound(p, s, t, a);
}

double total_variation_bound(const EstimateProblem& p, const EstimateArithmetic& a) {
  const Sizes s = sizes_of(p);
  const double n = static_cast<double>(p.count());
  const double ranks = inflate_up(2 * n * std::max(0x1p-64, a.unit * 0x1p-6));
  if (p.is_joint()) {
    // The chance of a proposal's acceptance is off by this much, of `acceptance` at least.
    const double off = 8 * a.unit * s.negatives * ((s.dimension / 8 + 3) * s.product + 4);
    return inflate_up(ranks * (1 + s.negatives) + 2 * off / acceptance(p));
  }
  const double one = (128 + 2 * n) * a.unit + weight_error(p, s, a.unit);
  return inflate_up(ranks + s.negatives * one);
}

}  // namespace assay::contract
