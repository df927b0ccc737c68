// SPDX-License-Identifier: Apache-2.0
// The continuous contract: normal noise on every coordinate, judged on the same words within a
// tolerance, or by its projections.
//
// A continuous law has no total variation that draws could bound. What is said instead:
// - on the same words: a view lies within `augmentation_tolerance` of the ideal map, but for a
//   chance of at most epsilon. So the law of the candidate is within epsilon, in total variation,
//   of a law that some coupling keeps within the tolerance of the normal one. The map is part of
//   the contract: Box and Muller's, on the words as kernels/sampling/augmentation.hpp lays them
//   out. Who has another one does not ask for words.
// - from draws alone: the distribution functions of some one-dimensional projections differ from
//   the normal ones by at most epsilon (Dvoretzky, Kiefer, Wolfowitz).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "properties/contract/sampler/check.hpp"

namespace assay::contract {

/// How far a coordinate may lie from the ideal one, relative to |ideal| + sqrt(variance).
inline constexpr double augmentation_tolerance = 0x1p-20;

/// The largest |y_a - ideal_a| / (|ideal_a| + sqrt(variance)) of a view from the words of its
/// trial, over all uniform numbers that the words leave open; infinite if a coordinate is no
/// number, 0 for no distance at all. `words`: words_per_trial() of them.
double view_distance(const SamplerProblem& problem, std::span<const std::uint32_t> words,
                     std::span<const float> view);

/// Projections <a, y> of a view, each with entries -1, 0, 1: single coordinates, sums and
/// differences of neighbours, all of them.
std::vector<std::vector<int>> projections_of(std::int64_t dimension);
/// sup |F_n - F| for the projection of views, [draws][dimension], on its law.
Ends projection_distance(const SamplerProblem& problem, std::span<const int> projection,
                         std::span<const float> views);

/// Views of so many trials, outcome after outcome; `words` empty: seeded. \throws SamplerBreach
std::vector<float> ask_for_views(Candidate& candidate, const engine::Case& call,
                                 const std::string& source);

/// The parts of `judge_row` and `judge_rules` for this contract.
/// \throws SamplerBreach from the first
void judge_augmentation_row(Candidate& candidate, const SamplerProblem& problem,
                            const SamplerOptions& options, SamplerRow& row);
std::vector<SamplerRuleResult> judge_augmentation_rules(Candidate& candidate,
                                                        const SamplerContract& contract,
                                                        const SamplerInstance& instance,
                                                        const SamplerOptions& options);

}  // namespace assay::contract
