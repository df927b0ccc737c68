// SPDX-License-Identifier: Apache-2.0
// A pipeline of sampler and loss held to the enclosed expectation, at a stated confidence.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "properties/contract/campaign.hpp"
#include "properties/contract/estimate/contracts.hpp"
#include "properties/contract/estimate/result.hpp"

namespace assay::contract {

struct EstimateOptions {
  double delta = 0x1.0c6f7a0b5ed8dp-20;  ///< 1e-6, of all rows together
  std::uint64_t seed = 1;
  std::int64_t budget = 0;            ///< at most so many rows; 0: all
  std::int64_t most_draws = 0;        ///< per row; 0: 2^21, on the emulator 2^13
  std::vector<std::string> families;  ///< empty: all
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t,
                                                                           std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// What is known of a row before anything is drawn; made once, also for many candidates.
struct EstimateTruth {
  engine::CaseDescriptor descriptor;
  EstimateProblem problem;
  Ends expectation;
  double unhardened = 0;
  Ends range;  ///< of exact losses
  /// The expectation from the other engine, made when a refutation first asks for it.
  mutable std::optional<Ends> from_second_engine;
};
EstimateTruth make_estimate_truth(const engine::CaseDescriptor& descriptor);

/// Truths by descriptor, each made once: several candidates are judged on the same rows.
class EstimateTruths {
 public:
  const EstimateTruth& of(const engine::CaseDescriptor& descriptor);

 private:
  std::map<std::string, EstimateTruth> made_;
};

/// The rows of an instance that the options ask for, families in their order.
std::vector<engine::CaseDescriptor> planned_estimate_rows(const EstimateContract& contract,
                                                          const EstimateInstance& instance,
                                                          const EstimateOptions& options);

/// Draws until the row is decided, or the draws are used up. The row's statement is wrong with
/// probability at most delta. Never throws for anything that the candidate does.
/// \throws Interrupted
EstimateRow judge_estimate_row(Candidate& candidate, const EstimateTruth& truth, double delta,
                               const EstimateOptions& options);

/// Every row of the instance, up to the first that the candidate cannot or will not do. \throws
/// Interrupted
EstimateCheck certify_estimate(const EstimateContract& contract, const EstimateInstance& instance,
                               const CandidateFactory& factory, const EstimateOptions& options,
                               EstimateTruths& truths);

}  // namespace assay::contract
