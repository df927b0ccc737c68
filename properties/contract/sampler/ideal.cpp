// SPDX-License-Identifier: Apache-2.0
// Ideal maps of the rules that draw ranks.
#include "properties/contract/sampler/ideal.hpp"

#include <algorithm>
#include <cmath>
#include <memory>

#include "properties/contract/sampler/law.hpp"
#include "reference/sampler/outward.hpp"

namespace assay::contract {
namespace {

using reference::next_down;
using reference::next_up;
using Words = std::span<const std::uint32_t>;
using Outcome = std::vector<std::int64_t>;

std::uint64_t number(Words words, std::int64_t c) {
  const auto at = static_cast<std::size_t>(2 * c);
  return std::uint64_t{words[at]} << 32 | words[at + 1];
}

// floor(U n) for U in the cell of u; -1 when the cell does not decide it.
std::int64_t rank_of(std::uint64_t u, std::int64_t n) {
  const unsigned __int128 low = static_cast<unsigned __int128>(u) * static_cast<std::uint64_t>(n);
  const unsigned __int128 high = low + static_cast<std::uint64_t>(n) - 1;
  return low >> 64 == high >> 64 ? static_cast<std::int64_t>(low >> 64) : -1;
}

Outcome allowed_columns(const SamplerProblem& problem) {
  Outcome allowed;
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    if (problem.allowed(j) || problem.rule == SamplerRule::disjoint_batches) allowed.push_back(j);
  return allowed;
}

IdealMap shuffle(const SamplerProblem& problem) {
  const Outcome start = allowed_columns(problem);
  const std::int64_t wanted = problem.outcome_size();
  return [start, wanted](Words words, Outcome& out) {
    Outcome places = start;
    const auto n = static_cast<std::int64_t>(places.size());
    out.clear();
    for (std::int64_t i = 0; i < wanted; ++i) {
      const std::int64_t step = rank_of(number(words, i), n - i);
      if (step < 0) {
        out.clear();
        return;
      }
      std::swap(places[static_cast<std::size_t>(i)], places[static_cast<std::size_t>(i + step)]);
      out.push_back(places[static_cast<std::size_t>(i)]);
    }
  };
}

IdealMap pairs(const SamplerProblem& problem) {
  const auto labels = problem.column_labels;
  const auto label = [&labels](std::int64_t j) { return labels[static_cast<std::size_t>(j)]; };
  Outcome anchors;
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    if (std::count(labels.begin(), labels.end(), label(j)) > 1) anchors.push_back(j);
  std::stable_sort(anchors.begin(), anchors.end(),
                   [&](std::int64_t a, std::int64_t b) { return label(a) < label(b); });
  return [anchors, labels](Words words, Outcome& out) {
    out.clear();
    const std::int64_t a = rank_of(number(words, 0), static_cast<std::int64_t>(anchors.size()));
    if (a < 0) return;
    const std::int64_t anchor = anchors[static_cast<std::size_t>(a)];
    Outcome others;
    for (const std::int64_t j : anchors)
      if (j != anchor &&
          labels[static_cast<std::size_t>(j)] == labels[static_cast<std::size_t>(anchor)])
        others.push_back(j);
    const std::int64_t b = rank_of(number(words, 1), static_cast<std::int64_t>(others.size()));
    if (b >= 0) out = {anchor, others[static_cast<std::size_t>(b)]};
  };
}

// eta of a tuple over its largest possible value.
class Acceptance {
 public:
  explicit Acceptance(const SamplerProblem& problem) : sum_(problem.joint == "sum_plus_one") {
    for (std::int64_t j = 0; j < problem.columns(); ++j) {
      const double s = problem.scores[static_cast<std::size_t>(j)], u = s * problem.inv_tau;
      const bool exact = std::fma(s, problem.inv_tau, -u) == 0;
      plus_one_.push_back(
          {next_down(exact ? u + 1 : next_down(u) + 1), next_up(exact ? u + 1 : next_up(u) + 1)});
      if (problem.allowed(j)) {
        top_.lo = std::max(top_.lo, plus_one_.back().lo);
        top_.hi = std::max(top_.hi, plus_one_.back().hi);
      }
    }
    if (sum_)
      top_ = {next_down(top_.lo * static_cast<double>(problem.k)),
              next_up(top_.hi * static_cast<double>(problem.k))};
    if (!(top_.lo > 0)) throw NoLaw("sampler: the hardening is 0 on every tuple");
  }
  Ends operator()(std::span<const std::int64_t> tuple) const {
    Ends eta{sum_ ? 0 : -HUGE_VAL, sum_ ? 0 : -HUGE_VAL};
    for (const std::int64_t j : tuple) {
      const Ends x = plus_one_[static_cast<std::size_t>(j)];
      eta = sum_ ? Ends{next_down(eta.lo + x.lo), next_up(eta.hi + x.hi)}
                 : Ends{std::max(eta.lo, x.lo), std::max(eta.hi, x.hi)};
    }
    return {eta.lo > 0 ? next_down(eta.lo / top_.hi) : 0,
            eta.hi > 0 ? next_up(eta.hi / top_.lo) : 0};
  }

 private:
  bool sum_;
  std::vector<Ends> plus_one_;
  Ends top_{-HUGE_VAL, -HUGE_VAL};
};

// One proposal: accepted, refused, or not decided.
enum class Answer : unsigned char { yes, no, open };

Answer propose(const SamplerProblem& p, const Outcome& allowed, const Acceptance& acceptance,
               Words words, Outcome& out) {
  out.clear();
  for (std::int64_t i = 0; i < p.k; ++i) {
    const std::int64_t rank = rank_of(number(words, i), static_cast<std::int64_t>(allowed.size()));
    if (rank < 0) return Answer::open;
    out.push_back(allowed[static_cast<std::size_t>(rank)]);
  }
  const Ends share = acceptance(out);
  const std::uint64_t cell = number(words, p.k) >> 11;
  if (static_cast<double>(cell + 1) * 0x1p-53 <= share.lo) return Answer::yes;
  return static_cast<double>(cell) * 0x1p-53 >= share.hi ? Answer::no : Answer::open;
}

IdealMap rejection(const SamplerProblem& problem) {
  const Outcome allowed = allowed_columns(problem);
  const auto acceptance = std::make_shared<const Acceptance>(problem);
  return [problem, allowed, acceptance](Words words, Outcome& out) {
    const auto per_proposal = static_cast<std::size_t>(2 * problem.k + 2);
    for (std::int64_t p = 0; p < problem.proposals; ++p) {
      const Words mine = words.subspan(static_cast<std::size_t>(p) * per_proposal, per_proposal);
      const Answer answer = propose(problem, allowed, *acceptance, mine, out);
      if (answer == Answer::yes) return;
      if (answer == Answer::open) {
        out.clear();
        return;
      }
    }
    out.assign(static_cast<std::size_t>(problem.k), -1);
  };
}

}  // namespace

std::optional<IdealMap> ideal_map(const SamplerProblem& problem) {
  switch (problem.rule) {
    case SamplerRule::gumbel_max:
    case SamplerRule::exponential_race:
    case SamplerRule::gumbel_top_k: {
      const auto race = std::make_shared<IdealRace>(problem);
      return [race](Words words, Outcome& out) { race->winners(words, out); };
    }
    case SamplerRule::uniform_distinct:
    case SamplerRule::disjoint_batches: return shuffle(problem);
    case SamplerRule::anchor_positive: return pairs(problem);
    case SamplerRule::rejection: return rejection(problem);
    default: return std::nullopt;
  }
}

}  // namespace assay::contract
