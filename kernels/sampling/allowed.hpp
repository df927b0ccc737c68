// SPDX-License-Identifier: Apache-2.0
// Who may be drawn with equal weight, as ranks: without a matrix, with labels or without.
//
// The allowed columns of a row are numbered in rising order. With labels the row's class is a list
// of columns, and the r-th column outside it is found by bisection; the row itself and its positive
// are two more ranks to step over.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/sampling/planted.hpp"
#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// What a row may not draw. `members` places of `by_label` from `class_first` on are its class; of
/// the columns outside it, those with these ranks are excluded too (rising; none: 2^62).
struct Excluded {
  std::int64_t class_first, members;
  std::int64_t rank[2];
  std::int64_t allowed;  ///< columns that remain
};
inline constexpr std::int64_t no_rank = std::int64_t{1} << 62;

struct AllowedSets {
  std::vector<std::int64_t> by_label;  ///< columns by label, then number; empty without labels
  std::vector<Excluded> rows;
};

/// Of every row of a population. O(N log N + rows log N).
AllowedSets allowed_sets(const Population& population, Fault fault = Fault::none);

/// Anchors that have a positive: columns whose class has two members or more, class by class.
struct Anchors {
  std::vector<std::int64_t> column;        ///< [anchors]
  std::vector<std::int64_t> first, count;  ///< [anchors] the class, as places in `column`
  std::vector<std::int64_t> class_first;   ///< first place of each class
};
Anchors anchors_of(const std::int32_t* labels, std::int64_t columns);

}  // namespace assay::kernels::sampling
