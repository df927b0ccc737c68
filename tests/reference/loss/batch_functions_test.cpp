// SPDX-License-Identifier: Apache-2.0
// The exponential and the logarithms of the a-priori tier stay within their proved errors.
#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/batch_exp.hpp"
#include "reference/loss/batch_log.hpp"
#include "reference/loss/upward.hpp"

namespace assay::testing {
namespace {

using namespace reference;
constexpr int bits = 160;

double size_up(const MpfiNumber& x) {
  const Ends e = to_interval(x).ends();
  return std::max(std::fabs(e.lo), std::fabs(e.hi));
}

/// |2^t as computed - 2^t| / 2^t in roundoffs, rounded up.
double exp2_error_up(double t) {
  const Context<MpfiNumber> at(bits);
  const MpfiNumber truth = exp(at.exactly(t) * log(at.from_integer(2)));
  return size_up((at.exactly(exp2_proved(t)) - truth) / truth) / unit_roundoff;
}

/// Half the distance between the doubles around any number up to `x_up`.
double half_ulp_up(double x_up) {
  int exponent = 0;
  std::frexp(x_up, &exponent);
  return std::ldexp(1.0, exponent - 54);
}

/// Error bound of p^(r) against 2^r over |r| <= 1/2, without the last addition's rounding: the
/// recurrence E_k = |r| E_{k+1} + |c_k^ - c_k| + half ulp of |p_k|, plus the series' remainder.
struct HornerBound {
  double inner = 0;      ///< E_1
  double remainder = 0;  ///< sum_{k > 13} (|r| log 2)^k / k!
};
HornerBound horner_bound() {
  const Context<MpfiNumber> at(bits);
  const MpfiNumber log_2 = log(at.from_integer(2)), half = at.exactly(0.5);
  std::vector<MpfiNumber> c{at.from_integer(1)};
  for (int k = 1; k <= exp2_degree; ++k) c.push_back(c.back() * log_2 / at.from_integer(k));
  HornerBound bound;
  MpfiNumber largest = c[exp2_degree];  // of |p_k| on the interval: all coefficients are positive
  double error = size_up(at.exactly(exp2_coefficients[exp2_degree]) - c[exp2_degree]);
  for (int k = exp2_degree - 1; k >= 1; --k) {
    const auto i = static_cast<std::size_t>(k);
    largest = c[i] + half * largest;
    const double coefficient = size_up(at.exactly(exp2_coefficients[i]) - c[i]);
    const double rounding = half_ulp_up(add_up(size_up(largest), error));
    error = add_up(add_up(multiply_up(0.5, error), coefficient), rounding);
  }
  bound.inner = error;
  // The rest of the series is below a geometric one with ratio (log 2 / 2) / 15 < 1/32.
  MpfiNumber next = c[exp2_degree] * log_2 / at.from_integer(exp2_degree + 1);
  for (int k = 0; k <= exp2_degree; ++k) next = next * half;
  bound.remainder = divide_up(size_up(next), 1.0 - 1.0 / 32);
  return bound;
}

TEST(BatchExp, ItsStatedErrorFollowsFromItsCoefficients) {
  const HornerBound h = horner_bound();
  // r <= 0: the result lies in [sqrt(1/2), 1], half an ulp is u/2.
  const double at_half = multiply_up(0.5, h.inner);
  const double below = divide_up(add_up(add_up(at_half, unit_roundoff / 2), h.remainder),
                                 std::sqrt(0.5) * (1 - 2 * unit_roundoff));
  // r >= 0: half an ulp is u, the result is 2^r. On each piece [r0, r1] the numerator is largest at
  // r1 and the denominator smallest at r0.
  double above = 0;
  constexpr int pieces = 64;
  const Context<MpfiNumber> at(bits);
  for (int i = 0; i < pieces; ++i) {
    const double r0 = 0.5 * i / pieces, r1 = 0.5 * (i + 1) / pieces;
    const Ends lowest = to_interval(exp(at.exactly(r0) * log(at.from_integer(2)))).ends();
    const double numerator = add_up(add_up(multiply_up(r1, h.inner), unit_roundoff), h.remainder);
    above = std::max(above, divide_up(numerator, lowest.lo));
  }
  const double derived = std::max(below, above) / unit_roundoff;
  fmt::print("  derived bound {:.4f} u (r <= 0: {:.4f}, r >= 0: {:.4f}); stated {} u\n", derived,
             below / unit_roundoff, above / unit_roundoff, exp2_error_in_roundoffs);
  EXPECT_LE(derived, exp2_error_in_roundoffs);
  EXPECT_GT(derived, 0.9 * exp2_error_in_roundoffs) << "the stated bound is looser than need be";
}

TEST(BatchExp, CoefficientsAreTheNearestDoubles) {
  const Context<MpfiNumber> at(bits);
  MpfiNumber c = at.from_integer(1);
  for (int k = 0; k <= exp2_degree; ++k) {
    if (k > 0) c = c * log(at.from_integer(2)) / at.from_integer(k);
    EXPECT_LE(size_up(at.exactly(exp2_coefficients[k]) - c), half_ulp_up(exp2_coefficients[k]));
  }
  const double relative =
      size_up(at.exactly(log2_e) * log(at.from_integer(2)) - at.from_integer(1));
  EXPECT_LT(relative, 0.13 * unit_roundoff);
}

TEST(BatchExp, StaysWithinItsStatedError) {
  std::mt19937_64 random(1);
  std::uniform_real_distribution<double> whole(-506, 506), one(-0.5, 0.5);
  double worst = 0, worst_at = 0;
  for (int i = 0; i < 40000; ++i) {
    double t = i % 2 == 0 ? whole(random) : one(random);
    if (i % 8 == 1) t = -0.5 + std::fabs(one(random)) * 0x1p-6;  // where the bound is largest
    if (i % 8 == 3) t = std::round(t * 64) + 0.5;                // ties of the argument reduction
    const double error = exp2_error_up(t);
    if (error > worst) worst = error, worst_at = t;
  }
  fmt::print("  largest error {:.4f} u at {:a}\n", worst, worst_at);
  EXPECT_LE(worst, exp2_error_in_roundoffs);
  EXPECT_GT(worst, 0.6 * exp2_error_in_roundoffs);
  for (const double t : {0.0, 1.0, -1.0, 505.0, -505.0, 1021.0, -1021.0})
    EXPECT_EQ(exp2_proved(t), std::ldexp(1.0, static_cast<int>(t)));
}

TEST(BatchLog, StaysWithinItsStatedError) {
  std::mt19937_64 random(2);
  std::uniform_real_distribution<double> exponent(-1000, 1000), fraction(0, 1);
  const Context<MpfiNumber> at(bits);
  double worst = 0;
  const auto check = [&](double v, const MpfiNumber& truth) {
    const double bound = multiply_up(unit_roundoff, log_error_weight_up(v));
    const double error = size_up(at.exactly(v) - truth);
    EXPECT_LE(error, bound);
    worst = std::max(worst, error / bound);
  };
  for (int i = 0; i < 20000; ++i) {
    // log1p: tiny, moderate, huge arguments; log: near 1, near sqrt(1/2) times powers of two.
    const double x = std::exp2(i % 3 == 0   ? exponent(random)
                               : i % 3 == 1 ? -60 * fraction(random)
                                            : 4 * fraction(random) - 2);
    check(log1p_proved(x), log1p(at.exactly(x)));
    const double m = i % 2 == 0 ? 1 + (fraction(random) - 0.5) * std::exp2(-60 * fraction(random))
                                : std::sqrt(0.5) * (1 + 0x1p-10 * (fraction(random) - 0.5));
    const double y = i % 5 == 0 ? m : std::ldexp(m, static_cast<int>(exponent(random)));
    check(log_proved(y), log(at.exactly(y)));
  }
  fmt::print("  largest share of the stated error {:.3f}\n", worst);
  EXPECT_GT(worst, 0.3);
}

TEST(BatchLog, IsExactWhereTheResultIs) {
  EXPECT_EQ(log1p_proved(0.0), 0.0);
  EXPECT_EQ(log_proved(1.0), 0.0);
}

TEST(Upward, EveryOperationIsABound) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> exponent(-1070, 500);
  const Context<MpfiNumber> at(2200);
  const auto above = [&](double bound, const MpfiNumber& exact) {
    EXPECT_EQ(Interval::exactly(bound).less(to_interval(exact)), Truth::no);
    EXPECT_EQ(to_interval(exact).less(Interval::exactly(bound)), Truth::yes);
  };
  for (int i = 0; i < 2000; ++i) {
    const double x = std::exp2(exponent(random)), y = std::exp2(exponent(random));
    above(add_up(x, y), at.exactly(x) + at.exactly(y));
    above(multiply_up(x, y), at.exactly(x) * at.exactly(y));
    above(sqrt_up(x), sqrt(at.exactly(x)));
    if (x < y) above(divide_up(x, y), at.exactly(x) / at.exactly(y));
    const Interval difference = to_interval(at.exactly(x) - at.exactly(y));
    EXPECT_EQ(Interval::exactly(subtract_down(x, y)).less(difference), Truth::yes);
  }
  EXPECT_EQ(next_up(0.0), smallest_double);
  EXPECT_EQ(next_up(-smallest_double), -0.0);
  for (const double x : {0.5, 0.01, 0x1p-40}) {
    above(relative_from_log_up(x), exp(at.exactly(x)) - at.from_integer(1));
    above(log_from_relative_up(x), -log(at.from_integer(1) - at.exactly(x)));
  }
}

}  // namespace
}  // namespace assay::testing
