// SPDX-License-Identifier: Apache-2.0
// exp, log, log1p and sqrt: against exact rationals, against each other, and at the domain's edge.
#include <limits>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

/// Both engines round a result of an exact argument with a few units of error in the last place;
/// losing five bits would be a defect of theirs (or a precision not passed on by us).
bool is_tight(const Interval& x, int bits) {
  const Rational largest = std::max<Rational>(abs(lower_of(x)), abs(upper_of(x)));
  return upper_of(x) - lower_of(x) <= largest * power_of_two(5 - bits);
}

struct RationalEnds {
  Rational lower, upper;
};

/// exp(x) for |x| <= 1 by its series, in exact rationals. The remainder after the terms up to
/// x^n/n! is at most e |x|^(n+1)/(n+1)! and e < 3.
RationalEnds exp_series(const Rational& x, int n) {
  Rational sum = 1, term = 1;
  for (int k = 1; k <= n; ++k) sum += term = term * x / k;
  const Rational remainder = abs(term) * abs(x) * 3 / (n + 1);
  return {sum - remainder, sum + remainder};
}

/// log((1+z)/(1-z)) = 2 atanh z for 0 <= z <= 1/3 by its series; the terms fall by z^2 <= 1/9.
RationalEnds twice_atanh_series(const Rational& z, int n) {
  Rational sum = 0, power = z;
  for (int k = 0; k < n; ++k, power *= z * z) sum += 2 * power / (2 * k + 1);
  return {sum, sum + 2 * power / (2 * n + 1) * 9 / 8};
}

bool meets(const Interval& x, const RationalEnds& truth) {
  return lower_of(x) <= truth.upper && truth.lower <= upper_of(x);
}

RC_GTEST_PROP(NumberFunction, ExpEnclosesItsSeries, ()) {
  const double a = *rc::gen::inRange(-4096, 4097) / 4096.0;
  const int bits = *rc::gen::element(24, 53, 64, 128, 200);
  const RationalEnds truth = exp_series(rational_from(a), 50);  // remainder below 2^-218
  RC_ASSERT(truth.upper - truth.lower < power_of_two(-bits - 10));
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Interval x = to_interval(exp(Context<Number>(bits).exactly(a)));
    RC_ASSERT(meets(x, truth));
    RC_ASSERT(is_tight(x, bits));
  });
}

RC_GTEST_PROP(NumberFunction, LogAndLog1pEncloseTheirSeries, ()) {
  const int k = *rc::gen::inRange(0, 4097);  // x = 1 + k/4096 lies in [1, 2]
  const int bits = *rc::gen::element(24, 53, 64, 128, 200);
  const Rational t = Rational(k) / 4096;
  const RationalEnds truth = twice_atanh_series(t / (2 + t), 70);  // 3^-141 = 2^-223
  RC_ASSERT(truth.upper - truth.lower <= t * power_of_two(-bits - 10));
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(bits);
    const Interval by_log = to_interval(log(context.exactly(1 + k / 4096.0)));
    const Interval by_log1p = to_interval(log1p(context.exactly(k / 4096.0)));
    RC_ASSERT(meets(by_log, truth) && meets(by_log1p, truth));
    RC_ASSERT(is_tight(by_log, bits) && is_tight(by_log1p, bits));
  });
}

RC_GTEST_PROP(NumberFunction, SqrtEnclosesTheRootDecidedBySquaring, ()) {
  const double a = std::fabs(*finite_double());
  const int bits = *rc::gen::element(53, 64, 128, 512);
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Interval x = to_interval(sqrt(Context<Number>(bits).exactly(a)));
    const Rational lower = std::max<Rational>(lower_of(x), 0);
    RC_ASSERT(lower * lower <= rational_from(a));
    RC_ASSERT(upper_of(x) * upper_of(x) >= rational_from(a));
    RC_ASSERT(is_tight(x, bits));
  });
}

RC_GTEST_PROP(NumberFunction, TheEnginesOverlapOnEveryDouble, ()) {
  const double a = *finite_double();
  const int bits = *precision();
  std::vector<Interval> exps, logs, log1ps, roots;
  const auto agree = [](std::vector<Interval>& seen, const Interval& x) {
    for (const Interval& other : seen) RC_ASSERT(x.overlaps(other));
    seen.push_back(x);
  };
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    for (const int p : {bits, 2 * bits}) {
      const Number x = Context<Number>(p).exactly(a);
      agree(exps, to_interval(exp(x)));
      agree(logs, to_interval(log(x)));
      agree(log1ps, to_interval(log1p(x)));
      agree(roots, to_interval(sqrt(x)));
    }
  });
}

