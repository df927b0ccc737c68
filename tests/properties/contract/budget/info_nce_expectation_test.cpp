// SPDX-License-Identifier: Apache-2.0
// Expectations of loss/info_nce: truth, demands of the rule "extended reals", refinement, bad
// input.
#include "properties/contract/loss/info_nce_expectation.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "info_nce_fixtures.hpp"
#include "info_nce_simulations.hpp"
#include "properties/contract/judge.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::testing {
namespace {

using namespace assay::contract;
constexpr float inf = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
using D = Demand;

Expectation expect(const engine::Case& c) { return info_nce_expectation(c, "tiled-online-log1p"); }

/// One direction, d = 1, T = 1: logits are a_i * b_j.
engine::Case logits_of(const std::vector<float>& a, const std::vector<float>& b) {
  return case_of(static_cast<std::int64_t>(a.size()), 1, a, b, 1, false);
}

TEST(InfoNceExpectation, NamesItsOutputsTierAlgorithmAndHypotheses) {
  const Expectation e = expect(make_case({"random", 4, 3, 0.1, 1, true}));
  ASSERT_EQ(e.outputs.size(), 3u);
  EXPECT_EQ(e.outputs[0].name, "row_loss");
  EXPECT_EQ(e.outputs[1].name, "row_lse");
  EXPECT_EQ(e.outputs[2].name, "loss");
  EXPECT_EQ(e.outputs[0].truth.size(), 8u);
  EXPECT_EQ(e.outputs[2].truth.size(), 1u);
  EXPECT_EQ(e.tier, "a-priori");
  EXPECT_EQ(e.algorithm, "tiled-online-log1p");
  EXPECT_FALSE(e.hypotheses.empty());
  EXPECT_NE(info_nce_expectation(make_case({}), "any-order").hypotheses, e.hypotheses);
}

TEST(InfoNceExpectation, TruthIsTheHandComputedValue) {
  // Logits of row 0: positive 0, negative log 3 (within a rounding): loss log 4.
  const auto log3 = static_cast<float>(std::log(3.0));
  const Expectation e = expect(case_of(2, 1, {1, 0}, {0, log3}, 1, false));
  const double loss = std::log1p(std::exp(static_cast<double>(log3)));
  // The C library's double functions are within a few units in the last place of these.
  const auto about = [](double x) { return Ends{x * (1 - 0x1p-50), x * (1 + 0x1p-50)}; };
  EXPECT_TRUE(e.outputs[0].truth[0].overlaps(about(loss)));
  EXPECT_TRUE(e.outputs[1].truth[0].overlaps(about(loss)));  // the positive is 0
  EXPECT_TRUE(e.outputs[0].truth[1].overlaps(about(std::log(2.0))));
  EXPECT_TRUE(e.outputs[2].truth[0].overlaps(about((loss + std::log(2.0)) / 2)));
  for (const OutputExpectation& output : e.outputs)
    for (std::size_t i = 0; i < output.truth.size(); ++i)
      EXPECT_LT(output.truth[i].hi - output.truth[i].lo, output.budget[i]) << output.name;
}

TEST(InfoNceExpectation, ANaNLogitMakesItsRowAndTheMeanNaN) {
  const Expectation e = expect(logits_of({1, nan, 2}, {1, 2, 3}));
  EXPECT_EQ(e.outputs[0].demand, (std::vector<D>{D::within_budget, D::nan, D::within_budget}));
  EXPECT_EQ(e.outputs[1].demand, e.outputs[0].demand);
  EXPECT_EQ(e.outputs[2].demand, (std::vector<D>{D::nan}));
  // A NaN key is seen by every row.
  EXPECT_EQ(expect(logits_of({1, 2}, {nan, 1})).outputs[0].demand,
            (std::vector<D>{D::nan, D::nan}));
  // 0 * inf is NaN, and so are infinities of both signs in one dot product.
  EXPECT_EQ(expect(logits_of({0, 1}, {1, -inf})).outputs[0].demand,
            (std::vector<D>{D::nan, D::not_finite}));
  EXPECT_EQ(expect(case_of(2, 2, {1, 1, 1, -1}, {inf, inf, 1, 1}, 1, false)).outputs[0].demand[1],
            D::nan);
}

TEST(InfoNceExpectation, PlusInfinityAndAnInfinitePositiveMustNotBeFinite) {
  // row 0: negative +inf; row 1: positive -inf
  const Expectation plus = expect(logits_of({1, -1}, {1, inf}));
  EXPECT_EQ(plus.outputs[0].demand, (std::vector<D>{D::not_finite, D::not_finite}));
  EXPECT_EQ(plus.outputs[2].demand, (std::vector<D>{D::not_finite}));
  EXPECT_EQ(expect(logits_of({1}, {-inf})).outputs[0].demand, (std::vector<D>{D::not_finite}));
  // NaN comes before infinity: in the row and in the mean.
  EXPECT_EQ(expect(logits_of({1, nan}, {inf, 1})).outputs[2].demand, (std::vector<D>{D::nan}));
}

TEST(InfoNceExpectation, NegativesAtMinusInfinityWeighNothing) {
  // b_2 = -inf: rows 0 and 1 lose one negative, row 2 loses its positive.
  const std::vector<float> a = {1, 0.5f, 2}, b = {0.25f, 3, -inf};
  const Expectation e = expect(logits_of(a, b));
  EXPECT_EQ(e.outputs[0].demand,
            (std::vector<D>{D::within_budget, D::within_budget, D::not_finite}));
  EXPECT_EQ(e.outputs[2].demand, (std::vector<D>{D::not_finite}));
  const Expectation without = expect(logits_of({1, 0.5f}, {0.25f, 3}));
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_TRUE(e.outputs[0].truth[i].overlaps(without.outputs[0].truth[i])) << i;
    EXPECT_TRUE(e.outputs[1].truth[i].overlaps(without.outputs[1].truth[i])) << i;
    EXPECT_GT(e.outputs[0].budget[i], 0);
    EXPECT_LE(e.outputs[0].budget[i], without.outputs[0].budget[i] * 1.01);
    const reference::Interval refined =
        e.refine(0, static_cast<std::int64_t>(i), reference::engines().back(), 256);
    EXPECT_TRUE(refined.ends().overlaps(e.outputs[0].truth[i])) << i;
  }
}

