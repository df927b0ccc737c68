// SPDX-License-Identifier: Apache-2.0
// The matrix product of the split tier; see the header.
//
// Compiled with contraction of products and sums, unlike everything else: its users' bounds hold
// either way, and on processors that fuse them the loop takes half the time.
#include "reference/loss/split_product.hpp"

namespace assay::reference::split {
namespace {

using Int = std::int64_t;
constexpr Int width = 4;  // of a vector
constexpr Int vectors = rows_packed_together / width;
constexpr Int keys_at_once = keys_packed_together;
typedef double Vec __attribute__((vector_size(width * sizeof(double))));

inline Vec load(const double* p) {
  Vec v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
inline void store(double* p, Vec v) { __builtin_memcpy(p, &v, sizeof v); }

/// c[i + j * stride] = or += sum over k of a[k][i] b[k][j], for one group of rows and one of keys.
template <bool resumed>
void register_tile(Int depth, const double* a, const double* b, double* c, Int stride) {
  Vec sum[keys_at_once][vectors];
#pragma GCC unroll 4
  for (Int j = 0; j < keys_at_once; ++j)
#pragma GCC unroll 4
    for (Int v = 0; v < vectors; ++v)
      sum[j][v] = resumed ? load(c + j * stride + v * width) : Vec{};
  for (Int k = 0; k < depth; ++k) {
    Vec x[vectors];
#pragma GCC unroll 4
    for (Int v = 0; v < vectors; ++v) x[v] = load(a + k * rows_packed_together + v * width);
#pragma GCC unroll 4
    for (Int j = 0; j < keys_at_once; ++j) {
      const double y = b[k * keys_packed_together + j];
      const Vec factor = {y, y, y, y};
#pragma GCC unroll 4
      for (Int v = 0; v < vectors; ++v) sum[j][v] = x[v] * factor + sum[j][v];
    }
  }
#pragma GCC unroll 4
  for (Int j = 0; j < keys_at_once; ++j)
#pragma GCC unroll 4
    for (Int v = 0; v < vectors; ++v) store(c + j * stride + v * width, sum[j][v]);
}

/// What register_tile does, for the part of it that lies in the tile.
void corner(Int depth, bool resumed, const double* a, Int rows, const double* b, Int keys,
            double* c, Int stride) {
  double whole[keys_at_once * rows_packed_together];
  register_tile<false>(depth, a, b, whole, rows_packed_together);
  for (Int j = 0; j < keys; ++j)
    for (Int i = 0; i < rows; ++i) {
      const double sum = whole[j * rows_packed_together + i];
      c[i + j * stride] = resumed ? c[i + j * stride] + sum : sum;
    }
}

}  // namespace

void multiply(const Packed& rows, Int row_count, const Packed& keys, Int first, Int count,
              double* tile) {
  for (Int k = 0; k < rows.d(); k += components_together) {
    const Int depth = std::min(components_together, rows.d() - k);
    for (Int i = 0; i < row_count; i += rows_packed_together) {
      const double* a = rows.group(k, depth, i);
      const Int ni = std::min(rows_packed_together, row_count - i);
      for (Int j = 0; j < count; j += keys_packed_together) {
        const double* b = keys.group(k, depth, first + j);
        const Int nj = std::min(keys_packed_together, count - j);
        double* c = tile + i + j * row_count;
        if (ni < rows_packed_together || nj < keys_packed_together)
          corner(depth, k > 0, a, ni, b, nj, c, row_count);
        else if (k == 0)
          register_tile<false>(depth, a, b, c, row_count);
        else
          register_tile<true>(depth, a, b, c, row_count);
      }
    }
  }
}

}  // namespace assay::reference::split
