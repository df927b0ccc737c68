// SPDX-License-Identifier: Apache-2.0
// Random small rational models and loss functions for the tests of expectations.
#pragma once

#include <random>
#include <vector>

#include "reference/model/finite_model.hpp"

namespace assay::reference {

using Random = std::mt19937_64;

inline int draw_int(Random& random, int lowest, int highest) {
  return lowest + static_cast<int>(random() % static_cast<unsigned>(highest - lowest + 1));
}

/// Probabilities with a common small denominator; some are 0 where allowed.
inline std::vector<Real> draw_probabilities(Random& random, int count, int lowest = 0) {
  std::vector<long long> weights;
  long long total = 0;
  for (int i = 0; i < count; ++i) {
    weights.push_back(draw_int(random, lowest, 4));
    total += weights.back();
  }
  if (total == 0) total = weights.back() = 1;
  std::vector<Real> result;
  for (const long long w : weights) result.push_back(Real::ratio(w, total));
  return result;
}

inline void append(std::vector<Real>& to, const std::vector<Real>& from) {
  to.insert(to.end(), from.begin(), from.end());
}

/// Everything random: q need not be independent, r need not be lambda, points lie inside the unit
/// ball.
inline FiniteModel draw_model(Random& random, int classes, int points, int dimension) {
  FiniteModel model = uniform_model(classes, points, dimension);
  model.class_probabilities = draw_probabilities(random, classes, 1);
  model.negative_class_probabilities = draw_probabilities(random, classes);
  model.joint.clear();
  model.negative_law.clear();
  for (int y = 0; y < classes; ++y) {
    append(model.joint, draw_probabilities(random, points * points));
    append(model.negative_law, draw_probabilities(random, points));
  }
  for (Real& x : model.embeddings) x = Real::ratio(draw_int(random, -4, 4), 5LL * dimension);
  return model;
}

}  // namespace assay::reference
