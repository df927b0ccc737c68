// SPDX-License-Identifier: Apache-2.0
// InfoNCE budgets: never exceeded by a correct implementation, close to what one can reach, and
// exceeded by every defect.
#include "properties/contract/loss/info_nce_budget.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cstdio>
#include <cstring>
#include <map>

#include "info_nce_fixtures.hpp"
#include "info_nce_simulations.hpp"
#include "kernels/loss/info_nce.hpp"
#include "properties/contract/judge.hpp"
#include "properties/contract/loss/info_nce_expectation.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
constexpr double u = rounding_of(Dtype::f32).roundoff;

/// Largest upper share per output, element by element, of what an implementation returned.
std::map<std::string, double> shares(const Observation& o, const Expectation& e) {
  std::map<std::string, double> largest;
  for (std::size_t q = 0; q < e.outputs.size(); ++q)
    for (std::size_t i = 0; i < e.outputs[q].truth.size(); ++i) {
      if (e.outputs[q].demand[i] != Demand::within_budget) continue;
      const double observed = value_at(o.outputs[q], static_cast<std::int64_t>(i));
      const double share =
          share_of(error_of(observed, e.outputs[q].truth[i]), e.outputs[q].budget[i]).lo;
      double& entry = largest[e.outputs[q].name];
      entry = std::max(entry, share);
    }
  return largest;
}

Finding judged(const Observation& o, const Expectation& e, const engine::Case& c) {
  return judge(o, e, outputs_of(c));
}

rc::Gen<Recipe> recipes() {
  return rc::gen::build<Recipe>(
      rc::gen::set(&Recipe::family, rc::gen::elementOf(families())),
      rc::gen::set(&Recipe::n, rc::gen::inRange<std::int64_t>(1, 24)),
      rc::gen::set(&Recipe::d, rc::gen::inRange<std::int64_t>(1, 20)),
      rc::gen::set(&Recipe::temperature,
                   rc::gen::element(1.0, 0.5, 0.1, 0.07, 0.01, 0.005, 3.0, 1.0 / 3)),
      rc::gen::set(&Recipe::seed, rc::gen::inRange<std::uint64_t>(0, 1000)),
      rc::gen::set(&Recipe::joint, rc::gen::arbitrary<bool>()));
}

rc::Gen<Style> styles() {
  return rc::gen::build<Style>(
      rc::gen::set(&Style::order, rc::gen::element(Style::Order::forward, Style::Order::reverse,
                                                   Style::Order::pairwise, Style::Order::fused)),
      rc::gen::set(&Style::scale,
                   rc::gen::element(Style::Scale::divide, Style::Scale::multiply,
                                    Style::Scale::divide_first, Style::Scale::multiply_first)),
      rc::gen::set(&Style::form,
                   rc::gen::element(Style::Form::difference, Style::Form::log_softmax,
                                    Style::Form::log1p, Style::Form::log1p_of_positive)),
      rc::gen::set(&Style::ulps, rc::gen::element(0, 3, -3)),
      rc::gen::set(&Style::flush, rc::gen::arbitrary<bool>()));
}

RC_GTEST_PROP(InfoNceBudget, TheStatedAlgorithmNeverExceedsIt, ()) {
  const Recipe recipe = *recipes();
  const engine::Case c = make_case(recipe);
  const Expectation e = info_nce_expectation(c, "tiled-online-log1p");
  const Finding finding = judged(run_tiled(c), e, c);
  RC_LOG() << recipe << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict == Verdict::certified);
}

RC_GTEST_PROP(InfoNceBudget, NoStrangerExceedsTheOrderFreeOne, ()) {
  const Recipe recipe = *recipes();
  const Style style = *styles();
  const engine::Case c = make_case(recipe);
  const Expectation e = info_nce_expectation(c, "any-order");
  const Finding finding = judged(run_stranger(c, style), e, c);
  RC_LOG() << recipe << ", " << style << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict == Verdict::certified ||
            (finding.verdict == Verdict::unavailable && finding.elements_judged == 0));
}

