// SPDX-License-Identifier: Apache-2.0
// Error budgets of InfoNCE forward: the logits, their effect, and the mean.
#include "properties/contract/loss/info_nce_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math_bounds.hpp"
#include "properties/contract/loss/info_nce_held_logits.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;

template <class Evaluate>
std::vector<RowBudget> budgets_of(const InfoNceInstance& instance, LogitModel model,
                                  const ErrorAlgebra& algebra, Evaluate evaluate) {
  std::vector<RowBudget> budgets;
  for_each_row(instance, model, [&](std::int64_t, RowBudget& budget, const RowLogits& logits) {
    if (budget.kind == RowKind::within_budget) {
      const LogitEffect effect = logit_effect(logits);
      const RowEvaluation evaluation = evaluate(algebra, logits);
      budget.loss_logits = effect.loss;
      budget.lse_logits = effect.lse;
      budget.loss_evaluation = evaluation.loss.error;
      budget.lse_evaluation = evaluation.lse.error;
      budget.loss = inflate_up(effect.loss + evaluation.loss.error);
      budget.lse = inflate_up(effect.lse + evaluation.lse.error);
      budget.loss_variance = effect.loss_variance + evaluation.loss.variance;
      budget.loss_systematic = logits.common * effect.loss_slope;
      budget.loss_modelled =
          modelled_error(budget.loss_systematic, budget.loss_variance, budget.loss);
      budget.lse_modelled =
          modelled_error(logits.common * effect.lse_slope,
                         effect.lse_variance + evaluation.lse.variance, budget.lse);
      if (!(budget.loss < infinity && budget.lse < infinity)) budget.kind = RowKind::outside_domain;
    }
    budgets.push_back(budget);
  });
  return budgets;
}

std::vector<Tracked> tracked_rows(const std::vector<Ends>& truth,
                                  const std::vector<RowBudget>& budgets) {
  std::vector<Tracked> rows;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    rows.push_back(enclosed(truth[i], budgets[i].loss));
    rows.back().variance = budgets[i].loss_variance;
  }
  return rows;
}

/// The mean's budget from its tracked value; the common factor moves all rows together.
ModelledBudget budget_of_mean(const Tracked& mean, const std::vector<RowBudget>& rows) {
  if (!std::isfinite(mean.error)) return {infinity, infinity};
  double systematic = 0;
  for (const RowBudget& row : rows) systematic += row.loss_systematic;
  return {mean.error,
          modelled_error(systematic / static_cast<double>(rows.size()), mean.variance, mean.error)};
}

class TiledOnlineLog1p final : public InfoNceAlgorithm {
 public:
  explicit TiledOnlineLog1p(LogitModel model) : model_(model) {}
  std::string name() const override {
    return model_ == LogitModel::chain ? "tiled-online-log1p" : "tiled-mma-log1p";
  }
  std::vector<std::string> hypotheses() const override {
    std::vector<std::string> all = {
        "binary32 arithmetic rounds to nearest with gradual underflow (no flush to zero)",
        "every logit is a chain of fused multiply-adds over increasing k from 0, times the "
        "reciprocal of the temperature rounded once from double to binary32",
        "32 lanes keep (maximum, sum) over the negatives whose column equals the lane modulo 32, "
        "in increasing order; the lanes are joined at the largest maximum by a tree 16, 8, 4, 2, 1",
        "exp, log and log1p are the kernel's own, within the proven bounds of "
        "kernels/math_bounds.hpp",
        "the mean adds rows t, t+256, ... in each of 256 threads, then a tree 128, ..., 1, then "
        "divides",
    };
    if (model_ == LogitModel::tensor_core)
      all[1] =
          "every logit is a sum of tensor-core instructions over 16 products each, wrong by at "
          "most "
          "20 * 2^-23 of the magnitudes that they add, in increasing order from 0, times the "
          "reciprocal of the temperature rounded once from double to binary32";
    return all;
  }
  std::vector<RowBudget> row_budgets(const InfoNceInstance& instance) const override {
    return budgets_of(instance, model_, ErrorAlgebra(tiled_format()), evaluate_tiled);
  }
  ModelledBudget mean_budget(const std::vector<Ends>& truth,
                             const std::vector<RowBudget>& budgets) const override {
    const ErrorAlgebra algebra(tiled_format());
    const Tracked sum = sum_by_threads(algebra, tracked_rows(truth, budgets));
    const Tracked count = algebra.round(held(static_cast<double>(truth.size())));
    return budget_of_mean(algebra.div(sum, count), budgets);
  }

 private:
  LogitModel model_;
};