TEST(InfoNceExpectation, AnInfinityNearAnOverflowIsOutsideTheDomain) {
  // Row 0 meets key 1 at 1e38*10 - inf: the finite part may overflow to +inf first, then be NaN.
  const engine::Case c = case_of(2, 2, {1e38f, 1, 0, 1}, {0, 1, 10, -inf}, 1, false);
  EXPECT_EQ(expect(c).outputs[0].demand[0], D::nothing);
  // Without it the negative weighs nothing and the loss is 0.
  const Expectation e = expect(case_of(2, 2, {1, 1, 1, 1}, {0, 1, 10, -inf}, 1, false));
  EXPECT_EQ(e.outputs[0].demand[0], D::within_budget);
  EXPECT_TRUE(e.outputs[0].truth[0].contains(0));
  EXPECT_EQ(e.outputs[0].budget[0], 0);
}

TEST(InfoNceExpectation, TheMeanFollowsTheRowWhosePositiveIsInfinite) {
  // A key at infinity is some row's positive: that row, and with it the mean, is not finite.
  const Expectation e = expect(case_of(2, 1, {1, -1}, {2, -inf}, 1, false));
  EXPECT_EQ(e.outputs[0].demand, (std::vector<D>{D::within_budget, D::not_finite}));
  EXPECT_EQ(e.outputs[2].demand, (std::vector<D>{D::not_finite}));
}

