// SPDX-License-Identifier: Apache-2.0
// Exact sums, and the inequality in upward arithmetic.
#include "properties/engine/statistics/bounded_mean.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "properties/engine/statistics/plug_in.hpp"
#include "reference/arithmetic/exact_sum.hpp"
#include "reference/loss/upward.hpp"

namespace assay::engine {
namespace {

using reference::add_up;
using reference::divide_up;
using reference::multiply_up;
using reference::next_down;
using reference::next_up;
using reference::Rational;

// A quotient becomes a double within one unit of its last place, whatever the rounding.
Ends enclosed(const Rational& q) {
  if (q == 0) return {0, 0};
  const double near = q.convert_to<double>();
  return {next_down(near), next_up(near)};
}

}  // namespace

struct BoundedMean::Sums {
  reference::ExactSum plain, squares;
};

BoundedMean::BoundedMean(double least, double most)
    : least_(least), most_(most), sums_(std::make_unique<Sums>()) {
  if (!(std::isfinite(least) && std::isfinite(most) && least <= most))
    throw std::invalid_argument("bounded mean: the ends are no finite interval");
}
BoundedMean::BoundedMean(BoundedMean&&) noexcept = default;
BoundedMean& BoundedMean::operator=(BoundedMean&&) noexcept = default;
BoundedMean::~BoundedMean() = default;

void BoundedMean::add(double x) {
  if (!(x >= least_ && x <= most_)) throw std::domain_error("bounded mean: outside the interval");
  sums_->plain.add(x);
  sums_->squares.add_product(x, x);
  ++draws_;
}

Ends BoundedMean::mean() const {
  const Ends e = enclosed(sums_->plain.exact() / reference::rational_from_integer(draws_));
  return {std::max(e.lo, least_), std::min(e.hi, most_)};
}

double BoundedMean::variance_up() const {
  const Rational sum = sums_->plain.exact();
  const Rational n = reference::rational_from_integer(draws_);
  return enclosed((sums_->squares.exact() - sum * sum / n) / (n - 1)).hi;
}

double BoundedMean::radius(double delta) const {
  if (draws_ < 2) throw std::invalid_argument("bounded mean: a radius needs two draws");
  // mcdiarmid_width(n, delta / 4) = sqrt(ln(4/delta) / (2 n)), and delta / 4 is exact.
  const double deviation =
      multiply_up(2 * reference::sqrt_up(variance_up()), mcdiarmid_width(draws_, delta / 4));
  const double one = mcdiarmid_width(1, delta / 4);
  const double length = next_up(most_ - least_);
  const double logarithm = multiply_up(2 * one, one);
  const double correction = divide_up(multiply_up(multiply_up(7, length), logarithm),
                                      3 * static_cast<double>(draws_ - 1));
  return std::min(add_up(deviation, correction), length);
}

}  // namespace assay::engine
