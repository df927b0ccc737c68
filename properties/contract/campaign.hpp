// SPDX-License-Identifier: Apache-2.0
// A campaign: one candidate against one contract instance on all its cases.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>

#include "properties/contract/candidate.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/contract/column.hpp"

namespace assay::contract {

/// Makes one candidate for the calling thread.
using CandidateFactory = std::function<std::unique_ptr<Candidate>()>;

struct CampaignOptions {
  std::uint64_t seed = 1;
  std::int64_t budget = 0;  ///< at most so many cases; 0: all. Families are cut evenly.
  int threads = 1;          ///< the result does not depend on it
  std::int64_t shrink_trials = 1000;
  std::optional<engine::Embeddings> embeddings;  ///< adds the family "file"
  std::function<void(std::int64_t done, std::int64_t total)> progress = [](std::int64_t,
                                                                           std::int64_t) {};
  std::function<bool()> interrupted = [] { return false; };
};

/// The user asked to stop. Nothing is left half-done: the campaign ends between two cases.
class Interrupted : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Runs, judges and records every planned case, shrinks the first refutation, applies the vacuity
/// guard, asks the column's laws of a candidate that no case refutes (in a run of all cases), and
/// adds up the verdict. The same options give the same check for any number of threads.
/// \throws Interrupted; engine::InputError for embeddings the contract cannot use
Check run_campaign(const Column& column, const Contract& instance, const CandidateFactory& factory,
                   const CampaignOptions& options);

}  // namespace assay::contract
