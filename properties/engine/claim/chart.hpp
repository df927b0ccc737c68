// SPDX-License-Identifier: Apache-2.0
// Charts: free coordinates of the points of a domain, for optimisers, and the way back from a point
// in doubles to an exact one that satisfies every constraint exactly.
#pragma once

#include <optional>
#include <vector>

#include "properties/engine/claim/instance.hpp"
#include "properties/engine/random.hpp"

namespace assay::engine {

/// Coordinates of the points of one shape: theta in R^n, every theta gives a point.
class Chart {
 public:
  Chart(const Domain& domain, const Shape& shape);

  std::size_t dimension() const { return dimension_; }
  /// The point in doubles. Probabilities are squares divided by their sum, vectors are pulled back
  /// to ball and sphere, numbers are clamped to their range.
  Instance at(const std::vector<double>& theta) const;
  /// Coordinates of a point (up to rounding).
  std::vector<double> coordinates(const Instance& point) const;

  /// Unremarkable coordinates: normal, with scales from 1/16 to 4.
  std::vector<double> random(Random& random) const;
  /// Coordinates where counterexamples live, drawn block by block: equal, antipodal, orthonormal,
  /// near-collapsed and few-valued vectors, uniform, one-heavy and degenerate laws, ends of ranges.
  std::vector<double> structured(Random& random) const;

  /// An exact point near the one in doubles, its numbers simple fractions made with denominator
  /// `d` (probabilities: weights in multiples of 1/d; points of the sphere: stereographic
  /// parameters in multiples of 1/d). Empty where so coarse a grid has no such point.
  std::optional<Instance> exact(const Instance& plain, long long d) const;

 private:
  Shape shape_;
  std::vector<Block> layout_;
  std::size_t dimension_ = 0;
};

}  // namespace assay::engine
