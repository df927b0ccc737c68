// SPDX-License-Identifier: Apache-2.0
// The law that a problem owes, by reference/sampler/enclosed_laws.hpp: fast enough for a row of a
// million items.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "core/ends.hpp"
#include "properties/contract/sampler/problem.hpp"
#include "reference/sampler/enclosed_laws.hpp"

namespace assay::contract {

using NoLaw = reference::NoLaw;

/// Weights w_j relative to the largest (at most 1), zero exactly where the weight is: a column that
/// is not allowed, a score of -inf under exp, u + 1 <= 0 under the polynomial.
///
/// "exponential": w_j = exp(beta s_j inv_tau), HN Definition 2. "polynomial":
/// max(s_j inv_tau + 1, 0)^power, HN Appendix B.4. "weights": s_j. "uniform": 1.
/// \throws NoLaw
std::vector<Ends> item_weights(const SamplerProblem& problem);

/// p_j = w_j / sum w. \throws NoLaw
std::vector<Ends> item_law(const SamplerProblem& problem);

/// The law of a whole outcome, over all sequences of `outcome_size()` columns, the first column the
/// most significant digit: columns^outcome_size entries. For items it is `item_law`; for
/// gumbel_top_k Plackett and Luce's law, w_a/W * w_b/(W - w_a) ...; for uniform_distinct the same
/// with equal weights; for a rejection joint(u)/sum joint over the tuples of allowed columns, with
/// repetition; for anchor_positive 1/(anchors) * 1/(class - 1); for disjoint_batches 1/n!; for
/// top_k one point. \throws NoLaw; std::length_error when there are more than 2^22 entries
std::vector<Ends> outcome_law(const SamplerProblem& problem);

/// The number of an outcome in that order; -1 when a column is out of range.
std::int64_t outcome_number(std::span<const std::int64_t> outcome, std::int64_t columns);

}  // namespace assay::contract
