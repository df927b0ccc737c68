// SPDX-License-Identifier: Apache-2.0
// Probes of floating-point arithmetic as compiled. Internal linkage on purpose: every file that
// includes this header probes the flags it was compiled with itself.
#pragma once

#include <cmath>

namespace assay::reference::detail {
namespace {

/// Reads a double in a way the compiler cannot see through: no probe is folded at compile time.
inline double opaque(double x) {
  volatile double hidden = x;
  return hidden;
}

/// Additions round to nearest, ties to even, on both sides of zero.
[[maybe_unused]] inline bool sums_round_to_nearest() {
  const double one = opaque(1.0);
  const double half_ulp = opaque(0x1p-53);
  const double three_half_ulps = opaque(0x3p-53);
  return opaque(one + half_ulp) == 1.0 && opaque(-one - half_ulp) == -1.0 &&
         opaque(one + three_half_ulps) == 1.0 + 0x1p-51 &&
         opaque(-one - three_half_ulps) == -1.0 - 0x1p-51;
}

/// Knuth's TwoSum returns the rounding error of 1 + 2^-60: no reassociation, no wider registers.
[[maybe_unused]] inline bool two_sum_is_error_free() {
  const double a = opaque(1.0);
  const double b = opaque(0x1p-60);
  const double sum = a + b;
  const double b_seen = sum - a;
  const double error = (a - (sum - b_seen)) + (b - b_seen);
  return opaque(sum) == 1.0 && opaque(error) == 0x1p-60;
}

/// std::fma rounds once: (1 + 2^-52)^2 minus its rounded value is 2^-104.
[[maybe_unused]] inline bool fma_rounds_once() {
  const double x = opaque(1.0 + 0x1p-52);
  const double square = opaque(x * x);
  return opaque(std::fma(x, x, -square)) == 0x1p-104;
}

/// a*b - c rounds twice where the source says so: (1 + 2^-30)(1 - 2^-30) rounds to 1, and the
/// difference from 1 is 0. Fused behind our back it would be -2^-60.
[[maybe_unused]] inline bool products_are_not_fused() {
  const double a = opaque(1.0 + 0x1p-30);
  const double b = opaque(1.0 - 0x1p-30);
  const double c = opaque(1.0);
  const double difference = a * b - c;
  return opaque(difference) == 0.0;
}

/// Subnormal numbers are produced (no flush to zero) and read (not taken for zero).
[[maybe_unused]] inline bool subnormals_are_numbers() {
  const double produced = opaque(0x1p-1022) * opaque(0x1p-1);
  const double read = opaque(0x1p-1074) * opaque(0x1p+1000);
  return opaque(produced) != 0.0 && opaque(read) == 0x1p-74;
}

}  // namespace
}  // namespace assay::reference::detail
