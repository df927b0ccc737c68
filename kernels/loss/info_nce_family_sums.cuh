// SPDX-License-Identifier: Apache-2.0
// What the family's rows sum up over their keys: steps F1 and F2 of info_nce_family.cuh, and the
// second sweep that the form `each` needs.
#pragma once

#include "kernels/loss/info_nce.cuh"
#include "kernels/loss/info_nce_family_rules.cuh"

namespace assay::kernels::info_nce {

/// The sums of all rows in memory, one number a row each.
struct FamilySums {
  float* negative_maximum;
  float* negative_sum;
  float* positive_maximum;
  float* positive_sum;
  float* total;      ///< of the positive logits
  float* positives;  ///< their number, exact up to 2^24
  float* each;  ///< form `each`: the sum over positives of losses (forward) or shares (backward)

  __host__ __device__ FamilySums from(std::int64_t row) const {
    return {negative_maximum + row,
            negative_sum + row,
            positive_maximum + row,
            positive_sum + row,
            total + row,
            positives + row,
            each + row};
  }
};
inline constexpr int numbers_of_sums = 7;

/// The sums of one row; in a lane: of what the lane has seen.
struct FamilyRow {
  OnlineSum negatives, positives;
  float total;
  int count;
};

/// Loss of one positive p against the negatives: step 7.
template <class Policy>
__device__ inline float loss_against(const Policy& policy, const OnlineSum& negatives, float p,
                                     bool has_negatives) {
  float loss, lse;
  finish_row(policy, RowSum{negatives.maximum, negatives.sum, p}, has_negatives, loss, lse);
  return loss;
}

/// The share of the negatives in LSE over p and them: minus the loss's derivative by p. NaN if p is
/// not finite.
template <class Policy>
__device__ inline float share_against(const Policy& policy, const OnlineSum& negatives, float p) {
  const float zero = p - p;
  if (negatives.maximum <= p) {
    const float x = negatives.sum * exponential(policy, negatives.maximum - p);
    return x / (1.0f + x) + zero;
  }
  return negatives.sum / (negatives.sum + exponential(policy, p - negatives.maximum)) + zero;
}

/// One key in one lane's sums.
template <class Policy>
__device__ inline void add_key(const Policy& policy, const FamilyRules& rules, const Place& at,
                               float v, FamilyRow& row) {
  bool positive = at.positive;
  if (policy.is(Planted::last_tile_positives_lost) && at.last_tile && positive) return;
  if (positive) {
    row.total = row.total + v;
    row.count = row.count + 1;
    if (rules.positive_sums) add_negative(policy, row.positives, v, at.last_tile);
  }
  if (policy.is(Planted::positive_counted_twice)) positive = false;
  if (policy.is(Planted::last_column_dropped) && at.last_column) return;
  if (policy.is(Planted::middle_tile_skipped) && at.middle_tile) return;
  if (positive) return;
  add_negative(policy, row.negatives, v, at.last_tile);
  if (policy.is(Planted::last_column_twice) && at.last_column)
    add_negative(policy, row.negatives, v, at.last_tile);
}

/// Planted faults: whether the self-pair counts as a negative.
template <class Policy>
__device__ inline bool self_counts(const Policy& policy, bool last_tile) {
  return policy.is(Planted::diagonal_mask_dropped) ||
         (policy.is(Planted::diagonal_mask_lost_in_last_tile) && last_tile);
}

/// Calls visit(r, at, logit) for the logits of this lane, in increasing order of the columns.
/// Keys that are left out, and rows and keys that do not exist, are not visited.
template <class Policy, class Visit>
__device__ inline void visit_logits(const FamilySweep& q, const Policy& policy,
                                    std::int64_t first_row, const Tiles& shared, Visit visit) {
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const std::int64_t tiles = tiles_of(policy, q.count);
  for (std::int64_t step = 0; step < tiles; ++step) {
    const std::int64_t tile = tile_at(policy, step, tiles);
    if (policy.is(Planted::tail_tile_skipped) && (tile + 1) * keys_per_tile > q.count) continue;
    float c[rows_per_warp];
    products_between(
        policy, first_row, tile, q.count, q.d, shared, [&](std::int64_t i) { return q.rows.at(i); },
        [&](std::int64_t j) { return q.keys.at(j); }, c);
    const std::int64_t j = column_of(policy, tile, lane);
    for (int r = 0; r < rows_per_warp; ++r) {
      const std::int64_t i = first_row + warp * rows_per_warp + r;
      if (i >= q.count) continue;
      if (j >= q.count) {
        if (policy.is(Planted::padding_counted))
          visit(r, Place{false, false, false, tile == tiles - 1, false}, 0.0f);
        continue;
      }
      const bool self = q.relation.left_out(i, j), last_tile = tile == tiles - 1;
      if (self && !self_counts(policy, last_tile)) continue;
      const Place at{!self && q.relation.positive(policy, i, j), self, j == q.count - 1, last_tile,
                     tiles > 2 && tile == tiles / 2};
      visit(r, at, logit(policy, c[r], q.inv_tau, at.positive));
    }
  }
}

/// F2 for the rows of this block: the same sums in every lane of a row's warp.
template <class Policy>
__device__ inline void sum_rows(const FamilySweep& q, const FamilyRules& rules,
                                const Policy& policy, std::int64_t first_row, const Tiles& shared,
                                FamilyRow (&rows)[rows_per_warp]) {
  const float start = starting_maximum(policy, q.inv_tau);
  for (int r = 0; r < rows_per_warp; ++r) rows[r] = {{start, 0.0f}, {start, 0.0f}, 0.0f, 0};
  if (policy.is(Variant::two_pass)) {  // the maxima first, which the sums then never exceed
    visit_logits(q, policy, first_row, shared, [&](int r, const Place& at, float v) {
      OnlineSum& s = at.positive ? rows[r].positives : rows[r].negatives;
      if (v > s.maximum) s.maximum = v;
    });
    for (int r = 0; r < rows_per_warp; ++r) {
      rows[r].positives.maximum = maximum_of_lanes(rows[r].positives.maximum);
      rows[r].negatives.maximum = maximum_of_lanes(rows[r].negatives.maximum);
    }
  }
  visit_logits(q, policy, first_row, shared,
               [&](int r, const Place& at, float v) { add_key(policy, rules, at, v, rows[r]); });
  for (int r = 0; r < rows_per_warp; ++r) {
    FamilyRow& row = rows[r];
    row.negatives = join_lanes(policy, row.negatives);
    if (rules.positive_sums) row.positives = join_lanes(policy, row.positives);
    for (int offset = 16; offset > 0; offset /= 2) {
      row.total = row.total + __shfl_xor_sync(all_lanes, row.total, offset);
      row.count = row.count + __shfl_xor_sync(all_lanes, row.count, offset);
    }
  }
}

/// F2 for all rows of one direction; with `shares`, the second sweep adds shares, otherwise losses.
template <class Policy>
__global__ void __launch_bounds__(threads, blocks_per_multiprocessor)
    family_sums(FamilySweep q, FamilyRules rules, bool shares, FamilySums out, Policy policy) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  const Tiles shared{row_tile, key_tile};
  const int warp = static_cast<int>(threadIdx.y);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;
  FamilyRow rows[rows_per_warp];
  sum_rows(q, rules, policy, first_row, shared, rows);
  float each[rows_per_warp] = {};
  if (rules.form == RowForm::each) {
    visit_logits(q, policy, first_row, shared, [&](int r, const Place& at, float v) {
      if (!at.positive) return;
      if (policy.is(Planted::last_tile_positives_lost) && at.last_tile) return;
      const bool has_negatives = rows[r].count < q.keys_of_row();
      each[r] = each[r] + (shares ? share_against(policy, rows[r].negatives, v)
                                  : loss_against(policy, rows[r].negatives, v, has_negatives));
    });
    for (int r = 0; r < rows_per_warp; ++r)
      for (int offset = 16; offset > 0; offset /= 2)
        each[r] = each[r] + __shfl_xor_sync(all_lanes, each[r], offset);
  }
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first_row + warp * rows_per_warp + r;
    if (threadIdx.x != 0 || i >= q.count) continue;
    out.negative_maximum[i] = rows[r].negatives.maximum;
    out.negative_sum[i] = rows[r].negatives.sum;
    out.positive_maximum[i] = rows[r].positives.maximum;
    out.positive_sum[i] = rows[r].positives.sum;
    out.total[i] = rows[r].total;
    out.positives[i] = static_cast<float>(rows[r].count);
    out.each[i] = each[r];
  }
}

/// One row as the kernels that follow read it.
struct LoadedSums {
  OnlineSum negatives, positives;
  float total, count, each;
  float mean;  ///< of the positive logits: exactly the logit if there is one
};
__device__ inline LoadedSums load_sums(const FamilySums& s, std::int64_t i) {
  LoadedSums row{{s.negative_maximum[i], s.negative_sum[i]},
                 {s.positive_maximum[i], s.positive_sum[i]},
                 s.total[i],
                 s.positives[i],
                 s.each[i],
                 0.0f};
  row.mean = row.total / row.count;
  return row;
}

/// M and R of a row whose denominator holds all its keys.
struct JointSum {
  float maximum, sum;
};
template <class Policy>
__device__ inline JointSum sum_of_all(const Policy& policy, const LoadedSums& row,
                                      bool has_negatives) {
  const OnlineSum &p = row.positives, &n = row.negatives;
  if (!has_negatives) return {p.maximum, p.sum};
  const float m = n.maximum > p.maximum ? n.maximum : p.maximum;
  return {m,
          p.sum * exponential(policy, p.maximum - m) + n.sum * exponential(policy, n.maximum - m)};
}

}  // namespace assay::kernels::info_nce
