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

using batch::key_tile;
using batch::row_tile;

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
      : o_(operands), tile_(2 * row_tile, key_tile), cut_(operands.d(), 2 * row_tile) {}

  double* high(std::int64_t column) { return tile_.data() + column * 2 * ni_; }
  double* low(std::int64_t column) { return high(column) + ni_; }

  void compute(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj) {
    ni_ = ni;
    if (panel_ != i0) take_panel(i0, ni);
    Eigen::Map<Eigen::MatrixXd> tile(tile_.data(), 2 * ni, nj);
    tile.noalias() = cut_.leftCols(2 * ni).transpose() * o_.fine.middleCols(j0, nj);
    const LeftOut& out = o_.left_out;
    if (out.dense.size() > 0) {
      tile.bottomRows(ni).noalias() += whole_.topRows(ni) * out.dense.middleCols(j0, nj);
      return;
    }
    if (out.index.empty()) return;
    for (std::int64_t j = 0; j < nj; ++j) add_left_out(j, j0 + j);
  }

 private:
  void take_panel(std::int64_t i0, std::int64_t ni) {
    panel_ = i0;
    for (std::int64_t i = 0; i < ni; ++i)
      o_.cut_row(i0 + i, cut_.col(i).data(), cut_.col(ni + i).data());
    if (o_.left_out.index.empty()) return;
    whole_.resize(row_tile, o_.d());
    whole_.topRows(ni) = (cut_.leftCols(ni) + cut_.middleCols(ni, ni)).transpose();
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

  const Operands& o_;
  Eigen::MatrixXd tile_;   // used as 2 ni x nj, contiguous
  Eigen::MatrixXd cut_;    // d x 2 ni: the coarse parts of the rows of the panel, their rests
  Eigen::MatrixXd whole_;  // row_tile x d: a component of all rows of the panel lies together
  std::int64_t ni_ = row_tile;
  std::int64_t panel_ = -1;
};

}  // namespace assay::reference::split
