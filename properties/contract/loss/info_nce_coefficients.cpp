// SPDX-License-Identifier: Apache-2.0
// Coefficients of one InfoNCE row: what the held logits do to them, and each algorithm's own
// rounding.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_gradient_budget.hpp"
#include "properties/contract/loss/info_nce_online.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t warp = 32;

/// Puts coefficient j of the row (its exact value near `centre`) where its key is.
void place(RowCoefficients& row, std::int64_t column, double centre, double error) {
  row.centre[static_cast<std::size_t>(column)] = centre;
  row.error[static_cast<std::size_t>(column)] = inflate_up(error);
}

/// Relative inaccuracy of the double weights: the logits' slack, the exponentials and the sums.
double weight_slack(const RowLogits& logits) {
  const double n = static_cast<double>(logits.ideal.size());
  return inflate_up(expm1_up(4 * logits.ideal_slack) + 8 * near_slack + (n + 8) * 0x1p-50);
}

/// The row with the effect of the logits and no rounding yet; the algorithms add theirs.
RowCoefficients with_effect(const RowLogits& logits, const CoefficientEffect& effect,
                            const Tracked& g, std::int64_t keys) {
  RowCoefficients row;
  row.centre.assign(static_cast<std::size_t>(keys), 0.0);
  row.error.assign(static_cast<std::size_t>(keys), 0.0);
  const double size = inflate_up(std::fabs(g.centre) + g.radius);
  for (std::size_t j = 0; j < logits.column.size(); ++j) {
    const double weight = j == 0 ? -effect.miss : effect.weight[j];
    place(row, logits.column[j], g.centre * weight,
          size * effect.moved[j] + g.radius * std::fabs(weight) + 0x1p-1000);
  }
  row.temperature = {
      g.centre * effect.temperature, 0,
      inflate_up(size * effect.temperature_moved + g.radius * std::fabs(effect.temperature)),
      g.centre * g.centre * effect.temperature_variance};
  row.variance.assign(static_cast<std::size_t>(keys), 0.0);
  row.slope.assign(static_cast<std::size_t>(keys), 0.0);
  for (std::size_t j = 0; j < logits.column.size(); ++j) {
    const auto key = static_cast<std::size_t>(logits.column[j]);
    row.variance[key] = g.centre * g.centre * effect.variance[j];
    row.slope[key] = g.centre * effect.slope[j];
  }
  row.shared = effect.shared;
  row.temperature_slope = g.centre * effect.temperature_slope;
  return row;
}

void add_error(RowCoefficients& row, std::int64_t column, const Tracked& rounded) {
  double& error = row.error[static_cast<std::size_t>(column)];
  error = inflate_up(error + rounded.error);
  row.variance[static_cast<std::size_t>(column)] += rounded.variance;
}

/// The variance of a factor that all negatives of the row have in common, moved from the factor to
/// the row: it does not average out from key to key.
void share(RowCoefficients& row, Tracked& factor) {
  if (factor.centre != 0) row.shared += factor.variance / (factor.centre * factor.centre);
  factor.variance = 0;
}

/// What the kernel keeps of a row: shift, sum of the others and total relative to it.
struct Statistics {
  Tracked shift, others, total;
};
Statistics tiled_statistics(const ErrorAlgebra& algebra, const RowLogits& logits) {
  const Tracked& p = logits.held_logit[0];
  const NegativeSum negatives = tiled_negative_sum(algebra, logits);
  const Tracked &m = negatives.maximum, &r = negatives.sum;
  const Order order = compare(m, p);
  Statistics below, above;
  if (order.may_not) {
    below.others = algebra.mul(r, algebra.exp(not_positive(algebra.sub(m, p))));
    below.total = narrowed(algebra.add(below.others, held(1)), 1, infinity);
    below.shift = p;
  }
  if (order.may_exceed) {
    const Tracked e = algebra.exp(not_positive(algebra.sub(p, m)));
    above = {m, r, narrowed(algebra.add(r, e), 1, infinity)};
  }
  if (!order.may_exceed) return below;
  if (!order.may_not) return above;
  return {algebra.max(m, p), either(below.others, above.others), either(below.total, above.total)};
}

}  // namespace

