// SPDX-License-Identifier: Apache-2.0
// The side of `assay certify`, `list` and `replay` that belongs to pipelines of sampler and loss.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "assay/command.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/estimate/check.hpp"

namespace assay::cli {

/// One candidate against one instance. `by_name`: an unavailable candidate counts.
struct EstimateJob {
  const contract::EstimateContract* contract = nullptr;
  const contract::EstimateInstance* instance = nullptr;
  std::string candidate;
  contract::CandidateFactory factory;
  bool by_name = false;
};

/// The jobs of built-in candidates: names ("estimate/hscl", "estimate/hscl:hinge-sum/exponential"),
/// or with `all` the first instance of every contract. \throws engine::InputError for unknown names
std::vector<EstimateJob> estimate_jobs(const Common& common, const CertifyOptions& options,
                                       const std::vector<std::string>& names, bool all);
/// The jobs of a program on the other end of a pipe, whose greeting named the contract.
std::vector<EstimateJob> estimate_command_jobs(const CertifyOptions& options,
                                               const contract::CandidateFactory& factory,
                                               const std::string& name);
/// Runs a job; its statements are wrong with probability at most delta. \throws
/// contract::Interrupted
contract::EstimateCheck run_estimate_job(const EstimateJob& job, const CertifyOptions& options,
                                         double delta, contract::EstimateTruths& truths);

void print_estimate_check(const contract::EstimateCheck& check);
/// For `assay list`.
void print_estimate_contracts();
nlohmann::ordered_json estimate_contracts_json();

/// Derives the rows of a check again. \return contradictions, empty when there are none; the number
/// of rows that were run again in `rerun`
std::vector<std::string> replay_estimate(const Common& common, const ReplayOptions& options,
                                         const contract::EstimateCheck& check, std::int64_t& rerun);

}  // namespace assay::cli
