// SPDX-License-Identifier: Apache-2.0
// Interval as a value: ends, comparison, width.
#include "reference/arithmetic/interval.hpp"

#include <limits>

#include "tests/reference/arithmetic/random_interval.hpp"

namespace assay::reference {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

TEST(Interval, WithoutInformationItIsTheWholeLine) {
  const Interval x;
  EXPECT_EQ(x.ends(), (Ends{-infinity, infinity}));
  EXPECT_FALSE(x.is_finite());
  EXPECT_EQ(x.width_up(), infinity);
  EXPECT_TRUE(Interval::exactly(std::nan("")).identical(x));
  EXPECT_EQ(x.agreed_digits(), 0);
}

TEST(Interval, AnUpsideDownOrUndefinedPairIsRefused) {
  EXPECT_THROW(Interval::between(2, 1), std::invalid_argument);
  EXPECT_THROW(Interval::between(std::nan(""), 1), std::invalid_argument);
  EXPECT_THROW(Interval::between(1, std::nan("")), std::invalid_argument);
  EXPECT_NO_THROW(Interval::between(-infinity, -infinity));
  EXPECT_NO_THROW(Interval::between(1, 1));

  auto upside_down = std::make_unique<Interval::Representation>(53);
  mpfr_set_d(upside_down->lower, 2, MPFR_RNDD);
  mpfr_set_d(upside_down->upper, 1, MPFR_RNDU);
  EXPECT_THROW(Interval{std::move(upside_down)}, std::invalid_argument);
  auto undefined = std::make_unique<Interval::Representation>(53);
  mpfr_set_nan(undefined->lower);
  EXPECT_TRUE(is_whole_line(Interval(std::move(undefined))));
}

RC_GTEST_PROP(Interval, EndsInDoubleEncloseAndAreNearest, ()) {
  const Interval x = *random_interval();
  const Ends ends = x.ends();
  RC_ASSERT(Interval::between(ends.lo, ends.hi).contains(x));
  const double inner_lo = std::nextafter(ends.lo, infinity);
  const double inner_hi = std::nextafter(ends.hi, -infinity);
  RC_ASSERT(mpfr_cmp_d(x.representation().lower, inner_lo) < 0 || ends.lo == infinity);
  RC_ASSERT(mpfr_cmp_d(x.representation().upper, inner_hi) > 0 || ends.hi == -infinity);
}

RC_GTEST_PROP(Interval, EveryDoubleComesBackAsItself, ()) {
  const double x = *finite_double();
  const Ends ends = Interval::exactly(x).ends();
  RC_ASSERT(std::bit_cast<std::uint64_t>(ends.lo) == std::bit_cast<std::uint64_t>(x));
  RC_ASSERT(std::bit_cast<std::uint64_t>(ends.hi) == std::bit_cast<std::uint64_t>(x));
}

RC_GTEST_PROP(Interval, WidthIsRoundedUpByLessThanOneUnit, ()) {
  const Interval x = *random_interval(Ranges::bounded);
  const double width = x.width_up();
  RC_PRE(width < infinity);
  const Rational exact = upper_of(x) - lower_of(x);
  RC_ASSERT(rational_from(width) >= exact);
  RC_ASSERT(width == 0 || rational_from(std::nextafter(width, 0.0)) < exact);
}

TEST(Interval, ComparisonFollowsTheTruthTable) {
  struct Row {
    double a_lo, a_hi, b_lo, b_hi;
    Truth less, equal;
    bool overlaps, contains;
  };
  constexpr Truth yes = Truth::yes, no = Truth::no, unknown = Truth::unknown;
  const Row table[] = {
      {1, 2, 3, 4, yes, no, false, false},          // apart, below
      {3, 4, 1, 2, no, no, false, false},           // apart, above
      {1, 2, 2, 3, unknown, unknown, true, false},  // touching: equal at 2 or less
      {2, 3, 1, 2, no, unknown, true, false},       // touching from above: never less
      {1, 3, 2, 4, unknown, unknown, true, false},  // overlapping
      {2, 4, 1, 3, unknown, unknown, true, false},  // overlapping from above
      {1, 4, 2, 3, unknown, unknown, true, true},   // b inside a
      {2, 3, 1, 4, unknown, unknown, true, false},  // a inside b
      {1, 2, 1, 2, unknown, unknown, true, true},   // the same interval, not the same number
      {2, 2, 2, 2, no, yes, true, true},            // the same point
      {2, 2, 3, 3, yes, no, false, false},          // two points
      {3, 3, 2, 2, no, no, false, false},           // two points, the other way
      {-0.0, -0.0, 0.0, 0.0, no, yes, true, true},  // both zeros are the number 0
      {2, 2, 2, 3, unknown, unknown, true, false},  // point at the lower end
      {3, 3, 2, 3, no, unknown, true, false},       // point at the upper end
      {-infinity, infinity, 0, 0, unknown, unknown, true, true},
      {1, infinity, -infinity, 0, no, no, false, false},
      {-infinity, 0, 1, infinity, yes, no, false, false},
      {0, infinity, 1, infinity, unknown, unknown, true, true},
  };
  for (const Row& row : table) {
    const Interval a = Interval::between(row.a_lo, row.a_hi);
    const Interval b = Interval::between(row.b_lo, row.b_hi);
    const std::string which = a.to_string() + " and " + b.to_string();
    EXPECT_EQ(a.less(b), row.less) << which;
    EXPECT_EQ(a.equal(b), row.equal) << which;
    EXPECT_EQ(a.overlaps(b), row.overlaps) << which;
    EXPECT_EQ(b.overlaps(a), row.overlaps) << which;
    EXPECT_EQ(a.contains(b), row.contains) << which;
  }
}

RC_GTEST_PROP(Interval, ComparisonIsTrueOfTheNumbersInside, ()) {
  const Interval a = *random_interval(Ranges::bounded), b = *random_interval(Ranges::bounded);
  for (const Rational& x : {lower_of(a), upper_of(a)})
    for (const Rational& y : {lower_of(b), upper_of(b)}) {
      if (a.less(b) == Truth::yes) RC_ASSERT(x < y);
      if (a.less(b) == Truth::no) RC_ASSERT(!(x < y));
      if (a.equal(b) == Truth::yes) RC_ASSERT(x == y);
      if (a.equal(b) == Truth::no) RC_ASSERT(x != y);
    }
  RC_ASSERT(a.overlaps(b) == (std::max<Rational>(lower_of(a), lower_of(b)) <=
                              std::min<Rational>(upper_of(a), upper_of(b))));
  RC_ASSERT(a.contains(b) == (lower_of(a) <= lower_of(b) && upper_of(b) <= upper_of(a)));
}

TEST(Interval, IdenticalSeesTheSignOfZeroAndNotThePrecision) {
  EXPECT_FALSE(Interval::exactly(0.0).identical(Interval::exactly(-0.0)));
  EXPECT_TRUE(Interval::exactly(0.5).identical(to_interval(Rational(1) / 2, 500)));
  EXPECT_FALSE(Interval::between(1, 2).identical(Interval::between(1, 3)));
}

TEST(Interval, CopiesAreIndependentAndMovesKeepTheValue) {
  Interval a = Interval::between(1, 2);
  Interval b = a;
  a = Interval::exactly(7);
  EXPECT_TRUE(b.identical(Interval::between(1, 2)));
  b = b;
  EXPECT_TRUE(b.identical(Interval::between(1, 2)));
  Interval c = std::move(b);
  EXPECT_TRUE(c.identical(Interval::between(1, 2)));
  b = c;
  EXPECT_TRUE(b.identical(c));
}

TEST(Interval, AgreedDigitsAreTheCommonLeadingDigits) {
  const auto agreed = [](const char* text) { return Interval::parse(text).agreed_digits(); };
  EXPECT_EQ(agreed("[1.2345, 1.2346]"), 4);
  EXPECT_EQ(agreed("[-1.2346, -1.2345]"), 4);
  EXPECT_EQ(agreed("[0.000012345, 0.000012399]"), 3);
  EXPECT_EQ(agreed("[9.99, 10.01]"), 0) << "the first digits differ";
  EXPECT_EQ(agreed("[1.5, 15]"), 0) << "equal digits at different places do not count";
  EXPECT_EQ(agreed("[-1, 1]"), 0);
  EXPECT_EQ(agreed("[0, 1]"), 0);
  EXPECT_EQ(agreed("[1, inf]"), 0);
  EXPECT_EQ(agreed("0.5"), std::numeric_limits<int>::max());
  EXPECT_EQ(agreed("[3.14159265358979323846264338327950288419716939937510, "
                   "3.14159265358979323846264338327950288419716939937511]"),
            49);
}

}  // namespace
}  // namespace assay::reference