namespace {

/// The modelled part: derivatives of the weights by the logits, to first order.
void add_model(CoefficientEffect& effect, const RowLogits& logits) {
  const std::vector<double>& t = logits.ideal;
  const std::size_t n = t.size();
  const double mean_gap = effect.temperature;  // of t - t_p, over all weights
  double negatives = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double weight = j == 0 ? effect.positive : effect.weight[j];
    const double variance = weight * weight * logits.variance[j];
    effect.shared += variance;
    if (j > 0) negatives += variance;
  }
  effect.variance.resize(n);
  effect.slope.resize(n);
  for (std::size_t j = 0; j < n; ++j) {
    const double gap = t[j] - t[0];
    const double weight = j == 0 ? effect.positive : effect.weight[j];
    effect.variance[j] =
        j == 0 ? weight * weight * (effect.miss * effect.miss * logits.variance[0] + negatives)
               : weight * weight * logits.variance[j];
    effect.slope[j] = weight * (gap - mean_gap);
    const double derivative =
        j == 0 ? -weight * mean_gap - effect.miss : weight * (gap - mean_gap) + weight;
    effect.temperature_variance += derivative * derivative * logits.variance[j];
    effect.temperature_slope += derivative * gap;
  }
}

}  // namespace

CoefficientEffect coefficient_effect(const RowLogits& logits) {
  const std::vector<double>& t = logits.ideal;
  const std::size_t n = t.size();
  const double top = *std::max_element(t.begin(), t.end());
  const double slack = weight_slack(logits);
  CoefficientEffect effect;
  effect.weight.resize(n);
  effect.moved.resize(n);
  std::vector<double> own(n);
  double all = 0, others = 0;
  for (std::size_t j = 0; j < n; ++j) {
    effect.weight[j] = exp_near(t[j] - top) + exp_dropped;  // never 0: held logits may be larger
    all += effect.weight[j];
    if (j > 0) others += effect.weight[j];
    own[j] = inflate_up(logits.common * (std::fabs(t[j] - t[0]) + 2 * logits.ideal_slack) +
                        logits.deviation[j]);
  }
  // Weighted means of exp(own) - 1 over all logits and over the negatives.
  double mean = 0, mean_others = 0, most = 0, most_others = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double grown = effect.weight[j] * expm1_up(own[j]);
    mean += grown;
    most = std::max(most, own[j]);
    if (j == 0) continue;
    mean_others += grown;
    most_others = std::max(most_others, own[j]);
  }
  const auto moved_by = [&](double grown, double sum, double largest) {
    if (sum == 0) return 0.0;
    const double by_weights = inflate_up(log1p_near(grown / sum * (1 + slack)) * (1 + near_slack));
    return std::min(by_weights, largest);
  };
  const double normaliser = moved_by(mean, all, most);
  effect.miss = others / all;
  const double positive = effect.weight[0] / all;
  for (std::size_t j = 0; j < n; ++j) effect.weight[j] /= all;

  // Where all other weights are next to nothing they are upper bounds only, and weigh nothing.
  const double nothing = static_cast<double>(n) * exp_dropped * 0x1p50;
  const double by_others =
      others > nothing ? moved_by(mean_others, others, most_others) : most_others;
  const double ratio = inflate_up(by_others + own[0]);
  const double dropped = static_cast<double>(n + 2) * exp_dropped;
  const double derivative = ratio * effect.miss * positive * (1 + expm1_up(2 * ratio));
  effect.moved[0] = inflate_up(std::min(effect.miss * expm1_up(ratio), derivative) * (1 + slack) +
                               slack * effect.miss + dropped);
  for (std::size_t j = 1; j < n; ++j) {
    const double weight = effect.weight[j];
    const double change = expm1_up(inflate_up(own[j] + normaliser));
    effect.moved[j] = inflate_up(weight * (1 + slack) * change + slack * weight + dropped);
    const double gap = t[j] - t[0];
    const double apart = own[j] + logits.deviation[0];
    effect.temperature += weight * gap;
    effect.temperature_moved +=
        effect.moved[j] * (std::fabs(gap) + apart) +
        weight * (apart + 2 * logits.ideal_slack + 0x1p-50 * std::fabs(gap));
  }
  effect.temperature_moved =
      inflate_up(effect.temperature_moved * (1 + static_cast<double>(n) * 0x1p-50));
  effect.positive = positive;
  add_model(effect, logits);
  return effect;
}

