// SPDX-License-Identifier: Apache-2.0
// Counting and confirming what the modelled column says.
#include "properties/contract/modelled.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <set>

#include "properties/contract/law.hpp"

namespace assay::contract {

namespace {

// The finding of a case of which only the modelled column is exceeded, in the terms of a
// refutation.
Finding modelled_finding(Finding finding) {
  finding.verdict = Verdict::refuted;
  finding.share = finding.modelled_share;
  finding.output = finding.modelled_output;
  finding.element = finding.modelled_element;
  finding.reason = fmt::format(
      "modelled: {}[{}] is off by {:.4g} times what independent random rounding errors "
      "allow, and so are fresh cases",
      finding.output, finding.element, finding.share.lo);
  return finding;
}

}  // namespace

bool exceeds_model(const Finding& finding) {
  return finding.verdict == Verdict::certified && finding.modelled_share.lo > 1;
}

void record_model(Check& check, const engine::CaseDescriptor& descriptor, const Finding& finding,
                  const std::string& hypothesis) {
  if (finding.verdict != Verdict::certified || finding.modelled_element < 0) return;
  check.modelled.hypothesis = hypothesis;
  if (exceeds_model(finding)) ++check.modelled.exceeded;
  if (!(finding.modelled_share.hi > check.modelled.largest_share.hi)) return;
  check.modelled.largest_share = finding.modelled_share;
  check.modelled.where = fmt::format("{} #{}, {}[{}]", descriptor.family, descriptor.index,
                                     finding.modelled_output, finding.modelled_element);
}

namespace {

/// Three fresh cases of the family of `start`.
void confirm_in_family(Check& check, const Column& column, Candidate& candidate,
                       const engine::CaseDescriptor& start) {
  constexpr std::uint64_t fresh_cases = 3;
  std::uint64_t period = 1;
  for (const Family& family : column.families_of(start.instance))
    if (family.name == start.family) period = static_cast<std::uint64_t>(family.cases);
  for (std::uint64_t k = 1; k <= fresh_cases; ++k) {
    engine::CaseDescriptor fresh = start;
    fresh.index += k * period;
    const engine::Case c = column.make_case(fresh);
    Judgement judgement = agrees_with_truth(column, candidate, c, {.confirm = false});
    ++check.modelled.fresh;
    if (!exceeds_model(judgement.finding)) continue;
    if (++check.modelled.confirmed > 1) continue;
    judgement.observation.milliseconds = 0;
    check.refuted.push_back(
        {"modelled", c, judgement.observation, modelled_finding(judgement.finding)});
  }
}

}  // namespace

void confirm_model(Check& check, const Column& column, Candidate& candidate,
                   std::vector<BeyondModel> exceeded) {
  constexpr std::size_t most_families = 3;
  std::stable_sort(exceeded.begin(), exceeded.end(),
                   [](const BeyondModel& a, const BeyondModel& b) { return a.share > b.share; });
  std::set<std::string> tried;
  for (const BeyondModel& case_beyond : exceeded) {
    const std::string& family = case_beyond.descriptor.family;
    if (family == "file") continue;  // the user's data: there are no fresh cases of it
    if (tried.size() == most_families || check.modelled.confirmed > 0) return;
    if (tried.insert(family).second)
      confirm_in_family(check, column, candidate, case_beyond.descriptor);
  }
}

}  // namespace assay::contract
