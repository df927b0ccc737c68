// SPDX-License-Identifier: Apache-2.0
// The batched Harris kernel: one warp per instance, exact 128-bit integers.
//
//  1. Every lane adds the weights: W = product of the axes' sums, or the sum of the joint weights.
//  2. The lanes share the cells, lane l takes cells l, l + 32, ...; the largest |g| and |h| by an
//  xor
//     tree.
//  3. If not W^2 max(1, |g|) max(1, |h|) < 2^126 the order is too_large and nothing is added: below
//     that bound every product and every partial sum that follows has a magnitude below 2^126, the
//     numerator below 2^127.
//  4. Each lane adds w g h, w g, w h over its cells, an xor tree adds the lanes. Integer addition
//  is
//     associative: the bits do not depend on the schedule or on the machine.
//  5. Lane 0 writes.
#pragma once

#include "kernels/harris/harris.hpp"
#include "kernels/portable.cuh"

namespace assay::kernels::harris {

inline constexpr int warps_per_block = 8;
inline constexpr unsigned all_lanes = 0xffffffffu;

/// A batch whose pointers are readable where the kernel runs.
struct Problem {
  int axes, support;
  HarrisLaw law;
  int cells, weight_count;
  std::int64_t count;
  const std::int64_t *weights, *g, *h;
};

__device__ inline Unsigned128 from_halves(unsigned long long high, unsigned long long low) {
  return static_cast<Unsigned128>(high) << 64 | low;
}

/// Of a warp: the sum over all lanes, modulo 2^128, in every lane.
__device__ inline Unsigned128 warp_sum(Unsigned128 x) {
  for (int offset = 16; offset > 0; offset /= 2) {
    const auto high = static_cast<unsigned long long>(x >> 64);
    const auto low = static_cast<unsigned long long>(x);
    x += from_halves(__shfl_xor_sync(all_lanes, high, offset),
                     __shfl_xor_sync(all_lanes, low, offset));
  }
  return x;
}

__device__ inline unsigned long long warp_maximum(unsigned long long x) {
  for (int offset = 16; offset > 0; offset /= 2) {
    const unsigned long long other = __shfl_xor_sync(all_lanes, x, offset);
    if (other > x) x = other;
  }
  return x;
}

__device__ inline unsigned long long magnitude(std::int64_t x) {
  return x < 0 ? 0 - static_cast<unsigned long long>(x) : static_cast<unsigned long long>(x);
}

/// What step 1 finds: `order` is equal as long as nothing speaks against the law.
struct Total {
  unsigned long long value;
  HarrisOrder order;
};

/// Adds `count` weights; W below 2^63 is needed in any case.
__device__ inline Total total_of(const std::int64_t* w, int count) {
  Unsigned128 sum = 0;
  bool negative = false;
  for (int i = 0; i < count; ++i) {
    negative = negative || w[i] < 0;
    sum += static_cast<unsigned long long>(w[i]);
  }
  if (negative || sum == 0) return {0, HarrisOrder::no_law};
  if (sum >> 63 != 0) return {0, HarrisOrder::too_large};
  return {static_cast<unsigned long long>(sum), HarrisOrder::equal};
}

__device__ inline Total product_total(const Problem& q, const std::int64_t* w) {
  Total total{1, HarrisOrder::equal};
  for (int axis = 0; axis < q.axes; ++axis) {
    const int row = q.law == HarrisLaw::independent ? axis * q.support : 0;
    const Total sum = total_of(w + row, q.support);
    if (sum.order == HarrisOrder::no_law) return sum;
    const Unsigned128 product = static_cast<Unsigned128>(total.value) * sum.value;
    if (sum.order == HarrisOrder::too_large || product >> 63 != 0)
      total.order = HarrisOrder::too_large;
    if (total.order == HarrisOrder::equal) total.value = static_cast<unsigned long long>(product);
  }
  return total;
}

/// Step 3. Largest magnitudes of at least 1; a quotient instead of a product that might overflow.
__device__ inline bool fits(unsigned long long total, unsigned long long g, unsigned long long h) {
  const Unsigned128 values = static_cast<Unsigned128>(g) * h;
  const Unsigned128 limit = (static_cast<Unsigned128>(1) << 126) - 1;
  return static_cast<Unsigned128>(total) * total <= limit / values;
}

__device__ inline Int128 weight_of_cell(const Problem& q, const std::int64_t* w, int cell) {
  if (q.law == HarrisLaw::joint) return w[cell];
  Int128 weight = 1;
  for (int axis = q.axes - 1; axis >= 0; --axis) {
    weight *= w[(q.law == HarrisLaw::independent ? axis * q.support : 0) + cell % q.support];
    cell /= q.support;
  }
  return weight;
}

/// Step 4 of one lane, then of the warp.
__device__ inline void add_cells(const Problem& q, const std::int64_t* w, const std::int64_t* g,
                                 const std::int64_t* h, int lane, HarrisSums& s) {
  Int128 gh = 0, sum_g = 0, sum_h = 0;
  for (int cell = lane; cell < q.cells; cell += 32) {
    const Int128 weight = weight_of_cell(q, w, cell);
    gh += weight * (static_cast<Int128>(g[cell]) * h[cell]);
    sum_g += weight * g[cell];
    sum_h += weight * h[cell];
  }
  s.gh = static_cast<Int128>(warp_sum(static_cast<Unsigned128>(gh)));
  s.g = static_cast<Int128>(warp_sum(static_cast<Unsigned128>(sum_g)));
  s.h = static_cast<Int128>(warp_sum(static_cast<Unsigned128>(sum_h)));
}

// Static: nvcc's host stub of a kernel bears the kernel's name, the emulated kernel does too.
static __global__ void __launch_bounds__(32 * warps_per_block) add_up(Problem q, HarrisSums* out) {
  const int lane = static_cast<int>(threadIdx.x);
  const std::int64_t i = static_cast<std::int64_t>(blockIdx.x) * warps_per_block + threadIdx.y;
  if (i >= q.count) return;  // the whole warp
  const std::int64_t* const w = q.weights + i * q.weight_count;
  const std::int64_t* const g = q.g + i * q.cells;
  const std::int64_t* const h = q.h + i * q.cells;

  const Total total = q.law == HarrisLaw::joint ? total_of(w, q.cells) : product_total(q, w);
  HarrisSums s;
  s.order = total.order;
  if (s.order == HarrisOrder::equal) {  // every lane alike
    unsigned long long largest_g = 1, largest_h = 1;
    for (int cell = lane; cell < q.cells; cell += 32) {
      if (magnitude(g[cell]) > largest_g) largest_g = magnitude(g[cell]);
      if (magnitude(h[cell]) > largest_h) largest_h = magnitude(h[cell]);
    }
    if (!fits(total.value, warp_maximum(largest_g), warp_maximum(largest_h)))
      s.order = HarrisOrder::too_large;
  }
  if (s.order == HarrisOrder::equal) {
    add_cells(q, w, g, h, lane, s);
    s.total = total.value;
    s.numerator = s.gh * s.total - s.g * s.h;
    if (s.numerator != 0) s.order = s.numerator < 0 ? HarrisOrder::less : HarrisOrder::greater;
  }
  if (lane == 0) out[i] = s;
}

/// All instances. The pointers must be readable, `out` writable, where the kernel runs.
inline void launch_sums(const Problem& q, HarrisSums* out) {
  if (q.count == 0) return;  // no grid is empty
  const auto blocks = static_cast<unsigned>((q.count + warps_per_block - 1) / warps_per_block);
  launch(add_up, dim3(blocks), dim3(32, warps_per_block), 0, q, out);
}

inline Problem problem_of(const HarrisBatch& b, const std::int64_t* weights, const std::int64_t* g,
                          const std::int64_t* h) {
  return {b.axes,
          b.support,
          b.law,
          static_cast<int>(b.cells()),
          static_cast<int>(b.weight_count()),
          b.count,
          weights,
          g,
          h};
}

}  // namespace assay::kernels::harris
