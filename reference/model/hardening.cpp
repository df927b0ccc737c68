// SPDX-License-Identifier: Apache-2.0
// Hardening functions.
#include "reference/model/hardening.hpp"

#include <stdexcept>
#include <utility>
#include <vector>

#include "reference/model/detail/words.hpp"

namespace assay::reference {
namespace {

/// 1[u >= at]; an enclosure that may lie on either side gives [0, 1].
Real indicator(const Real& u, const Real& at) {
  switch (less_or_equal(at, u)) {
    case Truth::yes: return 1;
    case Truth::no: return 0;
    case Truth::unknown: break;
  }
  if (u.is_plain()) return u;  // NaN
  return Real::enclosed(Interval::between(0, 1), *u.arithmetic());
}

}  // namespace

Hardening Hardening::exponential(Real beta) {
  if (!beta.is_exact() || less(0, beta) != Truth::yes)
    throw std::invalid_argument("hardening: beta must be an exact number above 0");
  Hardening result(Kind::exponential);
  result.parameter_ = std::move(beta);
  return result;
}

Hardening Hardening::polynomial(int power) {
  if (power < 1) throw std::invalid_argument("hardening: power must be at least 1");
  Hardening result(Kind::polynomial);
  result.power_ = power;
  return result;
}

Hardening Hardening::max_plus_one() { return Hardening(Kind::max_plus_one); }
Hardening Hardening::decreasing() { return Hardening(Kind::decreasing); }
Hardening Hardening::signed_sum() { return Hardening(Kind::signed_sum); }

Hardening Hardening::sum_plus_one(int power) {
  Hardening result = polynomial(power);
  result.kind_ = Kind::sum_plus_one;
  return result;
}

Hardening Hardening::threshold(Real at) {
  if (!at.is_exact()) throw std::invalid_argument("hardening: the threshold must be exact");
  Hardening result(Kind::threshold);
  result.parameter_ = std::move(at);
  return result;
}

Hardening Hardening::custom(std::string name, Function function, HardeningProperties properties) {
  if (!function) throw std::invalid_argument("hardening: no function");
  Hardening result(Kind::custom);
  result.name_ = std::move(name);
  result.function_ = std::move(function);
  result.properties_ = properties;
  result.properties_.separable = false;  // no factor is known
  return result;
}

HardeningProperties Hardening::properties() const {
  switch (kind_) {
    case Kind::none:
    case Kind::exponential:
    case Kind::polynomial:
    case Kind::threshold: return {true, true, true, true};
    case Kind::max_plus_one:
    case Kind::sum_plus_one: return {true, true, false, true};
    case Kind::decreasing: return {true, false, true, true};
    case Kind::signed_sum: return {false, true, false, true};
    case Kind::custom: break;
  }
  return properties_;
}

Real Hardening::factor(const Real& u) const {
  switch (kind_) {
    case Kind::none: return 1;
    case Kind::exponential: return exp(parameter_ * u);
    case Kind::polynomial: return pow(max(u + 1, 0), power_);
    case Kind::threshold: return indicator(u, parameter_);
    case Kind::decreasing: return max(1 - u, 0);
    default: throw std::logic_error("hardening: " + text() + " is not separable");
  }
}

Real Hardening::relative_factor(const Real& u, const Real& origin) const {
  return kind_ == Kind::exponential ? exp(parameter_ * (u - origin)) : factor(u);
}

Real Hardening::operator()(std::span<const Real> u) const {
  const std::vector<int> ones(u.size(), 1);
  return of_counts(u, ones);
}

Real Hardening::of_counts(std::span<const Real> u, std::span<const int> counts) const {
  if (u.size() != counts.size() || u.empty())
    throw std::invalid_argument("hardening: arguments and counts do not fit");
  std::vector<Real> present, weights;
  for (std::size_t j = 0; j < u.size(); ++j) {
    if (counts[j] == 0) continue;
    present.push_back(u[j]);
    weights.push_back(counts[j]);
  }
  switch (kind_) {
    case Kind::none: return 1;
    case Kind::exponential: return exp(parameter_ * dot(weights, present));
    case Kind::signed_sum: return dot(weights, present);
    case Kind::sum_plus_one: return pow(max(dot(weights, present) + sum(weights), 0), power_);
    case Kind::max_plus_one: {
      Real largest = present.front();
      for (const Real& x : present) largest = max(largest, x);
      return max(largest + 1, 0);
    }
    case Kind::custom: {
      std::vector<Real> repeated;
      for (std::size_t j = 0; j < u.size(); ++j)
        repeated.insert(repeated.end(), static_cast<std::size_t>(counts[j]), u[j]);
      return function_(repeated);
    }
    default: break;
  }
  Real product = 1;
  for (std::size_t j = 0; j < u.size(); ++j)
    if (counts[j] != 0) product *= pow(factor(u[j]), counts[j]);
  return product;
}

std::string Hardening::text() const {
  switch (kind_) {
    case Kind::none: return "none";
    case Kind::exponential: return "exponential beta=" + parameter_.text();
    case Kind::polynomial: return "polynomial power=" + std::to_string(power_);
    case Kind::max_plus_one: return "max-plus-one";
    case Kind::sum_plus_one: return "sum-plus-one power=" + std::to_string(power_);
    case Kind::threshold: return "threshold at=" + parameter_.text();
    case Kind::decreasing: return "decreasing";
    case Kind::signed_sum: return "signed";
    case Kind::custom: break;
  }
  return name_;
}

Hardening Hardening::parse(std::string_view text) {
  detail::Words words(text);
  const auto finished = [&words](Hardening result) {
    words.finish();
    return result;
  };
  const std::string& name = words.name();
  if (name == "none") return finished(Hardening());
  if (name == "exponential") return finished(exponential(words.take_number("beta")));
  if (name == "polynomial") return finished(polynomial(words.take_int("power", 1)));
  if (name == "max-plus-one") return finished(max_plus_one());
  if (name == "sum-plus-one") return finished(sum_plus_one(words.take_int("power", 1)));
  if (name == "threshold") return finished(threshold(words.take_number("at")));
  if (name == "decreasing") return finished(decreasing());
  if (name == "signed") return finished(signed_sum());
  words.fail(
      "no such hardening; known are none, exponential, polynomial, max-plus-one, sum-plus-one, "
      "threshold, decreasing, signed");
}

}  // namespace assay::reference
