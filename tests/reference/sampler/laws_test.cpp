// SPDX-License-Identifier: Apache-2.0
// Laws of samplers against second formulas: sums to one, marginals, enumerations, the data model.
#include "reference/sampler/laws.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>

#include "reference/model/finite_model.hpp"

namespace assay::reference {
namespace {

const Arithmetic arithmetic = Arithmetic::enclosing(Engine::mpfi, 128);

std::vector<Real> fractions(std::initializer_list<int> numerators, int denominator) {
  std::vector<Real> x;
  for (const int n : numerators) x.push_back(arithmetic(n, denominator));
  return x;
}

bool is_exactly(const Real& x, const Real& y) { return x.is_exact() && equal(x, y) == Truth::yes; }
/// Overlapping enclosures that are narrow.
void expect_close(const Real& x, const Real& y) {
  EXPECT_NE(equal(x, y), Truth::no) << x.text() << " and " << y.text();
  EXPECT_LT((x - y).interval().width_up(), 0x1p-100);
}
void expect_law(std::span<const Real> law) {
  Real total = sum(law);
  if (total.is_exact())
    EXPECT_TRUE(is_exactly(total, 1)) << total.text();
  else
    expect_close(total, 1);
}

const std::vector<int> labels = {3, 1, 3, 2, 1, 3, 5};

TEST(SamplerLaws, TheTwoStagesOfThePaperAreUniformOnTheOtherClasses) {
  for (const bool scl : {false, true}) {
    const Candidates c{7, -1, -1, labels, scl, 3};
    const std::vector<Real> one = base_law(c), two = two_stage_law(c);
    expect_law(one);
    for (std::size_t j = 0; j < 7; ++j) {
      EXPECT_TRUE(is_exactly(one[j], two[j]));
      EXPECT_TRUE(is_exactly(
          one[j], scl ? (labels[j] == 3 ? Real(0) : Real::ratio(1, 4)) : Real::ratio(1, 7)));
    }
  }
  EXPECT_THROW(two_stage_law({2, -1, -1, {1, 1}, true, 1}), std::invalid_argument);
  const std::vector<Real> without = base_law({7, 2, 4, labels, true, 3});
  expect_law(without);
  EXPECT_TRUE(is_exactly(without[1], Real::ratio(1, 3)));
  EXPECT_TRUE(is_exactly(without[4], 0));
}

TEST(SamplerLaws, TheDataModelHasTheSameNegativeClasses) {
  const FiniteModel model = uniform_model(4, 2, 3);  // batch: every point once
  std::vector<int> classes;
  for (int y = 0; y < 4; ++y) classes.insert(classes.end(), 2, y);
  const std::vector<Real> law = base_law({8, -1, -1, classes, true, 1});
  for (int l = 0; l < 4; ++l)
    for (int x = 0; x < 2; ++x)
      EXPECT_TRUE(is_exactly(law[static_cast<std::size_t>(2 * l + x)],
                             model.other_class_probability(1, l) * model.s(l, x)));
}

TEST(SamplerLaws, ASeparableHardeningFactors) {
  const std::vector<Real> base = base_law({5, 1, -1, {}, false, 0});
  const std::vector<Real> u = fractions({3, 1, -2, 5, -7}, 8);
  for (const Hardening& h : {Hardening::exponential(arithmetic(5)), Hardening::polynomial(3)}) {
    const std::vector<Real> one = hardened_law(base, u, h);
    const JointLaw joint = hardened_joint_law(base, u, h, 3);
    expect_law(one);
    expect_law(joint.law);
    for (std::size_t a = 0; a < 5; ++a)
      for (std::size_t b = 0; b < 5; ++b)
        expect_close(joint.law[a * 25 + b * 5 + 3], one[a] * one[b] * one[3]);
    for (int place = 0; place < 3; ++place) {
      const std::vector<Real> m = marginal(joint.law, 5, 3, place);
      for (std::size_t j = 0; j < 5; ++j) expect_close(m[j], one[j]);
    }
    // gamma = (sum p h(u))^k, theory (3.3).
    Real gamma = 0;
    for (std::size_t j = 0; j < 5; ++j) gamma += base[j] * h.factor(u[j]);
    expect_close(joint.gamma, pow(gamma, 3));
  }
  EXPECT_TRUE(hardened_law(base, u, Hardening::polynomial(3))[0].is_exact());
  EXPECT_THROW(hardened_law(base, u, Hardening::max_plus_one()), std::logic_error);
  EXPECT_THROW(hardened_law(base, fractions({-1, 0, -2, -1, -1}, 1), Hardening::polynomial(2)),
               std::invalid_argument);
}

TEST(SamplerLaws, AJointHardeningDoesNotFactorAndKeepsItsSymmetry) {
  const std::vector<Real> base = base_law({4, -1, -1, {}, false, 0});
  const std::vector<Real> u = fractions({3, 0, -2, -4}, 4);
  const JointLaw joint = hardened_joint_law(base, u, Hardening::max_plus_one(), 2);
  expect_law(joint.law);
  for (std::size_t a = 0; a < 4; ++a)
    for (std::size_t b = 0; b < 4; ++b) {
      EXPECT_TRUE(is_exactly(joint.law[4 * a + b], joint.law[4 * b + a]));
      const Real eta = max(u[a], u[b]) + 1;
      EXPECT_TRUE(is_exactly(joint.law[4 * a + b] * joint.gamma, eta / 16));
    }
  const std::vector<Real> m = marginal(joint.law, 4, 2, 0);
  EXPECT_FALSE(is_exactly(joint.law[5], m[1] * m[1]));
  // gamma by hand: maxima 7/4 seven times, 1 five times, 1/2 three times, 0 once.
  EXPECT_TRUE(is_exactly(joint.gamma, Real::ratio(7 * 7 + 4 * 5 + 2 * 3, 64)));
  EXPECT_TRUE(is_exactly(probability_of_no_proposal(joint.gamma, arithmetic(7, 4), 2),
                         Real::ratio(37 * 37, 112 * 112)));
}

TEST(SamplerLaws, PlackettAndLuceAgreeWithTheRecursionOverSets) {
  const std::vector<Real> w = fractions({1, 4, 0, 2, 9, 1}, 3);
  for (int k = 1; k <= 4; ++k) {
    const std::vector<Real> law = plackett_luce_law(w, k);
    expect_law(law);
    std::vector<Real> included(6);
    for (int place = 0; place < k; ++place) {
      const std::vector<Real> m = marginal(law, 6, k, place);
      for (std::size_t j = 0; j < 6; ++j) included[j] += m[j];
    }
    const std::vector<Real> sets = inclusion_probabilities(w, k);
    for (std::size_t j = 0; j < 6; ++j) EXPECT_TRUE(is_exactly(included[j], sets[j])) << k << j;
  }
  EXPECT_TRUE(is_exactly(plackett_luce_law(w, 2)[1 * 6 + 4], Real::ratio(4 * 9, 17 * 13)));
  EXPECT_THROW(plackett_luce_law(w, 6), std::invalid_argument);
  const std::vector<Real> alike(5, Real(1));
  for (const Real& p : plackett_luce_law(alike, 3))
    EXPECT_TRUE(is_exactly(p, 0) || is_exactly(p, Real::ratio(1, 60)));
}

TEST(SamplerLaws, TopKGivesTiesToTheSmallerColumn) {
  const std::vector<Real> s = fractions({1, 5, 3, 5, 3, 0}, 7);
  const Candidates all{6, -1, -1, {}, false, 0};
  TopK top = top_k(s, all, 3);
  EXPECT_EQ(top.columns, (std::vector<std::int64_t>{1, 3, 2}));
  EXPECT_TRUE(top.tie_at_boundary);
  EXPECT_FALSE(top_k(s, all, 4).tie_at_boundary);
  EXPECT_EQ(top_k(s, {6, 1, 2, {}, false, 0}, 2).columns, (std::vector<std::int64_t>{3, 4}));
  std::vector<Real> close = {exp(arithmetic(1, 3)), exp(arithmetic(1, 3)), Real(0)};
  EXPECT_TRUE(top_k(close, {3, -1, -1, {}, false, 0}, 1).undecided);
  EXPECT_THROW(top_k(s, all, 7), std::invalid_argument);
}

TEST(SamplerLaws, PairsAndPartitions) {
  const std::vector<Real> law = anchor_positive_law(labels);
  expect_law(law);
  EXPECT_TRUE(is_exactly(law[0 * 7 + 2], Real::ratio(1, 10)));
  EXPECT_TRUE(is_exactly(law[1 * 7 + 4], Real::ratio(1, 5)));
  EXPECT_TRUE(is_exactly(law[3 * 7 + 3], 0));
  const std::int64_t sizes[] = {2, 3, 1};
  EXPECT_TRUE(is_exactly(partition_probability(sizes), Real::ratio(2 * 6, 720)));
}

TEST(BitLaws, RangesAreWhatCountingSays) {
  for (const int bits : {0, 1, 3, 6, 9})
    for (std::int64_t n = 1; n < 40; ++n) {
      const std::int64_t words = std::int64_t{1} << bits;
      std::vector<long long> counts(static_cast<std::size_t>(n));
      for (std::int64_t u = 0; u < words; ++u) ++counts[static_cast<std::size_t>(u * n / words)];
      std::vector<Real> q, p(static_cast<std::size_t>(n), Real::ratio(1, n));
      for (std::int64_t i = 0; i < n; ++i) {
        q.push_back(range_probability(n, bits, i));
        EXPECT_TRUE(is_exactly(q.back(), Real::ratio(counts[static_cast<std::size_t>(i)], words)));
      }
      EXPECT_TRUE(is_exactly(total_variation(p, q), range_distance(n, bits))) << n << ' ' << bits;
      // Never above n 2^-bits / 4.
      EXPECT_NE(less(Real::ratio(n, 4 * words), range_distance(n, bits)), Truth::yes);
    }
}

TEST(BitLaws, InverseCdfIsWhatCountingSays) {
  const std::vector<std::uint64_t> weights = {0, 5, 0, 1, 17, 4096, 3, 0};
  const std::uint64_t total = std::accumulate(weights.begin(), weights.end(), std::uint64_t{0});
  for (const int bits : {0, 2, 7, 13}) {
    std::vector<long long> counts(weights.size());
    for (std::uint64_t u = 0; u < std::uint64_t{1} << bits; ++u) {
      std::uint64_t sum = 0;
      std::size_t j = 0;
      while ((sum += weights[j]) <= u * total >> bits) ++j;
      ++counts[j];
    }
    const std::vector<Real> law = inverse_cdf_law(weights, bits);
    expect_law(law);
    for (std::size_t j = 0; j < law.size(); ++j)
      EXPECT_TRUE(is_exactly(law[j], Real::ratio(counts[j], 1LL << bits)));
  }
  // On many bits the law comes close to the weights: within columns * 2^-bits / 2.
  std::vector<Real> p;
  for (const std::uint64_t w : weights)
    p.push_back(Real::ratio(static_cast<long long>(w), static_cast<long long>(total)));
  EXPECT_EQ(less(total_variation(p, inverse_cdf_law(weights, 64)), pow(Real::ratio(1, 2), 62)),
            Truth::yes);
}

TEST(BitLaws, AnAliasTableHasTheLawOfItsParts) {
  // Weights 1 : 2 : 5 on three columns, by hand: columns hold 8, loads are 3, 6, 15.
  const std::uint64_t accept[] = {3, 6, 0};
  const std::int64_t other[] = {2, 2, 2};
  const std::vector<Real> law = alias_law(accept, other, 4000, 3);
  expect_law(law);
  const std::vector<Real> p = {Real::ratio(1, 8), Real::ratio(2, 8), Real::ratio(5, 8)};
  EXPECT_EQ(less(total_variation(p, law), pow(Real::ratio(1, 2), 3990)), Truth::yes);
}

}  // namespace
}  // namespace assay::reference
