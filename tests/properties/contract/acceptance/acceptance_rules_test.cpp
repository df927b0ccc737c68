// SPDX-License-Identifier: Apache-2.0
// Every acceptance rule on hand-made numbers: what it accepts, what it rejects, and where it is
// known to be blind.
#include "properties/contract/acceptance_rules.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>

namespace assay::contract {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double nan = std::numeric_limits<double>::quiet_NaN();

RuleOutput output(std::vector<double> candidate, std::vector<double> exact,
                  std::vector<double> baseline = {}, bool gradient = false) {
  if (baseline.empty()) baseline = exact;
  return {"x", gradient, std::move(candidate), std::move(exact), std::move(baseline)};
}

const AcceptanceRule& rule(const std::string& name) {
  for (const AcceptanceRule& r : foreign_rules())
    if (r.name == name) return r;
  throw std::out_of_range(name);
}

TEST(AcceptanceRules, EachHasANameOfItsOwnAndASource) {
  ASSERT_EQ(foreign_rules().size(), 9u);
  for (const AcceptanceRule& r : foreign_rules()) {
    EXPECT_FALSE(r.source.empty()) << r.name;
    EXPECT_EQ(&rule(r.name), &r);
  }
}

TEST(AcceptanceRules, TheExactAnswerPassesEveryRule) {
  for (const AcceptanceRule& r : foreign_rules())
    for (const bool gradient : {false, true})
      EXPECT_TRUE(r.accepts(output({1, -2, 0.5}, {1, -2, 0.5}, {1.25, -2, 0.5}, gradient)))
          << r.name;
}

TEST(AcceptanceRules, NanIsNoWildcardAndInfinityPassesNowhere) {
  for (const AcceptanceRule& r : foreign_rules())
    for (const double wrong : {nan, infinity, -infinity})
      for (const bool first : {true, false})
        EXPECT_FALSE(r.accepts(output(
            first ? std::vector<double>{wrong, 2} : std::vector<double>{1, wrong}, {1, 2}, {3, 3})))
            << r.name << " " << wrong;
}

TEST(MultipleOfBaseline, ComparesTheLargestErrorsOnly) {
  // The baseline's largest error is 0.25, at another place than the candidate's.
  EXPECT_TRUE(within_multiple_of_baseline(output({1.5, 2}, {1, 2}, {1, 2.25}), 2));
  EXPECT_FALSE(within_multiple_of_baseline(output({1.75, 2}, {1, 2}, {1, 2.25}), 2));
  EXPECT_TRUE(within_multiple_of_baseline(output({1.75, 2}, {1, 2}, {1, 2.25}), 3));
}

TEST(MultipleOfBaseline, RefusesACorrectKernelWhereTheBaselineHappensToBeExact) {
  EXPECT_FALSE(within_multiple_of_baseline(output({1 + 0x1p-24}, {1}, {1}), 2));
  EXPECT_TRUE(within_multiple_of_baseline(output({1}, {1}, {1}), 2));
}

TEST(MultipleOfBaseline, FlashAttentionAllowsTwiceForwardAndThreeTimesBackward) {
  const AcceptanceRule& r = rule("FlashAttention 2x/3x");
  const auto off = [&](double error, bool gradient) {
    return r.accepts(output({1 + error}, {1}, {1.25}, gradient));
  };
  EXPECT_TRUE(off(0.5, false));
  EXPECT_FALSE(off(0.625, false));
  EXPECT_TRUE(off(0.75, true));
  EXPECT_FALSE(off(0.875, true));
}

TEST(ElementwiseClose, AddsAbsoluteAndRelativeParts) {
  EXPECT_TRUE(elementwise_close(output({4.75}, {4}), 0.25, 0.125));
  EXPECT_FALSE(elementwise_close(output({4.8125}, {4}), 0.25, 0.125));
  EXPECT_TRUE(elementwise_close(output({-4.75}, {-4}), 0.25, 0.125));
  EXPECT_FALSE(elementwise_close(output({4, 9}, {4, 4}), 0.25, 0.125));
  EXPECT_TRUE(elementwise_close(output({infinity}, {infinity}), 0, 0));
}

TEST(ElementwiseClose, TheProjectsConstantsAreWhatTheySay) {
  const auto largest_error = [](const std::string& name, double exact, bool gradient) {
    double accepted = 0, refused = 8;
    while (refused - accepted > 0x1p-30) {
      const double middle = (accepted + refused) / 2;
      const bool ok = rule(name).accepts(output({exact + middle}, {exact}, {}, gradient));
      (ok ? accepted : refused) = middle;
    }
    return accepted;
  };
  struct Expected {
    const char* rule;
    bool gradient;
    double at_zero, at_one;
  };
  const Expected all[] = {{"xFormers bf16", false, 0.02, 0.025},
                          {"xFormers bf16", true, 0.7, 0.8},
                          {"Liger bf16 0.5/0.05", true, 0.05, 0.55},
                          {"cuDNN 2e-2", true, 0.02, 0.04},
                          {"assert_close bf16", true, 0.00001, 0.01601}};
  for (const Expected& e : all) {
    EXPECT_NEAR(largest_error(e.rule, 0, e.gradient), e.at_zero, 0x1p-28) << e.rule;
    EXPECT_NEAR(largest_error(e.rule, 1, e.gradient), e.at_one, 0x1p-28) << e.rule;
  }
}

TEST(ElementwiseClose, AnAllZeroGradientBelowTheToleranceIsAccepted) {
  const RuleOutput zeros = output({0, 0, 0}, {0.04, -0.03, 0.01}, {}, true);
  EXPECT_TRUE(rule("Liger bf16 0.5/0.05").accepts(zeros));
  EXPECT_TRUE(rule("xFormers bf16").accepts(zeros));
  EXPECT_FALSE(rule("assert_close bf16").accepts(zeros));
}

TEST(BaselinePlus, ForgivesWhereTheBaselineErrsAndOnlyThere) {
  EXPECT_TRUE(within_baseline_plus(output({2, 1}, {1, 1}, {1.875, 1}), 0.125));
  EXPECT_FALSE(within_baseline_plus(output({1, 2}, {1, 1}, {1.875, 1}), 0.125));
  EXPECT_TRUE(rule("CCE").accepts(output({0}, {0.009})));
  EXPECT_FALSE(rule("CCE").accepts(output({0}, {0.011})));
}

TEST(SignedMaximum, DividesByTheLargestNumber) {
  EXPECT_TRUE(within_signed_maximum(output({100.75, 1}, {100, 1}), 0.01));
  EXPECT_FALSE(within_signed_maximum(output({102, 1}, {100, 1}), 0.01));
  // A small element may be entirely wrong.
  EXPECT_TRUE(within_signed_maximum(output({100, -0.5}, {100, 0.5}), 0.01));
}

TEST(SignedMaximum, AcceptsAnythingWhereAllNumbersAreNegative) {
  EXPECT_TRUE(within_signed_maximum(output({-1000, -7}, {-1, -2}), 0.01));
  EXPECT_FALSE(within_signed_maximum(output({-1000, 7}, {-1, -2}), 0.01));
}

TEST(SignedMaximum, RefusesTheExactAnswerZero) {  // 0/0
  EXPECT_FALSE(within_signed_maximum(output({0, 0}, {0, 0}), 0.01));
}

TEST(Cosine, SeesDirectionAndNotLength) {
  EXPECT_TRUE(cosine_above(output({50, 0, 1}, {1, 0, 0}), 0.99, 0x1p-26));
  EXPECT_TRUE(rule("cosine > 0.99").accepts(output({0.5, 1}, {1, 2})));
  EXPECT_FALSE(rule("cosine > 0.99").accepts(output({-1, -2}, {1, 2})));
  EXPECT_FALSE(rule("cosine > 0.99").accepts(output({0, 0}, {1, 2})));
  EXPECT_FALSE(rule("cosine > 0.99").accepts(output({1, 0}, {1, 1})));
}

TEST(Cosine, RefusesTheExactAnswerWhereItIsTiny) {
  EXPECT_FALSE(rule("cosine > 0.99").accepts(output({0x1p-40, 0x1p-40}, {0x1p-40, 0x1p-40})));
}

TEST(RelativelyEqual, IsRelativeToTheSum) {
  const AcceptanceRule& r = rule("CUTLASS relative 0.1");
  EXPECT_TRUE(r.accepts(output({1.2}, {1})));  // 0.2 < 0.1 * 2.2
  EXPECT_FALSE(r.accepts(output({1.25}, {1})));
  EXPECT_FALSE(r.accepts(output({-1}, {1})));
}

TEST(RelativelyEqual, NearZeroOnlyTheFloorCounts) {
  const AcceptanceRule& r = rule("CUTLASS relative 0.1");
  EXPECT_FALSE(r.accepts(output({0}, {0x1p-100})));  // against zero, nothing normal passes
  EXPECT_TRUE(r.accepts(output({0}, {0x1p-130})));
  EXPECT_TRUE(r.accepts(output({0}, {0})));
  EXPECT_TRUE(relatively_equal(output({0.5}, {0.5625}), 0.25, 1));  // closer than the floor
  EXPECT_FALSE(relatively_equal(output({0.5}, {0.875}), 0.25, 1));
}

TEST(RelativelyEqual, RefusesDifferencesJustBelowTheFloorBetweenLargeNumbers) {
  EXPECT_FALSE(relatively_equal(output({100.5}, {100}), 0.25, 1));
  EXPECT_TRUE(relatively_equal(output({101}, {100}), 0.25, 1));
}

}  // namespace
}  // namespace assay::contract
