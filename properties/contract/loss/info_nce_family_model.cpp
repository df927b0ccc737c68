// SPDX-License-Identifier: Apache-2.0
// Row losses and the loss: known errors with their sign, random ones as variances.
#include "properties/contract/loss/info_nce_family_model.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "properties/contract/loss/info_nce_budget.hpp"

namespace assay::contract {

namespace {

using reference::Directions;
using reference::OverAnchors;
constexpr double infinity = std::numeric_limits<double>::infinity();

double mean_of_positives(const FamilyLogits& logits) {
  double mean = 0;
  for (std::size_t j = 0; j < logits.positives; ++j) mean += logits.ideal[j];
  return mean / static_cast<double>(logits.positives);
}

}  // namespace

double reach_of_logits(const FamilyLogits& logits) {
  const bool carried = !logits.row_noise.empty();
  const double mean = mean_of_positives(logits);
  double most = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const double shared = carried ? logits.row_noise[j] + logits.key_noise[j] : 0;
    const double by = modelled_deviations * (std::sqrt(logits.variance[j]) + shared) +
                      std::fabs(logits.known[j]) +
                      logits.unknown_common * std::fabs(logits.ideal[j] - mean);
    if (!(by <= most)) most = by;  // a NaN is kept
  }
  return most;
}

bool is_modelled(const FamilyLogits& logits) {
  return reach_of_logits(logits) <= largest_modelled_reach;
}

std::vector<double> ties_of(const std::vector<double>& numbers) {
  std::vector<std::size_t> order(numbers.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto size = [&](std::size_t i) { return std::fabs(numbers[order[i]]); };
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::fabs(numbers[a]) < std::fabs(numbers[b]);
  });
  std::vector<double> ties(numbers.size());
  for (std::size_t first = 0, last = 0; first < order.size(); first = last) {
    last = first + 1;
    while (last < order.size() && size(last) - size(first) <= 0x1p-40 * size(last)) ++last;
    for (std::size_t i = first; i < last; ++i) ties[order[i]] = static_cast<double>(last - first);
  }
  return ties;
}

double most_ties(const std::vector<double>& ties) {
  return ties.empty() ? 1 : *std::max_element(ties.begin(), ties.end());
}

double weight_in_loss(const FamilyInstance& instance, const FamilyRow& row) {
  double weight = static_cast<double>(row.count) * instance.setting.outer_value;
  if (instance.blocks[row.block].halved) weight *= 0.5;
  const std::int64_t total = instance.block_counts[row.block];
  if (instance.setting.over != OverAnchors::sum && total > 0) weight /= static_cast<double>(total);
  return weight;
}

bool pairs_meet_twice(const FamilyInstance& instance) {
  return instance.setting.directions != Directions::one;
}

double FamilyLossModel::add(const FamilyInstance& instance, const FamilyRow& row,
                            const FamilyLogits& logits, const RowCurvature& curvature,
                            double evaluation) {
  const double in_loss = weight_in_loss(instance, row), reach = reach_of_logits(logits);
  if (!is_modelled(logits)) {
    modelled_ = modelled_ && in_loss == 0;
    return infinity;
  }
  const double mean = mean_of_positives(logits);
  const std::vector<double> ties = ties_of(logits.ideal);
  evaluation *= most_ties(ties);
  double known = 0, slope = 0, pairs = 0, own_vector = 0, keys = 0, gross = 0;
  for (std::size_t j = 0; j < logits.size(); ++j) {
    const double w = curvature.weight[j];
    known += w * logits.known[j];
    slope += w * (logits.ideal[j] - mean);
    pairs += w * w * logits.variance[j] * ties[j];
    gross += std::fabs(curvature.diagonal[j]);
    if (logits.row_noise.empty()) continue;
    own_vector += std::fabs(w) * logits.row_noise[j];
    const double of_key = w * logits.key_noise[j];
    keys += of_key * of_key;
    const std::int64_t key = logits.column[j] + instance.blocks[row.block].first_key;
    of_vector_[static_cast<std::size_t>(key)] += std::fabs(in_loss * of_key);
  }
  of_vector_[static_cast<std::size_t>(row.vector)] += std::fabs(in_loss) * own_vector;
  const double remainder = 2 * gross * reach * reach;
  known_ += in_loss * known;
  slope_ += in_loss * slope;
  unknown_common_ = logits.unknown_common;
  remainder_ += std::fabs(in_loss) * remainder;
  // The errors of a logit that two rows share add up at worst: (a + b)^2 <= 2 (a^2 + b^2).
  of_row_.push_back(in_loss * in_loss * ((twice_ ? 2 : 1) * pairs + evaluation));
  return std::fabs(known) + logits.unknown_common * std::fabs(slope) + remainder +
         modelled_deviations * std::sqrt(pairs + own_vector * own_vector + keys + evaluation);
}

double FamilyLossModel::of_loss(double rounding) const {
  if (!modelled_) return infinity;
  // Rows with the same variance are taken to be the same row.
  const std::vector<double> ties = ties_of(of_row_);
  double variance = 0, most = 1;
  for (std::size_t i = 0; i < ties.size(); ++i) {
    variance += of_row_[i] * ties[i];
    if (of_row_[i] > 0) most = std::max(most, ties[i]);
  }
  variance += rounding * most;
  for (const double deviation : of_vector_) variance += deviation * deviation;
  return std::fabs(known_) + unknown_common_ * std::fabs(slope_) + remainder_ +
         modelled_deviations * std::sqrt(variance);
}

}  // namespace assay::contract
