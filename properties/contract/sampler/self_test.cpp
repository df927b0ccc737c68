// SPDX-License-Identifier: Apache-2.0
// Planted faults of samplers against everything that certify does.
#include "properties/contract/sampler/self_test.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "properties/contract/builtin.hpp"
#include "properties/contract/campaign.hpp"
#include "properties/contract/sampler/check.hpp"

namespace assay::contract {
namespace {

std::vector<engine::CaseDescriptor> small_rows(const SamplerContract& contract,
                                               const SamplerInstance& instance,
                                               std::uint64_t seed) {
  std::vector<engine::CaseDescriptor> rows;
  for (const Family& f : contract.families)
    if (!f.large) rows.push_back({contract.name, instance.name, f.name, 0, seed});
  return rows;
}

// Whether some seeded draw of some row, or the refusal of a bad row, is not the kernel's.
bool changes_something(Candidate& fault, Candidate& kernel,
                       const std::vector<engine::CaseDescriptor>& rows, std::string& family) {
  for (const engine::CaseDescriptor& d : rows) {
    const SamplerProblem p = make_sampler_problem(d);
    for (const std::uint64_t call : {0, 1}) {
      const engine::Case c = sampler_call(d, p, 64, d.seed, call, {});
      const Observation a = fault.observe(c, {sampler_output(c)});
      const Observation b = kernel.observe(c, {sampler_output(c)});
      family = d.family;
      if (a.conduct != b.conduct) return true;
      if (!a.outputs.empty() && a.outputs[0].bytes != b.outputs[0].bytes) return true;
    }
  }
  return false;
}

class SamplerSelfTest {
 public:
  SamplerSelfTest(const SamplerContract& contract, const SelfTestOptions& options)
      : contract_(contract), options_(options) {
    run_.seed = options.seed;
    run_.large = false;
    run_.coupled_epsilon = 0x1p-9;  // faults are far larger; twenty seeds have to be affordable
    run_.enumerate_bits = 16;       // wider ones are bisected, with the same verdict
    run_.interrupted = options.interrupted;
  }

  void on(const SamplerInstance& instance, SelfTest& result) {
    std::vector<const BuiltinEntry*> faults;
    for (const BuiltinEntry& e : builtin_entries())
      if (e.info.contract == contract_.name && e.role == BuiltinRole::planted &&
          (!e.meant_for || e.meant_for(instance.contract)))
        faults.push_back(&e);
    const auto total = static_cast<std::int64_t>(faults.size()) + 1;
    for (const BuiltinEntry* fault : faults) {
      if (options_.interrupted()) throw Interrupted("interrupted");
      options_.progress(instance.name, result.cases % total, total);
      result.planted.push_back(plant(instance, *fault));
      ++result.cases;
    }
    for (const BuiltinEntry& e : builtin_entries())
      if (e.info.contract == contract_.name && e.role != BuiltinRole::planted &&
          e.info.backend == "cpu" && (!e.meant_for || e.meant_for(instance.contract)))
        result.correct.push_back(keep(instance, e));
  }

 private:
  std::unique_ptr<Candidate> make(const std::string& name) const {
    return make_builtin_candidate(contract_.name, name, options_.program, options_.limits);
  }

  PlantedResult plant(const SamplerInstance& instance, const BuiltinEntry& fault) {
    PlantedResult r{
        fault.info.name, fault.operator_class, instance.name, Fate::survived, "", 0, ""};
    const auto rows = small_rows(contract_, instance, options_.seed);
    const std::unique_ptr<Candidate> candidate = make(fault.info.name), kernel = make("cpu");
    const bool applied = changes_something(*candidate, *kernel, rows, r.family);
    for (const SamplerRuleResult& rule : judge_rules(*candidate, contract_, instance, run_))
      if (rule.verdict == Verdict::refuted) return killed(r, rule.rule, rule.detail);
    std::string open;
    for (const engine::CaseDescriptor& d : rows) {
      const SamplerRow row = judge_row(*candidate, d, make_sampler_problem(d), run_);
      if (row.verdict == Verdict::refuted) return killed(r, d.family, row.reason);
      if (row.verdict == Verdict::undecided && open.empty()) open = d.family + ": " + row.reason;
    }
    if (!applied) r.fate = Fate::not_applied;
    r.how = open.empty() ? "certified" : "not certified, but not refuted either: " + open;
    return r;
  }
  static PlantedResult killed(PlantedResult r, const std::string& by, const std::string& how) {
    r.fate = Fate::killed;
    r.family = by;
    r.how = how;
    return r;
  }

  CorrectResult keep(const SamplerInstance& instance, const BuiltinEntry& kernel) {
    CorrectResult r;
    r.candidate = kernel.info.name;
    r.algorithm = kernel.info.algorithm;
    r.instance = instance.name;
    const SamplerCheck check = certify_sampler(
        contract_, instance, [&] { return make(kernel.info.name); }, run_);
    const auto count = [&](Verdict v, const std::string& why) {
      ++r.cases;
      r.refuted += v == Verdict::refuted ? 1 : 0;
      r.undecided += v == Verdict::undecided ? 1 : 0;
      r.unavailable += v == Verdict::unavailable ? 1 : 0;
      if (v == Verdict::refuted && r.worst.empty()) r.worst = why;
    };
    for (const SamplerRow& row : check.rows) {
      count(row.verdict, row.descriptor.family + ": " + row.reason);
      if (row.epsilon > 0)
        r.largest_share.hi = std::max(r.largest_share.hi, row.tv.hi / row.epsilon);
    }
    for (const SamplerRuleResult& rule : check.rules)
      count(rule.verdict, rule.rule + ": " + rule.detail);
    return r;
  }

  const SamplerContract& contract_;
  const SelfTestOptions& options_;
  SamplerOptions run_;
};

}  // namespace

SelfTest run_sampler_self_test(const SamplerContract& contract, const SelfTestOptions& options) {
  SelfTest result;
  result.contract = contract.name;
  result.seed = options.seed;
  SamplerSelfTest test(contract, options);
  if (options.instances.empty())
    for (const SamplerInstance& instance : contract.instances) test.on(instance, result);
  for (const std::string& name : options.instances)
    test.on(sampler_instance_named(contract, name), result);
  return result;
}

}  // namespace assay::contract
