// SPDX-License-Identifier: Apache-2.0
// Charts: from a point in doubles to an exact one.
#include <algorithm>
#include <cmath>

#include "properties/engine/claim/chart.hpp"

namespace assay::engine {
namespace {

/// Weights in multiples of 1/d, divided by their exact sum.
bool exact_law(std::vector<Real>& law, long long d, bool positive) {
  Real total = 0;
  for (Real& w : law) {
    w = w.rounded_to(d);
    if (positive && less(Real(0), w) != Truth::yes) w = Real::ratio(1, d);
    total += w;
  }
  if (equal(total, Real(0)) == Truth::yes) return false;
  for (Real& w : law) w /= total;
  return true;
}

void exact_in_ball(std::vector<Real>& v, long long d) {
  std::vector<Real> nearest;
  for (const Real& x : v) nearest.push_back(x.rounded_to(d));
  if (less_or_equal(dot(nearest, nearest), Real(1)) != Truth::yes)
    for (std::size_t i = 0; i < v.size(); ++i) {  // towards zero: no longer than the vector was
      const double scaled = std::trunc(v[i].approximate() * double(d));
      nearest[i] = Real::ratio(static_cast<long long>(scaled), d);
    }
  v = nearest;
}

/// Stereographic projection from the pole opposite to the largest coordinate: rational parameters t
/// give (2t, 1 - |t|^2) / (1 + |t|^2), exactly of norm 1.
void exact_on_sphere(std::vector<Real>& v, long long d) {
  const auto larger = [](const Real& a, const Real& b) {
    return std::abs(a.approximate()) < std::abs(b.approximate());
  };
  const auto pole =
      static_cast<std::size_t>(std::max_element(v.begin(), v.end(), larger) - v.begin());
  const int sign = v[pole].approximate() < 0 ? -1 : 1;
  const double height = std::abs(v[pole].approximate());
  Real squares = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (i == pole) continue;
    v[i] = Real::plain(v[i].approximate() / (1 + height)).rounded_to(d);
    squares += v[i] * v[i];
  }
  for (std::size_t i = 0; i < v.size(); ++i)
    v[i] = i == pole ? Real(sign) * (Real(1) - squares) / (Real(1) + squares)
                     : Real(2) * v[i] / (Real(1) + squares);
}

}  // namespace

std::optional<Instance> Chart::exact(const Instance& plain, long long d) const {
  Instance point = plain;
  point.arithmetic = Arithmetic::plain();
  for (Block& b : point.blocks) {
    b.squared_scale = 1;  // exact, and the vectors of a chart are not scaled
    const std::size_t n = b.group();
    for (std::size_t at = 0; at < b.values.size(); at += n) {
      const auto first = b.values.begin() + static_cast<std::ptrdiff_t>(at);
      const auto last = first + static_cast<std::ptrdiff_t>(n);
      if (std::any_of(first, last, [](const Real& x) { return !std::isfinite(x.approximate()); }))
        return std::nullopt;
      std::vector<Real> group(first, last);
      switch (b.kind) {
        case BlockKind::scalar: group[0] = min(max(group[0].rounded_to(d), b.low), b.high); break;
        case BlockKind::integer: group[0] = group[0].rounded_to(1); break;
        case BlockKind::simplex:
        case BlockKind::exchangeable:
          if (!exact_law(group, d, b.positive)) return std::nullopt;
          break;
        case BlockKind::ball: exact_in_ball(group, d); break;
        case BlockKind::sphere: exact_on_sphere(group, d); break;
      }
      std::copy(group.begin(), group.end(), first);
    }
  }
  return point;
}

}  // namespace assay::engine
