// SPDX-License-Identifier: Apache-2.0
// One row of the InfoNCE family: its loss and the derivatives with respect to its logits, as one
// text over the number types; internal to the engines' tiers.
//
// With delta = LSE_N - LSE_P (or - s_p), losses whose denominator holds the positives are
// softplus(delta) and their derivatives multiples of sigmoid(delta): small losses keep their
// relative accuracy, and exp never sees a large argument.
#pragma once

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "reference/loss/info_nce_family.hpp"
#include "reference/loss/info_nce_formula_impl.hpp"

namespace assay::reference {

/// log(1 + e^x).
template <class Number>
Number softplus(const Number& x) {
  if (midpoint_of(x) > 0) return x + log1p(exp(-x));
  return log1p(exp(x));
}

/// 1 / (1 + e^-x).
template <class Number>
Number sigmoid(const Number& x, const Context<Number>& context) {
  const Number one = context.from_integer(1);
  if (midpoint_of(x) > 0) return one / (one + exp(-x));
  const Number e = exp(x);
  return e / (one + e);
}

/// A log-sum-exp with what its derivative needs: value = top + log(sum), share_j = e_j / sum.
template <class Number>
struct LogSumExp {
  Number value;
  std::vector<Number> shares;

  /// \pre logits not empty
  LogSumExp(const Context<Number>& context, const std::vector<Number>& logits)
      : value(logits.front()) {
    std::size_t top = 0;
    for (std::size_t j = 1; j < logits.size(); ++j)
      if (detail::above(logits[j], logits[top])) top = j;
    Number others = context.from_integer(0);
    for (std::size_t j = 0; j < logits.size(); ++j) {
      shares.push_back(j == top ? context.from_integer(1) : exp(logits[j] - logits[top]));
      if (j != top) others += shares.back();
    }
    const Number sum = others + context.from_integer(1);
    for (Number& share : shares) share /= sum;
    value = logits[top] + log1p(others);
  }
};

/// The logits of a row's positives and negatives; `weight` is w_i where it is not 1.
template <class Number>
struct RowLogits {
  std::vector<Number> positives;  ///< not empty
  std::vector<Number> negatives;
  std::optional<Number> weight;
};

/// dl/ds of a row, positives first. `zero_sum` is the derivative for w = 1, which adds up to 0;
/// `excess`, over the positives, is what w adds to it (empty for w = 1).
template <class Number>
struct RowDerivative {
  std::vector<Number> positives, negatives;  // zero-sum
  std::vector<Number> excess;
};

template <class Number>
class RowTerms {
 public:
  RowTerms(const Context<Number>& context, const InfoNceSetting& setting,
           const RowLogits<Number>& logits)
      : context_(context), setting_(setting), s_(logits) {}

  Number loss() const;
  RowDerivative<Number> derivative() const;

 private:
  /// With one positive, or with only one of them in the denominator, the loss is a softplus.
  bool one_in_denominator() const {
    return setting_.denominator == Denominator::positive_and_negatives ||
           (setting_.denominator == Denominator::all && s_.positives.size() == 1);
  }
  bool inside() const { return setting_.within == WithinAnchor::sum_inside; }
  Number count() const {
    return context_.from_integer(static_cast<long long>(s_.positives.size()));
  }
  Number mean(const std::vector<Number>& x) const {
    Number sum = context_.from_integer(0);
    for (const Number& value : x) sum += value;
    return sum / count();
  }
  LogSumExp<Number> over_all() const {
    std::vector<Number> all = s_.positives;
    all.insert(all.end(), s_.negatives.begin(), s_.negatives.end());
    return {context_, all};
  }
  Number loss_for_weight_one() const;
  /// softplus(LSE_N - s), 0 without negatives.
  Number softplus_against(const Number& s, const Number* lse_negatives) const {
    return lse_negatives == nullptr ? context_.from_integer(0) : softplus(*lse_negatives - s);
  }
  void inside_derivative(RowDerivative<Number>& out) const;
  void one_in_denominator_derivative(RowDerivative<Number>& out) const;
  void common_denominator_derivative(RowDerivative<Number>& out) const;

