// SPDX-License-Identifier: Apache-2.0
// The bounds of the hard-negatives paper: known values, second ways, limits.
#include "reference/bound/hard_negatives.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "reference/bound/binomial.hpp"
#include "tests/reference/bound/agreement.hpp"

namespace assay::reference {
namespace {

using testing::expect_in;
using testing::expect_same;
using testing::expect_sound;

const LossFunction mean = algorithm_1_loss();
const LossFunction sum = LossFunction::log_sum({.temperature = Real::ratio(1, 2)});

TEST(Theorem2, KnownValues) {
  // log(1 + e^(-3/2)) and log(1 + e^(-100/99)), to double precision from another program.
  expect_in([](auto in) { return theorem_2_bound(in, mean, 3, 256); },
            "[0.2014132779827, 0.2014132779828]");
  expect_in([](auto in) { return theorem_2_bound(in, mean, 100, 256); },
            "[0.31055512208027, 0.31055512208029]");
  expect_same([](auto in) { return theorem_2_bound(in, sum, 5, 7); },
              [](auto in) { return log(in(Real(1) + Real(7) * exp(in(-5, 2)))); });
  expect_sound([](auto in) { return theorem_2_bound(in, sum, 5, 7); });
}

TEST(Theorem3, KnownValue) {
  // From another program: the binomial sum in exact fractions and doubles.
  expect_in([](auto in) { return theorem_3_bound(in, mean, 3, 256); },
            "[0.39333183615271, 0.39333183615273]");
}

TEST(Theorem3, BinomialSumIsThePrintedSum) {
  for (const LossFunction& psi : {mean, sum, LossFunction::hinge(1, Over::mean),
                                  LossFunction::softplus(Over::sum), LossFunction::maximum()})
    for (const auto& [c, k] : {std::pair{2, 1}, {2, 6}, {3, 4}, {5, 2}})
      expect_same([&](auto in) { return theorem_3_bound(in, psi, c, k); },
                  [&](auto in) { return theorem_3_bound_enumerated(in, psi, c, k); });
}

TEST(Theorem3, IsExactForPiecewiseLinearLosses) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  // E[-C b/(C-1)] = -1; the maximum is 0 unless no negative collides.
  EXPECT_TRUE(identical(theorem_3_bound(in, LossFunction::linear(Over::mean), 7, 200), -1));
  EXPECT_TRUE(identical(theorem_3_bound(in, LossFunction::maximum(), 3, 4),
                        Real::ratio(-3, 2) * pow(Real::ratio(2, 3), 4)));
}

TEST(Theorem3, TenThousandNegativesAtAnyPrecision) {
  expect_sound([](auto in) { return theorem_3_bound(in, LossFunction::maximum(), 2, 1000); });
  for (const Engine engine : engines()) {
    const Arithmetic in = Arithmetic::enclosing(engine, 128);
    const Real value = theorem_3_bound(in, mean, 100, 10000);
    EXPECT_GE(value.interval().agreed_digits(), 25);
    // Below the limit k -> infinity (the loss is non-decreasing in k) and close to it.
    const Real limit = simclr_bound_ucl(in, 100, 1);
    EXPECT_EQ(less(value, limit), Truth::yes);
    EXPECT_EQ(less(limit - value, Real::ratio(1, 10000)), Truth::yes);
  }
  EXPECT_NEAR(theorem_3_bound(Arithmetic::plain(), mean, 100, 10000).approximate(),
              simclr_bound_ucl(Arithmetic::plain(), 100, 1).approximate(), 1.0 / 10000);
}

TEST(Theorem3, IsAboveTheorem2AndGrowsWithTheNumberOfNegatives) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  Real last = theorem_2_bound(in, mean, 10, 1);
  for (const int k : {1, 2, 5, 50, 256, 257, 1000}) {  // 256, 257: exact and enclosed weights
    const Real value = theorem_3_bound(in, mean, 10, k);
    EXPECT_EQ(less(last, value), Truth::yes) << k;
    last = value;
  }
}

TEST(AtMeans, IsTheBoundAtAnEtfAndAboveItElsewhere) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  for (const LossFunction& psi : {mean, sum}) {
    EXPECT_NE(equal(scl_bound_at_means(in, psi, 5, 4, 0, 5), theorem_2_bound(in, psi, 5, 4)),
              Truth::no);
    EXPECT_NE(equal(ucl_bound_at_means(in, psi, 5, 4, 0, 5), theorem_3_bound(in, psi, 5, 4)),
              Truth::no);
    for (const auto& [square, squares] : {std::pair{Real(1), Real(5)}, {Real(0), Real(4)}}) {
      EXPECT_EQ(
          less(theorem_2_bound(in, psi, 5, 4), scl_bound_at_means(in, psi, 5, 4, square, squares)),
          Truth::yes);
      EXPECT_EQ(
          less(theorem_3_bound(in, psi, 5, 4), ucl_bound_at_means(in, psi, 5, 4, square, squares)),
          Truth::yes);
    }
  }
  // (17) = (18) for three unit means at right angles: every product is 0.
  EXPECT_NE(equal(scl_bound_at_means(in, mean, 3, 2, 3, 3), log(in(Real(1) + exp(in(-1))))),
            Truth::no);
}