RowCoefficients tiled_coefficients(const ErrorAlgebra& algebra, const RowLogits& logits,
                                   const Tracked& g, std::int64_t keys) {
  RowCoefficients row = with_effect(logits, coefficient_effect(logits), g, keys);
  const std::size_t n = logits.held_logit.size();
  if (n == 1 && std::isfinite(g.error)) {  // R = 0 and D = 1: every coefficient is 0, exactly
    row.error.assign(static_cast<std::size_t>(keys), 0.0);
    row.variance.assign(static_cast<std::size_t>(keys), 0.0);
    row.slope.assign(static_cast<std::size_t>(keys), 0.0);
    row.temperature = {};
    row.shared = row.temperature_slope = 0;
    return row;
  }
  if (n == 1) {  // 0 times an infinite upstream gradient
    row.error.assign(static_cast<std::size_t>(keys), infinity);
    row.temperature.error = infinity;
    return row;
  }
  const Statistics s = tiled_statistics(algebra, logits);
  Tracked omega = algebra.div(g, s.total);
  add_error(row, logits.column[0], algebra.mul(s.others, omega));
  share(row, omega);
  std::array<Tracked, warp> lanes{};
  const Tracked& p = logits.held_logit[0];
  for (std::size_t j = 1; j < n; ++j) {
    const Tracked& v = logits.held_logit[j];
    Tracked w = algebra.mul(algebra.exp(not_positive(algebra.sub(v, s.shift))), omega);
    if (logits.recomputed)  // both within `deviation` of the exact logit, not equal
      w.error = inflate_up(w.error + w.magnitude() * expm1_up(2 * logits.deviation[j]));
    add_error(row, logits.column[j], w);
    Tracked& lane = lanes[static_cast<std::size_t>(logits.column[j]) % warp];
    lane = algebra.fma(w, algebra.sub(v, p), lane);
  }
  for (std::size_t offset = warp / 2; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) lanes[l] = algebra.add(lanes[l], lanes[l + offset]);
  row.temperature.error = inflate_up(row.temperature.error + lanes[0].error);
  row.temperature.variance +=
      lanes[0].variance + row.shared * row.temperature.centre * row.temperature.centre;
  return row;
}

namespace {

const Tracked& weaker(const Tracked& a, const Tracked& b) { return b.error > a.error ? b : a; }

/// The positive's coefficient in the weaker of two ways. (w - 1) g rounds the difference and the
/// product. w g - g, as the derivative of a log-softmax has it, rounds the product first: what is
/// held is fl(w^ g^ + r - g^) with |r| <= u pow(w^ g^), a rounding at the size of g however small
/// w - 1 is; otherwise it is the exact (w^ - 1) g^, rounded once.
Tracked positive_coefficient(const ErrorAlgebra& algebra, const Tracked& w, const Tracked& g) {
  const Format& format = algebra.format();
  const double product = inflate_up(w.held_magnitude() * g.held_magnitude());
  const double lost =
      format.flushes ? format.rounding.smallest_normal : format.rounding.half_subnormal;
  const double rounding =
      product == 0 ? 0 : std::max(format.rounding.roundoff * power_below(product), lost);
  const double miss = w.centre - 1;
  const Tracked exact_miss{miss, inflate_up(w.radius + 0x1p-53 * std::fabs(miss)), w.error,
                           w.variance};
  const Tracked before =
      algebra.fma(exact_miss, g, {0, 0, rounding, rounding * rounding * (1.0 / 3)});
  return weaker(algebra.mul(algebra.sub(w, held(1)), g), before);
}

}  // namespace

