// SPDX-License-Identifier: Apache-2.0
// Planning, running and adding up a campaign.
#include "properties/contract/campaign.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <limits>
#include <mutex>
#include <set>
#include <thread>

#include "properties/contract/law.hpp"
#include "properties/contract/law_check.hpp"
#include "properties/contract/modelled.hpp"
#include "properties/contract/vacuity.hpp"
#include "properties/engine/hash.hpp"
#include "properties/engine/shrink.hpp"
#include "reference/arithmetic/thread_caches.hpp"

namespace assay::contract {
namespace {

using engine::Case;

// Three hung calls in plan order end the check: a candidate that hangs costs a time limit per case.
constexpr int hangs_allowed = 3;

// The cases of a check, without their data: drawn on demand by whoever runs them.
class Plan {
 public:
  Plan(const Column& column, const std::string& instance, const CampaignOptions& options)
      : column_(column) {
    if (options.embeddings) given_ = column.cases_from(*options.embeddings, instance, options.seed);
    for (const Case& c : given_) descriptors_.push_back(c.descriptor);
    for (const Family& family : column.families_of(instance))
      if (family.large) large_.insert(family.name);
    for (engine::CaseDescriptor& d : planned_cases(column, instance, options.seed))
      descriptors_.push_back(std::move(d));
    if (options.budget > 0 && options.budget < static_cast<std::int64_t>(descriptors_.size()))
      descriptors_.resize(static_cast<std::size_t>(options.budget));
  }

  std::size_t size() const { return descriptors_.size(); }
  const engine::CaseDescriptor& descriptor(std::size_t i) const { return descriptors_[i]; }
  /// A case of a family that is planned after the others.
  bool is_large(std::size_t i) const { return large_.count(descriptors_[i].family) > 0; }
  Case draw(std::size_t i) const {
    return i < given_.size() ? given_[i] : column_.make_case(descriptors_[i]);
  }

 private:
  const Column& column_;
  std::vector<Case> given_;
  std::vector<engine::CaseDescriptor> descriptors_;
  std::set<std::string> large_;
};

// What is kept of one case after it was judged.
struct Outcome {
  Finding finding;
  std::string input_sha256, output_sha256;
  std::vector<TrivialTrial> trivial;
  std::vector<std::string> hypotheses;
  std::string modelled_hypothesis;
  std::optional<Observation> observation;  // kept for refuted cases only
};

// Refutations are confirmed later, where they are recorded.
constexpr Ladder unconfirmed{.confirm = false};

Outcome run_case(const Column& column, Candidate& candidate, const Case& c) {
  Judgement judgement = agrees_with_truth(column, candidate, c, unconfirmed);
  Outcome outcome;
  outcome.finding = std::move(judgement.finding);
  outcome.trivial = trivial_trials(c, judgement.expectation);
  outcome.finding.vacuous_outputs = vacuous_outputs(outcome.trivial);
  outcome.hypotheses = judgement.expectation.hypotheses;
  outcome.modelled_hypothesis = judgement.expectation.modelled_hypothesis;
  outcome.input_sha256 = sha256_of_case(c);
  outcome.output_sha256 = sha256_of_outputs(judgement.observation.outputs);
  if (outcome.finding.verdict == Verdict::refuted) {
    outcome.observation = std::move(judgement.observation);
    outcome.observation->milliseconds = 0;  // not evidence, and different in every run
  }
  return outcome;
}

// Runs the plan on several threads; outcomes land at their place in the plan.
class Runner {
 public:
  Runner(const Column& column, const Plan& plan, const CandidateFactory& factory,
         const CampaignOptions& options)
      : column_(column),
        plan_(plan),
        factory_(factory),
        options_(options),
        outcomes_(plan.size()) {}

  std::vector<std::optional<Outcome>> run() {
    const auto threads =
        std::min<std::size_t>(static_cast<std::size_t>(std::max(1, options_.threads)),
                              std::max<std::size_t>(1, plan_.size()));
    std::vector<std::thread> pool;
    for (std::size_t t = 0; t < threads; ++t) pool.emplace_back([this] { work(); });
    for (std::thread& thread : pool) thread.join();
    if (error_) std::rethrow_exception(error_);
    return std::move(outcomes_);
  }