TEST(Binomial, WeightsFromTheModeAreTheWeightsFromZero) {
  // The direct recurrence from p^n, and an exact first moment: E M = n q.
  const Real q = Real::ratio(3, 7), p = Real(1) - q;
  expect_same(
      [&](auto in) {
        return binomial_expectation(in, 300, q / p, [&](int m) { return exp(in(-m, 100)); });
      },
      [&](auto in) { return pow(p + q * exp(in(-1, 100)), 300); });  // generating function
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  EXPECT_TRUE(identical(binomial_expectation(in, 100, q / p, [](int m) { return Real(m); }),
                        Real::ratio(300, 7)));
  EXPECT_THROW(binomial_expectation(in, 3, 0, [](int m) { return Real(m); }),
               std::invalid_argument);
  EXPECT_THROW(binomial_expectation(in, -1, 1, [](int m) { return Real(m); }),
               std::invalid_argument);
}

TEST(Hucl, WithoutHardnessIsTheorem3AndHardnessRaisesIt) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  Real last = theorem_3_bound(in, mean, 4, 20);
  const Real none = hucl_at_collapse(in, mean, 4, 20, exponential_ratio(in, 4, 0));
  EXPECT_NE(equal(last, none), Truth::no);
  for (const int beta : {1, 2, 5, 30}) {
    const Real value = hucl_at_collapse(in, mean, 4, 20, exponential_ratio(in, 4, beta));
    EXPECT_EQ(less(last, value), Truth::yes);
    last = value;
  }
  EXPECT_EQ(less(last, log(in(2))), Truth::yes);  // every negative collides: log(1 + 1)
}

TEST(Hucl, IsTheTiltedAverageOverLabels) {
  // HN (7) by hand for C = 3, k = 2: weights prod e^(beta u_i) over all labels of the negatives.
  const Real beta = Real::ratio(3, 2);
  expect_same(
      [&](auto in) { return hucl_at_collapse(in, mean, 3, 2, exponential_ratio(in, 3, beta)); },
      [&](auto in) {
        const std::array<Real, 3> u = {Real(1), Real::ratio(-1, 2), Real::ratio(-1, 2)};
        Real total = 0, gamma = 0;
        for (const Real& a : u)
          for (const Real& b : u) {
            const Real eta = exp(in(beta * (a + b)));
            const std::array<Real, 2> t = {in(a - 1), in(b - 1)};
            gamma += eta;
            total += eta * mean(t);
          }
        return total / gamma;
      });
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  EXPECT_TRUE(identical(tilted_collision_probability(5, 1), Real::ratio(1, 5)));
  EXPECT_TRUE(identical(polynomial_ratio(3, 2), Real::ratio(1, 16)));
  EXPECT_NE(equal(hucl_at_collapse(in, mean, 2, 5, polynomial_ratio(2, 3)), log(in(2))), Truth::no);
}

TEST(Simclr, Equation42) {
  expect_same([](auto in) { return simclr_bound_scl(in, 3, 1); },
              [](auto in) { return theorem_2_bound(in, mean, 3, 9); });
  expect_same([](auto in) { return simclr_bound_ucl(in, 2, 510); },
              [](auto in) { return log(in(Real(1) + Real(255) * (Real(1) + exp(in(-2))))); });
  expect_sound([](auto in) { return simclr_bound_ucl(in, 10, 510); });
}

TEST(Batched, ThePrintedWeightsAreNoAverage) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 128);
  const std::array<long long, 2> sizes = {32, 64};
  EXPECT_TRUE(identical(batch_weight_sum(sizes), Real::ratio(3, 64)));
  // A positive loss at neural collapse lies below the printed bound (29): the bound fails there.
  EXPECT_EQ(less(batched_value_at_collapse(in, mean, 10, 5, sizes),
                 batched_bound_printed(in, mean, 10, 5)),
            Truth::yes);
  const std::array<long long, 1> one = {1};
  EXPECT_NE(equal(batched_value_at_collapse(in, mean, 10, 5, one),
                  batched_bound_printed(in, mean, 10, 5)),
            Truth::no);
  const std::array<Real, 2> half = {Real::ratio(1, 2), Real::ratio(1, 2)};
  const std::array<long long, 2> two = {2, 2}, four = {4, 4};
  EXPECT_NE(equal(batched_bound_by_batch(in, mean, 5, half, four), theorem_2_bound(in, mean, 4, 5)),
            Truth::no);
  // Two of four classes in each batch: below (29) also with weights that sum to 1.
  EXPECT_EQ(less(batched_bound_by_batch(in, mean, 5, half, two), theorem_2_bound(in, mean, 4, 5)),
            Truth::yes);
}

TEST(HardNegatives, ParametersOutsideTheirRangeAreRefused) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  EXPECT_THROW(theorem_2_bound(in, mean, 1, 5), std::invalid_argument);
  EXPECT_THROW(theorem_2_bound(in, mean, 2, 0), std::invalid_argument);
  EXPECT_THROW(theorem_3_bound(in, mean, 1, 5), std::invalid_argument);
  EXPECT_THROW(theorem_3_bound(in, mean, 2, 0), std::invalid_argument);
  EXPECT_THROW(theorem_3_bound_enumerated(in, mean, 10, 6), std::invalid_argument);
  EXPECT_THROW(exponential_ratio(in, 3, -1), std::invalid_argument);
  EXPECT_THROW(simclr_bound_scl(in, 3, -1), std::invalid_argument);
  EXPECT_THROW(batch_weight_sum({}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
