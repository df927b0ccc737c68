// SPDX-License-Identifier: Apache-2.0
// The loops of the CPU implementation of InfoNCE; included once per instruction set by a file that
// defines, in an unnamed namespace, before the inclusion:
//   vector_lanes, row_tile, key_tile; Vec, a GCC vector of so many floats; fused(a, b, c), the
//   fused a b + c; splat(x); and the macro ASSAY_CPU_CODE, the name of the table.
//
// Everything has internal linkage (see info_nce_cpu_code.hpp). The order of the operations on each
// number does not depend on vector_lanes, row_tile or key_tile, hence neither do the bits.
#include "kernels/loss/info_nce_cpu_code.hpp"

namespace assay::kernels::cpu {
namespace {

using Int = std::int64_t;
typedef int IntVec __attribute__((vector_size(vector_lanes * 4)));
typedef unsigned BitVec __attribute__((vector_size(vector_lanes * 4)));

constexpr Int width = vector_lanes;
constexpr int tile_vectors = key_tile / vector_lanes;
constexpr int sum_vectors = partial_sums / vector_lanes;
// Coordinates whose key tile stays in the nearest cache, and whose gradients stay in the second.
constexpr Int depth_step = 256, coordinate_step = 96;
static_assert(coordinate_step % row_tile == 0);
static_assert(key_tile % vector_lanes == 0 && partial_sums % vector_lanes == 0);
static_assert(rows_per_panel % row_tile == 0 && keys_per_block % key_tile == 0);

inline Vec load(const float* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(float* p, Vec v) { __builtin_memcpy(p, &v, sizeof v); }

/// 2^e for -126 <= e <= 127.
inline Vec power_of_two(IntVec e) { return (Vec)((BitVec)(e + 127) << 23); }

/// exp_f32 of kernels/math.cuh, operation for operation, for x <= 0 or NaN.
inline Vec exp_of(Vec x) {
  const Vec shift = splat(0x1.8p23f);
  const Vec shifted = fused(x, splat(0x1.715476p+0f), shift);
  const Vec n = shifted - shift;
  const IntVec e = (IntVec)shifted - (IntVec)shift;
  Vec r = fused(n, splat(-0x1.62e4p-1f), x);
  r = fused(n, splat(-0x1.7f7d1cp-20f), r);
  Vec p = splat(0x1.6a23dp-10f);
  p = fused(p, r, splat(0x1.123a2p-7f));
  p = fused(p, r, splat(0x1.5558f2p-5f));
  p = fused(p, r, splat(0x1.555492p-3f));
  p = fused(p, r, splat(0x1.fffffcp-2f));
  p = fused(p, r, splat(1.0f));
  p = fused(p, r, splat(1.0f));
  const IntVec half = e >> 1;
  const Vec y = p * power_of_two(half) * power_of_two(e - half);
  return x < splat(-104.0f) ? Vec{} : y;  // a NaN has stayed one all the way
}

/// What becomes of a tile of accumulators.
enum class Into : unsigned char { fresh, resumed, added };

/// `rows` x key_tile accumulators: acc_ij = chain over k of fma(a_ik, b_kj, acc_ij), from +0 or
/// (resumed) from c_ij; then c_ij = acc_ij or (added) c_ij + acc_ij.
template <int rows, Into into>
inline void register_tile(Int depth, const float* a, Int a_row, Int a_step, const float* b,
                          Int b_step, float* c, Int c_row) {
  Vec acc[rows][tile_vectors];
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 16
    for (int v = 0; v < tile_vectors; ++v)
      acc[i][v] = into == Into::resumed ? load(c + i * c_row + v * width) : Vec{};
  for (Int k = 0; k < depth; ++k) {
    Vec column[tile_vectors];
#pragma GCC unroll 16
    for (int v = 0; v < tile_vectors; ++v) column[v] = load(b + k * b_step + v * width);
#pragma GCC unroll 16
    for (int i = 0; i < rows; ++i) {
      const Vec factor = splat(a[i * a_row + k * a_step]);
#pragma GCC unroll 16
      for (int v = 0; v < tile_vectors; ++v) acc[i][v] = fused(factor, column[v], acc[i][v]);
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < rows; ++i)
#pragma GCC unroll 16
    for (int v = 0; v < tile_vectors; ++v) {
      float* to = c + i * c_row + v * width;
      store(to, into == Into::added ? load(to) + acc[i][v] : acc[i][v]);
    }
}

void exp_nonpositive(const float* x, float* y, Int count) {
  for (Int i = 0; i < count; i += vector_lanes) store(y + i, exp_of(load(x + i)));
}

void dots(const float* const* x, const float* const* y, Int count, Int d, float* out) {
  constexpr int together = 8;  // independent chains hide the latency of the fused operation
  for (Int first = 0; first < count; first += together) {
    const float* p[together];
    const float* q[together];
    float chain[together];
    const Int last = count - 1;
    for (int i = 0; i < together; ++i) {
      const Int at = first + i < last ? first + i : last;
      p[i] = x[at];
      q[i] = y[at];
      chain[i] = 0;
    }
    for (Int k = 0; k < d; ++k)
#pragma GCC unroll 8
      for (int i = 0; i < together; ++i) chain[i] = __builtin_fmaf(p[i][k], q[i][k], chain[i]);
    for (int i = 0; i < together && first + i < count; ++i) out[first + i] = chain[i];
  }
}

template <Into into>
void product_row_of_tiles(Int row_tiles, Int depth, const float* rows, Int rows_apart,
                          const float* keys, float* block) {
  for (Int t = 0; t < row_tiles; ++t)
    register_tile<row_tile, into>(depth, rows + t * rows_apart, 1, row_tile, keys, key_tile,
                                  block + t * row_tile * block_stride, block_stride);
}

void products(Int row_tiles, Int key_tiles, Int d, const float* rows, const float* keys,
              float* block) {
  for (Int j = 0; j < key_tiles; ++j)
    for (Int k = 0; k < d; k += depth_step) {
      const Int depth = d - k < depth_step ? d - k : depth_step;
      const float* from = rows + k * row_tile;
      const float* key = keys + (j * d + k) * key_tile;
      if (k == 0)
        product_row_of_tiles<Into::fresh>(row_tiles, depth, from, d * row_tile, key,
                                          block + j * key_tile);
      else
        product_row_of_tiles<Into::resumed>(row_tiles, depth, from, d * row_tile, key,
                                            block + j * key_tile);
    }
}

/// Largest of the scaled logits, NaNs apart: 16 partial maxima, then a tree.
float scale_and_find_maximum(float* x, Int count, float inv_tau) {
  const Vec scale_by = splat(inv_tau);
  Vec top[sum_vectors];
  for (int v = 0; v < sum_vectors; ++v) top[v] = splat(-__builtin_inff());
  for (Int j = 0; j < count; j += partial_sums)
#pragma GCC unroll 4
    for (int v = 0; v < sum_vectors; ++v) {
      const Vec s = load(x + j + v * width) * scale_by;
      store(x + j + v * width, s);
      top[v] = s > top[v] ? s : top[v];
    }
  float lane[partial_sums];
  for (int v = 0; v < sum_vectors; ++v) store(lane + v * width, top[v]);
  for (int offset = partial_sums / 2; offset > 0; offset /= 2)
    for (int i = 0; i < offset; ++i)
      lane[i] = lane[i + offset] > lane[i] ? lane[i + offset] : lane[i];
  return lane[0];
}

template <bool moments, bool exponentials>
void take_in_row(float* x, Int count, float inv_tau, OnlineRow* row) {
  const float top = scale_and_find_maximum(x, count, inv_tau);
  Vec sum[sum_vectors], moment[sum_vectors];
  for (int v = 0; v < sum_vectors; ++v) {
    sum[v] = load(row->sum + v * width);
    if constexpr (moments) moment[v] = load(row->moment + v * width);
  }
  if (top > row->maximum) {
    const Vec shrink = exp_of(splat(row->maximum - top));
    for (int v = 0; v < sum_vectors; ++v) {
      sum[v] = sum[v] * shrink;
      if constexpr (moments) moment[v] = moment[v] * shrink;
    }
    row->maximum = top;
  }
  const Vec maximum = splat(row->maximum), positive = splat(row->positive);
  for (Int j = 0; j < count; j += partial_sums)
#pragma GCC unroll 4
    for (int v = 0; v < sum_vectors; ++v) {
      const Vec s = load(x + j + v * width);
      const Vec e = exp_of(s - maximum);
      if constexpr (exponentials) store(x + j + v * width, e);
      sum[v] = sum[v] + e;
      if constexpr (moments) {
        const Vec distance = s - positive;  // infinite where the key is left out: e = 0 there
        moment[v] = fused(e, e > Vec{} ? distance : Vec{}, moment[v]);
      }
    }
  for (int v = 0; v < sum_vectors; ++v) {
    store(row->sum + v * width, sum[v]);
    if constexpr (moments) store(row->moment + v * width, moment[v]);
  }
}

void take_in(float* x, Int count, float inv_tau, Wanted wanted, OnlineRow* row) {
  if (wanted.moments && wanted.exponentials)
    take_in_row<true, true>(x, count, inv_tau, row);
  else if (wanted.moments)
    take_in_row<true, false>(x, count, inv_tau, row);
  else
    take_in_row<false, false>(x, count, inv_tau, row);
}

void pair_weights(float* x, Int count, float maximum, float factor, const float* maxima,
                  const float* factors) {
  const Vec own_maximum = splat(maximum), own_factor = splat(factor);
  for (Int j = 0; j < count; j += vector_lanes) {
    const Vec s = load(x + j);
    const Vec own = exp_of(s - own_maximum) * own_factor;
    const Vec other = exp_of(s - load(maxima + j)) * load(factors + j);
    store(x + j, own + other);
  }
}

void scale(float* x, Int count, float factor) {
  const Vec by = splat(factor);
  for (Int j = 0; j < count; j += vector_lanes) store(x + j, load(x + j) * by);
}

void row_gradients(Int row_tiles, Int key_count, Int d, const float* weights, const float* keys,
                   Int strip, float* gradient, Int gradient_stride) {
  for (Int c = 0; c * key_tile < d; ++c)
    for (Int t = 0; t < row_tiles; ++t)
      register_tile<row_tile, Into::added>(
          key_count, weights + t * row_tile * block_stride, block_stride, 1, keys + c * strip,
          key_tile, gradient + t * row_tile * gradient_stride + c * key_tile, gradient_stride);
}

/// The tile with `count` coordinates, 1 <= count <= rows.
template <int rows>
void key_gradient_tile(Int count, Int row_count, const float* weights, const float* strip,
                       float* gradient) {
  if (count == rows) {
    register_tile<rows, Into::added>(row_count, strip, 1, row_tile, weights, block_stride, gradient,
                                     block_stride);
  } else if constexpr (rows > 1) {
    key_gradient_tile<rows - 1>(count, row_count, weights, strip, gradient);
  }
}

void key_gradients(Int row_count, Int key_tiles, Int d, const float* weights, const float* rows,
                   Int strip, float* gradient) {
  for (Int first = 0; first < d; first += coordinate_step) {
    const Int last = d - first < coordinate_step ? d : first + coordinate_step;
    for (Int j = 0; j < key_tiles; ++j)
      for (Int c = first; c < last; c += row_tile) {
        const Int count = d - c < row_tile ? d - c : row_tile;
        key_gradient_tile<row_tile>(count, row_count, weights + j * key_tile,
                                    rows + c / row_tile * strip,
                                    gradient + c * block_stride + j * key_tile);
      }
  }
}

}  // namespace

extern const VectorCode ASSAY_CPU_CODE = {
    ASSAY_CPU_NAME, row_tile, key_tile,     exp_nonpositive, dots,         products,
    take_in,        scale,    pair_weights, row_gradients,   key_gradients};

}  // namespace assay::kernels::cpu
