// SPDX-License-Identifier: Apache-2.0
// Binomial tails by their own terms: the largest by the gamma function, the others by exact ratios.
#include "properties/engine/statistics/binomial.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>

#include "reference/arithmetic/number.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::engine {
namespace {

using reference::Context;
using reference::MpfiNumber;

// Logarithms of terms reach 2^59; what is left behind the point then still says more than a double.
constexpr int bits = 192;
constexpr std::int64_t largest_trials = std::int64_t{1} << 53;

MpfiNumber log_factorial(std::int64_t n) {
  mpfr_t x, lower, upper;
  mpfr_inits2(bits, x, lower, upper, nullptr);
  mpfr_set_si(x, n + 1, MPFR_RNDN);
  mpfr_lngamma(lower, x, MPFR_RNDD);
  mpfr_lngamma(upper, x, MPFR_RNDU);
  MpfiNumber result = MpfiNumber::between(lower, upper, bits);
  mpfr_clears(x, lower, upper, nullptr);
  return result;
}

// A chance and its complement, neither of which loses digits to the other.
struct Odds {
  MpfiNumber p, q;
  Odds swapped() const { return {q, p}; }
};

Odds odds_of(const Context<MpfiNumber>& context, double chance) {
  const MpfiNumber p = context.exactly(chance);
  return {p, context.from_integer(1) - p};
}

// P(Bin(n, p) = k).
MpfiNumber term_at(const Context<MpfiNumber>& context, std::int64_t k, std::int64_t n,
                   const Odds& odds) {
  const MpfiNumber choose = log_factorial(n) - log_factorial(k) - log_factorial(n - k);
  return exp(choose + context.from_integer(k) * log(odds.p) +
             context.from_integer(n - k) * log(odds.q));
}

// P(Bin(n, p) <= k) for 0 <= k < n and p in (0, 1), best for k below the mean. The ratio of a term
// to the one above it, j q / ((n - j + 1) p), falls with j: once it is below 1, a geometric series
// bounds everything that is left out.
Ends tail_downward(std::int64_t k, std::int64_t n, const Odds& odds) {
  const Context<MpfiNumber> context(bits);
  MpfiNumber term = term_at(context, k, n, odds), sum = term;
  MpfiNumber left_out = context.from_integer(0);
  double relative = 1;  // to the first term, which may itself lie below all doubles
  for (std::int64_t j = k; j > 0; --j) {
    const MpfiNumber ratio =
        context.from_integer(j) * odds.q / (context.from_integer(n - j + 1) * odds.p);
    const double r = reference::midpoint_of(ratio);
    if (r < 1 && relative * r / (1 - r) < 0x1p-80) {
      left_out = term * ratio / (context.from_integer(1) - ratio);
      break;
    }
    term *= ratio;
    sum += term;
    relative *= r;
  }
  const double lo = to_interval(sum).ends().lo, hi = to_interval(sum + left_out).ends().hi;
  return {std::max(0.0, lo), std::min(1.0, hi)};
}

Ends complement(Ends x) {
  const double lo = reference::next_down(1 - x.hi), hi = reference::next_up(1 - x.lo);
  return {std::max(0.0, lo), std::min(1.0, hi)};
}

// P(Bin(n, p) <= k), summed on the side of the mean on which the terms fall.
Ends tail(std::int64_t k, std::int64_t n, const Odds& odds) {
  if (k < 0) return {0, 0};
  if (k >= n) return {1, 1};
  const double mean = static_cast<double>(n) * reference::midpoint_of(odds.p);
  if (static_cast<double>(k) <= mean) return tail_downward(k, n, odds);
  return complement(tail_downward(n - k - 1, n, odds.swapped()));
}

Ends at_most(std::int64_t k, std::int64_t n, double chance) {
  if (chance == 0) return k < 0 ? exactly(0) : exactly(1);
  if (chance == 1) return k < n ? exactly(0) : exactly(1);
  return tail(k, n, odds_of(Context<MpfiNumber>(bits), chance));
}

Ends at_least(std::int64_t k, std::int64_t n, double chance) {
  if (chance == 0) return k > 0 ? exactly(0) : exactly(1);
  if (chance == 1) return k > n ? exactly(0) : exactly(1);
  return tail(n - k, n, odds_of(Context<MpfiNumber>(bits), chance).swapped());
}

void require_law(std::int64_t trials, Ends chance) {
  if (trials < 0 || trials >= largest_trials)
    throw std::invalid_argument("binomial law: impossible with " + std::to_string(trials) +
                                " trials");
  if (!(chance.lo >= 0 && chance.lo <= chance.hi && chance.hi <= 1))
    throw std::invalid_argument("binomial law: a chance outside [0, 1]");
}

void require_confidence(std::int64_t successes, std::int64_t trials, double delta) {
  require_law(trials, exactly(0));
  if (successes < 0 || successes > trials || trials == 0)
    throw std::invalid_argument("confidence bound: " + std::to_string(successes) + " of " +
                                std::to_string(trials));
  if (!(delta > 0 && delta < 1))
    throw std::invalid_argument("confidence bound: delta outside (0, 1)");
}

}  // namespace

