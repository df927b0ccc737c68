// SPDX-License-Identifier: Apache-2.0
// The statements of Lemma 1 and Corollary 1 over rationals with probabilities, as written down.
#pragma once

#include "reference/harris/harris.hpp"

namespace assay::reference::testing {

/// E[g h], E[g], E[h] under the normalised law.
struct Expectations {
  Rational gh = 0, g = 0, h = 0;
};

/// Probability of one cell, from probabilities of the coordinates.
inline Rational probability(const HarrisInstance& q, std::int64_t cell) {
  const auto share = [&](std::int64_t first, std::int64_t count, std::int64_t i) {
    Rational sum = 0;
    for (std::int64_t j = first; j < first + count; ++j)
      sum += rational_from_integer(q.weights[static_cast<std::size_t>(j)]);
    return rational_from_integer(q.weights[static_cast<std::size_t>(first + i)]) / sum;
  };
  if (q.law == HarrisLaw::joint) return share(0, q.cells(), cell);
  Rational p = 1;
  for (int axis = q.axes - 1; axis >= 0; --axis, cell /= q.support)
    p *= share(q.law == HarrisLaw::independent ? axis * q.support : 0, q.support, cell % q.support);
  return p;
}

inline Expectations expectations(const HarrisInstance& q) {
  Expectations e;
  for (std::int64_t cell = 0; cell < q.cells(); ++cell) {
    const Rational p = probability(q, cell);
    const Rational g = rational_from_integer(q.g[static_cast<std::size_t>(cell)]);
    const Rational h = rational_from_integer(q.h[static_cast<std::size_t>(cell)]);
    e.gh += p * g * h;
    e.g += p * g;
    e.h += p * h;
  }
  return e;
}

/// E_{p_H}[g] with p_H = (eta / gamma) p, cell by cell.
inline Rational hardened_mean(const HarrisInstance& q) {
  const Rational gamma = expectations(q).h;
  Rational mean = 0;
  for (std::int64_t cell = 0; cell < q.cells(); ++cell) {
    const auto i = static_cast<std::size_t>(cell);
    const Rational hardened = rational_from_integer(q.h[i]) / gamma * probability(q, cell);
    mean += hardened * rational_from_integer(q.g[i]);
  }
  return mean;
}

}  // namespace assay::reference::testing
