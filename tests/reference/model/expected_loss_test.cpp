// SPDX-License-Identifier: Apache-2.0
// Expected losses by hand, gamma, and facts that hold on every model.
#include "reference/model/expected_loss.hpp"

#include <gtest/gtest.h>

#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

const LossFunction hinge = LossFunction::hinge(1, Over::sum);

TEST(ExpectedLoss, ByHand) {
  // Classes {1} and {0, 1/2 each}: representations 1, and 1 or -1 on a line.
  FiniteModel model = uniform_model(2, 2, 1);
  model.f(0, 0, 0) = model.f(0, 1, 0) = 1;
  model.f(1, 0, 0) = 1;
  model.f(1, 1, 0) = -1;
  const LossFunction linear = LossFunction::linear(Over::sum);
  // SCL: class 1: v = 1, u = +-1, so E(u-v) = -1. Class 2: E u = 0, E v = E[f]^2 = 0.
  EXPECT_EQ(expected_loss(model, Law::scl, linear, Hardening(), 1).text(), "-1/2");
  EXPECT_EQ(expected_loss(model, Law::scl, linear, Hardening(), 3).text(), "-3/2");
  // UCL: negatives of either class: class 1: E u = 1/2, so -1/2; class 2: E u = 0.
  EXPECT_EQ(expected_loss(model, Law::ucl, linear, Hardening(), 1).text(), "-1/4");
  // HSCL, h = u + 1: class 1 sees u = 1 only: 0; class 2: |u| = 1, anchors with f = -1 see u = -1
  // only, so that gamma is 0.
  const Hardening eta = Hardening::polynomial(1);
  try {
    expected_loss(model, Law::hscl, linear, eta, 2);
    FAIL() << "gamma is 0";
  } catch (const std::domain_error& error) {
    EXPECT_STREQ(error.what(), "gamma(x,y,f) is 0 for class 2, point 2");
  }
  EXPECT_EQ(gamma(model, Law::hscl, eta, 2, 0, 0).text(), "1");
  EXPECT_EQ(gamma(model, Law::hscl, eta, 2, 1, 0).text(), "4");
  EXPECT_EQ(gamma(model, Law::hscl, eta, 2, 1, 1).text(), "0");
  EXPECT_EQ(gamma(model, Law::scl, eta, 2, 1, 1).text(), "1");
  // Under HUCL the anchor -1 may meet its own class: u = 1 with probability 1/4, then h = 2.
  EXPECT_EQ(gamma(model, Law::hucl, eta, 1, 1, 1).text(), "1/2");
  EXPECT_EQ(expected_loss(model, Law::hucl, linear, eta, 1).text(), "1/2");
}

TEST(ExpectedLoss, GammaThatIsNotPositiveIsNamed) {
  FiniteModel model = uniform_model(2, 1, 1);
  model.f(0, 0, 0) = 1;
  model.f(1, 0, 0) = -1;
  for (const char* text : {"threshold at=0", "max-plus-one", "polynomial power=2", "signed"}) {
    const Hardening eta = Hardening::parse(text);
    for (const Way way : {Way::automatic, Way::enumeration, Way::multinomial, Way::exact})
      EXPECT_THROW(expected_loss(model, Law::hscl, hinge, eta, 2, way), std::domain_error) << text;
    EXPECT_THROW(expected_loss(model.in(Arithmetic::plain()), Law::hscl, hinge, eta, 2),
                 std::domain_error);
  }
  model.squared_scale = Real::ratio(1, 2);
  EXPECT_NO_THROW(expected_loss(model, Law::hscl, hinge, Hardening::polynomial(2), 2));
}

