// SPDX-License-Identifier: Apache-2.0
// A sampler held to its law: the grade of evidence is chosen by what the candidate offers, and
// every statement says with which probability it may be wrong.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "properties/contract/campaign.hpp"
#include "properties/contract/sampler/contracts.hpp"
#include "properties/contract/sampler/result.hpp"

namespace assay::contract {

struct SamplerOptions {
  std::optional<double> epsilon;          ///< empty: by grade and width (`default_epsilon`)
  std::optional<double> coupled_epsilon;  ///< empty: as `epsilon`; for quick looks at coupled rows
  double delta = 0x1.0c6f7a0b5ed8dp-20;   ///< 1e-6
  double alpha = 0x1.0c6f7a0b5ed8dp-20;   ///< for all statistical rules of this check
  std::uint64_t seed = 1;
  std::int64_t budget = 0;            ///< at most so many rows; 0: all
  int enumerate_bits = 24;            ///< widths up to this are enumerated, wider ones bisected
  std::int64_t most_draws = 0;        ///< of a coupling or a black box; 0: by epsilon and delta
  bool large = true;                  ///< families marked large too
  std::vector<std::string> families;  ///< empty: all
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t,
                                                                           std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// What is asked of a row when the user says nothing: 1e-6 by exact grades, 1e-4 by coupling
/// (0.0025 on the emulator, where a draw costs a hundred times as much), 0.02 from draws alone, and
/// never less than columns 2^-bits, twice what thresholds on the grid of the uniform number are
/// sure to keep.
double default_epsilon(SamplerGrade grade, std::int64_t columns, int bits, bool emulated);

/// Every row of the instance and every rule. \throws Interrupted
SamplerCheck certify_sampler(const SamplerContract& contract, const SamplerInstance& instance,
                             const CandidateFactory& factory, const SamplerOptions& options);

/// The law on one row. Never throws for anything that the candidate does.
SamplerRow judge_row(Candidate& candidate, const engine::CaseDescriptor& descriptor,
                     const SamplerProblem& problem, const SamplerOptions& options);
/// The rules besides the law. Never throws for anything that the candidate does.
std::vector<SamplerRuleResult> judge_rules(Candidate& candidate, const SamplerContract& contract,
                                           const SamplerInstance& instance,
                                           const SamplerOptions& options);

}  // namespace assay::contract
