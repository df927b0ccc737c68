// SPDX-License-Identifier: Apache-2.0
// Part B of the family's budgets: the rows of "tiled-family", operation by operation.
#include "properties/contract/loss/info_nce_family_rows.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t warp = 32;
using Lanes = std::array<Tracked, warp>;

std::size_t lane_of(const FamilyLogits& logits, std::size_t j) {
  return static_cast<std::size_t>(logits.column[j]) % warp;
}

Tracked tree(const ErrorAlgebra& algebra, Lanes lanes) {
  for (std::size_t offset = warp / 2; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) lanes[l] = algebra.add(lanes[l], lanes[l + offset]);
  return lanes[0];
}

Tracked negated(Tracked t) {
  t.centre = -t.centre;
  return t;
}

/// The relative standard deviation of a number, taken away from it: the caller says whom it
/// concerns.
double take_spread(Tracked& t) {
  const double spread = t.centre != 0 ? std::sqrt(t.variance) / std::fabs(t.centre) : 0;
  t.variance = 0;
  return spread;
}

/// exp(a - b) for logits with a <= b.
Tracked drop(const ErrorAlgebra& algebra, const Tracked& a, const Tracked& b) {
  return algebra.exp(not_positive(algebra.sub(a, b)));
}

/// What a row computes in the two cases "negatives' maximum at most the positives' (or the
/// positive)" and "above it", joined where it cannot be told which applies.
template <class Below, class Above>
Tracked by_order(const Tracked& negatives, const Tracked& positives, Below below, Above above) {
  const Order order = compare(negatives, positives);
  if (!order.may_exceed) return below();
  if (!order.may_not) return above();
  return either(below(), above());
}

/// log(1 + S exp(M - p)): step 7 of the joint block.
Tracked softplus(const ErrorAlgebra& algebra, const NegativeSum& n, const Tracked& p) {
  return by_order(
      n.maximum, p, [&] { return algebra.log1p(algebra.mul(n.sum, drop(algebra, n.maximum, p))); },
      [&] {
        const Tracked sum = algebra.add(n.sum, drop(algebra, p, n.maximum));
        return algebra.add(algebra.sub(n.maximum, p), algebra.log(narrowed(sum, 1, infinity)));
      });
}

/// The share of the negatives in LSE over p and them.
Tracked share_against(const ErrorAlgebra& algebra, const NegativeSum& n, const Tracked& p) {
  const Tracked share = by_order(
      n.maximum, p,
      [&] {
        const Tracked x = algebra.mul(n.sum, drop(algebra, n.maximum, p));
        return algebra.div(x, narrowed(algebra.add(x, held(1)), 1, infinity));
      },
      [&] { return algebra.div(n.sum, algebra.add(n.sum, drop(algebra, p, n.maximum))); });
  return narrowed(share, 0, 1);
}

/// The same against the sum of the positives.
Tracked share_against_sum(const ErrorAlgebra& algebra, const NegativeSum& n, const NegativeSum& p) {
  const Tracked share = by_order(
      n.maximum, p.maximum,
      [&] {
        const Tracked x = algebra.mul(n.sum, drop(algebra, n.maximum, p.maximum));
        return algebra.div(x, narrowed(algebra.add(p.sum, x), 1, infinity));
      },
      [&] {
        const Tracked x = algebra.mul(p.sum, drop(algebra, p.maximum, n.maximum));
        return algebra.div(n.sum, narrowed(algebra.add(n.sum, x), 1, infinity));
      });
  return narrowed(share, 0, 1);
}

/// M and R: largest of all logits, and the sum of exp(s - M).
NegativeSum sum_of_all(const ErrorAlgebra& algebra, const FamilySums& s) {
  if (!s.has_negatives) return s.positives;
  const NegativeSum &n = s.negatives, &p = s.positives;
  const Tracked sum = by_order(
      n.maximum, p.maximum,
      [&] { return algebra.add(p.sum, algebra.mul(n.sum, drop(algebra, n.maximum, p.maximum))); },
      [&] { return algebra.add(algebra.mul(p.sum, drop(algebra, p.maximum, n.maximum)), n.sum); });
  return {algebra.max(n.maximum, p.maximum), narrowed(sum, 1, infinity)};
}

