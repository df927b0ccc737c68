// SPDX-License-Identifier: Apache-2.0
// Weights and scores in binary64, every end rounded outward.
#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "reference/loss/batch_exp.hpp"
#include "reference/sampler/detail/enclosed.hpp"
#include "reference/sampler/enclosed_laws.hpp"

namespace assay::reference {
namespace {

using detail::product;

[[noreturn]] void no_law(const std::string& why) { throw NoLaw("sampler: " + why); }

// exp(beta inv_tau (s - top)): the exponent times log2(e) is formed with five roundings (the two
// products of parameters, the difference, the product, and the constant itself), each at most half
// a unit; 2^t adds its own error.
Ends exponential_weight(double s, double top, double beta, double inv_tau) {
  if (std::isinf(s)) return {0, 0};
  if (s == top) return exactly(1);
  if (std::isinf(s - top)) return {0, 1};
  const double t = beta * inv_tau * reference::log2_e * (s - top);
  constexpr double u = 0x1p-53;
  if (!(t > -1020)) return {0, 0x1p-1000};
  const double in_exponent = next_up(-t * (6 * u));  // absolute error of t; 6 for 5 (1 + u)^5
  // |2^(t + d) - 2^t| <= 2^t (2^d - 1) <= 2^t d for 0 <= d <= 1.
  const double relative = next_up(in_exponent + 2 * u + 0x1p-1000);  // the last for underflow
  const double w = reference::exp2_proved(t);
  return {std::max(0.0, next_down(w * (1 - next_up(2 * relative)))),
          std::min(1.0, next_up(w * (1 + next_up(2 * relative))))};
}

Ends polynomial_weight(Ends s, double inv_tau, int power) {
  const Ends base = detail::plus_one(s, inv_tau);
  if (base.hi <= 0) return {0, 0};
  const Ends positive{std::max(0.0, base.lo), base.hi};
  Ends w = positive;
  for (int i = 1; i < power; ++i) w = product(w, positive);
  return w;
}

void require_scores(const WeightRule& rule, std::span<const Ends> scores,
                    const std::vector<bool>& drawable) {
  for (std::size_t j = 0; j < scores.size(); ++j) {
    const Ends s = scores[j];
    if (!drawable[j]) continue;
    if (std::isnan(s.lo) || std::isnan(s.hi)) no_law("score " + std::to_string(j) + " is NaN");
    const bool infinite = std::isinf(s.lo) || std::isinf(s.hi);
    if (infinite && (s.hi > 0 || rule.kind != WeightKind::exponential))
      no_law("score " + std::to_string(j) + " is infinite");
    if (rule.kind == WeightKind::weights && s.lo < 0)
      no_law("weight " + std::to_string(j) + " is negative");
  }
}

Ends weight_of(const WeightRule& rule, Ends s, double top) {
  switch (rule.kind) {
    case WeightKind::uniform: return exactly(1);
    case WeightKind::weights: return s;
    case WeightKind::polynomial: return polynomial_weight(s, rule.inv_tau, rule.power);
    default: break;
  }
  const Ends least = exponential_weight(s.lo, top, rule.beta, rule.inv_tau);
  if (s.lo == s.hi) return least;
  return {least.lo, exponential_weight(s.hi, top, rule.beta, rule.inv_tau).hi};
}

}  // namespace

namespace detail {

void scale_to_one(std::vector<Ends>& w) {
  double largest = 0;
  for (const Ends& x : w) largest = std::max(largest, x.hi);
  if (largest == 0) no_law("no column has a positive weight");
  if (std::isinf(largest)) no_law("a weight is too large for binary64");
  const int exponent = std::ilogb(largest) + 1;  // largest * 2^-exponent < 1
  for (Ends& x : w) {
    const double lo = std::ldexp(x.lo, -exponent), hi = std::ldexp(x.hi, -exponent);
    x = {std::ldexp(lo, exponent) == x.lo ? lo : std::max(0.0, next_down(lo)),
         std::ldexp(hi, exponent) == x.hi ? hi : next_up(hi)};
  }
}

Ends plus_one(Ends s, double inv_tau) {
  const auto end = [inv_tau](double x, Direction direction) {
    const double u = x * inv_tau;
    const bool exact = std::fma(x, inv_tau, -u) == 0;
    const bool up = direction == Direction::up;
    return difference(exact ? u : up ? next_up(u) : next_down(u), -1, direction);
  };
  return {end(s.lo, Direction::down), end(s.hi, Direction::up)};
}

}  // namespace detail

std::vector<Ends> enclosed_weights(const WeightRule& rule, std::span<const Ends> scores,
                                   const std::vector<bool>& drawable) {
  double top = -std::numeric_limits<double>::infinity();
  if (rule.kind != WeightKind::uniform) {
    require_scores(rule, scores, drawable);
    for (std::size_t j = 0; j < scores.size(); ++j)
      if (drawable[j]) top = std::max(top, scores[j].hi);
  }
  std::vector<Ends> w(scores.size(), exactly(0));
  for (std::size_t j = 0; j < scores.size(); ++j)
    if (drawable[j]) w[j] = weight_of(rule, scores[j], top);
  detail::scale_to_one(w);
  return w;
}

Ends enclosed_dot(std::span<const float> x, std::span<const float> y) {
  if (x.size() != y.size()) throw std::invalid_argument("dot: two sizes");
  double sum = 0, errors = 0, absolute = 0;
  for (std::size_t a = 0; a < x.size(); ++a) {
    const double p = static_cast<double>(x[a]) * static_cast<double>(y[a]);  // exact
    const double next = sum + p, of_sum = next - p;
    const double error = (sum - of_sum) + (p - (next - of_sum));  // sum + p = next + error (Knuth)
    sum = next;
    errors += error;
    absolute += std::fabs(error);
  }
  if (!std::isfinite(sum)) return {sum, sum};
  if (absolute == 0) return exactly(sum);
  // Each of the n additions of errors is off by at most 2^-53 of a partial sum, none of which
  // exceeds the sum of absolute values but for its own roundings.
  const double slack = next_up(absolute * 0x1p-52 * static_cast<double>(x.size()));
  return {next_down(sum + next_down(errors - slack)), next_up(sum + next_up(errors + slack))};
}

}  // namespace assay::reference
