// SPDX-License-Identifier: Apache-2.0
// Hardening functions: text, values, and the properties they claim.
#include "reference/model/hardening.hpp"

#include <gtest/gtest.h>

#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

const char* const texts[] = {"none",
                             "exponential beta=5",
                             "polynomial power=3",
                             "max-plus-one",
                             "sum-plus-one power=2",
                             "threshold at=0",
                             "decreasing",
                             "signed"};

TEST(Hardening, TextsReadBackAndNonsenseIsRefused) {
  for (const char* text : texts) EXPECT_EQ(Hardening::parse(text).text(), text);
  for (const char* text : {"", "hard", "exponential", "exponential beta=0", "polynomial power=0",
                           "polynomial power=1/2", "none beta=1", "threshold"})
    EXPECT_THROW(Hardening::parse(text), std::invalid_argument) << text;
}

TEST(Hardening, ValuesByHand) {
  const std::vector<Real> u = {Real::ratio(1, 2), -1, Real::ratio(-1, 4)};
  const std::vector<Real> v = {Real::ratio(1, 2), 0};
  EXPECT_EQ(Hardening()(u).text(), "1");
  EXPECT_EQ(Hardening::polynomial(2)(u).text(), "0");
  EXPECT_EQ(Hardening::polynomial(2)(v).text(), "9/4");
  EXPECT_EQ(Hardening::max_plus_one()(u).text(), "3/2");
  EXPECT_EQ(Hardening::max_plus_one()(std::vector<Real>{-3}).text(), "0");
  EXPECT_EQ(Hardening::sum_plus_one(2)(v).text(), "25/4");
  EXPECT_EQ(Hardening::threshold(0)(v).text(), "1");
  EXPECT_EQ(Hardening::threshold(0)(u).text(), "0");
  EXPECT_EQ(Hardening::decreasing()(v).text(), "1/2");
  EXPECT_EQ(Hardening::signed_sum()(u).text(), "-3/4");
  EXPECT_THROW(Hardening::max_plus_one().factor(1), std::logic_error);
  EXPECT_THROW(Hardening()(std::vector<Real>{}), std::invalid_argument);
  const Arithmetic arithmetic = Arithmetic::enclosing(engines().front(), 64);
  const Real unsure = Real::enclosed(Interval::between(-1, 1), arithmetic);
  EXPECT_TRUE(Hardening::threshold(0).factor(unsure).interval().contains(Interval::between(0, 1)));
}

TEST(Hardening, PropertiesAreThoseOfTheFunction) {
  const Arithmetic arithmetic = Arithmetic::enclosing(engines().front(), 128);
  for (const char* text : texts) {
    const Hardening eta = Hardening::parse(text);
    const HardeningProperties claimed = eta.properties();
    bool nonnegative = true, nondecreasing = true, product = true;
    Random random(5);
    for (int trial = 0; trial < 300; ++trial) {
      std::vector<Real> u;
      for (int i = 0; i < 3; ++i) u.push_back(arithmetic(draw_int(random, -6, 6), 4));
      std::vector<Real> upper = u;
      upper[static_cast<std::size_t>(draw_int(random, 0, 2))] += Real::ratio(1, 2);
      if (less(eta(u), 0) == Truth::yes) nonnegative = false;
      if (less(eta(upper), eta(u)) == Truth::yes) nondecreasing = false;
      if (claimed.separable)
        product = product && equal(eta(u), eta.factor(u[0]) * eta.factor(u[1]) *
                                               eta.factor(u[2])) != Truth::no;
    }
    EXPECT_EQ(nonnegative, claimed.nonnegative) << text;
    EXPECT_EQ(nondecreasing, claimed.nondecreasing) << text;
    EXPECT_TRUE(product) << text;
  }
}

}  // namespace
}  // namespace assay::reference
