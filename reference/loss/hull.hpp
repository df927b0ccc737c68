// SPDX-License-Identifier: Apache-2.0
// The hull of two enclosures, and roots of numbers known not to be negative; internal to the
// engines' tiers.
#pragma once

#include <cmath>
#include <limits>

#include "reference/arithmetic/number.hpp"

namespace assay::reference {

/// An interval with every number of both.
inline MpfiNumber hull(const MpfiNumber& x, const MpfiNumber& y) {
  const bool x_is_lower = mpfr_lessequal_p(x.lower(), y.lower()) != 0;
  const bool x_is_upper = mpfr_greaterequal_p(x.upper(), y.upper()) != 0;
  return MpfiNumber::between(x_is_lower ? x.lower() : y.lower(), x_is_upper ? x.upper() : y.upper(),
                             x.bits() > y.bits() ? x.bits() : y.bits());
}
#if ASSAY_HAVE_ARB
inline ArbNumber hull(const ArbNumber& x, const ArbNumber& y) {
  ArbNumber both = x.bits() > y.bits() ? x : y;  // carries the precision of a result
  arb_union(both.data(), x.data(), y.data(), both.bits());
  return both;
}
#endif

/// The root of a number that is not negative, whatever its enclosure says: what lies below 0 is cut
/// off. The upper end is then a double, rounded upward.
template <class Number>
Number root_of_nonnegative(const Context<Number>& context, const Number& square) {
  const Ends ends = to_interval(square).ends();
  if (ends.lo >= 0 || ends.hi == HUGE_VAL) return sqrt(square);
  return hull(context.from_integer(0), sqrt(context.exactly(std::fmax(ends.hi, 0.0))));
}

}  // namespace assay::reference
