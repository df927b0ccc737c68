// SPDX-License-Identifier: Apache-2.0
// Samplers on the command line: jobs, tables, replays.
#include "assay/sampler_certify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <nlohmann/json.hpp>
#include <thread>

#include "assay/report.hpp"
#include "assay/terminal.hpp"
#include "properties/contract/builtin.hpp"
#include "properties/engine/input_error.hpp"

namespace assay::cli {
namespace {

using contract::SamplerCheck;
using contract::SamplerContract;
using contract::SamplerInstance;
using contract::SamplerRow;

struct Asked {
  const SamplerContract* contract;
  std::vector<const SamplerInstance*> instances;
  bool named_instance;
};

Asked resolve(const std::string& text) {
  const std::size_t colon = text.find(':');
  const SamplerContract& c = contract::sampler_contract_named(text.substr(0, colon));
  if (colon != std::string::npos)
    return {&c, {&contract::sampler_instance_named(c, text.substr(colon + 1))}, true};
  Asked asked{&c, {}, false};
  for (const SamplerInstance& i : c.instances) asked.instances.push_back(&i);
  return asked;
}

contract::Limits limits_of(double seconds) {
  contract::Limits limits;
  limits.milliseconds = static_cast<int>(seconds * 1000);
  return limits;
}

contract::SamplerOptions options_of(const CertifyOptions& from, double alpha) {
  contract::SamplerOptions options;
  if (from.epsilon > 0) options.epsilon = from.epsilon;
  if (from.delta > 0) options.delta = from.delta;
  options.alpha = alpha;
  options.seed = from.seed;
  options.budget = from.budget;
  options.interrupted = stop_requested;
  return options;
}

bool is_planned_for(const contract::BuiltinEntry& entry, const SamplerInstance& instance) {
  return !entry.meant_for || entry.meant_for(instance.contract);
}

}  // namespace

std::vector<SamplerJob> sampler_jobs(const Common& common, const CertifyOptions& options,
                                     const std::vector<std::string>& names, bool all) {
  std::vector<Asked> asked;
  if (all)
    for (const SamplerContract& c : contract::sampler_contracts()) {
      asked.push_back(resolve(c.name));
      asked.back().instances.resize(1);  // the others take minutes: when they are asked for by name
    }
  for (const std::string& name : names) asked.push_back(resolve(name));
  std::vector<SamplerJob> jobs;
  for (const Asked& a : asked) {
    const std::string& contract_name = a.contract->name;
    std::vector<std::string> candidates = options.candidates;
    if (candidates.empty()) candidates = shipped_candidates(contract_name);
    for (const std::string& name : candidates) {
      require_candidate(contract_name, name);
      const contract::BuiltinEntry& entry = *contract::find_builtin(contract_name, name);
      for (const SamplerInstance* instance : a.instances) {
        if (!a.named_instance && !is_planned_for(entry, *instance)) continue;
        jobs.push_back({a.contract, instance, name, entry.info.backend,
                        [contract_name, name, program = common.program,
                         limits = limits_of(options.time_limit)] {
                          return contract::make_builtin_candidate(contract_name, name, program,
                                                                  limits);
                        },
                        !options.candidates.empty()});
      }
    }
  }
  return jobs;
}

std::vector<SamplerJob> sampler_command_jobs(const CertifyOptions& options,
                                             const contract::CandidateFactory& factory,
                                             const std::string& name) {
  const Asked asked = resolve(name);
  std::vector<SamplerJob> jobs;
  for (const SamplerInstance* instance : asked.instances) {
    // Who draws from scores need not know embeddings: these are for those who ask for them.
    if (!asked.named_instance && instance->setting.dimension > 0) continue;
    jobs.push_back({asked.contract, instance, options.command[0], "process", factory, true});
  }
  return jobs;
}

void run_sampler_jobs(const std::vector<SamplerJob>& jobs, const CertifyOptions& options,
                      double alpha, int threads,
                      const std::function<void(const SamplerJob&, SamplerCheck)>& done) {
  std::vector<std::promise<SamplerCheck>> promises(jobs.size());
  std::atomic<std::size_t> next{0}, finished{0};
  std::atomic<bool> given_up{false};
  const auto work = [&] {
    for (std::size_t i = next++; i < jobs.size(); i = next++) {
      contract::SamplerOptions run = options_of(options, alpha);
      run.interrupted = [&] { return given_up || stop_requested(); };
      try {
        promises[i].set_value(
            contract::certify_sampler(*jobs[i].contract, *jobs[i].instance, jobs[i].factory, run));
      } catch (...) {
        promises[i].set_exception(std::current_exception());
      }
      ++finished;
    }
  };
  std::vector<std::jthread> pool;
  const std::size_t wanted = std::min(jobs.size(), static_cast<std::size_t>(std::max(1, threads)));
  for (std::size_t t = 0; t < wanted; ++t) pool.emplace_back(work);
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const std::string label =
        fmt::format("{}:{} {}", jobs[i].contract->name, jobs[i].instance->name, jobs[i].candidate);
    std::future<SamplerCheck> check = promises[i].get_future();
    try {
      {
        Progress progress(label);
        while (check.wait_for(std::chrono::milliseconds(200)) != std::future_status::ready)
          progress.update(static_cast<std::int64_t>(finished),
                          static_cast<std::int64_t>(jobs.size()));
      }
      done(jobs[i], check.get());
    } catch (const contract::Interrupted& e) {
      given_up = true;
      throw contract::Interrupted(label + ": " + e.what() + "; nothing was written");
    } catch (...) {
      given_up = true;
      throw;
    }
  }
}

