// SPDX-License-Identifier: Apache-2.0
// The split tier of the InfoNCE loss: exact products, sums of pairs, and their proved bound.
#include <algorithm>

#include "reference/arithmetic/environment.hpp"
#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/info_nce_gradient.hpp"
#include "reference/loss/info_nce_split_terms.hpp"

namespace assay::reference {
namespace {

Ends ends_of(const BoundedPair& x) {
  return x.radius == 0 ? exactly(x.value.high) : ends_around(x.value, x.radius);
}
Ends loss_ends(const BoundedPair& x) {
  Ends ends = ends_of(x);
  ends.lo = std::max(ends.lo, 0.0);
  return ends;
}

}  // namespace

std::optional<InfoNceEnclosures> enclose_info_nce_split(const InfoNceProblem& problem,
                                                        bool with_row_lse) {
  ensure_sound_environment();
  check_shape(problem);
  const auto sums = split::sums_of(problem);
  if (!sums) return std::nullopt;
  if (problem.n == 1) {
    // A positive alone: nothing to shift by, and cut at 2^-1000 it would be lost. Two logits cost
    // an interval engine nothing.
    InfoNceEnclosures alone = enclose_info_nce(problem, engines().front(), 128);
    alone.tier = "split";
    if (!with_row_lse) alone.row_lse.clear();
    return alone;
  }
  const auto rows = static_cast<std::size_t>(problem.rows());
  std::vector<BoundedPair> losses(rows);
  InfoNceEnclosures out;
  out.tier = "split";
  out.row_loss.resize(rows);
  if (with_row_lse) out.row_lse.resize(rows);
  for (std::size_t i = 0; i < rows; ++i) {
    const split::RowSum row = sums->row(i);
    const auto loss = split::row_loss_of(row, sums->terms);
    if (!loss) return std::nullopt;
    losses[i] = *loss;
    out.row_loss[i] = loss_ends(*loss);
    if (!with_row_lse) continue;
    const auto lse = split::row_lse_of(row, sums->terms);
    if (!lse) return std::nullopt;
    out.row_lse[i] = ends_of(*lse);
  }
  out.loss = loss_ends(split::mean_of(losses, sums->terms));
  return out;
}

}  // namespace assay::reference
