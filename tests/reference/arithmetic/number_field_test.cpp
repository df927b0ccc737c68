// SPDX-License-Identifier: Apache-2.0
// The four field operations of both engines against exact rationals: containment and tightness.
#include <limits>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

/// Operands are exact from 53 bits upward; then MPFI's interval is the tightest there is, and Arb's
/// ball, rounded once with an error below one unit in the last place u = 2^(1-bits) |r|, has a
/// radius of at most u (1 + 2^-29) and ends printed outward: width <= 2^(3-bits) |r| with room.
template <class Number>
void expect_encloses_tightly(const Number& computed, const Rational& r, int bits) {
  const Interval x = to_interval(computed);
  RC_ASSERT(computed.bits() == bits);
  RC_ASSERT(holds(x, r));
  if (bits < 53) return;
  RC_ASSERT(upper_of(x) - lower_of(x) <= abs(r) * power_of_two(3 - bits));
  if constexpr (std::is_same_v<Number, MpfiNumber>)
    RC_ASSERT(x.contains(to_interval(r, bits)) && to_interval(r, bits).contains(x));
}

RC_GTEST_PROP(NumberField, EveryOperationEnclosesTheExactResultTightly, ()) {
  const double a = *finite_double();
  const double b = *finite_double();
  const int bits = *precision();
  const Rational ra = rational_from(a);
  const Rational rb = rational_from(b);
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(bits);
    const Number x = context.exactly(a);
    const Number y = context.exactly(b);
    expect_encloses_tightly(x + y, ra + rb, bits);
    expect_encloses_tightly(x - y, ra - rb, bits);
    expect_encloses_tightly(x * y, ra * rb, bits);
    expect_encloses_tightly(-x, -ra, bits);
    if (rb != 0) expect_encloses_tightly(x / y, ra / rb, bits);
  });
}

RC_GTEST_PROP(NumberField, WideOperandsEncloseTheResultsOfAllTheirPoints, ()) {
  const double a = *finite_double(), b = *finite_double();
  const double c = *finite_double(), d = *finite_double();
  const int bits = *precision();
  const auto points = [](double from, double to) {
    const Rational p = rational_from(from), q = rational_from(to);
    return std::vector<Rational>{p, q, (p + q) / 2, (3 * p + q) / 4};
  };
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(bits);
    const Number x = hull(context.exactly(a), context.exactly(b));
    const Number y = hull(context.exactly(c), context.exactly(d));
    const Interval sum = to_interval(x + y), difference = to_interval(x - y);
    const Interval product = to_interval(x * y), quotient = to_interval(x / y);
    for (const Rational& p : points(a, b))
      for (const Rational& q : points(c, d)) {
        RC_ASSERT(holds(sum, p + q));
        RC_ASSERT(holds(difference, p - q));
        RC_ASSERT(holds(product, p * q));
        if (q != 0) RC_ASSERT(holds(quotient, p / q));
      }
  });
}

RC_GTEST_PROP(NumberField, TheEnginesOverlapAndGrowTighterWithPrecision, ()) {
  const auto values = *rc::gen::container<std::vector<double>>(finite_double());
  // Horner's scheme with a division: a chain in which errors accumulate.
  const auto chain = [&]<class Number>(const Context<Number>& context) {
    Number sum = context.from_integer(1);
    const Number third = context.from_integer(1) / context.from_integer(3);
    for (const double v : values) sum = sum * third + context.exactly(v) / context.from_integer(7);
    return to_interval(sum);
  };
  Rational exact = 1;
  for (const double v : values) exact = exact / 3 + rational_from(v) / 7;
  std::vector<Interval> seen;
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    double last_width = std::numeric_limits<double>::infinity();
    for (const int bits : {53, 64, 128, 256, 512}) {
      const Interval x = chain(Context<Number>(bits));
      RC_ASSERT(holds(x, exact));
      for (const Interval& other : seen) RC_ASSERT(x.overlaps(other));
      RC_ASSERT(x.width_up() <= last_width);
      if (std::is_same_v<Number, MpfiNumber> && !seen.empty()) RC_ASSERT(seen.back().contains(x));
      last_width = x.width_up();
      seen.push_back(x);
    }
  });
}

RC_GTEST_PROP(NumberField, OperandsMayBeTheSameObject, ()) {
  const double a = *finite_double();
  const int bits = *precision();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Number copy = Context<Number>(bits).exactly(a) / Context<Number>(bits).from_integer(3);
    const auto same = [](const Number& x, const Number& y) {
      return to_interval(x).identical(to_interval(y)) && x.bits() == y.bits();
    };
    const Number other(copy);
    Number x = copy;
    RC_ASSERT(same(x = x * x, copy * other));
    x = copy;
    RC_ASSERT(same(x *= x, copy * other));
    x = copy;
    RC_ASSERT(same(x += x, copy + other));
    x = copy;
    RC_ASSERT(same(x -= x, copy - other));
    x = copy;
    RC_ASSERT(same(x /= x, copy / other));
    x = copy;
    RC_ASSERT(same(x = x, copy));
    x = copy;
    RC_ASSERT(same(x = exp(x), exp(copy)) && same(x = -x, -exp(copy)));
  });
}

TEST(NumberField, TheLargerPrecisionOfTheOperandsWins) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Number a = Context<Number>(64).from_integer(1);
    const Number b = Context<Number>(200).from_integer(3);
    EXPECT_EQ((a / b).bits(), 200);
    EXPECT_EQ((b / a).bits(), 200);
    EXPECT_EQ((Number() + a).bits(), 64) << "the default number must not raise a precision";
    EXPECT_LE(to_interval(a / b).width_up(), 0x1p-199);
    EXPECT_EQ(exp(a).bits(), 64);
    Number c = a;
    EXPECT_EQ((c *= b).bits(), 200);
  });
}

TEST(NumberField, DivisionByWhatMayBeZeroIsTheWholeLine) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(64);
    const Number one = context.from_integer(1);
    const Number third = one / context.from_integer(3);
    const Number around_zero = third + third + third - one;
    EXPECT_TRUE(holds(to_interval(around_zero), 0));
    EXPECT_GT(to_interval(around_zero).width_up(), 0);
    for (const Number& zero :
         {context.exactly(0.0), context.exactly(-0.0), around_zero, hull(one - one, one),
          hull(-one, one - one), Number::whole_line(64)}) {
      EXPECT_TRUE(is_whole_line(to_interval(one / zero)));
      EXPECT_TRUE(is_whole_line(to_interval(zero / zero)));
    }
  });
}

TEST(NumberField, NothingIsLearntFromAnUnboundedOperand) {
  const double infinity = std::numeric_limits<double>::infinity();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(64);
    const Number one = context.from_integer(1);
    for (const double bad : {infinity, -infinity, std::nan("")}) {
      const Number line = context.exactly(bad);
      EXPECT_TRUE(is_whole_line(to_interval(line)));
      EXPECT_TRUE(std::isnan(midpoint_of(line)));
      for (const Number& x : {line + one, line - line, line * line, one - line, -line, line / one})
        EXPECT_TRUE(is_whole_line(to_interval(x)));
      // 0 * x is 0 for every real x, and an engine may know it; but it must not exclude 0.
      EXPECT_TRUE(holds(to_interval(context.exactly(0.0) * line), 0));
    }
  });
  EXPECT_THROW(rational_from(infinity), std::invalid_argument);
  EXPECT_THROW(Context<Rational>(2).exactly(std::nan("")), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
