// SPDX-License-Identifier: Apache-2.0
// Rational: exact rational numbers (GMP), with exact conversions from double.
#pragma once

#include <boost/multiprecision/gmp.hpp>

namespace assay::reference {

/// An exact rational number. Expression templates are off, so that `auto t = a * b` is a number and
/// a formula template deduces `Rational` from `a * b`. Comparisons are exact and total.
using Rational = boost::multiprecision::number<boost::multiprecision::gmp_rational,
                                               boost::multiprecision::et_off>;

/// The rational number that the double is. \throws std::invalid_argument for NaN and infinities
Rational rational_from(double x);
Rational rational_from_integer(long long n);

}  // namespace assay::reference
