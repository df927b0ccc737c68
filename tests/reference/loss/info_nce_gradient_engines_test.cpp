// SPDX-License-Identifier: Apache-2.0
// The gradient on the engines: two engines, secants of the loss, zero sums, upstream gradients.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "reference/loss/info_nce_formula.hpp"
#include "reference/loss/info_nce_gradient.hpp"
#include "tests/reference/loss/instances.hpp"

namespace assay::testing {
namespace {

using namespace reference;

constexpr int bits = 160;

std::vector<Instance> small_problems() {
  std::vector<Instance> all;
  for (int k = 0; k < kinds; ++k)
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction})
      all.push_back(make({static_cast<Kind>(k), 2 + k % 3, 1 + k, k % 2 == 0 ? 0.07 : 0.5, form,
                          static_cast<std::uint64_t>(k)}));
  return all;
}

/// g_i >= 0 per row and for the mean: the weighted loss is convex in every logit.
struct Weights {
  std::vector<double> row;
  InfoNceUpstream upstream;
};
Weights weights_for(const InfoNceProblem& p) {
  Weights w;
  for (std::int64_t i = 0; i < p.rows(); ++i) w.row.push_back(static_cast<double>(i % 3) / 4);
  w.upstream.mean = 1.5;
  return w;
}
InfoNceUpstream with_rows(const Weights& w) {
  InfoNceUpstream upstream = w.upstream;
  upstream.row = w.row.data();
  return upstream;
}

Ends minus_twice(const Ends& e) { return {-2 * e.hi, -2 * e.lo}; }

/// sum_i g_i l_i + mean * loss, by the formula of the loss.
MpfiNumber weighted_loss(const InfoNceProblem& p, const InfoNceUpstream& upstream) {
  const InfoNceFormula<MpfiNumber> f(p, bits);
  MpfiNumber sum = f.context().from_integer(0);
  for (std::int64_t i = 0; i < f.rows(); ++i) {
    const MpfiNumber g = f.context().exactly(upstream.row[i * upstream.stride]) +
                         f.context().exactly(upstream.mean) / f.context().from_integer(f.rows());
    sum += g * f.row(f.logits(i), i).loss;
  }
  return sum;
}

/// f'(x) h <= f(x + h) - f(x) <= f'(x + h) h for convex f: a proof, not an approximation.
void expect_between(const Ends& before, const MpfiNumber& rise, const MpfiNumber& h,
                    const Ends& after, const std::string& where) {
  const Context<MpfiNumber> at(bits);
  const Interval slope = to_interval(rise / h);
  EXPECT_NE(slope.less(to_interval(at.exactly(before.lo))), Truth::yes) << where;
  EXPECT_NE(to_interval(at.exactly(after.hi)).less(slope), Truth::yes) << where;
}

TEST(InfoNceGradientEngines, Overlap) {
  for (const Instance& i : small_problems()) {
    const Weights w = weights_for(i.problem);
    const InfoNceGradients first =
        enclose_info_nce_gradients(i.problem, with_rows(w), Engine::mpfi, bits);
    EXPECT_EQ(first.tier, "interval-160");
    ASSERT_EQ(first.a.size(), static_cast<std::size_t>(i.problem.n * i.problem.d));
    ASSERT_EQ(first.b.size(), first.a.size());
    for (const Engine engine : engines()) {
      const InfoNceGradients other =
          enclose_info_nce_gradients(i.problem, with_rows(w), engine, 200);
      for (std::size_t k = 0; k < first.a.size(); ++k) {
        EXPECT_TRUE(first.a[k].overlaps(other.a[k]));
        EXPECT_TRUE(first.b[k].overlaps(other.b[k]));
        // Neighbours of one double, or 0 up to the engine's own roundings: nothing was lost on the
        // way.
        for (const Ends& e : {other.a[k], other.b[k]})
          EXPECT_LE(e.hi - e.lo, std::max(std::ldexp(std::fabs(e.hi), -51), 0x1p-150)) << i.text;
      }
      EXPECT_TRUE(first.temperature.overlaps(other.temperature));
    }
  }
}

TEST(InfoNceGradientEngines, SecantsLieBetweenTheSlopesAtTheirEnds) {
  for (const Kind kind : {Kind::unit, Kind::near_duplicates, Kind::doubles})
    for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
      Instance i = make({kind, 3, 4, 0.25, form, 8});
      const Weights w = weights_for(i.problem);
      const InfoNceUpstream up = with_rows(w);
      const InfoNceGradients before = enclose_info_nce_gradients(i.problem, up, Engine::mpfi, bits);
      const MpfiNumber start = weighted_loss(i.problem, up);
      for (std::int64_t k = 0; k < i.problem.n * i.problem.d; ++k)
        for (std::vector<double>* x : {&i.a, &i.b}) {
          double& entry = (*x)[static_cast<std::size_t>(k / 4 * i.problem.a_stride + k % 4)];
          const double old = entry;
          entry = old + 0x1p-16;  // rounded; the step is the difference, exactly
          const Context<MpfiNumber> at(bits);
          const MpfiNumber h = at.exactly(entry) - at.exactly(old);
          const InfoNceGradients after =
              enclose_info_nce_gradients(i.problem, up, Engine::mpfi, bits);
          const auto& g0 = x == &i.a ? before.a : before.b;
          const auto& g1 = x == &i.a ? after.a : after.b;
          const auto at_k = static_cast<std::size_t>(k);
          expect_between(g0[at_k], weighted_loss(i.problem, up) - start, h, g1[at_k], i.text);
          // The two ends are close, so that the sandwich says something.
          EXPECT_LE(g1[at_k].hi - g0[at_k].lo, 0x1p-8);
          entry = old;
        }
    }
}

