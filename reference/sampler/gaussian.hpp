// SPDX-License-Identifier: Apache-2.0
// The additive Gaussian augmentation on given bits, as enclosures: Box and Muller's ideal map.
#pragma once

#include <cstdint>

#include "reference/arithmetic/interval.hpp"

namespace assay::reference {

/// One coordinate of an augmented sample: sign (x + sqrt(variance) z), where z is the first or the
/// second normal number of a pair,
///
///     z_1 = sqrt(-2 log u) cos(2 pi v),  z_2 = sqrt(-2 log u) sin(2 pi v),
///     u = (i + 1/2) 2^-52, 0 <= i < 2^52,  v = j 2^-53, 0 <= j < 2^53.
///
/// On uniform i, j the pair is within the discretisation of u and v of two independent standard
/// normal numbers: v moves a point by at most 2 pi 2^-53 |z|.
struct GaussianCoordinate {
  double x = 0;
  double variance = 1;
  std::uint64_t i = 0, j = 0;
  bool second = false;    ///< z_2
  bool inverted = false;  ///< the sign
};

/// \throws std::invalid_argument for i, j out of range, a variance that is negative or not finite,
/// x that is not finite, or fewer than 64 bits
Interval augmented(const GaussianCoordinate& coordinate, int bits = 128);

}  // namespace assay::reference
