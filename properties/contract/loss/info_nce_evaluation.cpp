// SPDX-License-Identifier: Apache-2.0
// InfoNCE rows from their held logits: each algorithm written once over the error algebra.
#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_online.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

/// Keeps the larger error of two ways to the same exact number.
void weaken(RowEvaluation& worst, const Tracked& loss, const Tracked& lse) {
  if (std::isfinite(loss.error)) {
    if (!(worst.loss.error >= loss.error)) worst.loss = loss;
  }
  if (std::isfinite(lse.error)) {
    if (!(worst.lse.error >= lse.error)) worst.lse = lse;
  }
}

}  // namespace

RowEvaluation evaluate_tiled(const ErrorAlgebra& algebra, const RowLogits& logits) {
  const Tracked& p = logits.held_logit[0];
  if (logits.held_logit.size() == 1) return {held(0), p};
  const NegativeSum negatives = tiled_negative_sum(algebra, logits);
  const Tracked &m = negatives.maximum, &r = negatives.sum;

  const Order order = compare(m, p);
  RowEvaluation below, above;
  if (order.may_not) {
    const Tracked x = algebra.mul(r, algebra.exp(not_positive(algebra.sub(m, p))));
    const Tracked t = algebra.log1p(x);
    below = {t, algebra.add(p, t)};
  }
  if (order.may_exceed) {
    const Tracked x = algebra.exp(not_positive(algebra.sub(p, m)));
    const Tracked t = algebra.log(narrowed(algebra.add(r, x), 1, infinity));
    above = {algebra.add(algebra.sub(m, p), t), algebra.add(m, t)};
  }
  if (!order.may_exceed) return below;
  if (!order.may_not) return above;
  return {either(below.loss, above.loss), either(below.lse, above.lse)};
}

// Each rescaling multiplies by exp(old maximum - new maximum): a rounded difference, a function, a
// rounded product. The differences of a term's path add up to no more than the logits' range.
Tracked rescaled(const ErrorAlgebra& algebra, const RowLogits& logits, Tracked sum,
                 std::int64_t rescalings) {
  if (rescalings == 0) return sum;
  const Format& format = algebra.format();
  const double u = format.rounding.roundoff;
  double low = infinity, high = -infinity;
  for (const Tracked& v : logits.held_logit) {
    low = std::min(low, v.centre - v.radius);
    high = std::max(high, v.centre + v.radius);
  }
  const double times = static_cast<double>(rescalings);
  const double relative =
      expm1_up(inflate_up(times * (format.exp_relative + u) * (1 + 0x1p-10) + u * (high - low)));
  const double terms = static_cast<double>(logits.held_logit.size());
  const double lost = times * terms * (format.exp_absolute + format.rounding.smallest_normal);
  const double size = sum.held_magnitude();
  sum.variance += size * size * times * (format.exp_relative + u) * (format.exp_relative + u);
  sum.error = inflate_up(sum.error + size * relative + lost);
  return sum;
}

RowEvaluation evaluate_any_order(const ErrorAlgebra& algebra, const RowLogits& logits,
                                 std::int64_t rescalings) {
  const std::vector<Tracked>& v = logits.held_logit;
  const Tracked& p = v[0];
  RowEvaluation worst{{0, 0, -1}, {0, 0, -1}};  // error -1: no form yet

  // The sums over the negatives and over all, relative to a shift that is logit `own` itself (the
  // difference is then exactly 0), or some logit that cannot be told (own = v.size()).
  std::vector<Tracked> terms(v.size());
  Tracked over_negatives, over_all;
  const auto sum_of = [&](const std::vector<Tracked>& some) {
    return rescaled(algebra, logits, algebra.sum_any_order(some), rescalings);
  };
  const auto sums_relative_to = [&](const Tracked& shift, std::size_t own) {
    for (std::size_t j = 0; j < v.size(); ++j)
      terms[j] = algebra.exp(j == own ? held(0) : algebra.sub(v[j], shift));
    over_all = narrowed(sum_of(terms), 1, infinity);
    std::swap(terms.front(), terms.back());
    terms.pop_back();
    over_negatives = sum_of(terms);
    terms.resize(v.size());
  };

  // Relative to the positive: log1p of the negatives; log over all where it is the largest.
  sums_relative_to(p, 0);
  {
    const Tracked t = algebra.log1p(over_negatives);
    weaken(worst, t, algebra.add(p, t));
  }
  Order order{false, true};  // largest negative against positive
  Tracked m;
  if (v.size() > 1) {
    m = largest_of(algebra, v, 1);
    order = compare(m, p);
  }
  if (order.may_not) {
    const Tracked l = algebra.log(over_all);
    const Tracked lse = algebra.add(p, l);
    weaken(worst, algebra.sub(lse, p), lse);
    weaken(worst, l, lse);
  }
  if (v.size() > 1) {  // relative to the largest negative
    sums_relative_to(m, certain_largest(v, m, 1));
    const Tracked t = algebra.log1p(algebra.mul(over_negatives, algebra.exp(algebra.sub(m, p))));
    weaken(worst, t, algebra.add(p, t));
    if (order.may_exceed) {
      const Tracked l = algebra.log(over_all);
      const Tracked lse = algebra.add(m, l);
      weaken(worst, algebra.sub(lse, p), lse);
      weaken(worst, algebra.sub(l, algebra.sub(p, m)), lse);
    }
  }
  if (worst.loss.error < 0) worst.loss = {0, infinity, infinity};
  if (worst.lse.error < 0) worst.lse = {0, infinity, infinity};
  return worst;
}

}  // namespace assay::contract
