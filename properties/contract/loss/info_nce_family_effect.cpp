// SPDX-License-Identifier: Apache-2.0
// Part A of the family's budgets: derivatives of a row loss and how far the held logits move them.
#include "properties/contract/loss/info_nce_family_effect.hpp"

#include <algorithm>
#include <cmath>

namespace assay::contract {

namespace {

using reference::Denominator;
using reference::WithinAnchor;

/// Part of a row's logits: softmax shares over it, its log-sum-exp, and how far that moves.
struct Part {
  std::size_t first = 0, count = 0;
  double top = 0;    ///< largest logit
  double mass = 0;   ///< sum of exp(t - top), at least 1
  double moved = 0;  ///< bound of the change of the log-sum-exp
  std::vector<double> share;
};

/// How far logit j is from its place, apart from what all logits of the row share.
std::vector<double> distances(const FamilyLogits& logits) {
  double mean = 0;
  for (std::size_t j = 0; j < logits.positives; ++j) mean += logits.ideal[j];
  mean /= static_cast<double>(logits.positives);
  std::vector<double> all;
  for (std::size_t j = 0; j < logits.size(); ++j)
    all.push_back(
        inflate_up(logits.common * (std::fabs(logits.ideal[j] - mean) + 4 * logits.ideal_slack) +
                   logits.deviation[j]));
  return all;
}

/// Relative inaccuracy of double weights: the logits' slack, the exponentials and the sums.
double slack_of(const FamilyLogits& logits) {
  const double n = static_cast<double>(logits.size());
  return inflate_up(expm1_up(8 * logits.ideal_slack) + 16 * near_slack + (n + 32) * 0x1p-49);
}

Part part_of(const FamilyLogits& logits, const std::vector<double>& distance, std::size_t first,
             std::size_t count, double slack) {
  Part part{first, count, 0, 0, 0, {}};
  if (count == 0) return part;
  const double* t = logits.ideal.data() + first;
  part.top = *std::max_element(t, t + count);
  double grown = 0, most = 0;
  for (std::size_t j = 0; j < count; ++j) {
    const double e = exp_near(t[j] - part.top) + exp_dropped;
    part.share.push_back(e);
    part.mass += e;
    grown += e * expm1_up(distance[first + j]);
    most = std::max(most, distance[first + j]);
  }
  for (double& share : part.share) share /= part.mass;
  const double by_weights =
      inflate_up(log1p_near(grown / part.mass * (1 + slack)) * (1 + near_slack));
  part.moved = std::min(by_weights, most);
  return part;
}

/// 1 / (1 + exp(LSE_p - LSE_n)), and a bound of its relative change when the difference changes by
/// at most `by`.
struct Sigmoid {
  double value, moved;
};
Sigmoid sigmoid_of(double top_n, double mass_n, double top_p, double mass_p, double by) {
  const double gap = top_n - top_p;
  double value, rest;
  if (gap <= 0) {
    const double x = (exp_near(gap) + exp_dropped) * mass_n;
    value = x / (mass_p + x);
    rest = mass_p / (mass_p + x);
  } else {
    const double x = (exp_near(-gap) + exp_dropped) * mass_p;
    value = mass_n / (mass_n + x);
    rest = x / (mass_n + x);
  }
  const double by_slope = by * rest * (1 + expm1_up(2 * by));
  return {value, inflate_up(std::min(expm1_up(by), by_slope))};
}

/// Bound of |a' b' - a b| / (a b) when the factors move by so much relatively.
double together(double a, double b) { return inflate_up(a + b + a * b); }

/// Fills weights and their movement, part by part.
class Derivatives {
 public:
  Derivatives(RowForm form, const FamilyLogits& logits)
      : form_(form),
        logits_(logits),
        distance_(distances(logits)),
        slack_(slack_of(logits)),
        all_(part_of(logits, distance_, 0, logits.size(), slack_)),
        p_(part_of(logits, distance_, 0, logits.positives, slack_)),
        n_(part_of(logits, distance_, logits.positives, logits.negatives(), slack_)) {}

  FamilyEffect effect() {
    effect_.weight.assign(logits_.size(), 0.0);
    effect_.moved.assign(logits_.size(), 0.0);
    effect_.radius.assign(logits_.size(), 0.0);
    switch (form_) {
      case RowForm::softplus: softplus(); break;
      case RowForm::all_mean: all_mean(); break;
      case RowForm::negatives_mean: negatives_mean(); break;
      case RowForm::all_inside: inside(true); break;
      case RowForm::negatives_inside: inside(false); break;
    }
    finish();
    return std::move(effect_);
  }

