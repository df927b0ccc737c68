// SPDX-License-Identifier: Apache-2.0
// Asking laws, and judging violations again.
#include "properties/contract/law_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

namespace assay::contract {
namespace {

/// The candidate as a subject whose observations are kept. All laws start from the same few cases:
/// what was observed on a case is not asked for again.
class Recorder {
 public:
  explicit Recorder(Candidate& candidate) : candidate_(candidate) {}

  Subject into(std::vector<Observation>& kept) {
    return {candidate_.info().algorithm,
            [this, &kept](const engine::Case& c, const std::vector<engine::OutputSpec>& asked) {
              const auto [found, fresh] = known_.try_emplace(sha256_of_case(c));
              if (fresh) found->second = candidate_.observe(c, asked);
              found->second.milliseconds = 0;  // not evidence, and different in every run
              kept.push_back(found->second);
              return found->second;
            }};
  }

 private:
  Candidate& candidate_;
  std::map<std::string, Observation> known_;
};

void count(LawResult& result, const LawFinding& finding) {
  ++result.cases;
  result.compared += finding.compared;
  if (finding.verdict == LawVerdict::holds) {
    ++result.held;
    if (finding.allowed > 0)
      result.largest_ratio = std::max(result.largest_ratio, finding.difference / finding.allowed);
  } else if (finding.verdict == LawVerdict::violated) {
    if (++result.violated == 1) result.note = finding.reason;
  } else {
    ++result.unavailable;
  }
  if (result.unavailable == result.cases) result.note = finding.reason;
  if (result.violated == 0 && result.held > 0) result.note.clear();
}

}  // namespace

void ask_laws(Check& check, const Column& column, const std::string& instance, Candidate& candidate,
              std::uint64_t seed, const std::function<bool()>& interrupted) {
  const bool by_bits = column.states_operations(candidate.info().algorithm);
  const std::vector<engine::CaseDescriptor> descriptors = column.law_cases(instance, seed);
  Recorder recorder(candidate);
  for (const Law& law : column.laws()) {
    if (law.other_instances) continue;
    LawResult result;
    result.law = law.name;
    bool hung = false;
    for (const engine::CaseDescriptor& descriptor : descriptors) {
      if (interrupted() || hung) break;
      ViolatedLaw tried{law.name, descriptor.seed + descriptor.index,
                        by_bits,  column.make_case(descriptor),
                        {},       {}};
      const LawFinding finding =
          law.check(tried.input, recorder.into(tried.observations), tried.seed,
                    by_bits ? Agreement::bits : Agreement::budgets);
      count(result, finding);
      for (const Observation& o : tried.observations) hung = hung || o.conduct == Conduct::hung;
      if (finding.verdict != LawVerdict::violated || result.violated > 1) continue;
      tried.reason = finding.reason;
      check.violated_laws.push_back(std::move(tried));
    }
    check.laws.push_back(std::move(result));
    if (interrupted() || hung) return;
  }
}

bool laws_violated(const Check& check, std::string& reason) {
  std::int64_t violated = 0;
  for (const LawResult& law : check.laws) violated += law.violated > 0 ? 1 : 0;
  if (violated == 0) return false;
  const ViolatedLaw& first = check.violated_laws.front();
  reason =
      fmt::format("{} of {} laws violated; {}, {} #{}: {}", violated, check.laws.size(), first.law,
                  first.input.descriptor.family, first.input.descriptor.index, first.reason);
  return true;
}

LawFinding judge_again(const Column& column, const std::string& algorithm,
                       const ViolatedLaw& violated) {
  const auto& laws = column.laws();
  const auto law = std::find_if(laws.begin(), laws.end(),
                                [&](const Law& known) { return known.name == violated.law; });
  LawFinding none;
  none.law = violated.law;
  none.reason = "this program has no law of that name";
  if (law == laws.end()) return none;
  std::size_t next = 0;
  const Subject recorded{algorithm,
                         [&](const engine::Case&, const std::vector<engine::OutputSpec>&) {
                           if (next < violated.observations.size())
                             return violated.observations[next++];
                           Observation missing;
                           missing.detail = "the certificate holds no observation of it";
                           return missing;
                         }};
  return law->check(violated.input, recorded, violated.seed,
                    violated.by_bits ? Agreement::bits : Agreement::budgets);
}

}  // namespace assay::contract
