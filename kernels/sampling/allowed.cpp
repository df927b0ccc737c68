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

}  // namespace

AllowedSets allowed_sets(const Population& p, Fault fault) {
  AllowedSets sets;
  const bool labelled = p.row_labels != nullptr && fault != Fault::label_leaks;
  if (labelled) sets.by_label = ordered_by(p.column_labels, p.columns);
  const auto& by_label = sets.by_label;
  sets.rows.reserve(static_cast<std::size_t>(p.rows));
  for (std::int64_t row = 0; row < p.rows; ++row) {
    Excluded e{0, 0, {no_rank, no_rank}, p.columns};
    auto first = by_label.begin(), end = first;
    if (labelled) {
      const std::int32_t label = p.row_labels[row];
      first = std::partition_point(by_label.begin(), by_label.end(), [&](std::int64_t column) {
        return p.column_labels[column] < label;
      });
      end = std::partition_point(first, by_label.end(), [&](std::int64_t column) {
        return p.column_labels[column] == label;
      });
    }
    e.class_first = first - by_label.begin();
    e.members = end - first;
    const auto exclude = [&](const std::int64_t* columns, std::int64_t& rank) {
      if (columns == nullptr || columns[row] < 0) return;
      const auto at = std::lower_bound(first, end, columns[row]);
      if (at == end || *at != columns[row]) rank = columns[row] - (at - first);
    };
    if (fault != Fault::self_leaks) exclude(p.self, e.rank[0]);
    if (fault != Fault::positive_leaks) exclude(p.positive, e.rank[1]);
    if (e.rank[0] == e.rank[1]) e.rank[1] = no_rank;
    if (e.rank[1] < e.rank[0]) std::swap(e.rank[0], e.rank[1]);
    e.allowed -= e.members + (e.rank[0] < no_rank ? 1 : 0) + (e.rank[1] < no_rank ? 1 : 0);
    sets.rows.push_back(e);
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
