// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family against its second, plain formula; distances, clamps and clamped products at
// their kinks.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/reference/loss/family_instances.hpp"
#include "tests/reference/loss/family_second_formula.hpp"
#include "tests/reference/loss/family_settings.hpp"

namespace assay::testing {
namespace {

using namespace reference;

/// A ball keeps 30 bits of its radius: what a hull of numbers near 1 is too wide by.
constexpr double ball_radius_roundoff = 0x1p-28;

InfoNceGradients gradients(const InfoNceSetting& s, const FamilyInstance& i,
                           Engine engine = Engine::mpfi) {
  return enclose_info_nce_family_gradients(s, i.problem, {nullptr, 1, 1}, engine, family_bits);
}

/// The second formula's number is a point to double precision, and the enclosure holds it.
void expect_in(const Ends& enclosure, const MpfiNumber& second, const std::string& what) {
  const Ends truth = to_interval(second).ends();
  EXPECT_LE(truth.hi - truth.lo, 0x1p-49 * (1 + std::fabs(truth.lo))) << what;
  EXPECT_TRUE(enclosure.overlaps(truth))
      << what << ": " << enclosure.lo << " " << enclosure.hi << " against " << truth.lo;
  EXPECT_LE(enclosure.hi - enclosure.lo, 0x1p-49 * (1 + std::fabs(truth.lo))) << what;
}

TEST(InfoNceFamilySecondWay, LossesAndGradientsAreThoseOfThePlainFormula) {
  FamilyInstance i = family_problem(4, 3, 0.75, 2, 41);
  i.labels = {0, 1, 0, 1};
  for (const InfoNceSetting& setting : many_settings()) {
    const SecondFormula second(setting, i.problem);
    const std::string name = text_of(setting);
    expect_in(enclose(setting, i).loss, second.loss(-1).value, name);
    for (const Engine engine : engines()) {
      const InfoNceGradients g = gradients(setting, i, engine);
      expect_in(g.temperature, second.loss(-1).slope, name + " by the parameter");
      for (std::int64_t k = 0; k < 24; k += 5) {
        const Ends& entry = (k < 12 ? g.a : g.b)[static_cast<std::size_t>(k % 12)];
        expect_in(entry, second.loss(k).slope, name + " by entry " + std::to_string(k));
      }
    }
  }
}

// --- weights ---------------------------------------------------------------------------------

TEST(InfoNceFamilySecondWay, AttachedAndDetachedWeightsHaveOneLossAndTwoGradients) {
  const FamilyInstance i = family_problem(4, 3, 0.75, 2, 42);
  InfoNceSetting attached = info_nce_preset("lightly_dclw").setting, detached = attached;
  attached.positive_weight = PositiveWeight::von_mises_fisher;
  EXPECT_EQ(enclose(attached, i).row_loss, enclose(detached, i).row_loss);
  const InfoNceGradients with = gradients(attached, i), without = gradients(detached, i);
  EXPECT_EQ(with.temperature, without.temperature);  // the weights do not know the temperature
  EXPECT_FALSE(with.a[0].overlaps(without.a[0]));
  // One pair: the weight is 2 - 1 whatever its similarity.
  const FamilyInstance one = family_problem(1, 3, 0.75, 1, 43);
  attached.denominator = detached.denominator = Denominator::all;
  const InfoNceGradients of_one = gradients(attached, one), same = gradients(detached, one);
  for (std::size_t k = 0; k < 3; ++k) EXPECT_TRUE(of_one.a[k].overlaps(same.a[k]));
}

// --- distances -------------------------------------------------------------------------------

TEST(InfoNceFamilySecondWay, SquaredDistancesOfUnitVectorsAreDotProducts) {
  // -|u - v|^2 = 2 <u, v> - 2: the same row losses at half the scale.
  FamilyInstance i = family_problem(5, 4, 0.5, 2, 44);
  InfoNceSetting dot = info_nce_preset("lightly_ntxent").setting, distance = dot;
  distance.similarity = Similarity::negative_squared_euclidean;
  const auto by_distance = enclose(distance, i);
  i.problem.parameter = 0.25;
  const auto by_dot = enclose(dot, i);
  for (std::size_t r = 0; r < by_dot.row_loss.size(); ++r)
    EXPECT_TRUE(by_dot.row_loss[r].overlaps(by_distance.row_loss[r]));
}

TEST(InfoNceFamilySecondWay, DistancesDoNotNoticeATranslation) {
  // Entries that are multiples of 2^-20 and stay so when 1024 is added.
  FamilyInstance i = family_problem(5, 4, 0.5, 2, 45), moved = family_problem(5, 4, 0.5, 2, 45);
  for (auto [from, to] : {std::pair(&i.a, &moved.a), std::pair(&i.b, &moved.b)})
    for (std::size_t k = 0; k < from->size(); ++k) {
      (*from)[k] = std::ldexp(std::round(std::ldexp((*from)[k], 20)), -20);
      (*to)[k] = (*from)[k] + 1024;
    }
  for (const Similarity similarity :
       {Similarity::negative_squared_euclidean, Similarity::negative_euclidean}) {
    InfoNceSetting s;
    s.similarity = similarity;
    EXPECT_EQ(enclose(s, i).row_loss, enclose(s, moved).row_loss);
    EXPECT_EQ(gradients(s, i).a, gradients(s, moved).a);
  }
}

TEST(InfoNceFamilySecondWay, AtEqualVectorsTheDistanceHasTheHullOfItsSlopes) {
  // Rows 0 and 3, 4 and 5 away; the key b_0 equals a_0.
  FamilyInstance i;
  i.a = {1, 2, 4, 6};
  i.b = {1, 2, 1, 7};
  point_into(i, 2, 2);
  i.problem.parameter = 2;
  InfoNceSetting s;
  s.directions = Directions::one;
  s.similarity = Similarity::negative_euclidean;
  // Row 0: s_00 = 0, s_01 = -5/2. Row 1: s_10 = -5/2, s_11 = -sqrt(10)/2.
  EXPECT_NEAR(enclose(s, i).row_loss[0].lo, std::log1p(std::exp(-2.5)), 0x1p-50);
  const double one_row[] = {1, 0};
  for (const Engine engine : engines()) {
    const InfoNceGradients g =
        enclose_info_nce_family_gradients(s, i.problem, {one_row, 1, 0}, engine, family_bits);
    // G_00 = -w, G_01 = w with w = 1 / (1 + e^2.5); times the scale 1/2; |z| in [-1, 1].
    const double w = 0.5 / (1 + std::exp(2.5));
    EXPECT_NEAR(g.b[0].lo, -w, ball_radius_roundoff);
    EXPECT_NEAR(g.b[0].hi, w, ball_radius_roundoff);
    EXPECT_NEAR(g.a[0].hi - g.a[0].lo, 2 * w, ball_radius_roundoff);
    EXPECT_TRUE(g.a[1].contains(w));  // the slope 0 of torch.cdist, plus (7 - 2)/5 of the other key
    EXPECT_NEAR(g.b[3].lo, -w, 0x1p-50);
    EXPECT_LE(g.b[3].hi - g.b[3].lo, 0x1p-50);
  }
  // The squared distance has no kink.
  s.similarity = Similarity::negative_squared_euclidean;
  const Ends smooth = gradients(s, i).b[0];
  EXPECT_EQ(std::nextafter(smooth.lo, smooth.hi), smooth.hi);
}

TEST(InfoNceFamilySecondWay, TheDistanceFromItselfIsZeroAlsoNormalised) {
  FamilyInstance i = family_problem(4, 3, 0.75, 2, 46);
  InfoNceSetting s;
  s.similarity = Similarity::negative_euclidean;
  s.normalisation = Normalisation::maximum;
  s.positives = Positives::same_label;
  s.self_pair_kept = true;
  for (const Engine engine : engines()) {
    for (const Ends& e : gradients(s, i, engine).a) EXPECT_LE(e.hi - e.lo, 0x1p-49);
    // Parallel vectors meet on the sphere: an enclosure of 0 that no rounding makes NaN, and a
    // kink.
    FamilyInstance parallel = family_problem(4, 3, 0.75, 2, 46);
    for (std::size_t k = 0; k < 3; ++k) parallel.b[k] = 3 * parallel.a[k];
    const InfoNceGradients g = gradients(s, parallel, engine);
    EXPECT_LE(
        enclose(s, parallel, engine).row_loss[0].hi - enclose(s, parallel, engine).row_loss[0].lo,
        0x1p-48);
    EXPECT_GT(g.a[0].hi - g.a[0].lo, 0x1p-10);
    EXPECT_LT(g.a[0].hi - g.a[0].lo, 8);
    EXPECT_LE(g.a[4].hi - g.a[4].lo, 0x1p-49);
  }
}

// --- clamped products ------------------------------------------------------------------------

TEST(InfoNceFamilySecondWay, AClampedProductHasTheHullOfItsSlopesAtEps) {
  FamilyInstance i;
  i.a = {3, 4, 0, 0};  // lengths 5 and 0
  i.b = {0, 2, 8, 6};  // lengths 2 and 10
  point_into(i, 2, 2);
  i.problem.parameter = 1;
  InfoNceSetting s;
  s.directions = Directions::one;
  s.normalisation = Normalisation::product_maximum;
  s.normalisation_eps = 10;  // |a_0||b_0| exactly
  const double row[] = {1, 0};
  for (const Engine engine : engines()) {
    // Row 0: cosines 8/10 and 48/50; row 1: 0 and 0.
    EXPECT_NEAR(enclose(s, i, engine).row_loss[0].lo, std::log1p(std::exp(0.96 - 0.8)), 0x1p-50);
    EXPECT_NEAR(enclose(s, i, engine).row_loss[1].lo, std::log(2.0), 0x1p-50);
    const InfoNceGradients g =
        enclose_info_nce_family_gradients(s, i.problem, {row, 1, 0}, engine, family_bits);
    const double w = 1 / (1 + std::exp(0.8 - 0.96));
    // d/db_0 of -w <a_0, b_0> / max(|a_0||b_0|, 10): below a_0 / 10, above minus 0.8 b_0 / 4 too.
    EXPECT_NEAR(g.b[0].lo, -w * 0.3, 0x1p-50);
    EXPECT_LE(g.b[0].hi - g.b[0].lo, 0x1p-50);
    EXPECT_NEAR(g.b[1].lo, -w * 0.4, ball_radius_roundoff);
    EXPECT_NEAR(g.b[1].hi, 0, ball_radius_roundoff);
    // Row 1 gives a zero vector a slope of its keys over eps, without dividing by its length.
    const double other[] = {0, 1};
    const InfoNceGradients of_zero =
        enclose_info_nce_family_gradients(s, i.problem, {other, 1, 0}, engine, family_bits);
    EXPECT_NEAR(of_zero.a[2].lo, 0.5 * (0 - 8) / 10, 0x1p-50);
    EXPECT_LE(of_zero.a[2].hi - of_zero.a[2].lo, 0x1p-50);
  }
  s.similarity = Similarity::negative_euclidean;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
}

// --- clamps ----------------------------------------------------------------------------------

InfoNceSetting clip(Clamp clamp, double high, ClampGradient gradient) {
  InfoNceSetting s;
  s.directions = Directions::half_sum;
  s.temperature_as = TemperatureAs::log_scale;
  s.clamp = clamp;
  s.clamp_gradient = gradient;
  s.clamp_high = high;
  return s;
}

TEST(InfoNceFamilySecondWay, AClampHoldsTheValueAndStopsOrPassesTheGradient) {
  const double ln_100 = std::log(100.0);
  FamilyInstance i = family_problem(4, 3, ln_100, 2, 47);
  const InfoNceSetting free = clip(Clamp::none, HUGE_VAL, ClampGradient::stops);
  const Ends at_bound = enclose(free, i).loss, slope = gradients(free, i).temperature;
  ASSERT_NE(slope.lo, 0);
  for (const ClampGradient how : {ClampGradient::stops, ClampGradient::passes}) {
    const InfoNceSetting s = clip(Clamp::log_scale, ln_100, how);
    i.problem.parameter = 5;
    EXPECT_EQ(enclose(s, i).loss, at_bound);
    EXPECT_EQ(gradients(s, i).temperature, how == ClampGradient::stops ? exactly(0.0) : slope);
    i.problem.parameter = ln_100;  // the kink: both sides' slopes
    const Ends hull{std::fmin(slope.lo, 0), std::fmax(slope.hi, 0)};
    EXPECT_EQ(gradients(s, i).temperature, how == ClampGradient::stops ? hull : slope);
    i.problem.parameter = std::nextafter(ln_100, 0);
    EXPECT_LE(gradients(s, i).temperature.hi - gradients(s, i).temperature.lo, 0x1p-40);
  }
}

TEST(InfoNceFamilySecondWay, TheSideOfABoundInAnotherFormIsDecidedExactly) {
  // No double is log 100: the two neighbours lie on two sides of the scale 100.
  const double near = std::log(100.0);
  const bool is_above = std::exp(static_cast<long double>(near)) > 100.0L;
  const double above = is_above ? near : std::nextafter(near, 5);
  const double below = is_above ? std::nextafter(near, 0) : near;
  FamilyInstance i = family_problem(4, 3, above, 2, 48);
  const InfoNceSetting s = clip(Clamp::scale, 100, ClampGradient::stops);
  EXPECT_EQ(gradients(s, i).temperature, exactly(0.0));
  i.problem.parameter = below;
  EXPECT_NE(gradients(s, i).temperature, exactly(0.0));
  // Where the exponential in double rounds to the bound, the parameter is beside it all the same.
  int rounded = 0;
  for (int c = 2; c <= 20; ++c) {
    i.problem.parameter = std::log(static_cast<double>(c));
    rounded += std::exp(i.problem.parameter) == c ? 1 : 0;
    const Ends g = gradients(clip(Clamp::scale, c, ClampGradient::stops), i).temperature;
    EXPECT_LE(g.hi - g.lo, 0x1p-40) << c;
  }
  EXPECT_GT(rounded, 0);
  // 1/T against 3, where no temperature is 1/3, and against 4, where 1/4 is exactly there.
  InfoNceSetting by_temperature = clip(Clamp::scale, 3, ClampGradient::stops);
  by_temperature.temperature_as = TemperatureAs::temperature;
  const double third = 1.0 / 3;  // below 1/3: the scale is above 3
  i.problem.parameter = third;
  EXPECT_EQ(gradients(by_temperature, i).temperature, exactly(0.0));
  i.problem.parameter = std::nextafter(third, 1);
  EXPECT_NE(gradients(by_temperature, i).temperature, exactly(0.0));
  by_temperature.clamp_high = 4;
  i.problem.parameter = 0.25;
  const Ends kink = gradients(by_temperature, i).temperature;
  EXPECT_TRUE(kink.contains(0));
  EXPECT_GT(kink.hi - kink.lo, 0x1p-10);
  // e^0 = 1 is the one exact meeting of the exponential with a double.
  InfoNceSetting unit = clip(Clamp::temperature, 1, ClampGradient::stops);
  i.problem.parameter = 0;
  EXPECT_TRUE(gradients(unit, i).temperature.contains(0));
  EXPECT_GT(gradients(unit, i).temperature.hi - gradients(unit, i).temperature.lo, 0x1p-20);
}

TEST(InfoNceFamilySecondWay, RefusesClampsThatLeaveNothing) {
  FamilyInstance i = family_problem(3, 2, 0.5, 2, 49);
  InfoNceSetting s = clip(Clamp::scale, -1, ClampGradient::stops);
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
  s = clip(Clamp::log_scale, 2, ClampGradient::stops);
  s.clamp_low = 3;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
  s.clamp_low = s.clamp_high = HUGE_VAL;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
  s.clamp_low = s.clamp_high = 1000;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
  EXPECT_THROW(set_field(s, "clamp-high", "nan"), std::invalid_argument);
  set_field(s, "clamp-high", "inf");
  EXPECT_EQ(s.clamp_high, HUGE_VAL);
}

}  // namespace
}  // namespace assay::testing
