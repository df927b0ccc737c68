// SPDX-License-Identifier: Apache-2.0
// Every term of the split tier's bound covers its step, every term is needed; the functions it
// rests on stay within their proved errors.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/split_functions.hpp"
#include "tests/reference/loss/instances.hpp"
#include "tests/reference/loss/split_instrument.hpp"

namespace assay::testing {
namespace {

using namespace reference;
constexpr int bits = 320;
constexpr int binary32_kinds = static_cast<int>(Kind::doubles);

double size_up(const MpfiNumber& x) {
  const Ends e = to_interval(x).ends();
  return std::max(std::fabs(e.lo), std::fabs(e.hi));
}
MpfiNumber exactly(const Context<MpfiNumber>& at, Pair x) {
  return at.exactly(x.high) + at.exactly(x.low);
}

/// Small problems of every kind, with and without shifts; logits from 1 to 3000.
struct Case {
  Instance instance;
  bool shifted = false;
};
std::vector<Case> cases() {
  const double temperatures[] = {1.0, 0.1, 0.05, 0.01};
  const std::int64_t dimensions[] = {1, 2, 3, 17, 64};
  std::vector<Case> all;
  for (std::uint64_t seed = 0; seed < 42; ++seed) {
    const bool shifted = seed % 3 == 0;
    const double temperature = shifted && seed % 2 == 0 ? 0.0003 : temperatures[seed % 4];
    const InfoNceForm form = seed % 4 < 2 ? InfoNceForm::joint_block : InfoNceForm::one_direction;
    all.push_back({make({static_cast<Kind>(seed % binary32_kinds),
                         2 + static_cast<std::int64_t>(seed * 7 % 9), dimensions[seed % 5],
                         temperature, form, seed}),
                   shifted});
  }
  all.push_back({make({Kind::unit, 70, 3, 0.1, InfoNceForm::joint_block, 1001}), false});
  return all;
}

TEST(InfoNceSplitSteps, EveryStepStaysWithinItsTerm) {
  SplitStepReports all{};
  for (const Case& c : cases()) {
    const SplitStepReports reports = measure_split_steps(c.instance.problem, c.shifted);
    for (int s = 0; s < split_steps; ++s)
      EXPECT_EQ(reports[static_cast<std::size_t>(s)].violations, 0)
          << name_of(static_cast<SplitStep>(s)) << ": " << c.instance.text
          << (c.shifted ? " shifted" : "");
    merge(all, reports);
  }
  for (int s = 0; s < split_steps; ++s) {
    const StepReport& r = all[static_cast<std::size_t>(s)];
    fmt::print("  {:<12} {:>6} checks, largest error {:.3e}, largest share of its term {:.3f}\n",
               name_of(static_cast<SplitStep>(s)), r.checks, r.largest_error, r.largest_share);
    EXPECT_GT(r.largest_share, 0) << "a step that never errs has not been measured";
  }
}

TEST(InfoNceSplitSteps, DeletingAnyTermIsNoticed) {
  const std::vector<Case> all = cases();
  for (int s = 0; s < split_steps; ++s) {
    const SplitStep step = static_cast<SplitStep>(s);
    SplitStepReports without{};
    for (std::size_t i = 0; i < all.size(); i += 3)
      for (const std::size_t k : {i, std::min(i + 1, all.size() - 1)})
        if (without[static_cast<std::size_t>(s)].violations == 0)
          merge(without,
                measure_split_steps(all[k].instance.problem, all[k].shifted, FE_TONEAREST, step));
    EXPECT_GT(without[static_cast<std::size_t>(s)].violations, 0) << name_of(step);
  }
}

TEST(InfoNceSplitSteps, TheInstrumentsReportOtherRoundingModes) {
  const Instance instance = make({Kind::unit, 12, 17, 0.05, InfoNceForm::joint_block, 5});
  for (const int mode : {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO})
    EXPECT_GT(violations_in(measure_split_steps(instance.problem, false, mode)), 0);
  EXPECT_EQ(std::fegetround(), FE_TONEAREST);
}

TEST(SplitExp, StaysWithinItsStatedError) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> whole(-1000, 1000), one(-0.5, 0.5);
  const Context<MpfiNumber> at(bits);
  const MpfiNumber log_2 = log(at.from_integer(2));
  double worst = 0;
  for (int i = 0; i < 20000; ++i) {
    double t = i % 4 == 0 ? whole(random) : one(random);
    if (i % 4 == 1) t = -0.5 + std::fabs(one(random)) * 0x1p-6;  // where the bound is largest
    if (i % 8 == 3) t = std::round(t * 64) + 0.5;
    const double tail = one(random) * (std::nextafter(std::fabs(t), 2000.0) - std::fabs(t));
    double v = 0, w = 0;
    exp2_split(t, tail, v, w);
    const MpfiNumber truth = exp((at.exactly(t) + at.exactly(tail)) * log_2);
    worst = std::max(worst, size_up((at.exactly(v) + at.exactly(w)) / truth - at.from_integer(1)));
    EXPECT_LE(std::fabs(w), 0x1p-43 * v);
  }
  fmt::print("  largest error {:.4f} u, stated {} u\n", worst / unit_roundoff,
             exp2_split_error_in_roundoffs);
  EXPECT_LE(worst, exp2_split_error_in_roundoffs * unit_roundoff);
  EXPECT_GT(worst, 0.3 * exp2_split_error_in_roundoffs * unit_roundoff);
}

TEST(SplitLog, StaysWithinItsStatedError) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-990, 990), fraction(0, 1);
  const Context<MpfiNumber> at(bits);
  double worst = 0;
  const auto check = [&](Pair v, const MpfiNumber& truth) {
    const double bound = unit_roundoff * split_log_error_weight_up(v.high);
    const double error = size_up(exactly(at, v) - truth);
    EXPECT_LE(error, bound) << v.high;
    worst = std::max(worst, error / bound);
  };
  for (int i = 0; i < 10000; ++i) {
    const double x = std::exp2(i % 3 == 0   ? exponent(random)
                               : i % 3 == 1 ? -60 * fraction(random)
                                            : 4 * fraction(random) - 2);
    const Pair pair{x, x * unit_roundoff * (fraction(random) - 0.5)};
    check(log1p_split(pair), log1p(exactly(at, pair)));
    check(log_split(pair), log(exactly(at, pair)));
  }
  fmt::print("  largest share of the stated error {:.3f}\n", worst);
  EXPECT_GT(worst, 0.1);
  EXPECT_EQ(log1p_split({0.0, 0.0}).high, 0.0);
}

