// SPDX-License-Identifier: Apache-2.0
// The exact register against rational arithmetic, one operation at a time.
#include "reference/arithmetic/exact_sum.hpp"

#include <algorithm>
#include <limits>
#include <vector>

#include "tests/reference/arithmetic/support.hpp"

namespace assay::reference {
namespace {

using Pairs = std::vector<std::pair<double, double>>;

ExactSum sum_of(const Pairs& pairs) {
  ExactSum sum;
  for (const auto& [x, y] : pairs) sum.add_product(x, y);
  return sum;
}

RC_GTEST_PROP(ExactSum, EqualsTheSumOfRationalProducts, ()) {
  const auto pairs = *rc::gen::container<Pairs>(rc::gen::pair(finite_double(), finite_double()));
  Rational expected = 0;
  for (const auto& [x, y] : pairs) expected += rational_from(x) * rational_from(y);
  RC_ASSERT(sum_of(pairs).exact() == expected);
}

RC_GTEST_PROP(ExactSum, DoesNotDependOnTheOrderOfItsTerms, ()) {
  auto pairs = *rc::gen::container<Pairs>(rc::gen::pair(finite_double(), finite_double()));
  const Rational forwards = sum_of(pairs).exact();
  std::reverse(pairs.begin(), pairs.end());
  RC_ASSERT(sum_of(pairs).exact() == forwards);
}

RC_GTEST_PROP(ExactSum, RoundsOnceInTheDirectionAskedFor, ()) {
  const auto pairs = *rc::gen::container<Pairs>(rc::gen::pair(finite_double(), finite_double()));
  const int bits = *precision();
  const ExactSum sum = sum_of(pairs);
  const Interval expected = to_interval(sum.exact(), bits);
  Interval::Representation rounded(bits);
  sum.round_to(rounded.lower, MPFR_RNDD);
  sum.round_to(rounded.upper, MPFR_RNDU);
  RC_ASSERT(mpfr_equal_p(rounded.lower, expected.representation().lower));
  RC_ASSERT(mpfr_equal_p(rounded.upper, expected.representation().upper));
}

TEST(ExactSum, HoldsTheSmallestBesideManyOfTheLargestProducts) {
  const double largest = std::numeric_limits<double>::max();
  const double smallest = 0x1p-1074;
  ExactSum sum;
  sum.add_product(smallest, smallest);
  for (int k = 0; k < 5000; ++k) sum.add_product(largest, largest);
  const Rational expected = rational_from(largest) * rational_from(largest) * 5000 +
                            rational_from(smallest) * rational_from(smallest);
  EXPECT_EQ(sum.exact(), expected);
}

TEST(ExactSum, CarriesRunThroughAllWordsAndBack) {
  // 2^1023 * 2^1023 - 2^-1074 * 2^-1074 borrows through every word of the difference.
  ExactSum sum;
  sum.add_product(0x1p1023, 0x1p1023);
  sum.add_product(0x1p-1074, -0x1p-1074);
  EXPECT_EQ(sum.exact(), power_of_two(2046) - power_of_two(-2148));
  sum.add_product(-0x1p1023, 0x1p1023);
  EXPECT_EQ(sum.exact(), -power_of_two(-2148));
  // Doubling all-ones words carries from the bottom to the top of what is in use.
  ExactSum ones;
  for (int e = -1074; e <= 1023; ++e) ones.add(std::ldexp(1.0, e));
  ones.add(0x1p-1074);
  EXPECT_EQ(ones.exact(), power_of_two(1024));
}

TEST(ExactSum, ATermThatIsNotFiniteIsRememberedForGood) {
  const double infinity = std::numeric_limits<double>::infinity();
  for (const double bad : {infinity, -infinity, std::nan("")}) {
    ExactSum sum;
    EXPECT_TRUE(sum.is_finite());
    sum.add_product(0.0, bad);
    EXPECT_FALSE(sum.is_finite());
    sum.add(1.0);
    EXPECT_FALSE(sum.is_finite());
  }
}

}  // namespace
}  // namespace assay::reference