 private:
  void work() try {
    const reference::ThreadCaches caches;
    const std::unique_ptr<Candidate> candidate = factory_();
    for (;;) {
      const std::size_t i = next_++;
      if (i >= plan_.size() || stop_) return;
      if (options_.interrupted()) {
        stop_ = true;
        throw Interrupted(fmt::format("interrupted at case {} of {}", i, plan_.size()));
      }
      const bool large = plan_.is_large(i);
      if (refuted_ && large) return;  // refuted already: large cases add nothing
      Outcome outcome = run_case(column_, *candidate, plan_.draw(i));
      const std::lock_guard lock(mutex_);
      if (outcome.finding.conduct == Conduct::hung && ++hangs_ >= hangs_allowed) stop_ = true;
      if (outcome.finding.verdict == Verdict::refuted && !large) refuted_ = true;
      outcomes_[i] = std::move(outcome);
      options_.progress(++done_, static_cast<std::int64_t>(plan_.size()));
    }
  } catch (...) {
    const std::lock_guard lock(mutex_);
    stop_ = true;
    if (!error_) error_ = std::current_exception();
  }

  const Column& column_;
  const Plan& plan_;
  const CandidateFactory& factory_;
  const CampaignOptions& options_;
  std::vector<std::optional<Outcome>> outcomes_;
  std::atomic<std::size_t> next_{0};
  std::atomic<bool> stop_{false};
  std::atomic<bool> refuted_{false};  // by a case that is not large: `cut_large` drops those then
  std::mutex mutex_;
  std::int64_t done_ = 0;
  int hangs_ = 0;
  std::exception_ptr error_;
};

// Large cases are left out once a smaller one is refuted, however far the threads had come.
void cut_large(std::vector<std::optional<Outcome>>& outcomes, const Plan& plan) {
  const auto refuted = [&](std::size_t i) {
    return outcomes[i] && !plan.is_large(i) && outcomes[i]->finding.verdict == Verdict::refuted;
  };
  bool any = false;
  for (std::size_t i = 0; i < outcomes.size(); ++i) any = any || refuted(i);
  for (std::size_t i = 0; any && i < outcomes.size(); ++i)
    if (plan.is_large(i)) outcomes[i].reset();
}

// Cuts the outcomes after the last hang allowed, so that the result does not depend on how far
// other threads had come.
void cut_after_hangs(std::vector<std::optional<Outcome>>& outcomes) {
  int hangs = 0;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) continue;
    if (outcomes[i]->finding.conduct == Conduct::hung) ++hangs;
    if (hangs == hangs_allowed) {
      for (std::size_t j = i + 1; j < outcomes.size(); ++j) outcomes[j].reset();
      return;
    }
  }
}

double margin_of(const Finding& finding) {
  return is_violation(finding.conduct) ? std::numeric_limits<double>::infinity() : finding.share.lo;
}

// A refuted case with its verdict derived again on an interval engine; empty when that fails.
std::optional<RefutedCase> confirmed(const Column& column, const std::string& algorithm,
                                     const std::string& role, const Case& c,
                                     const Observation& observation) {
  const Finding finding = judge(observation, column.expect(c, algorithm), column.outputs(c));
  if (finding.verdict != Verdict::refuted) return std::nullopt;
  return RefutedCase{role, c, observation, finding};
}

