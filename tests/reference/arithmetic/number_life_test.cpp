// SPDX-License-Identifier: Apache-2.0
// Numbers as values: copies, moves, conversions, contexts, threads.
#include <cstdlib>
#include <limits>
#include <string>
#include <thread>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

template <class Number>
constexpr bool converts_from_double_only_on_request =
    !std::is_convertible_v<double, Number> && !std::is_convertible_v<int, Number>;
static_assert(converts_from_double_only_on_request<MpfiNumber>);
static_assert(encloses<MpfiNumber> && !encloses<double> && !encloses<Rational>);
static_assert(is_exact<Rational> && !is_exact<double> && !is_exact<MpfiNumber>);
static_assert(std::is_nothrow_move_constructible_v<MpfiNumber>);
static_assert(std::is_nothrow_move_assignable_v<MpfiNumber>);
#if ASSAY_HAVE_ARB
static_assert(converts_from_double_only_on_request<ArbNumber>);
static_assert(encloses<ArbNumber>);
static_assert(std::is_nothrow_move_constructible_v<ArbNumber>);
#endif

RC_GTEST_PROP(NumberLife, DoublesComeInExactlyFrom53BitsAndOutwardBelow, ()) {
  const double a = *finite_double();
  const int bits = *precision();
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Interval x = to_interval(Context<Number>(bits).exactly(a));
    RC_ASSERT(holds(x, rational_from(a)));
    if (bits >= 53) RC_ASSERT(x.equal(Interval::exactly(a)) == Truth::yes);
    if (bits >= 53) RC_ASSERT(midpoint_of(Context<Number>(bits).exactly(a)) == a);
  });
  RC_ASSERT(Context<double>(bits).exactly(a) == a);
  RC_ASSERT(midpoint_of(Context<Rational>(bits).exactly(a)) == a);
}

RC_GTEST_PROP(NumberLife, IntegersComeInExactlyFrom64Bits, ()) {
  const auto n = static_cast<long long>(*random_bits());
  const int bits = *precision();
  const Rational exact(rational_from_integer(n));
  RC_ASSERT(exact == Rational(std::to_string(n)));
  for_each_engine([&]<class Number>(std::type_identity<Number>) {
    const Interval x = to_interval(Context<Number>(bits).from_integer(n));
    RC_ASSERT(holds(x, exact));
    if (bits >= 64) RC_ASSERT(lower_of(x) == upper_of(x));
  });
}

RC_GTEST_PROP(NumberLife, ARationalIsEnclosedByNeighbours, ()) {
  const Rational r = rational_from(*finite_double()) / *rc::gen::inRange(1, 1000);
  const int bits = *precision();
  const Interval x = to_interval(r, bits);
  RC_ASSERT(holds(x, r));
  Interval::Representation next(x.representation());
  mpfr_nextabove(next.lower);
  RC_ASSERT(mpfr_equal_p(x.representation().lower, x.representation().upper) ||
            mpfr_equal_p(next.lower, x.representation().upper));
}

TEST(NumberLife, AMovedFromNumberCanBeAssignedToAndDestroyed) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Number five = Context<Number>(200).from_integer(5);
    Number a = five;
    Number b = std::move(a);
    EXPECT_EQ(b.bits(), 200);
    EXPECT_TRUE(to_interval(b).identical(Interval::exactly(5)));
    a = five;  // a copy into what was moved from (Boost's own assignment corrupts the heap here)
    EXPECT_TRUE(to_interval(a).identical(Interval::exactly(5)));
    Number c = std::move(a);
    a = std::move(b);
    b = a;
    EXPECT_TRUE(to_interval(a).identical(Interval::exactly(5)));
    EXPECT_TRUE(to_interval(b).identical(Interval::exactly(5)));
    EXPECT_TRUE(to_interval(c).identical(Interval::exactly(5)));
  });
}

TEST(NumberLife, ACopyKeepsThePrecisionWhateverBoostsDefaultIs) {
  const unsigned before = MpfiNumber::Boost::default_precision();
  MpfiNumber::Boost::default_precision(5);
  const MpfiNumber third = MpfiNumber(1.0, 333) / MpfiNumber(3.0, 100);
  const MpfiNumber copy = third;
  MpfiNumber assigned(0.0, 20);
  assigned = third;
  MpfiNumber::Boost::default_precision(before);
  EXPECT_EQ(third.bits(), 333);
  EXPECT_EQ(copy.bits(), 333);
  EXPECT_EQ(assigned.bits(), 333);
  EXPECT_TRUE(to_interval(assigned).identical(to_interval(third)));
  EXPECT_LE(to_interval(third).width_up(), 0x1p-333);
}