RC_GTEST_PROP(NumberFunction, ExpAndLogUndoEachOther, ()) {
  const double a = *moderate_double();
  const int bits = *precision();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(bits);
    const Number x = context.exactly(a);
    RC_ASSERT(holds(to_interval(log(exp(x))), rational_from(a)));
    RC_ASSERT(holds(to_interval(log1p(exp(x) - context.from_integer(1))), rational_from(a)));
    if (a > 0) RC_ASSERT(holds(to_interval(exp(log(x))), rational_from(a)));
    RC_ASSERT(to_interval(exp(x) * exp(-x)).contains(Interval::exactly(1)));
  });
}

RC_GTEST_PROP(NumberFunction, WideArgumentsEncloseTheValuesOfAllTheirPoints, ()) {
  const double a = *moderate_double(), b = *moderate_double();
  const double inner = *rc::gen::element(a, b, a / 2 + b / 2, a / 4 + b * 3 / 4);
  RC_PRE(std::min(a, b) <= inner && inner <= std::max(a, b));
  const int bits = *precision();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> wide(bits), fine(2 * bits + 64);
    const Number x = hull(wide.exactly(a), wide.exactly(b));
    const Number p = fine.exactly(inner);
    RC_ASSERT(to_interval(exp(x)).contains(to_interval(exp(p))));
    if (inner > 0) RC_ASSERT(to_interval(log(x)).contains(to_interval(log(p))));
    if (inner > -1) RC_ASSERT(to_interval(log1p(x)).contains(to_interval(log1p(p))));
    if (inner >= 0) RC_ASSERT(to_interval(sqrt(x)).contains(to_interval(sqrt(p))));
  });
}

TEST(NumberFunction, OutsideTheDomainNothingIsKnown) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(64);
    const Number minus_two = context.from_integer(-2);
    EXPECT_TRUE(is_whole_line(to_interval(log(minus_two))));
    EXPECT_TRUE(is_whole_line(to_interval(log(context.from_integer(0)))));
    EXPECT_TRUE(is_whole_line(to_interval(log1p(minus_two))));
    EXPECT_TRUE(is_whole_line(to_interval(log1p(context.from_integer(-1)))));
    EXPECT_TRUE(is_whole_line(to_interval(sqrt(minus_two))));
    EXPECT_TRUE(to_interval(sqrt(context.from_integer(0))).identical(Interval::exactly(0)));
    const Number line = Number::whole_line(64);
    EXPECT_EQ(to_interval(exp(line)).ends().hi, std::numeric_limits<double>::infinity());
    for (const Interval& x : {to_interval(log(line)), to_interval(log1p(line))})
      EXPECT_TRUE(is_whole_line(x));
    EXPECT_TRUE(to_interval(sqrt(line)).contains(Interval::between(0, 0x1p1023)));
  });
}

TEST(NumberFunction, AnArgumentThatTouchesTheEdgeKeepsItsFiniteSide) {
  const double infinity = std::numeric_limits<double>::infinity();
  const MpfiNumber x = hull(MpfiNumber(0.0, 64), MpfiNumber(4.0, 64));
  const Ends of_log = to_interval(log(x)).ends();
  EXPECT_EQ(of_log.lo, -infinity);
  EXPECT_LT(of_log.hi, 1.4);
  const Ends of_log1p = to_interval(log1p(x - MpfiNumber(1.0, 64))).ends();
  EXPECT_EQ(of_log1p.lo, -infinity);
  EXPECT_LT(of_log1p.hi, 1.4);
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Number straddling = hull(Number(-1.0, 64), Number(4.0, 64));
    const Ends root = to_interval(sqrt(straddling)).ends();
    EXPECT_LE(root.lo, 0);
    EXPECT_GE(root.lo, -0x1p-20);
    EXPECT_GE(root.hi, 2);
    EXPECT_LE(root.hi, 2 + 0x1p-20);
  });
}

TEST(NumberFunction, TinyArgumentsKeepTheirRelativeAccuracy) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    for (const double a : {0x1p-300, -0x1p-300, 0x1p-1074, 0x1.8p-60}) {
      const Interval x = to_interval(log1p(Context<Number>(64).exactly(a)));
      EXPECT_TRUE(is_tight(x, 64)) << x.to_string();
    }
  });
}

TEST(NumberFunction, ExpOfHugeArgumentsIsBoundedOnTheSideThatIsKnown) {
  const double infinity = std::numeric_limits<double>::infinity();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    for (const double a : {1e6, 1e9, 1e10, 1e18, 1e30, 1e300}) {
      const Context<Number> context(64);
      const Ends up = to_interval(exp(context.exactly(a))).ends();
      const Interval down = to_interval(exp(context.exactly(-a)));
      EXPECT_EQ(up.hi, infinity);
      EXPECT_LE(down.ends().hi, 0x1p-1074);
      EXPECT_GE(down.ends().hi, 0x1p-1074) << "exp is never zero";
      EXPECT_GE(down.ends().lo, -0x1p-1074);
      EXPECT_EQ(down.equal(Interval::exactly(0)) == Truth::yes, false);
    }
  });
}

}  // namespace
}  // namespace assay::reference
