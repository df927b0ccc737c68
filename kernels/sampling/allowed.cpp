// SPDX-License-Identifier: Apache-2.0
// Ranks of allowed columns and of anchors.
#include "kernels/sampling/allowed.hpp"

#include <algorithm>
#include <numeric>

namespace assay::kernels::sampling {
namespace {

std::vector<std::int64_t> ordered_by(const std::int32_t* labels, std::int64_t columns) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(columns));
  std::iota(order.begin(), order.end(), std::int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [labels](std::int64_t a, std::int64_t b) { return labels[a] < labels[b]; });
  return order;
}

using Run = std::pair<std::int64_t, std::int64_t>;

/// Increasing and disjoint, from at most three that may overlap.
ExcludedRuns joined(std::vector<Run> runs, std::int64_t columns) {
  std::sort(runs.begin(), runs.end());
  ExcludedRuns result{{columns, columns, columns}, {columns, columns, columns}, columns};
  int used = 0;
  for (const Run& run : runs) {
    const std::int64_t first = used > 0 ? std::max(run.first, result.end[used - 1]) : run.first;
    if (first >= run.second) continue;
    result.first[used] = first;
    result.end[used++] = run.second;
    result.allowed -= run.second - first;
  }
  return result;
}

}  // namespace

AllowedSets allowed_sets(const Population& p, Fault fault) {
  AllowedSets sets;
  std::vector<std::int64_t> place;
  if (p.column_labels != nullptr) {
    sets.order = ordered_by(p.column_labels, p.columns);
    place.resize(sets.order.size());
    for (std::size_t i = 0; i < place.size(); ++i)
      place[static_cast<std::size_t>(sets.order[i])] = static_cast<std::int64_t>(i);
  }
  sets.rows.reserve(static_cast<std::size_t>(p.rows));
  for (std::int64_t row = 0; row < p.rows; ++row) {
    std::vector<Run> runs;
    const auto exclude = [&](const std::int64_t* columns) {
      if (columns == nullptr || columns[row] < 0) return;
      const std::int64_t at =
          place.empty() ? columns[row] : place[static_cast<std::size_t>(columns[row])];
      runs.emplace_back(at, at + 1);
    };
    if (fault != Fault::self_leaks) exclude(p.self);
    if (fault != Fault::positive_leaks) exclude(p.positive);
    if (p.row_labels != nullptr && fault != Fault::label_leaks) {
      const std::int32_t label = p.row_labels[row];
      const auto first = std::partition_point(
          sets.order.begin(), sets.order.end(),
          [&](std::int64_t column) { return p.column_labels[column] < label; });
      const auto end = std::partition_point(first, sets.order.end(), [&](std::int64_t column) {
        return p.column_labels[column] == label;
      });
      runs.emplace_back(first - sets.order.begin(), end - sets.order.begin());
    }
    sets.rows.push_back(joined(std::move(runs), p.columns));
  }
  return sets;
}

Anchors anchors_of(const std::int32_t* labels, std::int64_t columns) {
  const std::vector<std::int64_t> order = ordered_by(labels, columns);
  Anchors anchors;
  for (std::size_t first = 0, end = 0; first < order.size(); first = end) {
    while (end < order.size() && labels[order[end]] == labels[order[first]]) ++end;
    if (end - first < 2) continue;
    const auto start = static_cast<std::int64_t>(anchors.column.size());
    anchors.class_first.push_back(start);
    for (std::size_t i = first; i < end; ++i) {
      anchors.column.push_back(order[i]);
      anchors.first.push_back(start);
      anchors.count.push_back(static_cast<std::int64_t>(end - first));
    }
  }
  return anchors;
}

}  // namespace assay::kernels::sampling
