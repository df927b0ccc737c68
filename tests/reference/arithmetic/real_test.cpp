// SPDX-License-Identifier: Apache-2.0
// Real: what stays exact, what encloses, what must not meet, text, copies between threads.
#include "reference/arithmetic/real.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>
#include <thread>

namespace assay::reference {
namespace {

using Random = std::mt19937_64;

constexpr long long largest = std::numeric_limits<long long>::max();

Arithmetic on(Engine engine, int bits) { return Arithmetic::enclosing(engine, bits); }

TEST(Real, FieldOperationsOnRationalsAreExact) {
  const Real third = Real::ratio(1, 3);
  EXPECT_EQ((third + third + third).text(), "1");
  EXPECT_TRUE((third + third + third).is_integer());
  EXPECT_EQ((Real(2) / -6).text(), "-1/3");
  EXPECT_EQ((third - Real::ratio(1, 2)).text(), "-1/6");
  EXPECT_EQ(pow(Real::ratio(-2, 3), 3).text(), "-8/27");
  EXPECT_EQ(pow(Real::ratio(-2, 3), -2).text(), "9/4");
  EXPECT_EQ(pow(Real(0), 0).text(), "1");
  EXPECT_EQ(pow(Real(2), 100).text(), "1267650600228229401496703205376");
  EXPECT_EQ(max(third, Real::ratio(2, 7)).text(), "1/3");
  EXPECT_EQ(min(third, Real::ratio(2, 7)).text(), "2/7");
  EXPECT_EQ(abs(-third).text(), "1/3");
  EXPECT_EQ(equal(third, Real::exactly(1.0 / 3)), Truth::no);
  EXPECT_EQ(less(third, Real::ratio(333, 1000)), Truth::no);
  EXPECT_EQ(less_or_equal(third, third), Truth::yes);
}

TEST(Real, IntegersThatOverflowBecomeRationalsAndComeBack) {
  const Real x = Real(largest) + 1;
  EXPECT_EQ(x.text(), "9223372036854775808");
  EXPECT_TRUE(x.is_integer());
  EXPECT_TRUE(identical(x - 1, Real(largest)));
  EXPECT_EQ((Real(largest) * largest).text(), "85070591730234615847396907784232501249");
  EXPECT_TRUE(identical(Real(largest) * largest / largest, Real(largest)));
  EXPECT_EQ((-Real(std::numeric_limits<long long>::min())).text(), "9223372036854775808");
}

TEST(Real, DivisionByExactZeroIsRefused) {
  EXPECT_THROW(Real(1) / 0, std::domain_error);
  EXPECT_THROW(pow(Real(0), -1), std::domain_error);
  EXPECT_THROW(Real::ratio(1, 0), std::invalid_argument);
  EXPECT_THROW(on(Engine::mpfi, 64)(1, 0), std::invalid_argument);
  EXPECT_TRUE(std::isinf((Real::plain(1) / 0).approximate()));
  EXPECT_TRUE(std::isnan((Real::plain(0) / 0).approximate()));
}

TEST(Real, ADoubleMakesEverythingADouble) {
  const Real x = Real::plain(0.5) + Real::ratio(1, 3);
  EXPECT_TRUE(x.is_plain());
  EXPECT_EQ(x.approximate(), 0.5 + 1.0 / 3);
  EXPECT_TRUE((exp(on(Engine::mpfi, 64)(1)) * Real::plain(1)).is_plain());
  EXPECT_EQ(pow(Real::plain(3), -2).approximate(), (1.0 / 3) * (1.0 / 3));
  EXPECT_EQ(max(Real::plain(1), 2).approximate(), 2);
  EXPECT_TRUE(std::isnan(max(Real::plain(std::nan("")), 2).approximate()));
  EXPECT_TRUE(std::isnan(max(2, Real::plain(std::nan(""))).approximate()));
  EXPECT_EQ(less(Real::plain(std::nan("")), 2), Truth::unknown);
  EXPECT_EQ(equal(Real::plain(2), 2), Truth::yes);
  EXPECT_TRUE(std::isnan(log(Real::plain(0)).approximate()));
  EXPECT_TRUE(Arithmetic::plain()(Real::ratio(1, 3)).is_plain());
  EXPECT_EQ(Arithmetic::plain()(Real::ratio(1, 3)).approximate(), 1.0 / 3);
  EXPECT_THROW(Real::plain(1).interval(), std::logic_error);
}

TEST(Real, ExactNumbersLearnTheArithmeticAndCarryIt) {
  EXPECT_THROW(exp(Real(1)), std::logic_error);
  EXPECT_THROW(sqrt(Real(2)), std::logic_error);
  for (const Engine engine : engines()) {
    const Real x = Real::ratio(1, 3) * on(engine, 128)(2) - 1;
    ASSERT_TRUE(x.is_exact());
    ASSERT_TRUE(x.arithmetic().has_value());
    EXPECT_EQ(*x.arithmetic(), on(engine, 128));
    const Real y = exp(x);
    EXPECT_FALSE(y.is_exact());
    EXPECT_EQ(*y.arithmetic(), on(engine, 128));
    EXPECT_LT(y.interval().width_up(), std::ldexp(1, -120));
    EXPECT_GT(y.interval().width_up(), 0);
    EXPECT_EQ(*(x + on(engine, 200)(1)).arithmetic(), on(engine, 200));
    EXPECT_TRUE(identical(exp(x - x), 1));
    EXPECT_TRUE(identical(log(x / x), 0));
    EXPECT_TRUE(identical(log1p(x * 0), 0));
  }
}

TEST(Real, RootsOfRationalSquaresAreExact) {
  EXPECT_EQ(sqrt(Real::ratio(9, 16)).text(), "3/4");
  EXPECT_EQ(sqrt(Real(0)).text(), "0");
  const Real square = pow(Real::parse("123456789123456789123/7"), 2);
  EXPECT_EQ(sqrt(square).text(), "123456789123456789123/7");
  for (const Engine engine : engines()) {
    EXPECT_FALSE(sqrt(on(engine, 64)(1, 2)).is_exact());
    EXPECT_TRUE(sqrt(on(engine, 64)(-1)).interval().identical(Interval()));
    EXPECT_FALSE(log(on(engine, 64)(0)).interval().is_finite());
  }
}

TEST(Real, TwoEnginesMustNotMeet) {
  if (engines().size() < 2) GTEST_SKIP() << "one engine only";
  const Real a = exp(on(Engine::mpfi, 64)(1));
  const Real b = exp(on(Engine::arb, 64)(1));
  EXPECT_THROW(a + b, std::logic_error);
  EXPECT_THROW(max(a, b), std::logic_error);
  EXPECT_THROW(on(Engine::mpfi, 64)(1) + on(Engine::arb, 64)(1), std::logic_error);
  EXPECT_THROW(on(Engine::mpfi, 64)(b), std::logic_error);
  EXPECT_THROW(on(Engine::mpfi, 64)(Real::plain(1)), std::logic_error);
  EXPECT_EQ(less(a, b + 1), Truth::yes);
  EXPECT_EQ(equal(a, b), Truth::unknown);
  EXPECT_FALSE(identical(a, b));
}

/// A random expression from rationals and every operation; `draw` fixes it, `arithmetic` computes.
Real random_expression(Random& draw, const Arithmetic& arithmetic, int depth) {
  if (depth == 0) {
    const auto n = static_cast<long long>(draw() % 41) - 20;
    return arithmetic(n, static_cast<long long>(draw() % 9 + 1));
  }
  const auto operation = draw() % 11;
  const Real a = random_expression(draw, arithmetic, depth - 1);
  const Real b = random_expression(draw, arithmetic, depth - 1);
  switch (operation) {
    case 0: return a + b;
    case 1: return a - b;
    case 2: return a * b;
    case 3: return a / (b * b + 1);
    case 4: return max(a, b);
    case 5: return min(a, b);
    case 6: return exp(-abs(a) / (abs(b) + 1));
    case 7: return log(a * a + 1);
    case 8: return sqrt(abs(a));
    case 9: return log1p(abs(b));
    default: return pow(a / (abs(b) + 1), static_cast<int>(draw() % 4));
  }
}

TEST(Real, EveryEngineEnclosesTheValueOfFineArithmetic) {
  for (const Engine engine : engines())
    for (unsigned seed = 1; seed <= 400; ++seed) {
      Random first(seed), second(seed), third(seed);
      const Real coarse = random_expression(first, on(engine, 64), 4);
      const Real fine = random_expression(second, on(engines().back(), 512), 4);
      const double rough = random_expression(third, Arithmetic::plain(), 4).approximate();
      ASSERT_TRUE(coarse.interval(512).overlaps(fine.interval(512))) << seed;
      ASSERT_EQ(coarse.is_exact(), fine.is_exact()) << seed;
      const double scale = std::fabs(fine.approximate()) + 1;
      ASSERT_TRUE(coarse.is_exact() || coarse.interval().contains(fine.interval())) << seed;
      ASSERT_LT(coarse.interval().width_up(), scale * 0x1p-20) << seed;
      ASSERT_NEAR(rough, coarse.approximate(), scale * 0x1p-20) << seed;
    }
}

TEST(Real, MaximaOfOverlappingEnclosuresContainTheTrueMaximum) {
  for (const Engine engine : engines()) {
    const Arithmetic arithmetic = on(engine, 64);
    const Real a = Real::enclosed(Interval::between(-1, 2), arithmetic);
    const Real b = Real::enclosed(Interval::between(0, 1), arithmetic);
    EXPECT_TRUE(max(a, b).interval().contains(Interval::between(0, 2)));
    EXPECT_TRUE(min(a, b).interval().contains(Interval::between(-1, 1)));
    EXPECT_TRUE(abs(a).interval().contains(Interval::between(0, 2)));
    EXPECT_TRUE(pow(a, 2).interval().contains(Interval::between(0, 4)));
    EXPECT_TRUE(pow(a, 3).interval().contains(Interval::between(-1, 8)));
    EXPECT_EQ(less(a, b), Truth::unknown);
    EXPECT_EQ(less(b, a + 10), Truth::yes);
    const Interval nothing = (Real(1) / a).interval();
    EXPECT_TRUE(nothing.identical(Interval()));
  }
  const Real a = Real::enclosed(Interval::between(-1, 2), on(Engine::mpfi, 64));
  EXPECT_TRUE(pow(a, 2).interval().identical(Interval::between(0, 4)));
  EXPECT_TRUE(abs(a).interval().identical(Interval::between(0, 2)));
}

TEST(Real, NearestRationalsAreTheBestOnes) {
  EXPECT_EQ(Real::parse("3.14159265358979").nearest_with_denominator(100).text(), "311/99");
  EXPECT_EQ(Real::plain(0.333).nearest_with_denominator(10).text(), "1/3");
  EXPECT_EQ(Real::plain(-0.75).nearest_with_denominator(4).text(), "-3/4");
  EXPECT_EQ(Real::ratio(7, 3).rounded_to(2).text(), "5/2");
  EXPECT_EQ(Real::plain(-0.26).rounded_to(4).text(), "-1/4");
  Random draw(7);
  for (int trial = 0; trial < 200; ++trial) {
    const Real x = Real::ratio(static_cast<long long>(draw() % 2000001) - 1000000, 999983);
    const auto limit = static_cast<long long>(draw() % 30 + 1);
    const Real best = abs(x.nearest_with_denominator(limit) - x);
    for (long long d = 1; d <= limit; ++d)
      ASSERT_EQ(less_or_equal(best, abs(x.rounded_to(d) - x)), Truth::yes) << x.text() << " " << d;
  }
  EXPECT_THROW(Real::plain(std::nan("")).nearest_with_denominator(3), std::invalid_argument);
}

TEST(Real, TextsReadBack) {
  for (const char* text :
       {"0", "-7/12", "3", "123456789012345678901234567890", "-1/123456789012345678901234567890"})
    EXPECT_EQ(Real::parse(text).text(), text);
  EXPECT_EQ(Real::parse("0.25").text(), "1/4");
  EXPECT_EQ(Real::parse("-.5").text(), "-1/2");
  EXPECT_EQ(Real::parse("+4/6").text(), "2/3");
  EXPECT_EQ(Real::parse("2^-20").text(), "1/1048576");
  EXPECT_EQ(Real::parse("-10^3").text(), "-1000");
  EXPECT_EQ(Real::plain(0.1).text(), "0.1");
  EXPECT_EQ(std::stod(Real::plain(1.0 / 3).text()), 1.0 / 3);
  EXPECT_EQ(Real::parse("-7/12").complexity(), 3 + 4);
  EXPECT_EQ(Real::parse("-7/12").denominator(), "12");
}

TEST(Real, TextThatIsNoNumberIsRefusedWithItsColumn) {
  for (const auto& [text, column] : std::vector<std::pair<std::string, int>>{{"", 1},
                                                                             {"x", 1},
                                                                             {"1x", 2},
                                                                             {"1/", 3},
                                                                             {"1/0", 3},
                                                                             {"0^-1", 5},
                                                                             {"2^", 3},
                                                                             {"1.2.3", 4},
                                                                             {"--1", 2},
                                                                             {"1 ", 2},
                                                                             {"nan", 1},
                                                                             {"2^99999999", 3}}) {
    try {
      Real::parse(text);
      ADD_FAILURE() << text << " was read";
    } catch (const std::invalid_argument& e) {
      EXPECT_NE(std::string(e.what()).find("column " + std::to_string(column) + ":"),
                std::string::npos)
          << text << ": " << e.what();
    }
  }
}

TEST(Real, CopiesMoveAndAreSharedBetweenThreads) {
  const Real shared = Real::ratio(1, 3);
  std::vector<std::thread> threads;
  std::vector<Real> results(4);
  for (std::size_t i = 0; i < results.size(); ++i)
    threads.emplace_back([&, i] {
      Real total;
      for (int n = 0; n < 20000; ++n) {
        Real copy = shared;
        Real other = copy;
        copy = std::move(other);
        total = copy + total - copy;
      }
      results[i] = total + shared;
    });
  for (std::thread& thread : threads) thread.join();
  for (const Real& result : results) EXPECT_TRUE(identical(result, shared));
  Real self = shared;
  const Real& alias = self;
  self = alias;
  EXPECT_EQ(self.text(), "1/3");
  Real moved = std::move(self);
  EXPECT_EQ(moved.text(), "1/3");
}

TEST(Real, SumsAndDotProducts) {
  const std::vector<Real> x = {1, Real::ratio(1, 2), -3};
  const std::vector<Real> y = {2, 4, Real::ratio(1, 3)};
  EXPECT_EQ(sum(x).text(), "-3/2");
  EXPECT_EQ(dot(x, y).text(), "3");
  EXPECT_THROW(dot(x, std::span(y).first(2)), std::invalid_argument);
}

}  // namespace
}  // namespace assay::reference
