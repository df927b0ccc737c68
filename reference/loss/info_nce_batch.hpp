// SPDX-License-Identifier: Apache-2.0
// The batched InfoNCE in double: matrix product, exponentials and row sums over tiles.
//
// Internal to the a-priori tier, its instrumented check and its benchmark. Everything here is plain
// double arithmetic without bounds; what it may be wrong by is derived in info_nce_a_priori_terms.
// The two template parameters are the two places where those users differ: how block sums are
// joined, and who looks at the values in between.
#pragma once

#ifndef EIGEN_DONT_PARALLELIZE
#define EIGEN_DONT_PARALLELIZE  // one thread: a caller who wants more runs several problems
#endif
#include <Eigen/Core>
#include <algorithm>
#include <cstdint>
#include <vector>

#include "reference/loss/batch_exp.hpp"
#include "reference/loss/info_nce.hpp"

namespace assay::reference::batch {

inline constexpr std::int64_t row_tile = 128;
inline constexpr std::int64_t key_tile = 256;
inline constexpr std::int64_t columns_at_once = 8;  ///< a strip of a tile that fits the L1 cache
inline constexpr std::int64_t sum_lanes = 16;       ///< independent partial sums of a column

/// Most roundings that one exponential goes through inside a block sum, along rows or columns.
constexpr std::int64_t row_sum_height(std::int64_t columns) {
  return columns / columns_at_once + columns % columns_at_once + 3;  // 3: eight columns pairwise
}
constexpr std::int64_t column_sum_height(std::int64_t rows) {
  return rows / sum_lanes + rows % sum_lanes + 4;  // 4: sixteen lanes pairwise
}
/// The same over every tile shape that can occur.
constexpr std::int64_t largest_sum_height(std::int64_t rows, std::int64_t keys) {
  std::int64_t height = 0;
  for (std::int64_t m = 1; m <= std::min(key_tile, keys); ++m)
    height = std::max(height, row_sum_height(m));
  for (std::int64_t m = 1; m <= std::min(row_tile, rows); ++m)
    height = std::max(height, column_sum_height(m));
  return height;
}
/// Most block sums that are joined into one row sum of `rows` rows and `keys` keys.
constexpr std::int64_t most_joins(std::int64_t rows, std::int64_t keys) {
  return (rows + row_tile - 1) / row_tile + (keys + key_tile - 1) / key_tile + 1;
}

/// The embeddings as columns, copied so that strides and alignment no longer matter.
struct Operands {
  Eigen::MatrixXd rows;       ///< d x rows(): [a; b] for the joint block, else a
  Eigen::MatrixXd only_keys;  ///< d x n: b, one direction only
  InfoNceForm form = InfoNceForm::joint_block;
  std::int64_t n = 0;

  bool joint() const { return form == InfoNceForm::joint_block; }
  const Eigen::MatrixXd& keys() const { return joint() ? rows : only_keys; }
  /// The row whose positive is `key`.
  std::int64_t partner_of(std::int64_t key) const {
    if (!joint()) return key;
    return key < n ? key + n : key - n;
  }
};

inline Operands gather(const InfoNceProblem& p) {
  using Strided = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;
  const Strided a(p.a, p.d, p.n, Eigen::OuterStride<>(p.a_stride));
  const Strided b(p.b, p.d, p.n, Eigen::OuterStride<>(p.b_stride));
  Operands o;
  o.form = p.form;
  o.n = p.n;
  o.rows.resize(p.d, p.rows());
  o.rows.leftCols(p.n) = a;
  if (o.joint())
    o.rows.rightCols(p.n) = b;
  else
    o.only_keys = b;
  return o;
}

/// Block sums joined by TwoSum: `high + low` is the exact sum up to second order.
struct JoinExactly {
  static void join(double& high, double& low, double block) {
    const double sum = high + block;
    const double part = sum - high;
    low += (high - (sum - part)) + (block - part);
    high = sum;
  }
};
/// Block sums added in plain double: for comparison of speed only.
struct JoinPlainly {
  static void join(double& high, double&, double block) { high += block; }
};

/// Nobody looks.
struct NoProbe {
  static constexpr bool looks = false;
};

/// Per row: the sum of the exponentials of its negatives (high + low) and that of its positive.
struct RowSums {
  std::vector<double> high, low, positive;
  explicit RowSums(std::int64_t rows)
      : high(static_cast<std::size_t>(rows)),
        low(static_cast<std::size_t>(rows)),
        positive(static_cast<std::size_t>(rows)) {}
  /// Sum over the negatives, one rounding away from high + low.
  double negatives(std::size_t row) const { return high[row] + low[row]; }
};

/// acc[i] += sum of `count` columns of `rows` contiguous entries, eight at a time.
inline void add_columns(double* __restrict acc, const double* __restrict tile, std::int64_t rows,
                        std::int64_t count) {
  if (count == columns_at_once) {
    const double *c0 = tile, *c1 = c0 + rows, *c2 = c1 + rows, *c3 = c2 + rows;
    const double *c4 = c3 + rows, *c5 = c4 + rows, *c6 = c5 + rows, *c7 = c6 + rows;
    for (std::int64_t i = 0; i < rows; ++i)
      acc[i] += ((c0[i] + c1[i]) + (c2[i] + c3[i])) + ((c4[i] + c5[i]) + (c6[i] + c7[i]));
    return;
  }
  for (std::int64_t c = 0; c < count; ++c)
    for (std::int64_t i = 0; i < rows; ++i) acc[i] += tile[c * rows + i];
}

/// Sum of one column: sixteen lanes, joined pairwise, then the remainder.
inline double sum_column(const double* __restrict column, std::int64_t rows) {
  double lane[sum_lanes] = {};
  std::int64_t i = 0;
  for (; i + sum_lanes <= rows; i += sum_lanes)
    for (std::int64_t q = 0; q < sum_lanes; ++q) lane[q] += column[i + q];
  for (std::int64_t width = sum_lanes / 2; width > 0; width /= 2)
    for (std::int64_t q = 0; q < width; ++q) lane[q] += lane[q + width];
  double sum = lane[0];
  for (; i < rows; ++i) sum += column[i];
  return sum;
}

/// One pass over all tiles. `scale` is log2(e)/temperature. The joint block walks the upper
/// triangle only: an off-diagonal tile serves its rows and, through column sums, its columns.
template <class Joining, class Probe>
class TiledPass {
 public:
  TiledPass(const Operands& operands, double scale, RowSums& sums, Probe& probe)
      : o_(operands),
        scale_(scale),
        sums_(sums),
        probe_(probe),
        tile_(row_tile, key_tile),
        row_acc_(row_tile) {}

