// SPDX-License-Identifier: Apache-2.0
// The tiled InfoNCE backward kernels, algorithm "tiled-online-log1p".
//
// They compute the derivatives of sum_i grad_row_loss[i] row_loss[i] + grad_loss * loss. As in the
// forward (info_nce.cuh, whose steps are meant below) every operation is an IEEE binary32 addition,
// subtraction, multiplication, division or fma in a fixed order, the N x N matrix is never stored,
// and nothing is atomic. Memory beyond inputs and outputs: five numbers a row.
//
//  B1. inv_tau as in step 1. mean_part = grad_loss / rows (one binary32 division, on the host).
//      g_i = grad_row_loss[i * stride] + mean_part (one addition; absent, it counts as 0).
//  B2. Statistics of row i by the forward's sweep (steps 2 to 6): m, the maximum of the negatives,
//      r = sum of exp(v - m), p the positive logit.
//      No negatives: M = p, R = 0, D = 1. m <= p: M = p, R = r * exp(m - p), D = R + 1. Otherwise
//      M = m, R = r, D = r + exp(p - m). p - p is added to R: +0, or NaN if p is not finite.
//      Per row: M_i, omega_i = g_i / D_i (one division), rho_i = -(R_i * omega_i).
//  B3. A negative key j of row i: w_ij = exp(s_ij - M_i) * omega_i (one subtraction, exp, one
//      multiplication). Its positive: w_ip = rho_i.
//  B4. One direction, a_i: t runs over the keys in increasing order, coefficient w_it, x = b. b_j:
//      t runs over the rows in increasing order, coefficient w_tj, x = a. Joint block, vector o: t
//      runs over all other vectors in increasing order (o itself is left out by index, without any
//      operation), coefficient w_ot + w_to, each rounded as in B3 (positive pair: rho_o + rho_t).
//      acc_k = fma(coefficient_t, x_t[k], acc_k) from +0; gradient = acc_k * inv_tau.
//  B5. Temperature: in row i each lane keeps acc = fma(w_ij, s_ij - p_i, acc) over the negatives of
//      its columns (column mod 32) in increasing order, from +0; xor tree (offsets 16, 8, 4, 2, 1)
//      of additions; the rows are added as in step 8, giving S. grad_temperature = -(S * inv_tau).
//
// A logit of NaN or +inf makes everything that depends on its row non-finite.
#pragma once

#include "kernels/loss/info_nce.cuh"

namespace assay::kernels::info_nce {

/// Upstream gradients (B1).
struct Upstream {
  const float* per_row;  ///< may be null
  std::int64_t stride;
  float mean_part;
};

/// What the first kernel leaves for the second, one number a row each.
struct RowStatistics {
  float* shift;            ///< M_i
  float* weight;           ///< omega_i
  float* positive_weight;  ///< rho_i
  float* positive;         ///< p_i
  float* temperature;      ///< written by the second kernel: row i's part of S
};

/// What the backward writes: n x d each, contiguous, and one number.
struct GradientOutputs {
  float* a;
  float* b;
  float* temperature;
};

/// M, R and D of one row (B2).
struct Softmax {
  float shift, others, total;
};

template <class Policy>
__device__ inline Softmax softmax_of(const Policy& policy, const RowSum& row, bool has_negatives) {
  const float m = row.maximum, p = row.positive;
  const float zero = p - p;
  Softmax s;
  if (!has_negatives) {
    s = {p, zero, 1.0f + zero};
  } else if (m <= p && !shift_is_fixed(policy)) {
    const float others = row.sum * exponential(policy, m - p) + zero;
    s = {p, others, others + 1.0f};
  } else {
    const float others = row.sum + zero;
    s = {m, others, others + exponential(policy, p - m)};
  }
  s.total = kept_denominator(policy, s.total);
  if (policy.is(Planted::denominator_without_positive)) s.total = s.others;
  return s;
}

/// omega and rho from g (B2).
template <class Policy>
__device__ inline void row_weights(const Policy& policy, const Softmax& s, float p, float g,
                                   float& weight, float& positive_weight) {
  weight = g / s.total;
  if (policy.is(Planted::tiny_in_log)) {
    const float probability = exponential(policy, p - s.shift) / s.total;
    weight = weight * (probability / (probability + 0x1p-126f));
  }
  positive_weight = -(s.others * weight);
  if (policy.is(Planted::positive_by_cancellation))
    positive_weight = (exponential(policy, p - s.shift) / s.total - 1.0f) * g;
}

/// B2 for the rows of one block.
template <Sweep sweep, class Element, class Policy>
__global__ void __launch_bounds__(threads, blocks_per_multiprocessor)
    statistics(InfoNceProblem<Element> q, Upstream upstream, RowStatistics out, Policy policy) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  const std::int64_t first_row = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;
  if (policy.is(Planted::input_written)) write_input(q, first_row);
  RowSum rows[rows_per_warp];
  sweep_rows<sweep>(q, policy, first_row, Tiles{row_tile, key_tile}, rows);
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t i = first_row + static_cast<int>(threadIdx.y) * rows_per_warp + r;
    if (threadIdx.x != 0 || i >= count_of<sweep>(q)) continue;
    const float from_row = upstream.per_row != nullptr ? upstream.per_row[i * upstream.stride] : 0;
    const float g = from_row + upstream.mean_part;
    const Softmax s = softmax_of(policy, rows[r], q.n > 1);
    row_weights(policy, s, rows[r].positive, g, out.weight[i], out.positive_weight[i]);
    out.shift[i] = s.shift;
    out.positive[i] = rows[r].positive;
  }
}

