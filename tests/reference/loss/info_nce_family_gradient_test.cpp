// SPDX-License-Identifier: Apache-2.0
// The gradients of the InfoNCE family: difference quotients of enclosures, engines, InfoNCE itself,
// vectors at which a norm has no gradient.
#include <gtest/gtest.h>

#include <cmath>

#include "reference/arithmetic/detail/representation.hpp"
#include "reference/arithmetic/number.hpp"
#include "tests/reference/loss/family_instances.hpp"
#include "tests/reference/loss/family_settings.hpp"

namespace assay::testing {
namespace {

using namespace reference;

InfoNceGradients gradients(const InfoNceSetting& s, const FamilyInstance& i,
                           const InfoNceUpstream& upstream, Engine engine = Engine::mpfi) {
  return enclose_info_nce_family_gradients(s, i.problem, upstream, engine, family_bits);
}

TEST(InfoNceFamilyGradient, OfTheDefaultIsThatOfInfoNce) {
  const std::vector<double> rows = {1, -0.5, 0, 2, 0.25, -3, 1, 1, 0.5, 0.125};
  for (const bool joint : {true, false}) {
    const FamilyInstance i = family_problem(5, 3, 0.2, 2, 21);
    const InfoNceProblem simple{
        i.problem.a, i.problem.b,
        5,           3,
        3,           3,
        0.2,         joint ? InfoNceForm::joint_block : InfoNceForm::one_direction,
        false};
    InfoNceSetting setting;
    setting.directions = joint ? Directions::joint_block : Directions::one;
    const InfoNceUpstream upstream{rows.data(), 1, 0.75};
    for (const Engine engine : engines()) {
      const InfoNceGradients family = gradients(setting, i, upstream, engine);
      const InfoNceGradients truth = enclose_info_nce_gradients(simple, upstream, engine, 128);
      ASSERT_EQ(family.a.size(), truth.a.size());
      for (std::size_t k = 0; k < truth.a.size(); ++k) {
        EXPECT_TRUE(family.a[k].overlaps(truth.a[k]));
        EXPECT_TRUE(family.b[k].overlaps(truth.b[k]));
        EXPECT_LE(family.a[k].hi - family.a[k].lo, std::ldexp(std::fabs(truth.a[k].lo), -51));
      }
      EXPECT_TRUE(family.temperature.overlaps(truth.temperature));
    }
  }
}

TEST(InfoNceFamilyGradient, EnginesOverlapOnEverySetting) {
  const FamilyInstance i = family_problem(5, 4, 0.75, 3, 22);
  const std::vector<double> rows = {1, -2, 0.5, 0, 3, 1, 1, -1, 0.25, 2};
  const InfoNceUpstream upstream{rows.data(), 1, -1.5};
  for (const InfoNceSetting& setting : many_settings()) {
    const InfoNceGradients first = gradients(setting, i, upstream);
    for (const Engine engine : engines()) {
      const InfoNceGradients other = gradients(setting, i, upstream, engine);
      for (std::size_t k = 0; k < first.a.size(); ++k) {
        EXPECT_TRUE(first.a[k].overlaps(other.a[k])) << text_of(setting);
        EXPECT_TRUE(first.b[k].overlaps(other.b[k])) << text_of(setting);
        EXPECT_LE(other.a[k].hi - other.a[k].lo, 0x1p-46) << text_of(setting);
      }
      EXPECT_TRUE(first.temperature.overlaps(other.temperature)) << text_of(setting);
    }
  }
}

MpfiNumber number_in(const Interval& x) {
  return MpfiNumber::between(x.representation().lower, x.representation().upper, 256);
}

/// (f(x + h) - f(x - h)) / 2h of the loss, rounded once.
double central_difference(const InfoNceSetting& s, const InfoNceFamilyProblem& p, double& entry,
                          double h = 0x1p-28) {
  constexpr int digits = 45;  // the quotient keeps 45 - 9 digits
  const Context<MpfiNumber> at(256);
  const double old = entry;
  entry = old + h;
  const MpfiNumber up = at.exactly(entry);
  const MpfiNumber above = number_in(info_nce_family_value(s, p, digits).loss);
  entry = old - h;
  const MpfiNumber down = at.exactly(entry);
  const MpfiNumber below = number_in(info_nce_family_value(s, p, digits).loss);
  entry = old;
  return midpoint_of((above - below) / (up - down));
}

/// h^2 / 6 times a third derivative; those of these problems (logits, norms and their inverses up
/// to 8) stay below 2^16.
constexpr double truncation = 0x1p-40;

TEST(InfoNceFamilyGradient, IsTheLimitOfDifferenceQuotients) {
  for (InfoNceSetting setting : many_settings()) {
    FamilyInstance i = family_problem(4, 3, 0.75, 3, 23);
    const InfoNceGradients g = gradients(setting, i, {nullptr, 1, 1});
    double& t = i.problem.parameter;
    // What a clamp passes on and what a detached weight leaves out is no derivative of the value.
    if (setting.clamp == Clamp::none || setting.clamp_gradient == ClampGradient::stops) {
      EXPECT_NEAR(central_difference(setting, i.problem, t), g.temperature.lo, truncation)
          << text_of(setting);
    }
    if (setting.positive_weight == PositiveWeight::von_mises_fisher_detached) continue;
    for (std::size_t k = 0; k < i.a.size(); k += 2) {
      EXPECT_NEAR(central_difference(setting, i.problem, i.a[k]), g.a[k].lo, truncation)
          << text_of(setting) << " a " << k;
      EXPECT_NEAR(central_difference(setting, i.problem, i.b[k]), g.b[k].lo, truncation)
          << text_of(setting) << " b " << k;
    }
  }
}

TEST(InfoNceFamilyGradient, OfASingleViewWithKeptSelfPairsIsTheLimitToo) {
  FamilyInstance i = family_problem(5, 3, 0.5, 2, 24, false);
  InfoNceSetting s = by_label(Denominator::positive_and_negatives, WithinAnchor::pairs);
  s.self_pair_kept = true;
  for (const Normalisation how : {Normalisation::none, Normalisation::maximum}) {
    s.normalisation = how;
    const InfoNceGradients g = gradients(s, i, {nullptr, 1, 1});
    EXPECT_TRUE(g.b.empty());
    for (std::size_t k = 0; k < i.a.size(); ++k)
      EXPECT_NEAR(central_difference(s, i.problem, i.a[k]), g.a[k].lo, truncation);
  }
}

TEST(InfoNceFamilyGradient, OfRowLossesIsTheLimitToo) {
  const InfoNceSetting s = by_label(Denominator::all, WithinAnchor::mean_outside);
  FamilyInstance i = family_problem(4, 3, 0.75, 2, 25);
  const std::vector<double> rows = {1, -2, 0.5, 0, 3, 1, 1, -1};
  const InfoNceGradients g = gradients(s, i, {rows.data(), 1, 0});
  const auto weighted = [&] {
    const InfoNceFamilyEnclosures found = enclose(s, i);
    double sum = 0;
    for (std::size_t r = 0; r < rows.size(); ++r) sum += rows[r] * found.row_loss[r].lo;
    return sum;
  };
  constexpr double h = 0x1p-15;
  for (std::size_t k = 0; k < i.b.size(); ++k) {
    const double old = i.b[k];
    i.b[k] = old + h;
    const double above = weighted();
    i.b[k] = old - h;
    const double below = weighted();
    i.b[k] = old;
    // Sums near 8 of neighbouring doubles over 2h, and h^2 times a third derivative.
    EXPECT_NEAR((above - below) / (2 * h), g.b[k].lo, 0x1p-48 / h + h * h * 16) << k;
  }
  // A broadcast upstream gradient of the rows is the gradient of their sum.
  InfoNceSetting sum = s;
  sum.over = OverAnchors::sum;
  const double one = 1;
  EXPECT_EQ(gradients(s, i, {&one, 0, 0}).a, gradients(sum, i, {nullptr, 1, 1}).a);
}

TEST(InfoNceFamilyGradient, DetachedWeightsAreConstants) {
  InfoNceSetting s = info_nce_preset("lightly_dclw").setting;
  s.normalisation = Normalisation::none;
  FamilyInstance i = family_problem(4, 3, 0.75, 2, 26);
  i.b[1] = 0;  // a change of a[0][1] leaves <a_0, b_0>, and with it every weight, alone
  const InfoNceGradients g = gradients(s, i, {nullptr, 1, 1});
  EXPECT_NEAR(central_difference(s, i.problem, i.a[1]), g.a[1].lo, truncation);
  // elsewhere the weights move, and the derivative of the whole expression is another number
  EXPECT_GT(std::fabs(central_difference(s, i.problem, i.a[0]) - g.a[0].lo), 0x1p-10);
}

TEST(InfoNceFamilyGradient, RowsThatAreSkippedOrZeroContributeNothing) {
  FamilyInstance i = family_problem(4, 3, 0.5, 2, 27, false);
  i.labels = {5, 5, -1, 9};
  InfoNceSetting s = by_label(Denominator::all, WithinAnchor::mean_outside);
  s.without_positives = EmptySet::zero;
  const std::vector<double> lone = {0, 0, 1, 1};
  for (const Ends& e : gradients(s, i, {lone.data(), 1, 0}).a) EXPECT_EQ(e, exactly(0.0));
  const InfoNceGradients g = gradients(s, i, {nullptr, 1, 1});
  EXPECT_NEAR(central_difference(s, i.problem, i.a[6]), g.a[6].lo, truncation);  // as a key
  EXPECT_NE(g.a[6].lo, 0);
  s.without_positives = EmptySet::nan;
  for (const Ends& e : gradients(s, i, {nullptr, 1, 1}).a) EXPECT_EQ(e, Ends{});
}

TEST(InfoNceFamilyGradient, ExistsAtTheZeroVectorWhereEpsIsPositive) {
  for (const Normalisation how :
       {Normalisation::maximum, Normalisation::added, Normalisation::inside_root}) {
    FamilyInstance i = family_problem(4, 3, 0.5, 2, 28);
    for (std::size_t k = 0; k < 3; ++k) i.a[k] = 0;
    InfoNceSetting s;
    s.normalisation = how;
    s.normalisation_eps = 0.25;
    const InfoNceGradients g = gradients(s, i, {nullptr, 1, 1});
    for (std::size_t k = 0; k < 3; ++k) {
      // |x| + eps has a kink: the error of x / (|x| + eps) is of first order, h / eps^2 <= 2^4 h.
      EXPECT_NEAR(central_difference(s, i.problem, i.a[k]), g.a[k].lo, 0x1p-28 * 0x1p6);
      EXPECT_GT(std::fabs(g.a[k].lo), 0x1p-10);
    }
  }
}

TEST(InfoNceFamilyGradient, IsTheWholeLineWhereThereIsNone) {
  FamilyInstance i = family_problem(2, 2, 0.5, 1, 29);
  i.a = {3, 4, 1, 0};
  point_into(i, 2, 2);
  InfoNceSetting s;
  s.normalisation = Normalisation::maximum;
  s.normalisation_eps = 5;  // exactly the length of a_0: max(|x|, 5) has a kink
  const InfoNceGradients kink = gradients(s, i, {nullptr, 1, 1});
  EXPECT_EQ(kink.a[0], Ends{});
  EXPECT_EQ(kink.a[1], Ends{});
  for (std::size_t k = 2; k < 4; ++k) EXPECT_LE(kink.a[k].hi - kink.a[k].lo, 0x1p-50);
  for (const Ends& e : kink.b) EXPECT_LE(e.hi - e.lo, 0x1p-50);
  // one double beside it there is a gradient again
  i.a[1] = std::nextafter(4.0, 5.0);
  EXPECT_LE(gradients(s, i, {nullptr, 1, 1}).a[1].hi, 1);
  // no eps and a zero vector: nothing has a value, nothing a derivative
  i.a = {0, 0, 1, 0};
  s.normalisation_eps = 0;
  const InfoNceGradients none = gradients(s, i, {nullptr, 1, 1});
  for (const auto* side : {&none.a, &none.b})
    for (const Ends& e : *side) EXPECT_EQ(e, Ends{});
  EXPECT_EQ(none.temperature, Ends{});
}

TEST(InfoNceFamilyGradient, OfOnePairAndOfHugeLogitsIsExact) {
  const FamilyInstance one = family_problem(1, 3, 0.5, 1, 31);
  EXPECT_EQ(enclose({}, one).loss, exactly(0.0));
  const InfoNceGradients none = gradients({}, one, {nullptr, 1, 1});
  for (const auto* side : {&none.a, &none.b})
    for (const Ends& e : *side) EXPECT_EQ(e, exactly(0.0));
  EXPECT_EQ(none.temperature, exactly(0.0));
  // Row 0 has its positive at -2^133 and its negative at 2^133: slopes -1 and 1.
  FamilyInstance huge;
  huge.a = {1, 1};
  huge.b = {-0x1p126, 0x1p126};
  point_into(huge, 2, 1);
  huge.problem.parameter = 0x1p-7;
  InfoNceSetting s;
  s.directions = Directions::one;
  const double row[] = {1, 0};
  for (const Engine engine : engines()) {
    const Ends loss = enclose_info_nce_family(s, huge.problem, engine, 64).row_loss[0];
    EXPECT_TRUE(loss.contains(0x1p134));
    EXPECT_LE(loss.hi - loss.lo, 0x1p134 * 0x1p-50);
    const InfoNceGradients g =
        enclose_info_nce_family_gradients(s, huge.problem, {row, 1, 0}, engine, 64);
    EXPECT_TRUE(g.a[0].contains(0x1p134));
    EXPECT_LE(g.a[0].hi - g.a[0].lo, 0x1p134 * 0x1p-50);
    EXPECT_TRUE(g.b[0].contains(-0x1p7));
    EXPECT_TRUE(g.temperature.contains(-0x1p141));
  }
}

TEST(InfoNceFamilyGradient, RefusesAnUpstreamThatIsNotFinite) {
  const FamilyInstance i = family_problem(2, 2, 0.5, 1, 30);
  const std::vector<double> rows = {1, 1, 1, HUGE_VAL};
  EXPECT_THROW(gradients({}, i, {rows.data(), 1, 0}), std::invalid_argument);
  EXPECT_THROW(gradients({}, i, {nullptr, 1, HUGE_VAL}), std::invalid_argument);
}

}  // namespace
}  // namespace assay::testing