RC_GTEST_PROP(InfoNceBudget, TheStatedAlgorithmMeetsTheOrderFreeBudgetToo, ()) {
  const Recipe recipe = *recipes();
  const engine::Case c = make_case(recipe);
  const Finding finding = judged(run_tiled(c), info_nce_expectation(c, "any-order"), c);
  RC_LOG() << recipe << ": " << finding.reason << "\n";
  RC_ASSERT(finding.verdict != Verdict::refuted);
  RC_ASSERT(finding.verdict != Verdict::undecided);
}

/// The small suite on which closeness is measured: hand-sized, so that few roundings are at work.
std::vector<Recipe> hand_sized() {
  std::vector<Recipe> all;
  for (const std::string& family : families())
    for (const double temperature : {1.0, 0.1, 0.01})
      for (const std::int64_t n : {2, 3, 8})
        for (const std::int64_t d : {1, 2, 3})
          for (std::uint64_t seed = 0; seed < 3; ++seed)
            all.push_back({family, n, d, temperature, seed, (seed + d) % 2 == 0});
  return all;
}

TEST(InfoNceBudget, IsCloseToWhatTheStatedAlgorithmReaches) {
  std::map<std::string, double> largest, logits_alone, evaluation_alone;
  for (const Recipe& recipe : hand_sized()) {
    const engine::Case c = make_case(recipe);
    const Expectation e = info_nce_expectation(c, "tiled-online-log1p");
    const Observation o = run_tiled(c);
    for (const auto& [name, share] : shares(o, e)) {
      ASSERT_LE(share, 1) << recipe << " " << name;
      largest[name] = std::max(largest[name], share);
    }
    const std::vector<RowBudget> rows = tiled_online_log1p().row_budgets(InfoNceInstance::from(c));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const auto at = static_cast<std::int64_t>(i);
      const Ends loss = error_of(value_at(o.outputs[0], at), e.outputs[0].truth[i]);
      const Ends lse = error_of(value_at(o.outputs[1], at), e.outputs[1].truth[i]);
      const auto part = [](double& entry, const Ends& error, double budget) {
        if (budget > 0) entry = std::max(entry, error.lo / budget);
      };
      part(logits_alone["row_loss"], loss, rows[i].loss_logits);
      part(logits_alone["row_lse"], lse, rows[i].lse_logits);
      part(evaluation_alone["row_loss"], loss, rows[i].loss_evaluation);
      part(evaluation_alone["row_lse"], lse, rows[i].lse_evaluation);
    }
  }
  for (const auto& [name, share] : largest)
    std::printf("tiled-online-log1p %s: largest share %.3f\n", name.c_str(), share);
  // The mean adds up rows whose roundings do not all point the same way; the rows must come within
  // a factor of two, so that half a budget would refute a correct kernel.
  EXPECT_GT(largest["row_loss"], 0.5);
  EXPECT_GT(largest["row_lse"], 0.5);
  EXPECT_GT(largest["loss"], 0.25);
  // Neither part is idle: without the other it would refute a correct kernel.
  EXPECT_GT(logits_alone["row_loss"], 1);
  EXPECT_GT(logits_alone["row_lse"], 1);
  EXPECT_GT(evaluation_alone["row_loss"], 1);
  EXPECT_GT(evaluation_alone["row_lse"], 1);
}

