// SPDX-License-Identifier: Apache-2.0
// Random instances of the Harris inequality: inside the hypotheses, on the edge of equality,
// outside.
#pragma once

#include <cstdint>
#include <string_view>

#include "properties/engine/random.hpp"
#include "reference/harris/harris.hpp"

namespace assay::engine {

enum class HarrisFamily : unsigned char {
  /// Inside the hypotheses of Lemma 1; one case in sixteen is of `equality`.
  monotone,
  /// Inside them, with both sides equal: g and h of disjoint sets of arguments, a constant table,
  /// or a law with all its weight on one cell.
  equality,
  // Outside, one hypothesis dropped each:
  g_falls,       ///< g not monotone: falling along one or all axes, or without order
  h_falls,       ///< the same for h (eta)
  dependent,     ///< the law is joint, with cells near the middle layer only; two axes at least
  eta_negative,  ///< h monotone but negative somewhere (no hypothesis of Lemma 1 is dropped)
};
std::string_view name_of(HarrisFamily family);

/// What to draw. Weights are in [0, 2^weight_bits), table entries span less than 2^value_bits.
struct HarrisDraw {
  HarrisFamily family = HarrisFamily::monotone;
  int axes = 3;     ///< k, 1 to 4
  int support = 5;  ///< n, 1 to 8
  /// Each axis with a law of its own, where the family has a product law (k x n weights).
  bool unequal_laws = false;
  /// h >= 0 in every cell, as eta of Corollary 1 asks (families but `eta_negative`).
  bool nonnegative_h = false;
  int weight_bits = 4;  ///< 1 to 62
  int value_bits = 4;   ///< 1 to 62

  reference::HarrisLaw law() const;
  std::int64_t cells() const;
  /// n, k n or n^k
  std::int64_t weight_count() const;
};

/// \throws std::invalid_argument for sizes out of range, and for `dependent` with one axis (every
/// law is then a product)
void check_draw(const HarrisDraw& draw);

/// Writes case `index` of stream `seed`: `weights` draw.weight_count() numbers, g and h
/// draw.cells(). A pure function of its arguments, without allocation. \pre check_draw accepts
void fill_harris_case(const HarrisDraw& draw, std::uint64_t seed, std::uint64_t index,
                      std::int64_t* weights, std::int64_t* g, std::int64_t* h);

/// The same case as an instance of the reference. \throws as check_draw
reference::HarrisInstance harris_case(const HarrisDraw& draw, std::uint64_t seed,
                                      std::uint64_t index);

}  // namespace assay::engine
