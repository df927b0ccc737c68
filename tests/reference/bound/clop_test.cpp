// SPDX-License-Identifier: Apache-2.0
// CLOP Theorem 1: the displays against each other, exactly, and the critical learning rate.
#include "reference/bound/clop.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>

#include "tests/reference/bound/agreement.hpp"

namespace assay::reference {
namespace {

using testing::expect_in;
using testing::expect_same;
using testing::expect_sound;

const std::array<Real, 6> rates = {Real(0),           Real::ratio(1, 3), Real(1),
                                   Real::ratio(9, 4), Real(17),          Real::ratio(-1, 2)};
const std::array<ClopChain, 2> chains = {ClopChain::printed, ClopChain::corrected};

TEST(Clop, FirstLineIsTheCorrectedNormAndTheSecondLineIsNot) {
  for (const long long k : {2, 3, 5, 30, 100})
    for (const Real& eta : rates) {
      const Real first = clop_square_norm_first_line(k, eta);
      const Real second = clop_square_norm_second_line(k, eta);
      EXPECT_TRUE(identical(first, clop_square_norm(k, eta)));
      EXPECT_TRUE(identical(first, clop_5(k, eta, 1, clop_6(k), clop_7(k, 1))));
      const Real gap = eta * Real::ratio(k - 2, k * (k - 1)) * clop_update(k, eta).own;
      EXPECT_TRUE(identical(first - second, gap));
      EXPECT_EQ(identical(first, second), k == 2 || identical(eta, 0));
    }
}

TEST(Clop, UpdateKeepsTheMeanTimesOneMinusEta) {
  for (const Real& eta : rates) {
    const ClopUpdate update = clop_update(7, eta);
    EXPECT_TRUE(identical(update.own - update.mean, Real(1) - eta));
  }
}

// E||x^(1)||^2 of a finite law with independent, mean-free unit vectors: k signs in one dimension.
TEST(Clop, FirstLineIsTheExpectationOverIndependentSigns) {
  const int k = 4;
  for (const Real& eta : rates) {
    const ClopUpdate update = clop_update(k, eta);
    Real total = 0;
    for (int signs = 0; signs < 1 << k; ++signs) {
      int mean = 0;
      for (int i = 0; i < k; ++i) mean += signs >> i & 1 ? 1 : -1;
      const Real own = signs & 1 ? 1 : -1;
      total += pow(update.own * own - update.mean * Real::ratio(mean, k), 2);
    }
    EXPECT_TRUE(identical(total / Real(1 << k), clop_square_norm_first_line(k, eta)));
  }
}

TEST(Clop, EpsilonZeroInequalityIsConditionTwoDividedByEta) {
  for (const ClopChain chain : chains)
    for (const long long k : {3, 4, 30})
      for (const Real& eta : rates) {
        const Sides two = clop_2(chain, k, eta, 0);
        EXPECT_TRUE(identical(two.left - two.right, eta * clop_epsilon_0(chain, k, eta).left));
      }
}

TEST(Clop, PrintedClosedFormIsNotThePrintedQuotient) {
  for (const long long k : {3, 4, 30, 1000}) {
    const Real quotient = clop_bound_quotient(ClopChain::printed, k);
    EXPECT_TRUE(identical(quotient, clop_bound_closed_form_of_quotient(k)));
    EXPECT_EQ(less(clop_bound_closed_form(k), quotient), Truth::yes);
    EXPECT_EQ(less(quotient, clop_bound_quotient(ClopChain::corrected, k)), Truth::yes);
  }
  EXPECT_TRUE(identical(clop_bound_closed_form(30), Real::ratio(24824, 12209)));
  expect_in([](auto) { return clop_bound_closed_form(30); }, "[2.0332, 2.0333]");
  expect_in([](auto) { return clop_bound_quotient(ClopChain::printed, 30); }, "[2.0357, 2.0358]");
  EXPECT_TRUE(identical(clop_bound_quotient(ClopChain::corrected, 30), Real::ratio(29, 14)));
}

TEST(Clop, TheBracketIsPositiveForMoreThanTwoClasses) {
  for (const ClopChain chain : chains) {
    EXPECT_TRUE(identical(clop_bracket(chain, 2), 0));
    for (long long k = 3; k < 200; ++k)
      EXPECT_EQ(less(Real(0), clop_bracket(chain, k)), Truth::yes);
  }
}

TEST(Clop, CriticalRateForEpsilonZeroIsTheQuotient) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  for (const ClopChain chain : chains)
    for (const long long k : {3, 30}) {
      const ClopCritical critical = clop_critical_eta(in, chain, k, 0);
      EXPECT_EQ(critical.always, Truth::no);
      EXPECT_TRUE(identical(*critical.eta, clop_bound_quotient(chain, k)));
    }
}

TEST(Clop, ConditionTwoChangesAtTheCriticalRate) {
  const Real step = Real::parse("2^-40");
  for (const Engine engine : engines()) {
    const Arithmetic in = Arithmetic::enclosing(engine, 128);
    for (const ClopChain chain : chains)
      for (const long long k : {3, 10, 30})
        for (const Real& epsilon : {Real::ratio(1, 10), Real::ratio(1, 3)}) {
          const Real eta = *clop_critical_eta(in, chain, k, epsilon).eta;
          const auto holds = [&](const Real& x) {
            const Sides s = clop_2(chain, k, x, epsilon);
            return less_or_equal(s.left, s.right);
          };
          EXPECT_EQ(holds(eta - step), Truth::yes);
          EXPECT_EQ(holds(eta + step), Truth::no);
          for (int i = 0; i <= 16; ++i) EXPECT_NE(holds(eta * Real::ratio(i, 16)), Truth::no);
          EXPECT_EQ(holds(eta * 100), Truth::no);
        }
  }
  expect_sound(
      [](auto in) { return *clop_critical_eta(in, ClopChain::printed, 30, in(1, 10)).eta; });
}

TEST(Clop, LargeToleranceAllowsEveryRate) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  // Corrected: (1+epsilon)^2 >= k-1. For k = 10 that is epsilon = 2, exactly.
  EXPECT_EQ(clop_critical_eta(in, ClopChain::corrected, 10, 2).always, Truth::yes);
  EXPECT_EQ(clop_critical_eta(in, ClopChain::corrected, 10, Real::parse("2") - Real::parse("2^-30"))
                .always,
            Truth::no);
  for (const ClopChain chain : chains)
    for (const long long k : {3, 4, 10})
      for (const int epsilon : {3, 10, 1000}) {
        ASSERT_EQ(clop_critical_eta(in, chain, k, epsilon).always, Truth::yes);
        for (Real eta = Real::parse("2^-20"); less(eta, 1'000'000) == Truth::yes; eta *= 2) {
          const Sides s = clop_2(chain, k, eta, epsilon);
          EXPECT_EQ(less_or_equal(s.left, s.right), Truth::yes) << eta.text();
        }
      }
}

