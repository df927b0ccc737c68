// SPDX-License-Identifier: Apache-2.0
// Online sums of exponentials, lane by lane, over the error algebra.
#include "properties/contract/loss/info_nce_online.hpp"

#include <array>
#include <cmath>

namespace assay::contract {

Order compare(const Tracked& a, const Tracked& b) {
  const double gap = a.centre - b.centre;
  const double fog = inflate_up(a.radius + b.radius) + 0x1p-50 * std::fabs(gap);
  return {gap > -fog || gap == 0, gap <= fog};
}

Tracked largest_of(const ErrorAlgebra& algebra, const std::vector<Tracked>& v, std::size_t first) {
  Tracked top = v[first];
  for (std::size_t j = first + 1; j < v.size(); ++j) top = algebra.max(top, v[j]);
  return top;
}

std::size_t certain_largest(const std::vector<Tracked>& v, const Tracked& top, std::size_t first) {
  std::size_t only = v.size();
  for (std::size_t j = first; j < v.size(); ++j) {
    if (!compare(top, v[j]).may_not) continue;
    if (only != v.size()) return v.size();
    only = j;
  }
  return only;
}

namespace {

constexpr std::size_t warp = 32;

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

/// The lanes brought to one maximum and added: R = sum of exp(v_j - M) over the negatives.
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

}  // namespace

NegativeSum tiled_sum(const ErrorAlgebra& algebra, const Tracked* logits,
                      const std::int64_t* column, std::size_t count) {
  std::array<Lane, warp> lanes;
  for (std::size_t j = 0; j < count; ++j)
    lanes[static_cast<std::size_t>(column[j]) % warp].push(algebra, logits[j]);
  return join_lanes(algebra, lanes);
}

NegativeSum tiled_negative_sum(const ErrorAlgebra& algebra, const RowLogits& logits) {
  return tiled_sum(algebra, logits.held_logit.data() + 1, logits.column.data() + 1,
                   logits.held_logit.size() - 1);
}

}  // namespace assay::contract
