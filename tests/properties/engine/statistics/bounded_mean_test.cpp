// SPDX-License-Identifier: Apache-2.0
// The empirical Bernstein radius: its size computed exactly, its sums without error.
#include "properties/engine/statistics/bounded_mean.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace assay::engine {
namespace {

// n numbers of [0, 1] of which s are 1.
BoundedMean coins(int n, int s) {
  BoundedMean m(0, 1);
  for (int i = 0; i < n; ++i) m.add(i < s ? 1 : 0);
  return m;
}

TEST(BoundedMean, SumsWithoutError) {
  BoundedMean m(-0x1p60, 0x1p60);
  for (const double x : {0x1p60, 1.0, -0x1p60, 0x1p-140}) m.add(x);
  EXPECT_TRUE(m.mean().contains(0.25));
  EXPECT_LE(m.mean().hi, 0.25 * (1 + 0x1p-50));
  const BoundedMean half = coins(4, 2);
  EXPECT_EQ(half.draws(), 4);
  EXPECT_GE(half.variance_up(), 1.0 / 3);
  EXPECT_LE(half.variance_up(), 1.0 / 3 * (1 + 0x1p-50));
}

TEST(BoundedMean, IsTheFormulaOfTheTheorem) {
  const BoundedMean m = coins(1000, 300);
  const double variance = 1000.0 * 0.3 * 0.7 / 999, logarithm = std::log(4 / 0.001);
  const double expected = std::sqrt(2 * variance * logarithm / 1000) + 7 * logarithm / (3.0 * 999);
  EXPECT_GE(m.radius(0.001), expected * (1 - 0x1p-50));
  EXPECT_NEAR(m.radius(0.001), expected, expected * 0x1p-40);
}

// Coins are the worst case one can compute exactly: the chance of a wrong statement is a finite
// sum.
TEST(BoundedMean, IsWrongNoMoreOftenThanItSays) {
  for (const int n : {30, 200, 1000})
    for (const double delta : {0.05, 0.5}) {
      std::vector<double> radius;
      for (int s = 0; s <= n; ++s) radius.push_back(coins(n, s).radius(delta));
      for (const double p : {0.01, 0.1, 0.5, 0.93}) {
        double wrong = 0;
        for (int s = 0; s <= n; ++s)
          if (std::fabs(static_cast<double>(s) / n - p) > radius[static_cast<std::size_t>(s)])
            wrong +=
                std::exp(std::lgamma(n + 1.0) - std::lgamma(s + 1.0) - std::lgamma(n - s + 1.0) +
                         s * std::log(p) + (n - s) * std::log1p(-p));
        EXPECT_LE(wrong, delta) << n << " draws, p = " << p;
        // It is no empty statement either.
        if (n == 1000 && p == 0.5) {
          EXPECT_LT(radius[500], 0.1);
        }
      }
    }
}

TEST(BoundedMean, RefusesWhatIsOutside) {
  BoundedMean m(-1, 2);
  EXPECT_THROW(m.add(2.5), std::domain_error);
  EXPECT_THROW(m.add(std::nan("")), std::domain_error);
  m.add(2);
  EXPECT_THROW(m.radius(0.1), std::invalid_argument);
  m.add(-1);
  EXPECT_LE(m.radius(0.1), 3 * (1 + 0x1p-50));  // never more than the interval
  EXPECT_THROW(m.radius(0), std::invalid_argument);
  EXPECT_THROW(BoundedMean(1, 0), std::invalid_argument);
}

}  // namespace
}  // namespace assay::engine