  const Context<Number>& context_;
  const InfoNceSetting& setting_;
  const RowLogits<Number>& s_;
};

template <class Number>
Number RowTerms<Number>::loss() const {
  Number loss = loss_for_weight_one();
  if (!s_.weight) return loss;
  const Number score =
      inside() ? LogSumExp<Number>(context_, s_.positives).value : mean(s_.positives);
  return loss + (context_.from_integer(1) - *s_.weight) * score;
}

template <class Number>
Number RowTerms<Number>::loss_for_weight_one() const {
  std::optional<LogSumExp<Number>> negatives;
  if (!s_.negatives.empty()) negatives.emplace(context_, s_.negatives);
  const Number* lse = negatives ? &negatives->value : nullptr;
  if (inside()) {
    const Number positives = LogSumExp<Number>(context_, s_.positives).value;
    if (setting_.denominator == Denominator::negatives) return *lse - positives;
    return softplus_against(positives, lse);
  }
  if (setting_.denominator == Denominator::negatives) return *lse - mean(s_.positives);
  if (!one_in_denominator()) return over_all().value - mean(s_.positives);
  std::vector<Number> losses;
  for (const Number& s : s_.positives) losses.push_back(softplus_against(s, lse));
  return mean(losses);
}

template <class Number>
RowDerivative<Number> RowTerms<Number>::derivative() const {
  RowDerivative<Number> out;
  const Number zero = context_.from_integer(0);
  out.positives.assign(s_.positives.size(), zero);
  out.negatives.assign(s_.negatives.size(), zero);
  if (inside())
    inside_derivative(out);
  else if (one_in_denominator())
    one_in_denominator_derivative(out);
  else
    common_denominator_derivative(out);
  if (!s_.weight) return out;
  const Number rest = context_.from_integer(1) - *s_.weight;
  if (inside()) {
    for (const Number& share : LogSumExp<Number>(context_, s_.positives).shares)
      out.excess.push_back(rest * share);
  } else {
    out.excess.assign(s_.positives.size(), rest / count());
  }
  return out;
}

template <class Number>
void RowTerms<Number>::inside_derivative(RowDerivative<Number>& out) const {
  if (s_.negatives.empty()) return;  // the loss is 0 whatever the positives
  const LogSumExp<Number> p(context_, s_.positives), n(context_, s_.negatives);
  const Number slope = setting_.denominator == Denominator::negatives
                           ? context_.from_integer(1)
                           : sigmoid(n.value - p.value, context_);
  for (std::size_t j = 0; j < n.shares.size(); ++j) out.negatives[j] = n.shares[j] * slope;
  for (std::size_t j = 0; j < p.shares.size(); ++j) out.positives[j] = -(p.shares[j] * slope);
}

template <class Number>
void RowTerms<Number>::one_in_denominator_derivative(RowDerivative<Number>& out) const {
  if (s_.negatives.empty()) return;
  const LogSumExp<Number> n(context_, s_.negatives);
  Number slopes = context_.from_integer(0);
  for (std::size_t j = 0; j < s_.positives.size(); ++j) {
    const Number slope = sigmoid(n.value - s_.positives[j], context_) / count();
    out.positives[j] = -slope;
    slopes += slope;
  }
  for (std::size_t j = 0; j < n.shares.size(); ++j) out.negatives[j] = n.shares[j] * slopes;
}

template <class Number>
void RowTerms<Number>::common_denominator_derivative(RowDerivative<Number>& out) const {
  const bool all = setting_.denominator == Denominator::all;
  const LogSumExp<Number> sum = all ? over_all() : LogSumExp<Number>(context_, s_.negatives);
  const std::size_t first_negative = all ? s_.positives.size() : 0;
  const Number each = context_.from_integer(1) / count();
  for (std::size_t j = 0; j < s_.positives.size(); ++j)
    out.positives[j] = all ? sum.shares[j] - each : -each;
  for (std::size_t j = 0; j < s_.negatives.size(); ++j)
    out.negatives[j] = sum.shares[first_negative + j];
}

}  // namespace assay::reference
