// SPDX-License-Identifier: Apache-2.0
// The error algebra against exact arithmetic: every bound holds, and none is idle.
#include "properties/contract/error_algebra.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <boost/multiprecision/mpfr.hpp>
#include <random>
#include <stdexcept>

#include "kernels/half.cuh"

namespace assay::contract {
namespace {

using Exact = boost::multiprecision::number<
    boost::multiprecision::mpfr_float_backend<400, boost::multiprecision::allocate_stack>,
    boost::multiprecision::et_off>;
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;

Format plain() {
  Format format;
  format.rounding = f32;
  return format;
}

/// One operand: the exact number, the held one, and a true statement about both.
struct Operand {
  double exact;
  float held;
  Tracked tracked;
};

/// Bit patterns with an exponent in [low, high]; half of the significands are nearly empty or
/// nearly full, so that sums hit powers of two and ties.
float draw_float(std::mt19937_64& random, int low, int high) {
  const auto pick = [&](std::uint64_t n) { return random() % n; };
  std::uint32_t fraction = static_cast<std::uint32_t>(random()) & 0x7fffffu;
  if (pick(4) == 0) fraction = static_cast<std::uint32_t>(pick(4));
  if (pick(4) == 0) fraction = 0x7fffffu - static_cast<std::uint32_t>(pick(4));
  const auto exponent = static_cast<std::uint32_t>(
      low + static_cast<int>(pick(static_cast<std::uint64_t>(high - low + 1))));
  const std::uint32_t sign = pick(2) ? 0x80000000u : 0;
  return std::bit_cast<float>(sign | exponent << 23 | fraction);
}

/// The exact number lies at a distance from the held one that the statement names exactly, half of
/// the time at a power-of-two fraction of it; the centre lies off the exact number by the radius.
Operand draw_operand(std::mt19937_64& random, int low = 0, int high = 200) {
  Operand o;
  o.held = draw_float(random, low, high);
  const double scale = std::fabs(static_cast<double>(o.held));
  const auto offset = [&] {
    if (random() % 2) return 0.0;
    const double relative = std::ldexp(1.0, -static_cast<int>(random() % 30) - 3);
    const double x = random() % 4 ? scale * relative : 0x1p-149 * static_cast<double>(random() % 5);
    return random() % 2 ? x : -x;
  };
  o.exact = o.held + offset();
  const double centre = o.exact + offset();
  o.tracked = {centre, inflate_up(std::fabs(centre - o.exact)),
               inflate_up(std::fabs(o.exact - o.held))};
  return o;
}

double share_of_error(const Tracked& t, const Exact& exact, double held) {
  if (!std::isfinite(held)) return std::isfinite(t.error) ? 2 : 0;
  if (!std::isfinite(t.error)) return 0;
  const Exact off = boost::multiprecision::abs(Exact(held) - exact);
  if (off > Exact(t.error)) return 2;  // decided exactly
  return t.error == 0 ? 0 : static_cast<double>(off / Exact(t.error));
}

bool encloses(const Tracked& t, const Exact& exact) {
  if (!std::isfinite(t.error)) return true;
  return boost::multiprecision::abs(Exact(t.centre) - exact) <= Exact(t.radius);
}

/// Largest shares of a run of draws; a bound that fails says so at once.
struct Account {
  double largest = 0;
  void add(const Tracked& t, const Exact& exact, double held) {
    const double share = share_of_error(t, exact, held);
    ASSERT_LE(share, 1) << "held " << held << " exact " << exact.str(20) << " error " << t.error;
    ASSERT_TRUE(encloses(t, exact))
        << exact.str(20) << " against " << t.centre << " +- " << t.radius;
    largest = std::max(largest, share);
  }
};

constexpr int draws = 4000;

TEST(ErrorAlgebra, SumsAndDifferencesStayWithinTheirBoundAndReachIt) {
  const ErrorAlgebra algebra(plain());
  std::mt19937_64 random(1);
  Account sums, subnormal;
  for (int i = 0; i < draws; ++i) {
    const int base = static_cast<int>(random() % 200);
    const Operand a = draw_operand(random, base, base + 26),
                  b = draw_operand(random, base, base + 26);
    sums.add(algebra.add(a.tracked, b.tracked), Exact(a.exact) + Exact(b.exact), a.held + b.held);
    sums.add(algebra.sub(a.tracked, b.tracked), Exact(a.exact) - Exact(b.exact), a.held - b.held);
    const Operand s = draw_operand(random, 0, 1), t = draw_operand(random, 0, 1);
    subnormal.add(algebra.add(s.tracked, t.tracked), Exact(s.exact) + Exact(t.exact),
                  s.held + t.held);
  }
  EXPECT_GT(sums.largest, 0.99);
  EXPECT_GT(subnormal.largest, 0.99);
}

TEST(ErrorAlgebra, ProductsAndFusedProductsStayWithinTheirBoundAndReachIt) {
  const ErrorAlgebra algebra(plain());
  std::mt19937_64 random(2);
  Account products, fused, tiny;
  for (int i = 0; i < draws; ++i) {
    const Operand a = draw_operand(random, 64, 190), b = draw_operand(random, 64, 190);
    const Operand c = draw_operand(random, 30, 230);
    const Exact ab = Exact(a.exact) * Exact(b.exact);
    products.add(algebra.mul(a.tracked, b.tracked), ab, a.held * b.held);
    fused.add(algebra.fma(a.tracked, b.tracked, c.tracked), ab + Exact(c.exact),
              std::fma(a.held, b.held, c.held));
    // Products that land among the subnormal numbers.
    const Operand s = draw_operand(random, 40, 70), t = draw_operand(random, 45, 65);
    tiny.add(algebra.mul(s.tracked, t.tracked), Exact(s.exact) * Exact(t.exact), s.held * t.held);
  }
  EXPECT_GT(products.largest, 0.99);
  EXPECT_GT(fused.largest, 0.99);
  EXPECT_GT(tiny.largest, 0.99);
}

TEST(ErrorAlgebra, TheMaximumIsHeldAndEnclosed) {
  const ErrorAlgebra algebra(plain());
  std::mt19937_64 random(9);
  Account account;
  for (int i = 0; i < draws; ++i) {
    const Operand a = draw_operand(random, 100, 102), b = draw_operand(random, 100, 102);
    account.add(algebra.max(a.tracked, b.tracked), std::max(Exact(a.exact), Exact(b.exact)),
                std::max(a.held, b.held));
  }
  EXPECT_GT(account.largest, 0.99);
  // A number far below, however little is known of it, does not blur the maximum.
  const Tracked top = algebra.max({1, 0x1p-30, 0}, {-1e6, 1e3, 5});
  EXPECT_EQ(top.radius, 0x1p-30);
  EXPECT_EQ(top.error, 0);
}

TEST(ErrorAlgebra, EachOperandErrorIsCarriedInFull) {
  // Exact operations on operands whose errors all point the same way: nothing may be left out.
  const ErrorAlgebra algebra(plain());
  const Tracked a{2, 0, 0.25}, b{4, 0, 0.5};  // held 2.25, 4.5
  EXPECT_GE(algebra.add(a, b).error, 0.75);
  EXPECT_GE(algebra.sub(a, {4, 0, -0.0 + 0.5}).error, 0.75);
  EXPECT_GE(algebra.mul(a, b).error, 2.25 * 4.5 - 8);
  EXPECT_GE(algebra.fma(a, b, {1, 0, 0.125}).error, 2.25 * 4.5 - 8 + 0.125);
  EXPECT_GE(algebra.div(a, b).error, 2.25 / 3.5 - 0.5);
  EXPECT_GE(algebra.exp(a).error, std::exp(2.25) - std::exp(2.0));
  EXPECT_GE(algebra.log(a).error, std::log(2.0) - std::log(1.75));
  EXPECT_GE(algebra.log1p(a).error, std::log1p(2.0) - std::log1p(1.75));
  // and not much more than that
  EXPECT_LE(algebra.add(a, b).error, 0.75 + 8 * u);
  EXPECT_LE(algebra.mul(a, b).error, 2.25 * 4.5 - 8 + 32 * u);
  EXPECT_LE(algebra.exp(a).error, (std::exp(2.25) - std::exp(2.0)) * (1 + 0.25 * 0.25));
}

TEST(ErrorAlgebra, QuotientsStayWithinTheirBoundAndReachIt) {
  const ErrorAlgebra algebra(plain());
  std::mt19937_64 random(3);
  Account quotients, tiny;
  for (int i = 0; i < draws; ++i) {
    const Operand a = draw_operand(random, 80, 180), b = draw_operand(random, 80, 180);
    if (b.exact == 0) continue;
    quotients.add(algebra.div(a.tracked, b.tracked), Exact(a.exact) / Exact(b.exact),
                  a.held / b.held);
    const Operand s = draw_operand(random, 1, 20), t = draw_operand(random, 140, 150);
    tiny.add(algebra.div(s.tracked, t.tracked), Exact(s.exact) / Exact(t.exact), s.held / t.held);
  }
  EXPECT_GT(quotients.largest, 0.95);
  EXPECT_GT(tiny.largest, 0.95);
}

/// A function that is off by as much as its format's bound allows.
float moved(const Exact& exact, double relative, double absolute, bool up) {
  const Exact by = boost::multiprecision::abs(exact) * Exact(relative) + Exact(absolute);
  const Exact target = up ? exact + by : exact - by;
  auto x = static_cast<float>(target);
  if (up && Exact(x) > target) x = std::nextafter(x, -HUGE_VALF);
  if (!up && Exact(x) < target) x = std::nextafter(x, HUGE_VALF);
  return x;
}

TEST(ErrorAlgebra, FunctionsStayWithinTheirBoundAndReachIt) {
  const ErrorAlgebra algebra(Format::with_ulps(f32, 4, false));
  const Format& f = algebra.format();
  std::mt19937_64 random(4);
  Account exps, logs, log1ps;
  for (int i = 0; i < draws; ++i) {
    const bool up = random() % 2;
    const Operand z = draw_operand(random, 90, 133);
    exps.add(algebra.exp(z.tracked), exp(Exact(z.exact)),
             moved(exp(Exact(z.held)), f.exp_relative, f.exp_absolute, up));
    Operand y = draw_operand(random, 20, 220);
    if (y.held < 0) {
      y.held = -y.held, y.exact = -y.exact, y.tracked.centre = -y.tracked.centre;
    }
    if (!(y.exact > 0)) continue;
    logs.add(algebra.log(y.tracked), log(Exact(y.exact)),
             moved(log(Exact(y.held)), f.log_relative, f.log_absolute, up));
    log1ps.add(algebra.log1p(y.tracked), log1p(Exact(y.exact)),
               moved(log1p(Exact(y.held)), f.log1p_relative, f.log1p_absolute, up));
  }
  EXPECT_GT(exps.largest, 0.9);
  EXPECT_GT(logs.largest, 0.9);
  EXPECT_GT(log1ps.largest, 0.9);
}

TEST(ErrorAlgebra, FlushedResultsAreCovered) {
  const ErrorAlgebra algebra(Format::with_ulps(f32, 4, true));
  const auto flush = [](float x) { return std::fabs(x) < 0x1p-126f ? 0.0f : x; };
  std::mt19937_64 random(5);
  Account account;
  for (int i = 0; i < draws; ++i) {
    const Operand a = draw_operand(random, 40, 70), b = draw_operand(random, 40, 70);
    account.add(algebra.mul(a.tracked, b.tracked), Exact(a.exact) * Exact(b.exact),
                flush(a.held * b.held));
    const Operand s = draw_operand(random, 1, 3), t = draw_operand(random, 1, 3);
    account.add(algebra.sub(s.tracked, t.tracked), Exact(s.exact) - Exact(t.exact),
                flush(s.held - t.held));
  }
  EXPECT_GT(account.largest, 0.9);
}

TEST(ErrorAlgebra, RoundingToHalfStaysWithinItsBoundAndReachesIt) {
  Format format;
  format.rounding = rounding_of(Dtype::f16);
  const ErrorAlgebra algebra(format);
  std::mt19937_64 random(6);
  Account account;
  for (int i = 0; i < draws; ++i) {
    const float x = draw_float(random, 100, 142);
    account.add(algebra.round(held(x)), Exact(x), kernels::round_to_half(x));
  }
  EXPECT_GT(account.largest, 0.99);
  EXPECT_EQ(algebra.round(held(70000)).error, HUGE_VAL) << "overflow of binary16";
}

TEST(ErrorAlgebra, OverflowMakesTheErrorInfiniteAndItStaysSo) {
  const ErrorAlgebra algebra(Format::with_ulps(f32, 4, false));
  const Tracked big = held(0x1.8p127);
  EXPECT_EQ(algebra.add(big, big).error, HUGE_VAL);
  EXPECT_EQ(algebra.mul(big, big).error, HUGE_VAL);
  EXPECT_EQ(algebra.exp(held(89)).error, HUGE_VAL);
  EXPECT_TRUE(std::isfinite(algebra.exp(held(88)).error));
  for (const double z : {200.0, 800.0, 1e30}) {
    const Tracked e = algebra.exp(held(z));
    EXPECT_EQ(e.error, HUGE_VAL);
    EXPECT_EQ(algebra.log(e).error, HUGE_VAL);
    EXPECT_EQ(algebra.log1p(e).error, HUGE_VAL);
    EXPECT_EQ(algebra.add(held(1), e).error, HUGE_VAL);
    EXPECT_EQ(algebra.sum_any_order({held(1), e, held(2)}).error, HUGE_VAL);
    EXPECT_EQ(algebra.div(e, held(2)).error, HUGE_VAL);
  }
  EXPECT_EQ(algebra.log({0x1p-10, 0, 0x1p-10}).error, HUGE_VAL) << "the held argument may be zero";
  EXPECT_EQ(algebra.div(held(1), {0x1p-10, 0, 0x1p-10}).error, HUGE_VAL);
}

TEST(ErrorAlgebra, SumsInEveryOrderStayWithinGamma) {
  const ErrorAlgebra algebra(plain());
  std::mt19937_64 random(7);
  Account in_order, any_order;
  for (int i = 0; i < 300; ++i) {
    std::vector<Operand> terms;
    std::vector<Tracked> tracked;
    Exact exact = 0;
    const auto n = 1 + random() % 12;
    const int base = 100 + static_cast<int>(random() % 20);
    for (std::size_t k = 0; k < n; ++k) {
      terms.push_back(draw_operand(random, base, base + static_cast<int>(random() % 25)));
      tracked.push_back(terms.back().tracked);
      exact += Exact(terms.back().exact);
    }
    float sum = 0;
    for (const Operand& t : terms) sum += t.held;
    in_order.add(algebra.sum_in_order(tracked), exact, sum);
    const Tracked bound = algebra.sum_any_order(tracked);
    for (int order = 0; order < 3; ++order) {
      std::shuffle(terms.begin(), terms.end(), random);
      sum = 0;
      for (const Operand& t : terms) sum += t.held;
      any_order.add(bound, exact, sum);
    }
  }
  EXPECT_GT(in_order.largest, 0.9);
  EXPECT_GT(any_order.largest, 0.9);
}

TEST(ErrorAlgebra, ALongSumThatAlwaysRoundsDownUsesMostOfGamma) {
  const ErrorAlgebra algebra(plain());
  const int n = 1000;  // 1 + u + u + ...: every addition is a tie that goes to 1
  std::vector<Tracked> terms(n + 1, held(u));
  terms[0] = held(1);
  float sum = 1;
  for (int i = 0; i < n; ++i) sum += static_cast<float>(u);
  const Exact exact = 1 + Exact(n) * Exact(u);
  EXPECT_GT(share_of_error(algebra.sum_any_order(terms), exact, sum), 0.999);
  EXPECT_GT(share_of_error(algebra.sum_in_order(terms), exact, sum), 0.999);
  EXPECT_LE(share_of_error(algebra.sum_any_order(terms), exact, sum), 1);
  EXPECT_LE(share_of_error(algebra.sum_in_order(terms), exact, sum), 1);
}

TEST(Gamma, IsAnUpperBoundAndRefusesWhereNoneExists) {
  EXPECT_EQ(Gamma(0, u).up(), 0);
  for (const std::int64_t n : {1, 2, 255, 1 << 20, (1 << 24) - 1}) {
    const Exact nu = Exact(n) * Exact(u), gamma = nu / (1 - nu);
    EXPECT_GE(Exact(Gamma(n, u).up()), gamma) << n;
    EXPECT_LE(Exact(Gamma(n, u).up()), gamma * (1 + Exact(0x1p-20))) << n;
  }
  EXPECT_THROW(Gamma(1 << 24, u), std::domain_error);
  EXPECT_THROW(Gamma(256, rounding_of(Dtype::bf16).roundoff), std::domain_error);
  EXPECT_NO_THROW(Gamma(255, rounding_of(Dtype::bf16).roundoff));
  EXPECT_THROW(Gamma(-1, u), std::domain_error);
}

TEST(Bounds, TheFunctionsOfTheBoundsAreAsAccurateAsStated) {
  std::mt19937_64 random(8);
  std::uniform_real_distribution<double> wide(-700, 700), exponent(-290, 290);
  double worst = 0;
  const auto check = [&](double near, const Exact& exact) {
    ASSERT_LE(abs(Exact(near) - exact), abs(exact) * Exact(near_slack)) << near;
    worst = std::max(worst, static_cast<double>(abs(Exact(near) - exact) / abs(exact)));
  };
  for (int i = 0; i < 3000; ++i) {
    const double x = wide(random), y = std::pow(10.0, exponent(random));
    check(exp_near(x), exp(Exact(x)));
    check(exp_near(x / 700), exp(Exact(x / 700)));
    check(log_near(y), log(Exact(y)));
    check(log1p_near(y), log1p(Exact(y)));
    const double near_one = 1 + x * std::ldexp(1.0, -10 - static_cast<int>(random() % 40));
    if (near_one > 0 && near_one != 1) check(log_near(near_one), log(Exact(near_one)));
  }
  for (const double x : {0.41421355, 0.41421357, 0.4143, 1.0})
    check(log1p_near(x), log1p(Exact(x)));
  EXPECT_EQ(exp_near(0), 1);
  EXPECT_EQ(log_near(1), 0);
  EXPECT_EQ(log1p_near(0), 0);
  EXPECT_LE(exp(Exact(-700)), Exact(exp_dropped));
  EXPECT_GT(worst, near_slack / 256) << "the stated slack is out of proportion";
}

TEST(Bounds, Expm1UpIsAnUpperBoundAndClose) {
  for (double x = 0x1p-60; x < 80; x *= 1.7) {
    const Exact exact = expm1(Exact(x));
    EXPECT_GE(Exact(expm1_up(x)), exact) << x;
    EXPECT_LE(Exact(expm1_up(x)), exact * (1 + Exact(0.1))) << x;
  }
  EXPECT_EQ(expm1_up(0), 0);
}

RC_GTEST_PROP(Tracked, NarrowingAndJoiningKeepTheExactNumberInside, ()) {
  const double lo = *rc::gen::inRange(-1000, 1000) / 64.0;
  const double width = *rc::gen::inRange(0, 1000) / 64.0;
  const double at = *rc::gen::inRange(0, 65) / 64.0;
  const double cut_lo = *rc::gen::inRange(-1000, 1000) / 64.0;
  const double cut_hi = *rc::gen::inRange(-1000, 1000) / 64.0;
  const double exact = lo + at * width;
  const Tracked t = enclosed({lo, lo + width}, 0);
  RC_ASSERT(encloses(t, exact));
  if (cut_lo <= exact && exact <= cut_hi) {
    const Tracked n = narrowed(t, cut_lo, cut_hi);
    RC_ASSERT(encloses(n, exact));
    RC_ASSERT(n.radius <= t.radius * (1 + 0x1p-40));
    RC_ASSERT(n.radius <= (cut_hi - cut_lo) / 2 * (1 + 0x1p-40));
  }
  const Tracked other{cut_lo, 0.5, 3};
  RC_ASSERT(encloses(either(t, other), exact));
  RC_ASSERT(encloses(either(other, t), exact));
  RC_ASSERT(encloses(either(t, other), cut_lo));
  RC_ASSERT(either(t, other).error == 3);
}

}  // namespace
}  // namespace assay::contract
