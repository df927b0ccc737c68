// SPDX-License-Identifier: Apache-2.0
// The two ends of an enclosure, in double: the form in which truth leaves `reference/`.
#pragma once

#include <limits>

namespace assay {

/// An enclosure [lo, hi] with outward-rounded ends: a real number x is known to satisfy lo <= x <=
/// hi.
/// [-inf, inf] means "no information". Never NaN, never lo > hi. Plain data: it is not an
/// arithmetic type, and there is deliberately no operator<.
struct Ends {
  double lo = -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();

  constexpr bool contains(double x) const { return lo <= x && x <= hi; }
  constexpr bool overlaps(const Ends& other) const { return lo <= other.hi && other.lo <= hi; }
  friend constexpr bool operator==(const Ends&, const Ends&) = default;
};

/// The enclosure of a number known exactly.
constexpr Ends exactly(double x) { return {x, x}; }

}  // namespace assay
