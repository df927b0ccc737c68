// SPDX-License-Identifier: Apache-2.0
// The norms that a member of the InfoNCE family divides its vectors by, and their gradients, as one
// text over the number types; internal to the engines' tiers.
#pragma once

#include <cstdint>
#include <limits>
#include <utility>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::reference {

/// nu(x) and the factor f with grad nu = f x.
template <class Number>
struct VectorNorm {
  Number norm;
  Number gradient_factor;      ///< the whole line where nu has no gradient
  bool missing = false;        ///< nu(x) = 0: x / nu(x) does not exist
  bool never_divides = false;  ///< nu(x) = 0 and eps stands in for every product with it
};

enum class Against : unsigned char { below, at, above };

/// |x| against eps, decided on exact rational numbers.
inline Against exact_norm_against(const double* x, std::int64_t d, double eps) {
  Rational square = 0;
  for (std::int64_t k = 0; k < d; ++k) square += rational_from(x[k]) * rational_from(x[k]);
  const Rational bound = rational_from(eps) * rational_from(eps);
  if (square == bound) return Against::at;
  return square < bound ? Against::below : Against::above;
}

/// The same, from the enclosure of |x| where that suffices.
template <class Number>
Against norm_against(const Number& length, const Context<Number>& context, const double* x,
                     std::int64_t d, double eps) {
  const Interval found = to_interval(length), bound = to_interval(context.exactly(eps));
  if (bound.less(found) == Truth::yes) return Against::above;
  if (found.less(bound) == Truth::yes) return Against::below;
  return exact_norm_against(x, d, eps);
}

/// \pre the setting normalises; x holds d finite numbers
template <class Number>
VectorNorm<Number> norm_of(const InfoNceSetting& setting, const Context<Number>& context,
                           const double* x, std::int64_t d) {
  const Number zero = context.from_integer(0), one = context.from_integer(1);
  const Number nowhere = context.exactly(std::numeric_limits<double>::quiet_NaN());
  const Number eps = context.exactly(setting.normalisation_eps);
  bool is_zero = true;
  for (std::int64_t k = 0; k < d; ++k) is_zero &= x[k] == 0;
  if (is_zero && setting.normalisation_eps == 0) return {zero, nowhere, true};
  const Number square = context.dot(x, x, d);
  const Number length = is_zero ? zero : sqrt(square);
  switch (setting.normalisation) {
    case Normalisation::none: break;
    case Normalisation::maximum:
      switch (norm_against(length, context, x, d, setting.normalisation_eps)) {
        case Against::above: return {length, one / length};
        case Against::below: return {eps, zero};
        case Against::at: return {eps, nowhere};
      }
      break;
    case Normalisation::added:
      // At x = 0 the norm has no gradient, but x / (|x| + eps) has the derivative I / eps: the
      // gradient of the norm is multiplied by <x, .> = 0.
      if (is_zero) return {eps, zero};
      return {length + eps, one / length};
    case Normalisation::product_maximum:  // where |x||y| > eps; no zero vector is
      if (is_zero) return {zero, zero, false, true};
      return {length, one / length};
    case Normalisation::inside_root: {
      const Number norm = sqrt(square + eps);
      return {norm, one / norm};
    }
  }
  return {one, zero};
}

}  // namespace assay::reference