TEST(InfoNceGradientEngines, TheTemperatureIsDifferentiatedThroughItsInverse) {
  for (const InfoNceForm form : {InfoNceForm::joint_block, InfoNceForm::one_direction}) {
    Instance i = make({Kind::unit, 4, 5, 0.2, form, 3});
    const Weights w = weights_for(i.problem);
    const InfoNceUpstream up = with_rows(w);
    // The loss is convex in 1/T; d/d(1/T) = -T^2 d/dT, and T = 1/8 is exact.
    i.problem.temperature = 0.125;
    const Context<MpfiNumber> at(bits);
    const auto slope = [&] {
      const Ends t = enclose_info_nce_gradients(i.problem, up, Engine::mpfi, bits).temperature;
      const MpfiNumber factor =
          at.exactly(i.problem.temperature) * at.exactly(i.problem.temperature);
      return Ends{to_interval(-(factor * at.exactly(t.hi))).ends().lo,
                  to_interval(-(factor * at.exactly(t.lo))).ends().hi};
    };
    const Ends before = slope();
    const MpfiNumber start = weighted_loss(i.problem, up);
    const MpfiNumber one = at.from_integer(1);
    const MpfiNumber old = one / at.exactly(i.problem.temperature);
    i.problem.temperature = 0.125 - 0x1p-20;
    const MpfiNumber h = one / at.exactly(i.problem.temperature) - old;
    const Ends after = slope();
    expect_between(before, weighted_loss(i.problem, up) - start, h, after, i.text);
    EXPECT_LE(after.hi - before.lo, 0x1p-8);
    EXPECT_NE(before.lo, 0);
  }
}

TEST(InfoNceGradientEngines, WeightsOfARowAddUpToZero) {
  for (const Instance& i : small_problems()) {
    const InfoNceFormula<MpfiNumber> f(i.problem, bits);
    for (std::int64_t row = 0; row < f.rows(); ++row) {
      MpfiNumber sum = f.context().from_integer(0);
      for (const MpfiNumber& weight : f.weights(f.logits(row), row)) sum += weight;
      EXPECT_TRUE(to_interval(sum).contains(Interval::exactly(0.0))) << i.text;
      EXPECT_LE(to_interval(sum).width_up(), std::ldexp(1.0, 12 - bits)) << i.text;
    }
  }
  // The consequence: the same vector added to every key changes no loss in one direction, so that
  // the derivatives of the keys add up to 0 in every dimension.
  const Instance i = make({Kind::unit, 5, 3, 0.3, InfoNceForm::one_direction, 1});
  const InfoNceGradients g =
      enclose_info_nce_gradients(i.problem, {nullptr, 1, 1}, Engine::mpfi, bits);
  for (std::size_t k = 0; k < 3; ++k) {
    double lo = 0, hi = 0, size = 0;
    for (std::size_t j = 0; j < 5; ++j) {
      lo += g.b[3 * j + k].lo;
      hi += g.b[3 * j + k].hi;
      size += std::fabs(g.b[3 * j + k].hi);
    }
    EXPECT_GT(size, 0);
    EXPECT_LE(lo, std::ldexp(size, -49));  // five additions in double
    EXPECT_GE(hi, -std::ldexp(size, -49));
  }
}

TEST(InfoNceGradientEngines, TheUpstreamGradientIsLinearAndMayBroadcast) {
  const Instance i = make({Kind::unit, 3, 4, 0.5, InfoNceForm::joint_block, 2});
  const auto at = [&](const InfoNceUpstream& up) {
    return enclose_info_nce_gradients(i.problem, up, Engine::mpfi, bits);
  };
  // 6 rows: one number per row, one number for all, the mean.
  const std::vector<double> sixth(6, 0.5);
  const InfoNceGradients rows = at({sixth.data(), 1, 0});
  const InfoNceGradients broadcast = at({sixth.data(), 0, 0});
  const InfoNceGradients mean = at({nullptr, 1, 3});
  EXPECT_EQ(rows.a, broadcast.a);
  EXPECT_EQ(rows.b, broadcast.b);
  for (std::size_t k = 0; k < rows.a.size(); ++k) {
    EXPECT_TRUE(rows.a[k].overlaps(mean.a[k]));
    EXPECT_TRUE(rows.b[k].overlaps(mean.b[k]));
  }
  // Strides are honoured, negative numbers too: minus twice the upstream is minus twice the answer.
  std::vector<double> spread(12, std::numeric_limits<double>::quiet_NaN());
  const std::vector<double> once = {1, -2, 0, 0.25, 3, -0.5};
  for (std::size_t r = 0; r < 6; ++r) spread[2 * r] = -2 * once[r];
  const InfoNceGradients one = at({once.data(), 1, 0}), twice = at({spread.data(), 2, 0});
  for (std::size_t k = 0; k < one.a.size(); ++k) {
    EXPECT_TRUE(minus_twice(one.a[k]).overlaps(twice.a[k]));
    EXPECT_TRUE(minus_twice(one.b[k]).overlaps(twice.b[k]));
  }
  EXPECT_TRUE(minus_twice(one.temperature).overlaps(twice.temperature));
  const InfoNceGradients nothing = at({});
  for (const Ends& e : nothing.a) EXPECT_EQ(e, exactly(0.0));
  EXPECT_EQ(nothing.temperature, exactly(0.0));
}