RefutedCase shrink_refutation(const Column& column, Candidate& candidate, const Case& start,
                              const Finding& finding, const CampaignOptions& options) {
  Outcome last;
  engine::ShrinkProblem problem;
  problem.simpler = [&](const Case& c) { return column.simpler(c); };
  problem.complexity = [&](const Case& c) { return column.complexity(c); };
  problem.budget = options.shrink_trials;
  problem.cancelled = options.interrupted;
  RefutedCase smallest{"smallest", start, {}, finding};
  problem.attempt = [&](const Case& c) {
    Outcome outcome = run_case(column, candidate, c);
    const bool same =
        outcome.finding.verdict == Verdict::refuted && outcome.finding.conduct == finding.conduct;
    const engine::Trial trial{same, margin_of(outcome.finding)};
    if (same) last = std::move(outcome);
    return trial;
  };
  const engine::ShrinkResult result = engine::shrink(start, margin_of(finding), problem);
  smallest.input = result.smallest;
  // Observe the smallest once more: the record holds exactly what is replayed.
  Outcome final_outcome = run_case(column, candidate, result.smallest);
  if (final_outcome.finding.verdict != Verdict::refuted) final_outcome = std::move(last);
  smallest.finding = final_outcome.finding;
  if (final_outcome.observation) smallest.observation = std::move(*final_outcome.observation);
  return smallest;
}

void widen(Ends& largest, const Ends& share) {
  largest.lo = std::max(largest.lo, share.lo);
  largest.hi = std::max(largest.hi, share.hi);
}

void count(FamilyResult& family, const Finding& finding) {
  ++family.cases;
  switch (finding.verdict) {
    case Verdict::certified:
    case Verdict::unrefuted: ++family.certified; break;
    case Verdict::refuted: ++family.refuted; break;
    case Verdict::undecided: ++family.undecided; break;
    case Verdict::unavailable: ++family.unavailable; break;
  }
  if (finding.verdict == Verdict::certified && !finding.vacuous_outputs.empty()) ++family.vacuous;
  if (finding.elements_judged > 0 && !is_violation(finding.conduct))
    widen(family.largest_share, finding.share);
}

FamilyResult& family_of(Check& check, const std::string& name) {
  for (FamilyResult& family : check.families)
    if (family.name == name) return family;
  check.families.push_back({});
  check.families.back().name = name;
  return check.families.back();
}

std::string place_of(const engine::CaseDescriptor& d, const Finding& finding) {
  return fmt::format("{} #{}, {}[{}]", d.family, d.index, finding.output, finding.element);
}

void record(Check& check, const engine::CaseDescriptor& descriptor, const Outcome& outcome) {
  const Finding& finding = outcome.finding;
  ++check.cases_run;
  count(family_of(check, descriptor.family), finding);
  accumulate(check.vacuity, outcome.trivial);
  if (check.hypotheses.empty()) check.hypotheses = outcome.hypotheses;
  if (finding.elements_judged > 0 && !is_violation(finding.conduct)) {
    if (finding.share.hi > check.largest_share.hi)
      check.largest_share_where = place_of(descriptor, finding);
    widen(check.largest_share, finding.share);
  }
  if (finding.verdict != Verdict::refuted)
    check.cases.push_back({descriptor, outcome.input_sha256, outcome.output_sha256, finding.verdict,
                           finding.share,
                           finding.verdict == Verdict::certified ? "" : finding.reason});
}

// Why the candidate cannot run at all (no device, no program), found out on the first case; else
// empty.
std::string unavailable_reason(const Column& column, Candidate& candidate, const Plan& plan) {
  if (plan.size() == 0) return "no case was planned";
  const Case first = plan.draw(0);
  const Observation observation = candidate.observe(first, column.outputs(first));
  return observation.conduct == Conduct::unavailable ? observation.detail : "";
}

