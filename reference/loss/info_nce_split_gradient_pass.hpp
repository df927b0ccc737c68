// SPDX-License-Identifier: Apache-2.0
// The second pass of the split tier's gradient: coefficients from exponentials, times the vectors.
#pragma once

#include <cmath>

#include "reference/loss/info_nce_split_pass.hpp"

namespace assay::reference::split {

/// Most products added in plain double before the sum is joined by TwoSum.
inline constexpr std::int64_t product_depth = 64;
/// Components of the gradient worked on at a time, so that their sums stay in the cache.
inline constexpr std::int64_t component_tile = 256;
/// Roundings in a column's sum of coefficients times logits: the product, the lanes, joining them
/// in any order, the remainder.
inline constexpr std::int64_t weighted_sum_height =
    1 + row_tile / column_lanes + column_lanes + column_lanes;

/// Per row, in double: kappa = g/D, q = g R/D, with g the upstream gradient.
struct RowFactors {
  std::vector<double> kappa, q;
};

/// Sums of coefficients times vectors for one of the two views (or the whole joint block).
struct GradientSide {
  Eigen::MatrixXd high, low;   ///< d x vectors; their sum is temperature times the derivative
  std::vector<double> weight;  ///< sum of |coefficient| over the pairs that are no positives
  GradientSide(std::int64_t d, std::int64_t count)
      : high(Eigen::MatrixXd::Zero(d, count)),
        low(Eigen::MatrixXd::Zero(d, count)),
        weight(static_cast<std::size_t>(count)) {}
};

/// Sum over the pairs of row and negative of coefficient times base-2 logit.
struct WeightedLogits {
  Pair sum;          ///< not normalised
  double sizes = 0;  ///< of the absolute values, in plain double
};

/// In place: inner products (s, low) become coefficients m = e (kappa_i + kappa_key) and m t.
template <class How>
void to_coefficients(double* __restrict s, double* __restrict low, const double* __restrict kappa,
                     double kappa_key, std::int64_t count, How how) {
  for (std::int64_t i = 0; i < count; ++i) {
    const Pair t = how.exponent(how.logit(s[i], low[i], i));
    double v = 0, w = 0;
    exp2_split(t.high, t.low, v, w);
    const double m = (v + w) * (kappa[i] + kappa_key);
    s[i] = m;
    low[i] = m * t.high;
  }
}

/// (high, low) += block, entry by entry.
inline void join_block(Eigen::MatrixXd& high, Eigen::MatrixXd& low, std::int64_t row0,
                       std::int64_t column0, const Eigen::Ref<const Eigen::MatrixXd>& block) {
  for (Eigen::Index c = 0; c < block.cols(); ++c) {
    double* __restrict h = high.col(column0 + c).data() + row0;
    double* __restrict l = low.col(column0 + c).data() + row0;
    const double* __restrict b = block.col(c).data();
    for (Eigen::Index k = 0; k < block.rows(); ++k) {
      const Pair sum = two_sum(h[k], b[k]);
      h[k] = sum.high;
      l[k] += sum.low;
    }
  }
}

/// How the tiles are walked. Symmetric: the joint block's upper triangle, where the coefficient of
/// a pair is that of both its rows together; not with shifts, nor with upstream gradients of both
/// signs, whose coefficients could cancel. Otherwise every row meets every key.
struct Walk {
  Pair scale;
  const std::vector<double>* shifts = nullptr;
  bool symmetric = false;
};

/// Temperature times a derivative, added up.
inline double derivative_of(const GradientSide& side, Eigen::Index component, std::int64_t vector,
                            double temperature) {
  return (side.high(component, vector) + side.low(component, vector)) / temperature;
}

/// A block of products as a probe sees it: of component `first_component` on and the vectors from
/// `first_vector` on, over the partners from `first_partner` on.
struct ProductBlock {
  bool of_rows = true;  ///< the vectors are rows and the partners keys, or the other way round
  std::int64_t first_component = 0, first_vector = 0, first_partner = 0, partners = 0;
  Eigen::Ref<const Eigen::MatrixXd> products;
};

/// Walks the tiles once more; a probe may look at what passes by.
template <class Probe>
class GradientPass {
 public:
  GradientPass(const Operands& operands, const batch::Operands& whole, const Walk& walk,
               const RowFactors& factors, GradientSide& rows, GradientSide& keys,
               WeightedLogits& logits, Probe& probe)
      : o_(operands),
        whole_(whole),
        scale_(walk.scale),
        shifts_(walk.shifts),
        symmetric_(walk.symmetric),
        factors_(factors),
        rows_(rows),
        keys_(keys),
        logits_(logits),
        probe_(probe),
        gram_(operands),
        row_weights_(row_tile),
        products_(component_tile, key_tile) {}

  void run() {
    const std::int64_t rows = o_.rows();
    for (std::int64_t i0 = 0; i0 < rows; i0 += row_tile) {
      const std::int64_t ni = std::min(row_tile, rows - i0);
      std::int64_t j0 = 0;
      if (symmetric_) {
        one_tile(i0, ni, i0, ni, true);
        j0 = i0 + ni;
      }
      for (; j0 < rows; j0 += key_tile) one_tile(i0, ni, j0, std::min(key_tile, rows - j0), false);
    }
  }

 private:
  using Tile = Eigen::Map<const Eigen::MatrixXd, 0, Eigen::OuterStride<>>;

