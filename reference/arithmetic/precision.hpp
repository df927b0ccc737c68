// SPDX-License-Identifier: Apache-2.0
// The range of precisions, in bits, that numbers and intervals are made with.
#pragma once

#include <stdexcept>
#include <string>

namespace assay::reference {

inline constexpr int lowest_bits = 2;         ///< the lowest that Arb accepts
inline constexpr int highest_bits = 1 << 20;  ///< 315 653 decimal digits

/// \throws std::invalid_argument unless lowest_bits <= bits <= highest_bits
inline void require_precision(int bits) {
  if (bits < lowest_bits || bits > highest_bits)
    throw std::invalid_argument("precision: " + std::to_string(bits) + " bits; possible are " +
                                std::to_string(lowest_bits) + " to " +
                                std::to_string(highest_bits));
}

}  // namespace assay::reference