/// The statistics of one row in registers; zeros for a row that does not exist.
struct LoadedRow {
  float shift, weight, positive_weight, positive;
};
__device__ inline LoadedRow load_row(const RowStatistics& s, std::int64_t i, std::int64_t count) {
  if (i >= count) return {0.0f, 0.0f, 0.0f, 0.0f};
  return {s.shift[i], s.weight[i], s.positive_weight[i], s.positive[i]};
}

/// B3: what row `row` gives to a column with logit v.
template <class Policy>
__device__ inline float row_coefficient(const Policy& policy, const LoadedRow& row, float v,
                                        const Place& at) {
  if (!at.positive) return exponential(policy, v - row.shift) * row.weight;
  if (policy.is(Planted::positive_lost_in_last_tile) && at.last_tile)
    return exponential(policy, v - row.shift) * row.weight;
  return row.positive_weight;
}

/// B4: the coefficient of vector t in the gradient of vector o, where both are rows (joint), or
/// only one is.
template <Sweep sweep, class Policy>
__device__ inline float coefficient(const Policy& policy, const LoadedRow& o, LoadedRow t, float v,
                                    const Place& at) {
  if (policy.is(Planted::transposed_statistics)) t.shift = o.shift;
  float w;
  if constexpr (sweep == Sweep::joint) {
    w = row_coefficient(policy, o, v, at);
    if (!policy.is(Planted::one_sided_detach)) w = w + row_coefficient(policy, t, v, at);
  } else {
    w = row_coefficient(policy, sweep == Sweep::rows ? o : t, v, at);
  }
  if (policy.is(Planted::keys_detached) && sweep == Sweep::keys) w = 0.0f;
  return kept_coefficient(policy, w);
}

/// B5: one column's term.
template <class Policy>
__device__ inline float add_temperature_term(const Policy& policy, const LoadedRow& o, float v,
                                             const Place& at, float sum) {
  const float w = row_coefficient(policy, o, v, at);
  float lever = v - o.positive;
  if (policy.is(Planted::temperature_gradient_without_positive)) lever = v;
  sum = fmaf(w, lever, sum);
  return policy.is(Planted::temperature_gradient_in_bf16) ? round_to_bf16(sum) : sum;
}

template <Sweep sweep>
__device__ inline float* gradient_of(const GradientOutputs& out, std::int64_t o, std::int64_t n,
                                     std::int64_t d) {
  if constexpr (sweep == Sweep::joint) return o < n ? out.a + o * d : out.b + (o - n) * d;
  return (sweep == Sweep::rows ? out.a : out.b) + o * d;
}

/// A tile's place in the gradient's sweep.
struct Step {
  std::int64_t tile;
  bool first, last;
  bool lost;  ///< Planted::tile_update_lost
};

/// What B4 writes to: `gradient(o)` is the first coordinate of vector o's gradient, `skipped(o, t)`
/// tells the pairs that are left out, `of_b(o)` whose gradient it is.
template <class Gradient, class Skipped, class OfB>
struct Target {
  std::int64_t count, d;
  float inv_tau;
  Gradient gradient;
  Skipped skipped;
  OfB of_b;
};

