// SPDX-License-Identifier: Apache-2.0
// The expectation over the negatives of one anchor and positive, way by way.
#include <algorithm>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>

#include "reference/model/detail/negative_sums.hpp"
#include "reference/model/expected_log.hpp"
#include "reference/model/expected_loss.hpp"

namespace assay::reference {
namespace {

using detail::HardenedSums;

/// One expectation to take: atoms, what is averaged, how the law is hardened.
struct Problem {
  std::span<const Real> masses;
  std::span<const Real> u;
  const Real& v;
  const LossFunction& psi;
  const Hardening& eta;
  int k;
};

void require_domain(std::span<const Real> masses, std::span<const Real> u, int k) {
  if (masses.size() != u.size() || u.empty())
    throw std::invalid_argument("expected loss: masses and inner products do not fit");
  if (k < 1) throw std::invalid_argument("expected loss: at least one negative");
}

void require_positive_gamma(const Real& value) {
  if (less(0, value) == Truth::yes) return;
  if (equal(value, 0) == Truth::yes) throw std::domain_error("gamma is 0");
  throw std::domain_error("gamma is not known to be positive: " + value.text());
}

/// The law of one negative under a separable eta, theory (3.3): masses p h(u) / E h. In doubles h
/// is taken relative to its value at the largest u, so that no exponential overflows.
std::vector<Real> tilted(const Problem& p) {
  std::vector<Real> result(p.masses.begin(), p.masses.end());
  if (p.eta.is_none()) return result;
  std::size_t top = 0;
  for (std::size_t j = 0; j < p.u.size(); ++j)
    if (less(p.u[top], p.u[j]) == Truth::yes) top = j;
  const bool plain = p.u.front().is_plain();
  for (std::size_t j = 0; j < p.u.size(); ++j)
    result[j] *= plain ? p.eta.relative_factor(p.u[j], p.u[top]) : p.eta.factor(p.u[j]);
  const Real total = sum(result);
  require_positive_gamma(total);
  for (Real& mass : result) mass /= total;
  return result;
}

Real ratio_of(const HardenedSums& sums, const Problem& p) {
  if (p.eta.is_none()) return sums.weighted;
  require_positive_gamma(sums.gamma);
  return sums.weighted / sums.gamma;
}

void require_terms(double terms) {
  if (!(terms <= detail::most_terms))
    throw std::invalid_argument("expected loss: more than 2^24 terms; no way is cheap enough");
}

Real by_enumeration(const Problem& p) {
  require_terms(detail::tuple_count(p.u.size(), p.k));
  return ratio_of(detail::sum_over_tuples(p.masses, p.u, p.v, &p.psi, p.eta, p.k), p);
}

bool is_symmetric(const Problem& p) {
  return p.psi.properties(p.k).symmetric && p.eta.properties().symmetric;
}

Real by_counts(const Problem& p) {
  if (!is_symmetric(p))
    throw std::invalid_argument("expected loss: way multinomial needs symmetric psi and eta");
  require_terms(detail::multinomial_count(p.u.size(), p.k));
  return ratio_of(detail::sum_over_counts(p.masses, p.u, p.v, &p.psi, p.eta, p.k), p);
}

/// The arithmetic that any of the numbers knows.
Arithmetic arithmetic_of(const Problem& p) {
  Real all = p.v;
  for (std::size_t j = 0; j < p.u.size(); ++j) all = all * 0 + p.u[j] * 0 + p.masses[j] * 0;
  if (const std::optional<Arithmetic> known = all.arithmetic()) return *known;
  throw std::logic_error("expected loss: exact numbers that know no arithmetic for the logarithm");
}

Real by_integral(const Problem& p) {
  const LossFunction::LogSum* form = p.psi.log_sum_form();
  if (!form || !p.eta.properties().separable)
    throw std::invalid_argument(
        "expected loss: way integral needs the log family and a separable eta");
  const std::vector<Real> masses = tilted(p);
  std::vector<Real> t;
  for (const Real& x : p.u) t.push_back(x - p.v);
  return expected_log(arithmetic_of(p),
                      {masses, t, p.k, form->alpha, form->weight_of(p.k), form->temperature});
}

bool has_marginal_form(const Problem& p) {
  return p.eta.properties().separable && (p.psi.is_additive() || p.psi.is_of_maximum());
}

/// The order of the atoms, if every comparison is decided.
std::optional<std::vector<std::size_t>> order_of(std::span<const Real> u) {
  bool decided = true;
  for (const Real& x : u) decided = decided && (x.is_exact() || x.is_plain());
  if (!decided) return std::nullopt;
  std::vector<std::size_t> order(u.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t i, std::size_t j) { return less(u[i], u[j]) == Truth::yes; });
  return order;
}

/// psi = c sum g(t_i): k c E g. psi = g(max t_i): P(max is one of the j lowest atoms) = F_j^k.
std::optional<Real> by_marginals(const Problem& p) {
  if (!has_marginal_form(p)) return std::nullopt;
  if (p.psi.is_additive()) {
    const std::vector<Real> masses = tilted(p);
    Real mean = 0;
    for (std::size_t j = 0; j < masses.size(); ++j) mean += masses[j] * p.psi.term(p.u[j] - p.v);
    return p.psi.scale(p.k) * p.k * mean;
  }
  const auto order = order_of(p.u);
  if (!order) return std::nullopt;
  const std::vector<Real> masses = tilted(p);
  Real result = 0, below = 0, power_below = 0;
  for (const std::size_t j : *order) {
    below += masses[j];
    const Real power = pow(below, p.k);
    result += (power - power_below) * p.psi.term(p.u[j] - p.v);
    power_below = power;
  }
  return result;
}

Real exactly(const Problem& p) {
  std::optional<Real> result = by_marginals(p);
  if (!result) result = is_symmetric(p) ? by_counts(p) : by_enumeration(p);
  if (!result->is_exact())
    throw std::invalid_argument("expected loss: the result of way exact is not exact");
  return *result;
}

Real automatically(const Problem& p) {
  if (std::optional<Real> result = by_marginals(p)) return *result;
  if (!p.eta.is_none() && p.eta.properties().separable) {
    const std::vector<Real> masses = tilted(p);
    return automatically({masses, p.u, p.v, p.psi, Hardening(), p.k});
  }
  if (!is_symmetric(p)) return by_enumeration(p);
  // Where the integral becomes the cheaper one, from bench/expected_loss_bench.
  const bool arb = p.u.front().arithmetic() && !p.u.front().is_plain() &&
                   p.u.front().arithmetic()->engine() == Engine::arb;
  const double cheap = p.u.front().is_plain() ? 150 : arb ? 300 : 1400;
  const double terms = detail::multinomial_count(p.u.size(), p.k);
  const bool has_integral = p.psi.log_sum_form() && p.eta.is_none();  // a joint eta has none
  return has_integral && terms > cheap ? by_integral(p) : by_counts(p);
}

}  // namespace