TEST(Clop, BAndTheMeanFactor) {
  for (const ClopChain chain : chains) {
    expect_sound([&](auto in) { return clop_b(chain, 30, in(5, 2)); });
    expect_same([&](auto in) { return pow(clop_mean_factor(chain, 9, in(2, 3)), 2); },
                [&](auto in) {
                  const Sides s = clop_2(chain, 9, in(2, 3), 0);
                  return s.left / s.right;
                });
  }
  // The line above (2) holds for every eta >= 1; (2) itself does not.
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  EXPECT_EQ(less_or_equal(clop_mean_factor(ClopChain::printed, 30, in(10)), 1), Truth::yes);
  const Sides two = clop_2(ClopChain::printed, 30, 10, 0);
  EXPECT_EQ(less_or_equal(two.left, two.right), Truth::no);
}

TEST(Clop, TheLimitIsTwo) {
  const Real tolerance = Real::ratio(3, 1'000'000);
  for (const Real& bound :
       {clop_bound_closed_form(1'000'000), clop_bound_quotient(ClopChain::printed, 1'000'000),
        clop_bound_quotient(ClopChain::corrected, 1'000'000)}) {
    EXPECT_EQ(less(clop_bound_limit(), bound), Truth::yes);
    EXPECT_EQ(less(bound - clop_bound_limit(), tolerance), Truth::yes);
  }
}

TEST(Clop, ParametersOutsideTheirRangeAreRefused) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  EXPECT_THROW(clop_bound_closed_form(2), std::invalid_argument);
  EXPECT_THROW(clop_2(ClopChain::printed, 2, 1, 0), std::invalid_argument);
  EXPECT_THROW(clop_square_norm(1, 1), std::invalid_argument);
  EXPECT_THROW(clop_critical_eta(in, ClopChain::printed, 3, -1), std::invalid_argument);
  EXPECT_THROW(clop_bound_closed_form(1'000'001), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
