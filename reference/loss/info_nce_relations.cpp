// SPDX-License-Identifier: Apache-2.0
// Rows, keys, positives and negatives of the InfoNCE family.
#include "reference/loss/info_nce_relations.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace assay::reference {
namespace {

std::int64_t label_at(const InfoNceFamilyProblem& p, VectorId id) {
  if (id < p.n) return p.a_labels[id];
  return (p.b_labels == nullptr ? p.a_labels : p.b_labels)[id - p.n];
}

bool is_positive(const InfoNceSetting& setting, const InfoNceFamilyProblem& p,
                 const FamilyBlock& block, VectorId row, VectorId key) {
  switch (setting.positives) {
    case Positives::other_view: return row - key == p.n || key - row == p.n;
    case Positives::same_label: return label_at(p, row) == label_at(p, key);
    case Positives::mask: break;
  }
  std::int64_t i = row - block.first_row, j = key - block.first_key;
  if (block.transposed) std::swap(i, j);
  return p.mask[i * p.mask_stride + j] != 0;
}

[[noreturn]] void refuse_row(VectorId row, const char* what) {
  throw std::invalid_argument("info_nce: row " + std::to_string(row) + " has no " + what);
}

RowFate declared(EmptySet rule, VectorId row, const char* what) {
  switch (rule) {
    case EmptySet::zero: return RowFate::zero;
    case EmptySet::skipped: return RowFate::skipped;
    case EmptySet::nan: return RowFate::nan;
    case EmptySet::error:
    case EmptySet::as_formula: break;
  }
  refuse_row(row, what);
}

}  // namespace

std::vector<FamilyBlock> blocks_of(const InfoNceSetting& setting, const InfoNceFamilyProblem& p) {
  const std::int64_t n = p.n;
  const bool halved = setting.directions == Directions::half_sum;
  switch (setting.directions) {
    case Directions::joint_block: return {{0, vectors_of(p), 0, vectors_of(p), false, false}};
    case Directions::one: return {{0, n, n, n, false, false}};
    case Directions::half_sum:
    case Directions::sum: break;
  }
  return {{0, n, n, n, halved, false}, {n, n, 0, n, halved, true}};
}

std::int64_t vectors_of(const InfoNceFamilyProblem& p) { return p.b == nullptr ? p.n : 2 * p.n; }

const double* entries_at(const InfoNceFamilyProblem& p, VectorId id) {
  return id < p.n ? p.a + id * p.a_stride : p.b + (id - p.n) * p.b_stride;
}

std::int64_t family_rows(const InfoNceSetting& setting, const InfoNceFamilyProblem& p) {
  return setting.directions == Directions::one ? p.n : vectors_of(p);
}

RowKeys keys_of(const InfoNceSetting& setting, const InfoNceFamilyProblem& p,
                const FamilyBlock& block, VectorId row) {
  RowKeys keys;
  for (VectorId key = block.first_key; key < block.first_key + block.keys; ++key) {
    if (key == row && !setting.self_pair_kept) continue;
    (is_positive(setting, p, block, row, key) ? keys.positives : keys.negatives).push_back(key);
  }
  return keys;
}

RowFate fate_of(const InfoNceSetting& setting, const RowKeys& keys, VectorId row) {
  if (keys.positives.empty()) return declared(setting.without_positives, row, "positive");
  if (!keys.negatives.empty()) return RowFate::counts;
  const bool denominator_is_empty = setting.denominator == Denominator::negatives;
  if (setting.without_negatives == EmptySet::as_formula && !denominator_is_empty)
    return RowFate::counts;
  return declared(setting.without_negatives, row, "negative");
}

}  // namespace assay::reference
