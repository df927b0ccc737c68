// SPDX-License-Identifier: Apache-2.0
// Pipelines of sampler and loss on the command line: jobs, tables, replays.
#include "assay/estimate_certify.hpp"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "assay/report.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

using contract::EstimateCheck;
using contract::EstimateContract;
using contract::EstimateInstance;
using contract::EstimateRow;

struct Asked {
  const EstimateContract* contract;
  std::vector<const EstimateInstance*> instances;
};

Asked resolve(const std::string& text) {
  const std::size_t colon = text.find(':');
  const EstimateContract& c = contract::estimate_contract_named(text.substr(0, colon));
  if (colon != std::string::npos)
    return {&c, {&contract::estimate_instance_named(c, text.substr(colon + 1))}};
  Asked asked{&c, {}};
  for (const EstimateInstance& i : c.instances) asked.instances.push_back(&i);
  return asked;
}

// The radius as a share of what hardening changes; empty where it changes nothing to speak of.
std::string share_of_gap(const EstimateRow& r) {
  const double gap = std::fabs(r.unhardened - r.expectation.lo);
  if (gap * 1000 < r.range.hi - r.range.lo) return "-";
  return fmt::format("{:.2f} %", 100 * r.radius / gap);
}

}  // namespace

std::vector<EstimateJob> estimate_jobs(const Common& common, const CertifyOptions& options,
                                       const std::vector<std::string>& names, bool all) {
  std::vector<Asked> asked;
  if (all)
    for (const EstimateContract& c : contract::estimate_contracts()) {
      asked.push_back(resolve(c.name));
      asked.back().instances.resize(1);  // the others: when they are asked for by name
    }
  for (const std::string& name : names) asked.push_back(resolve(name));
  std::vector<EstimateJob> jobs;
  contract::Limits limits;
  limits.milliseconds = static_cast<int>(options.time_limit * 1000);
  for (const Asked& a : asked) {
    const std::string& contract_name = a.contract->name;
    std::vector<std::string> candidates = options.candidates;
    if (candidates.empty()) candidates = shipped_candidates(contract_name);
    for (const std::string& name : candidates) {
      require_candidate(contract_name, name);
      for (const EstimateInstance* instance : a.instances)
        jobs.push_back({a.contract, instance, name,
                        [contract_name, name, program = common.program, limits] {
                          return contract::make_builtin_candidate(contract_name, name, program,
                                                                  limits);
                        },
                        !options.candidates.empty()});
    }
  }
  return jobs;
}

std::vector<EstimateJob> estimate_command_jobs(const CertifyOptions& options,
                                               const contract::CandidateFactory& factory,
                                               const std::string& name) {
  const Asked asked = resolve(name);
  std::vector<EstimateJob> jobs;
  for (const EstimateInstance* instance : asked.instances)
    jobs.push_back({asked.contract, instance, options.command[0], factory, true});
  return jobs;
}

EstimateCheck run_estimate_job(const EstimateJob& job, const CertifyOptions& options, double delta,
                               contract::EstimateTruths& truths) {
  const std::string label =
      fmt::format("{}:{} {}", job.contract->name, job.instance->name, job.candidate);
  Progress progress(label);
  contract::EstimateOptions run;
  run.delta = delta;
  run.seed = options.seed;
  run.budget = options.budget;
  run.interrupted = stop_requested;
  run.progress = [&](std::int64_t done, std::int64_t total) { progress.update(done, total); };
  try {
    return contract::certify_estimate(*job.contract, *job.instance, job.factory, run, truths);
  } catch (const contract::Interrupted& e) {
    throw contract::Interrupted(label + ": " + e.what() + "; nothing was written");
  }
}

