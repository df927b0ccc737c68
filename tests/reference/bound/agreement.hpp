// SPDX-License-Identifier: Apache-2.0
// What every bound owes: engines that overlap, precisions that contain each other, doubles nearby.
#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>
#include <optional>

#include "reference/arithmetic/real.hpp"

namespace assay::reference::testing {

using Formula = std::function<Real(const Arithmetic&)>;

/// On each engine the 64-bit enclosure contains the 512-bit one, the engines overlap, and the plain
/// double lies within `ulps` units of 2^-53 of the value (relative, or absolute below 1).
inline void expect_sound(const Formula& formula, double ulps = 4096) {
  std::optional<Interval> first;
  for (const Engine engine : engines()) {
    const Interval wide = formula(Arithmetic::enclosing(engine, 64)).interval(64);
    const Interval narrow = formula(Arithmetic::enclosing(engine, 512)).interval(512);
    EXPECT_TRUE(wide.contains(narrow)) << wide.to_exact() << narrow.to_exact();
    EXPECT_LE(narrow.width_up(), std::ldexp(1.0, -400)) << narrow.to_string();
    if (!first) first = narrow;
    EXPECT_TRUE(first->overlaps(narrow)) << first->to_exact() << narrow.to_exact();
  }
  const double value = formula(Arithmetic::plain()).approximate();
  const Ends ends = first->ends();
  const double slack = ulps * std::numeric_limits<double>::epsilon() / 2 *
                       std::max(1.0, std::max(std::fabs(ends.lo), std::fabs(ends.hi)));
  EXPECT_GE(value, ends.lo - slack);
  EXPECT_LE(value, ends.hi + slack);
}

/// Both formulas describe one number: they overlap at 256 bits on every engine.
inline void expect_same(const Formula& a, const Formula& b) {
  for (const Engine engine : engines()) {
    const Arithmetic in = Arithmetic::enclosing(engine, 256);
    const Interval x = a(in).interval(256), y = b(in).interval(256);
    EXPECT_TRUE(x.overlaps(y)) << x.to_string(40) << " and " << y.to_string(40);
    EXPECT_LE(x.width_up(), std::ldexp(1.0, -150));
    EXPECT_LE(y.width_up(), std::ldexp(1.0, -150));
  }
}

/// The enclosure at 128 bits lies inside the decimal interval `range`.
inline void expect_in(const Formula& formula, const char* range) {
  const Interval expected = Interval::parse(range);
  for (const Engine engine : engines()) {
    const Interval x = formula(Arithmetic::enclosing(engine, 128)).interval(128);
    EXPECT_TRUE(expected.contains(x)) << x.to_string(20) << " is not in " << range;
  }
}

}  // namespace assay::reference::testing
