// SPDX-License-Identifier: Apache-2.0
// The kernels for the family around InfoNCE, algorithm "tiled-family": the backward.
//
// They compute the derivatives of sum_i grad_row_loss[i] row_loss[i] + grad_loss * loss. Steps of
// info_nce_family.cuh (F), of info_nce.cuh (1 to 8) and of info_nce_gradient.cuh (B3 to B5) are
// meant by name. Nothing is atomic. Memory beyond inputs and outputs: 13 numbers a row, and where
// vectors are normalised or widened their images and two numbers a vector.
//
//  G1. up = grad_loss, times the outer factor (binary32) if it is not 1, times 0.5 for half the sum
//  of
//      two directions, then divided by C (F4) where a mean is taken and C is not 0.
//      g_i = grad_row_loss[i * stride] + up*c_i (a product, an addition; absent, grad_row_loss
//      counts as 0). A row that does not follow the formula (F3) has coefficients 0, or NaN.
//  G2. Row i's coefficient for a negative key is exp(s - shift)*omega (one subtraction, exp, one
//      product), for a positive one as stated. k = g/K.
//      all_mean, K = 1: shift = M, omega, positive rho as in B2. K > 1: M, R of F3, R + (pbar -
//      pbar); shift = M, omega = g/R, positive exp(s - M)*omega + -k. negatives_mean: shift = MN,
//      omega = g/SN, positive -k. all_inside: q = x/(SP + x) with x = SN*exp(MN - MP) where MN <=
//      MP, otherwise q = SN/(SN + SP*exp(MP - MN)); h = g*(q + (MP - MP)). negatives_inside: h = g.
//      shift = MN, omega = h/SN, positive -(exp(s - MP)*(h/SP)). each: q_p = x/(1 + x) with x =
//      SN*exp(MN - s_p) where MN <= s_p, otherwise SN/(SN + exp(s_p - MN)), then + (s_p - s_p). Q =
//      sum of the q_p in the second sweep (lanes, xor tree). shift = MN, omega = (k*Q)/SN, positive
//      -(q_p*k), 0 where k is 0. Without negatives: omega = 0, and h = 0.
//  G3. Vector o: t runs over the vectors that it meets as a row or as a key, in increasing order
//  (B4).
//      The coefficient is that of row o for key t, plus that of row t for key o where both are
//      rows, each rounded first. acc_k = fma(coefficient_t, y_t[k], acc_k) from +0; gradient =
//      acc_k*inv_tau.
//  G4. Parameter: in row i each lane adds fma(w_ij, s_ij - pbar, acc) over the keys of its columns
//  in
//      increasing order from +0, positives with s_ij = pbar left out; xor tree; the rows of all
//      directions are added as in step 8, giving S. By T: -(S*inv_tau). By the scale: S/scale, the
//      scale rounded to binary32. By the log scale: S.
//  B6. With normalisation G3 gives dy. dot = sum of y_k*dy_k as in F0; r = dot*radial with radial =
//  1,
//      or 0 where length <= eps (maximum), or nu/length, 0 for length 0 (added). dx_k = fma(-r,
//      y_k, dy_k)/nu.
#pragma once

#include "kernels/loss/info_nce_family.cuh"
#include "kernels/loss/info_nce_gradient.cuh"

namespace assay::kernels::info_nce {

/// The coefficients of all rows in memory, one number a row each.
struct FamilyTerms {
  float* shift;
  float* weight;       ///< omega
  float* positive_a;   ///< rho or -k (means), MP (inside), SN (each)
  float* positive_b;   ///< 1 if positives have a share of the denominator (all_mean); h/SP; k
  float* center;       ///< pbar
  float* temperature;  ///< written by the gradient: row i's part of S

