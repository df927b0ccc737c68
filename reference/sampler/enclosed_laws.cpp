// SPDX-License-Identifier: Apache-2.0
// Laws of columns and of tuples in binary64, every end rounded outward.
#include "reference/sampler/enclosed_laws.hpp"

#include <algorithm>
#include <functional>
#include <limits>
#include <map>
#include <string>

#include "reference/sampler/detail/enclosed.hpp"

namespace assay::reference {
namespace {

using detail::product;
using detail::share_in;
using detail::sum_of;

[[noreturn]] void no_law(const std::string& why) { throw NoLaw("sampler: " + why); }

void require_support(std::span<const Ends> weights, std::int64_t k) {
  const auto positive =
      std::count_if(weights.begin(), weights.end(), [](const Ends& x) { return x.hi > 0; });
  if (positive < k) no_law("fewer than k columns have a positive weight");
}

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

/// eta of a whole tuple, from the numbers u_j + 1.
Ends joint_weight(JointKind kind, std::span<const Ends> plus_one,
                  std::span<const std::int64_t> tuple) {
  Ends value = kind == JointKind::sum_plus_one ? exactly(0)
                                               : exactly(-std::numeric_limits<double>::infinity());
  for (const std::int64_t j : tuple) {
    const Ends x = plus_one[static_cast<std::size_t>(j)];
    value = kind == JointKind::sum_plus_one
                ? Ends{difference(value.lo, -x.lo, Direction::down),
                       difference(value.hi, -x.hi, Direction::up)}
                : Ends{std::max(value.lo, x.lo), std::max(value.hi, x.hi)};
  }
  return {std::max(0.0, value.lo), std::max(0.0, value.hi)};
}

}  // namespace

std::vector<Ends> enclosed_law_of_weights(std::span<const Ends> weights) {
  const Ends sum = sum_of(weights);
  std::vector<Ends> law;
  law.reserve(weights.size());
  for (const Ends& w : weights) law.push_back(share_in(w, sum));
  return law;
}

std::vector<Ends> enclosed_plackett_luce_law(std::span<const Ends> weights, std::int64_t k) {
  require_support(weights, k);
  const auto columns = static_cast<std::int64_t>(weights.size());
  std::vector<Ends> left;
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    const Ends w = weights[static_cast<std::size_t>(j)];
    if (chance.hi == 0 || taken(prefix, j) || w.hi == 0) return Ends{0, 0};
    left.clear();
    for (std::int64_t i = 0; i < columns; ++i)
      if (!taken(prefix, i)) left.push_back(weights[static_cast<std::size_t>(i)]);
    return product(chance, share_in(w, sum_of(left)));
  };
  return Outcomes(columns, k, next).law();
}

std::vector<Ends> enclosed_joint_law(JointKind kind, double inv_tau, std::span<const Ends> scores,
                                     const std::vector<bool>& drawable, std::int64_t k) {
  std::vector<Ends> plus_one;
  for (std::size_t j = 0; j < scores.size(); ++j) {
    if (drawable[j] && !(scores[j].hi - scores[j].lo >= 0))  // also for infinities
      no_law("score " + std::to_string(j) + " is NaN or infinite");
    plus_one.push_back(drawable[j] ? detail::plus_one(scores[j], inv_tau) : exactly(0));
  }
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    if (chance.hi == 0 || !drawable[static_cast<std::size_t>(j)]) return Ends{0, 0};
    if (static_cast<std::int64_t>(prefix.size()) + 1 < k) return chance;
    std::vector<std::int64_t> tuple(prefix.begin(), prefix.end());
    tuple.push_back(j);
    return joint_weight(kind, plus_one, tuple);
  };
  std::vector<Ends> law = Outcomes(static_cast<std::int64_t>(scores.size()), k, next).law();
  detail::scale_to_one(law);
  return enclosed_law_of_weights(law);
}

std::vector<Ends> enclosed_anchor_positive_law(std::span<const std::int64_t> labels) {
  std::map<std::int64_t, std::int64_t> sizes;
  for (const std::int64_t label : labels) ++sizes[label];
  std::int64_t anchors = 0;
  for (const auto& [label, size] : sizes) anchors += size > 1 ? size : 0;
  if (anchors == 0) no_law("no column has a positive");
  std::vector<Ends> law;
  for (std::size_t a = 0; a < labels.size(); ++a)
    for (std::size_t b = 0; b < labels.size(); ++b)
      law.push_back(a != b && labels[a] == labels[b] ? ratio_of(1, anchors * (sizes[labels[a]] - 1))
                                                     : exactly(0));
  return law;
}

std::vector<Ends> enclosed_top_k_law(std::span<const Ends> scores, std::span<const Ends> weights,
                                     std::int64_t k) {
  require_support(weights, k);
  std::vector<std::int64_t> order;
  for (std::size_t j = 0; j < weights.size(); ++j)
    if (weights[j].hi > 0) order.push_back(static_cast<std::int64_t>(j));
  const auto score = [&](std::int64_t j) { return scores[static_cast<std::size_t>(j)]; };
  std::stable_sort(order.begin(), order.end(),
                   [&](std::int64_t a, std::int64_t b) { return score(a).hi > score(b).hi; });
  for (std::size_t i = 0; i + 1 < order.size() && i < static_cast<std::size_t>(k); ++i) {
    const Ends first = score(order[i]), second = score(order[i + 1]);
    const bool tie = first == second && first.lo == first.hi;
    if (!tie && !(first.lo > second.hi)) no_law("the order of two scores is not decided");
  }
  order.resize(static_cast<std::size_t>(k));
  const auto next = [&](Ends chance, std::span<const std::int64_t> prefix, std::int64_t j) {
    return order[prefix.size()] == j ? chance : exactly(0);
  };
  return Outcomes(static_cast<std::int64_t>(scores.size()), k, next).law();
}

}  // namespace assay::reference
