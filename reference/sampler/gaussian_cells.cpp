// SPDX-License-Identifier: Apache-2.0
// Box and Muller's map over cells, in binary64 with proved errors; a table of the normal law.
#include "reference/sampler/gaussian_cells.hpp"

#include <mpfr.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "reference/loss/batch_log.hpp"
#include "reference/loss/upward.hpp"

namespace assay::reference {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Turn {
  double cosine, sine;
};

// Of 2 pi v for 0 <= v < 1, absolute error below 2^-49. v - k/8 is exact; 2 pi times it has a
// relative error of 2^-52 (constant and product) on at most pi/4; the series are cut below 2^-62;
// Horner's rule in numbers below 1 adds less than 2^-51.
Turn turn(double v) {
  const double eighths = std::floor(v * 8 + 0.5);
  const double x = 0x1.921fb54442d18p+2 * (v - eighths / 8), z = x * x;
  double s = 0, c = 0;
  for (int n = 10; n > 0; --n) {
    s = (1 - s) * z / (2.0 * n * (2 * n + 1));
    c = (1 - c) * z / (2.0 * n * (2 * n - 1));
  }
  const double sine = x * (1 - s), cosine = 1 - c;
  const auto quarters = static_cast<int>(eighths) / 2 % 4;
  const bool half = static_cast<int>(eighths) % 2 != 0;
  constexpr double root = 0x1.6a09e667f3bcdp-1;  // sqrt(1/2)
  const Turn in_eighth =
      half ? Turn{root * (cosine - sine), root * (cosine + sine)} : Turn{cosine, sine};
  switch (quarters) {
    case 0: return in_eighth;
    case 1: return {-in_eighth.sine, in_eighth.cosine};
    case 2: return {-in_eighth.cosine, -in_eighth.sine};
    default: return {in_eighth.sine, -in_eighth.cosine};
  }
}

}  // namespace

Ends minus_log_of_cell(double low, double width) {
  if (low == 0) {
    const double v = -log_proved(width);
    return {next_down(v - v * 8 * unit_roundoff), infinity};
  }
  const double v = -log_proved(low);
  const double error = (log_error_slope * v + log_error_offset) * 0x1.00001p-53;
  // -log(low + width) >= -log(low) - width / low
  const double earliest = next_down(v - next_up(error + next_up(width / low)));
  return {std::max(0.0, earliest), next_up(v + error)};
}

Ends augmented_cell(const GaussianCoordinate& c) {
  if (c.i >> 52 != 0 || c.j >> 53 != 0 || !std::isfinite(c.x) || !(c.variance >= 0) ||
      !std::isfinite(c.variance))
    throw std::invalid_argument("augmentation: a number out of range");
  const Ends log = minus_log_of_cell(static_cast<double>(c.i) * 0x1p-52, 0x1p-52);
  const double scale = 2 * c.variance;  // exact but for overflow, which the infinite end covers
  const Ends square{next_down(log.lo * scale), c.variance == 0 ? 0 : next_up(log.hi * scale)};
  const Ends radius{square.lo > 0 ? next_down(std::sqrt(square.lo)) : 0,
                    next_up(std::sqrt(square.hi))};
  const Turn angle = turn(static_cast<double>(c.j) * 0x1p-53);
  // The angle moves by 2 pi 2^-53 inside the cell, and so do sine and cosine.
  constexpr double slack = 0x1p-49 + 0x1.93p-51;
  const double part = c.second ? angle.sine : angle.cosine;
  const double low = part - slack, high = part + slack;
  const double least = low < 0 ? radius.hi * low : radius.lo * low;
  const double most = high > 0 ? radius.hi * high : radius.lo * high;
  const Ends y{next_down(c.x + next_down(least)), next_up(c.x + next_up(most))};
  return c.inverted ? Ends{-y.hi, -y.lo} : y;
}

Ends normal_distribution(double z) {
  // Phi(z) = erfc(-z / sqrt 2) / 2. erfc falls, so the ends of the argument give the other ends.
  mpfr_t low, high, root;
  mpfr_inits2(80, low, high, root, static_cast<mpfr_ptr>(nullptr));
  mpfr_set_d(root, 0.5, MPFR_RNDN);
  mpfr_sqrt(root, root, MPFR_RNDN);
  mpfr_mul_d(low, root, -z, MPFR_RNDN);
  mpfr_set(high, low, MPFR_RNDN);
  for (int i = 0; i < 4; ++i) {  // two roundings of half a unit
    mpfr_nextabove(high);
    mpfr_nextbelow(low);
  }
  mpfr_erfc(high, high, MPFR_RNDD);
  mpfr_erfc(low, low, MPFR_RNDU);
  const Ends phi{mpfr_get_d(high, MPFR_RNDD) / 2, mpfr_get_d(low, MPFR_RNDU) / 2};
  mpfr_clears(low, high, root, static_cast<mpfr_ptr>(nullptr));
  return phi;
}

namespace {

constexpr int steps_per_unit = 1024, furthest = 9;

}  // namespace

NormalTable::NormalTable() {
  for (int i = -furthest * steps_per_unit; i <= furthest * steps_per_unit; ++i)
    values_.push_back(normal_distribution(static_cast<double>(i) / steps_per_unit));
}

const NormalTable& NormalTable::get() {
  static const NormalTable table;
  return table;
}

Ends NormalTable::at(double z) const {
  if (z <= -furthest) return {0, values_.front().hi};
  if (z >= furthest) return {values_.back().lo, 1};
  const double place = (z + furthest) * steps_per_unit;
  // The sum is rounded; a neighbour at most.
  const double low = std::max(0.0, std::floor(place - 0x1p-30));
  const double high = std::min(std::ceil(place + 0x1p-30), 2.0 * furthest * steps_per_unit);
  return {values_[static_cast<std::size_t>(low)].lo, values_[static_cast<std::size_t>(high)].hi};
}

}  // namespace assay::reference
