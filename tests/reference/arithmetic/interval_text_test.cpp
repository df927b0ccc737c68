// SPDX-License-Identifier: Apache-2.0
// Printing an interval and reading it back.
#include <limits>
#include <string>

#include "tests/reference/arithmetic/random_interval.hpp"

namespace assay::reference {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

RC_GTEST_PROP(IntervalText, ExactTextIsReadBackAsTheVerySameInterval, ()) {
  const Interval x = *random_interval();
  const Interval again = Interval::parse(x.to_exact(), 2);
  RC_ASSERT(again.identical(x));
  RC_ASSERT(again.to_exact() == x.to_exact());
}

RC_GTEST_PROP(IntervalText, DecimalTextEnclosesAndSoDoesReadingIt, ()) {
  const Interval x = *random_interval();
  const int digits = *rc::gen::inRange(1, 60);
  const std::string text = x.to_string(digits);
  const Interval exactly_as_printed = Interval::parse(text, 1 << 14);
  RC_ASSERT(exactly_as_printed.contains(x));
  RC_ASSERT(Interval::parse(text, *precision()).contains(exactly_as_printed));
}

RC_GTEST_PROP(IntervalText, DecimalEndsAreTheNearestOutside, ()) {
  // One unit in the last printed digit brings each end to the other side of the true end.
  const Interval x = *random_interval(Ranges::bounded);
  const Interval printed = Interval::parse(x.to_string(20), 1 << 14);
  const Rational unit =  // 10^-19 for the printing, 2^-16383 for the reading
      Rational(1) / Rational("10000000000000000000") + power_of_two(-16383);
  RC_ASSERT(lower_of(x) - lower_of(printed) <= abs(lower_of(printed)) * unit);
  RC_ASSERT(upper_of(printed) - upper_of(x) <= abs(upper_of(printed)) * unit);
}

RC_GTEST_PROP(IntervalText, EveryDoubleIsPrintedAsCWouldPrintIt, ()) {
  const double x = *finite_double();
  RC_PRE(std::fpclassify(x) == FP_NORMAL);
  char expected[40];
  std::snprintf(expected, sizeof expected, "%a", x);
  RC_ASSERT(Interval::exactly(x).to_exact() == expected);
}

TEST(IntervalText, PrintsWhatAReaderExpects) {
  EXPECT_EQ(Interval().to_string(), "[-inf, inf]");
  EXPECT_EQ(Interval::exactly(0.5).to_string(), "0.5");
  EXPECT_EQ(Interval::exactly(0.1).to_string(), "[0.10000000000000000, 0.10000000000000001]");
  EXPECT_EQ(Interval::between(-1, 2).to_string(3), "[-1.00, 2.00]");
  EXPECT_EQ(Interval::exactly(1234.5).to_string(5), "1234.5");
  EXPECT_EQ(Interval::exactly(1234.5).to_string(4), "[1234, 1235]");
  EXPECT_EQ(Interval::exactly(1234.5).to_string(2), "[1.2e3, 1.3e3]");
  EXPECT_EQ(Interval::exactly(-1234.5).to_string(2), "[-1.3e3, -1.2e3]");
  EXPECT_EQ(Interval::exactly(9.99).to_string(2), "[9.9, 10]");
  EXPECT_EQ(Interval::exactly(0x1p-20).to_string(3), "[9.53e-7, 9.54e-7]");
  EXPECT_EQ(Interval::exactly(0.0).to_string(), "0");
  EXPECT_EQ(Interval::between(-0.0, 0.0).to_string(), "[-0, 0]");
  EXPECT_EQ(Interval::between(-infinity, 1).to_string(2), "[-inf, 1.0]");
  EXPECT_EQ(Interval::exactly(1.0).to_string(-3), "1") << "at least one digit";
  EXPECT_EQ(to_interval(Rational(1) / 3, 64).to_string(10), "[0.3333333333, 0.3333333334]");
  EXPECT_EQ(Interval::between(0.1, 3).to_exact(), "[0x1.999999999999ap-4, 0x1.8p+1]");
  EXPECT_EQ(Interval::exactly(-0.0).to_exact(), "-0");
  EXPECT_EQ(Interval::exactly(0x1p-1074).to_exact(), "0x1p-1074");
}

TEST(IntervalText, ARationalEnclosedAtManyBitsPrintsItsDigits) {
  const Interval x = to_interval(Rational(1) / 7, 4096);
  EXPECT_GE(x.agreed_digits(), 1232);  // 4096 log10(2) = 1233.02
  EXPECT_LE(x.agreed_digits(), 1234);
  EXPECT_EQ(x.to_string(12), "[0.142857142857, 0.142857142858]");
  EXPECT_TRUE(Interval::parse(x.to_exact()).identical(x));
}

RC_GTEST_PROP(IntervalText, AgreedDigitsAreAPrefixOfBothEnds, ()) {
  const Rational r = rational_from(*finite_double()) / *rc::gen::inRange(1, 1000);
  RC_PRE(r != 0);
  const Interval x = to_interval(r, *precision());
  const int agreed = x.agreed_digits();
  if (agreed == std::numeric_limits<int>::max()) {
    RC_ASSERT(lower_of(x) == upper_of(x));
    return;
  }
  if (agreed == 0) return;
  // The same digits, cut off, from both ends: printing them toward zero gives one number.
  mpfr_exp_t e[2];
  std::string digits[2];
  mpfr_srcptr ends[2] = {x.representation().lower, x.representation().upper};
  for (int longer = 0; longer < 2; ++longer) {
    for (int k = 0; k < 2; ++k) {
      char* text = mpfr_get_str(nullptr, &e[k], 10, static_cast<std::size_t>(agreed + longer),
                                ends[k], MPFR_RNDZ);
      digits[k] = text;
      mpfr_free_str(text);
    }
    RC_ASSERT((digits[0] == digits[1] && e[0] == e[1]) == (longer == 0));
  }
}

}  // namespace
}  // namespace assay::reference
