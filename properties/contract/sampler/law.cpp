// SPDX-License-Identifier: Apache-2.0
// Weights and laws, every end rounded outward.
#include "properties/contract/sampler/law.hpp"

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>

#include "properties/engine/statistics/outward.hpp"
#include "reference/loss/batch_exp.hpp"

namespace assay::contract {
namespace {

using engine::BoundedSum;
using engine::Direction;
using reference::next_down;
using reference::next_up;

Ends product(Ends a, Ends b) {
  if (a.hi == 0 || b.hi == 0) return {0, 0};
  return {std::max(0.0, next_down(a.lo * b.lo)), next_up(a.hi * b.hi)};
}

// a / b for 0 <= a, 0 < b. \pre a is part of b: the quotient is at most 1
Ends share_in(Ends a, Ends b) {
  if (a.hi == 0) return {0, 0};
  return {std::max(0.0, next_down(a.lo / b.hi)),
          b.lo > 0 ? std::min(1.0, next_up(a.hi / b.lo)) : 1};
}

Ends sum_of(std::span<const Ends> terms) {
  BoundedSum lo(Direction::down), hi(Direction::up);
  for (const Ends& t : terms) {
    lo.add(std::min(1.0, t.lo));
    hi.add(std::min(1.0, t.hi));
  }
  return {lo.value(), hi.value()};
}

[[noreturn]] void no_law(const std::string& why) { throw NoLaw("sampler: " + why); }

// exp(beta inv_tau (s - top)): the exponent times log2(e) is formed with five roundings (the two
// products of parameters, the difference, the product, and the constant itself), each at most half
// a unit; 2^t adds its own error.
Ends exponential_weight(double s, double top, double beta, double inv_tau) {
  if (std::isinf(s)) return {0, 0};
  if (s == top) return exactly(1);
  if (std::isinf(s - top)) return {0, 1};
  const double t = beta * inv_tau * reference::log2_e * (s - top);
  constexpr double u = 0x1p-53;
  if (!(t > -1020)) return {0, 0x1p-1000};
  const double in_exponent = next_up(-t * (6 * u));  // absolute error of t; 6 for 5 (1 + u)^5
  // |2^(t + d) - 2^t| <= 2^t (2^d - 1) <= 2^t d for 0 <= d <= 1.
  const double relative = next_up(in_exponent + 2 * u + 0x1p-1000);  // the last for underflow
  const double w = reference::exp2_proved(t);
  return {std::max(0.0, next_down(w * (1 - next_up(2 * relative)))),
          std::min(1.0, next_up(w * (1 + next_up(2 * relative))))};
}

Ends polynomial_weight(double s, double inv_tau, int power) {
  const double u = s * inv_tau;
  const bool exact = std::fma(s, inv_tau, -u) == 0;
  const double lo = engine::difference(exact ? u : next_down(u), -1, Direction::down);
  const double hi = engine::difference(exact ? u : next_up(u), -1, Direction::up);
  if (hi <= 0) return {0, 0};
  const Ends base{std::max(0.0, lo), hi};
  Ends w = exactly(1);
  for (int i = 0; i < power; ++i) w = lo == hi && power == 1 ? base : product(w, base);
  return w;
}

void scale_to_one(std::vector<Ends>& w) {
  double largest = 0;
  for (const Ends& x : w) largest = std::max(largest, x.hi);
  if (largest == 0) no_law("no column has a positive weight");
  if (std::isinf(largest)) no_law("a weight is too large for binary64");
  const int exponent = std::ilogb(largest) + 1;  // largest * 2^-exponent < 1
  for (Ends& x : w) {
    const double lo = std::ldexp(x.lo, -exponent), hi = std::ldexp(x.hi, -exponent);
    x = {std::ldexp(lo, exponent) == x.lo ? lo : std::max(0.0, next_down(lo)),
         std::ldexp(hi, exponent) == x.hi ? hi : next_up(hi)};
  }
}

double largest_allowed(const SamplerProblem& problem) {
  double top = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    if (problem.allowed(j)) top = std::max(top, problem.scores[static_cast<std::size_t>(j)]);
  return top;
}

void require_scores(const SamplerProblem& problem) {
  for (std::int64_t j = 0; j < problem.columns(); ++j) {
    const double s = problem.scores[static_cast<std::size_t>(j)];
    if (!problem.allowed(j)) continue;
    if (std::isnan(s)) no_law("score " + std::to_string(j) + " is NaN");
    if (std::isinf(s) && (s > 0 || problem.tilt != "exponential"))
      no_law("score " + std::to_string(j) + " is infinite");
    if (problem.tilt == "weights" && s < 0) no_law("weight " + std::to_string(j) + " is negative");
  }
}

Ends weight_of(const SamplerProblem& problem, double s, double top) {
  if (problem.tilt == "uniform") return exactly(1);
  if (problem.tilt == "weights") return exactly(s);
  if (problem.tilt == "exponential")
    return exponential_weight(s, top, problem.beta, problem.inv_tau);
  if (problem.tilt == "polynomial") return polynomial_weight(s, problem.inv_tau, problem.power);
  throw std::invalid_argument("sampler: unknown tilt '" + problem.tilt + "'");
}

std::int64_t positive_count(std::span<const Ends> w) {
  return std::count_if(w.begin(), w.end(), [](const Ends& x) { return x.hi > 0; });
}

}  // namespace

std::vector<Ends> item_weights(const SamplerProblem& problem) {
  const bool reads = problem.tilt != "uniform";
  if (reads) require_scores(problem);
  const double top = reads ? largest_allowed(problem) : 0;
  std::vector<Ends> w(problem.scores.size(), exactly(0));
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    if (problem.allowed(j))
      w[static_cast<std::size_t>(j)] =
          weight_of(problem, problem.scores[static_cast<std::size_t>(j)], top);
  scale_to_one(w);
  if (outcome_of(problem.rule) == SamplerOutcome::tuple && problem.rule != SamplerRule::rejection &&
      positive_count(w) < problem.k)
    no_law("fewer than k columns have a positive weight");
  return w;
}

std::vector<Ends> item_law(const SamplerProblem& problem) {
  std::vector<Ends> w = item_weights(problem);
  const Ends sum = sum_of(w);
  for (Ends& x : w) x = share_in(x, sum);
  return w;
}

std::int64_t outcome_number(std::span<const std::int64_t> outcome, std::int64_t columns) {
  std::int64_t number = 0;
  for (const std::int64_t column : outcome) {
    if (column < 0 || column >= columns) return -1;
    number = number * columns + column;
  }
  return number;
}

namespace {

// Every sequence of columns, with what `next` makes of (chance so far, prefix, column).
class Outcomes {
 public:
  using Next = std::function<Ends(Ends, std::span<const std::int64_t>, std::int64_t)>;
  Outcomes(std::int64_t columns, std::int64_t size, Next next)
      : columns_(columns), size_(size), next_(std::move(next)) {
    double entries = 1;
    for (std::int64_t i = 0; i < size; ++i) entries *= static_cast<double>(columns);
    if (entries > 0x1p22) throw std::length_error("sampler: too many outcomes to list");
    law_.reserve(static_cast<std::size_t>(entries));
    extend(exactly(1));
  }
  std::vector<Ends> law() && { return std::move(law_); }

