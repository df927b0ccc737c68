// SPDX-License-Identifier: Apache-2.0
// The steps of the split tier's gradient beside the terms that bound them. Every error is required
// to be above 0, so that a term left out would be noticed.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/info_nce_split_gradient_terms.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {
namespace {

using namespace reference;
constexpr int bits = 320;
using Formula = InfoNceFormula<MpfiNumber>;

double size_up(const MpfiNumber& x) {
  const Ends e = to_interval(x).ends();
  return std::max(std::fabs(e.lo), std::fabs(e.hi));
}

struct Shares {
  double coefficient = 0, product = 0, weighted = 0, logit = 0;
};
void note(double& largest, const MpfiNumber& error, double term) {
  const double size = size_up(error);
  EXPECT_LE(size, term);
  if (size > 0) largest = std::max(largest, size / term);
}

/// One tile, one direction: the pass, its coefficients once more, and the exact operations.
void measure(const Instance& instance, Shares& shares) {
  const InfoNceProblem& p = instance.problem;
  InfoNceUpstream upstream;
  upstream.mean = 1;
  const auto sums = split::sums_of(p).value();
  const auto factors = split::gradient_factors(p, upstream, sums).value();
  const batch::Operands whole = batch::gather(p);
  split::GradientSide rows(p.d, p.n), keys(p.d, p.n);
  split::WeightedLogits logits;
  split::GradientPass(sums.operands, whole, {sums.scale, nullptr, false}, factors.rows, rows, keys,
                      logits)
      .run();
  const auto terms = split::gradient_terms(sums, factors, p.n, whole.rows.cwiseAbs().maxCoeff());

  split::GramTiles gram(sums.operands);
  gram.compute(0, p.n, 0, p.n);
  const Formula formula(p, bits);
  const auto& at = formula.context();
  const MpfiNumber log_2 = log(at.from_integer(2)), count = at.from_integer(p.n);
  Eigen::MatrixXd m(p.n, p.n);
  MpfiNumber weighted = at.from_integer(0);
  double sizes = 0;
  std::vector<std::vector<MpfiNumber>> s;
  std::vector<MpfiNumber> lse;
  for (std::int64_t i = 0; i < p.n; ++i) {
    s.push_back(formula.logits(i));
    lse.push_back(formula.row(s.back(), i).lse);
  }
  for (std::int64_t j = 0; j < p.n; ++j) {
    std::vector<double> t(static_cast<std::size_t>(p.n));
    for (std::int64_t i = 0; i < p.n; ++i)
      t[static_cast<std::size_t>(i)] =
          split::logit_of(gram.high(j)[i], gram.low(j)[i], sums.scale).high;
    split::to_coefficients(gram.high(j), gram.low(j), factors.rows.kappa.data(), 0.0, p.n,
                           split::AsTheyAre{sums.scale});
    for (std::int64_t i = 0; i < p.n; ++i) {
      const auto row = static_cast<std::size_t>(i), key = static_cast<std::size_t>(j);
      m(i, j) = i == j ? -factors.rows.q[row] : gram.high(j)[i];
      const MpfiNumber w = exp(s[row][key] - lse[row]);
      const MpfiNumber truth = (i == j ? w - at.from_integer(1) : w) / count;
      note(shares.coefficient, at.exactly(m(i, j)) - truth, terms.coefficient * std::fabs(m(i, j)));
      // Half an ulp of t is in the term `weighted`.
      note(shares.logit, at.exactly(t[row]) - s[row][key] / log_2,
           terms.logit + unit_roundoff * std::fabs(t[row]));
      if (i == j) continue;
      weighted += at.exactly(m(i, j)) * at.exactly(t[row]);
      sizes += std::fabs(m(i, j) * t[row]);
    }
  }
  note(shares.weighted, at.exactly(logits.sum.high) + at.exactly(logits.sum.low) - weighted,
       terms.weighted * sizes);
  for (std::int64_t i = 0; i < p.n; ++i)
    for (std::int64_t k = 0; k < p.d; ++k) {
      MpfiNumber of_row = at.from_integer(0), of_key = at.from_integer(0);
      double row_size = 0, key_size = 0;
      for (std::int64_t j = 0; j < p.n; ++j) {
        of_row += at.exactly(m(i, j)) * at.exactly(whole.only_keys(k, j));
        of_key += at.exactly(m(j, i)) * at.exactly(whole.rows(k, j));
        row_size += std::fabs(m(i, j) * whole.only_keys(k, j));
        key_size += std::fabs(m(j, i) * whole.rows(k, j));
      }
      const double term = terms.product + terms.join;
      note(shares.product, at.exactly(rows.high(k, i)) + at.exactly(rows.low(k, i)) - of_row,
           term * row_size);
      note(shares.product, at.exactly(keys.high(k, i)) + at.exactly(keys.low(k, i)) - of_key,
           term * key_size);
    }
}

TEST(InfoNceSplitGradientSteps, EveryStepStaysWithinItsTerm) {
  Shares shares;
  for (std::uint64_t seed = 0; seed < 7; ++seed)
    measure(make({static_cast<Kind>(seed % 7), 12 + static_cast<std::int64_t>(seed), 3,
                  seed % 2 == 0 ? 0.5 : 0.05, InfoNceForm::one_direction, seed}),
            shares);
  measure(make({Kind::clusters, 70, 2, 1.0, InfoNceForm::one_direction, 3}), shares);
  fmt::print(
      "  largest shares: coefficient {:.3f}, product {:.3f}, weighted {:.3f}, logit {:.3f}\n",
      shares.coefficient, shares.product, shares.weighted, shares.logit);
  EXPECT_GT(shares.coefficient, 0);
  EXPECT_GT(shares.product, 0);
  EXPECT_GT(shares.weighted, 0);
  EXPECT_GT(shares.logit, 0);
}

}  // namespace
}  // namespace assay::testing
