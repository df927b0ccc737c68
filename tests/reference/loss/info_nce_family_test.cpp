// SPDX-License-Identifier: Apache-2.0
// The values of the InfoNCE family: agreement with InfoNCE, engines, identities.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "reference/arithmetic/number.hpp"
#include "tests/reference/loss/family_instances.hpp"
#include "tests/reference/loss/family_settings.hpp"

namespace assay::testing {
namespace {

using namespace reference;

TEST(InfoNceFamily, TheDefaultIsInfoNce) {
  for (const bool joint : {true, false}) {
    const FamilyInstance i = family_problem(5, 7, 0.125, 2, 3);
    InfoNceProblem simple{
        i.problem.a, i.problem.b,
        5,           7,
        7,           7,
        0.125,       joint ? InfoNceForm::joint_block : InfoNceForm::one_direction,
        false};
    InfoNceSetting setting;
    setting.directions = joint ? Directions::joint_block : Directions::one;
    for (const Engine engine : engines()) {
      const InfoNceFamilyEnclosures family = enclose(setting, i, engine);
      const InfoNceEnclosures truth = enclose_info_nce(simple, engine, family_bits);
      ASSERT_EQ(family.row_loss.size(), truth.row_loss.size());
      for (std::size_t r = 0; r < truth.row_loss.size(); ++r)
        EXPECT_TRUE(family.row_loss[r].overlaps(truth.row_loss[r]));
      EXPECT_TRUE(family.loss.overlaps(truth.loss));
      EXPECT_EQ(family.tier, truth.tier);
    }
  }
}

TEST(InfoNceFamily, EnginesOverlapOnEverySetting) {
  const FamilyInstance i = family_problem(6, 5, 0.75, 3, 11);
  for (const InfoNceSetting& setting : many_settings()) {
    const InfoNceFamilyEnclosures first = enclose(setting, i);
    for (const Engine engine : engines()) {
      const InfoNceFamilyEnclosures other = enclose(setting, i, engine);
      EXPECT_TRUE(first.loss.overlaps(other.loss)) << text_of(setting);
      EXPECT_EQ(first.fate, other.fate);
      for (std::size_t r = 0; r < first.row_loss.size(); ++r) {
        EXPECT_TRUE(first.row_loss[r].overlaps(other.row_loss[r])) << text_of(setting);
        EXPECT_LE(other.row_loss[r].hi - other.row_loss[r].lo, 0x1p-48) << text_of(setting);
      }
    }
    const InfoNceValue value = info_nce_family_value(setting, i.problem, 30);
    EXPECT_GE(value.loss.agreed_digits(), 30);
    EXPECT_TRUE(value.loss.ends().overlaps(first.loss)) << text_of(setting);
  }
}

// --- identities ----------------------------------------------------------------------------

TEST(InfoNceFamily, WithOnePositiveTheReductionsAndTheDenominatorsCoincide) {
  const FamilyInstance i = family_problem(6, 4, 0.25, 2, 5);
  const Ends truth = enclose({}, i).loss;
  for (const WithinAnchor within :
       {WithinAnchor::mean_outside, WithinAnchor::sum_inside, WithinAnchor::pairs}) {
    InfoNceSetting s;
    s.within = within;
    EXPECT_TRUE(enclose(s, i).loss.overlaps(truth));
    if (within == WithinAnchor::sum_inside) continue;
    s.denominator = Denominator::positive_and_negatives;
    EXPECT_TRUE(enclose(s, i).loss.overlaps(truth));
  }
}

TEST(InfoNceFamily, WithSeveralPositivesTheReductionsDiffer) {
  const FamilyInstance i = shared_vectors("labels_multi");
  std::vector<double> values;
  for (const Denominator d : {Denominator::all, Denominator::positive_and_negatives})
    for (const WithinAnchor w :
         {WithinAnchor::mean_outside, WithinAnchor::sum_inside, WithinAnchor::pairs}) {
      if (d != Denominator::all && w == WithinAnchor::sum_inside) continue;
      values.push_back(value_of(by_label(d, w), i));
    }
  std::sort(values.begin(), values.end());
  for (std::size_t k = 1; k < values.size(); ++k) EXPECT_GT(values[k], values[k - 1] + 0x1p-10);
}

TEST(InfoNceFamily, AllMinusNegativesIsASoftplus) {
  // ALL - NEG = log(1 + e^s+ / sum_N e^s) per row; e^(row loss of NEG) = sum_N e^s / e^s+.
  const FamilyInstance i = family_problem(5, 4, 0.5, 2, 6);
  InfoNceSetting negatives;
  negatives.denominator = Denominator::negatives;
  const InfoNceFamilyEnclosures all = enclose({}, i), neg = enclose(negatives, i);
  const Context<MpfiNumber> at(family_bits);
  for (std::size_t r = 0; r < all.row_loss.size(); ++r) {
    const MpfiNumber l = at.exactly(neg.row_loss[r].lo);
    const Ends expected = to_interval(l + log1p(exp(-l))).ends();
    // The derivative lies between 0 and 1, so an error of one double in l stays one.
    const double ulp = std::ldexp(std::fmax(std::fabs(neg.row_loss[r].lo), expected.hi), -51);
    EXPECT_NEAR(all.row_loss[r].lo, expected.lo, ulp);
  }
}

TEST(InfoNceFamily, TwoDirectionsAreTheProblemAndItsTranspose) {
  const FamilyInstance i = family_problem(6, 4, 0.25, 3, 7);
  FamilyInstance swapped = family_problem(6, 4, 0.25, 3, 7);
  std::swap(swapped.a, swapped.b);
  point_into(swapped, 6, 4);
  InfoNceSetting one, half, sum;
  one.directions = Directions::one;
  half.directions = Directions::half_sum;
  sum.directions = Directions::sum;
  for (InfoNceSetting* s : {&one, &half, &sum}) s->positives = Positives::same_label;
  const auto there = enclose(one, i), back = enclose(one, swapped), both = enclose(half, i);
  const double ulp = std::ldexp(std::fabs(there.loss.hi) + std::fabs(back.loss.hi), -51);
  EXPECT_NEAR(both.loss.lo, (there.loss.lo + back.loss.lo) / 2, ulp);
  EXPECT_NEAR(enclose(sum, i).loss.lo, there.loss.lo + back.loss.lo, ulp);
  for (std::size_t r = 0; r < 6; ++r) {
    EXPECT_TRUE(both.row_loss[r].overlaps(there.row_loss[r]));
    EXPECT_TRUE(both.row_loss[r + 6].overlaps(back.row_loss[r]));
  }
}

TEST(InfoNceFamily, AMaskOfTheLabelsIsTheLabelsAlsoTransposed) {
  for (const Directions directions : {Directions::one, Directions::sum, Directions::joint_block}) {
    FamilyInstance i = family_problem(6, 4, 0.25, 3, 8);
    InfoNceSetting labels;
    labels.positives = Positives::same_label;
    labels.directions = directions;
    const InfoNceFamilyEnclosures truth = enclose(labels, i);
    const std::int64_t keys = directions == Directions::joint_block ? 12 : 6, stride = keys + 1;
    i.mask.assign(static_cast<std::size_t>(keys * stride), 7);
    for (std::int64_t r = 0; r < keys; ++r)
      for (std::int64_t k = 0; k < keys; ++k)
        i.mask[static_cast<std::size_t>(r * stride + k)] =
            i.labels[static_cast<std::size_t>(r % 6)] == i.labels[static_cast<std::size_t>(k % 6)];
    i.problem.mask = i.mask.data();
    i.problem.mask_stride = stride;
    InfoNceSetting mask = labels;
    mask.positives = Positives::mask;
    const InfoNceFamilyEnclosures found = enclose(mask, i);
    for (std::size_t r = 0; r < truth.row_loss.size(); ++r)
      EXPECT_EQ(found.row_loss[r], truth.row_loss[r]);
    // An asymmetric mask is read by rows of a: row 0 has one more positive, key 0 does not.
    i.mask[5] = 1 - i.mask[5];
    const InfoNceFamilyEnclosures bent = enclose(mask, i);
    EXPECT_NE(bent.row_loss[0], truth.row_loss[0]);
    for (std::size_t r = 1; r < truth.row_loss.size(); ++r)
      EXPECT_EQ(bent.row_loss[r] == truth.row_loss[r],
                !(directions == Directions::sum && r == 6 + 5));
  }
}

TEST(InfoNceFamily, AJointBlockOfIdenticalViewsRepeatsTheRows) {
  FamilyInstance i = family_problem(5, 4, 0.5, 2, 9);
  i.b = i.a;
  point_into(i, 5, 4);
  const InfoNceFamilyEnclosures joint = enclose({}, i);
  for (std::size_t r = 0; r < 5; ++r) EXPECT_EQ(joint.row_loss[r], joint.row_loss[r + 5]);
  // Each negative occurs twice beside the positive <x, x>: e^l = 1 + 2 (e^l1 - 1) + ... with l1
  // the row in one direction, so e^(joint) = 1 + 2 (e^(one) - 1).
  InfoNceSetting one;
  one.directions = Directions::one;
  const InfoNceFamilyEnclosures single = enclose(one, i);
  for (std::size_t r = 0; r < 5; ++r)
    EXPECT_NEAR(std::expm1(joint.row_loss[r].lo), 2 * std::expm1(single.row_loss[r].lo),
                std::ldexp(std::exp(joint.row_loss[r].lo) * (1 + joint.row_loss[r].lo), -49));
}

TEST(InfoNceFamily, ACommonFactorOnEmbeddingsAndItsSquareOnTheTemperatureChangeNothing) {
  const FamilyInstance i = family_problem(5, 4, 0.3, 2, 10);
  FamilyInstance scaled = family_problem(5, 4, 0.3 * 16, 2, 10);
  for (auto* x : {&scaled.a, &scaled.b})
    for (double& entry : *x) entry *= 4;
  for (InfoNceSetting s : many_settings()) {
    if (s.normalisation != Normalisation::none || s.outer != OuterFactor::constant ||
        s.similarity == Similarity::negative_euclidean || s.clamp != Clamp::none ||
        s.positive_weight != PositiveWeight::one)
      continue;
    s.temperature_as = TemperatureAs::temperature;
    EXPECT_EQ(enclose(s, i).row_loss, enclose(s, scaled).row_loss) << text_of(s);
  }
}

TEST(InfoNceFamily, TheSumInsideIsAtMostTheMeanOutsideWithTheCountAdded) {
  // -log of a mean is at most the mean of -log: L_in + log |P| <= L_out, strictly for unequal ones.
  const FamilyInstance i = shared_vectors("labels_multi");
  const auto inside = enclose(by_label(Denominator::all, WithinAnchor::sum_inside), i);
  const auto outside = enclose(by_label(Denominator::all, WithinAnchor::mean_outside), i);
  for (std::size_t r = 0; r < 16; ++r) {
    const auto label = i.labels[r % 8];
    const double positives =
        2.0 * static_cast<double>(std::count(i.labels.begin(), i.labels.end(), label)) - 1;
    EXPECT_LT(inside.row_loss[r].hi + std::log(positives), outside.row_loss[r].lo);
  }
}

TEST(InfoNceFamily, TemperatureScaleAndLogScaleAreOneParameter) {
  FamilyInstance i = family_problem(5, 4, 0.25, 2, 12);
  InfoNceSetting s;
  const Ends by_temperature = enclose(s, i).loss;
  s.temperature_as = TemperatureAs::scale;
  i.problem.parameter = 4;
  EXPECT_TRUE(enclose(s, i).loss.overlaps(by_temperature));
  s.temperature_as = TemperatureAs::log_scale;
  i.problem.parameter = std::log(4.0);  // rounded: the scale moves by 4 * 2^-53
  EXPECT_NEAR(enclose(s, i).loss.lo, by_temperature.lo, std::ldexp(16.0, -53));
}

}  // namespace
}  // namespace assay::testing
