// SPDX-License-Identifier: Apache-2.0
// Psi: values against the definition, text that round-trips, refusals.
#include "reference/bound/psi.hpp"

#include <gtest/gtest.h>

#include <array>
#include <stdexcept>
#include <vector>

#include "tests/reference/bound/agreement.hpp"

namespace assay::reference {
namespace {

using testing::expect_same;
using testing::expect_sound;

const std::vector<Real> values = {Real::ratio(-3, 2), 0, Real::ratio(1, 2)};
const std::vector<int> counts = {2, 1, 3};

// The definition, argument by argument.
Real log_of_sum(const Arithmetic& in, const Real& alpha, const Real& w, const Real& t) {
  Real total = alpha;
  for (std::size_t i = 0; i < values.size(); ++i)
    for (int n = 0; n < counts[i]; ++n) total += w * exp(in(values[i] / t));
  return log(in(total));
}

TEST(Psi, InfoNceIsItsDefinition) {
  for (const Real& alpha : {Real(0), Real(1), Real::ratio(1, 3)})
    for (const Real& t : {Real(1), Real::ratio(1, 10)}) {
      const Psi sum = Psi::info_nce(alpha, Psi::Over::sum, t);
      const Psi mean = Psi::info_nce(alpha, Psi::Over::mean, t, 5);
      expect_same([&](auto in) { return sum(in, values, counts); },
                  [&](auto in) { return log_of_sum(in, alpha, 1, t); });
      expect_same([&](auto in) { return mean(in, values, counts); },
                  [&](auto in) { return log_of_sum(in, alpha, Real::ratio(5, 6), t); });
      expect_sound([&](auto in) { return mean(in, values, counts); });
    }
}

TEST(Psi, TheConstantCountsForNegativeArguments) {
  const Psi third = Psi::info_nce(Real::ratio(1, 3), Psi::Over::sum, 2);
  expect_same([&](auto in) { return third.at(in, -1, 5); },
              [](auto in) { return log(in(Real::ratio(1, 3) + Real(5) * exp(in(-1, 2)))); });
}

TEST(Psi, PiecewiseLinearKindsAreExact) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  EXPECT_TRUE(identical(Psi::linear(Psi::Over::sum)(in, values, counts), Real::ratio(-3, 2)));
  EXPECT_TRUE(identical(Psi::linear(Psi::Over::mean)(in, values, counts), Real::ratio(-1, 4)));
  EXPECT_TRUE(identical(Psi::maximum()(in, values, counts), Real::ratio(1, 2)));
  EXPECT_TRUE(identical(Psi::hinge(1, Psi::Over::sum)(in, values, counts), Real::ratio(11, 2)));
  EXPECT_TRUE(identical(Psi::hinge(1, Psi::Over::max)(in, values, counts), Real::ratio(3, 2)));
  EXPECT_TRUE(identical(Psi::hinge(1, Psi::Over::mean)(in, values, counts), Real::ratio(11, 12)));
}

TEST(Psi, SoftplusIsItsDefinition) {
  expect_same([](auto in) { return Psi::softplus(Psi::Over::sum)(in, values, counts); },
              [](auto in) {
                Real total = 0;
                for (std::size_t i = 0; i < values.size(); ++i)
                  total += Real(counts[i]) * log(in(Real(1) + exp(in(values[i]))));
                return total;
              });
  expect_sound([](auto in) { return Psi::softplus(Psi::Over::mean)(in, values, counts); });
}

TEST(Psi, DoublesNeitherOverflowNorLoseSmallValues) {
  const Arithmetic in = Arithmetic::plain();
  EXPECT_EQ(Psi::softplus(Psi::Over::mean).at(in, 1000, 1).approximate(), 1000);
  const Psi cold = Psi::info_nce(0, Psi::Over::mean, Real::ratio(1, 1000));
  EXPECT_EQ(cold.at(in, -2, 3).approximate(), -2000);
  EXPECT_EQ(Psi::algorithm_1().at(in, -40, 1).approximate(), std::log1p(std::exp(-40.0)));
}

TEST(Psi, ArgumentsWithCountZeroTakeNoPart) {
  const Arithmetic in = Arithmetic::enclosing(engines().front(), 64);
  const std::array<Real, 2> t = {Real(7), Real(-1)};
  const std::array<int, 2> n = {0, 4};
  EXPECT_TRUE(identical(Psi::maximum()(in, t, n), -1));
  const std::array<int, 2> none = {0, 0}, negative = {-1, 2};
  EXPECT_THROW(Psi::maximum()(in, t, none), std::invalid_argument);
  EXPECT_THROW(Psi::maximum()(in, t, negative), std::invalid_argument);
  EXPECT_THROW(Psi::maximum()(in, t, std::span(n).first(1)), std::invalid_argument);
}

TEST(Psi, TextRoundTrips) {
  for (const char* text :
       {"info-nce alpha=1 weight=1/k temperature=1", "info-nce alpha=0 weight=1 temperature=1/10",
        "info-nce alpha=1/2 weight=510/k temperature=2", "hinge margin=1/2 over=max",
        "softplus over=mean", "linear over=sum", "max"})
    EXPECT_EQ(Psi::parse(text).text(), text);
  EXPECT_EQ(Psi::parse("info-nce").text(), Psi::algorithm_1().text());
  EXPECT_EQ(Psi::parse("info-nce temperature=0.1").text(),
            "info-nce alpha=1 weight=1/k temperature=1/10");
}

TEST(Psi, NonsenseIsRefused) {
  for (const char* text :
       {"", "infonce", "info-nce alpha", "info-nce alpha=", "info-nce alpha=nan", "info-nce beta=1",
        "info-nce alpha=-1", "info-nce temperature=0", "info-nce weight=0", "info-nce weight=/k",
        "info-nce alpha=1 alpha=2", "hinge over=min", "softplus over=max", "linear over=max",
        "max over=sum", "hinge margin=1/0"})
    EXPECT_THROW(Psi::parse(text), std::invalid_argument) << text;
}

}  // namespace
}  // namespace assay::reference
