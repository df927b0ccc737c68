// SPDX-License-Identifier: Apache-2.0
// MpfrValue: an mpfr_t that is cleared when it goes out of scope.
#pragma once

#include <mpfr.h>

namespace assay::reference::detail {

/// One MPFR number of a given precision; NaN until it is set.
class MpfrValue {
 public:
  explicit MpfrValue(mpfr_prec_t bits) { mpfr_init2(value_, bits); }
  MpfrValue(const MpfrValue&) = delete;
  MpfrValue& operator=(const MpfrValue&) = delete;
  ~MpfrValue() { mpfr_clear(value_); }
  operator mpfr_ptr() { return value_; }
  operator mpfr_srcptr() const { return value_; }

 private:
  mpfr_t value_;
};

}  // namespace assay::reference::detail
