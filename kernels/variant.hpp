// SPDX-License-Identifier: Apache-2.0
// Correct variants: other algorithms for the same mathematics. A check that refutes one is wrong.
#pragma once

#include <string_view>

namespace assay::kernels {

/// What differs from the stated algorithm; everything else is as stated.
enum class Variant : unsigned char {
  stated,
  /// Tiles of keys from the last to the first: sums and gradient chains run in another order.
  reversed_tiles,
  /// Tiles of 64 keys, two neighbours per lane: other columns share a lane's sum, and the gradient
  /// chains take the even keys of a tile before the odd ones.
  wide_tiles,
  /// The maximum of all negatives first, the sum of exp(v - maximum) in a second sweep.
  two_pass,
  /// Every e^x is 2^(x log2 e), with log2 e in two parts: exp_base2_f32 of kernels/math_base2.cuh.
  base2_exponential,
  /// Dot products are an even and an odd chain, added; gradients are an even and an odd chain per
  /// tile, added, and these sums added from tile to tile.
  split_accumulators,
};

inline constexpr Variant correct_variants[] = {
    Variant::reversed_tiles,    Variant::wide_tiles,         Variant::two_pass,
    Variant::base2_exponential, Variant::split_accumulators,
};

constexpr std::string_view name_of(Variant variant) {
  switch (variant) {
    case Variant::stated: return "stated";
    case Variant::reversed_tiles: return "reversed_tiles";
    case Variant::wide_tiles: return "wide_tiles";
    case Variant::two_pass: return "two_pass";
    case Variant::base2_exponential: return "base2_exponential";
    case Variant::split_accumulators: return "split_accumulators";
  }
  return "?";
}

}  // namespace assay::kernels
