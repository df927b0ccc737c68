// SPDX-License-Identifier: Apache-2.0
// Box and Muller's map in MPFI.
#include "reference/sampler/gaussian.hpp"

#include <mpfi.h>

#include <cmath>
#include <memory>
#include <stdexcept>

#include "reference/arithmetic/detail/representation.hpp"

namespace assay::reference {
namespace {

/// An mpfi_t that is cleared when it goes out of scope.
class Number {
 public:
  explicit Number(int bits) { mpfi_init2(value_, bits); }
  Number(const Number&) = delete;
  Number& operator=(const Number&) = delete;
  ~Number() { mpfi_clear(value_); }
  operator mpfi_ptr() { return value_; }

 private:
  mpfi_t value_;
};

}  // namespace

Interval augmented(const GaussianCoordinate& c, int bits) {
  if (c.i >> 52 != 0 || c.j >> 53 != 0 || bits < 64 || !std::isfinite(c.x) || !(c.variance >= 0) ||
      !std::isfinite(c.variance))
    throw std::invalid_argument("augmentation: a number out of range");
  Number radius(bits), angle(bits), x(bits);
  mpfi_set_d(radius, (static_cast<double>(c.i) + 0.5) * 0x1p-52);  // exact
  mpfi_log(radius, radius);
  mpfi_mul_d(radius, radius, -2.0);
  mpfi_mul_d(radius, radius, c.variance);
  mpfi_sqrt(radius, radius);
  mpfi_const_pi(angle);
  mpfi_mul_d(angle, angle, static_cast<double>(c.j) * 0x1p-52);  // exact
  c.second ? mpfi_sin(angle, angle) : mpfi_cos(angle, angle);
  mpfi_mul(x, radius, angle);
  mpfi_add_d(x, x, c.x);
  if (c.inverted) mpfi_neg(x, x);
  auto ends = std::make_unique<Interval::Representation>(bits);
  mpfi_get_left(ends->lower, x);
  mpfi_get_right(ends->upper, x);
  return Interval(std::move(ends));
}

}  // namespace assay::reference
