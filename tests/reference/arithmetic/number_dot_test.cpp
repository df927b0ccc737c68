// SPDX-License-Identifier: Apache-2.0
// Dot products of doubles on the four number types.
#include <algorithm>
#include <limits>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

using Doubles = std::vector<double>;

Rational rational_dot(const Doubles& x, const Doubles& y, std::size_t count, std::size_t stride) {
  Rational sum = 0;
  for (std::size_t k = 0; k < count; ++k)
    sum += rational_from(x[k * stride]) * rational_from(y[k * stride]);
  return sum;
}

RC_GTEST_PROP(NumberDot, EnclosesTheExactSumOfExactProducts, ()) {
  const auto stride = *rc::gen::inRange<std::size_t>(1, 4);
  const auto count = *rc::gen::inRange<std::size_t>(0, 20);
  const auto x = *rc::gen::container<Doubles>(count * stride, finite_double());
  const auto y = *rc::gen::container<Doubles>(count * stride, finite_double());
  const int bits = *precision();
  const Rational exact = rational_dot(x, y, count, stride);
  const auto n = static_cast<std::int64_t>(count);
  const auto step = static_cast<std::int64_t>(stride);
  RC_ASSERT(Context<Rational>(2).dot(x.data(), y.data(), n, step) == exact);
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(bits);
    const Number dot = context.dot(x.data(), y.data(), n, step);
    RC_ASSERT(dot.bits() == bits);
    RC_ASSERT(holds(to_interval(dot), exact));
    const Number again =
        context.dot(context.vector(x.data(), n, step), context.vector(y.data(), n, step));
    RC_ASSERT(to_interval(again).identical(to_interval(dot)));
  });
}

RC_GTEST_PROP(NumberDot, MpfiRoundsTheExactSumOnlyOnce, ()) {
  const auto x = *rc::gen::container<Doubles>(8, finite_double());
  const auto y = *rc::gen::container<Doubles>(8, finite_double());
  const int bits = *precision();
  const Interval dot = to_interval(Context<MpfiNumber>(bits).dot(x.data(), y.data(), 8));
  const Interval tightest = to_interval(rational_dot(x, y, 8, 1), bits);
  RC_ASSERT(dot.contains(tightest) && tightest.contains(dot));
}

#if ASSAY_HAVE_ARB
// arb_dot keeps an error of a few units in the last place of the largest term, not of the sum.
RC_GTEST_PROP(NumberDot, ArbsErrorIsSmallAgainstTheLargestTerm, ()) {
  const auto x = *rc::gen::container<Doubles>(8, moderate_double());
  const auto y = *rc::gen::container<Doubles>(8, moderate_double());
  const int bits = *rc::gen::element(64, 128, 256);
  Rational largest = 0;
  for (std::size_t k = 0; k < 8; ++k)
    largest = std::max<Rational>(largest, abs(rational_from(x[k]) * rational_from(y[k])));
  const Interval dot = to_interval(Context<ArbNumber>(bits).dot(x.data(), y.data(), 8));
  RC_ASSERT(upper_of(dot) - lower_of(dot) <= largest * power_of_two(8 - bits));
}
#endif

TEST(NumberDot, CancellationLeavesTheSmallRemainder) {
  const Doubles x{0x1p900, 1.0, -0x1p900, 0x1p-1000};
  const Doubles y{0x1p100, 0x1p-1074, 0x1p100, 0.0};
  const Interval mpfi = to_interval(Context<MpfiNumber>(64).dot(x.data(), y.data(), 4));
  EXPECT_TRUE(mpfi.identical(Interval::exactly(0x1p-1074)));
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    EXPECT_TRUE(to_interval(Context<Number>(64).dot(x.data(), y.data(), 4)).contains(mpfi));
  });
  EXPECT_EQ(Context<double>(53).dot(x.data(), y.data(), 4), 0) << "plain double loses it";
}

TEST(NumberDot, TheEmptyProductIsExactlyZero) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(64);
    EXPECT_TRUE(to_interval(context.dot(nullptr, nullptr, 0)).identical(Interval::exactly(0)));
    const auto none = context.vector(nullptr, 0);
    EXPECT_EQ(none.size(), 0);
    EXPECT_TRUE(to_interval(context.dot(none, none)).identical(Interval::exactly(0)));
  });
  EXPECT_EQ(Context<Rational>(2).dot(nullptr, nullptr, 0), 0);
  EXPECT_EQ(Context<double>(53).dot(nullptr, nullptr, 0), 0);
}

TEST(NumberDot, AnElementThatIsNotFiniteGivesNoInformation) {
  const double infinity = std::numeric_limits<double>::infinity();
  const Doubles fine{1.0, 2.0};
  for (const double bad : {infinity, -infinity, std::nan("")}) {
    const Doubles spoilt{0.0, bad};
    for_each_engine([&]<class Number>(std::type_identity<Number>) {
      const Context<Number> context(64);
      EXPECT_TRUE(is_whole_line(to_interval(context.dot(fine.data(), spoilt.data(), 2))));
      EXPECT_TRUE(is_whole_line(to_interval(context.dot(spoilt.data(), fine.data(), 2))));
      EXPECT_THROW(context.vector(spoilt.data(), 2), std::invalid_argument);
    });
    EXPECT_THROW(Context<Rational>(2).dot(fine.data(), spoilt.data(), 2), std::invalid_argument);
  }
}

TEST(NumberDot, VectorsOfDifferentSizesAreRefused) {
  const Doubles x{1.0, 2.0};
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(64);
    EXPECT_THROW(context.dot(context.vector(x.data(), 2), context.vector(x.data(), 1)),
                 std::invalid_argument);
  });
}

}  // namespace
}  // namespace assay::reference