TEST(InfoNceBudget, IsCloseToWhatSomeStrangerReaches) {
  std::map<std::string, double> largest;
  int k = 0;
  for (const Recipe& recipe : hand_sized()) {
    const engine::Case c = make_case(recipe);
    const Expectation e = info_nce_expectation(c, "any-order");
    for (int form = 0; form < 4; ++form, ++k) {
      Style style;
      style.form = static_cast<Style::Form>(form);
      style.order = static_cast<Style::Order>(k % 4);
      style.scale = static_cast<Style::Scale>(k / 4 % 4);
      style.ulps = k % 3 * 3 - 3;
      style.flush = k % 5 == 0;
      for (const auto& [name, share] : shares(run_stranger(c, style), e)) {
        ASSERT_LE(share, 1) << recipe << " " << style << " " << name;
        largest[name] = std::max(largest[name], share);
      }
    }
  }
  for (const auto& [name, share] : largest)
    std::printf("any-order %s: largest share %.3f\n", name.c_str(), share);
  EXPECT_GT(largest["row_loss"], 0.5);
  EXPECT_GT(largest["row_lse"], 0.5);
  EXPECT_GT(largest["loss"], 0.5);
}

TEST(InfoNceBudget, EveryDefectIsRefutedOnSmallCases) {
  // For each algorithm's budget: cases of at most 16 rows, except the half-precision sum, which
  // needs as many terms in one lane as make binary16 round.
  const Recipe small[] = {{"random", 2, 2, 1.0, 1, true},  {"random", 8, 3, 0.5, 2, true},
                          {"raw", 2, 1, 0.25, 3, false},   {"shifted", 3, 2, 0.01, 4, true},
                          {"random", 80, 3, 1.0, 5, true}, {"ties", 8, 2, 1.0, 6, false}};
  for (const char* algorithm : {"tiled-online-log1p", "any-order"}) {
    std::map<std::string, int> refuted;
    std::map<std::string, double> largest;
    for (const Recipe& recipe : small) {
      const engine::Case c = make_case(recipe);
      const Expectation e = info_nce_expectation(c, algorithm);
      ASSERT_EQ(judged(run_tiled(c), e, c).verdict, Verdict::certified) << recipe;
      for (const Defect defect : defects) {
        const Finding finding = judged(run_tiled(c, defect), e, c);
        refuted[name_of(defect)] += finding.verdict == Verdict::refuted;
        if (finding.verdict == Verdict::refuted)
          largest[name_of(defect)] = std::max(largest[name_of(defect)], finding.share.lo);
      }
    }
    for (const Defect defect : defects) {
      EXPECT_GT(refuted[name_of(defect)], 0) << name_of(defect) << " against " << algorithm;
      std::printf("%s against %s: refuted on %d of %zu, largest share %.3g\n",
                  name_of(defect).c_str(), algorithm, refuted[name_of(defect)], std::size(small),
                  largest[name_of(defect)]);
    }
  }
}

TEST(InfoNceBudget, ATemperatureOffByOnePartIn65536IsRefutedOnEveryTinyCase) {
  for (const std::int64_t n : {2, 3, 8})
    for (const std::int64_t d : {1, 2, 3})
      for (const double temperature : {1.0, 0.5, 0.07, 0.01}) {
        const engine::Case c = make_case({"random", n, d, temperature, 11, true});
        const Expectation e = info_nce_expectation(c, "tiled-online-log1p");
        const Finding finding = judged(run_tiled(c, Defect::temperature_off), e, c);
        EXPECT_EQ(finding.verdict, Verdict::refuted) << n << " " << d << " " << temperature;
      }
}

TEST(InfoNceBudget, SmallLossesKeepTheirRelativeAccuracy) {
  // Positives along the anchor, negatives orthogonal or opposed: losses from 1 down to 1e-35. The
  // budget of the log1p form is a fixed multiple of u times the loss (the logits are below 81, the
  // loss moves by as many units in the last place as they do).
  for (const double temperature : {1.0, 0.1, 0.05, 0.0125}) {
    const engine::Case c = case_of(2, 2, {1, 0, 0, 1}, {1, 0, 0, 1}, temperature, false);
    const std::vector<RowBudget> rows = tiled_online_log1p().row_budgets(InfoNceInstance::from(c));
    const double loss = std::log1p(std::exp(-1 / temperature));
    EXPECT_LT(rows[0].loss, (1 / temperature + 16) * 4 * u * loss) << temperature;
    EXPECT_GT(rows[0].loss, u * loss) << temperature;
    // A stranger may form lse - positive: its budget cannot shrink with the loss.
    EXPECT_GT(any_order().row_budgets(InfoNceInstance::from(c))[0].loss, u) << temperature;
  }
}