TEST(InfoNceExpectation, TheStatedAlgorithmObeysTheRule) {
  const std::vector<engine::Case> cases = {
      logits_of({1, nan, 2}, {1, 2, 3}), logits_of({1, 2}, {nan, 1}), logits_of({0, 1}, {1, -inf}),
      logits_of({1, -1}, {1, inf}), logits_of({1, 0.5f, 2}, {0.25f, 3, -inf})};
  for (const engine::Case& c : cases) {
    const Finding finding = judge(run_tiled(c), expect(c), outputs_of(c));
    EXPECT_EQ(finding.verdict, Verdict::certified) << finding.reason;
  }
}

TEST(InfoNceExpectation, RefinementEnclosesWhatTheFirstTierEnclosed) {
  for (const bool joint : {true, false}) {
    const Expectation e = expect(make_case({"random", 5, 4, 0.05, 9, joint}));
    for (std::size_t o = 0; o < 3; ++o)
      for (std::size_t i = 0; i < e.outputs[o].truth.size(); ++i)
        for (const reference::Engine engine : reference::engines()) {
          const Ends fine = e.refine(o, static_cast<std::int64_t>(i), engine, 128).ends();
          const Ends& first = e.outputs[o].truth[i];
          EXPECT_TRUE(fine.overlaps(first)) << o << " " << i;
          EXPECT_LE(fine.hi - fine.lo, first.hi - first.lo) << o << " " << i;
        }
  }
}

TEST(InfoNceExpectation, LogitsBeyondTheFirstTierClimbToTheEngine) {
  const engine::Case c = case_of(2, 1, {1, -1}, {1, -1}, 0.001, false);
  const Expectation e = expect(c);
  EXPECT_NE(e.tier, "a-priori");
  EXPECT_EQ(e.outputs[0].demand[0], D::within_budget);
  EXPECT_EQ(judge(run_tiled(c), e, outputs_of(c)).verdict, Verdict::certified);
}

TEST(InfoNceExpectation, StridedInputsAreTheSameCase) {
  const engine::Case packed = make_case({"random", 3, 2, 0.5, 4, true});
  engine::Case strided = packed;
  for (Tensor& t : strided.inputs) {
    const Tensor source = t;
    t.strides = {5, 1};
    t.bytes.assign((2 * 5 + 2) * sizeof(float), std::byte{0xff});  // NaN between the rows
    for (int i = 0; i < 3; ++i)
      for (int k = 0; k < 2; ++k) t.as<float>()[i * 5 + k] = source.as<float>()[i * 2 + k];
  }
  const Expectation x = expect(packed), y = expect(strided);
  for (std::size_t o = 0; o < 3; ++o) {
    EXPECT_EQ(x.outputs[o].truth, y.outputs[o].truth);
    EXPECT_EQ(x.outputs[o].budget, y.outputs[o].budget);
  }
}

TEST(InfoNceExpectation, BadInputNamesTheThing) {
  const engine::Case good = make_case({});
  const auto message = [](const engine::Case& c, const std::string& algorithm) -> std::string {
    try {
      info_nce_expectation(c, algorithm);
    } catch (const engine::InputError& error) {
      return error.what();
    }
    return "accepted";
  };
  EXPECT_EQ(message(good, "any-order"), "accepted");
  EXPECT_NE(message(good, "winograd").find("algorithm 'winograd'"), std::string::npos);
  engine::Case c = good;
  c.scalars["temperature"] = -1;
  EXPECT_NE(message(c, "any-order").find("temperature"), std::string::npos);
  c = good;
  c.options["directions"] = "sideways";
  EXPECT_NE(message(c, "any-order").find("sideways"), std::string::npos);
  c = good;
  c.inputs.pop_back();
  EXPECT_NE(message(c, "any-order").find("'b'"), std::string::npos);
  c = good;
  c.inputs[1].shape = {1, 1};
  EXPECT_NE(message(c, "any-order").find("b: shape"), std::string::npos);
  c = good;
  c.inputs[0].bytes.pop_back();
  EXPECT_NE(message(c, "any-order").find("a: bytes"), std::string::npos);
  c = good;
  c.inputs[0].dtype = Dtype::f64;
  EXPECT_NE(message(c, "any-order").find("a: dtype"), std::string::npos);
}

}  // namespace
}  // namespace assay::testing
