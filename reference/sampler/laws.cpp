// SPDX-License-Identifier: Apache-2.0
// Laws of single draws, of hardened tuples, and of draws without replacement.
#include "reference/sampler/laws.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>

namespace assay::reference {
namespace {

constexpr std::int64_t most_sequences = std::int64_t{1} << 20;

[[noreturn]] void refuse(const std::string& what) { throw std::invalid_argument("law: " + what); }

bool certainly_zero(const Real& x) { return equal(x, 0) == Truth::yes; }

std::int64_t sequences(std::size_t columns, int k) {
  if (k < 1) refuse("k is " + std::to_string(k));
  std::int64_t count = 1;
  for (int i = 0; i < k; ++i) {
    count *= static_cast<std::int64_t>(columns);
    if (count > most_sequences || count == 0) refuse("not 1 to 2^20 sequences");
  }
  return count;
}

/// Digits of a sequence's number, the first the most significant.
std::vector<std::int64_t> digits(std::int64_t number, std::int64_t columns, int k) {
  std::vector<std::int64_t> sequence(static_cast<std::size_t>(k));
  for (int i = k; i-- > 0; number /= columns)
    sequence[static_cast<std::size_t>(i)] = number % columns;
  return sequence;
}

Real checked_sum(std::span<const Real> weights) {
  for (const Real& w : weights)
    if (less(w, 0) == Truth::yes) refuse("a weight is negative, " + w.text());
  Real total = sum(weights);
  if (weights.empty() || certainly_zero(total)) refuse("no weight is positive");
  return total;
}

}  // namespace

std::vector<Real> law_of_weights(std::span<const Real> weights) {
  const Real total = checked_sum(weights);
  std::vector<Real> law;
  for (const Real& w : weights) law.push_back(w / total);
  return law;
}

bool Candidates::allows(std::int64_t column) const {
  if (column == self || column == positive) return false;
  return !other_classes_only || labels[static_cast<std::size_t>(column)] != label;
}

std::vector<Real> base_law(const Candidates& candidates) {
  std::vector<Real> weights;
  for (std::int64_t j = 0; j < candidates.columns; ++j)
    weights.emplace_back(candidates.allows(j) ? 1 : 0);
  return law_of_weights(weights);
}

std::vector<Real> two_stage_law(const Candidates& c) {
  if (c.labels.size() != static_cast<std::size_t>(c.columns) || c.columns == 0)
    refuse("two stages need labels");
  std::map<int, long long> sizes;
  for (const int label : c.labels) ++sizes[label];
  const auto share = [&](int label) {
    const auto found = sizes.find(label);
    return Real::ratio(found == sizes.end() ? 0 : found->second, c.columns);
  };
  const Real rest = c.other_classes_only ? 1 - share(c.label) : Real(1);
  if (certainly_zero(rest)) refuse("there is no other class");
  std::vector<Real> law;
  for (const int label : c.labels) {
    const bool left_out = c.other_classes_only && label == c.label;
    law.push_back(left_out ? Real(0) : share(label) / rest / Real(sizes[label]));
  }
  return law;
}

std::vector<Real> hardened_law(std::span<const Real> base, std::span<const Real> u,
                               const Hardening& hardening) {
  if (base.size() != u.size()) refuse("a law and arguments of different sizes");
  std::vector<Real> weights;
  for (std::size_t j = 0; j < base.size(); ++j)
    weights.push_back(certainly_zero(base[j]) ? Real(0) : base[j] * hardening.factor(u[j]));
  return law_of_weights(weights);
}

JointLaw hardened_joint_law(std::span<const Real> base, std::span<const Real> u,
                            const Hardening& hardening, int k) {
  if (base.size() != u.size()) refuse("a law and arguments of different sizes");
  const std::int64_t count = sequences(base.size(), k);
  JointLaw joint;
  std::vector<Real> at(static_cast<std::size_t>(k));
  for (std::int64_t number = 0; number < count; ++number) {
    Real p = 1;
    const std::vector<std::int64_t> sequence =
        digits(number, static_cast<std::int64_t>(base.size()), k);
    for (std::size_t i = 0; i < sequence.size(); ++i) {
      p *= base[static_cast<std::size_t>(sequence[i])];
      at[i] = u[static_cast<std::size_t>(sequence[i])];
    }
    joint.law.push_back(certainly_zero(p) ? Real(0) : p * hardening(at));
  }
  joint.gamma = checked_sum(joint.law);
  for (Real& p : joint.law) p /= joint.gamma;
  return joint;
}

std::vector<Real> marginal(std::span<const Real> law, std::int64_t columns, int k, int place) {
  std::vector<Real> result(static_cast<std::size_t>(columns));
  for (std::size_t number = 0; number < law.size(); ++number) {
    const std::vector<std::int64_t> sequence =
        digits(static_cast<std::int64_t>(number), columns, k);
    result[static_cast<std::size_t>(sequence[static_cast<std::size_t>(place)])] += law[number];
  }
  return result;
}

Real probability_of_no_proposal(const Real& gamma, const Real& bound, int proposals) {
  return pow(1 - gamma / bound, proposals);
}

Real plackett_luce(std::span<const Real> weights, std::span<const std::int64_t> sequence) {
  checked_sum(weights);
  std::vector<bool> taken(weights.size(), false);
  Real p = 1;
  for (const std::int64_t j : sequence) {
    const auto at = static_cast<std::size_t>(j);
    if (taken[at] || certainly_zero(weights[at])) return 0;
    Real rest = 0;  // added anew: no cancellation
    for (std::size_t i = 0; i < weights.size(); ++i)
      if (!taken[i]) rest += weights[i];
    p *= weights[at] / rest;
    taken[at] = true;
  }
  return p;
}

std::vector<Real> plackett_luce_law(std::span<const Real> weights, int k) {
  const std::int64_t count = sequences(weights.size(), k);
  const auto positive = std::count_if(weights.begin(), weights.end(),
                                      [](const Real& w) { return !certainly_zero(w); });
  if (positive < k) refuse("fewer than k weights are positive");
  std::vector<Real> law;
  for (std::int64_t number = 0; number < count; ++number)
    law.push_back(
        plackett_luce(weights, digits(number, static_cast<std::int64_t>(weights.size()), k)));
  return law;
}

std::vector<Real> inclusion_probabilities(std::span<const Real> weights, int k) {
  checked_sum(weights);
  const std::size_t columns = weights.size();
  if (columns > 20) refuse("more than 20 columns");
  // reached[S]: probability that S is what the first |S| draws yield, in any order.
  std::vector<Real> reached(std::size_t{1} << columns), included(columns);
  reached[0] = 1;
  for (std::size_t set = 0; set < reached.size(); ++set) {
    if (__builtin_popcountll(set) >= k || certainly_zero(reached[set])) continue;
    Real rest = 0;
    for (std::size_t j = 0; j < columns; ++j)
      if ((set >> j & 1) == 0) rest += weights[j];
    for (std::size_t j = 0; j < columns; ++j) {
      if ((set >> j & 1) != 0 || certainly_zero(weights[j])) continue;
      const Real p = reached[set] * weights[j] / rest;
      reached[set | std::size_t{1} << j] += p;
      included[j] += p;
    }
  }
  return included;
}

TopK top_k(std::span<const Real> scores, const Candidates& candidates, int k) {
  std::vector<std::int64_t> rest;
  for (std::int64_t j = 0; j < candidates.columns; ++j)
    if (candidates.allows(j)) rest.push_back(j);
  if (k < 1 || static_cast<std::size_t>(k) > rest.size()) refuse("k exceeds the allowed columns");
  const auto score = [&](std::int64_t j) -> const Real& {
    return scores[static_cast<std::size_t>(j)];
  };
  TopK top;
  // The winner of a place has beaten every earlier column strictly and lost to no later one.
  for (int place = 0; place <= k && !rest.empty(); ++place) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < rest.size(); ++i) {
      const Truth larger = less(score(rest[best]), score(rest[i]));
      if (larger == Truth::unknown) top.undecided = true;
      if (larger == Truth::yes) best = i;
    }
    if (place == k) {
      const Truth tie = equal(score(top.columns.back()), score(rest[best]));
      top.tie_at_boundary = tie == Truth::yes;
      break;
    }
    if (top.undecided) break;
    top.columns.push_back(rest[best]);
    rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(best));
  }
  return top;
}

}  // namespace assay::reference
