// SPDX-License-Identifier: Apache-2.0
// The strict reader of intervals: what it takes, what it refuses, and that it never hangs.
#include <chrono>
#include <limits>
#include <string>

#include "tests/reference/arithmetic/random_interval.hpp"

namespace assay::reference {
namespace {

std::string refusal_of(std::string_view text, int bits = 64) {
  try {
    const Interval read = Interval::parse(text, bits);
    return "was read as " + read.to_exact();
  } catch (const std::invalid_argument& refused) {
    return refused.what();
  }
}

TEST(IntervalParse, TakesBothNotationsAndSingleNumbers) {
  const auto same = [](const char* text, double lo, double hi) {
    EXPECT_TRUE(Interval::parse(text, 64).identical(Interval::between(lo, hi))) << text;
  };
  same("[1, 2]", 1, 2);
  same(" [ -1.5 ,\t2e1 ] ", -1.5, 20);
  same("3", 3, 3);
  same("+3.", 3, 3);
  same(".5", 0.5, 0.5);
  same("0.0001220703125E+3", 0.1220703125, 0.1220703125);
  same("00012.5000e-0", 12.5, 12.5);
  same("0x1.8p+1", 3, 3);
  same("-0xA", -10, -10);
  same("0x.8", 0.5, 0.5);
  same("0x100p-8", 1, 1);
  same("-0", -0.0, -0.0);
  same("[-0x0p+0, 0]", -0.0, 0.0);
  const double infinity = std::numeric_limits<double>::infinity();
  same("[-inf, +inf]", -infinity, infinity);
  same("inf", infinity, infinity);
}

TEST(IntervalParse, RoundsDecimalsOutwardToTheBitsAskedFor) {
  for (const int bits : {2, 24, 53, 256}) {
    const Interval tenth = Interval::parse("0.1", bits);
    const Interval expected = to_interval(Rational(1) / 10, bits);
    EXPECT_TRUE(tenth.identical(expected)) << bits;
    EXPECT_TRUE(Interval::parse("[-0.1, 0.1]", bits).contains(tenth));
  }
}

TEST(IntervalParse, NamesTheColumnOfWhatItRefuses) {
  EXPECT_EQ(refusal_of(""), "interval: column 1: expected a number");
  EXPECT_EQ(refusal_of("[1; 2]"), "interval: column 3: expected ','");
  EXPECT_EQ(refusal_of("[1, 2"), "interval: column 6: expected ']'");
  EXPECT_EQ(refusal_of("[1, 2] x"), "interval: column 8: unexpected text after the interval");
  EXPECT_EQ(refusal_of("nan"), "interval: column 1: expected a number");
  EXPECT_EQ(refusal_of("[2, 1]"), "interval: column 7: the lower end lies above the upper end");
  EXPECT_EQ(refusal_of("1e999999999999"), "interval: column 3: the exponent is out of range");
  EXPECT_EQ(refusal_of("1", 1 << 21), "precision: 2097152 bits; possible are 2 to 1048576");
  EXPECT_EQ(refusal_of("1", 0), "precision: 0 bits; possible are 2 to 1048576");
}

TEST(IntervalParse, RefusesWhatIsNotAnInterval) {
  for (const char* text :
       {" ",     "[",       "]",           "[]",       "[,]",       "[1]", "[1,]",     "[,1]",
        "[1 2]", "[1,2,3]", "[[1,2]]",     "1 2",      "--1",       "+-1", "- 1",      "1e",
        "1e+",   "1e1.5",   "e5",          ".",        "+",         "0x",  "0xp1",     "0x.p1",
        "0x1p",  "0xg",     "1.2.3",       "infinity", "Inf",       "NaN", "[nan, 1]", "[1, nan]",
        "1f",    "1,5",     "[inf, -inf]", "[inf, 1]", "[1, -inf]", "\n1", "1\n",      "1\r\n",
        "0b1",   "1_000",   "0x1e5p",      "１"})
    EXPECT_EQ(refusal_of(text).find("interval: column"), 0) << text << ": " << refusal_of(text);
  EXPECT_EQ(refusal_of(std::string_view("1\0", 2)).find("interval: column 2"), 0);
}

TEST(IntervalParse, AnUpsideDownPairIsNotHiddenByRounding) {
  for (const char* text :
       {"[1.00000000000000000000000001, 1]", "[1, 0.99999999999999999999999999]",
        "[-1, -1.00000000000000000000000001]", "[0x1p+0, 0.9999999999999999999999999]",
        "[1.0000000000000000000000001, 0x1p+0]", "[0.1, 0x1.9999999999999p-4]", "[1e-30, 0]",
        "[0, -1e-30]", "[1e10, 9.9e9]", "[-9.9e9, -1e10]", "[0.12, 0.1199]"})
    EXPECT_NE(refusal_of(text, 24).find("the lower end lies above"), std::string::npos)
        << text << ": " << refusal_of(text, 24);
  for (const char* text :
       {"[1, 1.00000000000000000000000001]", "[0.99999999999999999999999999, 0x1p+0]",
        "[0x1.9999999999999p-4, 0.1]", "[0.10, 0.1]", "[1e1, 10.0]", "[-1e10, -9.9e9]",
        "[0.5, 0x1p-1]", "[0x1p-1, 0.5]", "[-0, 0]", "[0, -0]", "[-1e-30, 0]", "[0.12, 0.121]"})
    EXPECT_NO_THROW(Interval::parse(text, 24)) << text;
}

TEST(IntervalParse, ExtremeTextsAreAnsweredAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  for (const char* text :
       {"1e999999999999", "1e-999999999999", "0e999999999999", "0x1p999999999999",
        "0x1p-999999999999", "1e2147483649", "0x1p+1073741824", "0x1p-1073741825",
        "1e99999999999999999999999999999999999999999999999999"})
    EXPECT_NE(refusal_of(text).find("out of range"), std::string::npos) << text;
  EXPECT_NE(refusal_of(std::string(2'000'000, '7')).find("longer than"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(2'000'000, '[')).find("longer than"), std::string::npos);
  EXPECT_EQ(refusal_of(std::string(1'000'000, '[')), "interval: column 2: expected a number");

  // Beyond MPFR's range a decimal is still enclosed, by its largest number and infinity.
  const Interval beyond = Interval::parse("1e2000000000", 64);
  EXPECT_FALSE(beyond.is_finite());
  EXPECT_TRUE(mpfr_number_p(beyond.representation().lower));
  const Interval below = Interval::parse("1e-2000000000", 64);
  EXPECT_TRUE(mpfr_zero_p(below.representation().lower));
  EXPECT_GT(mpfr_sgn(below.representation().upper), 0);
  const Interval negative = Interval::parse("-1e2000000000", 64);
  EXPECT_TRUE(mpfr_inf_p(negative.representation().lower));

  const std::string long_number = "0." + std::string(200'000, '3');
  EXPECT_TRUE(holds(Interval::parse(long_number + "4", 128), Rational(1) / 3));
  EXPECT_TRUE(is_whole_line(Interval::parse("[-inf, inf]", 1 << 20)));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

TEST(IntervalParse, MpfrsOwnExtremesRoundTrip) {
  for (const bool largest : {true, false}) {
    auto ends = std::make_unique<Interval::Representation>(100);
    mpfr_set_zero(ends->lower, 1);
    if (largest) {
      mpfr_nextbelow(ends->upper);  // the upper end is made as +inf
      mpfr_set(ends->lower, ends->upper, MPFR_RNDD);
    } else {
      mpfr_nextabove(ends->lower);
    }
    const Interval x(std::move(ends));
    EXPECT_TRUE(Interval::parse(x.to_exact()).identical(x)) << x.to_exact();
    EXPECT_TRUE(Interval::parse(x.to_string(30)).contains(x)) << x.to_string(30);
  }
}

RC_GTEST_PROP(IntervalParse, GarbageIsRefusedOrReadButNeverAnythingElse, ()) {
  const auto text = *rc::gen::container<std::string>(
      rc::gen::element('[', ']', ',', ' ', '-', '+', '.', '0', '1', '9', 'a', 'e', 'x', 'p', 'i',
                       'n', 'f', '\0', '\n', '\xff'));
  try {
    const Interval x = Interval::parse(text, 64);
    RC_ASSERT(Interval::parse(x.to_exact()).identical(x));
  } catch (const std::invalid_argument& refused) {
    const std::string what = refused.what();
    RC_ASSERT(what.find('\n') == std::string::npos);
    RC_ASSERT(what.find("interval: column ") == 0);
  }
}

RC_GTEST_PROP(IntervalParse, DamagedTextNeverGivesAnUpsideDownInterval, ()) {
  std::string text = (*random_interval()).to_string(*rc::gen::inRange(1, 30));
  const auto at = *rc::gen::inRange<std::size_t>(0, text.size());
  text[at] = *rc::gen::element('0', '5', '9', '-', '.', 'e', ',', ' ', 'x');
  try {
    const Interval x = Interval::parse(text, 64);
    RC_ASSERT(mpfr_lessequal_p(x.representation().lower, x.representation().upper));
  } catch (const std::invalid_argument&) {
  }
}

}  // namespace
}  // namespace assay::reference
