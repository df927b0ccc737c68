// SPDX-License-Identifier: Apache-2.0
// Arithmetic on error bounds: every result is rounded in the safe direction.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>

namespace assay::reference {

/// Unit roundoff of binary64.
inline constexpr double unit_roundoff = 0x1p-53;
/// Smallest positive double; an upper bound of twice the error of one underflowing operation.
inline constexpr double smallest_double = 0x1p-1074;

/// The next double above x; inline because bounds are computed per row. NaN and +inf stay.
inline double next_up(double x) {
  if (!(x < std::numeric_limits<double>::infinity())) return x;
  if (x == 0) return smallest_double;
  const auto bits = std::bit_cast<std::uint64_t>(x);
  return std::bit_cast<double>(x > 0 ? bits + 1 : bits - 1);
}
inline double next_down(double x) { return -next_up(-x); }

// The operations below are used on numbers >= 0 only (except the first two). Rounding to nearest is
// wrong by at most half the distance to the next double, so stepping to that double is a bound of
// the exact result, also where the result underflows.
inline double add_up(double x, double y) { return next_up(x + y); }
inline double subtract_down(double x, double y) { return next_down(x - y); }
inline double multiply_up(double x, double y) { return next_up(x * y); }
inline double divide_up(double x, double y) { return next_up(x / y); }
inline double sqrt_up(double x) { return next_up(std::sqrt(x)); }

/// e^x - 1 and -log(1-x) from above, for 0 <= x <= 1/2: both series are below x + x^2.
inline double relative_from_log_up(double x) { return add_up(x, multiply_up(x, x)); }
inline double log_from_relative_up(double x) { return add_up(x, multiply_up(x, x)); }

}  // namespace assay::reference
