// SPDX-License-Identifier: Apache-2.0
// The sums of exponentials of the split tier.
#pragma once

#include <limits>

#include "reference/loss/info_nce_split_tiles.hpp"

namespace assay::reference::split {

/// Per row: the sum of the exponentials of its negatives, that of its positive, and the base-2
/// logit of the positive; with shifts, all less the row's shift.
struct RowSums {
  std::vector<Pair> negatives, positive, positive_logit;
  explicit RowSums(std::int64_t rows)
      : negatives(static_cast<std::size_t>(rows)),
        positive(static_cast<std::size_t>(rows)),
        positive_logit(static_cast<std::size_t>(rows)) {}
  void set_positive(std::size_t row, Pair exponential, Pair logit) {
    positive[row] = exponential;
    positive_logit[row] = logit;
  }
};

/// (high, low)[i] += (v, w)[i]; what the first sum loses goes to the second.
inline void add_column(double* __restrict high, double* __restrict low, const double* __restrict v,
                       const double* __restrict w, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const Pair sum = two_sum(high[i], v[i]);
    high[i] = sum.high;
    low[i] += sum.low + w[i];
  }
}

/// Some sums side by side, each high + low.
template <int lanes>
struct Lanes {
  using Array = Eigen::Array<double, lanes, 1>;
  Array high = Array::Zero(), low = Array::Zero();

  template <class V, class W>
  void add(const V& v, const W& w) {
    const Array x = v, sum = high + x, part = sum - high;
    low += ((high - (sum - part)) + (x - part)) + w;
    high = sum;
  }
  /// All lanes into one, by halves.
  Pair total() const {
    if constexpr (lanes == 1) {
      return {high[0], low[0]};
    } else {
      Lanes<lanes / 2> half{high.template head<lanes / 2>(), low.template head<lanes / 2>()};
      half.add(high.template tail<lanes / 2>(), low.template tail<lanes / 2>());
      return half.total();
    }
  }
};

inline constexpr int column_lanes = 16;
/// Sum of one column of pairs, in lanes; not normalised.
inline Pair sum_column(const double* __restrict v, const double* __restrict w, std::int64_t count) {
  using Array = Lanes<column_lanes>::Array;
  Lanes<column_lanes> lanes;
  std::int64_t i = 0;
  for (; i + column_lanes <= count; i += column_lanes)
    lanes.add(Eigen::Map<const Array>(v + i), Eigen::Map<const Array>(w + i));
  add_column(lanes.high.data(), lanes.low.data(), v + i, w + i, count - i);
  return lanes.total();
}

/// sum += (v, w), not normalised.
inline void join(Pair& sum, Pair block) {
  const Pair s = two_sum(sum.high, block.high);
  sum = {s.high, sum.low + (s.low + block.low)};
}

/// Additions that one exponential's low part can pass through: see section "sum".
inline std::int64_t low_additions(std::int64_t rows, std::int64_t keys) {
  constexpr std::int64_t lanes_joined = 2 * column_lanes;
  return 2 * (rows + keys) + lanes_joined * most_joins(rows, keys);
}

/// One pass over all tiles. Without shifts the joint block walks the upper triangle only, and a
/// tile off the diagonal serves its rows and, through column sums, its columns.
template <class Probe>
class SumPass {
 public:
  SumPass(const Operands& operands, Pair scale, const std::vector<double>* shifts, RowSums& sums,
          Probe& probe)
      : o_(operands),
        scale_(scale),
        shifts_(shifts),
        sums_(sums),
        probe_(probe),
        gram_(operands),
        high_(row_tile),
        low_(row_tile) {}

  void run() {
    const std::int64_t rows = o_.rows(), keys = o_.rows();
    const bool symmetric = o_.joint() && shifts_ == nullptr;
    for (std::int64_t i0 = 0; i0 < rows; i0 += row_tile) {
      const std::int64_t ni = std::min(row_tile, rows - i0);
      std::int64_t j0 = 0;
      if (symmetric) {
        one_tile(i0, ni, i0, ni, false);
        j0 = i0 + ni;
      }
      for (; j0 < keys; j0 += key_tile)
        one_tile(i0, ni, j0, std::min(key_tile, keys - j0), symmetric);
    }
    for (Pair& sum : sums_.negatives) sum = fast_two_sum(sum.high, sum.low);
    for (Pair& e : sums_.positive) e = fast_two_sum(e.high, e.low);
  }

