// SPDX-License-Identifier: Apache-2.0
// The kernels for the family around InfoNCE, algorithm "tiled-family": the forward.
//
// As in "tiled-online-log1p" (info_nce.cuh; its steps are meant by number) every operation is an
// IEEE binary32 addition, subtraction, multiplication, division, square root or fma in a fixed
// order, the same under every schedule; exp, log and log1p are those of kernels/math.cuh. The
// matrix of logits is never stored. Where a member of the family is one that info_nce.cuh computes
// (one positive, ALL, no normalisation, temperature), the bits are the same.
//
//  Scale. inv_tau in binary32, rounded once from binary64 on the host: 1/T, scale, exp(log scale).
//  F0. Normalisation, one warp a vector: lane l adds x_k^2 for k = l, l + 32, ... by fma from +0;
//  xor
//      tree (offsets 16, 8, 4, 2, 1) of additions; length = sqrt, correctly rounded. nu = length,
//      or eps where length <= eps (maximum); length + eps (added); sqrt(square + eps)
//      (inside_root), eps rounded to binary32. y_k = x_k / nu. All later steps see y, or x itself,
//      widened.
//  F1. Rows, keys, tiles and logits as in steps 2 to 4, with both directions as two sweeps. A pair
//      (row, key) is left out (the self-pair of the joint block, by index), a positive, or a
//      negative: by index, by equal labels, or by the mask. The second direction reads the mask
//      transposed.
//  F2. Each lane keeps (m, sum) over its negatives and, in forms that need it, over its positives,
//      both as in step 5; total, the positives' logits added from +0 in increasing j; and count.
//      Joined as in step 6: (MN, SN), (MP, SP); total by the same tree, count exactly.
//      K = count, pbar = total / K (the logit itself if K = 1).
//  F3. Row loss.
//      all_mean, K = 1: step 7 with m = MN, R = SN, p = pbar. K > 1: without negatives M = MP, R =
//      SP; otherwise M = max(MP, MN), R = SP*exp(MP - M) + SN*exp(MN - M) (two products, one
//      addition). Loss (M - pbar) + log(R). negatives_mean: (MN - pbar) + log(SN). all_inside: zero
//      = MP - MP. Without negatives: zero. MN <= MP: log1p((SN*exp(MN - MP))/SP) + zero. Otherwise
//      (MN - MP) + log((SN + SP*exp(MP - MN))/SP). negatives_inside: (MN - MP) + log(SN/SP). each:
//      a second sweep; step 7 with m = MN, R = SN for every positive p; each lane adds its losses
//      from +0 in increasing j; xor tree; divided by K. No positive, or no negative where the
//      formula needs one: 0 or NaN, as the setting declares.
//  F4. Per direction: c_i = how often row i counts (0, 1, or K where pairs count), C = sum of c_i,
//  an
//      exact integer, rounded once to binary32. The terms c_i*loss_i (rounded; rows with c_i = 0
//      are left out) are added as in step 8; the mean divides by C, unless C = 0. Mean over
//      positive losses: rows with a negative, or all_mean and K > 1. Two directions: L1 + L2, and
//      that times 0.5 for half the sum. Then times the outer factor, rounded to binary32, if it is
//      not 1.
//
// A row with a NaN logit has NaN results; one with a logit of +inf has non-finite results. The
// gradient: info_nce_family_gradient.cuh.
#pragma once

#include "kernels/loss/info_nce_family_sums.cuh"
#include "kernels/loss/info_nce_family_vectors.cuh"

namespace assay::kernels::info_nce {

/// All that the kernels of one call read, in the memory of the machine where they run.
struct FamilyProblem {
  FamilyRules rules;
  const float* a;
  const float* b;  ///< null: the joint block of a alone
  std::int64_t n, d, a_stride, b_stride;
  float inv_tau;
  const std::int64_t* a_labels;
  const std::int64_t* b_labels;
  const std::uint8_t* mask;
  std::int64_t mask_stride;

