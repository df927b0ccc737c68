// SPDX-License-Identifier: Apache-2.0
// InfoNCE gradient budgets: never exceeded by a correct implementation, close to what one can
// reach, and exceeded by every defect.
#include "properties/contract/loss/info_nce_gradient_budget.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <map>

#include "info_nce_fixtures.hpp"
#include "info_nce_gradient_simulations.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce_expectation.hpp"
#include "properties/contract/loss/info_nce_held_logits.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;

Finding judged(const Observation& o, const Expectation& e, const engine::Case& c) {
  return judge(o, e, gradient_outputs_of(c));
}

rc::Gen<Recipe> recipes() {
  return rc::gen::build<Recipe>(
      rc::gen::set(&Recipe::family, rc::gen::elementOf(families())),
      rc::gen::set(&Recipe::n, rc::gen::inRange<std::int64_t>(1, 20)),
      rc::gen::set(&Recipe::d, rc::gen::inRange<std::int64_t>(1, 12)),
      rc::gen::set(&Recipe::temperature,
                   rc::gen::element(1.0, 0.5, 0.1, 0.07, 0.01, 0.005, 3.0, 1.0 / 3)),
      rc::gen::set(&Recipe::seed, rc::gen::inRange<std::uint64_t>(0, 1000)),
      rc::gen::set(&Recipe::joint, rc::gen::arbitrary<bool>()));
}

bool nothing_to_judge(const Finding& finding) {
  return finding.verdict == Verdict::unavailable && finding.elements_judged == 0;
}

RC_GTEST_PROP(InfoNceGradientBudget, TheStatedAlgorithmNeverExceedsIt, ()) {
  const Recipe recipe = *recipes();
  const auto stride = *rc::gen::element<std::int64_t>(0, 1);
  const engine::Case c = make_backward_case(recipe, stride);
  const Expectation e = info_nce_gradient_expectation(c, "tiled-online-log1p");
  const Finding finding = judged(run_tiled_gradient(c), e, c);
  RC_LOG() << recipe << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict == Verdict::certified || nothing_to_judge(finding));
}

RC_GTEST_PROP(InfoNceGradientBudget, NoStrangerExceedsTheOrderFreeOne, ()) {
  const Recipe recipe = *recipes();
  Style style;
  style.order =
      *rc::gen::element(Style::Order::forward, Style::Order::reverse, Style::Order::pairwise);
  style.scale = *rc::gen::element(Style::Scale::divide, Style::Scale::multiply);
  style.ulps = *rc::gen::element(0, 3, -3);
  GradientStyle gradient;
  gradient.weight = *rc::gen::element(GradientStyle::Weight::by_sum, GradientStyle::Weight::by_lse,
                                      GradientStyle::Weight::by_log);
  gradient.upstream_first = *rc::gen::arbitrary<bool>();
  gradient.positives_last = *rc::gen::arbitrary<bool>();
  const engine::Case c = make_backward_case(recipe);
  const Expectation e = info_nce_gradient_expectation(c, "any-order");
  const Finding finding = judged(run_stranger_gradient(c, style, gradient), e, c);
  RC_LOG() << recipe << ", " << style << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict == Verdict::certified || nothing_to_judge(finding));
}

