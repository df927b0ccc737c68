// SPDX-License-Identifier: Apache-2.0
// The judge's truth table: every conduct, every demand, every side of a budget, every rung.
#include "properties/contract/judge.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

namespace assay::contract {
namespace {

using reference::Engine;
using reference::Interval;
constexpr double inf = std::numeric_limits<double>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();

/// An expectation of one output "y" whose exact values are known; `width` widens the first truth.
Expectation expectation_of(const std::vector<double>& exact, const std::vector<double>& budget,
                           double width = 0) {
  Expectation e;
  e.algorithm = "by hand";
  e.tier = "a-priori";
  OutputExpectation y;
  y.name = "y";
  for (double x : exact) y.truth.push_back({x - width, x + width});
  y.budget = budget;
  y.demand.assign(exact.size(), Demand::within_budget);
  e.outputs = {y};
  e.refine = [exact](std::size_t, std::int64_t i, Engine, int) {
    return Interval::exactly(exact[static_cast<std::size_t>(i)]);
  };
  return e;
}

Observation returned(const std::vector<float>& y) {
  Observation o;
  o.conduct = Conduct::returned;
  o.outputs = {Tensor::of_floats("y", {static_cast<std::int64_t>(y.size())}, y)};
  return o;
}

std::vector<engine::OutputSpec> asked(std::int64_t count, bool required = true) {
  return {{"y", Dtype::f32, {count}, required}};
}

Finding judge_values(const std::vector<float>& y, const Expectation& e) {
  return judge(returned(y), e, asked(static_cast<std::int64_t>(y.size())));
}

TEST(Judge, ConductDecidesBeforeNumbers) {
  const Expectation e = expectation_of({1}, {0.5});
  for (const Conduct conduct :
       {Conduct::failed, Conduct::crashed, Conduct::hung, Conduct::stray_read, Conduct::stray_write,
        Conduct::input_written, Conduct::unwritten, Conduct::nondeterministic,
        Conduct::bad_reply}) {
    Observation o = returned({1});
    o.conduct = conduct;
    o.detail = "why";
    const Finding finding = judge(o, e, asked(1));
    EXPECT_EQ(finding.verdict, Verdict::refuted) << name_of(conduct);
    EXPECT_EQ(finding.conduct, conduct);
    EXPECT_EQ(finding.share.lo, -inf);
    EXPECT_EQ(finding.share.hi, inf);
    EXPECT_NE(finding.reason.find("why"), std::string::npos);
  }
  for (const Conduct conduct : {Conduct::unsupported, Conduct::unavailable}) {
    Observation o = returned({1});
    o.conduct = conduct;
    EXPECT_EQ(judge(o, e, asked(1)).verdict, Verdict::unavailable) << name_of(conduct);
  }
}

TEST(Judge, OutputsThatWereNotAskedForAreABadReply) {
  const Expectation e = expectation_of({1}, {0.5});
  const auto conduct = [&](const Observation& o, const std::vector<engine::OutputSpec>& specs) {
    const Finding finding = judge(o, e, specs);
    EXPECT_EQ(finding.verdict == Verdict::refuted, finding.conduct == Conduct::bad_reply);
    return finding.conduct;
  };
  EXPECT_EQ(conduct(returned({1}), asked(1)), Conduct::returned);
  EXPECT_EQ(conduct(returned({1, 2}), asked(1)), Conduct::bad_reply);
  Observation missing = returned({1});
  missing.outputs.clear();
  EXPECT_EQ(conduct(missing, asked(1)), Conduct::bad_reply);
  EXPECT_EQ(conduct(missing, asked(1, false)), Conduct::returned);
  Observation wrong_type = returned({1});
  wrong_type.outputs[0] = Tensor::contiguous("y", Dtype::f64, {1});
  EXPECT_EQ(conduct(wrong_type, asked(1)), Conduct::bad_reply);
  Observation twice = returned({1});
  twice.outputs.push_back(twice.outputs[0]);
  EXPECT_EQ(conduct(twice, asked(1)), Conduct::bad_reply);
  Observation extra = returned({1});
  extra.outputs.push_back(Tensor::of_floats("z", {1}, {1}));
  EXPECT_EQ(conduct(extra, asked(1)), Conduct::bad_reply);
  Observation cut = returned({1});
  cut.outputs[0].bytes.pop_back();
  EXPECT_EQ(conduct(cut, asked(1)), Conduct::bad_reply);
}

TEST(Judge, ElementsWithinBudgetAreCertifiedWithTheLargestShare) {
  const Expectation e = expectation_of({1, 2, 3}, {0.5, 0.5, 1});
  const Finding finding = judge_values({1.25f, 2, 3.75f}, e);
  EXPECT_EQ(finding.verdict, Verdict::certified);
  EXPECT_EQ(finding.output, "y");
  EXPECT_EQ(finding.element, 2);
  EXPECT_EQ(finding.observed, 3.75);
  EXPECT_EQ(finding.budget, 1);
  EXPECT_EQ(finding.share, (Ends{0.75, 0.75}));
  EXPECT_EQ(finding.elements_judged, 3);
  EXPECT_EQ(finding.tier, "a-priori");
}

TEST(Judge, AnErrorBeyondTheBudgetIsRefutedAndConfirmedByTheOtherEngine) {
  const Expectation e = expectation_of({1, 2, 3}, {0.5, 0.5, 0.5});
  const Finding finding = judge_values({1.75f, 4, 3}, e);
  EXPECT_EQ(finding.verdict, Verdict::refuted);
  EXPECT_EQ(finding.conduct, Conduct::returned);
  EXPECT_EQ(finding.element, 1) << "the largest share";
  EXPECT_TRUE(finding.share.contains(4));
  EXPECT_NE(finding.reason.find("y[1]"), std::string::npos);
  if (reference::engines().size() > 1)
    EXPECT_EQ(finding.confirmed_by, name_of(reference::engines().back()));
  else
    EXPECT_EQ(finding.confirmed_by, "");
}

TEST(Judge, TheBoundaryItselfIsWithinBudget) {
  const Finding boundary = judge_values({1.5f}, expectation_of({1}, {0.5}));
  EXPECT_EQ(boundary.verdict, Verdict::certified);
  EXPECT_EQ(boundary.share, (Ends{1, 1}));
  EXPECT_EQ(judge_values({std::nextafter(1.5f, 2.0f)}, expectation_of({1}, {0.5})).verdict,
            Verdict::refuted);
}

TEST(Judge, ABudgetOfZeroAsksForTheExactValue) {
  const Finding exact = judge_values({0, 2}, expectation_of({0, 2}, {0, 0}));
  EXPECT_EQ(exact.verdict, Verdict::certified);
  EXPECT_EQ(exact.share, (Ends{0, 0}));
  const Finding off = judge_values({0x1p-149f, 2}, expectation_of({0, 2}, {0, 0}));
  EXPECT_EQ(off.verdict, Verdict::refuted);
  EXPECT_EQ(off.share.lo, inf);
  // -0 is the number 0
  EXPECT_EQ(judge_values({-0.0f, 2}, expectation_of({0, 2}, {0, 0})).verdict, Verdict::certified);
}

TEST(Judge, NaNAndInfinityAreNeverWildcards) {
  for (const float bad : {nan, HUGE_VALF, -HUGE_VALF}) {
    const Finding finding = judge_values({1, bad}, expectation_of({1, 2}, {1, inf}));
    EXPECT_EQ(finding.verdict, Verdict::refuted) << bad;
    EXPECT_EQ(finding.element, 1);
    EXPECT_EQ(finding.share.lo, inf);
  }
}

TEST(Judge, DemandsAreMetExactly) {
  struct Row {
    Demand demand;
    float value;
    Verdict verdict;
  };
  const Row table[] = {
      {Demand::nan, nan, Verdict::certified},
      {Demand::nan, 1, Verdict::refuted},
      {Demand::nan, HUGE_VALF, Verdict::refuted},
      {Demand::not_finite, nan, Verdict::certified},
      {Demand::not_finite, HUGE_VALF, Verdict::certified},
      {Demand::not_finite, -HUGE_VALF, Verdict::certified},
      {Demand::not_finite, 0, Verdict::refuted},
      {Demand::not_finite, 3.4e38f, Verdict::refuted},
  };
  for (const Row& row : table) {
    Expectation e = expectation_of({1}, {0.5});
    e.outputs[0].demand[0] = row.demand;
    e.outputs[0].truth[0] = {};
    EXPECT_EQ(judge_values({row.value}, e).verdict, row.verdict)
        << static_cast<int>(row.demand) << " " << row.value;
  }
}

TEST(Judge, ElementsOutsideTheDomainAreCountedAndNothingElseMakesUnavailable) {
  Expectation e = expectation_of({1, 2}, {0.5, 0.5});
  e.outputs[0].demand[0] = Demand::nothing;
  const Finding finding = judge_values({nan, 2}, e);
  EXPECT_EQ(finding.verdict, Verdict::certified);
  EXPECT_EQ(finding.elements_judged, 1);
  EXPECT_EQ(finding.elements_outside_domain, 1);
  e.outputs[0].demand[1] = Demand::nothing;
  const Finding nothing = judge_values({nan, 2}, e);
  EXPECT_EQ(nothing.verdict, Verdict::unavailable);
  EXPECT_EQ(nothing.elements_outside_domain, 2);
}

TEST(Judge, AWideTruthClimbsUntilItDecides) {
  // The first truth is too wide; the engines narrow it by the bits.
  for (const bool good : {true, false}) {
    Expectation e = expectation_of({1}, {0.5}, 0.75);
    std::vector<int> rungs;
    e.refine = [&rungs](std::size_t, std::int64_t, Engine, int bits) {
      rungs.push_back(bits);
      const double width = bits < 256 ? 0.75 : 0x1p-40;
      return Interval::between(1 - width, 1 + width);
    };
    const Finding finding = judge_values({good ? 1.25f : 1.75f}, e);
    EXPECT_EQ(finding.verdict, good ? Verdict::certified : Verdict::refuted);
    EXPECT_EQ(finding.tier, std::string(name_of(reference::engines().front())) + "-256");
    ASSERT_GE(rungs.size(), 3u);
    EXPECT_EQ(rungs[0], 64);
    EXPECT_EQ(rungs[1], 128);
    EXPECT_EQ(rungs[2], 256);
  }
}

TEST(Judge, AnElementOpenAtTheTopIsUndecided) {
  Expectation e = expectation_of({1, 5}, {0.5, 1}, 0.75);
  e.refine = [](std::size_t, std::int64_t i, Engine, int) {
    return i == 0 ? Interval::between(0.25, 1.75) : Interval::exactly(5);
  };
  const Finding finding = judge_values({1.25f, 5}, e);
  EXPECT_EQ(finding.verdict, Verdict::undecided);
  EXPECT_EQ(finding.element, 0);
  EXPECT_NE(finding.reason.find("512"), std::string::npos);
}

TEST(Judge, ARefutationTheEngineDoesNotConfirmIsUndecided) {
  Expectation e = expectation_of({1}, {0.5});
  e.refine = [](std::size_t, std::int64_t, Engine, int) { return Interval::exactly(2); };
  const Finding finding = judge_values({2}, e);  // refuted by the first truth only
  EXPECT_EQ(finding.verdict, Verdict::undecided);
  EXPECT_NE(finding.reason.find("do not agree"), std::string::npos);
}

TEST(Judge, ARefutationElsewhereStandsBesideAnOpenElement) {
  Expectation e = expectation_of({1, 5}, {0.5, 1});
  e.outputs[0].truth[0] = {0.25, 1.75};
  e.refine = [](std::size_t, std::int64_t i, Engine, int) {
    return i == 0 ? Interval::between(0.25, 1.75) : Interval::exactly(5);
  };
  EXPECT_EQ(judge_values({1.25f, 7}, e).verdict, Verdict::refuted);
}

TEST(Judge, ReadsEveryFloatingPointFormat) {
  const auto bits = [](Dtype dtype, std::uint64_t pattern) {
    Tensor t = Tensor::contiguous("t", dtype, {1});
    for (std::size_t i = 0; i < size_of(dtype); ++i)
      t.bytes[i] = static_cast<std::byte>(pattern >> (8 * i));
    return value_at(t, 0);
  };
  EXPECT_EQ(bits(Dtype::f16, 0x3c00), 1);
  EXPECT_EQ(bits(Dtype::f16, 0xc100), -2.5);
  EXPECT_EQ(bits(Dtype::f16, 0x0001), 0x1p-24);
  EXPECT_EQ(bits(Dtype::f16, 0x7bff), 65504);
  EXPECT_EQ(bits(Dtype::f16, 0x7c00), inf);
  EXPECT_TRUE(std::isnan(bits(Dtype::f16, 0x7c01)));
  EXPECT_EQ(bits(Dtype::bf16, 0x3f80), 1);
  EXPECT_EQ(bits(Dtype::bf16, 0xff80), -inf);
  EXPECT_EQ(bits(Dtype::bf16, 0x0001), 0x1p-133);
  EXPECT_EQ(bits(Dtype::f32, 0x3fc00000), 1.5);
  EXPECT_EQ(bits(Dtype::f64, 0x3ff8000000000000), 1.5);
  EXPECT_THROW(bits(Dtype::i32, 1), std::invalid_argument);
}

RC_GTEST_PROP(Judge, SharesEncloseTheQuotientOfErrorAndBudget, ()) {
  // Small dyadic numbers: error and budget are exact, the quotient is known to double.
  const double value = *rc::gen::inRange(-4096, 4096) / 16.0;
  const double lo = *rc::gen::inRange(-4096, 4096) / 16.0;
  const double width = *rc::gen::inRange(0, 64) / 16.0;
  const double budget = *rc::gen::inRange(1, 4096) / 16.0;
  const Ends truth{lo, lo + width};
  const double far = std::max(std::fabs(value - lo), std::fabs(value - lo - width));
  const double near =
      truth.contains(value) ? 0 : std::min(std::fabs(value - lo), std::fabs(value - lo - width));
  const Ends error = error_of(value, truth);
  RC_ASSERT(error.lo <= near);
  RC_ASSERT(error.hi >= far);
  RC_ASSERT(error.lo == near);  // the differences of small dyadic numbers are exact
  RC_ASSERT(error.hi == far);
  const Ends share = share_of(error, budget);
  RC_ASSERT(share.lo * budget <= near);
  RC_ASSERT(share.hi * budget >= far);
}

TEST(Judge, DifferencesAreRoundedOutwardOnlyWhereTheyAreNotExact) {
  EXPECT_EQ(error_of(1, {0.5, 0.75}), (Ends{0.25, 0.5}));
  // 1 - 2^-80 is not a double: the error lies strictly between its neighbours.
  const Ends error = error_of(1, {0x1p-80, 0x1p-80});
  EXPECT_LT(error.lo, 1);
  EXPECT_EQ(error.hi, 1);
  EXPECT_EQ(error_of(1, {}), (Ends{0, inf}));
  const Ends third = share_of({1, 1}, 3);
  EXPECT_LT(third.lo, third.hi);
  EXPECT_LE(std::fma(third.lo, 3.0, -1.0), 0);
  EXPECT_GE(std::fma(third.hi, 3.0, -1.0), 0);
}

}  // namespace
}  // namespace assay::contract
