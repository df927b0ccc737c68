// SPDX-License-Identifier: Apache-2.0
// Expectations under a binomial law.
#include "reference/bound/binomial.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace assay::reference {
namespace {

// The largest weight with integer odds has about trials * log2(1 + odds) bits. At 2^18 of them the
// sum is still a matter of a second.
constexpr int most_exact_bits = 1 << 18;
constexpr int most_exact_trials = 256;

bool has_integer_weights(const Arithmetic& in, int trials, const Real& odds) {
  return !in.is_plain() && odds.is_integer() && trials <= most_exact_bits / odds.complexity();
}

// The weight of the mode is 1: exact for few trials, else a number whose products round.
Real unit_weight(const Arithmetic& in, int trials) {
  if (in.is_plain()) return Real::plain(1);
  if (trials <= most_exact_trials) return 1;
  return Real::enclosed(Interval::exactly(1), in);
}

int near_mode(int trials, const Real& odds) {
  const double r = odds.approximate();
  const double mode = std::isfinite(r) ? trials * (r / (1 + r)) : trials;
  return static_cast<int>(std::clamp(mode, 0.0, static_cast<double>(trials)));
}

}  // namespace

Real binomial_expectation(const Arithmetic& in, int trials, const Real& odds,
                          const std::function<Real(int successes)>& g) {
  if (trials < 0) throw std::invalid_argument("the number of trials must not be negative");
  if (less(Real(0), odds) != Truth::yes) throw std::invalid_argument("the odds must be positive");
  const bool integers = has_integer_weights(in, trials, odds);
  const int mode = integers ? 0 : near_mode(trials, odds);
  Real weight = integers ? Real(1) : unit_weight(in, trials);
  Real total = weight, moment = weight * g(mode);
  for (int m = mode + 1; m <= trials; ++m) {  // C(n,m) / C(n,m-1) = (n-m+1)/m
    weight *= odds * Real::ratio(trials - m + 1, m);
    total += weight;
    moment += weight * g(m);
  }
  weight = unit_weight(in, trials);
  for (int m = mode - 1; m >= 0; --m) {
    weight *= Real::ratio(m + 1, trials - m) / odds;
    total += weight;
    moment += weight * g(m);
  }
  return moment / total;
}

}  // namespace assay::reference
