// SPDX-License-Identifier: Apache-2.0
// assay certify: which checks were asked for, running them, the certificate and its table.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "assay/command.hpp"
#include "assay/estimate_certify.hpp"
#include "assay/report.hpp"
#include "assay/sampler_certify.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/certificate.hpp"
#include "properties/engine/files/atomic_file.hpp"
#include "properties/engine/files/embeddings.hpp"
#include "properties/engine/input_error.hpp"
#include "reference/arithmetic/engine.hpp"

namespace assay::cli {
namespace {

using contract::Certificate;
using contract::Check;
using contract::Column;

// One check to run. `by_name`: an unavailable candidate counts, because the user named it.
struct Job {
  const Column* column = nullptr;
  Contract instance;
  std::string candidate;
  contract::CandidateFactory factory;
  bool by_name = false;
};

// "loss/info_nce" means all instances that run unasked, "loss/info_nce:joint-block" one of them.
struct Asked {
  const Column* column = nullptr;
  std::vector<Contract> instances;
  bool named_instance = false;  ///< the user named the instance
};

Asked all_of(const Column& column) {
  Asked asked{&column, {}, false};
  for (Contract& instance : column.instances())
    if (column.runs_unasked(instance)) asked.instances.push_back(std::move(instance));
  return asked;
}

// The instance of that name. \throws engine::InputError
Contract instance_named(const Column& column, const std::string& text, const std::string& wanted) {
  for (const Contract& instance : column.instances())
    if (column.instance_of(instance) == wanted) return instance;
  std::string known;
  for (const Contract& instance : column.instances())
    known += (known.empty() ? "" : ", ") + column.instance_of(instance);
  throw engine::InputError("contract '" + text + "'", "instance '" + wanted + "'",
                           "unknown; there are " + known);
}

Asked resolve(const std::string& text, const std::vector<std::string>& instances) {
  const std::size_t colon = text.find(':');
  const Column& column = contract::column_named(text.substr(0, colon));
  if (colon == std::string::npos && instances.empty()) return all_of(column);
  Asked asked{&column, {}, true};
  if (colon != std::string::npos)
    asked.instances.push_back(instance_named(column, text, text.substr(colon + 1)));
  else
    for (const std::string& wanted : instances)
      asked.instances.push_back(instance_named(column, text, wanted));
  return asked;
}

contract::Limits limits_of(const CertifyOptions& options) {
  contract::Limits limits;
  limits.milliseconds = static_cast<int>(options.time_limit * 1000);
  return limits;
}

std::vector<Job> builtin_jobs(const Common& common, const CertifyOptions& options) {
  std::vector<Asked> asked;
  if (options.all)
    for (const Column* column : contract::columns()) asked.push_back(all_of(*column));
  for (const std::string& text : options.contracts)
    asked.push_back(resolve(text, options.instances));

  std::vector<Job> jobs;
  for (const Asked& a : asked) {
    std::vector<std::string> names = options.candidates;
    if (names.empty()) names = shipped_candidates(a.column->name());
    for (const std::string& name : names) {
      require_candidate(a.column->name(), name);
      const contract::BuiltinEntry& entry = *contract::find_builtin(a.column->name(), name);
      for (const Contract& instance : a.instances) {
        const bool meant = !entry.meant_for || entry.meant_for(instance);
        if (!a.named_instance && !(meant && contract::serves(entry.info, instance))) continue;
        jobs.push_back({a.column, instance, name,
                        [contract_name = a.column->name(), name, program = common.program,
                         limits = limits_of(options)] {
                          return contract::make_builtin_candidate(contract_name, name, program,
                                                                  limits);
                        },
                        !options.candidates.empty()});
      }
    }
  }
  return jobs;
}

std::vector<Job> command_jobs(const CertifyOptions& options) {
  const contract::CandidateFactory factory = [command = options.command,
                                              limits = limits_of(options)] {
    return contract::make_process_candidate(command, limits);
  };
  Asked asked;
  if (options.contracts.size() > 1)
    throw engine::InputError("command line", "", "name at most one contract for a command");
  const contract::CandidateInfo info = factory()->info();
  const std::string& greeted = info.contract;
  if (!options.contracts.empty()) {
    asked = resolve(options.contracts[0], options.instances);
    if (!greeted.empty() && greeted != asked.column->name())
      throw engine::InputError(
          options.command[0], "greeting",
          "offers '" + greeted + "', but '" + asked.column->name() + "' was asked for");
  } else if (!greeted.empty()) {
    asked = resolve(greeted, options.instances);
  } else {
    throw engine::InputError(options.command[0], "greeting",
                             "the command did not greet, so its contract is unknown; does it start "
                             "and speak the pipe protocol (docs/pipe.md)?");
  }
  std::vector<Job> jobs;
  for (const Contract& instance : asked.instances)
    if (asked.named_instance ||
        (asked.column->asked_of_strangers(instance) && contract::serves(info, instance)))
      jobs.push_back({asked.column, instance, options.command[0], factory, true});
  if (jobs.empty())
    throw engine::InputError(options.command[0], "greeting",
                             "offers no output of any instance of " + asked.column->name());
  return jobs;
}

std::vector<Job> plan_jobs(const Common& common, const CertifyOptions& options) {
  const bool named = !options.contracts.empty();
  if (!options.command.empty()) {
    if (options.all || !options.candidates.empty())
      throw engine::InputError(
          "command line", "",
          "--all and --candidate are for built-in candidates, not for a command");
    return command_jobs(options);
  }
  if (!named && !options.all)
    throw engine::InputError("command line", "",
                             "name a contract, --all, or a command after -- (see `assay list`)");
  return builtin_jobs(common, options);
}

Check run_job(const Job& job, const contract::CampaignOptions& shared) {
  contract::CampaignOptions options = shared;
  const std::string label = fmt::format("{}:{} {}", job.column->name(),
                                        job.column->instance_of(job.instance), job.candidate);
  Progress progress(label);
  options.progress = [&](std::int64_t done, std::int64_t total) { progress.update(done, total); };
  try {
    return contract::run_campaign(*job.column, job.instance, job.factory, options);
  } catch (const contract::Interrupted& e) {
    throw contract::Interrupted(label + ": " + e.what() + "; nothing was written");
  }
}

Certificate new_certificate(const CertifyOptions& options) {
  Certificate certificate;
  certificate.assay_version = ASSAY_VERSION;
  for (const reference::Engine engine : reference::engines())
    certificate.engines.emplace_back(name_of(engine));
  for (const auto& [key, value] : environment_facts()) certificate.environment[key] = value;
  certificate.seed = options.seed;
  certificate.budget = options.budget;
  return certificate;
}

// For all statistical rules of a run together.
constexpr double run_alpha = 0x1.0c6f7a0b5ed8dp-20;  // 1e-6

// The certificate's own verdict: the worst of its checks, where what is merely unavailable under
// --all does not count.
void count(Certificate& certificate, Verdict verdict, bool by_name) {
  const auto rank = [&](Verdict v) {
    switch (v) {
      case Verdict::refuted: return 4;
      case Verdict::undecided: return 3;
      case Verdict::unavailable: return by_name ? 2 : 0;
      default: return 1;
    }
  };
  const bool first =
      certificate.checks.empty() && certificate.samplers.empty() && certificate.estimates.empty();
  if (first || rank(verdict) > rank(certificate.verdict)) certificate.verdict = verdict;
}

void add(Certificate& certificate, Check check, bool by_name) {
  certificate.deterministic_checks += check.cases_run;
  count(certificate, check.verdict, by_name);
  certificate.checks.push_back(std::move(check));
}

void add(Certificate& certificate, contract::SamplerCheck check, bool by_name) {
  for (const contract::SamplerRuleResult& rule : check.rules)
    certificate.deterministic_checks += rule.alpha == 0 ? 1 : 0;
  if (check.alpha > 0) certificate.false_alarm_alpha = run_alpha;
  count(certificate, check.verdict, by_name);
  certificate.samplers.push_back(std::move(check));
}

void add(Certificate& certificate, contract::EstimateCheck check, bool by_name) {
  // With the run's own share the whole is run_alpha; what a user asks for comes on top.
  if (check.delta > run_alpha)
    certificate.false_alarm_alpha = std::min(1.0, certificate.false_alarm_alpha + check.delta);
  else
    certificate.false_alarm_alpha = std::max(certificate.false_alarm_alpha, run_alpha);
  count(certificate, check.verdict, by_name);
  certificate.estimates.push_back(std::move(check));
}

// What was asked for, losses, samplers and pipelines apart.
struct Plan {
  std::vector<Job> losses;
  std::vector<SamplerJob> samplers;
  std::vector<EstimateJob> estimates;
};

Plan plan_of(const Common& common, const CertifyOptions& options) {
  if (!options.command.empty() && !options.all && options.candidates.empty() &&
      options.contracts.size() <= 1) {
    const contract::CandidateFactory factory = [command = options.command,
                                                limits = limits_of(options)] {
      return contract::make_process_candidate(command, limits);
    };
    const bool named = !options.contracts.empty();
    if (!named || contract::is_sampler_name(options.contracts[0]) ||
        contract::is_estimate_name(options.contracts[0])) {
      const std::string greeted = factory()->info().contract;
      const std::string name = named ? options.contracts[0] : greeted;
      if (named && !greeted.empty() && greeted != name.substr(0, name.find(':')))
        throw engine::InputError(options.command[0], "greeting",
                                 "offers '" + greeted + "', but '" + name + "' was asked for");
      if (contract::is_sampler_name(name))
        return {{}, sampler_command_jobs(options, factory, name), {}};
      if (contract::is_estimate_name(name))
        return {{}, {}, estimate_command_jobs(options, factory, name)};
    }
    return {plan_jobs(common, options), {}, {}};
  }
  CertifyOptions losses = options;
  std::vector<std::string> samplers, estimates;
  losses.contracts.clear();
  for (const std::string& name : options.contracts)
    if (contract::is_sampler_name(name))
      samplers.push_back(name);
    else if (contract::is_estimate_name(name))
      estimates.push_back(name);
    else
      losses.contracts.push_back(name);
  Plan plan;
  if ((samplers.empty() && estimates.empty()) || !losses.contracts.empty() ||
      !options.command.empty() || options.all)
    plan.losses = plan_jobs(common, losses);
  const bool all = options.all && options.candidates.empty();
  if (options.command.empty()) {
    plan.samplers = sampler_jobs(common, options, samplers, all);
    plan.estimates = estimate_jobs(common, options, estimates, all);
  }
  return plan;
}

}  // namespace

std::vector<std::string> shipped_candidates(const std::string& contract_name) {
  std::vector<std::string> names;
  for (const contract::BuiltinEntry& entry : contract::builtin_entries())
    if (entry.info.contract == contract_name && entry.role == contract::BuiltinRole::shipped)
      names.push_back(entry.info.name);
  return names;
}

ExitStatus certify(const Common& common, const CertifyOptions& options) {
  if (!options.output.empty()) engine::check_writable(options.output);
  contract::CampaignOptions shared;
  shared.seed = options.seed;
  shared.budget = options.budget;
  shared.threads = threads_of(options.threads);
  shared.interrupted = stop_requested;
  if (!options.embeddings.empty())
    shared.embeddings = options.second.empty()
                            ? engine::load_embeddings(options.embeddings)
                            : engine::load_embeddings(options.embeddings, options.second);

  const Plan plan = plan_of(common, options);
  Certificate certificate = new_certificate(options);
  ExitStatus status = ExitStatus::success;
  for (const Job& job : plan.losses) {
    Check check = run_job(job, shared);
    status = combine(status, status_of(check.verdict, job.by_name));
    if (!common.json) print_check(check);
    add(certificate, std::move(check), job.by_name);
  }
  const std::size_t statistical = plan.samplers.size() + plan.estimates.size();
  const double share =
      run_alpha / static_cast<double>(std::max<std::size_t>(statistical, 1)) * (1 - 0x1p-40);
  run_sampler_jobs(plan.samplers, options, share, shared.threads,
                   [&](const SamplerJob& job, contract::SamplerCheck check) {
                     status = combine(status, status_of(check.verdict, job.by_name));
                     if (!common.json) print_sampler_check(check);
                     add(certificate, std::move(check), job.by_name);
                   });
  contract::EstimateTruths truths;
  for (const EstimateJob& job : plan.estimates) {
    contract::EstimateCheck check =
        run_estimate_job(job, options, options.delta > 0 ? options.delta : share, truths);
    status = combine(status, status_of(check.verdict, job.by_name));
    if (!common.json) print_estimate_check(check);
    add(certificate, std::move(check), job.by_name);
  }
  const std::string text = contract::to_json(certificate);
  if (!options.output.empty()) engine::write_file_atomically(options.output, text);
  if (common.json)
    fmt::print("{}", text);
  else
    print_summary(certificate, options.output);
  return status;
}

}  // namespace assay::cli