/// B4: adds the tile's terms to one chunk of coordinates of the warp's four vectors. Each thread
/// owns one coordinate of each; the accumulators live in the output.
template <class Policy, class To>
__device__ inline void add_tile(const Policy& policy, const Step& step, std::int64_t first,
                                std::int64_t k, const Tile& weights, const Tile& vectors,
                                const To& to) {
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  float acc[rows_per_warp] = {}, odd[rows_per_warp] = {}, held[rows_per_warp] = {};
  const bool split = policy.is(Variant::split_accumulators);
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t o = first + warp * rows_per_warp + r;
    if (o >= to.count || k >= to.d) continue;
    const bool fresh = (step.first && !policy.is(Planted::accumulator_uninitialised)) ||
                       policy.is(Planted::only_last_tile_kept);
    held[r] = fresh ? 0.0f : to.gradient(o)[k];
    if (!split) acc[r] = held[r];
  }
  ASSAY_UNROLL(8)
  for (int slot = 0; slot < keys_per_tile; ++slot) {
    const std::int64_t t = column_of(policy, step.tile, slot);
    if (t >= to.count || step.lost) continue;
    const float x = vectors[slot][lane];
    for (int r = 0; r < rows_per_warp; ++r) {
      if (to.skipped(first + warp * rows_per_warp + r, t)) continue;
      float& sum = split && slot % 2 != 0 ? odd[r] : acc[r];
      sum = fmaf(weights[warp * rows_per_warp + r][slot], x, sum);
    }
  }
  for (int r = 0; r < rows_per_warp; ++r) {
    const std::int64_t o = first + warp * rows_per_warp + r;
    if (o >= to.count || k >= to.d) continue;
    float g = acc[r];
    if (split) g = held[r] + (acc[r] + odd[r]);
    if (policy.is(Planted::gradient_in_bf16)) g = round_to_bf16(g);
    if (step.last && !(policy.is(Planted::keys_not_scaled) && to.of_b(o))) g = g * to.inv_tau;
    if (step.last) g = kept_gradient(policy, g);
    if (policy.is(Planted::last_row_stale) && o == to.count - 1) continue;
    to.gradient(o)[k] = g;
  }
}

/// B4's target in a sweep.
template <Sweep sweep, class Element>
__device__ inline auto target_of(const InfoNceProblem<Element>& q, const GradientOutputs& out) {
  const auto gradient = [&](std::int64_t o) { return gradient_of<sweep>(out, o, q.n, q.d); };
  const auto skipped = [](std::int64_t o, std::int64_t t) {
    return sweep == Sweep::joint && t == o;
  };
  const auto of_b = [&](std::int64_t o) {
    return sweep == Sweep::keys || (sweep == Sweep::joint && o >= q.n);
  };
  return Target<decltype(gradient), decltype(skipped), decltype(of_b)>{
      count_of<sweep>(q), q.d, q.inv_tau, gradient, skipped, of_b};
}

/// Which vector stands for column t when the gradient of the block's vectors is formed.
template <Sweep sweep, class Element, class Policy>
__device__ inline const Element* operand(const InfoNceProblem<Element>& q, const Policy& policy,
                                         std::int64_t t, std::int64_t first) {
  if (policy.is(Planted::keys_from_wrong_operand)) {
    if (sweep == Sweep::keys) return b_of(q, t);
    if (sweep == Sweep::joint && first + rows_per_block > q.n)
      return row_of<sweep>(q, t < q.n ? t + q.n : t - q.n);
  }
  return key_of<sweep>(q, t);
}