TEST(NumberLife, NumbersLiveInContainers) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Context<Number> context(100);
    std::vector<Number> numbers;
    for (int k = 0; k < 100; ++k) numbers.insert(numbers.begin(), context.from_integer(k));
    numbers.erase(numbers.begin() + 3, numbers.begin() + 50);
    numbers.resize(60);
    EXPECT_TRUE(to_interval(numbers[0]).identical(Interval::exactly(99)));
    EXPECT_TRUE(to_interval(numbers[52]).identical(Interval::exactly(0)));
    EXPECT_TRUE(to_interval(numbers[59]).identical(Interval::exactly(0)));
  });
}

TEST(NumberLife, AContextRefusesPrecisionsItCannotServe) {
  for (const int bits : {1, 0, -1, highest_bits + 1, std::numeric_limits<int>::min()}) {
    for_each_engine([&]<class Number>(std::type_identity<Number>) {
      EXPECT_THROW(Context<Number>{bits}, std::invalid_argument) << bits;
    });
    EXPECT_THROW(Context<Rational>{bits}, std::invalid_argument) << bits;
    EXPECT_THROW(to_interval(Rational(1) / 3, bits), std::invalid_argument) << bits;
  }
  EXPECT_EQ(Context<MpfiNumber>(lowest_bits).bits(), lowest_bits);
  EXPECT_EQ(Context<MpfiNumber>(highest_bits).bits(), highest_bits);
}

#if ASSAY_HAVE_ARB
TEST(NumberLife, ABallBeyondMpfrsExponentsLeavesOutward) {
  ArbNumber x(1.0, 64);
  for (const int sign : {-1, +1}) {
    arb_set_si(x.data(), sign);
    arb_mul_2exp_si(x.data(), x.data(), 1L << 40);
    const Interval far = to_interval(x);
    EXPECT_EQ(far.ends().hi > 0x1p1023, sign > 0);
    EXPECT_EQ(far.ends().lo < -0x1p1023, sign < 0);
    EXPECT_EQ(far.is_finite(), false) << "one end is infinite, the other MPFR's largest number";
    EXPECT_TRUE(mpfr_number_p(sign > 0 ? far.representation().lower : far.representation().upper));

    arb_set_si(x.data(), sign);
    arb_mul_2exp_si(x.data(), x.data(), -(1L << 40));
    const Interval near = to_interval(x);
    EXPECT_TRUE(holds(near, 0));
    EXPECT_EQ(near.equal(Interval::exactly(0)), Truth::unknown);
    EXPECT_EQ(near.ends().hi > 0, sign > 0);
  }
}
#endif

TEST(NumberLife, ThreadsComputeTheSameBitsAndGiveTheirCachesBack) {
  const auto work = [](std::string& result) {
    for_each_engine([&]<class Number>(std::type_identity<Number>) {
      for (const int bits : {64, 300}) {
        const Context<Number> context(bits);
        Number sum = context.from_integer(0);
        for (int k = 1; k < 40; ++k)
          sum += log1p(exp(context.from_integer(k) / context.from_integer(7)));
        result += to_interval(sum).to_exact();
      }
    });
    release_thread_caches();
  };
  std::vector<std::string> results(4);
  std::vector<std::thread> threads;
  for (std::string& result : results) threads.emplace_back(work, std::ref(result));
  for (std::thread& thread : threads) thread.join();
  std::string here;
  work(here);
  for (const std::string& result : results) EXPECT_EQ(result, here);
}

TEST(NumberLife, NumbersSurviveTheReleaseOfTheCaches) {
  for_each_engine([]<class Number>(std::type_identity<Number>) {
    const Number x = exp(Context<Number>(2000).from_integer(3));
    const Interval before = to_interval(x);
    release_thread_caches();
    EXPECT_TRUE(to_interval(x).identical(before));
    EXPECT_TRUE(to_interval(exp(Context<Number>(2000).from_integer(3))).identical(before));
  });
}

}  // namespace
}  // namespace assay::reference
