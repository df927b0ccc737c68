// SPDX-License-Identifier: Apache-2.0
// Way against way, engine against engine, doubles against enclosures, on random small models.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/model/expected_loss.hpp"
#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

const char* const losses[] = {"info-nce alpha=1 weight=1/k temperature=1",
                              "info-nce alpha=0 weight=1 temperature=1/2",
                              "hinge margin=1/2 over=sum",
                              "hinge margin=1/2 over=max",
                              "softplus over=mean",
                              "max",
                              "non-monotone",
                              "concave"};
const char* const hardenings[] = {"none",         "exponential beta=2",   "polynomial power=2",
                                  "max-plus-one", "sum-plus-one power=2", "decreasing"};
constexpr Law laws[] = {Law::scl, Law::ucl, Law::hscl, Law::hucl};

bool applies(Way way, const LossFunction& psi, const Hardening& eta, Law law) {
  const bool separable = !is_hardened(law) || eta.properties().separable;
  if (way == Way::integral) return psi.log_sum_form() && separable;
  if (way != Way::exact) return true;
  return (psi.properties(2).piecewise_linear || psi.text() == "non-monotone") &&
         (!is_hardened(law) || eta.text() != "exponential beta=2");
}

TEST(ExpectedLossWays, AllWaysAgreeOnBothEngines) {
  Random random(21);
  int compared = 0;
  for (int trial = 0; trial < 45; ++trial) {
    const FiniteModel model = draw_model(random, draw_int(random, 2, 3), draw_int(random, 1, 2), 2);
    const LossFunction psi = LossFunction::parse(losses[random() % std::size(losses)]);
    const Hardening eta = Hardening::parse(hardenings[random() % std::size(hardenings)]);
    const Law law = laws[random() % std::size(laws)];
    const int k = draw_int(random, 1, 3);
    std::vector<Real> values;
    for (const Engine engine : engines()) {
      const FiniteModel enclosed = model.in(Arithmetic::enclosing(engine, 113));
      for (const Way way :
           {Way::automatic, Way::enumeration, Way::multinomial, Way::integral, Way::exact}) {
        if (!applies(way, psi, eta, law)) continue;
        values.push_back(expected_loss(enclosed, law, psi, eta, k, way));
        EXPECT_LE(values.back().interval().width_up(), 0x1p-95);
        EXPECT_TRUE(way != Way::exact || values.back().is_exact());
      }
    }
    const double rough =
        expected_loss(model.in(Arithmetic::plain()), law, psi, eta, k).approximate();
    for (const Real& value : values) {
      EXPECT_NE(equal(value, values.front()), Truth::no)
          << name_of(law) << " " << psi.text() << " " << eta.text() << " k=" << k << ": "
          << value.text() << " " << values.front().text();
      EXPECT_NEAR(value.approximate(), rough, 0x1p-44 * (1 + std::fabs(rough)));
      ++compared;
    }
  }
  EXPECT_GT(compared, 250);
}

// The integral is for hardenings that factor, however many terms a sum over counts has.
TEST(ExpectedLossWays, AJointHardeningOfManyAtomsIsSummedOverCounts) {
  const Arithmetic arithmetic = Arithmetic::enclosing(engines().front(), 64);
  std::vector<Real> masses, u;
  for (int j = 0; j < 12; ++j) {
    masses.push_back(arithmetic(1, 12));
    u.push_back(arithmetic(j - 6, 7));
  }
  const LossFunction psi = LossFunction::parse(losses[0]);
  const Hardening eta = Hardening::max_plus_one();
  const Real v = arithmetic(1, 2);
  const Real automatic = expected_over_negatives(masses, u, v, psi, eta, 4);
  EXPECT_TRUE(automatic.interval().overlaps(
      expected_over_negatives(masses, u, v, psi, eta, 4, Way::multinomial).interval()));
  EXPECT_LT(automatic.interval().width_up(), 0x1p-40);
}

TEST(ExpectedLossWays, TheMarginalWayAgreesWithAllTuplesExactly) {
  Random random(22);
  for (int trial = 0; trial < 60; ++trial) {
    const FiniteModel model = draw_model(random, 3, 2, 1);
    for (const char* loss : {"hinge margin=1/2 over=mean", "max", "concave-linear bend=-1/4",
                             "non-monotone", "hinge margin=1/4 over=max"}) {
      const LossFunction psi = LossFunction::parse(loss);
      const Hardening eta = Hardening::polynomial(draw_int(random, 1, 3));
      const Law law = laws[random() % std::size(laws)];
      const int k = draw_int(random, 1, 3);
      const Real by_marginals = expected_loss(model, law, psi, eta, k, Way::exact);
      ASSERT_TRUE(by_marginals.is_exact());
      ASSERT_TRUE(
          identical(by_marginals, expected_loss(model, law, psi, eta, k, Way::enumeration)));
      ASSERT_TRUE(
          identical(by_marginals, expected_loss(model, law, psi, eta, k, Way::multinomial)));
    }
  }
}

TEST(ExpectedLossWays, AsymmetricLossesAreEnumerated) {
  Random random(23);
  const LossFunction psi = LossFunction::parse("max-affine 1,0,1/2;0,2,0;1/3,1/3,0");
  const FiniteModel model = draw_model(random, 3, 2, 2);
  const Hardening eta = Hardening::max_plus_one();
  EXPECT_THROW(expected_loss(model, Law::hscl, psi, eta, 2, Way::multinomial),
               std::invalid_argument);
  const Real value = expected_loss(model, Law::hscl, psi, eta, 2, Way::exact);
  EXPECT_TRUE(identical(value, expected_loss(model, Law::hscl, psi, eta, 2)));
  // The two arguments trade places: the expectation does not change, negatives being iid.
  const LossFunction swapped = LossFunction::parse("max-affine 0,1,1/2;2,0,0;1/3,1/3,0");
  EXPECT_TRUE(identical(value, expected_loss(model, Law::hscl, swapped, eta, 2)));
}

TEST(ExpectedLossWays, AWayThatDoesNotApplySaysSo) {
  const FiniteModel model = simplex_model(3, 1);
  const Hardening none;
  const LossFunction log_sum = LossFunction::parse("info-nce alpha=1 weight=1 temperature=1");
  const LossFunction hinge = LossFunction::parse("hinge margin=1 over=sum");
  const FiniteModel enclosed = model.in(Arithmetic::enclosing(Engine::mpfi, 64));
  EXPECT_THROW(expected_loss(enclosed, Law::ucl, hinge, none, 2, Way::integral),
               std::invalid_argument);
  EXPECT_THROW(expected_loss(enclosed, Law::ucl, log_sum, none, 2, Way::exact),
               std::invalid_argument);
  EXPECT_THROW(expected_loss(enclosed, Law::ucl, log_sum, none, 40, Way::enumeration),
               std::invalid_argument);
  EXPECT_THROW(expected_loss(enclosed, Law::ucl, log_sum, none, 0), std::invalid_argument);
  EXPECT_THROW(expected_loss(model, Law::ucl, log_sum, none, 2), std::logic_error);
}

}  // namespace
}  // namespace assay::reference
