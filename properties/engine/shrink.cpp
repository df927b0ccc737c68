// SPDX-License-Identifier: Apache-2.0
// Greedy margin-keeping descent.
#include "properties/engine/shrink.hpp"

#include <algorithm>

namespace assay::engine {
namespace {

struct Descent {
  const ShrinkProblem& problem;
  ShrinkResult& result;
  double best_margin;

  bool spent() const { return result.trials >= problem.budget || problem.cancelled(); }

  // Tries the variants of the current case in order; true if one was accepted.
  bool step(double kept_fraction) {
    const Complexity now = problem.complexity(result.smallest);
    for (Case& variant : problem.simpler(result.smallest)) {
      if (spent()) return false;
      if (!(problem.complexity(variant) < now)) continue;
      ++result.trials;
      const Trial trial = problem.attempt(variant);
      if (!trial.refuted || trial.margin < kept_fraction * best_margin) continue;
      best_margin = std::max(best_margin, trial.margin);
      result.margin = trial.margin;
      result.smallest = std::move(variant);
      return true;
    }
    return false;
  }
};

}  // namespace

ShrinkResult shrink(const Case& start, double start_margin, const ShrinkProblem& problem) {
  ShrinkResult result{start, start_margin, 0};
  Descent descent{problem, result, start_margin};
  for (const double kept_fraction : {0.5, 0.0})
    while (!descent.spent() && descent.step(kept_fraction)) {
    }
  return result;
}

}  // namespace assay::engine