  /// `twice`: a tile on the diagonal of the symmetric walk, where every pair is met twice.
  void one_tile(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj, bool twice) {
    gram_.compute(i0, ni, j0, nj);
    std::fill(row_weights_.begin(), row_weights_.end(), 0.0);
    for (std::int64_t j = 0; j < nj; ++j) {
      double *m = gram_.high(j), *mt = gram_.low(j);
      if constexpr (Probe::looks) probe_.saw_gram(m, mt, i0, ni, j0 + j);
      coefficients(m, mt, i0, ni, j0 + j);
      weigh(m, mt, ni, j0 + j, twice);
      set_positive(m, i0, ni, j0 + j);
      if constexpr (Probe::looks) probe_.saw_coefficients(m, i0, ni, j0 + j, twice);
    }
    for (std::int64_t i = 0; i < ni; ++i) rows_.weight[at(i0 + i)] += row_weights_[at(i)];
    const Tile m(gram_.high(0), ni, nj, Eigen::OuterStride<>(2 * ni));
    for (std::int64_t c = 0; c < nj; c += product_depth) {
      const std::int64_t depth = std::min(product_depth, nj - c);
      multiply_into(true, i0, whole_.keys(), j0 + c, m.middleCols(c, depth).transpose());
    }
    if (twice) return;
    for (std::int64_t c = 0; c < ni; c += product_depth) {
      const std::int64_t depth = std::min(product_depth, ni - c);
      multiply_into(false, j0, whole_.rows, i0 + c, m.middleRows(c, depth));
    }
  }

  void coefficients(double* m, double* mt, std::int64_t i0, std::int64_t ni, std::int64_t key) {
    const double* kappa = factors_.kappa.data() + i0;
    const double kappa_key = symmetric_ ? factors_.kappa[at(key)] : 0.0;
    if (shifts_ != nullptr)
      to_coefficients(m, mt, kappa, kappa_key, ni, LessShift{scale_, shifts_->data() + i0});
    else
      to_coefficients(m, mt, kappa, kappa_key, ni, AsTheyAre{scale_});
    const std::int64_t partner = o_.partner_of(key) - i0, self = key - i0;
    if (partner >= 0 && partner < ni) m[partner] = mt[partner] = 0.0;
    if (o_.joint() && self >= 0 && self < ni) m[self] = mt[self] = 0.0;
  }

  void weigh(const double* __restrict m, const double* __restrict mt, std::int64_t ni,
             std::int64_t key, bool twice) {
    using Lane = Eigen::Array<double, column_lanes, 1>;
    double* __restrict weights = row_weights_.data();
    Lane sizes = Lane::Zero(), sums = Lane::Zero(), logit_sizes = Lane::Zero();
    std::int64_t i = 0;
    for (; i + column_lanes <= ni; i += column_lanes) {
      const Lane size = Eigen::Map<const Lane>(m + i).abs();
      const Lane product = Eigen::Map<const Lane>(mt + i);
      Eigen::Map<Lane>(weights + i) += size;
      sizes += size;
      sums += product;
      logit_sizes += product.abs();
    }
    double weight = sizes.sum(), sum = sums.sum(), logit_size = logit_sizes.sum();
    for (; i < ni; ++i) {
      weights[i] += std::fabs(m[i]);
      weight += std::fabs(m[i]);
      sum += mt[i];
      logit_size += std::fabs(mt[i]);
    }
    const double share = twice ? 0.5 : 1.0;
    join(logits_.sum, {share * sum, 0.0});
    logits_.sizes += share * logit_size;
    if (!twice) keys_.weight[at(key)] += weight;
  }

  void set_positive(double* m, std::int64_t i0, std::int64_t ni, std::int64_t key) const {
    const std::int64_t row = o_.partner_of(key), partner = row - i0;
    if (partner < 0 || partner >= ni) return;
    m[partner] = -(factors_.q[at(row)] + (symmetric_ ? factors_.q[at(key)] : 0.0));
  }

  /// side[:, column0 ...] += vectors[:, from ...] * coefficients, the products in plain double.
  template <class Coefficients>
  void multiply_into(bool of_rows, std::int64_t column0, const Eigen::MatrixXd& vectors,
                     std::int64_t from, const Coefficients& coefficients) {
    GradientSide& side = of_rows ? rows_ : keys_;
    const std::int64_t depth = coefficients.rows(), count = coefficients.cols();
    for (std::int64_t k = 0; k < vectors.rows(); k += component_tile) {
      const std::int64_t nk = std::min(component_tile, vectors.rows() - k);
      Eigen::Map<Eigen::MatrixXd> product(products_.data(), nk, count);
      product.noalias() = vectors.block(k, from, nk, depth) * coefficients;
      if constexpr (Probe::looks) probe_.saw_products({of_rows, k, column0, from, depth, product});
      join_block(side.high, side.low, k, column0, product);
    }
  }

  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  const Operands& o_;
  const batch::Operands& whole_;
  Pair scale_;
  const std::vector<double>* shifts_;
  bool symmetric_;
  const RowFactors& factors_;
  GradientSide& rows_;
  GradientSide& keys_;  // the same object in the joint block
  WeightedLogits& logits_;
  Probe& probe_;
  GramTiles gram_;
  std::vector<double> row_weights_;
  Eigen::MatrixXd products_;
};

}  // namespace assay::reference::split