Tracked all_mean(const ErrorAlgebra& algebra, const FamilySums& s) {
  const NegativeSum all = sum_of_all(algebra, s);
  return algebra.add(algebra.sub(all.maximum, s.mean), algebra.log(all.sum));
}

Tracked inside(const ErrorAlgebra& algebra, const FamilySums& s, bool with_positives) {
  const NegativeSum &n = s.negatives, &p = s.positives;
  if (!with_positives)
    return algebra.add(algebra.sub(n.maximum, p.maximum), algebra.log(algebra.div(n.sum, p.sum)));
  return by_order(
      n.maximum, p.maximum,
      [&] {
        const Tracked x = algebra.mul(n.sum, drop(algebra, n.maximum, p.maximum));
        return algebra.log1p(algebra.div(x, p.sum));
      },
      [&] {
        const Tracked x = algebra.mul(p.sum, drop(algebra, p.maximum, n.maximum));
        const Tracked ratio = algebra.div(algebra.add(n.sum, x), p.sum);
        return algebra.add(algebra.sub(n.maximum, p.maximum), algebra.log(ratio));
      });
}

/// Mean over the positives of what `of_positive` says of each, added in lanes.
template <class OfPositive>
Tracked sum_over_positives(const ErrorAlgebra& algebra, const FamilyLogits& logits,
                           OfPositive of_positive) {
  Lanes lanes{};
  for (std::size_t j = 0; j < logits.positives; ++j) {
    Tracked& lane = lanes[lane_of(logits, j)];
    lane = algebra.add(lane, of_positive(j));
  }
  return tree(algebra, lanes);
}

}  // namespace

FamilySums tiled_family_sums(const ErrorAlgebra& algebra, const FamilyLogits& logits) {
  FamilySums s;
  const std::size_t p = logits.positives, n = logits.negatives();
  s.count = static_cast<double>(p);
  s.has_negatives = n > 0;
  s.positives = tiled_sum(algebra, logits.held.data(), logits.column.data(), p);
  if (n > 0) s.negatives = tiled_sum(algebra, logits.held.data() + p, logits.column.data() + p, n);
  s.mean = logits.held[0];
  if (p == 1) return s;
  const Tracked total =
      sum_over_positives(algebra, logits, [&](std::size_t j) { return logits.held[j]; });
  s.mean = algebra.div(total, held(s.count));
  return s;
}

Tracked tiled_family_loss(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
                          const FamilyLogits& logits) {
  const FamilySums s = tiled_family_sums(algebra, logits);
  const RowForm form = form_of(setting, logits);
  const bool may_be_zero = form == RowForm::softplus || form == RowForm::all_inside;
  if (may_be_zero && !s.has_negatives) return held(0);
  switch (form) {
    case RowForm::softplus: break;
    case RowForm::all_mean: return all_mean(algebra, s);
    case RowForm::negatives_mean:
      return algebra.add(algebra.sub(s.negatives.maximum, s.mean), algebra.log(s.negatives.sum));
    case RowForm::all_inside: return inside(algebra, s, true);
    case RowForm::negatives_inside: return inside(algebra, s, false);
  }
  // The sum over the negatives enters every term: in the model, one error and not K of them.
  FamilySums apart = s;
  const double shared = logits.positives == 1 ? 0 : take_spread(apart.negatives.sum);
  double shares = 0;
  const Tracked sum = sum_over_positives(algebra, logits, [&](std::size_t j) {
    if (shared > 0) shares += share_against(algebra, s.negatives, logits.held[j]).centre;
    return softplus(algebra, apart.negatives, logits.held[j]);
  });
  if (logits.positives == 1) return sum;
  Tracked mean = algebra.div(sum, held(s.count));
  const double of_shared = shared * shares / s.count;
  mean.variance += of_shared * of_shared;
  return mean;
}

