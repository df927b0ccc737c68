// SPDX-License-Identifier: Apache-2.0
// From a request on the host to what kernels read.
#pragma once

#include "kernels/sampling/population.cuh"

namespace assay::kernels::sampling {

/// The population in a memory (memory.hpp); only what the method reads.
template <class Memory>
View view_of(const Population& p, Memory& memory) {
  View v{};
  v.rows = p.rows;
  v.columns = p.columns;
  v.score_stride = p.score_stride;
  v.dimension = p.dimension;
  if (p.scores != nullptr) {
    v.scores = memory.input(p.scores, p.rows > 0 ? (p.rows - 1) * p.score_stride + p.columns : 0);
  } else if (p.x != nullptr && p.y != nullptr) {
    v.x = memory.input(p.x, p.rows * p.dimension);
    v.y = memory.input(p.y, p.columns * p.dimension);
  }
  v.tilt = p.tilt;
  v.beta = p.beta;
  v.inv_tau = p.inv_tau;
  v.power = p.power;
  v.self = memory.input(p.self, p.rows);
  v.positive = memory.input(p.positive, p.rows);
  v.row_labels = memory.input(p.row_labels, p.rows);
  v.column_labels = memory.input(p.column_labels, p.columns);
  return v;
}

/// What a summary forbids; null if nothing. `wanted` columns must have a positive weight.
inline const char* objection(const RowSummary& row, std::int64_t wanted) {
  if (row.bad != 0) return "a score is NaN, infinite or (a weight) negative";
  if (row.support == 0) return "no column has a positive weight";
  if (row.support < wanted) return "fewer than k columns have a positive weight";
  return nullptr;
}

}  // namespace assay::kernels::sampling
