// SPDX-License-Identifier: Apache-2.0
// Distances in outward arithmetic and the two inequalities.
#include "properties/engine/statistics/plug_in.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "reference/loss/batch_log.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::engine {
namespace {

using reference::BoundedSum;
using reference::difference;
using reference::Direction;
using reference::ratio_of;

using reference::add_up;
using reference::divide_up;
using reference::next_down;
using reference::next_up;
using reference::sqrt_up;

// The three sums whose least is the upper end, and the one that is the lower.
class Distance {
 public:
  void add(Ends q, Ends p) {
    const double surplus = above(q.hi, p.lo), lack = above(p.hi, q.lo);
    surplus_.add(surplus);
    lack_.add(lack);
    both_.add(std::max(surplus, lack));
    least_.add(std::max(below(q.lo, p.hi), below(p.lo, q.hi)));
  }
  Ends value() const {
    const double hi = std::min({both_.value() / 2, surplus_.value(), lack_.value(), 1.0});
    return {std::min(least_.value() / 2, hi), hi};
  }

 private:
  // max(x - y, 0), rounded up or down, for numbers of [0, 1].
  static double above(double x, double y) { return x > y ? difference(x, y, Direction::up) : 0; }
  static double below(double x, double y) { return x > y ? difference(x, y, Direction::down) : 0; }

  BoundedSum surplus_{Direction::up}, lack_{Direction::up}, both_{Direction::up};
  BoundedSum least_{Direction::down};
};

Ends inside(Ends p) { return {std::clamp(p.lo, 0.0, 1.0), std::clamp(p.hi, 0.0, 1.0)}; }

double log_up(double x) {
  const double v = reference::log_proved(x);
  return add_up(v, reference::log_error_weight_up(v) * reference::unit_roundoff * (1 + 0x1p-40));
}

// sqrt(ln(numerator/delta) / (2 draws)) from above.
double width(double numerator, std::int64_t draws, double delta) {
  if (!(delta > 0 && delta < 1) || draws <= 0)
    throw std::invalid_argument("confidence width: it needs draws, and delta in (0, 1)");
  return sqrt_up(divide_up(log_up(divide_up(numerator, delta)), 2 * static_cast<double>(draws)));
}

}  // namespace

Ends total_variation(std::span<const std::int64_t> counts, std::int64_t total,
                     std::span<const Ends> p) {
  if (counts.size() != p.size())
    throw std::invalid_argument("total variation: laws on different supports");
  Distance distance;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < p.size(); ++i) {
    sum += counts[i];
    distance.add(ratio_of(counts[i], total), inside(p[i]));
  }
  if (sum != total) throw std::invalid_argument("total variation: counts do not add up");
  return distance.value();
}

Ends total_variation(std::span<const Ends> q, std::span<const Ends> p) {
  if (q.size() != p.size())
    throw std::invalid_argument("total variation: laws on different supports");
  Distance distance;
  for (std::size_t i = 0; i < p.size(); ++i) distance.add(inside(q[i]), inside(p[i]));
  return distance.value();
}

double mcdiarmid_width(std::int64_t draws, double delta) { return width(1, draws, delta); }
double dkw_width(std::int64_t draws, double delta) { return width(2, draws, delta); }

double empirical_bias_up(std::int64_t support, std::int64_t draws) {
  return sqrt_up(divide_up(static_cast<double>(support - 1), static_cast<double>(draws))) / 2;
}

Ends plug_in_bounds(std::span<const std::int64_t> counts, std::int64_t draws,
                    std::span<const Ends> p, double delta) {
  const Ends t = total_variation(counts, draws, p);
  const double deviation = mcdiarmid_width(draws, delta);
  const double bias = empirical_bias_up(static_cast<std::int64_t>(p.size()), draws);
  return {std::max(0.0, next_down(t.lo - add_up(bias, deviation))),
          std::min(1.0, add_up(t.hi, deviation))};
}

double epoch_delta(double delta, int epoch) {
  return next_down(delta / (static_cast<double>(epoch) * (epoch + 1.0)));
}

std::int64_t plug_in_draws(std::int64_t support, double epsilon, double delta, double beta) {
  const double bracket = std::sqrt(static_cast<double>(support - 1)) / 2 +
                         std::sqrt(std::log(1 / delta) / 2) + std::sqrt(std::log(1 / beta) / 2);
  return static_cast<std::int64_t>(std::ceil(bracket * bracket / (epsilon * epsilon)));
}

Ends kolmogorov_distance(std::span<const Ends> distribution_at_sorted) {
  if (distribution_at_sorted.empty())
    throw std::invalid_argument("Kolmogorov distance: an empty sample");
  const auto n = static_cast<std::int64_t>(distribution_at_sorted.size());
  Ends largest{0, 0};
  for (std::int64_t i = 0; i < n; ++i) {
    const Ends f = inside(distribution_at_sorted[static_cast<std::size_t>(i)]);
    const Ends before = ratio_of(i, n), after = ratio_of(i + 1, n);
    largest.lo = std::max({largest.lo, next_down(f.lo - before.hi), next_down(after.lo - f.hi)});
    largest.hi = std::max({largest.hi, next_up(f.hi - before.lo), next_up(after.hi - f.lo)});
  }
  return {largest.lo, std::min(1.0, largest.hi)};
}

}  // namespace assay::engine
