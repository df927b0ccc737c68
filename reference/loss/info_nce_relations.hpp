// SPDX-License-Identifier: Apache-2.0
// Who is a row, a key, a positive, a negative in a member of the InfoNCE family; no arithmetic.
#pragma once

#include <cstdint>
#include <vector>

#include "reference/loss/info_nce_family.hpp"

namespace assay::reference {

/// Vectors are named by one number: 0..n-1 are a's, n..2n-1 are b's.
using VectorId = std::int64_t;

/// One set of rows against one set of keys.
struct FamilyBlock {
  VectorId first_row = 0, rows = 0;
  VectorId first_key = 0, keys = 0;
  bool halved = false;      ///< counts half in the sum of the directions
  bool transposed = false;  ///< rows are b: a mask is read as its transpose
};
std::vector<FamilyBlock> blocks_of(const InfoNceSetting& setting,
                                   const InfoNceFamilyProblem& problem);

/// How many vectors there are: n or 2n.
std::int64_t vectors_of(const InfoNceFamilyProblem& problem);
/// The entries of a vector.
const double* entries_at(const InfoNceFamilyProblem& problem, VectorId id);

/// The keys of one row, in ascending order; the row itself is among them only if the setting keeps
/// it.
struct RowKeys {
  std::vector<VectorId> positives, negatives;
};
RowKeys keys_of(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem,
                const FamilyBlock& block, VectorId row);

/// What the setting declares about this row.
/// \throws std::invalid_argument naming the row, where that is an error
RowFate fate_of(const InfoNceSetting& setting, const RowKeys& keys, VectorId row);

/// \throws std::invalid_argument naming the field that makes no sense, or the entry that is not
/// finite
void check_family(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem);

}  // namespace assay::reference