  __host__ __device__ FamilyTerms from(std::int64_t row) const {
    return {shift + row,      weight + row, positive_a + row,
            positive_b + row, center + row, temperature + row};
  }
};
inline constexpr int numbers_of_terms = 6;

/// Upstream gradients (G1).
struct FamilyUpstream {
  const float* per_row;  ///< may be null
  std::int64_t stride;
  float mean;  ///< up before the division
};

struct LoadedTerms {
  float shift, weight, positive_a, positive_b, center;
};

/// A row that gives nothing, however large its logits; or NaN.
__device__ inline LoadedTerms silent_terms(bool is_nan) {
  const float infinity = math_detail::float_of(0x7f800000u);
  const float nan = math_detail::float_of(0x7fc00000u);
  if (is_nan) return {nan, nan, nan, nan, nan};
  return {infinity, 0.0f, 0.0f, 0.0f, 0.0f};
}

template <class Policy>
__device__ inline LoadedTerms terms_of_mean(const Policy& policy, const LoadedSums& row, float g,
                                            bool has_negatives) {
  if (row.count == 1.0f) {
    const RowSum sums{row.negatives.maximum, row.negatives.sum, row.mean};
    const Softmax s = softmax_of(policy, sums, has_negatives);
    LoadedTerms t{s.shift, 0.0f, 0.0f, 0.0f, row.mean};
    row_weights(policy, s, row.mean, g, t.weight, t.positive_a);
    return t;
  }
  const JointSum all = sum_of_all(policy, row, has_negatives);
  const float r = kept_denominator(policy, all.sum + (row.mean - row.mean));
  return {all.maximum, g / r, -(g / row.count), 1.0f, row.mean};
}

template <class Policy>
__device__ inline LoadedTerms terms_inside(const Policy& policy, const FamilyRules& rules,
                                           const LoadedSums& row, float g, bool has_negatives) {
  const OnlineSum &p = row.positives, &n = row.negatives;
  if (!has_negatives) return {n.maximum, 0.0f, p.maximum, 0.0f, row.mean};
  float h = g;
  if (rules.form == RowForm::all_inside) {
    float q;
    if (n.maximum <= p.maximum) {
      const float x = n.sum * exponential(policy, n.maximum - p.maximum);
      q = x / (p.sum + x);
    } else {
      q = n.sum / (n.sum + p.sum * exponential(policy, p.maximum - n.maximum));
    }
    h = g * (q + (p.maximum - p.maximum));
  }
  return {n.maximum, h / n.sum, p.maximum, h / p.sum, row.mean};
}

/// G2 for one row.
template <class Policy>
__device__ inline LoadedTerms terms_of(const Policy& policy, const FamilyRules& rules,
                                       const LoadedSums& row, float g, std::int64_t keys) {
  const Fate fate = fate_of(rules, row.count, keys);
  if (fate != Fate::counts) return silent_terms(fate == Fate::nan);
  const bool has_negatives = row.count < static_cast<float>(keys);
  const float factor = average_factor(policy, rules, row.count);
  if (factor != 1.0f) g = g * factor;
  const OnlineSum& n = row.negatives;
  const float k = g / row.count;
  switch (rules.form) {
    case RowForm::all_mean: return terms_of_mean(policy, row, g, has_negatives);
    case RowForm::negatives_mean: return {n.maximum, g / n.sum, -k, 0.0f, row.mean};
    case RowForm::all_inside:
    case RowForm::negatives_inside: return terms_inside(policy, rules, row, g, has_negatives);
    case RowForm::each: break;
  }
  return {n.maximum, has_negatives ? (k * row.each) / n.sum : 0.0f, n.sum, k, row.mean};
}

/// G1 and G2 for the rows of one direction, one thread a row.
template <class Policy>
__global__ void __launch_bounds__(threads_of_rows)
    family_terms(FamilyRules rules, FamilySums sums, FamilyUpstream upstream, std::int64_t count,
                 std::int64_t keys, int direction, const std::int64_t* totals, FamilyTerms out,
                 Policy policy) {
  const std::int64_t i =
      static_cast<std::int64_t>(blockIdx.x) * threads_of_rows + static_cast<int>(threadIdx.x);
  if (i >= count) return;
  const std::int64_t total = totals[direction];
  float up = upstream.mean;
  if (rules.over != FamilySetting::OverAnchors::sum && total != 0)
    up = up / static_cast<float>(total);
  if (policy.is(Planted::only_first_direction) && rules.directions == 2) {
    if (rules.halved) up = up * 2.0f;
    if (direction == 1) up = 0.0f;
  }
  const LoadedSums row = load_sums(sums, i);
  const std::int64_t place = (direction * count + i) * upstream.stride;
  const float from_row = upstream.per_row != nullptr ? upstream.per_row[place] : 0.0f;
  const float g = from_row + up * weight_of(policy, rules, row.count, keys);
  const LoadedTerms t = terms_of(policy, rules, row, g, keys);
  out.shift[i] = t.shift;
  out.weight[i] = t.weight;
  out.positive_a[i] = t.positive_a;
  out.positive_b[i] = t.positive_b;
  out.center[i] = t.center;
}

/// G2: what a row gives to a key with logit v.
template <class Policy>
__device__ inline float family_coefficient(const Policy& policy, RowForm form,
                                           const LoadedTerms& row, float v, bool positive) {
  if (!positive) return exponential(policy, v - row.shift) * row.weight;
  switch (form) {
    case RowForm::all_mean:
      if (row.positive_b == 0.0f) return row.positive_a;
      return exponential(policy, v - row.shift) * row.weight + row.positive_a;
    case RowForm::negatives_mean: return row.positive_a;
    case RowForm::all_inside:
    case RowForm::negatives_inside:
      return -(exponential(policy, v - row.positive_a) * row.positive_b);
    case RowForm::each: break;
  }
  if (row.positive_b == 0.0f) return 0.0f;
  return -(share_against(policy, OnlineSum{row.shift, row.positive_a}, v) * row.positive_b);
}

/// The vectors whose gradient is formed against those that they meet.
struct FamilySide {
  FamilySweep own;    ///< o as rows, t as keys
  FamilySweep other;  ///< t as rows, o as keys
  FamilyTerms own_terms, other_terms;
  bool is_row, is_key;  ///< which of the two there are
  bool of_b;            ///< o are vectors of b
  float* gradient[2];   ///< of the first split vectors, and of the rest

