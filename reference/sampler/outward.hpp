// SPDX-License-Identifier: Apache-2.0
// Sums of many nonnegative numbers and small formulas, rounded in the direction that is asked for.
#pragma once

#include <cmath>
#include <cstdint>

#include "core/ends.hpp"
#include "reference/loss/upward.hpp"

namespace assay::reference {

/// Which way a result may be wrong.
enum class Direction : unsigned char { down, up };

/// A sum of numbers in [0, 1], each rounded to a multiple of 2^-96 in one direction and then added
/// without error. Up to 2^31 terms.
class BoundedSum {
 public:
  explicit BoundedSum(Direction direction) : direction_(direction) {}

  /// \pre 0 <= x <= 1
  void add(double x) {
    const double scaled = x * 0x1p96;  // exact: at most 2^96, and no subnormal becomes smaller
    const double whole = direction_ == Direction::up ? std::ceil(scaled) : std::floor(scaled);
    total_ += static_cast<unsigned __int128>(whole);
  }
  /// The sum as a double, rounded in the direction of the terms.
  double value() const {
    int shift = 0;
    while (total_ >> shift > 0x1fffffffffffff) ++shift;
    const unsigned __int128 kept = total_ >> shift;
    const bool more = direction_ == Direction::up && (kept << shift) != total_;
    return std::ldexp(static_cast<double>(kept) + (more ? 1 : 0), shift - 96);
  }

 private:
  Direction direction_;
  unsigned __int128 total_ = 0;
};

/// x - y rounded up or down, without error where the difference is a double. \pre both finite
inline double difference(double x, double y, Direction direction) {
  const double d = x - y;
  const double of_x = d + y, of_y = of_x - d;
  const double error = (x - of_x) + (of_y - y);  // x - y = d + error, without overflow (Knuth)
  if (direction == Direction::up) return error > 0 ? next_up(d) : d;
  return error < 0 ? next_down(d) : d;
}

/// Enclosure of numerator / denominator. \pre 0 <= numerator, 0 < denominator, both at most 2^53
inline Ends ratio_of(std::int64_t numerator, std::int64_t denominator) {
  const double q = static_cast<double>(numerator) / static_cast<double>(denominator);
  // A power of two divides without error, and the zero is exact.
  if (numerator == 0 || (denominator & (denominator - 1)) == 0) return {q, q};
  const double lo = next_down(q), hi = next_up(q);
  return {lo, numerator <= denominator && hi > 1 ? 1 : hi};
}

}  // namespace assay::reference
