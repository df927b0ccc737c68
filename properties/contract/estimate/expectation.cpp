// SPDX-License-Identifier: Apache-2.0
// The batch as a finite model, and its expected loss.
#include "properties/contract/estimate/expectation.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "reference/arithmetic/interval.hpp"

namespace assay::contract {
namespace {

using reference::Real;

Real exact(float x) { return Real::exactly(static_cast<double>(x)); }

std::vector<std::vector<std::int64_t>> classes_of(const EstimateProblem& p) {
  std::map<std::int32_t, std::vector<std::int64_t>> by_label;
  for (std::int64_t i = 0; i < p.count(); ++i)
    by_label[p.labels[static_cast<std::size_t>(i)]].push_back(i);
  std::vector<std::vector<std::int64_t>> classes;
  for (auto& [label, members] : by_label) {
    if (members.size() < 2)
      throw std::invalid_argument("estimate: class " + std::to_string(label) + " has one point");
    classes.push_back(std::move(members));
  }
  return classes;
}

void fill_class(reference::FiniteModel& m, const EstimateProblem& p, int y,
                const std::vector<std::int64_t>& members) {
  const auto n = static_cast<int>(members.size());
  for (int x = 0; x < m.points; ++x) {
    const bool present = x < n;
    m.s(y, x) = present ? Real::ratio(1, n) : Real(0);
    for (int other = 0; other < m.points; ++other)
      m.q(y, x, other) = present && other < n && other != x
                             ? Real::ratio(1, static_cast<long long>(n) * (n - 1))
                             : Real(0);
    for (int a = 0; a < m.dimension; ++a)
      m.f(y, x, a) = present ? exact(p.point(members[static_cast<std::size_t>(x)])[a]) : Real(0);
  }
}

double psi_at(const EstimateProblem& p, double t) {
  const std::vector<Real> arguments(static_cast<std::size_t>(p.k), Real::plain(t));
  return loss_of(p)(arguments).approximate();
}

}  // namespace

reference::FiniteModel model_of(const EstimateProblem& p) {
  const auto classes = classes_of(p);
  std::size_t largest = 0;
  for (const auto& members : classes) largest = std::max(largest, members.size());
  reference::FiniteModel m = reference::uniform_model(
      static_cast<int>(classes.size()), static_cast<int>(largest), static_cast<int>(p.dimension));
  m.squared_scale = exact(p.inv_tau);
  for (std::size_t y = 0; y < classes.size(); ++y) {
    m.class_probabilities[y] = m.negative_class_probabilities[y] =
        Real::ratio(static_cast<long long>(classes[y].size()), p.count());
    fill_class(m, p, static_cast<int>(y), classes[y]);
  }
  check(m);
  return m;
}

reference::LossFunction loss_of(const EstimateProblem& p) {
  using reference::LossFunction;
  using reference::Over;
  const Over over = p.over == "sum" ? Over::sum : Over::mean;
  if (p.psi == "hinge") return LossFunction::hinge(exact(p.margin), over);
  if (p.psi == "softplus") return LossFunction::softplus(over);
  if (p.psi == "linear") return LossFunction::linear(over);
  if (p.psi == "info-nce")
    return LossFunction::log_sum({exact(p.alpha), Real(1), over == Over::mean, Real(1)});
  throw std::invalid_argument("estimate: no psi is called " + p.psi);
}

reference::Hardening hardening_of(const EstimateProblem& p) {
  using reference::Hardening;
  if (p.tilt == "uniform") return {};
  if (p.tilt == "exponential") return Hardening::exponential(exact(p.beta));
  if (p.tilt == "polynomial") return Hardening::polynomial(p.power);
  if (p.tilt == "max_plus_one") return Hardening::max_plus_one();
  if (p.tilt == "sum_plus_one") return Hardening::sum_plus_one(1);
  throw std::invalid_argument("estimate: no hardening is called " + p.tilt);
}

reference::Law law_of(const EstimateProblem& p) {
  using reference::Law;
  if (p.tilt == "uniform") return p.supervised ? Law::scl : Law::ucl;
  return p.supervised ? Law::hscl : Law::hucl;
}

Ends enclose_expectation(const EstimateProblem& p, reference::Engine engine, int bits) {
  const reference::Arithmetic arithmetic = reference::Arithmetic::enclosing(engine, bits);
  return expected_loss(model_of(p).in(arithmetic), law_of(p), loss_of(p), hardening_of(p),
                       static_cast<int>(p.k))
      .interval()
      .ends();
}

double unhardened_expectation(const EstimateProblem& p) {
  EstimateProblem plain = p;
  plain.tilt = "uniform";
  return expected_loss(model_of(plain).in(reference::Arithmetic::plain()), law_of(plain),
                       loss_of(plain), hardening_of(plain), static_cast<int>(p.k))
      .approximate();
}

Ends range_of_losses(const EstimateProblem& p) {
  double least = 0, most = 0;  // of the arguments
  for (std::int64_t x = 0; x < p.count(); ++x) {
    double any[2] = {HUGE_VAL, -HUGE_VAL}, own[2] = {HUGE_VAL, -HUGE_VAL};
    for (std::int64_t y = 0; y < p.count(); ++y) {
      double u = 0;
      for (std::int64_t a = 0; a < p.dimension; ++a)
        u += static_cast<double>(p.point(x)[a]) * static_cast<double>(p.point(y)[a]);
      u *= static_cast<double>(p.inv_tau);
      any[0] = std::min(any[0], u);
      any[1] = std::max(any[1], u);
      if (p.labels[static_cast<std::size_t>(x)] != p.labels[static_cast<std::size_t>(y)]) continue;
      own[0] = std::min(own[0], u);
      own[1] = std::max(own[1], u);
    }
    least = std::min(least, any[0] - own[1]);
    most = std::max(most, any[1] - own[0]);
  }
  // psi does not decrease in any argument, and moves by at most k times what they move by. Products
  // in binary64 and the C library's functions are off by far less than 2^-40 of these numbers.
  const double slack =
      0x1p-40 * static_cast<double>(p.k) * (4 + std::fabs(least) + most + std::fabs(p.margin));
  return {psi_at(p, least) - slack, psi_at(p, most) + slack};
}

}  // namespace assay::contract
