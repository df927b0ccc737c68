// SPDX-License-Identifier: Apache-2.0
// The unverified yardstick: the a-priori tier's own algorithm in plain double, without its bounds.
#pragma once

#include <cmath>
#include <cstddef>
#include <vector>

#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_batch.hpp"

namespace assay::bench {

/// Mean InfoNCE loss and per-row losses: same copy, tiles, symmetry, matrix product, exponential
/// and blocked sums as `enclose_info_nce_a_priori`; no norms, no compensated joins, no bounds, and
/// the C library's log1p. Also the row log-sum-exp where asked for.
struct PlainInfoNce {
  double loss = 0;
  std::vector<double> row_loss, row_lse;
};

inline PlainInfoNce info_nce_plain(const reference::InfoNceProblem& problem, bool with_row_lse) {
  using namespace reference::batch;
  const Operands operands = gather(problem);
  reference::batch::RowSums sums(problem.rows());
  NoProbe probe;
  TiledPass<JoinPlainly, NoProbe>(operands, logit_scale(problem.temperature), sums, probe).run();
  PlainInfoNce out;
  const auto rows = static_cast<std::size_t>(problem.rows());
  out.row_loss.resize(rows);
  if (with_row_lse) out.row_lse.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    out.row_loss[i] = std::log1p(sums.high[i] / sums.positive[i]);
    if (with_row_lse) out.row_lse[i] = std::log(sums.high[i] + sums.positive[i]);
    out.loss += out.row_loss[i];
  }
  out.loss /= static_cast<double>(rows);
  return out;
}

}  // namespace assay::bench
