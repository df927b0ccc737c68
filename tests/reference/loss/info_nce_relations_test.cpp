// SPDX-License-Identifier: Apache-2.0
// The InfoNCE family at its edges: empty sets, norms, settings that make no sense.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <sstream>
#include <string>

#include "tests/reference/loss/family_instances.hpp"
#include "tests/reference/loss/family_settings.hpp"

namespace assay::testing {
namespace {

using namespace reference;

TEST(InfoNceRelations, RowsWithoutPositivesDoWhatTheSettingDeclares) {
  // One label twice, two labels once: rows 2 and 3 of a single view have no positive.
  FamilyInstance i = family_problem(4, 3, 0.5, 2, 13, false);
  i.labels = {5, 5, -1, 9};
  InfoNceSetting s = by_label(Denominator::all, WithinAnchor::mean_outside);
  s.without_positives = EmptySet::zero;
  const auto zero = enclose(s, i);
  EXPECT_EQ(zero.row_loss[2], exactly(0.0));
  EXPECT_EQ(zero.fate[3], RowFate::zero);
  s.without_positives = EmptySet::skipped;
  const auto skipped = enclose(s, i);
  EXPECT_EQ(skipped.fate[2], RowFate::skipped);
  EXPECT_NEAR(skipped.loss.lo, 2 * zero.loss.lo, std::ldexp(skipped.loss.hi, -50));
  s.without_positives = EmptySet::nan;
  const auto nan = enclose(s, i);
  EXPECT_TRUE(nan.loss_is_nan);
  EXPECT_EQ(nan.loss, Ends{});
  EXPECT_EQ(nan.row_loss[2], Ends{});
  EXPECT_EQ(nan.row_loss[0], zero.row_loss[0]);
  EXPECT_FALSE(zero.loss_is_nan);
  s.without_positives = EmptySet::error;
  try {
    enclose(s, i);
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("row 2 has no positive"), std::string::npos);
  }
  // No row left: a mean of nothing is refused, PML's reducer answers 0.
  i.labels = {1, 2, 3, 4};
  s.without_positives = EmptySet::skipped;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);
  s.over = OverAnchors::mean_of_positive_losses;
  EXPECT_EQ(enclose(s, i).loss, exactly(0.0));
}

TEST(InfoNceRelations, RowsWithoutNegativesDoWhatTheSettingDeclares) {
  FamilyInstance i = family_problem(2, 3, 0.5, 1, 14);  // one label: everybody is a positive
  InfoNceSetting s = by_label(Denominator::positive_and_negatives, WithinAnchor::mean_outside);
  EXPECT_EQ(enclose(s, i).loss, exactly(0.0));  // log of e^s over e^s
  s.denominator = Denominator::all;
  EXPECT_GT(enclose(s, i).loss.lo, 0);  // the other positives are in the denominator
  s.within = WithinAnchor::sum_inside;
  EXPECT_EQ(enclose(s, i).loss, exactly(0.0));
  s.denominator = Denominator::negatives;
  EXPECT_THROW(enclose(s, i), std::invalid_argument);  // log 0
  s.without_negatives = EmptySet::zero;
  EXPECT_EQ(enclose(s, i).loss, exactly(0.0));
  s.without_negatives = EmptySet::nan;
  EXPECT_TRUE(enclose(s, i).loss_is_nan);
}

TEST(InfoNceRelations, AMeanOverPositiveLossesLeavesTheNegativeOnesOut) {
  const FamilyInstance i = family_problem(6, 8, 0.0625, 2, 15);
  InfoNceSetting s;
  s.denominator = Denominator::negatives;
  const auto rows = enclose(s, i).row_loss;
  s.over = OverAnchors::mean_of_positive_losses;
  double sum = 0;
  int count = 0;
  for (const Ends& e : rows)
    if (e.lo > 0) sum += e.lo, ++count;
  ASSERT_GT(count, 0);
  ASSERT_LT(count, 12);
  EXPECT_NEAR(enclose(s, i).loss.lo, sum / count, std::ldexp(sum, -50));
}

// --- normalisation -------------------------------------------------------------------------