 private:
  /// Entry j of part `part` weighs share times `factor`, which moves by `factor_moved` relatively.
  void set(const Part& part, std::size_t j, double factor, double factor_moved) {
    const std::size_t at = part.first + j;
    const double weight = part.share[j] * factor;
    const double change = together(expm1_up(inflate_up(distance_[at] + part.moved)), factor_moved);
    effect_.weight[at] = weight;
    effect_.radius[at] = std::fabs(weight) * slack_ + dropped();
    effect_.moved[at] = std::fabs(weight) * inflate_up((1 + slack_) * change) + effect_.radius[at];
  }
  /// What the terms that `exp_near` drops can amount to.
  double dropped() const { return static_cast<double>(logits_.size() + 8) * exp_dropped; }
  double count() const { return static_cast<double>(logits_.positives); }

  void softplus() {
    if (n_.count == 0) return;
    double slopes = 0, most = 0;
    for (std::size_t j = 0; j < p_.count; ++j) {
      const Sigmoid q =
          sigmoid_of(n_.top, n_.mass, logits_.ideal[j], 1, inflate_up(n_.moved + distance_[j]));
      const double slope = q.value / count();
      effect_.weight[j] = -slope;
      effect_.radius[j] = slope * slack_ + dropped();
      effect_.moved[j] = slope * inflate_up((1 + slack_) * q.moved) + effect_.radius[j];
      slopes += slope;
      most = std::max(most, q.moved);
    }
    for (std::size_t j = 0; j < n_.count; ++j) set(n_, j, slopes, most);
  }

  void all_mean() {
    for (std::size_t j = 0; j < all_.count; ++j) set(all_, j, 1, 0);
    for (std::size_t j = 0; j < p_.count; ++j) {
      effect_.weight[j] -= 1 / count();
      effect_.radius[j] += 0x1p-50;
      effect_.moved[j] += 0x1p-50;
    }
  }

  void negatives_mean() {
    for (std::size_t j = 0; j < p_.count; ++j) {
      effect_.weight[j] = -1 / count();
      effect_.radius[j] = effect_.moved[j] = 0x1p-52 / count();
    }
    for (std::size_t j = 0; j < n_.count; ++j) set(n_, j, 1, 0);
  }

  void inside(bool with_positives) {
    if (n_.count == 0) return;
    Sigmoid q{1, 0};
    if (with_positives)
      q = sigmoid_of(n_.top, n_.mass, p_.top, p_.mass, inflate_up(n_.moved + p_.moved));
    for (std::size_t j = 0; j < p_.count; ++j) set(p_, j, -q.value, q.moved);
    for (std::size_t j = 0; j < n_.count; ++j) set(n_, j, q.value, q.moved);
  }

  /// No derivative leaves an interval of length 1. The change of the loss is at most the integral
  /// of the derivatives along the way; those are at most 2 in sum.
  void finish() {
    double mean = 0, mean_distance = 0, loss = 0, most = 0;
    for (std::size_t j = 0; j < p_.count; ++j) {
      mean += logits_.ideal[j] / count();
      mean_distance += distance_[j] / count();
    }
    for (std::size_t j = 0; j < logits_.size(); ++j) {
      double& moved = effect_.moved[j];
      if (!(moved <= 1)) moved = 1;
      const double size = std::fabs(effect_.weight[j]);
      loss += std::min(size + moved, 1.0) * distance_[j];
      most = std::max(most, distance_[j]);
      const double gap = logits_.ideal[j] - mean;
      const double apart = distance_[j] + mean_distance + 4 * logits_.ideal_slack;
      const double slack = 4 * logits_.ideal_slack + 0x1p-48 * std::fabs(gap);
      effect_.lever += effect_.weight[j] * gap;
      effect_.lever_radius += effect_.radius[j] * (std::fabs(gap) + slack) + size * slack;
      effect_.lever_moved +=
          moved * (std::fabs(gap) + apart) + size * (apart + 0x1p-48 * std::fabs(gap));
    }
    const double grow = 1 + static_cast<double>(logits_.size() + 8) * 0x1p-50;
    effect_.loss = inflate_up(std::min(loss, 2 * most) * grow);
    effect_.lever_radius = inflate_up(effect_.lever_radius * grow);
    effect_.lever_moved = inflate_up(effect_.lever_moved * grow);
  }

  RowForm form_;
  const FamilyLogits& logits_;
  std::vector<double> distance_;
  double slack_;
  Part all_, p_, n_;
  FamilyEffect effect_;
};

}  // namespace

RowForm form_of(const reference::InfoNceSetting& setting, const FamilyLogits& logits) {
  const bool only_negatives = setting.denominator == Denominator::negatives;
  if (setting.within == WithinAnchor::sum_inside)
    return only_negatives ? RowForm::negatives_inside : RowForm::all_inside;
  if (only_negatives) return RowForm::negatives_mean;
  return setting.denominator == Denominator::all && logits.positives > 1 ? RowForm::all_mean
                                                                         : RowForm::softplus;
}

FamilyEffect family_effect(const reference::InfoNceSetting& setting, const FamilyLogits& logits) {
  return Derivatives(form_of(setting, logits), logits).effect();
}

}  // namespace assay::contract