// All logits are equal, so that one running sum over the negatives of all rows adds the same number
// thousands of times and is rounded the same way for whole binades: far beyond what sums within a
// row and then over the rows can lose.
TEST(InfoNceGradientBudget, TheTemperatureMayBeOneRunningSumOverAllPairs) {
  double largest = 0;
  for (const std::int64_t n : {48, 61, 75, 90}) {
    engine::Case c = make_backward_case({"raw", n, 1, 0.7, 1, false}, 0);
    for (const char* name : {"a", "b"})
      for (Tensor& t : c.inputs)
        if (t.name == name) std::fill_n(t.as<float>(), n, 1.0f);
    GradientStyle gradient;
    gradient.positives_last = true;
    Style style;
    style.order = Style::Order::forward;
    const Expectation e = info_nce_gradient_expectation(c, "any-order");
    const Observation o = run_stranger_gradient(c, style, gradient);
    EXPECT_EQ(judged(o, e, c).verdict, Verdict::certified) << n;
    const double error = error_of(value_at(o.outputs[2], 0), e.outputs[2].truth[0]).lo;
    const auto row_by_row = [&](const RowCoefficients& row) {
      return row.temperature.error +
             0x1p-24 * static_cast<double>(2 * n + 8) * row.temperature_products;
    };
    double rows = 0;  // generous: both stages at the size of all products
    const ErrorAlgebra algebra(Format::with_ulps(rounding_of(Dtype::f32), 4, true));
    const Tensor& g = c.input("grad_row_loss");
    for_each_row(InfoNceInstance::from(c), LogitModel::any_order,
                 [&](std::int64_t i, RowBudget&, const RowLogits& logits) {
                   const double upstream =
                       g.as<float>()[i * g.strides[0]] +
                       static_cast<float>(c.scalars.at("grad_loss")) / static_cast<float>(n);
                   rows += row_by_row(any_order_coefficients(algebra, logits, held(upstream), n));
                 });
    largest = std::max(largest, error * 0.7 / rows);
  }
  std::printf("one running sum: %.2f of what row by row could lose\n", largest);
  EXPECT_GT(largest, 1);
}

RC_GTEST_PROP(InfoNceGradientBudget, TheStatedAlgorithmMeetsTheOrderFreeBudgetToo, ()) {
  const Recipe recipe = *recipes();
  const engine::Case c = make_backward_case(recipe);
  const Finding finding =
      judged(run_tiled_gradient(c), info_nce_gradient_expectation(c, "any-order"), c);
  RC_LOG() << recipe << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict != Verdict::refuted);
  RC_ASSERT(finding.verdict != Verdict::undecided);
}

/// Hand-sized cases on which closeness is measured, and some of ordinary size.
std::vector<Recipe> small_suite() {
  std::vector<Recipe> all;
  for (const std::string& family : families())
    for (const double temperature : {1.0, 0.1, 0.01})
      for (const std::int64_t n : {2, 3, 17})
        for (const std::int64_t d : {1, 2, 3})
          for (std::uint64_t seed = 0; seed < 2; ++seed)
            all.push_back({family, n, d, temperature, seed, (seed + d) % 2 == 0});
  return all;
}

TEST(InfoNceGradientBudget, IsCloseToWhatTheStatedAlgorithmReaches) {
  std::map<std::string, double> largest;
  for (const Recipe& recipe : small_suite()) {
    const engine::Case c = make_backward_case(recipe);
    const Expectation e = info_nce_gradient_expectation(c, "tiled-online-log1p");
    const Observation o = run_tiled_gradient(c);
    for (std::size_t q = 0; q < e.outputs.size(); ++q)
      for (std::size_t i = 0; i < e.outputs[q].truth.size(); ++i) {
        if (e.outputs[q].demand[i] != Demand::within_budget) continue;
        const double observed = value_at(o.outputs[q], static_cast<std::int64_t>(i));
        const double share =
            share_of(error_of(observed, e.outputs[q].truth[i]), e.outputs[q].budget[i]).lo;
        ASSERT_LE(share, 1) << recipe << " " << e.outputs[q].name << "[" << i << "]";
        largest[e.outputs[q].name] = std::max(largest[e.outputs[q].name], share);
      }
  }
  for (const auto& [name, share] : largest)
    std::printf("tiled-online-log1p %s: largest share %.3f\n", name.c_str(), share);
  EXPECT_GT(largest["grad_a"], 0.3);
  EXPECT_GT(largest["grad_b"], 0.3);
  EXPECT_GT(largest["grad_temperature"], 0.3);
}

TEST(InfoNceGradientBudget, RefutesEveryDefect) {
  for (const GradientDefect defect : gradient_defects) {
    int refuted = 0, tried = 0;
    for (const Recipe& recipe : small_suite()) {
      if (recipe.seed != 1 || recipe.n == 2 || recipe.d == 2) continue;
      const engine::Case c = make_backward_case(recipe);
      const Expectation e = info_nce_gradient_expectation(c, "tiled-online-log1p");
      ++tried;
      if (judged(run_tiled_gradient(c, defect), e, c).verdict == Verdict::refuted) ++refuted;
    }
    std::printf("%s: refuted in %d of %d\n", name_of(defect).c_str(), refuted, tried);
    EXPECT_GT(refuted, 0) << name_of(defect);
  }
}

