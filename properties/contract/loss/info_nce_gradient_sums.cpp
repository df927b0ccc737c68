// SPDX-License-Identifier: Apache-2.0
// What rounding does to sums of coefficient times vector.
#include "properties/contract/loss/info_nce_gradient_sums.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/error_algebra.hpp"
#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
constexpr double eta = f32.half_subnormal;

/// Modelled sums over the terms of one gradient vector, per coordinate.
struct Model {
  std::vector<double> variance, shared, slope;
  explicit Model(std::size_t d) : variance(d), shared(d), slope(d) {}
  void add(const Term& term, const double* x) {
    for (std::size_t k = 0; k < variance.size(); ++k) {
      variance[k] += term.variance * x[k] * x[k];
      shared[k] += term.shared * x[k];
      slope[k] += term.slope * x[k];
    }
  }
  /// The modelled error of the sum, before it is scaled.
  double error(std::size_t k, const Factors& factors) const {
    const double all = variance[k] + factors.row_shared * shared[k] * shared[k];
    return modelled_deviations * std::sqrt(all) + factors.inverse * std::fabs(slope[k]);
  }
};

/// Upper bound of every |g_i|.
double largest_upstream(const InfoNceInstance& instance) {
  double largest = 0;
  for (const double g : instance.upstream) largest = std::max(largest, std::fabs(g));
  return largest + std::fabs(instance.upstream_mean);
}

}  // namespace

void chain_budget(const InfoNceInstance& instance, const std::vector<Term>& terms,
                  const Factors& factors, double* budget, double* modelled) {
  const auto d = static_cast<std::size_t>(instance.d);
  std::vector<double> partial(d), error(d);
  Model model(d);
  const double slack = slack_of_sum(terms.size());
  for (const Term& term : terms) {
    const double* x = instance.vector(term.vector);
    const double spread = term.error + slack * term.size;
    model.add(term, x);
    for (std::size_t k = 0; k < d; ++k) {
      if (x[k] == 0 && spread < infinity) continue;  // nothing is added
      // The first product, with a power of two, is not rounded.
      const bool scales = partial[k] == 0 && error[k] == 0 && is_power_of_two(x[k]);
      partial[k] += term.centre * x[k];
      const double before = error[k] + spread * std::fabs(x[k]);
      const double top = (std::fabs(partial[k]) + before) * (1 + 0x1p-40);
      const double step = scales ? 0 : u * power_below(top);
      const double rounding = std::max(step, eta);
      model.variance[k] += rounding * rounding * (1.0 / 3);
      // An intermediate that could overflow leaves nothing to promise.
      error[k] = top <= f32.largest ? (before + step) * (1 + 0x1p-50) + eta : infinity;
    }
  }
  const double inverse = static_cast<float>(1.0 / instance.temperature);
  for (std::size_t k = 0; k < d; ++k) {
    const double held_sum = inflate_up(std::fabs(partial[k]) + error[k]);
    const double top = inflate_up(held_sum * inverse);
    const double step = is_power_of_two(inverse) ? 0 : u * power_below(top);
    const double rounding = std::max(step, top > 0 ? eta : 0);
    const double scaling =
        inflate_up(std::fabs(partial[k]) / instance.temperature * factors.inverse + rounding);
    const double total = inflate_up(error[k] * inverse + scaling);
    budget[k] = held_sum <= f32.largest && top <= f32.largest ? total : infinity;
    modelled[k] = std::min(budget[k], model.error(k, factors) * inverse + scaling);
  }
}

void any_order_budget(const InfoNceInstance& instance, const std::vector<Term>& terms,
                      const Factors& factors, double* budget, double* modelled) {
  const auto d = static_cast<std::size_t>(instance.d);
  const auto count = static_cast<double>(2 * terms.size() + 8);
  const double sum = Gamma(static_cast<std::int64_t>(2 * terms.size() + 8), u).up();
  std::vector<double> size(d), error(d), ones(d);
  Model model(d);
  const double slack = slack_of_sum(terms.size());
  double coefficients = 0, largest_coefficient = 0;
  for (const Term& term : terms) {
    const double* x = instance.vector(term.vector);
    model.add(term, x);
    coefficients += term.size + term.error;
    largest_coefficient = std::max(largest_coefficient, term.size + term.error);
    for (std::size_t k = 0; k < d; ++k) {
      const double magnitude = std::fabs(x[k]);
      size[k] += term.size * magnitude;
      error[k] += term.error * magnitude;
      ones[k] += magnitude;
    }
  }
  const double scale = (1 / instance.temperature) * (1 + 4 * u);
  for (std::size_t k = 0; k < d; ++k) {
    const double most = inflate_up((size[k] + error[k]) * (1 + slack));
    // A flushed result may still be multiplied by a coefficient, by g and by 1/T.
    const double flushed = f32.smallest_normal * (1 + sum) * (ones[k] + count + coefficients) *
                           (1 + largest_upstream(instance)) * (1 + scale);
    const double scaling = (factors.inverse + 4 * u) * most * scale + flushed;
    const double total = inflate_up(
        (error[k] + (sum + double_slack) * most) * scale * (1 + factors.inverse) + scaling);
    const bool in_range =
        std::max(most, largest_coefficient) * std::max(1.0, scale) * (1 + sum) + flushed <=
        f32.largest;
    budget[k] = in_range ? total : infinity;
    model.variance[k] += count * (u * most) * (u * most);
    modelled[k] = std::min(budget[k], model.error(k, factors) * scale + scaling);
  }
}

}  // namespace assay::contract
