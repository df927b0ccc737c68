// SPDX-License-Identifier: Apache-2.0
// The laws in binary64 against the exact tier of laws.hpp.
#include "reference/sampler/enclosed_laws.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "reference/arithmetic/rational.hpp"
#include "reference/sampler/laws.hpp"

namespace assay::reference {
namespace {

const Arithmetic in = Arithmetic::enclosing(Engine::mpfi, 200);

struct Row {
  std::vector<Ends> scores;
  std::vector<Real> exact;
  std::vector<bool> drawable;
};

/// Scores on a grid of 2^-8 below `spread`, some columns not drawable.
Row random_row(std::size_t columns, double spread, unsigned seed) {
  std::mt19937 generator(seed);
  Row row;
  for (std::size_t j = 0; j < columns; ++j) {
    const double s = spread * (static_cast<double>(generator() % 512) / 256 - 1);
    row.scores.push_back(exactly(s));
    row.exact.push_back(in(Real::exactly(s)));
    row.drawable.push_back(columns < 3 || generator() % 4 != 0);
  }
  row.drawable[0] = row.drawable[columns - 1] = true;
  return row;
}

void expect_encloses(const std::vector<Ends>& law, const std::vector<Real>& truth) {
  ASSERT_EQ(law.size(), truth.size());
  for (std::size_t j = 0; j < law.size(); ++j) {
    const Ends t =
        truth[j].is_exact() ? in(truth[j]).interval().ends() : truth[j].interval().ends();
    EXPECT_LE(law[j].lo, t.hi) << j;
    EXPECT_GE(law[j].hi, t.lo) << j;
    EXPECT_LE(law[j].hi - law[j].lo, t.hi * 0x1p-40) << j;
    EXPECT_EQ(law[j].hi == 0, t.hi == 0) << j;
  }
}

std::vector<Real> exact_weights(const WeightRule& rule, const Row& row) {
  std::vector<Real> w;
  for (std::size_t j = 0; j < row.exact.size(); ++j) {
    const Real u = row.exact[j] * in(Real::exactly(rule.inv_tau));
    Real x = 1;
    if (rule.kind == WeightKind::weights) x = row.exact[j];
    if (rule.kind == WeightKind::exponential) x = exp(in(Real::exactly(rule.beta)) * u);
    if (rule.kind == WeightKind::polynomial) x = pow(max(u + Real(1), Real(0)), rule.power);
    w.push_back(row.drawable[j] ? x : Real(0));
  }
  return w;
}

TEST(EnclosedLaws, EncloseTheExactLawOfEveryWeightRule) {
  for (const WeightRule& rule :
       {WeightRule{WeightKind::uniform, 1, 1, 1}, WeightRule{WeightKind::exponential, 2, 1.5, 1},
        WeightRule{WeightKind::exponential, 0.7, 12, 1},
        WeightRule{WeightKind::polynomial, 1, 0.9, 3}, WeightRule{WeightKind::weights, 1, 1, 1}})
    for (const std::size_t columns : {1, 2, 40}) {
      Row row = random_row(columns, 2, static_cast<unsigned>(columns));
      if (rule.kind == WeightKind::weights)
        for (std::size_t j = 0; j < columns; ++j) {
          row.scores[j] = exactly(std::fabs(row.scores[j].lo) + 0.25);
          row.exact[j] = in(Real::exactly(row.scores[j].lo));
        }
      if (rule.kind == WeightKind::polynomial) {
        row.scores[0] = exactly(0.5);
        row.exact[0] = in(Real::exactly(0.5));
      }
      const std::vector<Ends> w = enclosed_weights(rule, row.scores, row.drawable);
      expect_encloses(enclosed_law_of_weights(w), law_of_weights(exact_weights(rule, row)));
    }
}

TEST(EnclosedLaws, EncloseTheLawsOfTuples) {
  const WeightRule rule{WeightKind::exponential, 2, 1.5, 1};
  const Row row = random_row(5, 1, 3);
  const std::vector<Ends> w = enclosed_weights(rule, row.scores, row.drawable);
  for (const int k : {1, 2, 3})
    expect_encloses(enclosed_plackett_luce_law(w, k),
                    plackett_luce_law(exact_weights(rule, row), k));
  const Row half = random_row(4, 0.5, 5);
  std::vector<Real> base, u;
  const long long allowed = std::count(half.drawable.begin(), half.drawable.end(), true);
  for (std::size_t j = 0; j < 4; ++j) {
    base.push_back(half.drawable[j] ? Real::ratio(1, allowed) : Real(0));
    u.push_back(half.exact[j] * in(Real::exactly(0.5)));
  }
  expect_encloses(enclosed_joint_law(JointKind::max_plus_one, 0.5, half.scores, half.drawable, 2),
                  hardened_joint_law(base, u, Hardening::max_plus_one(), 2).law);
  expect_encloses(enclosed_joint_law(JointKind::sum_plus_one, 0.5, half.scores, half.drawable, 3),
                  hardened_joint_law(base, u, Hardening::sum_plus_one(1), 3).law);
}

TEST(EnclosedLaws, EncloseTheLawsOfPairsAndOfTheHeaviest) {
  const std::vector<std::int64_t> labels = {3, 1, 3, 2, 1, 3, 5};
  expect_encloses(enclosed_anchor_positive_law(labels),
                  anchor_positive_law(std::vector<int>(labels.begin(), labels.end())));
  const Row row = random_row(6, 1, 8);
  const std::vector<Ends> w =
      enclosed_weights({WeightKind::exponential, 1, 1, 1}, row.scores, row.drawable);
  Candidates candidates{6, -1, -1, std::vector<int>(6, 0), true, 1};
  for (std::size_t j = 0; j < 6; ++j) candidates.labels[j] = row.drawable[j] ? 0 : 1;
  const TopK top = top_k(row.exact, candidates, 2);
  const std::vector<Ends> law = enclosed_top_k_law(row.scores, w, 2);
  EXPECT_EQ(law[static_cast<std::size_t>(top.columns[0] * 6 + top.columns[1])], exactly(1));
  std::vector<Ends> wide = row.scores;
  for (Ends& s : wide) s = {s.lo - 4, s.hi + 4};
  EXPECT_THROW(enclosed_top_k_law(wide, w, 2), NoLaw);
}

TEST(EnclosedDot, EnclosesTheExactSumAndIsNarrow) {
  std::mt19937 generator(1);
  std::normal_distribution<float> normal;
  for (int round = 0; round < 300; ++round) {
    std::vector<float> x, y;
    Rational truth = 0;
    double size = 0;
    for (int a = 0; a < 1 + round % 40; ++a) {
      x.push_back(std::ldexp(normal(generator), static_cast<int>(generator() % 60) - 30));
      y.push_back(a % 3 == 2 ? -y[0] : normal(generator));
      truth += rational_from(static_cast<double>(x.back())) *
               rational_from(static_cast<double>(y.back()));
      size = std::max(size, std::fabs(static_cast<double>(x.back() * y.back())));
    }
    const Ends dot = enclosed_dot(x, y);
    EXPECT_LE(rational_from(dot.lo), truth);
    EXPECT_GE(rational_from(dot.hi), truth);
    EXPECT_LE(dot.hi - dot.lo, 0x1p-50 * std::max(std::fabs(dot.hi), size * 0x1p-40));
  }
  EXPECT_EQ(enclosed_dot(std::vector<float>{0.5F, 2}, std::vector<float>{3, 1}), exactly(3.5));
  const float infinity = std::numeric_limits<float>::infinity();
  EXPECT_EQ(enclosed_dot(std::vector<float>{1, 1}, std::vector<float>{infinity, 1}),
            exactly(std::numeric_limits<double>::infinity()));
}

TEST(EnclosedWeights, OfWideScoresContainThoseOfEveryScoreInside) {
  const std::vector<Ends> wide = {{-1.25, -1}, {0.5, 0.75}, {0.25, 0.25}};
  const std::vector<bool> all(3, true);
  for (const WeightKind kind : {WeightKind::exponential, WeightKind::polynomial}) {
    const WeightRule rule{kind, 2, 0.5, 3};
    const auto outer = enclosed_law_of_weights(enclosed_weights(rule, wide, all));
    for (const double first : {-1.25, -1.125, -1.0})
      for (const double second : {0.5, 0.625, 0.75}) {
        const auto law = enclosed_law_of_weights(enclosed_weights(
            rule, std::vector<Ends>{exactly(first), exactly(second), wide[2]}, all));
        for (std::size_t j = 0; j < 3; ++j) {
          EXPECT_LE(outer[j].lo, law[j].hi);
          EXPECT_GE(outer[j].hi, law[j].lo);
        }
      }
  }
}

}  // namespace
}  // namespace assay::reference