  __device__ float* gradient_at(std::int64_t o) const {
    return o < own.rows.split ? gradient[0] + o * own.d
                              : gradient[1] + (o - own.rows.split) * own.d;
  }
};

__device__ inline LoadedTerms load_terms(const FamilyTerms& t, bool exists, std::int64_t i,
                                         std::int64_t count) {
  if (!exists || i >= count) return {0.0f, 0.0f, 0.0f, 0.0f, 0.0f};
  return {t.shift[i], t.weight[i], t.positive_a[i], t.positive_b[i], t.center[i]};
}

/// G3's coefficient of the pair (o, t), and G4's term.
template <class Policy>
__device__ inline float pair_coefficient(const Policy& policy, const FamilySide& q, RowForm form,
                                         std::int64_t o, std::int64_t t, const LoadedTerms& own,
                                         LoadedTerms other, float v, bool last_tile,
                                         float& temperature) {
  const bool lost = policy.is(Planted::positive_lost_in_last_tile) && last_tile;
  if (policy.is(Planted::transposed_statistics)) other.shift = own.shift;
  float w = 0.0f;
  if (q.is_row) {
    const bool positive = q.own.relation.positive(policy, o, t);
    w = family_coefficient(policy, form, own, v, positive && !lost);
    if (!(positive && v == own.center)) {
      const bool bare = policy.is(Planted::temperature_gradient_without_positive);
      temperature = fmaf(w, bare ? v : v - own.center, temperature);
      if (policy.is(Planted::temperature_gradient_in_bf16))
        temperature = round_to_bf16(temperature);
    }
  }
  if (q.is_key && !(q.is_row && policy.is(Planted::one_sided_detach))) {
    const bool positive = q.other.relation.positive(policy, t, o);
    const float from_row = family_coefficient(policy, form, other, v, positive && !lost);
    w = q.is_row ? w + from_row : from_row;
  }
  if (policy.is(Planted::keys_detached) && !q.is_row) w = 0.0f;
  return kept_coefficient(policy, w);
}

/// G3 and G4 for the vectors of one block.
template <class Policy>
__global__ void __launch_bounds__(threads, blocks_per_multiprocessor)
    family_gradient(FamilySide q, RowForm form, Policy policy) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  ASSAY_SHARED(weights, Tile);
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const std::int64_t count = q.own.count, d = q.own.d, tiles = tiles_of(policy, count);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;
  const auto row_pointer = [&](std::int64_t i) { return q.own.rows.at(i); };
  const auto key_pointer = [&](std::int64_t j) { return q.own.keys.at(j); };
  const auto gradient = [&](std::int64_t o) { return q.gradient_at(o); };
  const auto skipped = [&](std::int64_t o, std::int64_t t) {
    return q.own.relation.left_out(o, t);
  };
  const auto of_b = [&](std::int64_t o) {
    return q.of_b || (q.own.relation.joint && o >= q.own.relation.n);
  };
  const Target<decltype(gradient), decltype(skipped), decltype(of_b)> target{
      count, d, q.own.inv_tau, gradient, skipped, of_b};

