// SPDX-License-Identifier: Apache-2.0
// Small outward operations on numbers in [0, 1] that the enclosed laws share.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "core/ends.hpp"
#include "reference/loss/upward.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::reference::detail {

inline Ends product(Ends a, Ends b) {
  if (a.hi == 0 || b.hi == 0) return {0, 0};
  return {std::max(0.0, next_down(a.lo * b.lo)), next_up(a.hi * b.hi)};
}

/// a / b for 0 <= a, 0 < b. \pre a is part of b: the quotient is at most 1
inline Ends share_in(Ends a, Ends b) {
  if (a.hi == 0) return {0, 0};
  return {std::max(0.0, next_down(a.lo / b.hi)),
          b.lo > 0 ? std::min(1.0, next_up(a.hi / b.lo)) : 1};
}

inline Ends sum_of(std::span<const Ends> terms) {
  BoundedSum lo(Direction::down), hi(Direction::up);
  for (const Ends& t : terms) {
    lo.add(std::min(1.0, t.lo));
    hi.add(std::min(1.0, t.hi));
  }
  return {lo.value(), hi.value()};
}

/// s inv_tau + 1.
Ends plus_one(Ends s, double inv_tau);
/// Divides by a power of two that brings the largest below 1. \throws NoLaw when there is none
void scale_to_one(std::vector<Ends>& weights);

}  // namespace assay::reference::detail