TEST(ExpectedLoss, TheSimplexAttainsTheBoundOfTheorem2) {
  for (int classes = 2; classes <= 5; ++classes)
    for (const int k : {1, 3}) {
      const FiniteModel model = simplex_model(classes, 2);
      const std::vector<Real> t(static_cast<std::size_t>(k), Real::ratio(-classes, classes - 1));
      const Real bound = hinge(t);
      EXPECT_TRUE(identical(expected_loss(model, Law::scl, hinge, Hardening(), k), bound));
      // (vi), which needs gamma > 0: with two classes every negative is at -1, where this eta is 0.
      if (classes == 2)
        EXPECT_THROW(expected_loss(model, Law::hscl, hinge, Hardening::max_plus_one(), k),
                     std::domain_error);
      else
        EXPECT_TRUE(
            identical(expected_loss(model, Law::hscl, hinge, Hardening::max_plus_one(), k), bound));
      const LossFunction psi = LossFunction::parse("info-nce alpha=1 weight=1/k temperature=1");
      for (const Engine engine : engines()) {
        const Arithmetic arithmetic = Arithmetic::enclosing(engine, 128);
        std::vector<Real> s = t;
        for (Real& x : s) x = arithmetic(x);
        const Real value =
            expected_loss(model.in(arithmetic), Law::scl, psi, Hardening(), k, Way::enumeration);
        EXPECT_NE(equal(value, psi(s)), Truth::no);
      }
    }
}

// Harris' inequality, HN Theorem 1: harder negatives never lower a non-decreasing loss. With a
// decreasing eta they never raise it.
TEST(ExpectedLoss, HardeningRaisesTheLoss) {
  Random random(31);
  int strict = 0;
  for (int trial = 0; trial < 150; ++trial) {
    const FiniteModel model = draw_model(random, 3, 2, 2);
    const LossFunction psi =
        LossFunction::parse(trial % 2 ? "hinge margin=1/2 over=max" : "concave-linear bend=0");
    const int k = draw_int(random, 1, 3);
    for (const char* text : {"polynomial power=2", "max-plus-one", "sum-plus-one power=3"}) {
      const Hardening eta = Hardening::parse(text);
      const Real soft = expected_loss(model, Law::ucl, psi, eta, k, Way::exact);
      const Real hard = expected_loss(model, Law::hucl, psi, eta, k, Way::exact);
      ASSERT_EQ(less_or_equal(soft, hard), Truth::yes);
      strict += less(soft, hard) == Truth::yes;
      ASSERT_EQ(less_or_equal(expected_loss(model, Law::hscl, psi, Hardening::decreasing(), k),
                              expected_loss(model, Law::scl, psi, eta, k)),
                Truth::yes);
    }
  }
  EXPECT_GT(strict, 100);
}

TEST(ExpectedLoss, ManyNegativesInDoublesDoNotOverflow) {
  Random random(41);
  const FiniteModel model = draw_model(random, 3, 2, 2);
  const LossFunction psi = LossFunction::parse("info-nce alpha=1 weight=1/k temperature=1/10");
  const Hardening eta = Hardening::exponential(50);
  const double rough =
      expected_loss(model.in(Arithmetic::plain()), Law::hucl, psi, eta, 256).approximate();
  for (const Engine engine : engines()) {
    const Real value =
        expected_loss(model.in(Arithmetic::enclosing(engine, 80)), Law::hucl, psi, eta, 256);
    EXPECT_NEAR(value.approximate(), rough, 0x1p-40 * rough);
    EXPECT_LE(value.interval().width_up(), 0x1p-60);
  }
}

TEST(ExpectedLoss, AtomsAreMergedOnlyWhereTheyAreKnownToBeEqual) {
  const FiniteModel model = simplex_model(4, 3);
  EXPECT_EQ(negatives_of(model, Law::scl, 0, 0).u.size(), 1u);
  EXPECT_EQ(negatives_of(model, Law::ucl, 0, 0).u.size(), 2u);
  EXPECT_EQ(sum(negatives_of(model, Law::ucl, 0, 0).masses).text(), "1");
  FiniteModel enclosed = model.in(Arithmetic::enclosing(Engine::mpfi, 64));
  enclosed.squared_scale = exp(enclosed.squared_scale);
  EXPECT_EQ(negatives_of(enclosed, Law::scl, 0, 0).u.size(), 9u);
}

}  // namespace
}  // namespace assay::reference