  LoadedTerms own[rows_per_warp];
  float temperature[rows_per_warp] = {};
  for (int r = 0; r < rows_per_warp; ++r)
    own[r] = load_terms(q.own_terms, q.is_row || policy.is(Planted::transposed_statistics),
                        first + warp * rows_per_warp + r, count);
  for (std::int64_t visit = 0; visit < tiles; ++visit) {
    const Step step{tile_at(policy, visit, tiles), visit == 0, visit == tiles - 1,
                    policy.is(Planted::tile_update_lost) && blockIdx.x == 0 && visit == tiles / 2};
    float c[rows_per_warp];
    products_between(policy, first, step.tile, count, d, Tiles{row_tile, key_tile}, row_pointer,
                     key_pointer, c);
    const std::int64_t t = column_of(policy, step.tile, lane);
    const LoadedTerms other = load_terms(q.other_terms, q.is_key, t, count);
    ASSAY_UNROLL(4)  // so that what is indexed by r stays in registers
    for (int r = 0; r < rows_per_warp; ++r) {
      const std::int64_t o = first + warp * rows_per_warp + r;
      float w = 0.0f;
      if (o < count && t < count && !skipped(o, t)) {
        const bool positive = (q.is_row ? q.own.relation.positive(policy, o, t)
                                        : q.other.relation.positive(policy, t, o));
        const float v = logit(policy, c[r], q.own.inv_tau, positive);
        w = pair_coefficient(policy, q, form, o, t, own[r], other, v, step.last, temperature[r]);
      }
      weights[warp * rows_per_warp + r][lane] = w;
    }
    __syncwarp();  // a warp reads only the weights that it wrote
    const bool staged = d <= chunk && !policy.is(Planted::keys_from_wrong_operand);
    for (std::int64_t k0 = 0; k0 < d; k0 += chunk) {
      if (!staged) {
        __syncthreads();
        stage(
            key_tile, warp * 32 + lane, count, k0, d,
            [&](int slot) { return column_of(policy, step.tile, slot); },
            [&](std::int64_t j) {
              return policy.is(Planted::keys_from_wrong_operand) && q.of_b ? q.own.rows.at(j)
                                                                           : q.own.keys.at(j);
            });
        __syncthreads();
      }
      add_tile(policy, step, first, k0 + lane, weights, key_tile, target);
    }
  }
  if (!q.is_row) return;
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first + warp * rows_per_warp + r;
    const float sum = sum_of_lanes(temperature[r]);
    if (lane == 0 && i < count) q.own_terms.temperature[i] = sum;
  }
}