TEST(InfoNceGradientBudget, ElementsThatDependOnANonFiniteVectorAreNotJudged) {
  Recipe recipe{"raw", 5, 2, 0.5, 4, false};
  engine::Case c = make_backward_case(recipe);
  c.inputs[0].as<float>()[2 * 2] = std::numeric_limits<float>::infinity();  // vector 2 of a
  const Expectation e = info_nce_gradient_expectation(c, "tiled-online-log1p");
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_EQ(e.outputs[0].demand[i], i / 2 == 2 ? Demand::nothing : Demand::within_budget);
    EXPECT_EQ(e.outputs[1].demand[i], Demand::nothing);
  }
  EXPECT_EQ(e.outputs[2].demand[0], Demand::nothing);
  EXPECT_EQ(judged(run_tiled_gradient(c), e, c).verdict, Verdict::certified);
}

TEST(InfoNceGradientBudget, WithoutNegativesEveryGradientIsZero) {
  const engine::Case c = make_backward_case({"raw", 1, 3, 0.1, 4, false});
  const Expectation e = info_nce_gradient_expectation(c, "tiled-online-log1p");
  EXPECT_EQ(judged(run_tiled_gradient(c), e, c).verdict, Verdict::certified);
  Observation wrong = run_tiled_gradient(c);
  wrong.outputs[0].as<float>()[1] = std::numeric_limits<float>::min();
  EXPECT_EQ(judged(wrong, e, c).verdict, Verdict::refuted);
}

/// A case with its own entries and upstream gradients of the rows.
engine::Case with_upstream(std::int64_t n, std::int64_t d, const std::vector<float>& a,
                           const std::vector<float>& b, bool joint, const std::vector<float>& g,
                           float mean) {
  engine::Case c = case_of(n, d, a, b, 1.0, joint);
  c.inputs.push_back(Tensor::of_floats("grad_row_loss", {static_cast<std::int64_t>(g.size())}, g));
  c.scalars["grad_loss"] = mean;
  c.options["operation"] = "backward";
  return c;
}

TEST(InfoNceGradientBudget, NothingIsPromisedWhereAnIntermediateCouldOverflow) {
  // The sum of a gradient leaves the range and comes back; the sum of the two coefficients of a
  // pair overflows; the upstream gradient does, and meets a coefficient of 0.
  const float huge = 3e38f, tiny = 0x1p-100f;
  const engine::Case sum = with_upstream(3, 1, {huge, huge, 1}, {0, 0, 0}, false, {12, -12, 0}, 0);
  const engine::Case pair =
      with_upstream(2, 2, {tiny, -tiny, tiny, tiny}, {-tiny, tiny, tiny, -tiny}, true,
                    {3.3e38f, 3.3e38f, 3.3e38f, 3.3e38f}, 0);
  const engine::Case alone = with_upstream(1, 1, {1}, {1}, true, {3.3e38f, 0}, huge);
  for (const engine::Case* c : {&sum, &pair, &alone}) {
    const Expectation e = info_nce_gradient_expectation(*c, "tiled-online-log1p");
    const Observation o = run_tiled_gradient(*c);
    bool overflowed = false;
    for (const Tensor& t : o.outputs)
      for (std::int64_t i = 0; i < t.count(); ++i)
        overflowed = overflowed || !std::isfinite(value_at(t, i));
    EXPECT_TRUE(overflowed);
    EXPECT_NE(judged(o, e, *c).verdict, Verdict::refuted) << judged(o, e, *c).reason;
  }
}

TEST(InfoNceGradientBudget, TinyWeightsAreNotLostInTheBoundItself) {
  // The weight of the negative is below what exp_near keeps, and the held logits may lift it.
  RowLogits logits;
  logits.ideal = {12, -689.33};
  logits.held_logit = {held(12), known_within(-689.33, 691)};
  logits.deviation = {0, 691};
  logits.variance = {0, 0};
  logits.column = {0, 1};
  const CoefficientEffect effect = coefficient_effect(logits);
  const double attainable = std::exp(-689.33 + 691 - 12);
  EXPECT_GE(effect.moved[1], attainable / (1 + attainable));
  EXPECT_GE(effect.moved[0], attainable / (1 + attainable));
}

}  // namespace
}  // namespace assay::testing
