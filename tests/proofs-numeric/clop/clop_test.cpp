// SPDX-License-Identifier: Apache-2.0
// CLOP on trial: the verdicts of the findings, and the parts its claims are computed from.
#include <gtest/gtest.h>

#include "proofs-numeric/claims.hpp"
#include "proofs-numeric/subject/vectors.hpp"
#include "properties/engine/claim/check.hpp"

namespace assay::proofs {
namespace {

Verdict verdict_of(const char* id) {
  const Claim* c = all_claims().find(id);
  if (c == nullptr) throw std::logic_error(std::string("no claim ") + id);
  CheckOptions options;
  options.evaluations = 1500;
  return check_claim(*c, options).verdict;
}

TEST(Clop, FindingsAreRefutedAndTheirCorrectionsStand) {
  for (const char* id :
       {"clop/theorem-1/non-increasing/quotient", "clop/theorem-1/proof/after-7/second-line",
        "clop/theorem-1/proof/bound/equality", "clop/theorem-1/proof/b",
        "clop/section-3-2/simplex-value/as-printed", "clop/lemma-1/all-equal",
        "clop/lemma-1/proof/equal-probability", "clop/section-3-2/projection/total-similarity",
        "clop/lemma-2/proof/negative"})
    EXPECT_EQ(verdict_of(id), Verdict::refuted) << id;
  for (const char* id :
       {"clop/theorem-1/non-increasing/eta-at-most-1", "clop/theorem-1/proof/after-7/corrected",
        "clop/theorem-1/proof/bound/corrected", "clop/section-3-2/simplex-value/without-minus",
        "clop/lemma-1/co-linear/never", "clop/lemma-2/total-similarity",
        "clop/section-3-2/projection/with-sign"})
    EXPECT_EQ(verdict_of(id), Verdict::unrefuted) << id;
}

TEST(Clop, DeterminantsOfEquiangularVectors) {
  for (int k = 2; k <= 5; ++k) {
    EXPECT_EQ(simplex_gram(k).determinant(k).text(), "0");
    // k - 1 vectors at inner products -1/(k-1): (1 + 1/(k-1))^(k-2) (1 - (k-2)/(k-1))
    const Real rho = Real::ratio(-1, k - 1);
    const Real expected = pow(Real(1) - rho, k - 2) * (Real(1) + Real(k - 2) * rho);
    EXPECT_EQ(simplex_gram(k).determinant(k - 1).text(), expected.text());
  }
}

TEST(Clop, OneStepFlipsAnOutlierMajority) {
  // Five points at e, one at -e, learning rate 2: norms 1/5 and 3, and all end at -e.
  std::vector<Real> g;
  for (int i = 0; i < 6; ++i)
    for (int j = 0; j < 6; ++j) g.push_back((i == 5) == (j == 5) ? 1 : -1);
  const MeanStep step = mean_step(Gram(6, g), 2);
  EXPECT_EQ(step.before.text(), "4/9");
  EXPECT_EQ(step.after.text(), "1");
  EXPECT_EQ(step.squares.front().text(), "1/25");
  EXPECT_EQ(step.squares.back().text(), "9");
}

TEST(Clop, StepKeepsZeroMeanAndShrinksTheSymmetricMean) {
  EXPECT_EQ(mean_step(simplex_gram(4), 1).after.text(), "0");
  EXPECT_EQ(mean_step(inverted_groups_gram(4), 1).after.text(), "0");
  // Orthonormal points: ||mu^(1)||^2 = (1-eta)^2/(1 + eta^2/(k-1)) / k
  const Gram identity(2, {1, 0, 0, 1});
  EXPECT_EQ(mean_step(identity, Real::ratio(3, 4)).after.text(), "1/50");
}

}  // namespace
}  // namespace assay::proofs
