// SPDX-License-Identifier: Apache-2.0
// The law that a sampler really has, without a single random draw: by enumeration of all words, by
// bisection, or from its table; and what it says against the law it owes.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/ends.hpp"

namespace assay::contract {

/// Columns for uniform numbers k of `bits` bits each, one per number.
using NumberMap = std::function<std::vector<std::int64_t>(std::span<const std::uint64_t>)>;

/// A law with a power of two as denominator.
struct ExactLaw {
  std::vector<Ends> q;  ///< exact up to the rounding of a quotient to double
  std::vector<bool> reached;
  std::int64_t evaluations = 0;
  /// Larger numbers never gave smaller columns: seen on all numbers by enumeration, on those asked
  /// by a bisection.
  bool monotone = true;
  std::vector<unsigned __int128> prefix;  ///< of a bisection: #{k : s(k) <= i}
};

/// Asks for every k < 2^bits. \throws std::invalid_argument unless 1 <= bits <= 32
ExactLaw enumerate_law(const NumberMap& map, std::int64_t columns, int bits);
/// Finds #{k : s(k) <= i} for every column by bisection: the law if s is monotone.
/// \throws std::invalid_argument unless 1 <= bits <= 64
ExactLaw bisect_law(const NumberMap& map, std::int64_t columns, int bits);
/// The column that the prefixes give to k.
std::int64_t column_of(const ExactLaw& bisected, std::uint64_t k);

/// An alias table: i = floor(word K / 2^64), then i if a second word is below accept[i], else
/// other[i].
struct AliasTableView {
  std::span<const std::uint64_t> accept;
  std::span<const std::int64_t> other;
};
/// Its law, from integers: the numbers of first words that give i, exactly, times accepted second
/// words. \throws std::invalid_argument for an empty table or an alias out of range
ExactLaw table_law(const AliasTableView& table);
/// The column that the table gives to two words of 64 bits.
std::int64_t column_of(const AliasTableView& table, std::uint64_t first, std::uint64_t second);

/// What an exact law says against the law p.
struct LawComparison {
  Ends tv{0, 1};
  std::int64_t unreachable = 0;  ///< columns with p > 0 that no word reaches
  Ends unreachable_mass{0, 0};
  double largest_log_ratio = 0;  ///< of |log(q/p)| over reached columns; a guide, not a bound
  /// The least distance that any map of 2^bits equally likely numbers can have (rounded downward),
  /// and the one that thresholds rounded to the grid are sure to keep, columns 2^-bits-1.
  double floor_of_any_map = 0, floor_of_thresholds = 0;
};
/// \throws std::invalid_argument when the sizes differ
LawComparison compare_laws(const ExactLaw& law, std::span<const Ends> p, int bits);

}  // namespace assay::contract