TEST(InfoNceGradientEngines, OnePairHasNoGradientAtAll) {
  const Instance one = make({{0.5, 3.0}}, {{0.25, -1.0}}, 0.125, InfoNceForm::joint_block);
  for (const Engine engine : engines()) {
    const InfoNceGradients g = enclose_info_nce_gradients(one.problem, {nullptr, 1, 1}, engine, 64);
    for (const auto* side : {&g.a, &g.b})
      for (const Ends& e : *side) EXPECT_EQ(e, exactly(0.0));
    EXPECT_EQ(g.temperature, exactly(0.0));
  }
}

TEST(InfoNceGradientEngines, SmallLossesKeepTheRelativeAccuracyOfTheirGradient) {
  // Logits 64 and -64: the positive's weight is -e^-128 to its last bit; 1 - e^-128 would round
  // to 1 at 64 bits and leave nothing.
  const Instance two = make({{8.0}, {-8.0}}, {{8.0}, {-8.0}}, 1.0, InfoNceForm::one_direction);
  const double row[] = {1.0, 0.0};
  const Context<MpfiNumber> at(300);
  const MpfiNumber e = exp(at.from_integer(-128));
  const MpfiNumber weight = e / (at.from_integer(1) + e);
  const Ends truth = to_interval(at.from_integer(-16) * weight).ends();  // W_1 (y_2 - y_1)
  for (const Engine engine : engines()) {
    const Ends a = enclose_info_nce_gradients(two.problem, {row, 1, 0}, engine, 64).a[0];
    EXPECT_LE(a.lo, truth.hi);
    EXPECT_GE(a.hi, truth.lo);
    EXPECT_LE(a.hi - a.lo, std::ldexp(std::fabs(truth.lo), -50));
  }
}

TEST(InfoNceGradientEngines, HugeLogitsKeepTightEnclosures) {
  const double x = 0x1p126;
  const Instance i = make({{1.0}, {1.0}}, {{-x}, {x}}, 0x1p-7, InfoNceForm::one_direction);
  const double row[] = {1.0, 0.0};
  for (const Engine engine : engines()) {
    // Row 0 is hopeless: W = (-1, 1), d/da_0 = 2 x / T, d/dT = -1/T (2 x / T).
    const InfoNceGradients g = enclose_info_nce_gradients(i.problem, {row, 1, 0}, engine, 64);
    EXPECT_LE(g.a[0].lo, 0x1p134);
    EXPECT_GE(g.a[0].hi, 0x1p134);
    EXPECT_LE(g.a[0].hi - g.a[0].lo, 0x1p134 * 0x1p-50);
    EXPECT_LE(g.temperature.lo, -0x1p141);
    EXPECT_GE(g.temperature.hi, -0x1p141);
    EXPECT_EQ(g.a[1], exactly(0.0));
  }
}

TEST(InfoNceGradientEngines, RefuseWhatMakesNoSense) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const Instance i = make({{1.0}, {2.0}}, {{1.0}, {3.0}}, 0.5, InfoNceForm::joint_block);
  const auto refused = [&](const InfoNceProblem& p, const InfoNceUpstream& up, const char* part) {
    try {
      enclose_info_nce_gradients(p, up, Engine::mpfi, 64);
      ADD_FAILURE() << "accepted: " << part;
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find(part), std::string::npos) << e.what();
    }
  };
  const std::vector<double> rows = {1, 1, nan, 1};
  refused(i.problem, {rows.data(), 1, 0}, "row 2");
  refused(i.problem, {rows.data(), -1, 0}, "stride");
  refused(i.problem, {nullptr, 1, HUGE_VAL}, "mean");
  InfoNceProblem missing = i.problem;
  missing.b = nullptr;
  refused(missing, {nullptr, 1, 1}, "null");
  missing = i.problem;
  missing.temperature = 0;
  refused(missing, {nullptr, 1, 1}, "temperature");
  const Instance bad = make({{1.0}, {nan}}, {{1.0}, {3.0}}, 0.5, InfoNceForm::joint_block);
  refused(bad.problem, {nullptr, 1, 1}, "a[1][0]");
}

}  // namespace
}  // namespace assay::testing