class AnyOrder final : public InfoNceAlgorithm {
 public:
  explicit AnyOrder(bool online)
      : online_(online), algebra_(Format::with_ulps(f32, stranger_ulps, true)) {}
  std::string name() const override { return online_ ? "any-order-online" : "any-order"; }
  std::vector<std::string> hypotheses() const override {
    std::vector<std::string> all = {
        "binary32 arithmetic rounds to nearest; results below the smallest normal number may be "
        "flushed to zero",
        "every dot product and every sum adds its own terms, in any order and grouping, with or "
        "without fused multiply-add (no Strassen-like scheme, no TF32, bfloat16 or half products)",
        "the temperature, rounded to binary32, divides, or its rounded reciprocal multiplies, "
        "the embeddings of one side or the dot products",
        "exp, log and log1p are within 4 units in the last place",
        "sums over all logits are taken relative to the largest logit, sums over the negatives "
        "relative to the largest negative or to the positive, without rescaling on the way, and no "
        "exponential overflows",
        "the row loss is lse - positive, -((positive - shift) - log sum), or log1p of the "
        "negatives' sum relative to the positive; every intermediate is rounded to binary32",
        "the mean adds the row losses in any order and divides by their number or multiplies by "
        "its rounded reciprocal",
    };
    if (online_)
      all[4] =
          "sums are online: at least 16 lanes, or blocks of at least 16 logits, with a running "
          "maximum each, rescaled by exp(old - new) when it grows and when they are joined; no "
          "exponential overflows";
    return all;
  }
  std::vector<RowBudget> row_budgets(const InfoNceInstance& instance) const override {
    const std::int64_t rescalings = online_ ? online_rescalings(instance.keys()) : 0;
    return budgets_of(instance, LogitModel::any_order, algebra_,
                      [&](const ErrorAlgebra& algebra, const RowLogits& logits) {
                        return evaluate_any_order(algebra, logits, rescalings);
                      });
  }
  ModelledBudget mean_budget(const std::vector<Ends>& truth,
                             const std::vector<RowBudget>& budgets) const override {
    const Tracked sum = algebra_.sum_any_order(tracked_rows(truth, budgets));
    const Tracked count = algebra_.round(held(static_cast<double>(truth.size())));
    const Tracked divided = algebra_.div(sum, count);
    const Tracked multiplied = algebra_.mul(sum, algebra_.div(held(1), count));
    Tracked weaker = divided.error >= multiplied.error ? divided : multiplied;
    weaker.variance = std::max(divided.variance, multiplied.variance);
    return budget_of_mean(weaker, budgets);
  }

 private:
  bool online_;
  ErrorAlgebra algebra_;
};

}  // namespace

Format tiled_format() {
  Format format;
  format.rounding = f32;
  format.exp_relative = kernels::exp_error_u * u;
  format.exp_absolute = kernels::exp_error_absolute;
  format.log_relative = kernels::log_error_u * u;
  format.log1p_relative = kernels::log1p_error_u * u;
  format.exp_of_zero_is_one = true;  // its polynomial is 1 there
  return format;
}

Tracked sum_by_threads(const ErrorAlgebra& algebra, const std::vector<Tracked>& terms) {
  constexpr std::size_t threads = 256;
  std::vector<Tracked> sums(threads);
  for (std::size_t i = 0; i < terms.size(); ++i)
    sums[i % threads] = algebra.add(sums[i % threads], terms[i]);
  for (std::size_t offset = threads / 2; offset > 0; offset /= 2)
    for (std::size_t t = 0; t < offset; ++t) sums[t] = algebra.add(sums[t], sums[t + offset]);
  return sums[0];
}

double modelled_error(double systematic, double variance, double budget) {
  const double modelled = std::fabs(systematic) + modelled_deviations * std::sqrt(variance);
  return modelled <= budget ? modelled : budget;
}

LogitEffect logit_effect(const RowLogits& logits) {
  const std::size_t n = logits.ideal.size();
  const std::vector<double>& t = logits.ideal;
  const double top = *std::max_element(t.begin(), t.end());
  // Sums of exp(t_j - top) (expm1(D_j)), the latter over the negatives for the loss (D bounds a
  // difference to the positive) and over all for the log-sum-exp (D bounds a logit).
  double all = 0, loss = 0, lse = 0, loss_most = 0, lse_most = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double e = exp_near(t[j] - top) + exp_dropped;
    const double own = logits.common * (std::fabs(t[j]) + logits.ideal_slack) + logits.deviation[j];
    const double apart = logits.common * (std::fabs(t[j] - t[0]) + 2 * logits.ideal_slack) +
                         logits.deviation[j] + logits.deviation[0];
    all += e;
    lse += e * expm1_up(inflate_up(own));
    lse_most = std::max(lse_most, own);
    if (j == 0) continue;
    loss += e * expm1_up(inflate_up(apart));
    loss_most = std::max(loss_most, apart);
  }
  // Weights exp(t_j)/sum are known up to the slack of the double logits and of exp_near; n 2^-52
  // for the sums.
  const double grow = (1 + 4 * near_slack) * (1 + static_cast<double>(n + 8) * 0x1p-51) *
                      (1 + expm1_up(2 * logits.ideal_slack)) *
                      (1 + static_cast<double>(n) * exp_dropped);
  const auto moved = [&](double weighted, double most) {
    const double by_weights = inflate_up(log1p_near(weighted / all * grow) * (1 + near_slack));
    // log-sum-exp moves by no more than its logits do.
    return by_weights < inflate_up(most) ? by_weights : inflate_up(most);
  };
  LogitEffect effect{moved(loss, loss_most), moved(lse, lse_most)};
  double others = 0;  // the positive's own derivative is -(sum of the other weights): no 1 - weight
  for (std::size_t j = n; j-- > 0;) {
    const double weight = exp_near(t[j] - top) / all;
    const double to_loss = j == 0 ? -others : weight;
    others += weight;
    effect.loss_variance += to_loss * to_loss * logits.variance[j];
    effect.lse_variance += weight * weight * logits.variance[j];
    effect.loss_slope += weight * (t[j] - t[0]);
    effect.lse_slope += weight * t[j];
  }
  return effect;
}

const InfoNceAlgorithm& tiled_online_log1p() {
  static const TiledOnlineLog1p algorithm(LogitModel::chain);
  return algorithm;
}

const InfoNceAlgorithm& tiled_mma_log1p() {
  static const TiledOnlineLog1p algorithm(LogitModel::tensor_core);
  return algorithm;
}

const InfoNceAlgorithm& any_order() {
  static const AnyOrder algorithm(false);
  return algorithm;
}

const InfoNceAlgorithm& any_order_online() {
  static const AnyOrder algorithm(true);
  return algorithm;
}

}  // namespace assay::contract
