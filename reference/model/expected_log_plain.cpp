// SPDX-License-Identifier: Apache-2.0
// The integral of expected_log in doubles: the trapezoid rule in log s, about 100 nodes.
#include <algorithm>
#include <cmath>

#include "reference/model/detail/log_integral.hpp"

namespace assay::reference::detail {
namespace {

/// Y = alpha + w sum X_i; all rates are relative to c = E Y.
struct Scaled {
  std::vector<double> masses, rates;
  double alpha = 0;  // alpha / c
  double rest = 0;   // (c - alpha) / c
  double lowest = 0;
  double highest = 0;
  int k = 1;

  /// E exp(-sY/c) - exp(-s), without cancellation where X is small or s is.
  double difference(double s) const {
    double total = 0;
    if (s * highest <= 1) {
      for (std::size_t j = 0; j < rates.size(); ++j) total += masses[j] * std::expm1(-s * rates[j]);
      return std::exp(-s) * std::expm1(s * rest + k * std::log1p(total));
    }
    for (std::size_t j = 0; j < rates.size(); ++j)
      total += masses[j] * std::exp(-s * (rates[j] - lowest));
    return std::exp(-s * (alpha + k * lowest) + k * std::log(total)) - std::exp(-s);
  }
};

}  // namespace

double log_integral_plain(const LogIntegral& problem) {
  Scaled y;
  y.k = problem.k;
  double largest = problem.exponents.front().approximate();
  for (const Real& x : problem.exponents) largest = std::max(largest, x.approximate());
  // A shift keeps exp from overflowing. Small exponents need none, and alpha = 1 wants none.
  const double alpha = problem.alpha.approximate();
  const double shift = largest > 0 || alpha <= 0 ? largest : 0;
  double mean = 0;
  for (std::size_t j = 0; j < problem.exponents.size(); ++j) {
    y.masses.push_back(problem.masses[j].approximate());
    y.rates.push_back(problem.weight.approximate() *
                      std::exp(problem.exponents[j].approximate() - shift));
    mean += y.masses.back() * y.rates.back() * y.k;
  }
  const double shifted_alpha = alpha > 0 ? alpha * std::exp(-shift) : 0;
  const double c = shifted_alpha + mean;
  y.alpha = shifted_alpha / c;
  y.rest = mean / c;
  for (double& rate : y.rates) rate /= c;
  y.lowest = *std::min_element(y.rates.begin(), y.rates.end());
  y.highest = *std::max_element(y.rates.begin(), y.rates.end());

  constexpr double step = 0.25;      // error near one unit in the last place of a double
  constexpr double leftmost = -20;   // D <= s^2 Var/2
  constexpr double rightmost = 700;  // exp of it is a double
  const double right = std::min(std::log(40 / (y.alpha + y.k * y.lowest)), rightmost);
  const int nodes = right > leftmost ? static_cast<int>((right - leftmost) / step) : 0;
  double total = 0;
  for (int n = 0; n <= nodes; ++n) total += y.difference(std::exp(leftmost + n * step));
  const double log_c = shift == 0 && alpha == 1 ? std::log1p(mean) : shift + std::log(c);
  return log_c - step * total;
}

}  // namespace assay::reference::detail