 private:
  void one_tile(std::int64_t i0, std::int64_t ni, std::int64_t j0, std::int64_t nj, bool mirrored) {
    gram_.compute(i0, ni, j0, nj);
    std::fill(high_.begin(), high_.end(), 0.0);
    std::fill(low_.begin(), low_.end(), 0.0);
    for (std::int64_t j = 0; j < nj; ++j) {
      double *v = gram_.high(j), *w = gram_.low(j);
      if constexpr (Probe::looks) probe_.saw_gram(v, w, i0, ni, j0 + j);
      exponentials(v, w, i0, ni, j0 + j, mirrored);
      add_column(high_.data(), low_.data(), v, w, ni);
      if (mirrored) join(sums_.negatives[at(j0 + j)], sum_column(v, w, ni));
    }
    for (std::int64_t i = 0; i < ni; ++i)
      join(sums_.negatives[at(i0 + i)], {high_[at(i)], low_[at(i)]});
  }

  /// Inner products to exponentials; leaves the self-pair out and moves the positive where it
  /// belongs.
  void exponentials(double* v, double* w, std::int64_t i0, std::int64_t ni, std::int64_t key,
                    bool mirrored) {
    const std::int64_t partner = o_.partner_of(key) - i0;
    const bool has_partner = partner >= 0 && partner < ni;
    // In the joint block without shifts a pair is met once and is the positive of both.
    const bool both = o_.joint() && shifts_ == nullptr;
    Pair logit;
    if (shifts_ != nullptr) {
      const LessShift how{scale_, shifts_->data() + i0};
      if (has_partner) logit = how.logit(v[partner], w[partner], partner);
      to_exponentials(v, w, ni, how);
    } else {
      const AsTheyAre how{scale_};
      if (has_partner) logit = how.logit(v[partner], w[partner], partner);
      to_exponentials(v, w, ni, how);
    }
    if constexpr (Probe::looks) probe_.saw_exponentials(v, w, i0, ni, key, mirrored);
    if (has_partner) {
      sums_.set_positive(at(partner + i0), {v[partner], w[partner]}, logit);
      if (both) sums_.set_positive(at(key), {v[partner], w[partner]}, logit);
      v[partner] = w[partner] = 0.0;
    }
    if (o_.joint() && key >= i0 && key < i0 + ni) v[key - i0] = w[key - i0] = 0.0;
  }

  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

  const Operands& o_;
  Pair scale_;
  const std::vector<double>* shifts_;  // integers, one per row, or null
  RowSums& sums_;
  Probe& probe_;
  GramTiles gram_;
  std::vector<double> high_, low_;
};

/// Per row the largest base-2 logit of its negatives, rounded to an integer; 0 for a row without.
inline std::vector<double> shifts_of(const Operands& o, Pair scale) {
  const std::int64_t rows = o.rows(), keys = o.rows();
  std::vector<double> top(static_cast<std::size_t>(rows), -std::numeric_limits<double>::infinity());
  GramTiles gram(o);
  for (std::int64_t i0 = 0; i0 < rows; i0 += row_tile) {
    const std::int64_t ni = std::min(row_tile, rows - i0);
    for (std::int64_t j0 = 0; j0 < keys; j0 += key_tile) {
      const std::int64_t nj = std::min(key_tile, keys - j0);
      gram.compute(i0, ni, j0, nj);
      for (std::int64_t j = 0; j < nj; ++j) {
        const double *s = gram.high(j), *low = gram.low(j);
        for (std::int64_t i = 0; i < ni; ++i) {
          const bool negative = i0 + i != o.partner_of(j0 + j) && !(o.joint() && i0 + i == j0 + j);
          double& best = top[static_cast<std::size_t>(i0 + i)];
          if (negative) best = std::max(best, logit_of(s[i], low[i], scale).high);
        }
      }
    }
  }
  for (double& t : top) t = std::isfinite(t) ? std::rint(t) : 0.0;
  return top;
}

}  // namespace assay::reference::split
