// SPDX-License-Identifier: Apache-2.0
// The distance between an empirical law and a stated one, and what it proves about the law that was
// sampled: the plug-in certificate with McDiarmid's inequality, and the DKW inequality.
#pragma once

#include <cstdint>
#include <span>

#include "core/ends.hpp"

namespace assay::engine {

/// Enclosure of TV(q, p) = (1/2) sum |q_i - p_i| for q_i = counts[i] / total and p_i known through
/// enclosures of numbers that add up to 1. The upper end is the least of three bounds: half the sum
/// of the largest |q_i - p_i|, the surplus of q over p, and that of p over q.
/// \throws std::invalid_argument when the sizes differ or the counts do not add up to total
Ends total_variation(std::span<const std::int64_t> counts, std::int64_t total,
                     std::span<const Ends> p);
/// The same for q known through enclosures. \throws std::invalid_argument when the sizes differ
Ends total_variation(std::span<const Ends> q, std::span<const Ends> p);

/// sqrt(ln(1/delta) / (2 draws)), rounded upward: TV(q, p) exceeds the empirical distance by more
/// with probability at most delta (McDiarmid; the mean is on the safe side by convexity).
double mcdiarmid_width(std::int64_t draws, double delta);
/// sqrt(ln(2/delta) / (2 draws)), rounded upward: sup |F_n - F| exceeds it with probability at most
/// delta (Dvoretzky, Kiefer, Wolfowitz; Massart's constant).
double dkw_width(std::int64_t draws, double delta);
/// A bound of the mean distance of an empirical law from its own: (1/2) sqrt((support-1)/draws),
/// upward.
double empirical_bias_up(std::int64_t support, std::int64_t draws);

/// What so many draws prove, each end with probability 1 - delta:
/// TV(q, p) <= T + mcdiarmid_width, TV(q, p) >= T - empirical_bias_up - mcdiarmid_width.
Ends plug_in_bounds(std::span<const std::int64_t> counts, std::int64_t draws,
                    std::span<const Ends> p, double delta);

/// The share of delta of the k-th look, k = 1, 2, ...: delta / (k (k + 1)), rounded downward. They
/// add up to delta, so that looking again after each doubling of the draws stays valid.
double epoch_delta(double delta, int epoch);
/// Draws after which an exact sampler of this support is certified with probability 1 - beta:
/// [sqrt(support - 1)/2 + sqrt(ln(1/delta)/2) + sqrt(ln(1/beta)/2)]^2 / epsilon^2, rounded up. For
/// planning; validity does not rest on it.
std::int64_t plug_in_draws(std::int64_t support, double epsilon, double delta, double beta);

/// Enclosure of sup |F_n - F| from F at the sorted sample: F[i] encloses F(x_(i)).
/// \throws std::invalid_argument for an empty sample
Ends kolmogorov_distance(std::span<const Ends> distribution_at_sorted);

}  // namespace assay::engine
