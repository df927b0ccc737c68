// SPDX-License-Identifier: Apache-2.0
// Loss functions: construction and values.
#include "reference/model/loss_function.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <utility>

namespace assay::reference {
namespace {

bool certainly_less(const Real& a, const Real& b) { return less(a, b) == Truth::yes; }

void require_exact(const Real& x, const char* what) {
  if (!x.is_exact()) throw std::invalid_argument(std::string("loss: ") + what + " must be exact");
}

Real softplus_of(const Real& t) {
  if (t.is_plain() && certainly_less(0, t)) return t + log1p(exp(-t));
  return log1p(exp(t));
}

Real largest(std::span<const Real> t) {
  Real result = t.front();
  for (const Real& x : t.subspan(1)) result = max(result, x);
  return result;
}

}  // namespace

// Shifting by the largest exponent keeps doubles from overflowing, and exact equal exponents exact;
// enclosures need neither, and a shift by an enclosure would only widen them.
Real log_sum_exp(const Real& alpha, std::span<const Real> weights, std::span<const Real> t) {
  bool shifts = true;
  for (const Real& x : t) shifts = shifts && (x.is_plain() || x.is_exact());
  Real shift = 0;
  const bool no_constant = equal(alpha, 0) == Truth::yes;
  if (shifts) {
    shift = largest(t);
    if (!no_constant && (!shift.is_plain() || !certainly_less(0, shift))) shift = 0;
  }
  const bool unshifted = shift.is_exact() && equal(shift, 0) == Truth::yes;
  Real sum = 0;
  for (std::size_t j = 0; j < t.size(); ++j)
    sum += weights[j] * exp(unshifted ? t[j] : t[j] - shift);
  if (no_constant) return shift + log(sum);
  if (!unshifted) return shift + log(alpha * exp(-shift) + sum);
  return equal(alpha, 1) == Truth::yes ? log1p(sum) : log(alpha + sum);
}

LossFunction LossFunction::log_sum(LogSum parameters) {
  require_exact(parameters.alpha, "alpha");
  require_exact(parameters.weight, "weight");
  require_exact(parameters.temperature, "temperature");
  if (certainly_less(parameters.alpha, 0))
    throw std::invalid_argument("loss: alpha must be at least 0, not " + parameters.alpha.text());
  if (!certainly_less(0, parameters.weight))
    throw std::invalid_argument("loss: weight must be above 0, not " + parameters.weight.text());
  if (!certainly_less(0, parameters.temperature))
    throw std::invalid_argument("loss: temperature must be above 0, not " +
                                parameters.temperature.text());
  LossFunction result(Kind::log_sum);
  result.log_sum_ = std::move(parameters);
  return result;
}

LossFunction LossFunction::hinge(Real margin, Over over) {
  require_exact(margin, "margin");
  LossFunction result(Kind::hinge);
  result.margin_ = std::move(margin);
  result.over_ = over;
  return result;
}

LossFunction LossFunction::softplus(Over over) {
  if (over == Over::max) throw std::invalid_argument("loss: softplus is over sum or mean");
  LossFunction result(Kind::softplus);
  result.over_ = over;
  return result;
}

LossFunction LossFunction::linear(Over over) {
  if (over == Over::max) throw std::invalid_argument("loss: linear is over sum or mean");
  LossFunction result(Kind::linear);
  result.over_ = over;
  return result;
}

LossFunction LossFunction::maximum() {
  LossFunction result(Kind::maximum);
  result.over_ = Over::max;
  return result;
}

LossFunction LossFunction::max_affine(std::vector<std::vector<Real>> rows) {
  if (rows.empty() || rows.front().size() < 2)
    throw std::invalid_argument("loss: max-affine needs rows of k slopes and an offset");
  for (const std::vector<Real>& row : rows) {
    if (row.size() != rows.front().size())
      throw std::invalid_argument("loss: the rows of max-affine differ in length");
    for (const Real& x : row) require_exact(x, "a coefficient");
  }
  LossFunction result(Kind::max_affine);
  result.rows_ = std::move(rows);
  return result;
}

LossFunction LossFunction::decreasing() { return LossFunction(Kind::decreasing); }
LossFunction LossFunction::concave() { return LossFunction(Kind::concave); }
LossFunction LossFunction::non_monotone() { return LossFunction(Kind::non_monotone); }

LossFunction LossFunction::concave_linear(Real bend) {
  require_exact(bend, "bend");
  LossFunction result(Kind::concave_linear);
  result.margin_ = std::move(bend);
  return result;
}

LossFunction LossFunction::custom(std::string name, Function function, LossProperties properties) {
  if (!function) throw std::invalid_argument("loss: no function");
  LossFunction result(Kind::custom);
  result.name_ = std::move(name);
  result.function_ = std::move(function);
  result.properties_ = properties;
  return result;
}

bool LossFunction::is_additive() const {
  switch (kind_) {
    case Kind::hinge: return over_ != Over::max;
    case Kind::softplus:
    case Kind::linear:
    case Kind::decreasing:
    case Kind::concave_linear:
    case Kind::non_monotone: return true;
    default: return false;
  }
}

bool LossFunction::is_of_maximum() const {
  return kind_ == Kind::maximum || (kind_ == Kind::hinge && over_ == Over::max);
}

Real LossFunction::term(const Real& t) const {
  switch (kind_) {
    case Kind::hinge: return max(t + margin_, 0);
    case Kind::softplus: return softplus_of(t);
    case Kind::linear:
    case Kind::maximum: return t;
    case Kind::decreasing: return -t;
    case Kind::concave_linear: return min(t, margin_);
    case Kind::non_monotone: return pow(t, 2);
    default: throw std::logic_error("loss: " + text() + " has no terms");
  }
}

Real LossFunction::affine_maximum(std::span<const Real> t) const {
  if (t.size() + 1 != rows_.front().size()) affine_properties(static_cast<int>(t.size()));
  std::vector<Real> values;
  for (const std::vector<Real>& row : rows_)
    values.push_back(dot(std::span(row).first(t.size()), t) + row.back());
  return largest(values);
}

Real LossFunction::operator()(std::span<const Real> t) const {
  if (kind_ == Kind::max_affine) return affine_maximum(t);
  if (kind_ == Kind::custom) return function_(t);
  const std::vector<int> ones(t.size(), 1);
  return of_counts(t, ones);
}

Real LossFunction::of_counts(std::span<const Real> t, std::span<const int> counts) const {
  if (t.size() != counts.size()) throw std::invalid_argument("loss: counts do not fit");
  const int k = std::accumulate(counts.begin(), counts.end(), 0);
  if (k < 1) throw std::invalid_argument("loss: psi_k needs at least one argument");
  std::vector<Real> present, weights;
  for (std::size_t j = 0; j < t.size(); ++j) {
    if (counts[j] == 0) continue;
    present.push_back(t[j]);
    weights.push_back(counts[j]);
  }
  if (kind_ == Kind::log_sum) {
    const Real weight = log_sum_.weight_of(k);
    for (Real& w : weights) w *= weight;
    for (Real& x : present) x /= log_sum_.temperature;
    return log_sum_exp(log_sum_.alpha, weights, present);
  }
  if (kind_ == Kind::concave) {
    for (Real& x : present) x = -x;
    return -log_sum_exp(1, weights, present);
  }
  if (is_of_maximum()) return term(largest(present));
  if (is_additive()) {
    for (Real& x : present) x = term(x);
    return scale(k) * dot(weights, present);
  }
  std::vector<Real> repeated;
  for (std::size_t j = 0; j < t.size(); ++j)
    repeated.insert(repeated.end(), static_cast<std::size_t>(counts[j]), t[j]);
  return (*this)(repeated);
}

}  // namespace assay::reference