namespace {

/// g dl/ds_j as the algorithm computes them from its held logits; the exact ones on these logits
/// are not of interest, only the errors.
class Evaluated {
 public:
  Evaluated(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
            const FamilyLogits& logits, const Tracked& g)
      : algebra_(algebra),
        logits_(logits),
        g_(g),
        s_(tiled_family_sums(algebra, logits)),
        weights_(logits.size()),
        mean_outside_(form_of(setting, logits) == RowForm::all_mean) {
    g_.variance = 0;  // what is held of it is known
    switch (form_of(setting, logits)) {
      case RowForm::softplus:
        if (setting.denominator == reference::Denominator::all)
          one_positive();
        else
          each();
        break;
      case RowForm::all_mean: all_mean(); break;
      case RowForm::negatives_mean: negatives_mean(); break;
      case RowForm::all_inside: inside(true); break;
      case RowForm::negatives_inside: inside(false); break;
    }
  }
  const std::vector<Tracked>& weights() const { return weights_; }

  /// What the keys of the row share, each part as one random number; the rest lies in the weights.
  CoefficientNoise noise(const RowCurvature& curvature) const {
    CoefficientNoise all;
    for (const Tracked& weight : weights_) all.own.push_back(weight.variance);
    const auto add = [&](double spread, std::vector<double> pattern) {
      if (spread == 0) return;
      for (double& p : pattern) p *= spread * g_.centre;
      all.sources.push_back(std::move(pattern));
    };
    add(spread_.negatives, curvature.by_sum(false));
    add(spread_.positives, curvature.by_sum(true));
    std::vector<double> on_negatives = curvature.weight, on_positives = curvature.weight;
    for (std::size_t j = 0; j < weights_.size(); ++j) {
      const bool positive = j < logits_.positives;
      (positive ? on_negatives : on_positives)[j] = 0;
      if (positive && mean_outside_) on_positives[j] = 1 / s_.count;
    }
    add(spread_.factor, std::move(on_negatives));
    add(spread_.factor_of_positives, std::move(on_positives));
    return all;
  }