/// B3 to B5 for the vectors of one block: rows (a_i), keys (b_j), or both (joint).
template <Sweep sweep, class Element, class Policy>
__global__ void __launch_bounds__(threads, blocks_per_multiprocessor)
    gradient(InfoNceProblem<Element> q, RowStatistics s, GradientOutputs out, Policy policy) {
  ASSAY_SHARED(row_tile, Tile);
  ASSAY_SHARED(key_tile, Tile);
  ASSAY_SHARED(weights, Tile);
  constexpr bool joint = sweep == Sweep::joint;
  const int lane = static_cast<int>(threadIdx.x), warp = static_cast<int>(threadIdx.y);
  const std::int64_t count = count_of<sweep>(q), tiles = tiles_of(policy, count);
  const std::int64_t first = static_cast<std::int64_t>(blockIdx.x) * rows_per_block;

  LoadedRow own[rows_per_warp] = {};
  float temperature[rows_per_warp] = {};
  if constexpr (sweep != Sweep::keys)
    for (int r = 0; r < rows_per_warp; ++r)
      own[r] = load_row(s, first + warp * rows_per_warp + r, count);
  if (policy.is(Planted::transposed_statistics) && sweep == Sweep::keys)
    for (int r = 0; r < rows_per_warp; ++r)
      own[r] = load_row(s, first + warp * rows_per_warp + r, count);

  for (std::int64_t visit = 0; visit < tiles; ++visit) {
    const Step step{tile_at(policy, visit, tiles), visit == 0, visit == tiles - 1,
                    policy.is(Planted::tile_update_lost) && blockIdx.x == 0 && visit == tiles / 2};
    float c[rows_per_warp];
    products<sweep>(q, policy, first, step.tile, Tiles{row_tile, key_tile}, c);
    const std::int64_t t = column_of(policy, step.tile, lane);
    LoadedRow other = {};
    if constexpr (sweep != Sweep::rows) other = load_row(s, t, count);
    for (int r = 0; r < rows_per_warp; ++r) {
      const std::int64_t o = first + warp * rows_per_warp + r;
      const Place at{t == partner_of<sweep>(policy, o, q.n), joint && t == o, t == count - 1,
                     step.last, false};
      const float v = logit(policy, c[r], q.inv_tau, at.positive);
      weights[warp * rows_per_warp + r][lane] = coefficient<sweep>(policy, own[r], other, v, at);
      if (sweep != Sweep::keys && t < count && !at.self && !at.positive)
        temperature[r] = add_temperature_term(policy, own[r], v, at, temperature[r]);
    }
    __syncwarp();  // a warp reads only the weights that it wrote
    const bool staged =
        !Policy::tensor_core && q.d <= chunk && !policy.is(Planted::keys_from_wrong_operand);
    for (std::int64_t k0 = 0; k0 < q.d; k0 += chunk) {
      if (!staged) {
        __syncthreads();
        stage(
            key_tile, warp * 32 + lane, count, k0, q.d,
            [&](int slot) { return column_of(policy, step.tile, slot); },
            [&](std::int64_t j) { return operand<sweep>(q, policy, j, first); });
        __syncthreads();
      }
      add_tile(policy, step, first, k0 + lane, weights, key_tile, target_of<sweep>(q, out));
    }
  }

  if constexpr (sweep != Sweep::keys)
    for (int r = 0; r < rows_per_warp; ++r) {
      const std::int64_t i = first + warp * rows_per_warp + r;
      float sum = temperature[r];
      for (int offset = 16; offset > 0; offset /= 2)
        sum = sum + __shfl_xor_sync(all_lanes, sum, offset);
      if (lane == 0 && i < count) s.temperature[i] = sum;
    }
}

/// All kernels. All pointers must be readable where the kernels run. `temperature_factor` is
/// inv_tau.
template <bool joint, class Element, class Policy>
void launch_backward(const InfoNceProblem<Element>& q, const Upstream& upstream,
                     const RowStatistics& s, const GradientOutputs& out, float temperature_factor,
                     Policy policy) {
  constexpr Sweep sweep = joint ? Sweep::joint : Sweep::rows;
  const std::int64_t rows = count_of<sweep>(q);
  const dim3 grid(blocks_for(rows)), block(32, warps);
  launch(statistics<sweep, Element, Policy>, grid, block, 0, q, upstream, s, policy);
  launch(gradient<sweep, Element, Policy>, grid, block, 0, q, s, out, policy);
  if constexpr (!joint)
    launch(gradient<Sweep::keys, Element, Policy>, grid, block, 0, q, s, out, policy);
  launch(sum_of_rows<NegatedProduct>, dim3(1), dim3(threads_of_sum), 0,
         static_cast<const float*>(s.temperature), rows, out.temperature,
         NegatedProduct{temperature_factor});
}

}  // namespace assay::kernels::info_nce
