// SPDX-License-Identifier: Apache-2.0
// Laws of the shrinker, on cases that are just one number.
#include "properties/engine/shrink.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace assay::engine {
namespace {

Case number(std::int64_t n) {
  Case c;
  c.scalars["n"] = static_cast<double>(n);
  return c;
}
std::int64_t value(const Case& c) { return static_cast<std::int64_t>(c.scalars.at("n")); }

// Variants: half, and one less. Refuted from `threshold` on; the margin is given.
ShrinkProblem problem(std::int64_t threshold, std::function<double(std::int64_t)> margin) {
  ShrinkProblem p;
  p.simpler = [](const Case& c) {
    return std::vector<Case>{number(value(c) / 2), number(value(c) - 1), number(value(c) + 1)};
  };
  p.complexity = [](const Case& c) { return Complexity{value(c)}; };
  p.attempt = [=](const Case& c) { return Trial{value(c) >= threshold, margin(value(c))}; };
  p.budget = 10000;
  return p;
}

RC_GTEST_PROP(Shrinking, FindsTheSmallestRefutedNumber, ()) {
  const auto threshold = *rc::gen::inRange<std::int64_t>(1, 200);
  const auto start = threshold + *rc::gen::inRange<std::int64_t>(0, 500);
  const auto result = shrink(number(start), 2, problem(threshold, [](auto) { return 2.0; }));
  RC_ASSERT(value(result.smallest) == threshold);
}

RC_GTEST_PROP(Shrinking, EndsAndNeverReturnsAnUnrefutedCase, ()) {
  const auto threshold = *rc::gen::inRange<std::int64_t>(1, 50);
  const auto start = threshold + *rc::gen::inRange<std::int64_t>(0, 500);
  ShrinkProblem p =
      problem(threshold, [](std::int64_t n) { return 1.0 + static_cast<double>(n % 7); });
  p.budget = *rc::gen::inRange<std::int64_t>(0, 60);
  const auto result = shrink(number(start), 1.0 + static_cast<double>(start % 7), p);
  RC_ASSERT(value(result.smallest) >= threshold);
  RC_ASSERT(value(result.smallest) <= start);
  RC_ASSERT(result.trials <= p.budget);
}

// Simpler cases that barely fail are taken only after those that keep half the margin.
TEST(Shrinking, TriesToKeepTheMarginFirst) {
  std::vector<std::int64_t> accepted_order;
  ShrinkProblem p = problem(1, [](std::int64_t n) { return n >= 10 ? 100.0 : 1.5; });
  const auto attempt = p.attempt;
  p.attempt = [&](const Case& c) {
    accepted_order.push_back(value(c));
    return attempt(c);
  };
  const auto result = shrink(number(64), 100, p);
  EXPECT_EQ(value(result.smallest), 1);
  EXPECT_EQ(result.margin, 1.5);
  // The first phase goes down to 10 before any value below 10 is accepted.
  const auto ten = std::find(accepted_order.begin(), accepted_order.end(), 10);
  ASSERT_NE(ten, accepted_order.end());
}

TEST(Shrinking, StopsWhenCancelled) {
  ShrinkProblem p = problem(1, [](auto) { return 2.0; });
  p.cancelled = [] { return true; };
  const auto result = shrink(number(100), 2, p);
  EXPECT_EQ(result.trials, 0);
  EXPECT_EQ(value(result.smallest), 100);
}

}  // namespace
}  // namespace assay::engine