 private:
  void extend(Ends chance) {
    if (static_cast<std::int64_t>(prefix_.size()) == size_) {
      law_.push_back(chance);
      return;
    }
    for (std::int64_t j = 0; j < columns_; ++j) {
      const Ends more = next_(chance, prefix_, j);
      prefix_.push_back(j);
      extend(more);
      prefix_.pop_back();
    }
  }
  std::int64_t columns_, size_;
  Next next_;
  std::vector<std::int64_t> prefix_;
  std::vector<Ends> law_;
};

bool taken(std::span<const std::int64_t> prefix, std::int64_t j) {
  return std::find(prefix.begin(), prefix.end(), j) != prefix.end();
}

std::vector<Ends> plackett_luce(const SamplerProblem& problem, std::vector<Ends> w,
                                std::int64_t size) {
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    if (chance.hi == 0 || taken(prefix, j) || w[static_cast<std::size_t>(j)].hi == 0)
      return Ends{0, 0};
    std::vector<Ends> left;
    for (std::int64_t i = 0; i < problem.columns(); ++i)
      if (!taken(prefix, i)) left.push_back(w[static_cast<std::size_t>(i)]);
    return product(chance, share_in(w[static_cast<std::size_t>(j)], sum_of(left)));
  };
  return Outcomes(problem.columns(), size, next).law();
}

// joint(u) of a whole tuple, u_i = s_i inv_tau.
Ends joint_weight(const SamplerProblem& problem, std::span<const std::int64_t> tuple) {
  Ends value = exactly(0);
  bool first = true;
  for (const std::int64_t j : tuple) {
    const double s = problem.scores[static_cast<std::size_t>(j)], u = s * problem.inv_tau;
    const bool exact = std::fma(s, problem.inv_tau, -u) == 0;
    const Ends plus_one{engine::difference(exact ? u : next_down(u), -1, Direction::down),
                        engine::difference(exact ? u : next_up(u), -1, Direction::up)};
    if (problem.joint == "sum_plus_one")
      value = {engine::difference(value.lo, -plus_one.lo, Direction::down),
               engine::difference(value.hi, -plus_one.hi, Direction::up)};
    else
      value =
          first ? plus_one : Ends{std::max(value.lo, plus_one.lo), std::max(value.hi, plus_one.hi)};
    first = false;
  }
  return {std::max(0.0, value.lo), std::max(0.0, value.hi)};
}

std::vector<Ends> rejection_law(const SamplerProblem& problem) {
  require_scores(problem);
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    if (chance.hi == 0 || !problem.allowed(j)) return Ends{0, 0};
    if (static_cast<std::int64_t>(prefix.size()) + 1 < problem.k) return chance;
    std::vector<std::int64_t> tuple(prefix.begin(), prefix.end());
    tuple.push_back(j);
    return joint_weight(problem, tuple);
  };
  std::vector<Ends> law = Outcomes(problem.columns(), problem.k, next).law();
  scale_to_one(law);
  const Ends sum = sum_of(law);
  for (Ends& x : law) x = share_in(x, sum);
  return law;
}