/// G4: what becomes of S.
struct OfParameter {
  FamilySetting::TemperatureAs as;
  float factor;  ///< inv_tau or the scale
  bool negated;  ///< by rights: for the temperature only
  __device__ float operator()(float sum) const {
    if (as == FamilySetting::TemperatureAs::temperature) sum = sum * factor;
    if (as == FamilySetting::TemperatureAs::scale) sum = sum / factor;
    return negated ? -sum : sum;
  }
};

/// What the backward writes, and its scratch memory.
struct FamilyGradients {
  float* a;
  float* b;  ///< null without a second matrix
  float* parameter;
  Image image_a, image_b;  ///< norm null without normalisation
};

template <class Policy>
void launch_sides(const FamilyProblem& q, const FamilyTerms& terms, const FamilyGradients& out,
                  Policy policy) {
  const dim3 grid(blocks_for(q.count())), block(32, warps);
  const FamilySweep rows_a = sweep_of(q, 0);
  if (q.rules.joint) {
    const FamilySide side{rows_a, rows_a, terms, terms, true, true, false, {out.a, out.b}};
    launch(family_gradient<Policy>, grid, block, 0, side, q.rules.form, policy);
    return;
  }
  const bool both = q.rules.directions == 2;
  const FamilySweep rows_b = sweep_of(q, 1);
  const FamilyTerms of_b = both ? terms.from(q.count()) : terms;
  const FamilySide a{rows_a, rows_b, terms, of_b, true, both, false, {out.a, out.a}};
  const FamilySide b{rows_b, rows_a, of_b, terms, both, true, true, {out.b, out.b}};
  launch(family_gradient<Policy>, grid, block, 0, a, q.rules.form, policy);
  launch(family_gradient<Policy>, grid, block, 0, b, q.rules.form, policy);
}

/// The backward kernels. `totals`: two numbers.
template <class Policy>
void launch_family_backward(const FamilyProblem& q, const FamilyUpstream& upstream,
                            const FamilySums& sums, const FamilyTerms& terms, std::int64_t* totals,
                            const FamilyGradients& out, const OfParameter& of_parameter,
                            Policy policy) {
  const std::int64_t keys = sweep_of(q, 0).keys_of_row(), count = q.count();
  launch_sums(q, true, sums, policy);
  launch(family_mean<Policy>, dim3(1), dim3(threads_of_sum), 0, q.rules,
         static_cast<const float*>(nullptr), static_cast<const float*>(sums.positives), count, keys,
         static_cast<float*>(nullptr), totals, policy);
  for (int direction = 0; direction < q.rules.directions; ++direction)
    launch(family_terms<Policy>, dim3(blocks_of_rows(count)), dim3(threads_of_rows), 0, q.rules,
           sums.from(direction * count), upstream, count, keys, direction,
           static_cast<const std::int64_t*>(totals), terms.from(direction * count), policy);
  launch_sides(q, terms, out, policy);
  launch(sum_of_rows<OfParameter>, dim3(1), dim3(threads_of_sum), 0,
         static_cast<const float*>(terms.temperature), q.rows(), out.parameter, of_parameter);
  for (const bool second : {false, true}) {
    const Image& image = second ? out.image_b : out.image_a;
    float* const gradient = second ? out.b : out.a;
    if (image.norm == nullptr || gradient == nullptr) continue;
    launch(through_normalisation<Policy>,
           dim3(static_cast<unsigned>((image.n + warps - 1) / warps)), dim3(32, warps), 0, image,
           gradient, policy);
  }
}

}  // namespace assay::kernels::info_nce
