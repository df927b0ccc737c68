// SPDX-License-Identifier: Apache-2.0
// The e-process of mismatches: exact level by dynamic programming, size and power by simulation.
#include "properties/engine/statistics/mismatches.hpp"

#include <gtest/gtest.h>

#include <vector>

#include "properties/engine/random.hpp"
#include "properties/engine/statistics/binomial.hpp"
#include "reference/arithmetic/rational.hpp"

namespace assay::engine {
namespace {

using reference::Rational;

// needed[m]: the fewest draws that certify in spite of m mismatches.
std::vector<std::int64_t> boundary(double epsilon, double delta, std::int64_t horizon) {
  std::vector<std::int64_t> needed;
  while (needed.empty() || needed.back() <= horizon)
    needed.push_back(anytime_trials(epsilon, delta, static_cast<std::int64_t>(needed.size())));
  return needed;
}

// P(certified at some time up to the horizon) when the chance of a mismatch is theta, exactly.
Rational chance_to_certify(double epsilon, double delta, const Rational& theta,
                           std::int64_t horizon) {
  const std::vector<std::int64_t> needed = boundary(epsilon, delta, horizon);
  std::vector<Rational> alive(needed.size() + 1, 0);
  alive[0] = 1;
  Rational certified = 0;
  for (std::int64_t n = 1; n <= horizon; ++n) {
    for (std::size_t m = alive.size() - 1; m > 0; --m)
      alive[m] = alive[m] * (Rational(1) - theta) + alive[m - 1] * theta;
    alive[0] *= Rational(1) - theta;
    for (std::size_t m = 0; m < needed.size(); ++m)
      if (n >= needed[m]) {
        certified += alive[m];
        alive[m] = 0;
      }
  }
  return certified;
}

TEST(MismatchProcess, TheLevelHoldsExactlyWhateverTheStoppingTime) {
  // At the edge of the hypothesis, theta = epsilon; smaller delta by theorem, where no simulation
  // reaches.
  for (const double delta : {0x1p-4, 0x1p-7, 1.0 / 1000000}) {
    const Rational level = chance_to_certify(0.5, delta, Rational(1) / 2, 120);
    EXPECT_LE(level, reference::rational_from(delta)) << delta;
    EXPECT_GT(level, 0) << "nothing was ever certified: the test says nothing";
  }
}

TEST(MismatchProcess, CertifiesACorrectKernelWithinTheDrawsThatWereAskedFor) {
  const double epsilon = 1.0 / 10000, delta = 1.0 / 1000000;
  EXPECT_LE(anytime_trials(epsilon, delta, 0), 170000);
  EXPECT_LE(anytime_trials(epsilon, delta, 1), 200000);
  EXPECT_EQ(anytime_trials(1.0 / 100, delta, 0), 1666);  // simulated elsewhere: 1666
  MismatchProcess process(epsilon, delta);
  process.add(anytime_trials(epsilon, delta, 1) - 1, 1);
  EXPECT_FALSE(process.certified());
  process.add(1, 0);
  EXPECT_TRUE(process.certified());
  EXPECT_GE(process.e_value().lo, 1 / delta * (1 - 0x1p-40));
}

TEST(MismatchProcess, TheUpperBoundIsTheEpsilonThatWouldBeCertified) {
  const double delta = 1.0 / 1000000;
  const double upper = anytime_upper(50000, 3, delta);
  EXPECT_LE(anytime_trials(upper, delta, 3), 50000);
  EXPECT_GT(anytime_trials(upper * (1 - 0x1p-12), delta, 3), 50000);
  EXPECT_GT(upper, clopper_pearson_upper(3, 50000, delta)) << "looking at will is not free";
  EXPECT_EQ(anytime_upper(10, 10, delta), 1);
  EXPECT_EQ(anytime_upper(0, 0, delta), 1);
}

// Certified at some time up to the horizon?
bool run_once(const std::vector<std::int64_t>& needed, double theta, std::int64_t horizon,
              Random& random) {
  std::size_t mismatches = 0;
  for (std::int64_t n = 1; n <= horizon; ++n) {
    mismatches += random.uniform() < theta ? 1 : 0;
    if (mismatches >= needed.size()) return false;
    if (n >= needed[mismatches]) return true;
  }
  return false;
}

TEST(MismatchProcess, SizeAndPowerLieWithinExactBinomialBounds) {
  const std::int64_t runs = 2000;
  const double epsilon = 1.0 / 50;
  for (const double delta : {0.05, 0.01}) {
    const std::int64_t horizon = 4000;
    const std::vector<std::int64_t> needed = boundary(epsilon, delta, horizon);
    std::int64_t wrong = 0, missed = 0;
    for (std::int64_t i = 0; i < runs; ++i) {
      Random random(20240229, delta > 0.02 ? "size 0.05" : "size 0.01",
                    static_cast<std::uint64_t>(i));
      wrong += run_once(needed, epsilon, horizon, random) ? 1 : 0;
      missed += run_once(needed, epsilon / 10, horizon, random) ? 0 : 1;
    }
    const BinomialRange allowed = binomial_range(runs, delta, 1.0 / 1000000);
    EXPECT_LE(wrong, allowed.most) << "level " << delta;
    EXPECT_GT(wrong, 0) << "never wrong at the edge: hardly the level that was stated";
    EXPECT_LE(missed, allowed.most) << "power at epsilon / 10";
  }
}

TEST(MismatchProcess, RefusesNumbersOutOfRange) {
  EXPECT_THROW(MismatchProcess(0, 0.5), std::invalid_argument);
  EXPECT_THROW(MismatchProcess(0.5, 1), std::invalid_argument);
  MismatchProcess process(0.5, 0.5);
  EXPECT_THROW(process.add(1, 2), std::invalid_argument);
}

}  // namespace
}  // namespace assay::engine
