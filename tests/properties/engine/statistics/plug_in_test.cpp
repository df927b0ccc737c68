// SPDX-License-Identifier: Apache-2.0
// Total variation in outward arithmetic against fractions; size and power of the plug-in
// certificate.
#include "properties/engine/statistics/plug_in.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "reference/arithmetic/rational.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::engine {
namespace {

using reference::BoundedSum;
using reference::Direction;
using reference::ratio_of;
using reference::Rational;
using Counts = std::vector<std::int64_t>;

TEST(TotalVariation, EnclosesTheExactDistanceOfFractions) {
  Random random(1, "fractions", 0);
  for (int round = 0; round < 50; ++round) {
    const std::size_t k = 1 + random.below(40);
    Counts n(k), m(k);
    std::int64_t n_sum = 0, m_sum = 0;
    for (std::size_t i = 0; i < k; ++i) {
      n_sum += n[i] = static_cast<std::int64_t>(random.below(1000) + 1);
      m_sum += m[i] = static_cast<std::int64_t>(random.below(1000) + 1);
    }
    Rational truth = 0;
    std::vector<Ends> p(k);
    for (std::size_t i = 0; i < k; ++i) {
      const Rational d = Rational(n[i]) / n_sum - Rational(m[i]) / m_sum;
      truth += (d < 0 ? -d : d) / 2;
      p[i] = ratio_of(m[i], m_sum);
    }
    const Ends tv = total_variation(n, n_sum, p);
    EXPECT_LE(reference::rational_from(tv.lo), truth);
    EXPECT_GE(reference::rational_from(tv.hi), truth);
    EXPECT_LE(tv.hi - tv.lo, 0x1p-45);
  }
}

TEST(TotalVariation, IsZeroForTheLawItselfAndOneForAnotherSupport) {
  const std::vector<Ends> p = {exactly(0.5), exactly(0.25), exactly(0.25), exactly(0)};
  EXPECT_EQ(total_variation(Counts{8, 4, 4, 0}, 16, p), exactly(0));
  EXPECT_EQ(total_variation(Counts{0, 0, 0, 16}, 16, p), exactly(1));
  EXPECT_THROW(total_variation(Counts{8, 4, 3, 0}, 16, p), std::invalid_argument);
  EXPECT_THROW(total_variation(Counts{16}, 16, p), std::invalid_argument);
}

TEST(TotalVariation, WideEnclosuresCountWithTheEndThatHurts) {
  const std::vector<Ends> p = {{0.25, 0.75}, {0.25, 0.75}};
  const Ends tv = total_variation(Counts{1, 1}, 2, p);
  EXPECT_EQ(tv.lo, 0);
  EXPECT_EQ(tv.hi, 0.25);
}

TEST(BoundedSum, RoundsBothWaysAroundTheExactSum) {
  BoundedSum up(Direction::up), down(Direction::down);
  Rational truth = 0;
  Random random(2, "sum", 0);
  for (int i = 0; i < 2000; ++i) {
    const double x = std::ldexp(random.uniform(), -static_cast<int>(random.below(120)));
    up.add(x);
    down.add(x);
    truth += reference::rational_from(x);
  }
  EXPECT_GE(reference::rational_from(up.value()), truth);
  EXPECT_LE(reference::rational_from(down.value()), truth);
  EXPECT_LE(up.value() - down.value(), up.value() * 0x1p-50);
}

TEST(Widths, AreAboveTheRealFormulaByAlmostNothing) {
  const double exact = std::sqrt(std::log(1e6) / 2000);
  EXPECT_GE(mcdiarmid_width(1000, 1.0 / 1000000), exact);
  EXPECT_NEAR(mcdiarmid_width(1000, 1.0 / 1000000) / exact, 1, 0x1p-45);
  EXPECT_NEAR(dkw_width(1000, 0.05) / std::sqrt(std::log(40.0) / 2000), 1, 0x1p-45);
  EXPECT_THROW(mcdiarmid_width(0, 0.5), std::invalid_argument);
  EXPECT_THROW(mcdiarmid_width(5, 0), std::invalid_argument);
}

TEST(Epochs, SpendNoMoreThanDelta) {
  Rational spent = 0;
  for (int k = 1; k <= 1000; ++k) spent += reference::rational_from(epoch_delta(0.05, k));
  EXPECT_LE(spent, reference::rational_from(0.05));
  EXPECT_GT(spent, reference::rational_from(0.0499));
}

TEST(PlugIn, DrawsAreThoseOfTheTable) {
  const double delta = 1.0 / 1000000, beta = 1.0 / 1000;
  EXPECT_NEAR(static_cast<double>(plug_in_draws(128, 0.05, delta, beta)), 4.1e4, 1e3);
  EXPECT_NEAR(static_cast<double>(plug_in_draws(32000, 0.02, delta, beta)), 2.2e7, 1e6);
}

TEST(PlugIn, TheLevelAtOneInAMillionHoldsByAnExactSum) {
  // Two items: T is a function of one binomial count, so the chance of a wrong certificate is a
  // tail. p = 1/2, q = 1/2 + epsilon.
  const double epsilon = 0x1p-3, delta = 1.0 / 1000000;
  const std::int64_t n = 2000;
  const std::vector<Ends> p = {exactly(0.5), exactly(0.5)};
  std::int64_t most = -1, fewest = n + 1;
  for (std::int64_t c = 0; c <= n; ++c)
    if (plug_in_bounds(Counts{c, n - c}, n, p, delta).hi <= epsilon) {
      most = std::max(most, c);
      fewest = std::min(fewest, c);
    }
  ASSERT_LE(fewest, most) << "nothing certifies: the test says nothing";
  EXPECT_LE(binomial_at_most(most, n, exactly(0.5 + epsilon)).hi, delta);
  // And the exact sampler is certified at the planned size with probability 1 - beta.
  const std::int64_t planned = plug_in_draws(2, epsilon, delta, 0.01);
  std::int64_t first = planned, last = 0;
  for (std::int64_t c = 0; c <= planned; ++c)
    if (plug_in_bounds(Counts{c, planned - c}, planned, p, delta).hi <= epsilon) {
      first = std::min(first, c);
      last = std::max(last, c);
    }
  EXPECT_LE(binomial_at_most(first - 1, planned, exactly(0.5)).hi +
                binomial_at_least(last + 1, planned, exactly(0.5)).hi,
            0.01);
}

// A uniform law on k items, moved by `distance` from the second half to the first.
Counts draw_shifted(std::size_t k, std::int64_t n, double distance, Random& random) {
  Counts counts(k, 0);
  for (std::int64_t i = 0; i < n; ++i) {
    std::size_t item = random.below(k);
    if (item >= k / 2 && random.uniform() < 2 * distance) item -= k / 2;
    ++counts[item];
  }
  return counts;
}

TEST(PlugIn, SizeAndPowerLieWithinExactBinomialBounds) {
  const std::int64_t runs = 1000;
  const std::size_t k = 16;
  const double epsilon = 1.0 / 16;
  const std::vector<Ends> p(k, exactly(0x1p-4));
  for (const double delta : {0.05, 0.01}) {
    const std::int64_t n = plug_in_draws(16, epsilon, delta, delta);
    std::int64_t wrong = 0, missed = 0, refuted_wrongly = 0;
    for (std::int64_t i = 0; i < runs; ++i) {
      Random random(3, delta > 0.02 ? "plug-in 0.05" : "plug-in 0.01",
                    static_cast<std::uint64_t>(i));
      const Ends at_edge = plug_in_bounds(draw_shifted(k, n, epsilon, random), n, p, delta);
      const Ends at_zero = plug_in_bounds(draw_shifted(k, n, 0, random), n, p, delta);
      wrong += at_edge.hi < epsilon ? 1 : 0;
      refuted_wrongly += at_edge.lo > epsilon ? 1 : 0;
      missed += at_zero.hi <= epsilon ? 0 : 1;
    }
    const BinomialRange allowed = binomial_range(runs, delta, 1.0 / 1000000);
    EXPECT_LE(wrong, allowed.most);
    EXPECT_LE(refuted_wrongly, allowed.most);
    EXPECT_LE(missed, allowed.most);
  }
}

TEST(Dkw, SizeLiesWithinExactBinomialBoundsAndAShiftIsSeen) {
  const std::int64_t runs = 1000, n = 400;
  for (const double delta : {0.05, 0.01}) {
    std::int64_t alarms = 0, seen = 0;
    for (std::int64_t i = 0; i < runs; ++i) {
      Random random(4, delta > 0.02 ? "dkw 0.05" : "dkw 0.01", static_cast<std::uint64_t>(i));
      std::vector<double> x(static_cast<std::size_t>(n));
      for (double& value : x) value = random.uniform();
      std::sort(x.begin(), x.end());
      std::vector<Ends> f, shifted;
      for (const double value : x) {
        f.push_back(exactly(value));
        shifted.push_back(exactly(std::sqrt(value)));  // the law of u^2, tested as uniform
      }
      alarms += kolmogorov_distance(f).lo > dkw_width(n, delta) ? 1 : 0;
      seen += kolmogorov_distance(shifted).lo > dkw_width(n, delta) ? 1 : 0;
    }
    const BinomialRange allowed = binomial_range(runs, delta, 1.0 / 1000000);
    EXPECT_LE(alarms, allowed.most);
    EXPECT_GT(alarms, 0) << "Massart's constant is sharp: some alarms are due";
    EXPECT_EQ(seen, runs);
  }
}

}  // namespace
}  // namespace assay::engine