void conclude(Check& check) {
  std::int64_t certified = 0, refuted = 0, undecided = 0, unavailable = 0;
  for (const FamilyResult& family : check.families) {
    certified += family.certified;
    refuted += family.refuted;
    undecided += family.undecided;
    unavailable += family.unavailable;
  }
  std::string vacuous;
  for (const VacuityResult& v : check.vacuity)
    if (v.tried > 0 && v.refused == 0)
      vacuous +=
          fmt::format("{}{} for {}", vacuous.empty() ? "" : ", ", v.trivial_answer, v.output);
  if (refuted > 0) {
    check.verdict = Verdict::refuted;
    check.reason = fmt::format("{} of {} cases refuted; {}", refuted, check.cases_run,
                               check.refuted.front().finding.reason);
  } else if (laws_violated(check, check.reason)) {
    check.verdict = Verdict::refuted;
  } else if (check.modelled.confirmed > 0) {
    check.verdict = Verdict::refuted;
    check.reason = check.refuted.front().finding.reason;
  } else if (certified + undecided == 0) {
    check.verdict = Verdict::unavailable;
    check.reason = check.cases.empty() ? "no case was run" : check.cases.front().note;
  } else if (undecided > 0 || !vacuous.empty()) {
    check.verdict = Verdict::undecided;
    check.reason = !vacuous.empty() ? "vacuous: no case refuses " + vacuous
                                    : fmt::format("{} cases undecided", undecided);
  } else {
    check.verdict = Verdict::certified;
    check.reason = fmt::format("{} cases, largest share {:.3f}", certified, check.largest_share.hi);
    if (unavailable > 0) check.reason += fmt::format("; {} cases unavailable", unavailable);
  }
}

}  // namespace

Check run_campaign(const Column& column, const Contract& instance, const CandidateFactory& factory,
                   const CampaignOptions& options) {
  const Plan plan(column, column.instance_of(instance), options);
  const std::unique_ptr<Candidate> candidate = factory();
  Check check;
  check.contract = instance;
  check.contract_sha256 = engine::sha256_hex(instance.canonical_text());
  check.candidate = candidate->info();
  check.cases_planned = static_cast<std::int64_t>(plan.size());
  if (const std::string why = unavailable_reason(column, *candidate, plan); !why.empty()) {
    if (options.interrupted()) throw Interrupted("interrupted before the first case");
    check.reason = why;
    return check;
  }

  std::vector<std::optional<Outcome>> outcomes = Runner(column, plan, factory, options).run();
  if (options.interrupted()) throw Interrupted("interrupted during the last cases");
  cut_after_hangs(outcomes);
  cut_large(outcomes, plan);

  std::optional<RefutedCase> found;
  std::optional<std::size_t> first, worst;
  const auto confirm_at = [&](const char* role, std::size_t i) {
    return confirmed(column, check.candidate.algorithm, role, plan.draw(i),
                     *outcomes[i]->observation);
  };
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i] || outcomes[i]->finding.verdict != Verdict::refuted) continue;
    if (!found && (found = confirm_at("found", i))) first = i;
    if (!found) {  // the engines do not agree: not a refutation
      outcomes[i]->finding.verdict = Verdict::undecided;
      outcomes[i]->finding.reason += "; not confirmed by the other engine";
    } else if (!worst || margin_of(outcomes[i]->finding) > margin_of(outcomes[*worst]->finding)) {
      worst = i;
    }
  }
  std::vector<BeyondModel> beyond_model;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (!outcomes[i]) continue;
    record(check, plan.descriptor(i), *outcomes[i]);
    record_model(check, plan.descriptor(i), outcomes[i]->finding, outcomes[i]->modelled_hypothesis);
    if (exceeds_model(outcomes[i]->finding))
      beyond_model.push_back({outcomes[i]->finding.modelled_share.lo, plan.descriptor(i)});
  }
  if (first) {
    RefutedCase smallest =
        shrink_refutation(column, *candidate, found->input, outcomes[*first]->finding, options);
    const auto again = confirmed(column, check.candidate.algorithm, "smallest", smallest.input,
                                 smallest.observation);
    check.refuted.push_back(*found);
    check.refuted.push_back(
        again ? *again : RefutedCase{"smallest", found->input, found->observation, found->finding});
    if (*worst != *first)
      if (auto kept = confirm_at("worst", *worst)) check.refuted.push_back(std::move(*kept));
  }
  if (!first && options.budget == 0)
    ask_laws(check, column, column.instance_of(instance), *candidate, options.seed,
             options.interrupted);
  if (!first) confirm_model(check, column, *candidate, beyond_model);
  if (options.interrupted()) throw Interrupted("interrupted after the last case");
  conclude(check);
  return check;
}

}  // namespace assay::contract
