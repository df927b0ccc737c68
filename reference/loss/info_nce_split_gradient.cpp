// SPDX-License-Identifier: Apache-2.0
// The split tier of the InfoNCE gradient. Derivation: docs/loss/info_nce-split.md, "the gradient".
#include <algorithm>
#include <cmath>
#include <limits>

#include "reference/arithmetic/environment.hpp"
#include "reference/loss/info_nce_check.hpp"
#include "reference/loss/info_nce_gradient_formula.hpp"
#include "reference/loss/info_nce_split_gradient_terms.hpp"

namespace assay::reference {
namespace {

using split::GradientSide;
using split::GradientTerms;

/// Largest entry of each component in absolute value.
Eigen::VectorXd largest_components(const Eigen::MatrixXd& vectors) {
  return vectors.cwiseAbs().rowwise().maxCoeff();
}

/// The derivatives with respect to `count` vectors from `first` on. `partners`: the vectors that
/// the coefficients multiply; the positive of vector i is partners.col(positive[i]).
struct ViewOf {
  const GradientSide& side;
  const Eigen::MatrixXd& partners;
  const Eigen::VectorXd& largest;
  std::int64_t first = 0, count = 0;
};

std::vector<Ends> view_ends(const ViewOf& view, const split::Operands& o,
                            const split::GradientFactors& factors, const GradientTerms& terms,
                            double temperature) {
  const Eigen::Index d = view.side.high.rows();
  std::vector<Ends> out;
  out.reserve(static_cast<std::size_t>(view.count * d));
  for (std::int64_t i = view.first; i < view.first + view.count; ++i) {
    const auto at = static_cast<std::size_t>(i);
    const std::int64_t partner = o.partner_of(i);  // its own inverse
    double positive = std::fabs(factors.rows.q[at]);
    if (o.joint())
      positive = add_up(positive, std::fabs(factors.rows.q[static_cast<std::size_t>(partner)]));
    for (Eigen::Index k = 0; k < d; ++k) {
      if (view.largest[k] == 0 || factors.largest == 0) {
        out.push_back(exactly(0.0));
        continue;
      }
      const double size = add_up(multiply_up(view.side.weight[at], view.largest[k]),
                                 multiply_up(positive, std::fabs(view.partners(k, partner))));
      const double value = split::derivative_of(view.side, k, i, temperature);
      const double radius = terms.radius_up(size, value, temperature);
      out.push_back(ends_around({value, 0.0}, radius));
    }
  }
  return out;
}

InfoNceGradients all_zero(const InfoNceProblem& p) {
  const auto size = static_cast<std::size_t>(p.n * p.d);
  return {std::vector<Ends>(size, exactly(0.0)), std::vector<Ends>(size, exactly(0.0)),
          exactly(0.0), "split"};
}

}  // namespace

std::optional<InfoNceGradients> enclose_info_nce_gradients_split(const InfoNceProblem& problem,
                                                                 const InfoNceUpstream& upstream) {
  ensure_sound_environment();
  check_shape(problem);
  check_upstream(problem.rows(), upstream);
  const auto sums = split::sums_of(problem);
  if (!sums || !(sums->terms.log_ratio_up() <= 0x1p-6)) return std::nullopt;
  if (problem.n == 1) return all_zero(problem);  // no negatives
  const auto factors = split::gradient_factors(problem, upstream, *sums);
  if (!factors) return std::nullopt;

  const batch::Operands whole = batch::gather(problem);
  const std::int64_t rows = problem.rows();
  const bool joint = sums->operands.joint();
  const bool shifted = !sums->shifts.empty();
  const split::Walk walk{sums->scale, shifted ? &sums->shifts : nullptr,
                         joint && !shifted && factors->one_sign};
  GradientSide row_side(problem.d, rows), only_key_side(problem.d, joint ? 0 : rows);
  GradientSide& key_side = joint ? row_side : only_key_side;
  split::WeightedLogits logits;
  batch::NoProbe probe;
  split::GradientPass(sums->operands, whole, walk, factors->rows, row_side, key_side, logits, probe)
      .run();

  const Eigen::VectorXd of_rows = largest_components(whole.rows);
  const Eigen::VectorXd of_keys = joint ? of_rows : largest_components(whole.only_keys);
  const double largest = std::max(of_rows.maxCoeff(), of_keys.maxCoeff());
  const GradientTerms terms = split::gradient_terms(*sums, *factors, rows, largest);
  const ViewOf a{row_side, whole.keys(), of_keys, 0, problem.n};
  const ViewOf b{key_side, whole.rows, of_rows, joint ? problem.n : 0, problem.n};
  InfoNceGradients out;
  out.a = view_ends(a, sums->operands, *factors, terms, problem.temperature);
  out.b = view_ends(b, sums->operands, *factors, terms, problem.temperature);
  double weight = 0;
  for (const double w : row_side.weight) weight = add_up(weight, w);
  out.temperature = split::temperature_ends(logits, *factors, weight, terms, problem.temperature);
  out.tier = "split";
  return out;
}

}  // namespace assay::reference