RowCoefficients any_order_coefficients(const ErrorAlgebra& algebra, const RowLogits& logits,
                                       const Tracked& g, std::int64_t keys,
                                       std::int64_t rescalings) {
  RowCoefficients row = with_effect(logits, coefficient_effect(logits), g, keys);
  const std::vector<Tracked>& v = logits.held_logit;
  const Tracked top = largest_of(algebra, v, 0);
  Tracked lse = evaluate_any_order(algebra, logits, rescalings).lse;
  std::vector<Tracked> terms;
  for (const Tracked& logit : v)
    terms.push_back(algebra.exp(not_positive(algebra.sub(logit, top))));
  Tracked total =
      narrowed(rescaled(algebra, logits, algebra.sum_any_order(terms), rescalings), 1, infinity);
  row.shared += lse.variance;
  lse.variance = 0;
  share(row, total);
  // The weakest of exp(logit - lse), exp((logit - max) - log sum) and exp(logit - max) / sum. The
  // second rounds at the size of logit - max even where lse is near 0.
  Tracked log_total = algebra.log(total);
  log_total.variance = 0;  // shared by the row, as that of lse
  const auto weight_of = [&](std::size_t j) {
    const Tracked by_lse = algebra.exp(not_positive(algebra.sub(v[j], lse)));
    const Tracked shifted = not_positive(algebra.sub(v[j], top));
    const Tracked by_log = algebra.exp(not_positive(algebra.sub(shifted, log_total)));
    const Tracked by_sum = algebra.div(terms[j], total);
    return narrowed(weaker(weaker(by_lse, by_log), by_sum), 0, 1);
  };
  double products = 0, errors = 0, variances = 0;
  for (std::size_t j = 0; j < v.size(); ++j) {
    const Tracked w = weight_of(j);
    const Tracked coefficient = j == 0 ? positive_coefficient(algebra, w, g) : algebra.mul(w, g);
    add_error(row, logits.column[j], coefficient);
    // The derivative by the temperature may add coefficient times logit over all keys.
    const double logit = v[j].held_magnitude();
    products += coefficient.held_magnitude() * logit;
    errors += coefficient.error * logit;
    variances += coefficient.variance * logit * logit;
  }
  // The sum itself runs over all pairs of all rows, in any order: its roundings are the caller's.
  row.temperature_products =
      inflate_up((products + errors) * (1 + static_cast<double>(v.size()) * 0x1p-50));
  // A flushed product of a coefficient and a logit, or a part of one.
  const Rounding& f32 = algebra.format().rounding;
  const double lost =
      2 * static_cast<double>(v.size()) * f32.smallest_normal * (1 + g.held_magnitude());
  row.temperature.error = inflate_up(row.temperature.error + errors + lost);
  if (!(row.temperature_products <= f32.largest)) row.temperature.error = infinity;
  const double step = rounding_of(Dtype::f32).roundoff * products;
  row.temperature.variance += variances + static_cast<double>(v.size()) * step * step +
                              row.shared * row.temperature.centre * row.temperature.centre;
  return row;
}

// Row by row the sum would be small where a row's terms cancel, but the order is free: column by
// column, or in one running sum, partial sums are as large as all products together. Each product
// is rounded a few times and then added at most `additions` times, so that the sum is off by
// gamma_(additions + 8) times the sum of their magnitudes.
Tracked any_order_temperature(const ErrorAlgebra& algebra, const std::vector<RowCoefficients>& rows,
                              std::int64_t additions) {
  const Rounding& format = algebra.format().rounding;
  std::vector<Tracked> sums;
  double products = 0, pairs = 0;
  for (const RowCoefficients& row : rows) {
    sums.push_back(row.temperature);
    products += row.temperature_products;
    pairs += static_cast<double>(row.centre.size());
  }
  Tracked sum = algebra.sum_any_order(sums);
  if (static_cast<double>(additions + 8) * format.roundoff >= 0.5) return {0, 0, infinity};
  const double rounding = Gamma(additions + 8, format.roundoff).up() * products * (1 + 0x1p-40);
  const double flushed = 2 * (pairs + 8) * format.smallest_normal;
  sum.error = inflate_up(sum.error + rounding + flushed);
  return sum;
}

}  // namespace assay::contract