TEST(InfoNceRelations, EveryPlacementOfEpsDividesByItsNorm) {
  FamilyInstance i;
  i.a = {3, 4, 0, 0};  // lengths 5 and 0
  i.b = {8, 6, 0.5, 0};
  point_into(i, 2, 2);
  InfoNceSetting s;
  s.directions = Directions::one;
  s.normalisation_eps = 1;
  const auto difference = [&](double first, double second) {
    // Row 0: softplus(s_01 - s_00).
    return std::log1p(std::exp(second - first));
  };
  s.normalisation = Normalisation::maximum;  // (0.6, 0.8), (0.8, 0.6), (0.5, 0)
  EXPECT_NEAR(enclose(s, i).row_loss[0].lo, difference(0.96, 0.3), 0x1p-50);
  s.normalisation = Normalisation::added;  // divide by 6, 11, 1.5
  EXPECT_NEAR(enclose(s, i).row_loss[0].lo, difference(48 / 66.0, 1.5 / 9), 0x1p-50);
  s.normalisation = Normalisation::inside_root;
  EXPECT_NEAR(enclose(s, i).row_loss[0].lo,
              difference(48 / std::sqrt(26.0 * 101), 1.5 / std::sqrt(26 * 1.25)), 0x1p-50);
  // The zero vector has similarity 0 with everything: log 2.
  EXPECT_NEAR(enclose(s, i).row_loss[1].lo, std::log(2.0), 0x1p-50);
  // Without eps the zero vector has no direction, and nothing has a value.
  s.normalisation_eps = 0;
  const auto none = enclose(s, i);
  EXPECT_TRUE(none.loss_is_nan);
  EXPECT_EQ(none.loss, Ends{});
  for (const Ends& e : none.row_loss) EXPECT_EQ(e, Ends{});
}

// --- refusals ------------------------------------------------------------------------------

TEST(InfoNceRelations, RefusesWhatMakesNoSense) {
  const auto refused = [](const InfoNceSetting& s, const InfoNceFamilyProblem& p,
                          const char* part) {
    try {
      enclose_info_nce_family(s, p, Engine::mpfi, 64);
      ADD_FAILURE() << "accepted: " << part;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  const FamilyInstance two = family_problem(3, 2, 0.5, 2, 1),
                       one = family_problem(3, 2, 0.5, 2, 1, false);
  InfoNceSetting s;
  refused(s, one.problem, "second view");
  s.directions = Directions::half_sum;
  refused(s, one.problem, "second view");
  s = {};
  s.positives = Positives::mask;
  refused(s, two.problem, "mask");
  s.positives = Positives::same_label;
  InfoNceFamilyProblem p = two.problem;
  p.a_labels = nullptr;
  refused(s, p, "labels");
  s.positive_weight = PositiveWeight::von_mises_fisher_detached;
  refused(s, two.problem, "pairs");
  s = {};
  s.without_positives = EmptySet::as_formula;
  refused(s, two.problem, "without positives");
  s = {};
  s.within = WithinAnchor::sum_inside;
  s.denominator = Denominator::positive_and_negatives;
  refused(s, two.problem, "one denominator");
  s = {};
  s.normalisation_eps = -1;
  refused(s, two.problem, "eps");
  s = {};
  p = two.problem;
  p.parameter = -0.5;
  refused(s, p, "temperature");
  s.temperature_as = TemperatureAs::log_scale;
  EXPECT_NO_THROW(enclose_info_nce_family(s, p, Engine::mpfi, 64));
  p.parameter = std::numeric_limits<double>::quiet_NaN();
  refused(s, p, "not finite");
}

TEST(InfoNceRelations, TheTextOfASettingReadsBackFieldByField) {
  for (const InfoNceSetting& setting : many_settings()) {
    InfoNceSetting read;
    const std::string text = text_of(setting);
    std::istringstream words(text);
    for (std::string word; words >> word;) {
      const std::size_t equals = word.find('=');
      set_field(read, word.substr(0, equals), word.substr(equals + 1));
    }
    EXPECT_EQ(text_of(read), text);
  }
  InfoNceSetting s;
  EXPECT_THROW(set_field(s, "eps", "much"), std::invalid_argument);
  EXPECT_THROW(set_field(s, "eps", "inf"), std::invalid_argument);
  try {
    set_field(s, "over", "median");
    FAIL();
  } catch (const std::invalid_argument& e) {
    EXPECT_NE(std::string(e.what()).find("mean-of-positive-losses"), std::string::npos);
  }
  EXPECT_THROW(set_field(s, "under", "mean"), std::invalid_argument);
}

}  // namespace
}  // namespace assay::testing