Ends binomial_at_most(std::int64_t successes, std::int64_t trials, Ends chance) {
  require_law(trials, chance);
  const Ends high = at_most(successes, trials, chance.lo);
  if (chance.lo == chance.hi) return high;
  return {at_most(successes, trials, chance.hi).lo, high.hi};
}

Ends binomial_at_least(std::int64_t successes, std::int64_t trials, Ends chance) {
  require_law(trials, chance);
  const Ends low = at_least(successes, trials, chance.lo);
  if (chance.lo == chance.hi) return low;
  return {low.lo, at_least(successes, trials, chance.hi).hi};
}

double clopper_pearson_upper(std::int64_t successes, std::int64_t trials, double delta) {
  require_confidence(successes, trials, delta);
  if (successes == trials) return 1;
  // Between a chance that is not proved to be refuted and one that is; on a logarithmic scale,
  // since the bound may be far below 1.
  double open = std::max(static_cast<double>(successes) / static_cast<double>(trials), 0x1p-60);
  double refuted = 1;
  while (refuted > open * (1 + 0x1p-31)) {
    const double middle = std::sqrt(open) * std::sqrt(refuted);
    if (middle <= open || middle >= refuted) break;
    (at_most(successes, trials, middle).hi <= delta ? refuted : open) = middle;
  }
  return refuted;
}

double clopper_pearson_lower(std::int64_t successes, std::int64_t trials, double delta) {
  require_confidence(successes, trials, delta);
  if (successes == 0) return 0;
  double refuted = 0x1p-120;
  if (!(at_least(successes, trials, refuted).hi <= delta)) return 0;
  double open = static_cast<double>(successes) / static_cast<double>(trials);
  while (open > refuted * (1 + 0x1p-31)) {
    const double middle = std::sqrt(open) * std::sqrt(refuted);
    if (middle <= refuted || middle >= open) break;
    (at_least(successes, trials, middle).hi <= delta ? refuted : open) = middle;
  }
  return refuted;
}

std::int64_t trials_to_certify(double epsilon, double delta, std::int64_t mismatches) {
  if (!(epsilon > 0 && epsilon < 1 && delta > 0 && delta < 1 && mismatches >= 0))
    throw std::invalid_argument("sample size: epsilon and delta lie in (0, 1)");
  const auto enough = [&](std::int64_t n) { return at_most(mismatches, n, epsilon).hi <= delta; };
  std::int64_t too_few = mismatches, enough_at = mismatches + 1;
  while (!enough(enough_at)) {
    too_few = enough_at;
    enough_at *= 2;
    if (enough_at >= largest_trials)
      throw std::invalid_argument("sample size: more than 2^53 trials");
  }
  while (enough_at - too_few > 1) {
    const std::int64_t middle = too_few + (enough_at - too_few) / 2;
    (enough(middle) ? enough_at : too_few) = middle;
  }
  return enough_at;
}

BinomialRange binomial_range(std::int64_t trials, double chance, double alpha) {
  require_law(trials, exactly(chance));
  BinomialRange range;
  const double side = alpha / 2;
  std::int64_t low = -1, high = trials;  // P(X <= low) <= side is proved, P(X <= high) is not
  while (high - low > 1) {
    const std::int64_t middle = low + (high - low) / 2;
    (at_most(middle, trials, chance).hi <= side ? low : high) = middle;
  }
  range.fewest = high;
  std::int64_t inside = 0, outside = trials + 1;  // P(X >= outside) <= side is proved
  while (outside - inside > 1) {
    const std::int64_t middle = inside + (outside - inside) / 2;
    (at_least(middle, trials, chance).hi <= side ? outside : inside) = middle;
  }
  range.most = inside;
  return range;
}

}  // namespace assay::engine