void print_estimate_check(const EstimateCheck& check) {
  fmt::print("{}  {} [{}]  {}\n    law: {}\n    {}\n", name_of(check.verdict), check.contract.name,
             check.instance, check.candidate.name, check.law, check.reason);
  if (check.rows.empty()) return;
  fmt::print("    {:<15} {:>6} {:>3} {:>10} {:>12} {:>12} {:>9} {:>8} {:>9} {:>8}\n", "model",
             "points", "k", "verdict", "expectation", "mean", "radius", "of gap", "bias <=", "n");
  for (const EstimateRow& r : check.rows) {
    fmt::print("    {:<15} {:>6} {:>3} {:>10} {:>12.7g} {:>12.7g} {:>9.2g} {:>8} {:>9.2g} {:>8}\n",
               r.descriptor.family, r.points, r.negatives, name_of(r.verdict), r.expectation.lo,
               r.mean.lo, r.radius, share_of_gap(r), r.bias, r.draws);
    if (r.verdict != Verdict::certified) fmt::print("      {}\n", r.reason);
  }
  fmt::print("    under:\n");
  for (const std::string& hypothesis : check.hypotheses) fmt::print("      - {}\n", hypothesis);
}

void print_estimate_contracts() {
  for (const EstimateContract& c : contract::estimate_contracts()) {
    fmt::print("{}\n  {}\n  law: {}\n  instances\n", c.name, c.summary, c.law);
    for (const EstimateInstance& i : c.instances) fmt::print("    {}:{}\n", c.name, i.name);
    fmt::print("  candidates\n");
    for (const contract::BuiltinListing& b : contract::list_builtin_candidates(c.name))
      fmt::print("    {:<38} {}\n", b.name, b.description);
    fmt::print("  models\n");
    for (const contract::Family& f : c.families)
      fmt::print("    {:<16} {}\n", f.name, f.description);
  }
}

nlohmann::ordered_json estimate_contracts_json() {
  using Json = nlohmann::ordered_json;
  Json all = Json::array();
  for (const EstimateContract& c : contract::estimate_contracts()) {
    Json instances = Json::array(), families = Json::array(), candidates = Json::array();
    for (const EstimateInstance& i : c.instances)
      instances.push_back({{"name", i.name}, {"contract", i.contract.canonical_text()}});
    for (const contract::Family& f : c.families)
      families.push_back({{"name", f.name}, {"description", f.description}});
    for (const contract::BuiltinListing& b : contract::list_builtin_candidates(c.name))
      candidates.push_back({{"name", b.name}, {"description", b.description}});
    all.push_back({{"name", c.name},
                   {"summary", c.summary},
                   {"law", c.law},
                   {"instances", instances},
                   {"candidates", candidates},
                   {"families", families}});
  }
  return all;
}

std::vector<std::string> replay_estimate(const Common& common, const ReplayOptions& options,
                                         const EstimateCheck& check, std::int64_t& rerun) {
  std::unique_ptr<contract::Candidate> candidate;
  if (!options.command.empty())
    candidate = contract::make_process_candidate(options.command, {});
  else if (check.candidate.backend != "process" &&
           contract::find_builtin(check.contract.name, check.candidate.name) != nullptr)
    candidate = contract::make_builtin_candidate(check.contract.name, check.candidate.name,
                                                 common.program, {});
  std::vector<std::string> contradictions;
  if (!candidate) return contradictions;
  for (const EstimateRow& row : check.rows) {
    if (stop_requested()) throw engine::InputError(options.file, "", "replay interrupted");
    if (!(row.delta > 0)) {
      contradictions.push_back(row.descriptor.family + ": delta is 0");
      continue;
    }
    contract::EstimateOptions run;
    run.interrupted = stop_requested;
    const EstimateRow again = contract::judge_estimate_row(
        *candidate, contract::make_estimate_truth(row.descriptor), row.delta, run);
    ++rerun;
    if (again.verdict != row.verdict || again.mean != row.mean || again.draws != row.draws ||
        !again.expectation.overlaps(row.expectation))
      contradictions.push_back(fmt::format(
          "{} [{}] {}: {}: recorded as {} with mean {:.17g} of {}, now {} with {:.17g} of {}",
          check.contract.name, check.instance, check.candidate.name, row.descriptor.family,
          name_of(row.verdict), row.mean.lo, row.draws, name_of(again.verdict), again.mean.lo,
          again.draws));
  }
  return contradictions;
}

}  // namespace assay::cli