  std::int64_t vectors() const { return b == nullptr ? n : 2 * n; }
  /// Rows of one direction.
  std::int64_t count() const { return rules.joint ? vectors() : n; }
  std::int64_t rows() const { return rules.directions * count(); }
};

/// Direction 0 (rows a, or the joint block) or 1 (rows b).
inline FamilySweep sweep_of(const FamilyProblem& q, int direction) {
  const std::int64_t n = q.n, count = q.count();
  FamilySweep s;
  s.count = count;
  s.d = q.d;
  s.inv_tau = q.inv_tau;
  s.relation = {q.rules.positives,
                n,
                n,
                q.rules.joint,
                q.rules.self_left_out,
                direction == 1,
                {q.a_labels, q.b_labels},
                {q.a_labels, q.b_labels},
                q.mask,
                q.mask_stride};
  s.rows = s.keys = {q.a, q.b, q.a_stride, q.b_stride, n};
  if (q.rules.joint) return s;
  const TwoMatrices a{q.a, q.a, q.a_stride, q.a_stride, n};
  const TwoMatrices b{q.b, q.b, q.b_stride, q.b_stride, n};
  s.rows = direction == 0 ? a : b;
  s.keys = direction == 0 ? b : a;
  if (direction == 0)
    s.relation.key_labels[0] = q.b_labels;
  else
    s.relation.row_labels[0] = q.b_labels;
  return s;
}

/// F3, all_mean with several positives.
template <class Policy>
__device__ inline float loss_of_mean(const Policy& policy, const LoadedSums& row,
                                     bool has_negatives) {
  const JointSum all = sum_of_all(policy, row, has_negatives);
  const float r = kept_denominator(policy, all.sum);
  float loss = (all.maximum - row.mean) + log_f32(r);
  if (policy.is(Planted::loss_from_lse)) loss = (all.maximum + log_f32(r)) - row.mean;
  if (policy.is(Planted::tiny_in_log)) loss = -log_f32(exp_f32(-loss) + 0x1p-126f);
  return loss;
}

/// F3, all_inside.
template <class Policy>
__device__ inline float loss_inside(const Policy& policy, const LoadedSums& row,
                                    bool has_negatives) {
  const OnlineSum &p = row.positives, &n = row.negatives;
  const float zero = p.maximum - p.maximum;
  if (!has_negatives) return zero;
  if (n.maximum <= p.maximum) {
    const float x = (n.sum * exponential(policy, n.maximum - p.maximum)) / p.sum;
    return log1p_f32(kept_denominator(policy, x)) + zero;
  }
  const float x = (n.sum + p.sum * exponential(policy, p.maximum - n.maximum)) / p.sum;
  return (n.maximum - p.maximum) + log_f32(kept_denominator(policy, x));
}

/// Planted faults: the mean over positives with another divisor, as a factor.
template <class Policy>
__device__ inline float average_factor(const Policy& policy, const FamilyRules& rules,
                                       float count) {
  if (rules.form == RowForm::all_inside || rules.form == RowForm::negatives_inside) return 1.0f;
  if (policy.is(Planted::positives_not_averaged)) return count;
  if (policy.is(Planted::positives_averaged_over_one_more)) return count / (count + 1.0f);
  return 1.0f;
}

/// F3.
template <class Policy>
__device__ inline float loss_of_row(const Policy& policy, const FamilyRules& rules,
                                    const LoadedSums& row, std::int64_t keys) {
  const Fate fate = fate_of(rules, row.count, keys);
  if (fate == Fate::nan) return math_detail::float_of(0x7fc00000u);
  if (fate != Fate::counts) return 0.0f;
  const bool has_negatives = row.count < static_cast<float>(keys);
  const OnlineSum &p = row.positives, &n = row.negatives;
  float loss = 0.0f;
  switch (rules.form) {
    case RowForm::all_mean:
      loss = row.count == 1.0f ? loss_against(policy, n, row.mean, has_negatives)
                               : loss_of_mean(policy, row, has_negatives);
      break;
    case RowForm::negatives_mean:
      loss = (n.maximum - row.mean) + log_f32(kept_denominator(policy, n.sum));
      break;
    case RowForm::all_inside: loss = loss_inside(policy, row, has_negatives); break;
    case RowForm::negatives_inside:
      loss = (n.maximum - p.maximum) + log_f32(kept_denominator(policy, n.sum / p.sum));
      break;
    case RowForm::each: loss = row.each / row.count; break;
  }
  const float factor = average_factor(policy, rules, row.count);
  return factor == 1.0f ? loss : loss * factor;
}

inline constexpr int threads_of_rows = 256;

/// F3 for the rows of one direction, one thread a row.
template <class Policy>
__global__ void __launch_bounds__(threads_of_rows)
    family_losses(FamilyRules rules, FamilySums sums, std::int64_t count, std::int64_t keys,
                  float* row_loss, Policy policy) {
  const std::int64_t i =
      static_cast<std::int64_t>(blockIdx.x) * threads_of_rows + static_cast<int>(threadIdx.x);
  if (i >= count) return;
  if (policy.is(Planted::last_row_stale) && i == count - 1) return;
  row_loss[i] = loss_of_row(policy, rules, load_sums(sums, i), keys);
}

/// F4 for all directions, by one block. Without losses it only counts: totals[direction] is C.
template <class Policy>
__global__ void __launch_bounds__(threads_of_sum, 1)
    family_mean(FamilyRules rules, const float* row_loss, const float* positives,
                std::int64_t count, std::int64_t keys, float* loss, std::int64_t* totals,
                Policy policy) {
  ASSAY_SHARED(partial, float[threads_of_sum]);
  ASSAY_SHARED(counts, std::int64_t[threads_of_sum]);
  const int thread = static_cast<int>(threadIdx.x);
  float of_direction[2] = {0.0f, 0.0f};
  for (int direction = 0; direction < rules.directions; ++direction) {
    const std::int64_t first = direction * count;
    float sum = 0.0f;
    std::int64_t total = 0;
    for (std::int64_t i = thread; i < count; i += threads_of_sum) {
      const float c = weight_of(policy, rules, positives[first + i], keys);
      if (c != 0.0f && row_loss != nullptr) sum = sum + c * row_loss[first + i];
      total += static_cast<std::int64_t>(c);
      if (c == 0.0f && policy.is(Planted::divisor_counts_all_rows)) total += 1;
    }
    partial[thread] = sum;
    counts[thread] = total;
    __syncthreads();
    for (int offset = threads_of_sum / 2; offset > 0; offset /= 2) {
      if (thread < offset) {
        partial[thread] = partial[thread] + partial[thread + offset];
        counts[thread] += counts[thread + offset];
      }
      __syncthreads();
    }
    std::int64_t all = counts[0];
    if (policy.is(Planted::mean_over_padded_length)) all = (all + 31) / 32 * 32;
    const bool divided = rules.over != FamilySetting::OverAnchors::sum && all != 0;
    of_direction[direction] = divided ? partial[0] / static_cast<float>(all) : partial[0];
    if (thread == 0 && totals != nullptr) totals[direction] = all;
    __syncthreads();
  }
  if (thread != 0 || loss == nullptr) return;
  float result = of_direction[0];
  if (rules.directions == 2 && !policy.is(Planted::only_first_direction)) {
    result = result + of_direction[1];
    if (rules.halved) result = result * 0.5f;
  }
  if (rules.outer != 1.0f) result = result * rules.outer;
  loss[0] = result;
}

/// F2 for every direction.
template <class Policy>
void launch_sums(const FamilyProblem& q, bool shares, const FamilySums& sums, Policy policy) {
  const dim3 grid(blocks_for(q.count())), block(32, warps);
  for (int direction = 0; direction < q.rules.directions; ++direction)
    launch(family_sums<Policy>, grid, block, 0, sweep_of(q, direction), q.rules, shares,
           sums.from(direction * q.count()), policy);
}

inline unsigned blocks_of_rows(std::int64_t rows) {
  return static_cast<unsigned>((rows + threads_of_rows - 1) / threads_of_rows);
}

/// The forward kernels. `row_loss` has q.rows() numbers.
template <class Policy>
void launch_family_forward(const FamilyProblem& q, const FamilySums& sums, float* row_loss,
                           float* loss, Policy policy) {
  const std::int64_t keys = sweep_of(q, 0).keys_of_row();
  launch_sums(q, false, sums, policy);
  launch(family_losses<Policy>, dim3(blocks_of_rows(q.rows())), dim3(threads_of_rows), 0, q.rules,
         sums, q.rows(), keys, row_loss, policy);
  launch(family_mean<Policy>, dim3(1), dim3(threads_of_sum), 0, q.rules,
         static_cast<const float*>(row_loss), static_cast<const float*>(sums.positives), q.count(),
         keys, loss, static_cast<std::int64_t*>(nullptr), policy);
}

}  // namespace assay::kernels::info_nce
