// SPDX-License-Identifier: Apache-2.0
// Operations of the error algebra that certainly round nothing.
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "properties/contract/error_algebra.hpp"

namespace assay::contract {
namespace {

constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;

Format plain() {
  Format format;
  format.rounding = f32;
  return format;
}

TEST(ErrorAlgebra, WhatIsCertainIsNotRounded) {
  const ErrorAlgebra algebra(plain());
  const Tracked uncertain{1.5, 0x1p-30, 0x1p-27};
  const auto only = [](double error) { return inflate_up(error); };
  // Powers of two scale the error of the other operand, and add none.
  for (const double power : {2.0, -0.5, 0x1p-20})
    EXPECT_LE(algebra.mul(uncertain, held(power)).error, only(uncertain.error * std::fabs(power)));
  EXPECT_LE(algebra.div(uncertain, held(4)).error, only(uncertain.error / 4) * (1 + 0x1p-40));
  EXPECT_GT(algebra.mul(uncertain, held(3)).error, 3 * uncertain.error + u);
  EXPECT_GT(algebra.mul(uncertain, known_within(2, 0x1p-60)).error, 2 * uncertain.error + u);
  EXPECT_GT(algebra.div(uncertain, held(3)).error, uncertain.error / 3 + u / 4);
  // ... unless they underflow.
  EXPECT_GE(algebra.mul(held(1 + 0x1p-20), held(0x1p-130)).error, f32.half_subnormal);
  // A certain zero adds nothing, also as a factor; infinite errors stay.
  EXPECT_EQ(algebra.fma(held(0), uncertain, uncertain).error, uncertain.error);
  EXPECT_EQ(algebra.fma(uncertain, held(2), held(0)).error, only(2 * uncertain.error));
  const Tracked anything{0, 0, std::numeric_limits<double>::infinity()};
  EXPECT_FALSE(std::isfinite(algebra.fma(held(0), anything, uncertain).error));
  // Sums of known numbers that are numbers of the format are known; others are rounded.
  EXPECT_EQ(algebra.add(held(1), held(1)).error, 0);
  EXPECT_TRUE(algebra.sub(held(0.7), held(0.7)).is_zero());
  EXPECT_GT(algebra.add(held(1), held(0x1p-30)).error, 0);
  EXPECT_GT(algebra.add(known_within(1, 0x1p-60), held(1)).error, 0);
}

}  // namespace
}  // namespace assay::contract