std::vector<Ends> pair_law(const SamplerProblem& problem) {
  const auto& labels = problem.column_labels;
  const auto same = [&](std::int64_t j) {
    return std::count(labels.begin(), labels.end(), labels[static_cast<std::size_t>(j)]);
  };
  std::int64_t anchors = 0;
  for (std::int64_t j = 0; j < problem.columns(); ++j) anchors += same(j) > 1 ? 1 : 0;
  if (anchors == 0) no_law("no column has a positive");
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    if (chance.hi == 0) return chance;
    if (prefix.empty()) return same(j) > 1 ? engine::ratio_of(1, anchors) : exactly(0);
    const std::int64_t a = prefix[0];
    if (a == j || labels[static_cast<std::size_t>(a)] != labels[static_cast<std::size_t>(j)])
      return exactly(0);
    return engine::ratio_of(1, anchors * (same(a) - 1));
  };
  return Outcomes(problem.columns(), 2, next).law();
}

// The k heaviest, ties to the smaller index. Ordering by exact scores: weights rise with them.
std::vector<Ends> top_k_law(const SamplerProblem& problem) {
  const std::vector<Ends> w = item_weights(problem);
  std::vector<std::int64_t> order;
  for (std::int64_t j = 0; j < problem.columns(); ++j)
    if (w[static_cast<std::size_t>(j)].hi > 0) order.push_back(j);
  std::stable_sort(order.begin(), order.end(), [&](std::int64_t a, std::int64_t b) {
    return problem.scores[static_cast<std::size_t>(a)] >
           problem.scores[static_cast<std::size_t>(b)];
  });
  order.resize(static_cast<std::size_t>(problem.k));
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    return order[prefix.size()] == j ? chance : exactly(0);
  };
  return Outcomes(problem.columns(), problem.k, next).law();
}

}  // namespace

std::vector<Ends> outcome_law(const SamplerProblem& problem) {
  switch (problem.rule) {
    case SamplerRule::gumbel_top_k: return plackett_luce(problem, item_weights(problem), problem.k);
    case SamplerRule::uniform_distinct: {
      SamplerProblem alike = problem;
      alike.tilt = "uniform";
      return plackett_luce(problem, item_weights(alike), problem.k);
    }
    case SamplerRule::disjoint_batches: {
      const std::vector<Ends> alike(problem.scores.size(), exactly(1));
      return plackett_luce(problem, alike, problem.columns());
    }
    case SamplerRule::top_k: return top_k_law(problem);
    case SamplerRule::rejection: return rejection_law(problem);
    case SamplerRule::anchor_positive: return pair_law(problem);
    default: return item_law(problem);
  }
}

}  // namespace assay::contract
