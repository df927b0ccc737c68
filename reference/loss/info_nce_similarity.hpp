// SPDX-License-Identifier: Apache-2.0
// Similarities of two vectors in a member of the InfoNCE family, from differences where they are
// distances; one text over the number types, internal to the engines' tiers.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/loss/hull.hpp"
#include "reference/loss/info_nce_family.hpp"
#include "reference/loss/info_nce_normalisation.hpp"

namespace assay::reference {

/// y_k - x_k.
template <class Number>
std::vector<Number> difference(const std::vector<Number>& x, const std::vector<Number>& y) {
  std::vector<Number> difference;
  difference.reserve(x.size());
  for (std::size_t k = 0; k < x.size(); ++k) difference.push_back(y[k] - x[k]);
  return difference;
}

template <class Number>
Number squared_length(const Context<Number>& context, const std::vector<Number>& x) {
  Number sum = context.from_integer(0);
  for (const Number& entry : x) sum += entry * entry;
  return sum;
}

/// -|z|^2 or -|z| of a difference z. \pre the similarity is one of the two
template <class Number>
Number negative_distance(const Context<Number>& context, Similarity similarity,
                         const std::vector<Number>& z) {
  const Number square = squared_length(context, z);
  return similarity == Similarity::negative_squared_euclidean
             ? -square
             : -root_of_nonnegative(context, square);
}

/// The gradient of -|y - x|^2 or -|y - x| by x, from z = y - x; by y it is the negative. Where z
/// may be 0 the distance has a kink, and the gradient there is any vector no longer than 1: the
/// entries are [-1, 1].
template <class Number>
std::vector<Number> negative_distance_gradient(const Context<Number>& context,
                                               Similarity similarity, std::vector<Number> z) {
  if (similarity == Similarity::negative_squared_euclidean) {
    for (Number& entry : z) entry += entry;
    return z;
  }
  const Number square = squared_length(context, z);
  const bool apart = Interval::exactly(0.0).less(to_interval(square)) == Truth::yes;
  const Number one = context.from_integer(1);
  const Number length = apart ? sqrt(square) : one;
  for (Number& entry : z) entry = apart ? entry / length : hull(-one, one);
  return z;
}

/// |x||y| against eps, decided on exact rational numbers.
inline Against exact_product_against(const double* x, const double* y, std::int64_t d, double eps) {
  Rational squares[2] = {0, 0};
  for (std::int64_t k = 0; k < d; ++k) {
    squares[0] += rational_from(x[k]) * rational_from(x[k]);
    squares[1] += rational_from(y[k]) * rational_from(y[k]);
  }
  const Rational product = squares[0] * squares[1];
  const Rational bound = rational_from(eps) * rational_from(eps);
  if (product == bound) return Against::at;
  return product < bound ? Against::below : Against::above;
}

}  // namespace assay::reference
