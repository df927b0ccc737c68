// SPDX-License-Identifier: Apache-2.0
// Exact conversions into rationals.
#include "reference/arithmetic/rational.hpp"

#include <cmath>
#include <stdexcept>

namespace assay::reference {

Rational rational_from(double x) {
  if (!std::isfinite(x)) throw std::invalid_argument("rational: the double is not finite");
  Rational result;
  mpq_set_d(result.backend().data(), x);  // exact for every finite double
  return result;
}

Rational rational_from_integer(long long n) {
  static_assert(sizeof(long) == sizeof(long long));
  Rational result;
  mpq_set_si(result.backend().data(), n, 1);
  return result;
}

}  // namespace assay::reference