Real gamma_over_negatives(std::span<const Real> masses, std::span<const Real> u,
                          const Hardening& eta, int negatives) {
  require_domain(masses, u, negatives);
  if (eta.is_none()) return 1;
  const HardeningProperties properties = eta.properties();
  if (properties.separable) {
    Real mean = 0;
    for (std::size_t j = 0; j < u.size(); ++j) mean += masses[j] * eta.factor(u[j]);
    return pow(mean, negatives);
  }
  if (properties.symmetric) {
    require_terms(detail::multinomial_count(u.size(), negatives));
    return detail::sum_over_counts(masses, u, 0, nullptr, eta, negatives).gamma;
  }
  require_terms(detail::tuple_count(u.size(), negatives));
  return detail::sum_over_tuples(masses, u, 0, nullptr, eta, negatives).gamma;
}

Real expected_over_negatives(std::span<const Real> masses, std::span<const Real> u, const Real& v,
                             const LossFunction& psi, const Hardening& eta, int negatives,
                             Way way) {
  require_domain(masses, u, negatives);
  const Problem p{masses, u, v, psi, eta, negatives};
  switch (way) {
    case Way::enumeration: return by_enumeration(p);
    case Way::multinomial: return by_counts(p);
    case Way::integral: return by_integral(p);
    case Way::exact: return exactly(p);
    case Way::automatic: break;
  }
  return automatically(p);
}

}  // namespace assay::reference
