// SPDX-License-Identifier: Apache-2.0
// Draws by the largest key: Gumbel-max, exponential races, Gumbel top-k, and top-k by score.
//
// One uniform per column, u = (i + 1/2) / 2^b from the b leading bits i of a word (two words for
// b = 52), so that 0 < u < 1 exactly, also in binary64. With E = -log(u) > 0:
//
//     Gumbel key  log w_j - log E_j       race key  w_j / E_j       top-k key  s_j
//
// The largest key wins, ties go to the smaller index; a column of weight 0 has no key. Gumbel top-k
// takes the k largest in order, which is drawing without replacement (Plackett-Luce). A warp per
// trial, one pass over the columns per index; nothing is stored but the last winner, and each
// winner comes strictly after the one before, so that none can come twice.
#pragma once

#include "kernels/sampling/population.cuh"

namespace assay::kernels::sampling {

inline constexpr int key_threads = 128, key_warps = key_threads / 32;

/// A column with its key; no column has index -1.
struct Keyed {
  double key;
  std::int64_t column;
};

/// Whether a comes before b: larger key, then smaller column (larger with the planted fault).
template <class Policy>
__host__ __device__ bool comes_before(const Policy& policy, const Keyed& a, const Keyed& b) {
  if (a.column < 0 || b.column < 0) return b.column < 0 && a.column >= 0;
  if (a.key != b.key) return a.key > b.key;
  return policy.is(Fault::top_k_ties_to_last) ? a.column > b.column : a.column < b.column;
}

/// -log(u) of a column's uniform.
template <class Words, class Policy>
__host__ __device__ double exponential_variate(const Policy& policy, const Words& words,
                                               Stream stream, std::int64_t column, int bits) {
  const std::uint64_t i = leading_bits(words, stream, static_cast<std::uint64_t>(column), bits);
  const double shift = policy.is(Fault::gumbel_of_zero) ? 1.0 : 0.5;
  const double unit = math64_detail::double_of(static_cast<std::uint64_t>(1023 - bits) << 52);
  return 0.0 - log_f64((static_cast<double>(i) + shift) * unit);  // +0 at u = 1, not -0
}

/// log of a variate; it is 0 only with the planted fault.
__host__ __device__ inline double log_of_variate(double e) {
  return e == 0.0 ? -math64_detail::infinity64 : log_f64(e);
}

/// log w_j up to a constant of the row, from the argument of a positive weight.
__host__ __device__ inline double log_weight(const View& v, double argument) {
  switch (v.tilt) {
    case Tilt::exponential: return argument;
    case Tilt::polynomial: return v.power * log_f64(argument);
    case Tilt::weights: return log_f64(argument);
    default: return 0.0;
  }
}

/// w_j / w_top.
__host__ __device__ inline double relative_weight(const View& v, double argument, double top) {
  switch (v.tilt) {
    case Tilt::exponential: return exp_negative_f64(argument - top);
    case Tilt::polynomial: return power_of(argument / top, v.power);
    case Tilt::weights: return argument / top;
    default: return 1.0;
  }
}

/// What a column brings to its key: log w_j up to a constant, w_j / w_top (race) or its score
/// (top-k); no column if its weight is 0.
template <class Policy>
__host__ __device__ Keyed strength_of(const Policy& policy, const View& v, Method method,
                                      double top, std::int64_t row, std::int64_t column) {
  constexpr Keyed none{0.0, -1};
  double t = argument_of(policy, v, row, column);
  if (!has_weight(v.tilt, t)) {
    if (!policy.is(Fault::zero_mass_reachable) || is_excluded(policy, v, row, column)) return none;
    t = v.tilt == Tilt::exponential ? top - 2.0 : top / 4;
  }
  if (method == Method::top_k) return {t, column};
  if (method != Method::exponential_race) return {log_weight(v, t), column};
  const double w = relative_weight(v, t, top);
  if (w == 0.0) return none;
  return {policy.is(Fault::race_without_weights) ? sqrt(w) : w, column};
}

/// The key of a column from its strength and its variate; top-k has none of the latter.
__host__ __device__ inline double key_from(Method method, double strength, double variate) {
  return method == Method::exponential_race ? strength / variate
                                            : strength - log_of_variate(variate);
}

/// The key of a column, or none.
template <class Words, class Policy>
__host__ __device__ Keyed key_of(const Policy& policy, const View& v, const Words& words,
                                 Stream stream, Method method, int bits, double top,
                                 std::int64_t row, std::int64_t column) {
  const Keyed strength = strength_of(policy, v, method, top, row, column);
  if (strength.column < 0 || method == Method::top_k) return strength;
  const double e = exponential_variate(policy, words, stream, column, bits);
  return {key_from(method, strength.key, e), column};
}

/// Whether the first place is left out: the planted fault only.
template <class Policy>
__host__ __device__ bool skips_the_first(const Policy& policy, Method method) {
  return policy.is(Fault::top_k_off_by_one) &&
         (method == Method::top_k || method == Method::gumbel_top_k);
}

/// out[(row * trials + trial) * count ..]: `count` winners in order.
template <class Words, class Policy>
static __global__ void __launch_bounds__(key_threads)
    draw_keys(Policy policy, View v, Words words, Method method, std::int64_t first_row,
              std::int64_t trials, std::int64_t count, int bits, const RowSummary* summaries,
              std::int64_t* out) {
  const std::int64_t index = static_cast<std::int64_t>(blockIdx.x) * key_warps + threadIdx.x / 32;
  if (index >= v.rows * trials) return;  // the whole warp
  const std::int64_t row = index / trials, trial = index % trials, lane = threadIdx.x % 32;
  if (summaries[row].bad != 0 || summaries[row].support == 0) return;
  const Stream stream = stream_of(policy, row, trial, first_row);
  const bool skip = skips_the_first(policy, method);
  Keyed last{0.0, -1};
  for (std::int64_t place = skip ? -1 : 0; place < count; ++place) {
    Keyed best{0.0, -1};
    for (std::int64_t j = lane; j < v.columns; j += 32) {
      const Keyed mine = key_of(policy, v, words, stream, method, bits, summaries[row].top, row, j);
      const bool open =
          last.column < 0 || comes_before(policy, last, mine) || policy.is(Fault::duplicates);
      if (mine.column >= 0 && open && comes_before(policy, mine, best)) best = mine;
    }
    for (int offset = 16; offset > 0; offset /= 2) {
      const Keyed other{__shfl_xor_sync(every_lane, best.key, offset),
                        static_cast<std::int64_t>(__shfl_xor_sync(
                            every_lane, static_cast<long long>(best.column), offset))};
      if (comes_before(policy, other, best)) best = other;
    }
    last = best;
    if (lane == 0 && place >= 0) out[index * count + place] = best.column;
  }
}

}  // namespace assay::kernels::sampling
