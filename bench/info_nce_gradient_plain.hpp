// SPDX-License-Identifier: Apache-2.0
// The unverified yardstick of the split gradient: the same two passes in plain double.
#pragma once

#include <cmath>

#include "bench/info_nce_plain.hpp"

namespace assay::bench {

/// Loss and gradient of the mean InfoNCE: same tiles, symmetry, exponential and matrix products as
/// `enclose_info_nce_gradients_split`; nothing cut, no pairs, no chunks, no bounds.
class PlainGradient {
 public:
  explicit PlainGradient(const reference::InfoNceProblem& p)
      : o_(reference::batch::gather(p)),
        scale_(reference::batch::logit_scale(p.temperature)),
        sums_(p.rows()),
        rows_(Eigen::MatrixXd::Zero(p.d, p.rows())),
        keys_(Eigen::MatrixXd::Zero(p.d, o_.joint() ? 0 : p.rows())),
        tile_(reference::batch::row_tile, reference::batch::key_tile) {
    using namespace reference::batch;
    NoProbe probe;
    TiledPass<JoinPlainly, NoProbe>(o_, scale_, sums_, probe).run();
    const double upstream = 1.0 / static_cast<double>(p.rows());
    for (std::size_t i = 0; i < sums_.high.size(); ++i) {
      const double total = sums_.high[i] + sums_.positive[i];
      loss_ += std::log1p(sums_.high[i] / sums_.positive[i]) * upstream;
      kappa_.push_back(upstream / total);
      q_.push_back(sums_.high[i] / total * upstream);
      temperature_ -= q_.back() * std::log2(sums_.positive[i]);
    }
    run(p.rows());
    rows_ /= p.temperature;
    keys_ /= p.temperature;
    temperature_ *= -std::log(2.0) / p.temperature;
  }
  double sink() const { return loss_ + rows_(0, 0) + temperature_; }

 private:
  void run(std::int64_t rows) {
    using namespace reference::batch;
    for (std::int64_t i0 = 0; i0 < rows; i0 += row_tile) {
      const std::int64_t ni = std::min(row_tile, rows - i0);
      std::int64_t j0 = 0;
      if (o_.joint()) {
        one_tile(i0, ni, i0, ni, true);
        j0 = i0 + ni;
      }
      for (; j0 < rows; j0 += key_tile) one_tile(i0, ni, j0, std::min(key_tile, rows - j0), false);
    }
  }

  void one_tile(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj, bool twice) {
    Eigen::Map<Eigen::MatrixXd> m(tile_.data(), ni, nj);
    m.noalias() = o_.rows.middleCols(i0, ni).transpose() * o_.keys().middleCols(j0, nj);
    for (std::int64_t j = 0; j < nj; ++j) {
      const std::int64_t key = j0 + j, row = o_.partner_of(key), partner = row - i0;
      double* __restrict column = m.col(j).data();
      const double* __restrict kappa = kappa_.data() + i0;
      const double kappa_key = o_.joint() ? kappa_[static_cast<std::size_t>(key)] : 0.0;
      double logits[reference::batch::row_tile];
      for (std::int64_t i = 0; i < ni; ++i) {
        const double t = column[i] * scale_;
        column[i] = reference::exp2_proved(t) * (kappa[i] + kappa_key);
        logits[i] = column[i] * t;
      }
      const bool has_partner = partner >= 0 && partner < ni;
      if (has_partner) logits[partner] = 0;
      if (o_.joint() && key >= i0 && key < i0 + ni) column[key - i0] = logits[key - i0] = 0;
      temperature_ += (twice ? 0.5 : 1.0) * reference::batch::sum_column(logits, ni);
      if (has_partner)
        column[partner] = -(q_[static_cast<std::size_t>(row)] +
                            (o_.joint() ? q_[static_cast<std::size_t>(key)] : 0.0));
    }
    rows_.middleCols(i0, ni).noalias() += o_.keys().middleCols(j0, nj) * m.transpose();
    if (twice) return;
    (o_.joint() ? rows_ : keys_).middleCols(j0, nj).noalias() += o_.rows.middleCols(i0, ni) * m;
  }

  reference::batch::Operands o_;
  double scale_;
  reference::batch::RowSums sums_;
  std::vector<double> kappa_, q_;
  Eigen::MatrixXd rows_, keys_, tile_;
  double loss_ = 0, temperature_ = 0;
};

}  // namespace assay::bench
