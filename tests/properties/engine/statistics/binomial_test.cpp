// SPDX-License-Identifier: Apache-2.0
// Binomial tails and confidence bounds against exact sums, closed cases and a published table.
#include "properties/engine/statistics/binomial.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

#include "reference/arithmetic/rational.hpp"

namespace assay::engine {
namespace {

using reference::Rational;

// P(Bin(n, p) <= k), term by term in fractions.
Rational exact_tail(std::int64_t k, std::int64_t n, const Rational& p) {
  Rational sum = 0, term = 1;
  for (std::int64_t j = 0; j < n; ++j) term *= Rational(1) - p;
  for (std::int64_t j = 0; j <= k; ++j) {
    sum += term;
    term *= p / (Rational(1) - p) * (n - j) / (j + 1);
  }
  return sum;
}

bool encloses(Ends e, const Rational& x) {
  return reference::rational_from(e.lo) <= x && x <= reference::rational_from(e.hi);
}

TEST(BinomialTail, EnclosesTheExactSumTightly) {
  for (const double p : {0x1p-1, 0x1.8p-2, 0x1p-20, 0x1.fffep-1})
    for (const std::int64_t n : {1, 2, 7, 30})
      for (std::int64_t k = -1; k <= n; ++k) {
        const Rational truth = exact_tail(k, n, reference::rational_from(p));
        const Ends below = binomial_at_most(k, n, exactly(p));
        const Ends above = binomial_at_least(k + 1, n, exactly(p));
        EXPECT_TRUE(encloses(below, truth)) << k << " of " << n << " at " << p;
        EXPECT_TRUE(encloses(above, Rational(1) - truth)) << k << " of " << n << " at " << p;
        EXPECT_LE(below.hi - below.lo, 0x1p-51);
      }
}

TEST(BinomialTail, SmallTailsKeepTheirRelativeAccuracy) {
  // P(X = 0) = (1 - p)^n: a billion draws.
  const double p = 0x1p-24;
  const Ends none = binomial_at_most(0, 1000000000, exactly(p));
  const double expected = std::exp(1e9 * std::log1p(-p));
  EXPECT_LE(none.hi - none.lo, expected * 0x1p-50);
  EXPECT_NEAR(none.hi / expected, 1, 0x1p-30);
  // P(X >= n) = p^n.
  const Ends all = binomial_at_least(40, 40, exactly(0x1p-10));
  EXPECT_TRUE(all.contains(0x1p-400));
  EXPECT_LE(all.hi, 0x1p-400 * (1 + 0x1p-50));
}

TEST(BinomialTail, WhereItsFirstTermIsBelowAllDoublesItStillEndsAfterAFewTerms) {
  // The first term is about 2^-290000; all four million would take half a minute.
  const Ends far = binomial_at_most(4000000, 10000000, exactly(0.5));
  EXPECT_EQ(far.lo, 0);
  EXPECT_LE(far.hi, 0x1p-1022);
  const double bound = clopper_pearson_lower(5000000, 10000000, 0x1p-20);
  EXPECT_NEAR(bound, 0.5 - 4.763 * 0.5 / std::sqrt(1e7), 0x1p-20);  // 4.763: normal quantile
}

TEST(BinomialTail, AnEnclosedChanceGivesBothEnds) {
  const Ends wide = binomial_at_most(3, 20, {0.25, 0.5});
  EXPECT_EQ(wide.lo, binomial_at_most(3, 20, exactly(0.5)).lo);
  EXPECT_EQ(wide.hi, binomial_at_most(3, 20, exactly(0.25)).hi);
  EXPECT_THROW(binomial_at_most(0, 5, {0.5, 0.25}), std::invalid_argument);
  EXPECT_THROW(binomial_at_most(0, 5, exactly(1.5)), std::invalid_argument);
  EXPECT_THROW(binomial_at_most(0, -1, exactly(0.5)), std::invalid_argument);
}

TEST(ClopperPearson, ClosedCases) {
  const double delta = 1.0 / 1000000;
  for (const std::int64_t n :
       {std::int64_t{1}, std::int64_t{10}, std::int64_t{138149}, std::int64_t{1} << 40}) {
    const double n_real = static_cast<double>(n);
    const double sharp = -std::expm1(std::log(delta) / n_real);
    EXPECT_NEAR(clopper_pearson_upper(0, n, delta) / sharp, 1, 0x1p-29);
    EXPECT_GE(clopper_pearson_upper(0, n, delta), sharp * (1 - 0x1p-45));
    EXPECT_NEAR(clopper_pearson_lower(n, n, delta) / std::exp(std::log(delta) / n_real), 1,
                0x1p-29);
  }
  EXPECT_EQ(clopper_pearson_upper(5, 5, delta), 1);
  EXPECT_EQ(clopper_pearson_lower(0, 5, delta), 0);
}

TEST(ClopperPearson, TheBoundIsRefutedAndLittleLessIsNot) {
  for (const double delta : {0.05, 0.01, 0x1p-20})
    for (const std::int64_t k : {0, 1, 17, 60}) {
      const double up = clopper_pearson_upper(k, 100, delta);
      EXPECT_LE(binomial_at_most(k, 100, exactly(up)).hi, delta);
      EXPECT_GT(binomial_at_most(k, 100, exactly(up * (1 - 0x1p-25))).lo, delta);
      if (k == 0) continue;
      const double down = clopper_pearson_lower(k, 100, delta);
      EXPECT_LE(binomial_at_least(k, 100, exactly(down)).hi, delta);
      EXPECT_GT(binomial_at_least(k, 100, exactly(down * (1 + 0x1p-25))).lo, delta);
    }
}

TEST(ClopperPearson, CoverageIsExactForEveryChanceOfAGrid) {
  // P(the bound lies below p) is a sum over the outcomes whose bound does: at most delta, for all
  // p.
  const double delta = 0.05;
  const std::int64_t n = 25;
  std::array<double, 26> bound{};
  for (std::int64_t k = 0; k <= n; ++k)
    bound[static_cast<std::size_t>(k)] = clopper_pearson_upper(k, n, delta);
  for (int i = 1; i < 64; ++i) {
    const double p = i / 64.0;
    std::int64_t worst = -1;
    for (std::int64_t k = 0; k <= n; ++k)
      if (bound[static_cast<std::size_t>(k)] < p) worst = k;
    EXPECT_LE(binomial_at_most(worst, n, exactly(p)).hi, delta) << p;
  }
}

TEST(SampleSizes, AreThoseOfTheTable) {
  const double delta = 1.0 / 1000000;
  const std::array<std::int64_t, 6> mismatches = {0, 1, 2, 5, 10, 100};
  const std::array<std::array<std::int64_t, 6>, 3> draws = {
      {{1375, 1661, 1905, 2532, 3431, 15588},
       {13809, 16681, 19121, 25403, 34416, 156128},
       {138149, 166877, 191284, 254117, 344267, 1561525}}};
  const std::array<double, 3> epsilons = {1.0 / 100, 1.0 / 1000, 1.0 / 10000};
  for (std::size_t e = 0; e < 3; ++e)
    for (std::size_t m = 0; m < 6; ++m)
      EXPECT_EQ(trials_to_certify(epsilons[e], delta, mismatches[m]), draws[e][m]);
}

TEST(BinomialRange, LeavesAtMostHalfOfAlphaOnEitherSide) {
  const BinomialRange r = binomial_range(2000, 0.05, 0.01);
  EXPECT_LE(binomial_at_most(r.fewest - 1, 2000, exactly(0.05)).hi, 0.005);
  EXPECT_GT(binomial_at_most(r.fewest, 2000, exactly(0.05)).lo, 0.005);
  EXPECT_LE(binomial_at_least(r.most + 1, 2000, exactly(0.05)).hi, 0.005);
  EXPECT_GT(binomial_at_least(r.most, 2000, exactly(0.05)).lo, 0.005);
}

}  // namespace
}  // namespace assay::engine
