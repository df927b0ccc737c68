// SPDX-License-Identifier: Apache-2.0
// Which of the laws of reference/sampler a problem owes.
#include "properties/contract/sampler/law.hpp"

#include <stdexcept>
#include <string>

namespace assay::contract {
namespace {

reference::WeightRule rule_of(const SamplerProblem& p) {
  reference::WeightRule rule{reference::WeightKind::uniform, p.beta, p.inv_tau, p.power};
  if (p.tilt == "uniform") return rule;
  if (p.tilt == "weights")
    rule.kind = reference::WeightKind::weights;
  else if (p.tilt == "exponential")
    rule.kind = reference::WeightKind::exponential;
  else if (p.tilt == "polynomial")
    rule.kind = reference::WeightKind::polynomial;
  else
    throw std::invalid_argument("sampler: unknown tilt '" + p.tilt + "'");
  return rule;
}

std::vector<bool> drawable(const SamplerProblem& p) {
  std::vector<bool> allowed;
  for (std::int64_t j = 0; j < p.columns(); ++j) allowed.push_back(p.allowed(j));
  return allowed;
}

std::vector<Ends> law_with_equal_weights(const SamplerProblem& p, bool of_all_columns) {
  std::vector<Ends> alike(p.scores.size(), exactly(1));
  for (std::int64_t j = 0; j < p.columns(); ++j)
    if (!of_all_columns && !p.allowed(j)) alike[static_cast<std::size_t>(j)] = exactly(0);
  return reference::enclosed_plackett_luce_law(alike, p.outcome_size());
}

}  // namespace

std::vector<Ends> item_weights(const SamplerProblem& p) {
  std::vector<Ends> w = reference::enclosed_weights(rule_of(p), p.score_ends(), drawable(p));
  if (outcome_of(p.rule) == SamplerOutcome::tuple && p.rule != SamplerRule::rejection) {
    std::int64_t positive = 0;
    for (const Ends& x : w) positive += x.hi > 0 ? 1 : 0;
    if (positive < p.k) throw NoLaw("sampler: fewer than k columns have a positive weight");
  }
  return w;
}

std::vector<Ends> item_law(const SamplerProblem& problem) {
  return reference::enclosed_law_of_weights(item_weights(problem));
}

std::int64_t outcome_number(std::span<const std::int64_t> outcome, std::int64_t columns) {
  std::int64_t number = 0;
  for (const std::int64_t column : outcome) {
    if (column < 0 || column >= columns) return -1;
    number = number * columns + column;
  }
  return number;
}

std::vector<Ends> outcome_law(const SamplerProblem& p) {
  switch (p.rule) {
    case SamplerRule::gumbel_top_k:
      return reference::enclosed_plackett_luce_law(item_weights(p), p.k);
    case SamplerRule::uniform_distinct: return law_with_equal_weights(p, false);
    case SamplerRule::disjoint_batches: return law_with_equal_weights(p, true);
    case SamplerRule::top_k:
      return reference::enclosed_top_k_law(p.score_ends(), item_weights(p), p.k);
    case SamplerRule::rejection:
      return reference::enclosed_joint_law(p.joint == "sum_plus_one"
                                               ? reference::JointKind::sum_plus_one
                                               : reference::JointKind::max_plus_one,
                                           p.inv_tau, p.score_ends(), drawable(p), p.k);
    case SamplerRule::anchor_positive:
      return reference::enclosed_anchor_positive_law(p.column_labels);
    default: return item_law(p);
  }
}

}  // namespace assay::contract
