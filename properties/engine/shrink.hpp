// SPDX-License-Identifier: Apache-2.0
// Shrinking: make a refuted case small without losing the margin by which it is refuted.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "properties/engine/case.hpp"

namespace assay::engine {

/// Size of a case, compared lexicographically: smaller is simpler. A contract chooses the entries,
/// for example (rows, coordinates, distinct values, significant bits).
using Complexity = std::vector<std::int64_t>;

/// What a trial of a simpler case found: `refuted`, and the proved lower end of its margin
/// (error/budget; +infinity for a violation that needs no number).
struct Trial {
  bool refuted = false;
  double margin = 0;
};

struct ShrinkProblem {
  /// Simpler variants of a case, the boldest first. Need not be strictly simpler: `complexity`
  /// decides.
  std::function<std::vector<Case>(const Case&)> simpler;
  std::function<Complexity(const Case&)> complexity;
  std::function<Trial(const Case&)> attempt;
  std::int64_t budget = 400;  ///< trials allowed
  std::function<bool()> cancelled = [] { return false; };
};

struct ShrinkResult {
  Case smallest;
  double margin = 0;  ///< proved lower end of the margin of `smallest`
  std::int64_t trials = 0;
};

/// Greedy descent in two phases. First a variant is accepted only while its proved margin is at
/// least half the largest seen, so that the case does not decay into one that barely fails; then
/// any refuted variant is accepted. Every accepted step lowers `complexity`, so the descent ends.
/// \pre attempt(start) is refuted with margin `start_margin`
ShrinkResult shrink(const Case& start, double start_margin, const ShrinkProblem& problem);

}  // namespace assay::engine