  /// The lanes of the derivative by the scale (B5), in the order of the columns; a single positive
  /// has no distance from the mean.
  Tracked lever() const {
    std::vector<std::size_t> order(logits_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::sort(order.begin(), order.end(),
              [&](std::size_t a, std::size_t b) { return logits_.column[a] < logits_.column[b]; });
    Lanes lanes{};
    for (const std::size_t j : order) {
      if (j == 0 && logits_.positives == 1) continue;
      Tracked& lane = lanes[lane_of(logits_, j)];
      lane = algebra_.fma(weights_[j], algebra_.sub(logits_.held[j], s_.mean), lane);
    }
    return tree(algebra_, lanes);
  }

 private:
  Tracked over_count() const {
    return logits_.positives == 1 ? g_ : algebra_.div(g_, held(s_.count));
  }
  /// exp(s_j - shift) factor.
  Tracked scaled(std::size_t j, const Tracked& shift, const Tracked& factor) const {
    return algebra_.mul(drop(algebra_, logits_.held[j], shift), factor);
  }
  void set_negatives(const Tracked& shift, const Tracked& factor) {
    for (std::size_t j = logits_.positives; j < logits_.size(); ++j)
      weights_[j] = scaled(j, shift, factor);
  }

  /// Relative standard deviations of what many coefficients share: the two sums, and the factors
  /// that multiply the exponentials.
  struct Spread {
    double negatives = 0, positives = 0, factor = 0, factor_of_positives = 0;
  };
  void take_sum_of_negatives() { spread_.negatives = take_spread(s_.negatives.sum); }

  void one_positive() {
    if (!s_.has_negatives) return nothing();
    take_sum_of_negatives();
    const NegativeSum& n = s_.negatives;
    const Tracked& p = logits_.held[0];
    const Order order = compare(n.maximum, p);
    Tracked others = n.sum, total;
    if (order.may_exceed)
      total = narrowed(algebra_.add(n.sum, drop(algebra_, p, n.maximum)), 1, infinity);
    if (order.may_not) {
      const Tracked below = algebra_.mul(n.sum, drop(algebra_, n.maximum, p));
      const Tracked sum = narrowed(algebra_.add(below, held(1)), 1, infinity);
      others = order.may_exceed ? either(others, below) : below;
      total = order.may_exceed ? either(total, sum) : sum;
    }
    Tracked omega = algebra_.div(g_, total);
    spread_.factor = spread_.factor_of_positives = take_spread(omega);
    weights_[0] = negated(algebra_.mul(others, omega));
    set_negatives(algebra_.max(n.maximum, p), omega);
  }

  void each() {
    if (!s_.has_negatives) return nothing();
    take_sum_of_negatives();
    Tracked per_positive = over_count();
    spread_.factor_of_positives = take_spread(per_positive);
    Tracked shares = sum_over_positives(algebra_, logits_, [&](std::size_t j) {
      const Tracked q = share_against(algebra_, s_.negatives, logits_.held[j]);
      weights_[j] = negated(algebra_.mul(q, per_positive));
      return q;
    });
    const Tracked product = algebra_.mul(per_positive, shares);
    Tracked factor = algebra_.div(product, s_.negatives.sum);
    spread_.factor = take_spread(factor) + spread_.factor_of_positives;
    set_negatives(s_.negatives.maximum, factor);
  }

  void all_mean() {
    NegativeSum all = sum_of_all(algebra_, s_);
    spread_.negatives = take_spread(all.sum);  // of the whole denominator
    Tracked omega = algebra_.div(g_, all.sum), per_positive = over_count();
    spread_.negatives += take_spread(omega);
    spread_.factor_of_positives = take_spread(per_positive);
    for (std::size_t j = 0; j < logits_.positives; ++j)
      weights_[j] = algebra_.sub(scaled(j, all.maximum, omega), per_positive);
    set_negatives(all.maximum, omega);
  }

  void negatives_mean() {
    take_sum_of_negatives();
    Tracked per_positive = over_count(), factor = algebra_.div(g_, s_.negatives.sum);
    spread_.factor_of_positives = take_spread(per_positive);
    spread_.factor = take_spread(factor);
    for (std::size_t j = 0; j < logits_.positives; ++j) weights_[j] = negated(per_positive);
    set_negatives(s_.negatives.maximum, factor);
  }

  void inside(bool with_positives) {
    if (!s_.has_negatives) return nothing();
    take_sum_of_negatives();
    spread_.positives = take_spread(s_.positives.sum);
    const Tracked share =
        with_positives ? share_against_sum(algebra_, s_.negatives, s_.positives) : held(1);
    const Tracked product = algebra_.mul(g_, share);
    Tracked of_positives = algebra_.div(product, s_.positives.sum);
    Tracked of_negatives = algebra_.div(product, s_.negatives.sum);
    spread_.factor_of_positives = take_spread(of_positives);
    spread_.factor = take_spread(of_negatives);
    for (std::size_t j = 0; j < logits_.positives; ++j)
      weights_[j] = negated(scaled(j, s_.positives.maximum, of_positives));
    set_negatives(s_.negatives.maximum, of_negatives);
  }

  /// Everything is 0, unless the upstream gradient is not a number.
  void nothing() {
    if (!std::isfinite(g_.error)) weights_.assign(weights_.size(), {0, 0, infinity});
  }

  const ErrorAlgebra& algebra_;
  const FamilyLogits& logits_;
  Tracked g_;
  FamilySums s_;
  std::vector<Tracked> weights_;
  bool mean_outside_;
  Spread spread_;
};

}  // namespace

FamilyCoefficients tiled_family_coefficients(const ErrorAlgebra& algebra,
                                             const reference::InfoNceSetting& setting,
                                             const FamilyLogits& logits, const Tracked& g) {
  const FamilyEffect effect = family_effect(setting, logits);
  const Evaluated evaluated(algebra, setting, logits, g);
  FamilyCoefficients row;
  const Tracked lever = evaluated.lever();
  row.noise = evaluated.noise(curvature_of(form_of(setting, logits), logits));
  row.noise.lever = lever.variance;
  const double size = inflate_up(std::fabs(g.centre) + g.radius);
  const double own = 0x1p-52 * size + g.radius;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const double weight = effect.weight[j], error = evaluated.weights()[j].error;
    const bool zero = weight == 0 && effect.moved[j] == 0;  // by the formula, not by rounding
    const double moved = zero ? 0 : size * effect.moved[j] + 0x1p-1000;
    const double radius = zero ? 0 : size * effect.radius[j] + own * std::fabs(weight);
    row.terms.push_back({g.centre * weight, inflate_up(radius), inflate_up(moved + error)});
  }
  row.lever = {g.centre * effect.lever,
               inflate_up(size * effect.lever_radius + own * std::fabs(effect.lever)),
               inflate_up(size * effect.lever_moved + lever.error)};
  return row;
}

}  // namespace assay::contract
