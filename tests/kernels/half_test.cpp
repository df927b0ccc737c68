// SPDX-License-Identifier: Apache-2.0
// Widening of bfloat16 and binary16, for every bit pattern, and rounding to them.
#include "kernels/half.cuh"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>

namespace assay::kernels {
namespace {

using math_detail::bits_of;
using math_detail::float_of;

/// The number a pattern means, from the definition of the format.
double meaning(unsigned bits, int exponent_bits, int fraction_bits) {
  const int fraction = static_cast<int>(bits & ((1u << fraction_bits) - 1));
  const int exponent = static_cast<int>(bits >> fraction_bits & ((1u << exponent_bits) - 1));
  const int bias = (1 << (exponent_bits - 1)) - 1;
  double value;
  if (exponent == (1 << exponent_bits) - 1)
    value = fraction != 0 ? std::nan("") : HUGE_VAL;
  else if (exponent == 0)
    value = std::ldexp(fraction, 1 - bias - fraction_bits);
  else
    value = std::ldexp((1 << fraction_bits) + fraction, exponent - bias - fraction_bits);
  return bits >> (exponent_bits + fraction_bits) != 0 ? -value : value;
}

template <class Narrow>
void check_all(int exponent_bits, int fraction_bits) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float got = widen(Narrow{static_cast<std::uint16_t>(bits)});
    const double want = meaning(bits, exponent_bits, fraction_bits);
    ASSERT_EQ(std::isnan(got), std::isnan(want)) << bits;
    ASSERT_EQ(std::signbit(got), bits >> 15 != 0) << bits;
    if (std::isnan(want)) continue;
    ASSERT_EQ(static_cast<double>(got), want) << bits;
  }
}

TEST(Widen, IsExactForEveryBfloat16) { check_all<Bf16>(8, 7); }
TEST(Widen, IsExactForEveryBinary16) { check_all<Half>(5, 10); }

TEST(Rounding, KeepsWhatIsRepresentable) {
  for (unsigned bits = 0; bits < 65536; ++bits) {
    const float b = widen(Bf16{static_cast<std::uint16_t>(bits)});
    const float h = widen(Half{static_cast<std::uint16_t>(bits)});
    ASSERT_TRUE(b != b || bits_of(round_to_bf16(b)) == bits_of(b)) << bits;
    ASSERT_TRUE(h != h || bits_of(round_to_half(h)) == bits_of(h)) << bits;
  }
}

TEST(Rounding, GoesToTheNearestTiesToEven) {
  EXPECT_EQ(round_to_bf16(1.0f + 0x1p-8f), 1.0f) << "a tie, down to even";
  EXPECT_EQ(round_to_bf16(1.0f + 0x3p-8f), 1.0f + 0x4p-8f) << "a tie, up to even";
  EXPECT_EQ(round_to_bf16(-1.0f - 0x1.01p-8f), -1.0f - 0x1p-7f);
  EXPECT_EQ(round_to_bf16(float_of(0x7f7fffffu)), float_of(0x7f800000u)) << "overflow";
  EXPECT_EQ(round_off(1.0f + 0x1p-3f, 21), 1.0f);
  EXPECT_EQ(round_off(1.0f + 0x3p-3f, 21), 1.5f);
  EXPECT_TRUE(std::isnan(round_to_bf16(float_of(0x7fc00001u))));
}

}  // namespace
}  // namespace assay::kernels
