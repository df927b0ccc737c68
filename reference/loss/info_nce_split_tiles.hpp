// SPDX-License-Identifier: Apache-2.0
// The logits of the split tier, tile by tile: base 2, as two doubles each.
//
// Internal to the tier, its instrumented checks and its benchmark. What may be wrong by how much is
// derived in docs/loss/info_nce-split.md.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "reference/loss/pair.hpp"
#include "reference/loss/split_functions.hpp"
#include "reference/loss/split_operands.hpp"

namespace assay::reference::split {

/// Pairs of rows and keys worked on at a time. The joint block wastes half a square of row_tile per
/// panel; both parts of so many rows are a whole number of groups.
inline constexpr std::int64_t row_tile = 96, key_tile = 256;
static_assert(2 * row_tile % rows_packed_together == 0);
static_assert(row_tile % keys_packed_together == 0 && key_tile % keys_packed_together == 0);

/// Most block sums that are joined into one row sum of `rows` rows and `keys` keys.
constexpr std::int64_t most_joins(std::int64_t rows, std::int64_t keys) {
  return (rows + row_tile - 1) / row_tile + (keys + key_tile - 1) / key_tile + 1;
}

/// log2(e) / temperature up to 4u^2. \pre 2^-400 <= temperature <= 2^400
inline Pair logit_scale(double temperature) {
  const double high = log2_e / temperature;
  const double rest = std::fma(-high, temperature, log2_e);
  return {high, (rest + log2_e_low) / temperature};
}

/// Inner product s + low to base-2 logit t + tail, |tail| <= half an ulp of t.
inline Pair logit_of(double s, double low, Pair scale) {
  const double product = s * scale.high;
  const double lost = std::fma(s, scale.high, -product);
  const double rest = low * scale.high + std::fma(s, scale.low, lost);
  return two_sum(product, rest);
}
/// The same less an integer.
inline Pair shifted_logit_of(double s, double low, double shift, Pair scale) {
  const double product = s * scale.high;
  const double lost = std::fma(s, scale.high, -product);
  const double rest = low * scale.high + std::fma(s, scale.low, lost);
  const Pair shifted = two_sum(product, -shift);
  return two_sum(shifted.high, rest + shifted.low);
}

/// Shifted logits below this are taken for it: see section "cut".
inline constexpr double lowest_logit = -1000.0;
inline Pair cut_logit(Pair t) {
  const bool inside = t.high > lowest_logit;
  const double high = inside ? t.high : lowest_logit;
  return {high < -lowest_logit ? high : -lowest_logit, inside ? t.low : 0.0};
}

/// How logits become exponentials: as they are, or less a shift per row and cut.
struct AsTheyAre {
  Pair scale;
  Pair logit(double s, double low, std::int64_t) const { return logit_of(s, low, scale); }
  static Pair exponent(Pair t) { return t; }
};
struct LessShift {
  Pair scale;
  const double* shift;
  Pair logit(double s, double low, std::int64_t i) const {
    return shifted_logit_of(s, low, shift[i], scale);
  }
  static Pair exponent(Pair t) { return cut_logit(t); }
};

/// In place: inner products (s, low) become exponentials (v, w).
template <class How>
void to_exponentials(double* __restrict s, double* __restrict low, std::int64_t count, How how) {
  for (std::int64_t i = 0; i < count; ++i) {
    const Pair t = how.exponent(how.logit(s[i], low[i], i));
    exp2_split(t.high, t.low, s[i], low[i]);
  }
}

/// The inner products of one tile at a time. Column j of the tile: `ni` high parts (exact sums of
/// products with the coarse rows), then `ni` low parts.
class GramTiles {
 public:
  explicit GramTiles(const Operands& operands)
      : o_(operands),
        tile_(2 * row_tile, key_tile),
        cut_(operands.d(), 2 * row_tile, rows_packed_together) {}

  double* high(std::int64_t column) { return tile_.data() + column * 2 * ni_; }
  double* low(std::int64_t column) { return high(column) + ni_; }

  void compute(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj) {
    ni_ = ni;
    if (panel_ != i0) take_panel(i0, ni);
    multiply(cut_, 2 * ni, o_.fine, j0, nj, tile_.data());
    const LeftOut& out = o_.left_out;
    if (out.dense.size() > 0) {
      Eigen::Map<Eigen::MatrixXd> tile(tile_.data(), 2 * ni, nj);
      tile.bottomRows(ni).noalias() += whole_.topRows(ni) * out.dense.middleCols(j0, nj);
      return;
    }
    if (out.index.empty()) return;
    for (std::int64_t j = 0; j < nj; ++j) add_left_out(j, j0 + j);
  }

 private:
  void take_panel(std::int64_t i0, std::int64_t ni) {
    panel_ = i0;
    std::vector<double> coarse(static_cast<std::size_t>(o_.d())), rest(coarse);
    for (std::int64_t i = 0; i < ni; ++i) {
      o_.cut_row(i0 + i, coarse.data(), rest.data());
      cut_.put(i, coarse.data());
      cut_.put(ni + i, rest.data());
    }
    if (o_.left_out.index.empty()) return;
    whole_.resize(row_tile, o_.d());
    for (std::int64_t i = 0; i < ni; i += transpose_block)
      transpose(i0, i, std::min(transpose_block, ni - i));
  }
  /// Rows i0 + i ... of the problem into whole_, a few rows and a cache line of components at a
  /// time: written one component after the other, every entry would cost a line of its own.
  void transpose(std::int64_t i0, std::int64_t i, std::int64_t count) {
    for (std::int64_t k0 = 0; k0 < o_.d(); k0 += transpose_block) {
      const std::int64_t k1 = std::min(o_.d(), k0 + transpose_block);
      for (std::int64_t q = i; q < i + count; ++q) {
        const double* x = o_.row(i0 + q);
        double* to = whole_.data() + q;
        for (std::int64_t k = k0; k < k1; ++k) to[k * row_tile] = x[k];
      }
    }
  }
  void add_left_out(std::int64_t column, std::int64_t key) {
    const LeftOut& out = o_.left_out;
    double* __restrict sum = low(column);
    const auto begin = static_cast<std::size_t>(out.start[static_cast<std::size_t>(key)]);
    const auto end = static_cast<std::size_t>(out.start[static_cast<std::size_t>(key) + 1]);
    for (std::size_t q = begin; q < end; ++q) {
      const double value = out.value[q];
      const double* __restrict x = whole_.col(out.index[q]).data();
      for (std::int64_t i = 0; i < ni_; ++i) sum[i] = std::fma(value, x[i], sum[i]);
    }
  }

  static constexpr std::int64_t transpose_block = 8;

  const Operands& o_;
  Eigen::MatrixXd tile_;   // used as 2 ni x nj, contiguous
  Packed cut_;             // 2 ni: the coarse parts of the rows of the panel, their rests
  Eigen::MatrixXd whole_;  // row_tile x d: a component of all rows of the panel lies together
  std::int64_t ni_ = row_tile;
  std::int64_t panel_ = -1;
};

}  // namespace assay::reference::split
