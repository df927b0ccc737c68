// SPDX-License-Identifier: Apache-2.0
// The split tier's enclosures of the loss contain the truth, and are as tight as stated.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

#include "reference/loss/info_nce_gradient.hpp"
#include "tests/reference/loss/truth.hpp"

namespace assay::testing {
namespace {

using namespace reference;

constexpr double temperatures[] = {1.0, 0.5, 0.1, 0.07, 0.02, 0.005};
constexpr int binary32_kinds = static_cast<int>(Kind::doubles);

TEST(InfoNceSplit, TheLogSumExpOfAPositiveAloneIsItsLogit) {
  const double a = 1, b = -1;
  InfoNceProblem p;
  p.a = &a;
  p.b = &b;
  p.n = p.d = p.a_stride = p.b_stride = 1;
  for (const double temperature : {1.0, 0x1p-8, 0x1p-10, 0x1p-14}) {
    p.temperature = temperature;
    const auto enclosed = enclose_info_nce_split(p);
    ASSERT_TRUE(enclosed) << temperature;
    for (const Ends& lse : enclosed->row_lse) {  // the positive itself, exactly -1/T
      EXPECT_LE(lse.lo, -1 / temperature);
      EXPECT_GE(lse.hi, -1 / temperature);
    }
  }
}

TEST(InfoNceSplit, ContainsTheTruthOnManyProblems) {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 140; ++seed) {
    const Instance instance = make(descriptor_of(seed, binary32_kinds, temperatures));
    const auto found = enclose_info_nce_split(instance.problem);
    ASSERT_TRUE(found) << instance.text;
    EXPECT_TRUE(contained_everywhere(instance, *found, tally)) << instance.text;
  }
  fmt::print("  {} enclosures ({} numbers), {} violations, largest |error|/radius {:.3f}\n",
             tally.enclosures, tally.numbers, tally.violations, tally.largest_share);
  EXPECT_GE(tally.enclosures, 140 * static_cast<int>(engines().size()));
  EXPECT_EQ(tally.violations, 0);
}

TEST(InfoNceSplit, TilesOfEveryShapeAgreeWithTheEngine) {
  Tally tally;
  for (const std::int64_t n : {63, 65, 129})
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
      const Instance instance = make({Kind::unit, n, 3, 0.1, form, static_cast<std::uint64_t>(n)});
      const auto found = enclose_info_nce_split(instance.problem).value();
      EXPECT_TRUE(contained_once(instance, found, tally)) << instance.text;
    }
}

TEST(InfoNceSplit, ShiftsTheRowsWhereTheLogitsAreLarge) {
  Tally tally;
  for (std::uint64_t seed = 0; seed < 48; ++seed) {
    const double temperatures_below[] = {0.0029, 0.001, 0.0001, 0.00001};
    const Instance instance =
        make({static_cast<Kind>(seed % binary32_kinds), 1 + static_cast<std::int64_t>(seed % 9),
              1 + static_cast<std::int64_t>(seed * 5 % 31), temperatures_below[seed % 4],
              seed % 8 < 4 ? InfoNceForm::joint_block : InfoNceForm::one_direction, seed});
    const auto found = enclose_info_nce_split(instance.problem);
    ASSERT_TRUE(found) << instance.text;
    EXPECT_TRUE(contained_everywhere(instance, *found, tally)) << instance.text;
  }
  EXPECT_EQ(tally.violations, 0);
}

TEST(InfoNceSplit, AnswersFarBeyondTheRangeOfDoubleExponentials) {
  // Logits of 0 and +-4000: losses of 8000 and of e^-8000.
  for (const bool near : {true, false}) {
    const double y = near ? 1.0 : -1.0;
    const Instance instance = make({{1.0, 0.0}, {-1.0, 0.0}}, {{y, 0.0}, {-y, 0.0}}, 1.0 / 4000,
                                   InfoNceForm::one_direction);
    const auto found = enclose_info_nce_split(instance.problem).value();
    Tally tally;
    EXPECT_TRUE(contained_everywhere(instance, found, tally));
    if (near) {
      EXPECT_EQ(found.loss.lo, 0);
      EXPECT_LT(found.loss.hi, 0x1p-800);
    } else {
      EXPECT_NEAR(found.loss.lo, 8000, 0x1p-35);
    }
  }
}

