// SPDX-License-Identifier: Apache-2.0
// InfoNCE rows from their held logits: each algorithm written once over the error algebra.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr std::size_t warp = 32;

/// Which of two exactly held numbers may be the larger one.
struct Order {
  bool may_exceed;  ///< a > b is possible
  bool may_not;     ///< a <= b is possible
};
Order compare(const Tracked& a, const Tracked& b) {
  const double gap = a.centre - b.centre;
  const double fog = inflate_up(a.radius + b.radius) + 0x1p-50 * std::fabs(gap);
  return {gap > -fog || gap == 0, gap <= fog};
}

/// The online (maximum, sum) of one lane: sum is near the sum of exp(v - maximum).
struct Lane {
  bool empty = true;
  double terms = 0;
  Tracked maximum, sum;

  void push(const ErrorAlgebra& algebra, const Tracked& v) {
    terms += 1;
    if (empty) {  // fma(0, exp(-inf), 1) = 1
      empty = false;
      maximum = v;
      sum = held(1);
      return;
    }
    const Order order = compare(v, maximum);
    Tracked raised, same;
    if (order.may_exceed)
      raised = algebra.fma(sum, algebra.exp(not_positive(algebra.sub(maximum, v))), held(1));
    if (order.may_not) same = algebra.add(sum, algebra.exp(not_positive(algebra.sub(v, maximum))));
    sum = !order.may_not ? raised : !order.may_exceed ? same : either(raised, same);
    sum = narrowed(sum, 1, terms);  // the largest term is exp(0)
    maximum = algebra.max(maximum, v);
  }
};

Tracked largest_of(const ErrorAlgebra& algebra, const std::vector<Tracked>& v, std::size_t first) {
  Tracked top = v[first];
  for (std::size_t j = first + 1; j < v.size(); ++j) top = algebra.max(top, v[j]);
  return top;
}

/// The index of the only number that can be the largest, `top`; v.size() when several can.
std::size_t certain_largest(const std::vector<Tracked>& v, const Tracked& top, std::size_t first) {
  std::size_t only = v.size();
  for (std::size_t j = first; j < v.size(); ++j) {
    if (!compare(top, v[j]).may_not) continue;
    if (only != v.size()) return v.size();
    only = j;
  }
  return only;
}

/// The lanes brought to one maximum and added: R = sum of exp(v_j - M) over the negatives.
struct NegativeSum {
  Tracked maximum, sum;
};
NegativeSum join_lanes(const ErrorAlgebra& algebra, const std::array<Lane, warp>& lanes) {
  std::vector<Tracked> maxima;
  std::vector<std::size_t> live;
  double terms = 0;
  for (std::size_t l = 0; l < warp; ++l) {
    if (lanes[l].empty) continue;
    maxima.push_back(lanes[l].maximum);
    live.push_back(l);
    terms += lanes[l].terms;
  }
  const Tracked top = largest_of(algebra, maxima, 0);
  const std::size_t own = certain_largest(maxima, top, 0);
  std::array<Tracked, warp> sums{};
  for (std::size_t k = 0; k < live.size(); ++k) {
    const Tracked drop = k == own ? held(0) : not_positive(algebra.sub(maxima[k], top));
    sums[live[k]] = algebra.mul(lanes[live[k]].sum, algebra.exp(drop));
  }
  for (std::size_t offset = warp / 2; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) sums[l] = algebra.add(sums[l], sums[l + offset]);
  return {top, narrowed(sums[0], 1, terms)};
}

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
  std::array<Lane, warp> lanes;
  for (std::size_t j = 1; j < logits.held_logit.size(); ++j)
    lanes[static_cast<std::size_t>(logits.column[j]) % warp].push(algebra, logits.held_logit[j]);
  const NegativeSum negatives = join_lanes(algebra, lanes);
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

RowEvaluation evaluate_any_order(const ErrorAlgebra& algebra, const RowLogits& logits) {
  const std::vector<Tracked>& v = logits.held_logit;
  const Tracked& p = v[0];
  RowEvaluation worst{{0, 0, -1}, {0, 0, -1}};  // error -1: no form yet

  // The sums over the negatives and over all, relative to a shift that is logit `own` itself (the
  // difference is then exactly 0), or some logit that cannot be told (own = v.size()).
  std::vector<Tracked> terms(v.size());
  Tracked over_negatives, over_all;
  const auto sums_relative_to = [&](const Tracked& shift, std::size_t own) {
    for (std::size_t j = 0; j < v.size(); ++j)
      terms[j] = algebra.exp(j == own ? held(0) : algebra.sub(v[j], shift));
    over_all = narrowed(algebra.sum_any_order(terms), 1, infinity);
    std::swap(terms.front(), terms.back());
    terms.pop_back();
    over_negatives = algebra.sum_any_order(terms);
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