TEST(InfoNceBudget, OverflowOfAnIntermediateIsOutsideTheDomain) {
  const auto kinds = [](const engine::Case& c) {
    std::vector<RowKind> found;
    for (const InfoNceAlgorithm* a : {&tiled_online_log1p(), &any_order()})
      for (const RowBudget& row : a->row_budgets(InfoNceInstance::from(c)))
        found.push_back(row.kind);
    return found;
  };
  using K = RowKind;
  const K outside = K::outside_domain, inside = K::within_budget;
  // products overflow in row 0 only
  EXPECT_EQ(kinds(case_of(2, 1, {1e25f, 1}, {1e25f, 1}, 1, false)),
            (std::vector<K>{outside, inside, outside, inside}));
  // the division by the temperature overflows; a stranger may scale the keys first, which row 1
  // sees
  EXPECT_EQ(kinds(case_of(2, 1, {1e10f, 0}, {1e10f, 1}, 0x1p-100, false)),
            (std::vector<K>{outside, inside, outside, outside}));
  // the reciprocal of the temperature overflows
  EXPECT_EQ(kinds(case_of(1, 1, {1}, {1}, 0x1p-133, false)), (std::vector<K>{outside, outside}));
  // logits of any size that do not overflow stay inside
  EXPECT_EQ(kinds(case_of(2, 1, {1e15f, -1}, {1e15f, 2e15f}, 1, false)),
            (std::vector<K>{inside, inside, inside, inside}));
  EXPECT_EQ(kinds(case_of(2, 1, {1e3f, -1e3f}, {1e3f, 1}, 0.01, false)),
            (std::vector<K>{inside, inside, inside, inside}));
}

TEST(InfoNceBudget, TheEmulatedKernelIsTheStatedAlgorithmBitForBit) {
  for (const Recipe& recipe :
       {Recipe{"random", 1, 3, 0.1, 1, true}, Recipe{"raw", 33, 5, 0.5, 2, true},
        Recipe{"ties", 17, 40, 0.1, 3, false}, Recipe{"magnitudes", 40, 2, 0.07, 4, true},
        Recipe{"aligned", 20, 7, 0.01, 5, false}}) {
    const engine::Case c = make_case(recipe);
    const Observation expected = run_tiled(c);
    Observation o = expected;
    for (Tensor& t : o.outputs) std::memset(t.bytes.data(), 0xff, t.bytes.size());
    kernels::InfoNceArguments q;
    q.a = c.input("a").as<float>();
    q.b = c.input("b").as<float>();
    q.n = recipe.n;
    q.d = q.a_stride = q.b_stride = recipe.d;
    q.temperature = recipe.temperature;
    q.form = recipe.joint ? kernels::InfoNceForm::joint_block : kernels::InfoNceForm::one_direction;
    q.row_loss = o.outputs[0].as<float>();
    q.row_lse = o.outputs[1].as<float>();
    q.loss = o.outputs[2].as<float>();
    kernels::info_nce_forward_emulated(q, "fair");
    for (std::size_t i = 0; i < 3; ++i)
      EXPECT_EQ(o.outputs[i].bytes, expected.outputs[i].bytes) << recipe << o.outputs[i].name;
    const Expectation e = info_nce_expectation(c, "tiled-online-log1p");
    EXPECT_EQ(judged(o, e, c).verdict, Verdict::certified) << recipe;
  }
}

}  // namespace
}  // namespace assay::testing
