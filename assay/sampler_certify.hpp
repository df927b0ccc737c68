// SPDX-License-Identifier: Apache-2.0
// The samplers' side of `assay certify`, `list` and `replay`.
#pragma once

#include <cstdint>
#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "assay/command.hpp"
#include "properties/contract/candidate.hpp"
#include "properties/contract/sampler/check.hpp"

namespace assay::cli {

/// One candidate against one instance of a sampler. `by_name`: an unavailable candidate counts.
struct SamplerJob {
  const contract::SamplerContract* contract = nullptr;
  const contract::SamplerInstance* instance = nullptr;
  std::string candidate, backend;
  contract::CandidateFactory factory;
  bool by_name = false;
};

/// The jobs of built-in candidates: names of samplers ("sampler/alias", "sampler/alias:weights"),
/// or all of them. \throws engine::InputError for unknown names
std::vector<SamplerJob> sampler_jobs(const Common& common, const CertifyOptions& options,
                                     const std::vector<std::string>& names, bool all);
/// The jobs of a program on the other end of a pipe, whose greeting named the contract.
std::vector<SamplerJob> sampler_command_jobs(const CertifyOptions& options,
                                             const contract::CandidateFactory& factory,
                                             const std::string& name);
/// Runs the jobs on several threads, each with the same share of the false alarms; `done` is called
/// in the order of the jobs, from the thread of the caller. What a check says does not depend on
/// the number of threads. \throws contract::Interrupted
void run_sampler_jobs(const std::vector<SamplerJob>& jobs, const CertifyOptions& options,
                      double alpha, int threads,
                      const std::function<void(const SamplerJob&, contract::SamplerCheck)>& done);

void print_sampler_check(const contract::SamplerCheck& check);
/// For `assay list`.
void print_sampler_contracts();
nlohmann::ordered_json sampler_contracts_json();

/// Derives the rows of a check again. \return contradictions, empty when there are none; the number
/// of rows that were run again in `rerun`
std::vector<std::string> replay_sampler(const Common& common, const ReplayOptions& options,
                                        const contract::SamplerCheck& check, std::int64_t& rerun);

}  // namespace assay::cli
