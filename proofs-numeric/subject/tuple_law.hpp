// SPDX-License-Identifier: Apache-2.0
// The joint laws of HN (2), (4), (5) and (7) as tables over a finite data space, for what Section 3
// says about (in)dependence: probabilities of tuples are multiplied out and summed, nothing else.
#pragma once

#include <functional>
#include <vector>

#include "properties/engine/claim/instance.hpp"
#include "reference/model/expected_loss.hpp"

namespace assay::proofs {

using namespace engine;

/// One tuple: labels of anchor and of the two negatives, and the points, all counted from 0.
struct Tuple {
  int y, x, plus, y1, n1, y2, n2;
};

/// p(y, x, x^+, y_1, x_1, y_2, x_2) with two negatives on a data space of m points that the classes
/// share, so that their supports may overlap. Blocks: "lambda" [C], "q" [C, m, m], "r" [C] and
/// "negatives" [C, m] (by default lambda, and the marginal of q), "f" [m, d]. The integer "C", "m",
/// "d" and the choice "eta" are the shape's.
class TupleLaw {
 public:
  TupleLaw(const Instance& instance, reference::Law law);

  int classes() const { return classes_; }
  int points() const { return points_; }
  /// The probability of all tuples that `part` accepts.
  Real probability(const std::function<bool(const Tuple&)>& part) const;
  /// The expectation of g, over tuples of positive or unknown probability.
  Real expectation(const std::function<Real(const Tuple&)>& g) const;
  /// The law of `key`, an index below `size`, given the tuples.
  std::vector<Real> law_of(int size, const std::function<int(const Tuple&)>& key) const;
  /// f(x) . f(x')
  const Real& inner(int x, int other) const;
  const Real& lambda(int y) const { return lambda_[static_cast<std::size_t>(y)]; }
  /// s(x | y) of the negatives.
  const Real& s(int y, int x) const;
  /// r(l | y) of (3) or r(l).
  Real r(int l, int y) const;

 private:
  Real hardening(const Tuple& t) const;

  reference::Law law_;
  int classes_, points_;
  std::vector<Real> lambda_, r_, q_, s_, inner_, hardening_;
  std::vector<Tuple> tuples_;
  std::vector<Real> mass_;
};

}  // namespace assay::proofs
