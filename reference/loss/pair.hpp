// SPDX-License-Identifier: Apache-2.0
// Numbers as unevaluated sums of two doubles: twice the precision where the split tier needs it.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/ends.hpp"
#include "reference/loss/upward.hpp"

namespace assay::reference {

/// The real number high + low. Normalised: |low| <= u |high|, which every function below returns.
struct Pair {
  double high = 0;
  double low = 0;
};

/// Bound, in units of u^2, of the error of the operations below on normalised pairs: relative for
/// `multiply` and `divide`, relative to |x| + |y| for `add`. Derivation:
/// docs/loss/info_nce-split.md, section "pairs".
inline constexpr double pair_error_in_square_roundoffs = 16.0;

/// high + low = x + y exactly, high = fl(x + y) (Knuth).
inline Pair two_sum(double x, double y) {
  const double sum = x + y;
  const double part = sum - x;
  return {sum, (x - (sum - part)) + (y - part)};
}
/// The same for |x| >= |y| or x = 0 (Dekker).
inline Pair fast_two_sum(double x, double y) {
  const double sum = x + y;
  return {sum, y - (sum - x)};
}
/// high + low = x y exactly while neither part underflows.
inline Pair two_product(double x, double y) {
  const double product = x * y;
  return {product, std::fma(x, y, -product)};
}

inline Pair add(Pair x, Pair y) {
  const Pair s = two_sum(x.high, y.high);
  return fast_two_sum(s.high, s.low + (x.low + y.low));
}
inline Pair multiply(Pair x, Pair y) {
  const Pair p = two_product(x.high, y.high);
  return fast_two_sum(p.high, p.low + (x.high * y.low + x.low * y.high));
}
inline Pair divide(Pair x, Pair y) {
  const double quotient = x.high / y.high;
  const Pair p = two_product(quotient, y.high);
  const double rest = ((x.high - p.high) - p.low) + (x.low - quotient * y.low);
  return fast_two_sum(quotient, rest / y.high);
}
inline Pair negate(Pair x) { return {-x.high, -x.low}; }

/// The tightest doubles around [value - radius, value + radius].
inline Ends ends_around(Pair value, double radius) {
  const Pair lower = two_sum(value.high, next_down(value.low - radius));
  const Pair upper = two_sum(value.high, next_up(value.low + radius));
  return {lower.low < 0 ? next_down(lower.high) : lower.high,
          upper.low > 0 ? next_up(upper.high) : upper.high};
}

/// A pair with a bound of its error: |value - truth| <= radius.
struct BoundedPair {
  Pair value;
  double radius = 0;
};

}  // namespace assay::reference
