// SPDX-License-Identifier: Apache-2.0
// Tails of the binomial law as enclosures, and the one-sided bounds of Clopper and Pearson (1934)
// that follow from them. Nothing here is asymptotic.
#pragma once

#include <cstdint>

#include "core/ends.hpp"

namespace assay::engine {

/// P(Bin(trials, p) <= successes) for every p in [chance.lo, chance.hi]: summed in intervals of 192
/// bits, where the terms that no longer matter are replaced by a geometric bound of all of them.
/// \throws std::invalid_argument unless 0 <= chance.lo <= chance.hi <= 1 and 0 <= trials < 2^53
Ends binomial_at_most(std::int64_t successes, std::int64_t trials, Ends chance);
/// P(Bin(trials, p) >= successes), likewise.
Ends binomial_at_least(std::int64_t successes, std::int64_t trials, Ends chance);

/// A number p+ with P(Bin(trials, p) <= successes) <= delta for every p >= p+: an upper confidence
/// bound that is wrong with probability at most delta. At most 1 + 2^-30 times the sharp one.
/// \throws std::invalid_argument unless 0 <= successes <= trials, 0 < delta < 1
double clopper_pearson_upper(std::int64_t successes, std::int64_t trials, double delta);
/// The mirror image: p is below it with probability at most delta.
double clopper_pearson_lower(std::int64_t successes, std::int64_t trials, double delta);

/// The fewest trials after which `mismatches` certify a chance of at most epsilon: those with
/// P(Bin(n, epsilon) <= mismatches) <= delta. \throws std::invalid_argument for epsilon or delta
/// outside (0, 1)
std::int64_t trials_to_certify(double epsilon, double delta, std::int64_t mismatches);

/// The fewest and most successes of `trials` at chance p outside which at most alpha/2 lies on
/// either side: an exact test of a frequency, both ends accepted.
struct BinomialRange {
  std::int64_t fewest = 0, most = 0;
};
BinomialRange binomial_range(std::int64_t trials, double chance, double alpha);

}  // namespace assay::engine
