// SPDX-License-Identifier: Apache-2.0
// All rows and all rules, added up.
#include "properties/contract/sampler/check.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "properties/engine/hash.hpp"

namespace assay::contract {
namespace {

std::vector<engine::CaseDescriptor> planned_rows(const SamplerContract& contract,
                                                 const SamplerInstance& instance,
                                                 const SamplerOptions& options) {
  std::vector<engine::CaseDescriptor> rows;
  for (const bool large : {false, true}) {
    if (large && !options.large) continue;
    std::int64_t most = 0;
    for (const Family& f : contract.families) most = std::max(most, f.cases);
    for (std::int64_t round = 0; round < most; ++round)
      for (const Family& f : contract.families) {
        const bool chosen = options.families.empty() ||
                            std::find(options.families.begin(), options.families.end(), f.name) !=
                                options.families.end();
        if (chosen && f.large == large && round < f.cases)
          rows.push_back({contract.name, instance.name, f.name, static_cast<std::uint64_t>(round),
                          options.seed});
      }
  }
  if (options.budget > 0 && static_cast<std::int64_t>(rows.size()) > options.budget)
    rows.resize(static_cast<std::size_t>(options.budget));
  return rows;
}

// Refuted before undecided before certified; rows and rules alike. Unavailable only when nothing
// was judged, or when a row could not be.
class Sum {
 public:
  void add(Verdict v, const std::string& what, const std::string& why) {
    const auto rank = [](Verdict x) {
      switch (x) {
        case Verdict::refuted: return 4;
        case Verdict::undecided: return 3;
        case Verdict::unavailable: return 2;
        default: return 1;
      }
    };
    ++counts_[rank(v)];
    if (rank(v) <= worst_) return;
    worst_ = rank(v);
    verdict = v;
    reason = v == Verdict::certified ? "" : what + ": " + why;
  }
  int certified() const { return counts_[1]; }
  Verdict verdict = Verdict::unavailable;
  std::string reason;

 private:
  int worst_ = 0;
  int counts_[5] = {};
};

std::string certified_text(const SamplerCheck& check) {
  double largest = 0, delta = 0, epsilon = 0;
  std::string grades;
  for (const SamplerRow& row : check.rows) {
    largest = std::max(largest, row.tv.hi);
    epsilon = std::max(epsilon, row.epsilon);
    delta = std::max(delta, row.delta);
    const std::string letter(letter_of(row.grade));
    if (grades.find(letter) == std::string::npos) grades += (grades.empty() ? "" : ", ") + letter;
  }
  const bool continuous = !check.rows.empty() && check.rows[0].grade == SamplerGrade::metric;
  if (continuous)
    return fmt::format(
        "{} rows: within {:.3g} of the law (asked: {:.3g}) as said per row, each wrong with "
        "probability <= {:g}, grade e; {} rules kept",
        check.rows.size(), largest, epsilon, delta, check.rules.size());
  return fmt::format(
      "{} rows: TV(law of the sampler, law) <= {:.3g} (asked: {:.3g}), each wrong with probability "
      "<= {:g}, grade {}; {} rules kept",
      check.rows.size(), largest, epsilon, delta, grades, check.rules.size());
}

/// Rows that cost minutes on the emulator: a bisection of so many thresholds is two million
/// emulated draws. They are judged where the same sampler runs on a processor or a device.
bool is_dear(const CandidateInfo& candidate, const SamplerProblem& problem) {
  constexpr std::int64_t most_columns = 4096;
  constexpr int most_enumerated_bits = 16;
  return candidate.backend == "emulator" && problem.columns() > most_columns &&
         problem.bits > most_enumerated_bits;
}

}  // namespace

SamplerCheck certify_sampler(const SamplerContract& contract, const SamplerInstance& instance,
                             const CandidateFactory& factory, const SamplerOptions& options) {
  const std::unique_ptr<Candidate> candidate = factory();
  SamplerCheck check;
  check.contract = instance.contract;
  check.contract_sha256 = engine::sha256_hex(instance.contract.canonical_text());
  check.instance = instance.name;
  check.law = contract.law;
  check.candidate = candidate->info();
  check.epsilon_asked = options.epsilon.value_or(0);
  check.delta = options.delta;
  if (const std::string why = candidate->unavailable_reason(); !why.empty()) {
    check.reason = "unavailable: " + why;
    return check;
  }
  const std::vector<engine::CaseDescriptor> rows = planned_rows(contract, instance, options);
  const auto total = static_cast<std::int64_t>(rows.size()) + 1;
  Sum sum;
  for (const engine::CaseDescriptor& d : rows) {
    if (options.interrupted()) throw Interrupted("interrupted");
    options.progress(static_cast<std::int64_t>(check.rows.size()), total);
    const SamplerProblem problem = make_sampler_problem(d);
    if (is_dear(check.candidate, problem)) continue;
    check.rows.push_back(judge_row(*candidate, d, problem, options));
    const SamplerRow& row = check.rows.back();
    sum.add(row.verdict, fmt::format("{} #{}", d.family, d.index), row.reason);
  }
  if (options.interrupted()) throw Interrupted("interrupted");
  check.rules = judge_rules(*candidate, contract, instance, options);
  for (const SamplerRuleResult& rule : check.rules) {
    if (rule.alpha > 0) check.alpha = options.alpha;
    sum.add(rule.verdict, rule.rule, rule.detail);
  }
  options.progress(total, total);
  check.candidate = candidate->info();
  check.verdict = sum.verdict;
  check.reason = sum.verdict == Verdict::certified ? certified_text(check) : sum.reason;
  return check;
}

}  // namespace assay::contract
