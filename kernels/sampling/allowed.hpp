// SPDX-License-Identifier: Apache-2.0
// Who may be drawn with equal weight, as ranks: without a matrix, with labels or without.
//
// Columns are ordered by label (stably; by number if there are no labels), so that a class is one
// run of places. What a row may not draw is then at most three runs, and the r-th allowed column is
// found by stepping over them.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/sampling/planted.hpp"
#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// Runs of excluded places [first, end), increasing and disjoint; unused ones are empty.
struct ExcludedRuns {
  std::int64_t first[3], end[3];
  std::int64_t allowed;  ///< columns that remain
};

struct AllowedSets {
  std::vector<std::int64_t> order;  ///< column at a place; empty without labels (the place itself)
  std::vector<ExcludedRuns> rows;
};

/// Of every row of a population. O(N log N + rows).
AllowedSets allowed_sets(const Population& population, Fault fault = Fault::none);

/// Anchors that have a positive: columns whose class has two members or more, class by class.
struct Anchors {
  std::vector<std::int64_t> column;        ///< [anchors]
  std::vector<std::int64_t> first, count;  ///< [anchors] the class, as places in `column`
  std::vector<std::int64_t> class_first;   ///< first place of each class
};
Anchors anchors_of(const std::int32_t* labels, std::int64_t columns);

}  // namespace assay::kernels::sampling
