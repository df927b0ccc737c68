// SPDX-License-Identifier: Apache-2.0
// A population where a kernel runs: scores, arguments of the tilt, weights, exclusions, and the
// summary of a row that every method starts from.
//
// An argument is what a weight is a monotone function of: the score itself (weights), beta u
// (exponential), max(u + 1, 0) (polynomial), 0 (uniform); -inf stands for an excluded column. All
// in binary64; products of two binary32 numbers are exact there.
#pragma once

#include "kernels/math64.cuh"
#include "kernels/sampling/policy.cuh"
#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling {

/// As Population; pointers are readable where the kernel runs.
struct View {
  std::int64_t rows, columns, score_stride, dimension;
  const float *scores, *x, *y;
  Tilt tilt;
  double beta, inv_tau;
  int power;
  const std::int64_t *self, *positive;
  const std::int32_t *row_labels, *column_labels;
};

/// What every method needs to know of a row.
struct RowSummary {
  double top;            ///< the largest argument
  std::int64_t support;  ///< columns of positive weight
  int bad;               ///< 1 if an argument is no number, infinite, or a negative weight
};

/// <x, y>: eight fma chains over the coordinates l, l + 8, ..., added as a fixed tree.
__host__ __device__ inline double inner_product(const float* x, const float* y,
                                                std::int64_t dimension) {
  double lane[8] = {};
  const std::int64_t whole = dimension & ~std::int64_t{7};
  for (std::int64_t a = 0; a < whole; a += 8)
    for (int l = 0; l < 8; ++l)
      lane[l] = fma(static_cast<double>(x[a + l]), static_cast<double>(y[a + l]), lane[l]);
  for (int l = 0; l < 8; ++l)
    if (whole + l < dimension)
      lane[l] = fma(static_cast<double>(x[whole + l]), static_cast<double>(y[whole + l]), lane[l]);
  return ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

__host__ __device__ inline double score_of(const View& v, std::int64_t row, std::int64_t column) {
  if (v.scores != nullptr) return v.scores[row * v.score_stride + column];
  return inner_product(v.x + row * v.dimension, v.y + column * v.dimension, v.dimension);
}

template <class Policy>
__host__ __device__ bool is_excluded(const Policy& policy, const View& v, std::int64_t row,
                                     std::int64_t column) {
  if (v.self != nullptr && v.self[row] == column && !policy.is(Fault::self_leaks)) return true;
  if (v.positive != nullptr && v.positive[row] == column && !policy.is(Fault::positive_leaks))
    return true;
  return v.row_labels != nullptr && v.row_labels[row] == v.column_labels[column] &&
         !policy.is(Fault::label_leaks);
}

/// What the score is multiplied by in the exponent.
template <class Policy>
__host__ __device__ double exponent_factor(const Policy& policy, const View& v) {
  const double inv_tau = policy.is(Fault::temperature_forgotten) ? 1.0 : v.inv_tau;
  return v.beta * inv_tau * (policy.is(Fault::tilt_twice) ? 2.0 : 1.0);
}

/// The argument of a column that is not excluded.
template <class Policy>
__host__ __device__ double argument_of_score(const Policy& policy, const View& v, double score) {
  switch (v.tilt) {
    case Tilt::exponential: {
      const double t = score * exponent_factor(policy, v);
      return policy.is(Fault::exponent_saturates) && t > 88.0 ? 88.0 : t;
    }
    case Tilt::polynomial: {
      const double inv_tau = policy.is(Fault::temperature_forgotten) ? 1.0 : v.inv_tau;
      const double u = score * inv_tau + 1.0;
      return u > 0.0 || u != u ? u : 0.0;
    }
    case Tilt::weights: return score;
    default: return 0.0;
  }
}

template <class Policy>
__host__ __device__ double argument_of(const Policy& policy, const View& v, std::int64_t row,
                                       std::int64_t column) {
  if (is_excluded(policy, v, row, column)) return -math64_detail::infinity64;
  if (v.tilt == Tilt::uniform) return 0.0;
  const double t = argument_of_score(policy, v, score_of(v, row, column));
  // A negative weight that is no exclusion must not look like one.
  if (v.tilt == Tilt::weights && t < 0.0) return __builtin_nan("");
  return t;
}

/// Whether an argument stands for a positive weight.
__host__ __device__ inline bool has_weight(Tilt tilt, double argument) {
  const bool zero_is_none = tilt == Tilt::weights || tilt == Tilt::polynomial;
  return zero_is_none ? argument > 0.0 : argument > -math64_detail::infinity64;
}
__host__ __device__ inline bool is_bad(double argument) {
  return !(argument < math64_detail::infinity64);
}

__host__ __device__ inline double power_of(double base, int power) {
  double result = 1.0;
  for (; power > 0; power /= 2) {
    if (power % 2 != 0) result *= base;
    base *= base;
  }
  return result;
}

/// What turns arguments of a row into integers: top, or a power of two.
__host__ __device__ inline double weight_scale(Tilt tilt, double top) {
  if (tilt != Tilt::weights) return top;
  using namespace math64_detail;
  const int exponent = static_cast<int>(bits_of(top) >> 52);  // top > 0, a binary32 number
  return double_of(static_cast<std::uint64_t>(1023 + 51 + 1023 - exponent) << 52);
}

/// W_j below 2^52: 1; or the integer nearest to 2^51 w_j / w_top (weights: to w_j times a power of
/// two, with w_top at least 2^51). 0 if the weight is 0.
__host__ __device__ inline std::uint64_t integer_weight(Tilt tilt, int power, double argument,
                                                        double scale) {
  using namespace math64_detail;
  switch (tilt) {
    case Tilt::exponential: return scaled_exp_f64(argument - scale);
    case Tilt::weights:
      return argument > 0.0 ? bits_of(argument * scale + 0x1p52) - bits_of(0x1p52) : 0;
    case Tilt::polynomial:
      return argument > 0.0
                 ? bits_of(power_of(argument / scale, power) * 0x1p51 + 0x1p52) - bits_of(0x1p52)
                 : 0;
    default: return argument > -infinity64 ? 1 : 0;
  }
}

/// The integer weight of a column of a summarised row.
template <class Policy>
__host__ __device__ std::uint64_t weight_at(const Policy& policy, const View& v, double scale,
                                            std::int64_t row, std::int64_t column) {
  if (column >= v.columns) return 0;
  if (policy.is(Fault::last_bin_lost) && column == v.columns - 1) return 0;
  std::uint64_t w = integer_weight(v.tilt, v.power, argument_of(policy, v, row, column), scale);
  if (policy.is(Fault::weight_off_five_percent) && column % 3 == 1) w += w / 20;
  return w;
}

inline constexpr unsigned every_lane = 0xffffffffu;

__device__ inline RowSummary both(const RowSummary& a, const RowSummary& b) {
  return {a.top > b.top ? a.top : b.top, a.support + b.support, a.bad | b.bad};
}

inline constexpr int summary_threads = 256;

/// One block per row. Maxima and counts do not depend on the order of the threads.
template <class Policy>
static __global__ void __launch_bounds__(summary_threads)
    summarise(Policy policy, View v, RowSummary* out) {
  ASSAY_SHARED(parts, RowSummary[summary_threads / 32]);
  const std::int64_t row = blockIdx.x;
  RowSummary mine{-math64_detail::infinity64, 0, 0};
  for (std::int64_t j = threadIdx.x; j < v.columns; j += summary_threads) {
    const double t = argument_of(policy, v, row, j);
    mine = both(mine, {t, has_weight(v.tilt, t) ? 1 : 0, is_bad(t) ? 1 : 0});
  }
  for (int offset = 16; offset > 0; offset /= 2)
    mine = both(mine, {__shfl_xor_sync(every_lane, mine.top, offset),
                       static_cast<std::int64_t>(__shfl_xor_sync(
                           every_lane, static_cast<long long>(mine.support), offset)),
                       __shfl_xor_sync(every_lane, mine.bad, offset)});
  if (threadIdx.x % 32 == 0) parts[threadIdx.x / 32] = mine;
  __syncthreads();
  if (threadIdx.x != 0) return;
  for (int w = 1; w < summary_threads / 32; ++w) mine = both(mine, parts[w]);
  out[row] = mine;
}

}  // namespace assay::kernels::sampling