TEST(InfoNceSplit, LeavesOutEntriesOneByOneOrByAMatrix) {
  // Rows of one large entry among many small ones: the small ones lie below the fine grid.
  Tally tally;
  for (const std::int64_t few : {1, 40}) {
    std::mt19937_64 random(7);
    std::normal_distribution<double> normal;
    const auto rows = [&] {
      std::vector<std::vector<double>> all(9, std::vector<double>(41));
      for (auto& row : all)
        for (std::size_t k = 0; k < row.size(); ++k)
          row[k] = static_cast<double>(static_cast<float>(
              normal(random) * (static_cast<std::int64_t>(k) < few ? 0x1p-20 : 1.0)));
      return all;
    };
    const Instance instance = make(rows(), rows(), 0.1, InfoNceForm::joint_block);
    const auto found = enclose_info_nce_split(instance.problem).value();
    EXPECT_TRUE(contained_everywhere(instance, found, tally)) << few;
  }
}

TEST(InfoNceSplit, LeavesOutTheLogSumExpWhenNotAsked) {
  const Instance instance = make({Kind::unit, 5, 4, 0.1, InfoNceForm::joint_block, 3});
  const auto with = enclose_info_nce_split(instance.problem, true).value();
  const auto without = enclose_info_nce_split(instance.problem, false).value();
  EXPECT_EQ(with.row_loss, without.row_loss);
  EXPECT_EQ(with.row_lse.size(), 10u);
  EXPECT_TRUE(without.row_lse.empty());
}

TEST(InfoNceSplit, SaysNothingOutsideItsRange) {
  const double inf = std::numeric_limits<double>::infinity();
  const auto answered = [](double x, double temperature) {
    const Instance i =
        make({{x, 0.5}, {0.5, 1.0}}, {{0.25, 1.0}, {1, 0}}, temperature, InfoNceForm::joint_block);
    return enclose_info_nce_split(i.problem).has_value();
  };
  EXPECT_TRUE(answered(1.0, 0.1));
  EXPECT_FALSE(answered(0.1, 0.1)) << "0.1 is no binary32 number";
  for (const double bad : {inf, -inf, std::numeric_limits<double>::quiet_NaN(), 0x1p200, 0x1p-150})
    EXPECT_FALSE(answered(bad, 0.1)) << bad;
  EXPECT_FALSE(answered(1.0, 0x1p-30)) << "logits of a thousand million";
  EXPECT_FALSE(answered(1.0, 0x1p-500));
  EXPECT_FALSE(answered(1.0, 0x1p500));
}

/// 2.5e-9 of the distance of binary32 numbers.
constexpr double wanted_ulps = 25.0 / 10'000'000'000.0;

TEST(InfoNceSplit, TheRadiusDependsNeitherOnTheDimensionNorOnTheTemperature) {
  for (const std::int64_t d : {16, 256, 1024})
    for (const double temperature : {1.0, 0.1, 0.02, 0.005}) {
      const Instance instance =
          make({Kind::unit, 150, d, temperature, InfoNceForm::joint_block, 7});
      const Ends loss = enclose_info_nce_split(instance.problem, false).value().loss;
      EXPECT_LE((loss.hi - loss.lo) / 2, wanted_ulps * ulp32(loss.hi)) << d << ' ' << temperature;
    }
}

TEST(InfoNceSplit, SmallLossesKeepTheirRelativeAccuracy) {
  double smallest = 1;
  for (const double temperature : {0.5, 0.1, 0.02, 0.005}) {
    const Instance instance =
        make({Kind::near_duplicates, 24, 64, temperature, InfoNceForm::joint_block, 5});
    const auto found = enclose_info_nce_split(instance.problem).value();
    Tally tally;
    EXPECT_TRUE(contained<MpfiNumber>(instance, found, tally));
    for (const Ends& row : found.row_loss) {
      EXPECT_LE((row.hi - row.lo) / 2, 4 * 0x1p-53 * row.hi);
      smallest = std::min(smallest, row.hi);
    }
    EXPECT_LE((found.loss.hi - found.loss.lo) / 2, 4 * 0x1p-53 * found.loss.hi);
  }
  EXPECT_LT(smallest, 0x1p-50) << "the losses tried are not small";
}

}  // namespace
}  // namespace assay::testing
