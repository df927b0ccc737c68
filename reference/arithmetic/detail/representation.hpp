// SPDX-License-Identifier: Apache-2.0
// Interval::Representation: the two MPFR ends behind an Interval, for the files that make
// intervals.
#pragma once

#include <mpfr.h>

#include "reference/arithmetic/interval.hpp"

namespace assay::reference {

/// The two ends, each with its own precision. Made with [-inf, inf]; whoever makes one fills both
/// ends (the lower rounded down, the upper rounded up) and hands it to `Interval`.
struct Interval::Representation {
  Representation(mpfr_prec_t lower_bits, mpfr_prec_t upper_bits) {
    mpfr_init2(lower, lower_bits);
    mpfr_init2(upper, upper_bits);
    forget();
  }
  explicit Representation(mpfr_prec_t bits) : Representation(bits, bits) {}
  Representation(const Representation& other)
      : Representation(mpfr_get_prec(other.lower), mpfr_get_prec(other.upper)) {
    mpfr_set(lower, other.lower, MPFR_RNDD);
    mpfr_set(upper, other.upper, MPFR_RNDU);
  }
  Representation& operator=(const Representation&) = delete;
  ~Representation() {
    mpfr_clear(lower);
    mpfr_clear(upper);
  }

  /// [-inf, inf].
  void forget() {
    mpfr_set_inf(lower, -1);
    mpfr_set_inf(upper, +1);
  }
  bool has_nan() const { return mpfr_nan_p(lower) || mpfr_nan_p(upper); }

  mpfr_t lower;
  mpfr_t upper;
};

}  // namespace assay::reference
