// SPDX-License-Identifier: Apache-2.0
// Planted wirings against the judge of rows.
#include "properties/contract/estimate/self_test.hpp"

#include <algorithm>

#include "properties/contract/builtin.hpp"

namespace assay::contract {
namespace {

class EstimateSelfTest {
 public:
  EstimateSelfTest(const EstimateContract& contract, const SelfTestOptions& options,
                   CandidateMaker make)
      : contract_(contract), options_(options), make_(std::move(make)) {
    run_.seed = options.seed;
    run_.interrupted = options.interrupted;
    if (!make_)
      make_ = [this](const std::string& name) {
        return make_builtin_candidate(contract_.name, name, options_.program, options_.limits);
      };
  }

  void on(const EstimateInstance& instance, SelfTest& result) {
    truths_.clear();
    for (const engine::CaseDescriptor& d : planned_estimate_rows(contract_, instance, run_))
      truths_.push_back(make_estimate_truth(d));
    delta_ = run_.delta / static_cast<double>(truths_.size()) * (1 - 0x1p-40);
    std::vector<const BuiltinEntry*> faults;
    for (const BuiltinEntry& e : builtin_entries())
      if (e.info.contract == contract_.name && e.role == BuiltinRole::planted &&
          e.meant_for(instance.contract))
        faults.push_back(&e);
    const auto total = static_cast<std::int64_t>(faults.size()) + 1;
    for (std::int64_t i = 0; i < total - 1; ++i) {
      options_.progress(instance.name, i, total);
      result.planted.push_back(plant(instance, *faults[static_cast<std::size_t>(i)]));
      ++result.cases;
    }
    result.correct.push_back(keep(instance));
  }

 private:
  // Whether some loss is not the right pipeline's.
  bool changes(Candidate& fault, Candidate& right, const EstimateTruth& t) const {
    constexpr std::int64_t draws = 512;
    const engine::Case c = estimate_call(t.descriptor, t.problem, draws, t.descriptor.seed, 0);
    const Observation a = fault.observe(c, {estimate_output(draws)});
    const Observation b = right.observe(c, {estimate_output(draws)});
    return a.conduct != b.conduct ||
           (!a.outputs.empty() && a.outputs[0].bytes != b.outputs[0].bytes);
  }

  PlantedResult plant(const EstimateInstance& instance, const BuiltinEntry& fault) {
    PlantedResult r{
        fault.info.name, fault.operator_class, instance.name, Fate::not_applied, "", 0, ""};
    const std::unique_ptr<Candidate> candidate = make_(fault.info.name), right = make_(right_);
    for (const EstimateTruth& t : truths_) {
      if (!changes(*candidate, *right, t)) continue;
      const EstimateRow row = judge_estimate_row(*candidate, t, delta_, run_);
      if (r.fate == Fate::not_applied) r.family = t.descriptor.family;
      r.fate = row.verdict == Verdict::refuted ? Fate::killed : Fate::survived;
      r.how = t.descriptor.family + ": " + row.reason;
      if (r.fate != Fate::killed) continue;
      r.family = t.descriptor.family;
      return r;
    }
    return r;
  }

  CorrectResult keep(const EstimateInstance& instance) {
    CorrectResult r;
    r.candidate = right_;
    r.algorithm = "generalized";
    r.instance = instance.name;
    const std::unique_ptr<Candidate> candidate = make_(right_);
    for (const EstimateTruth& t : truths_) {
      const EstimateRow row = judge_estimate_row(*candidate, t, delta_, run_);
      ++r.cases;
      r.refuted += row.verdict == Verdict::refuted ? 1 : 0;
      r.undecided += row.verdict == Verdict::undecided ? 1 : 0;
      r.unavailable += row.verdict == Verdict::unavailable ? 1 : 0;
      if (row.verdict == Verdict::refuted && r.worst.empty())
        r.worst = t.descriptor.family + ": " + row.reason;
      const double allowed = row.kernel + row.sampler + row.radius;
      if (allowed > 0)
        r.largest_share.hi = std::max(r.largest_share.hi, (row.bias - row.radius) / allowed);
    }
    return r;
  }

  const EstimateContract& contract_;
  const SelfTestOptions& options_;
  CandidateMaker make_;
  EstimateOptions run_;
  std::vector<EstimateTruth> truths_;
  double delta_ = 0;
  std::string right_ = "cpu";
};

}  // namespace

SelfTest run_estimate_self_test(const EstimateContract& contract, const SelfTestOptions& options,
                                CandidateMaker make) {
  SelfTest result;
  result.contract = contract.name;
  result.seed = options.seed;
  EstimateSelfTest test(contract, options, std::move(make));
  if (options.instances.empty())
    for (const EstimateInstance& instance : contract.instances) test.on(instance, result);
  for (const std::string& name : options.instances)
    test.on(estimate_instance_named(contract, name), result);
  return result;
}

}  // namespace assay::contract
