// SPDX-License-Identifier: Apache-2.0
// Random streams: known answers, independence of keys, ranges; and the nearest name.
#include "properties/engine/random.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <cmath>
#include <set>

#include "properties/engine/nearest.hpp"

namespace assay::engine {
namespace {

RC_GTEST_PROP(RandomStreams, AreFunctionsOfTheirKey, (std::uint64_t seed, std::uint64_t index)) {
  Random a(seed, "x", index), b(seed, "x", index);
  for (int i = 0; i < 8; ++i) RC_ASSERT(a.bits() == b.bits());
}

TEST(RandomStreams, DifferInEveryPartOfTheKey) {
  std::set<std::uint64_t> first;
  for (std::uint64_t seed : {0, 1, 2})
    for (const char* name : {"", "a", "b", "ab", "ba"})
      for (std::uint64_t index : {0, 1, 2}) first.insert(Random(seed, name, index).bits());
  EXPECT_EQ(first.size(), 45u);
}

RC_GTEST_PROP(RandomStreams, StayInTheirRanges, (std::uint64_t seed)) {
  Random random(seed, "ranges", 0);
  const auto bound = 1 + *rc::gen::inRange<std::uint64_t>(0, 1000);
  for (int i = 0; i < 20; ++i) {
    RC_ASSERT(random.below(bound) < bound);
    const double u = random.uniform();
    RC_ASSERT(u >= 0 && u < 1);
    RC_ASSERT(std::fabs(random.normal()) <= 6);
  }
}

TEST(RandomStreams, BelowReachesEveryValueOfASmallRange) {
  Random random(5, "reach", 0);
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 200; ++i) seen.insert(random.below(7));
  EXPECT_EQ(seen.size(), 7u);
}

// Mean and variance of n draws lie within five standard errors: deterministic, since the seed is
// fixed.
TEST(RandomStreams, NormalHasMeanZeroAndVarianceOne) {
  constexpr int n = 20000;
  Random random(3, "moments", 0);
  double sum = 0, squares = 0;
  for (int i = 0; i < n; ++i) {
    const double x = random.normal();
    sum += x;
    squares += x * x;
  }
  EXPECT_LT(std::fabs(sum / n), 5 / std::sqrt(n));
  EXPECT_LT(std::fabs(squares / n - 1), 5 * std::sqrt(2.0 / n));
}

TEST(Nearest, FindsTheNameThatWasMeant) {
  EXPECT_EQ(nearest("certfy", {"list", "certify", "value"}), "certify");
  EXPECT_EQ(nearest("loss/infonce", {"loss/info_nce", "loss/clip"}), "loss/info_nce");
  EXPECT_EQ(nearest("x", {"x", "xy"}), "x");
}

}  // namespace
}  // namespace assay::engine
