// SPDX-License-Identifier: Apache-2.0
// expected_log: against recorded values, against sums over counts, engine against engine, and where
// the result is small.
#include "reference/model/expected_log.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "reference/model/detail/log_integral.hpp"
#include "reference/model/expected_loss.hpp"
#include "tests/reference/model/random_model.hpp"

namespace assay::reference {
namespace {

std::vector<Real> numbers(std::initializer_list<const char*> texts) {
  std::vector<Real> result;
  for (const char* text : texts) result.push_back(Real::parse(text));
  return result;
}

/// The radius is what was asked for: 2^-bits of the value, with three bits to spare.
void expect_accurate(const Real& value, int bits) {
  const double size = std::fabs(value.approximate());
  EXPECT_LE(value.interval().width_up(), std::ldexp(size, 3 - bits)) << value.text();
}

struct Recorded {
  int k;
  const char* alpha;
  const char* weight;
  const char* value;
};

// Theory 6.3: p = (.2, .5, .3), t = (-.5, -1.3, 0).
const Recorded table[] = {{1, "1", "1", "0.4232637779205010316"},
                          {5, "1", "1/5", "0.4390198440547533678"},
                          {20, "1", "1/20", "0.4420996233816703754"},
                          {20, "1", "1", "2.490605470797137194"},
                          {7, "0", "1", "1.337860393792737114"}};

TEST(ExpectedLog, RecordedValues) {
  const std::vector<Real> masses = numbers({"0.2", "0.5", "0.3"});
  const std::vector<Real> t = numbers({"-0.5", "-1.3", "0"});
  for (const Recorded& r : table) {
    const LogProblem problem{masses, t, r.k, Real::parse(r.alpha), Real::parse(r.weight), 1};
    const Real recorded = Real::parse(r.value);
    for (const Engine engine : engines())
      for (const int bits : {53, 113, 256}) {
        const Real value = expected_log(Arithmetic::enclosing(engine, bits), problem);
        expect_accurate(value, bits);
        // The last digit of the table is rounded; 53 bits do not reach it.
        const Truth close = less(abs(value - recorded), Real::parse("1/1000000000000000000"));
        EXPECT_EQ(close, bits == 53 ? Truth::unknown : Truth::yes)
            << name_of(engine) << " " << bits << ": " << value.text();
      }
    EXPECT_NEAR(expected_log(Arithmetic::plain(), problem).approximate(), recorded.approximate(),
                0x1p-49);
  }
}

/// The same expectation as a sum over counts.
Real by_counts(const Arithmetic& arithmetic, const LogProblem& p) {
  std::vector<Real> masses, t;
  for (const Real& x : p.masses) masses.push_back(arithmetic(x));
  for (const Real& x : p.t) t.push_back(arithmetic(x));
  const LossFunction psi =
      LossFunction::log_sum({.alpha = p.alpha, .weight = p.weight, .temperature = p.temperature});
  return expected_over_negatives(masses, t, 0, psi, Hardening(), p.negatives, Way::multinomial);
}

TEST(ExpectedLog, AgreesWithSumsOverCountsOnBothEngines) {
  Random random(11);
  for (int trial = 0; trial < 24; ++trial) {
    const int atoms = draw_int(random, 2, 3);
    const std::vector<Real> masses = draw_probabilities(random, atoms, 1);
    std::vector<Real> t;
    for (int j = 0; j < atoms; ++j) t.push_back(Real::ratio(draw_int(random, -16, 8), 8));
    const int k = draw_int(random, 1, atoms == 2 ? 40 : 12);
    const Real alpha = draw_int(random, 0, 2) * Real::ratio(1, 2);
    const Real weight = trial % 2 ? Real(1) : Real::ratio(1, k);
    const Real temperature = Real::ratio(1, draw_int(random, 1, 10));
    const LogProblem problem{masses, t, k, alpha, weight, temperature};
    for (const Engine engine : engines()) {
      const Arithmetic arithmetic = Arithmetic::enclosing(engine, 100);
      const Real value = expected_log(arithmetic, problem);
      const Real expected = by_counts(arithmetic, problem);
      EXPECT_TRUE(value.interval().overlaps(expected.interval()))
          << name_of(engine) << " k=" << k << " " << value.text() << " " << expected.text();
      expect_accurate(value, 100);
    }
    const double rough = expected_log(Arithmetic::plain(), problem).approximate();
    const double truth =
        by_counts(Arithmetic::enclosing(engines().front(), 100), problem).approximate();
    EXPECT_NEAR(rough, truth, 0x1p-44 * (1 + std::fabs(truth)));
  }
}

TEST(ExpectedLog, SmallLossesKeepTheirRelativeAccuracy) {
  const std::vector<Real> masses = numbers({"1/3", "1/2", "1/6"});
  const std::vector<Real> t = numbers({"-1", "-5/4", "-2"});
  for (const long long inverse : {10, 28, 60}) {  // losses of about 1e-4, 1e-12 and 1e-26
    const LogProblem problem{masses, t, 16, 1, Real::ratio(1, 16), Real::ratio(1, inverse)};
    std::vector<Real> values;
    for (const Engine engine : engines()) {
      const Arithmetic arithmetic = Arithmetic::enclosing(engine, 113);
      values.push_back(expected_log(arithmetic, problem));
      expect_accurate(values.back(), 113);
      const Real expected = by_counts(Arithmetic::enclosing(engine, 400), problem);
      EXPECT_TRUE(values.back().interval().overlaps(expected.interval()));
    }
    EXPECT_NE(equal(values.front(), values.back()), Truth::no);
    const double rough = expected_log(Arithmetic::plain(), problem).approximate();
    EXPECT_NEAR(rough / values.front().approximate(), 1, 0x1p-40);
  }
}

// A logarithm near 0 by chance: alpha + w k e^t is close to 1.
TEST(ExpectedLog, ResultsThatCancelKeepTheirAccuracy) {
  const std::vector<Real> masses = numbers({"1/2", "1/2"});
  const std::vector<Real> t = numbers({"-1/1000000", "1/1000000"});
  const LogProblem problem{masses, t, 2, Real::ratio(1, 2), Real::ratio(1, 4), 1};
  for (const Engine engine : engines())
    expect_accurate(expected_log(Arithmetic::enclosing(engine, 80), problem), 80);
}

/// The example of theory 6.3.
detail::LogIntegral example() {
  return {numbers({"0.2", "0.5", "0.3"}), numbers({"-0.5", "-1.3", "0"}), 5, 1, Real::ratio(1, 5)};
}

/// Distance between the middle of an enclosure and the truth.
double error_of(const MpfiNumber& value) {
  static const MpfiNumber truth =
      detail::log_integral_mpfi(example(), {.working_bits = 200, .log2_tolerance = -180});
  return std::fabs(midpoint_of(value - truth));
}

// A coarse tolerance with fine numbers: were a bound left out, the result would be narrow and
// wrong.
TEST(ExpectedLog, CoarseTolerancesAreCoveredByTheBounds) {
  const detail::LogIntegral p = example();
  const Interval truth =
      to_interval(detail::log_integral_mpfi(p, {.working_bits = 200, .log2_tolerance = -180}));
  for (double tolerance = -4; tolerance > -60; tolerance -= 4) {
    const detail::LogIntegralGoal goal{.working_bits = 120, .log2_tolerance = tolerance};
    std::vector<Interval> values = {to_interval(detail::log_integral_mpfi(p, goal))};
#if ASSAY_HAVE_ARB
    values.push_back(to_interval(detail::log_integral_arb(p, goal)));
#endif
    for (const Interval& value : values) {
      EXPECT_TRUE(value.contains(truth)) << tolerance << " " << value.to_string(30);
      EXPECT_LE(value.width_up(), std::ldexp(64, static_cast<int>(tolerance))) << tolerance;
    }
  }
}

// Theory 6.3: actual error and bound (6.4) at three steps.
TEST(ExpectedLog, TheTrapezoidErrorLiesUnderItsBound) {
  const struct {
    double step, error, bound;
  } recorded[] = {{1, 6.0 / 1000000, 2.0 / 10000},
                  {0.5, 1.7 / 1000000000, 2.0 / 100000000},
                  {0.25, 9.9 / 10000000000000000000.0, 1.1 / 10000000000000000}};
  for (const auto& r : recorded) {
    const auto rule = detail::log_integral_rule(
        example(), 200, {r.step, static_cast<long>(-60 / r.step), static_cast<long>(8 / r.step)});
    const double error = error_of(rule.value);
    EXPECT_NEAR(error / r.error, 1, 0.01);
    EXPECT_LE(error, midpoint_of(rule.strip));
    EXPECT_NEAR(midpoint_of(rule.strip) / r.bound, 1, 0.5);
  }
}

TEST(ExpectedLog, WhatTheCutsLeaveOutLiesUnderTheirBounds) {
  const double step = 0.0625;
  for (const int x : {-1, -2, -4, -8}) {
    const auto cut = detail::log_integral_rule(
        example(), 128, {step, static_cast<long>(x / step), static_cast<long>(8 / step)});
    const double error = error_of(cut.value);
    EXPECT_LE(error, midpoint_of(cut.left));
    EXPECT_GE(error, midpoint_of(cut.left) / 20);
  }
  for (const int x : {0, 1, 2, 3}) {
    const auto cut = detail::log_integral_rule(
        example(), 128, {step, static_cast<long>(-30 / step), static_cast<long>(x / step)});
    const double error = error_of(cut.value);
    EXPECT_LE(error, midpoint_of(cut.right));
    EXPECT_GE(error, midpoint_of(cut.right) / 1000000);
  }
}

TEST(ExpectedLog, ManyNegativesAndManyAtoms) {
  Random random(5);
  std::vector<Real> t;
  const std::vector<Real> masses = draw_probabilities(random, 20, 1);
  for (int j = 0; j < 20; ++j) t.push_back(Real::ratio(draw_int(random, -200, 0), 100));
  const LogProblem problem{masses, t, 256, 1, 1, Real::ratio(1, 2)};
  std::vector<Real> values;
  for (const Engine engine : engines()) {
    values.push_back(expected_log(Arithmetic::enclosing(engine, 113), problem));
    expect_accurate(values.back(), 113);
  }
  EXPECT_NE(equal(values.front(), values.back()), Truth::no);
}

TEST(ExpectedLog, EqualExponentsAreOneAtom) {
  const std::vector<Real> masses = numbers({"1/3", "2/3"});
  const std::vector<Real> t = numbers({"-1/2", "-1/2"});
  for (const Engine engine : engines()) {
    const Arithmetic arithmetic = Arithmetic::enclosing(engine, 113);
    const Real value = expected_log(arithmetic, {masses, t, 3, 1, 2, Real::ratio(1, 2)});
    const Real expected = log(1 + 6 * exp(arithmetic(-1)));
    EXPECT_NE(equal(value, expected), Truth::no);
    expect_accurate(value, 113);
  }
  // log((1/k) sum of k equal e^t) needs no logarithm at all.
  EXPECT_EQ(
      expected_log(Arithmetic::enclosing(Engine::mpfi, 64), {masses, t, 3, 0, Real::ratio(1, 3), 1})
          .text(),
      "-1/2");
}

TEST(ExpectedLog, UncertainMassesAndExponentsWidenTheResult) {
  for (const Engine engine : engines()) {
    const Arithmetic arithmetic = Arithmetic::enclosing(engine, 80);
    const std::vector<Real> exact_masses = numbers({"1/4", "3/4"});
    const std::vector<Real> exact_t = numbers({"-1", "0"});
    const Real wiggle = Real::enclosed(Interval::between(-0x1p-30, 0x1p-30), arithmetic);
    const std::vector<Real> masses = {exact_masses[0] + wiggle, exact_masses[1] - wiggle};
    const std::vector<Real> t = {exact_t[0] + wiggle, exact_t[1] + wiggle};
    const Interval exact = expected_log(arithmetic, {exact_masses, exact_t, 4, 1, 1, 1}).interval();
    const Interval wide = expected_log(arithmetic, {masses, t, 4, 1, 1, 1}).interval();
    EXPECT_TRUE(wide.contains(exact));
    EXPECT_LT(wide.width_up(), 0x1p-20);
  }
}

TEST(ExpectedLog, WhatIsOutsideTheDomainIsRefused) {
  const std::vector<Real> masses = numbers({"1/2", "1/2"});
  const std::vector<Real> t = numbers({"0", "1"});
  const Arithmetic arithmetic = Arithmetic::enclosing(Engine::mpfi, 64);
  EXPECT_THROW(expected_log(arithmetic, {masses, t, 0, 1, 1, 1}), std::invalid_argument);
  EXPECT_THROW(expected_log(arithmetic, {masses, t, 1, -1, 1, 1}), std::invalid_argument);
  EXPECT_THROW(expected_log(arithmetic, {masses, t, 1, 1, 0, 1}), std::invalid_argument);
  EXPECT_THROW(expected_log(arithmetic, {masses, t, 1, 1, 1, 0}), std::invalid_argument);
  EXPECT_THROW(expected_log(arithmetic, {std::span(masses).first(1), t, 1, 1, 1, 1}),
               std::invalid_argument);
  const std::vector<Real> doubles = {Real::plain(0), Real::plain(1)};
  EXPECT_THROW(expected_log(arithmetic, {masses, doubles, 1, 1, 1, 1}), std::logic_error);
}

}  // namespace
}  // namespace assay::reference
