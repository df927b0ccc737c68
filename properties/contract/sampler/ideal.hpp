// SPDX-License-Identifier: Apache-2.0
// The ideal maps from words to outcomes, one per rule, with real numbers in place of rounded ones.
#pragma once

#include <optional>

#include "properties/contract/sampler/coupling.hpp"
#include "properties/contract/sampler/problem.hpp"

namespace assay::contract {

/// The ideal map of the problem's rule; empty for rules whose law is known in a better way
/// (inverse_cdf, uniform, alias) and for top_k, which has no words.
///
/// gumbel_max, exponential_race, gumbel_top_k: `IdealRace`. The others read numbers of 64 bits, two
/// words each, the first one high, as U in [0, 1); a rank below n is floor(U n):
/// - uniform_distinct, disjoint_batches: step i exchanges place i with place i + floor(U_i (n - i))
///   of the allowed columns in rising order; the outcome is the places in order.
/// - anchor_positive: the columns that have a positive, by class and then index; U_0 chooses one,
///   U_1 one of the others of its class, in the same order.
/// - rejection: per proposal k columns by rank, then a number that accepts where it is below
///   eta(u)/M, M the largest value that eta may take (k (top + 1) for the sum); -1 in all places
///   when none of the proposals is accepted.
/// \throws NoLaw
std::optional<IdealMap> ideal_map(const SamplerProblem& problem);

}  // namespace assay::contract