  void run() {
    const std::int64_t rows = o_.rows.cols(), keys = o_.keys().cols();
    for (std::int64_t i0 = 0; i0 < rows; i0 += row_tile) {
      const std::int64_t ni = std::min(row_tile, rows - i0);
      std::int64_t j0 = 0;
      if (o_.joint()) {
        one_tile(i0, ni, i0, ni, false);
        j0 = i0 + ni;
      }
      for (; j0 < keys; j0 += key_tile)
        one_tile(i0, ni, j0, std::min(key_tile, keys - j0), o_.joint());
    }
  }

 private:
  void one_tile(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj, bool mirrored) {
    double* tile = tile_.data();
    Eigen::Map<Eigen::MatrixXd>(tile, ni, nj).noalias() =
        o_.rows.middleCols(i0, ni).transpose() * o_.keys().middleCols(j0, nj);
    if constexpr (Probe::looks) probe_.saw_gram(tile, i0, ni, j0, nj, scale_);
    double* acc = row_acc_.data();
    std::fill(acc, acc + ni, 0.0);
    for (std::int64_t j = 0; j < nj; j += columns_at_once) {
      const std::int64_t count = std::min(columns_at_once, nj - j);
      double* strip = tile + j * ni;
      exp2_scaled(strip, ni * count, scale_);
      if constexpr (Probe::looks) probe_.saw_exponentials(strip, i0, ni, j0 + j, count, mirrored);
      take_out_special(strip, i0, ni, j0 + j, count);
      add_columns(acc, strip, ni, count);
      if (mirrored)
        for (std::int64_t c = 0; c < count; ++c) join(j0 + j + c, sum_column(strip + c * ni, ni));
    }
    for (std::int64_t i = 0; i < ni; ++i) join(i0 + i, acc[i]);
  }

  /// Leaves the self-pair out and moves the positive where it belongs.
  void take_out_special(double* strip, std::int64_t i0, std::int64_t ni, std::int64_t key0,
                        std::int64_t count) {
    for (std::int64_t c = 0; c < count; ++c) {
      const std::int64_t key = key0 + c, partner = o_.partner_of(key);
      double* column = strip + c * ni;
      if (partner >= i0 && partner < i0 + ni) {
        const double e = column[partner - i0];
        sums_.positive[static_cast<std::size_t>(partner)] = e;
        sums_.positive[static_cast<std::size_t>(key)] = e;
        column[partner - i0] = 0.0;
      }
      if (o_.joint() && key >= i0 && key < i0 + ni) column[key - i0] = 0.0;
    }
  }

  void join(std::int64_t row, double block) {
    const auto i = static_cast<std::size_t>(row);
    Joining::join(sums_.high[i], sums_.low[i], block);
  }

  const Operands& o_;
  double scale_;
  RowSums& sums_;
  Probe& probe_;
  Eigen::MatrixXd tile_;
  Eigen::VectorXd row_acc_;
};

/// The factor from inner product to base-2 logit.
inline double logit_scale(double temperature) { return log2_e / temperature; }

}  // namespace assay::reference::batch