void print_sampler_check(const SamplerCheck& check) {
  fmt::print("{}  {} [{}]  {}\n    law: {}\n    {}\n", name_of(check.verdict), check.contract.name,
             check.instance, check.candidate.name, check.law, check.reason);
  if (check.rows.empty()) return;
  fmt::print("    {:<16} {:>7} {:>10} {:>5} {:>10} {:>10} {:>8}  {}\n", "row", "columns", "verdict",
             "grade", "TV <=", "asked", "delta", "by");
  std::map<std::string, std::size_t> assumed;
  std::vector<const std::string*> order;
  for (const SamplerRow& r : check.rows) {
    fmt::print("    {:<16} {:>7} {:>10} {:>5} {:>10.3g} {:>10.3g} {:>8.2g}  {}\n",
               fmt::format("{} #{}", r.descriptor.family, r.descriptor.index), r.columns,
               name_of(r.verdict), fmt::format("({})", letter_of(r.grade)), r.tv.hi, r.epsilon,
               r.delta, r.by.empty() ? r.reason : r.by);
    if (r.grade == contract::SamplerGrade::metric) fmt::print("      distance: {}\n", r.distance);
    if (r.unreachable > 0)
      fmt::print("      {} columns of mass {:.3g} are reached by no word\n", r.unreachable,
                 r.unreachable_mass.hi);
    if (r.floor_of_thresholds > 0x1p-30)
      fmt::print(
          "      no map of so many words can come closer than {:.3g}; rounded thresholds "
          "keep {:.3g}\n",
          r.floor_of_any_map, r.floor_of_thresholds);
    if (r.verdict != Verdict::certified) fmt::print("      {}\n", r.reason);
    for (const std::string& assumption : r.assumptions) {
      std::size_t& rows = assumed[assumption];
      if (rows++ == 0) order.push_back(&assumption);
    }
  }
  for (const std::string* assumption : order)
    fmt::print("      - {}{}\n", *assumption,
               assumed[*assumption] == check.rows.size()
                   ? ""
                   : fmt::format(" ({} of {} rows)", assumed[*assumption], check.rows.size()));
  fmt::print("    {:<20} {:>10} {:>9}\n", "rule", "verdict", "alpha");
  for (const contract::SamplerRuleResult& r : check.rules)
    fmt::print("    {:<20} {:>10} {:>9.2g}  {}\n", r.rule, name_of(r.verdict), r.alpha, r.detail);
}

void print_sampler_contracts() {
  for (const SamplerContract& c : contract::sampler_contracts()) {
    fmt::print("{}\n  {}\n  law: {}\n  instances\n", c.name, c.summary, c.law);
    for (const SamplerInstance& i : c.instances) fmt::print("    {}:{}\n", c.name, i.name);
    fmt::print("  candidates\n");
    for (const contract::BuiltinListing& b : contract::list_builtin_candidates(c.name))
      fmt::print("    {:<34} {}\n", b.name, b.description);
    fmt::print("  rows\n");
    for (const contract::Family& f : c.families)
      fmt::print("    {:<16} {:>3}  {}\n", f.name, f.cases, f.description);
  }
}

nlohmann::ordered_json sampler_contracts_json() {
  using Json = nlohmann::ordered_json;
  Json all = Json::array();
  for (const SamplerContract& c : contract::sampler_contracts()) {
    Json instances = Json::array(), families = Json::array(), candidates = Json::array();
    for (const SamplerInstance& i : c.instances)
      instances.push_back({{"name", i.name}, {"contract", i.contract.canonical_text()}});
    for (const contract::Family& f : c.families)
      families.push_back({{"name", f.name}, {"rows", f.cases}, {"description", f.description}});
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

std::vector<std::string> replay_sampler(const Common& common, const ReplayOptions& options,
                                        const SamplerCheck& check, std::int64_t& rerun) {
  std::unique_ptr<contract::Candidate> candidate;
  if (!options.command.empty())
    candidate = contract::make_process_candidate(options.command, {});
  else if (check.candidate.backend != "process" &&
           contract::find_builtin(check.contract.name, check.candidate.name) != nullptr)
    candidate = contract::make_builtin_candidate(check.contract.name, check.candidate.name,
                                                 common.program, {});
  std::vector<std::string> contradictions;
  if (!candidate) return contradictions;
  contract::SamplerOptions run;
  if (check.epsilon_asked > 0) run.epsilon = check.epsilon_asked;
  run.delta = check.delta;
  for (const SamplerRow& row : check.rows) {
    if (stop_requested()) throw engine::InputError(options.file, "", "replay interrupted");
    run.seed = row.descriptor.seed;
    const SamplerRow again = contract::judge_row(
        *candidate, row.descriptor, contract::make_sampler_problem(row.descriptor), run);
    ++rerun;
    if (again.verdict != row.verdict || again.tv != row.tv)
      contradictions.push_back(
          fmt::format("{} [{}] {}: {} #{}: recorded as {} with TV <= {:.17g}, now {} with {:.17g}",
                      check.contract.name, check.instance, check.candidate.name,
                      row.descriptor.family, row.descriptor.index, name_of(row.verdict), row.tv.hi,
                      name_of(again.verdict), again.tv.hi));
  }
  return contradictions;
}

}  // namespace assay::cli
