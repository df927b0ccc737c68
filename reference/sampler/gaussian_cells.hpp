// SPDX-License-Identifier: Apache-2.0
// Numbers of which only leading bits are known, and the normal law, as enclosures in binary64: the
// fast tier of gaussian.hpp.
//
// Words say in which cell a uniform number lies; an ideal map whose enclosure holds for the whole
// cell has the exact law of its uniform numbers, not a discretisation of it.
#pragma once

#include <cstdint>
#include <vector>

#include "core/ends.hpp"
#include "reference/sampler/gaussian.hpp"

namespace assay::reference {

/// -log U for every U in [low, low + width], 0 <= low, low + width <= 1, width >= 2^-53 a power of
/// two; +inf above when low is 0.
Ends minus_log_of_cell(double low, double width);

/// `augmented` for every U in [i, i + 1] 2^-52 and V in [j, j + 1] 2^-53. Unbounded for i = 0.
/// \throws std::invalid_argument for numbers out of range
Ends augmented_cell(const GaussianCoordinate& coordinate);

/// The distribution function of the standard normal law, Phi(z), from MPFR's erfc.
Ends normal_distribution(double z);

/// The same from a table of steps of 2^-10, fast: at most 2^-11 wide.
class NormalTable {
 public:
  static const NormalTable& get();
  /// \pre z is no NaN
  Ends at(double z) const;

 private:
  NormalTable();
  std::vector<Ends> values_;  // at -9, -9 + 2^-10, ...
};

}  // namespace assay::reference
