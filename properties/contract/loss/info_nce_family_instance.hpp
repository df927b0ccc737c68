// SPDX-License-Identifier: Apache-2.0
// One case of an InfoNCE setting in doubles: vectors, relations, who counts how often.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "properties/engine/case.hpp"
#include "reference/loss/info_nce_family.hpp"
#include "reference/loss/info_nce_relations.hpp"

namespace assay::contract {

/// One row of a case: its keys and what the setting declares about it.
struct FamilyRow {
  std::int64_t vector = 0;  ///< its own vector, which is also its number
  std::size_t block = 0;
  reference::RowKeys keys;
  reference::RowFate fate = reference::RowFate::counts;
  std::int64_t count = 0;  ///< how often it counts in its block's mean or sum
};

/// A case of a setting. The 2N vectors are [a; b], contiguous, every entry as the double of the
/// same value.
struct FamilyInstance {
  reference::InfoNceSetting setting;
  std::int64_t n = 0;
  std::int64_t d = 0;
  double parameter = 1;
  std::vector<double> z;                       ///< 2N x d
  std::vector<char> finite;                    ///< per vector: all entries are finite
  std::vector<char> holds_nan;                 ///< per vector
  std::vector<std::int64_t> labels, labels_b;  ///< of a and of b
  std::vector<std::uint8_t> mask;              ///< N x N
  std::vector<reference::FamilyBlock> blocks;
  std::vector<std::int64_t> block_counts;  ///< sum of the counts of each block's rows
  std::vector<FamilyRow> rows;
  // Backward only: one number a row, and that of the loss.
  std::vector<double> upstream;
  double upstream_mean = 0;

  const double* vector(std::int64_t v) const { return z.data() + v * d; }
  const FamilyRow& row(std::int64_t i) const { return rows[static_cast<std::size_t>(i)]; }
  /// The number of a key within its block: its column.
  std::int64_t column(const FamilyRow& row, std::int64_t key) const {
    return key - blocks[row.block].first_key;
  }
  bool all_finite() const;
  bool normalised() const { return setting.normalisation != reference::Normalisation::none; }

  /// True for a case of a setting; others belong to `InfoNceInstance`.
  static bool holds(const engine::Case& c) { return c.options.count("setting") > 0; }
  /// Rows of a case that need not be read as a whole: N, or 2N.
  static std::int64_t rows_of(const reference::InfoNceSetting& setting, std::int64_t pairs);
  /// \throws engine::InputError for missing or misshapen inputs, an unknown setting, a parameter
  /// outside its range, and where the setting declares an empty set an error
  static FamilyInstance from(const engine::Case& c);
  /// The same instance for `reference/`; it points into this object.
  reference::InfoNceFamilyProblem problem() const;
  reference::InfoNceUpstream upstream_gradient() const;
};

}  // namespace assay::contract
