// SPDX-License-Identifier: Apache-2.0
// The a-priori tier of InfoNCE: the batched double computation with its proved bound around it.
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/arithmetic/environment.hpp"
#include "reference/loss/info_nce.hpp"
#include "reference/loss/info_nce_a_priori_terms.hpp"
#include "reference/loss/info_nce_batch.hpp"
#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/upward.hpp"

namespace assay::reference {
namespace {

/// Exponents and sizes for which every intermediate number is a normal double: see section "range".
constexpr double largest_logit_up = 350.0;
constexpr std::int64_t largest_size = std::int64_t{1} << 26;

struct Range {
  std::vector<double> products_up;  ///< per row: bound of its norm times the largest key norm
  bool products_exact = false;
};

/// Empty outside the range of the tier; a comparison with NaN ends there too.
std::optional<Range> range_of(const batch::Operands& operands, double temperature) {
  ColumnFacts rows = facts_of(operands.rows);
  const ColumnFacts only_keys = facts_of(operands.only_keys);
  const ColumnFacts& keys = operands.joint() ? rows : only_keys;
  double largest_key = 0;
  for (const double norm : keys.norms_up) {
    if (!(norm < std::numeric_limits<double>::infinity())) return std::nullopt;
    largest_key = std::max(largest_key, norm);
  }
  Range range{rows.norms_up, rows.products_exact && keys.products_exact};
  for (double& product : range.products_up) {
    product = multiply_up(product, largest_key);
    if (!(divide_up(product, temperature) < largest_logit_up)) return std::nullopt;
  }
  return range;
}

}  // namespace

std::optional<InfoNceEnclosures> enclose_info_nce_a_priori(const InfoNceProblem& problem,
                                                           bool with_row_lse) {
  ensure_sound_environment();
  check_shape(problem);
  const double scale = batch::logit_scale(problem.temperature);
  if (!std::isnormal(scale) || problem.rows() > largest_size || problem.d > largest_size)
    return std::nullopt;
  const batch::Operands operands = batch::gather(problem);
  const auto range = range_of(operands, problem.temperature);
  if (!range) return std::nullopt;

  batch::RowSums sums(problem.rows());
  batch::NoProbe probe;
  batch::TiledPass<batch::JoinExactly, batch::NoProbe>(operands, scale, sums, probe).run();

  const AprioriScale sizes = scale_of(problem, range->products_exact);
  const auto rows = static_cast<std::size_t>(problem.rows());
  std::vector<Bounded> losses(rows);
  InfoNceEnclosures out;
  out.tier = "a-priori";
  out.row_loss.resize(rows);
  if (with_row_lse) out.row_lse.resize(rows);
  AprioriTerms terms;
  for (std::size_t i = 0; i < rows; ++i) {
    terms = a_priori_terms(sizes, range->products_up[i]);
    const double negatives = sums.negatives(i);
    const auto loss = row_loss_of(negatives / sums.positive[i], terms);
    if (!loss) return std::nullopt;
    losses[i] = *loss;
    out.row_loss[i] = loss->ends(0.0);
    if (!with_row_lse) continue;
    const auto lse = row_lse_of(negatives + sums.positive[i], terms);
    if (!lse) return std::nullopt;
    out.row_lse[i] = lse->ends(-std::numeric_limits<double>::infinity());
  }
  out.loss = mean_of(losses, terms).ends(0.0);
  return out;
}

}  // namespace assay::reference