TEST(Pairs, OperationsStayWithinTheirStatedError) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(-100, 100), fraction(-1, 1);
  const Context<MpfiNumber> at(bits);
  const double stated = pair_error_in_square_roundoffs * unit_roundoff * unit_roundoff;
  const auto any = [&] {
    const double high = std::copysign(std::exp2(exponent(random) / 8), fraction(random));
    return Pair{high, high * unit_roundoff / 2 * fraction(random)};
  };
  double worst = 0;
  const auto check = [&](const MpfiNumber& error, const MpfiNumber& size) {
    const double share = size_up(error / size) / stated;
    EXPECT_LE(share, 1);
    worst = std::max(worst, share);
  };
  for (int i = 0; i < 5000; ++i) {
    const Pair x = any();
    Pair y = any();
    if (i % 5 == 0) y = {-x.high * (1 + unit_roundoff * 8 * fraction(random)), y.low * 0x1p-30};
    const MpfiNumber a = exactly(at, x), b = exactly(at, y);
    const MpfiNumber sizes = at.exactly(std::fabs(x.high)) + at.exactly(std::fabs(y.high));
    check(exactly(at, add(x, y)) - (a + b), sizes);
    check(exactly(at, multiply(x, y)) - a * b, a * b);
    check(exactly(at, divide(x, y)) - a / b, a / b);
  }
  fmt::print("  largest share of the stated error {:.3f}\n", worst);
  EXPECT_GT(worst, 0.05);
}

}  // namespace
}  // namespace assay::testing
