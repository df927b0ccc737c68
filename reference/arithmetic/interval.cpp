// SPDX-License-Identifier: Apache-2.0
// Interval: life, conversion outward, and three-valued comparison.
#include "reference/arithmetic/interval.hpp"

#include <cmath>
#include <limits>
#include <stdexcept>
#include <utility>

#include "reference/arithmetic/detail/mpfr_value.hpp"
#include "reference/arithmetic/detail/representation.hpp"

namespace assay::reference {

namespace {
constexpr mpfr_prec_t bits_of_double = std::numeric_limits<double>::digits;
}

Interval::Interval() : rep_(std::make_unique<Representation>(bits_of_double)) {}

// The one door for ends made elsewhere: what is not known is the whole line, and an upside-down
// pair is a contradiction that must not travel on.
Interval::Interval(std::unique_ptr<Representation> rep) : rep_(std::move(rep)) {
  if (rep_->has_nan()) rep_->forget();
  if (mpfr_greater_p(rep_->lower, rep_->upper))
    throw std::invalid_argument("interval: the lower end lies above the upper end");
}

Interval Interval::exactly(double x) {
  auto ends = std::make_unique<Representation>(bits_of_double);
  mpfr_set_d(ends->lower, x, MPFR_RNDD);
  mpfr_set_d(ends->upper, x, MPFR_RNDU);
  return Interval(std::move(ends));
}

Interval Interval::between(double lo, double hi) {
  if (std::isnan(lo) || std::isnan(hi)) throw std::invalid_argument("interval: an end is NaN");
  auto ends = std::make_unique<Representation>(bits_of_double);
  mpfr_set_d(ends->lower, lo, MPFR_RNDD);
  mpfr_set_d(ends->upper, hi, MPFR_RNDU);
  return Interval(std::move(ends));
}

Interval::Interval(const Interval& other) : rep_(std::make_unique<Representation>(*other.rep_)) {}
Interval::Interval(Interval&&) noexcept = default;
Interval& Interval::operator=(const Interval& other) {
  rep_ = std::make_unique<Representation>(*other.rep_);
  return *this;
}
Interval& Interval::operator=(Interval&&) noexcept = default;
Interval::~Interval() = default;

Ends Interval::ends() const {
  return {mpfr_get_d(rep_->lower, MPFR_RNDD), mpfr_get_d(rep_->upper, MPFR_RNDU)};
}

double Interval::width_up() const {
  detail::MpfrValue width(bits_of_double);
  mpfr_sub(width, rep_->upper, rep_->lower, MPFR_RNDU);
  if (mpfr_nan_p(width)) return std::numeric_limits<double>::infinity();  // [inf, inf]
  return mpfr_get_d(width, MPFR_RNDU);
}

Truth Interval::less(const Interval& other) const {
  if (mpfr_less_p(rep_->upper, other.rep_->lower)) return Truth::yes;
  if (mpfr_greaterequal_p(rep_->lower, other.rep_->upper)) return Truth::no;
  return Truth::unknown;
}

Truth Interval::equal(const Interval& other) const {
  if (!overlaps(other)) return Truth::no;
  const bool points =
      mpfr_equal_p(rep_->lower, rep_->upper) && mpfr_equal_p(other.rep_->lower, other.rep_->upper);
  return points ? Truth::yes : Truth::unknown;  // two points that overlap are one point
}

bool Interval::overlaps(const Interval& other) const {
  return mpfr_lessequal_p(rep_->lower, other.rep_->upper) &&
         mpfr_lessequal_p(other.rep_->lower, rep_->upper);
}

bool Interval::contains(const Interval& inner) const {
  return mpfr_lessequal_p(rep_->lower, inner.rep_->lower) &&
         mpfr_lessequal_p(inner.rep_->upper, rep_->upper);
}

bool Interval::is_finite() const {
  return mpfr_number_p(rep_->lower) && mpfr_number_p(rep_->upper);
}

bool Interval::identical(const Interval& other) const {
  const auto same = [](mpfr_srcptr a, mpfr_srcptr b) {
    return mpfr_equal_p(a, b) && mpfr_signbit(a) == mpfr_signbit(b);
  };
  return same(rep_->lower, other.rep_->lower) && same(rep_->upper, other.rep_->upper);
}

}  // namespace assay::reference
