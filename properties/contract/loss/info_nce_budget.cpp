// SPDX-License-Identifier: Apache-2.0
// Error budgets of InfoNCE forward: the logits, their effect, and the mean.
#include "properties/contract/loss/info_nce_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math_bounds.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
constexpr double eta = f32.half_subnormal;

/// |scale * temperature - 1|, rounded upward: the product is fused, so only its rounding counts.
double factor_error(double scale, double temperature) {
  return inflate_up(std::fabs(std::fma(scale, temperature, -1.0)));
}

/// One logit as an algorithm holds it. `deviation` infinite: an intermediate could overflow.
struct HeldLogit {
  double centre;
  double deviation;
};

/// fma chain in order, then one multiplication by the rounded reciprocal of the temperature.
class ChainLogits {
 public:
  static constexpr DotWeight weight = DotWeight::partial_sums;
  explicit ChainLogits(const InfoNceInstance& instance)
      : instance_(instance),
        inverse_(static_cast<float>(1.0 / instance.temperature)),
        usable_(static_cast<double>(instance.d) * u <= 0.25 && std::isfinite(inverse_)) {}

  double common() const { return factor_error(inverse_, instance_.temperature); }
  HeldLogit hold(std::int64_t row, std::int64_t key, double dot, double weight,
                 double slack) const {
    const double partial = instance_.norm[static_cast<std::size_t>(row)] *
                           instance_.norm[static_cast<std::size_t>(key)];
    const double error = u * weight + static_cast<double>(instance_.d) * eta + slack;
    const double top = inflate_up((std::fabs(dot) + error) * inverse_);
    const double rounding = std::max(u * power_below(top), eta);
    if (!usable_ || !(inflate_up(partial + error) <= f32.largest) || !(top <= f32.largest))
      return {0, infinity};
    return {dot * inverse_, inflate_up(error * inverse_ + rounding)};
  }
  /// An infinite entry times a small one stays infinite: products of binary32 are formed exactly.
  bool keeps_infinities(double) const { return inverse_ >= f32.smallest_normal; }

 private:
  const InfoNceInstance& instance_;
  double inverse_;
  bool usable_;
};

/// Dot product in any order, fused or not; the temperature applied before or after it, as a divisor
/// or as a rounded reciprocal; results below the smallest normal number kept or flushed.
class AnyOrderLogits {
 public:
  static constexpr DotWeight weight = DotWeight::products;
  explicit AnyOrderLogits(const InfoNceInstance& instance)
      : instance_(instance), gamma_(Gamma(instance.d + 1, u).up()) {
    const double tau = instance.temperature;
    const double rounded = static_cast<float>(tau);
    const double reciprocals[] = {static_cast<float>(1.0 / tau), 1.0f / static_cast<float>(tau)};
    scale_ = 1 / tau * (1 + 4 * u);  // every scale in use is below, if the checks here pass
    usable_ = rounded >= f32.smallest_normal && rounded <= f32.largest;
    // c / rounded = c / tau * (tau / rounded), and |tau / rounded - 1| = |tau - rounded| / rounded.
    common_ = inflate_up(std::fabs(tau - rounded) / rounded);
    for (double scale : reciprocals) {
      usable_ = usable_ && scale >= f32.smallest_normal && scale <= f32.largest;
      common_ = std::max(common_, factor_error(scale, tau));
    }
  }

  double common() const { return common_; }
  HeldLogit hold(std::int64_t row, std::int64_t key, double dot, double weight,
                 double slack) const {
    const double ones = instance_.norm_one[static_cast<std::size_t>(row)] +
                        instance_.norm_one[static_cast<std::size_t>(key)];
    const double terms = 2 * static_cast<double>(instance_.d);
    const double flushed = f32.smallest_normal * (1 + gamma_) * (terms * scale_ + terms + 1 + ones);
    const double deviation = (gamma_ * (1 + gamma_) * weight + slack) * scale_ + flushed;
    const double sum = inflate_up(weight * (1 + gamma_) + flushed);
    const double scaled = inflate_up((weight + ones) * scale_ * (1 + gamma_) + flushed);
    if (!usable_ || !(sum <= f32.largest) || !(scaled <= f32.largest)) return {0, infinity};
    return {dot / instance_.temperature, inflate_up(deviation)};
  }
  /// An infinite entry times one that scaling might flush to zero would be NaN.
  bool keeps_infinities(double smallest_factor) const {
    return usable_ && smallest_factor * std::min(1.0, scale_) * 0.5 >= f32.smallest_normal;
  }

 private:
  const InfoNceInstance& instance_;
  double gamma_;
  double scale_ = 1, common_ = 0;
  bool usable_ = true;
};

/// Whether the finite products beside an infinite one stay in range (an overflow among them could
/// meet it with the other sign), and the smallest entry that meets an infinite one.
struct BesideInfinity {
  bool in_range;
  double smallest_factor;
};
BesideInfinity beside_infinity(const double* x, const double* y, std::int64_t d) {
  double sum = 0, smallest = infinity;
  for (std::int64_t k = 0; k < d; ++k) {
    const double product = std::fabs(x[k] * y[k]);
    if (std::isfinite(product))
      sum += product;
    else
      smallest = std::min(smallest, std::min(std::fabs(x[k]), std::fabs(y[k])));
  }
  return {sum * (1 + 0x1p-10) <= f32.largest, smallest};
}

RowKind kind_of_logits(const double* dot, std::int64_t keys, std::int64_t positive,
                       const InfoNceInstance& instance, std::int64_t row) {
  RowKind kind = RowKind::within_budget;
  for (std::int64_t j = 0; j < keys; ++j) {
    if (instance.left_out(row, j) || std::isfinite(dot[j])) continue;
    if (dot[j] != dot[j]) return RowKind::nan;
    if (dot[j] > 0)
      kind = RowKind::not_finite;
    else if (j == positive && kind != RowKind::not_finite)
      kind = RowKind::loss_not_finite;
  }
  return kind;
}

/// Gathers the live logits of a row of kind `within_budget`; changes the kind when one could
/// overflow.
template <class Model>
RowBudget gather(const InfoNceInstance& instance, const Model& model, const InfoNceDots& dots,
                 std::int64_t row, const double* dot, const double* weight, RowLogits& logits) {
  RowBudget budget;
  const std::int64_t keys = instance.keys(), positive = instance.positive(row);
  budget.kind = kind_of_logits(dot, keys, positive, instance, row);
  for (std::int64_t j = 0; j < keys; ++j)
    if (!instance.left_out(row, j) && !std::isfinite(dot[j])) budget.all_finite = false;
  if (budget.kind != RowKind::within_budget) return budget;

  logits.ideal.clear();
  logits.held_logit.clear();
  logits.deviation.clear();
  logits.column.clear();
  logits.common = model.common();
  logits.ideal_slack = 0;
  const auto take = [&](std::int64_t j) {
    const std::int64_t key = instance.key_vector(j);
    if (!std::isfinite(dot[j])) {
      const BesideInfinity beside =
          beside_infinity(instance.vector(row), instance.vector(key), instance.d);
      return beside.in_range && model.keeps_infinities(beside.smallest_factor);
    }
    const double slack = dots.slack(row, j);
    const HeldLogit v = model.hold(row, key, dot[j], weight[j], slack);
    if (!std::isfinite(v.deviation)) return false;
    const double t = dot[j] / instance.temperature;
    const double t_slack = inflate_up(slack / instance.temperature + 0x1p-52 * std::fabs(t));
    logits.ideal.push_back(t);
    logits.ideal_slack = std::max(logits.ideal_slack, t_slack);
    const double off_centre = logits.common * std::fabs(t) + t_slack;
    // Held = factor * exact + deviation: around factor * exact for a known factor (its centre is
    // given), around the exact one for an unknown factor.
    const double spread = Model::weight == DotWeight::products ? off_centre : t_slack;
    logits.held_logit.push_back(
        known_within(v.centre, inflate_up(v.deviation + spread + 0x1p-51 * std::fabs(v.centre))));
    logits.deviation.push_back(v.deviation);
    logits.column.push_back(j);
    return true;
  };
  bool in_range = take(positive);
  for (std::int64_t j = 0; j < keys && in_range; ++j)
    if (j != positive && !instance.left_out(row, j)) in_range = take(j);
  if (!in_range) budget.kind = RowKind::outside_domain;
  return budget;
}

template <class Model, class Evaluate>
std::vector<RowBudget> budgets_of(const InfoNceInstance& instance, const ErrorAlgebra& algebra,
                                  Evaluate evaluate) {
  const Model model(instance);
  const InfoNceDots dots(instance, Model::weight);
  const std::int64_t rows = instance.rows(), keys = instance.keys(), panel = 16;
  std::vector<RowBudget> budgets(static_cast<std::size_t>(rows));
  std::vector<double> dot, weight;
  RowLogits logits;
  for (std::int64_t first = 0; first < rows; first += panel) {
    const std::int64_t count = std::min(panel, rows - first);
    dots.compute(first, count, dot, weight);
    for (std::int64_t r = 0; r < count; ++r) {
      RowBudget& budget = budgets[static_cast<std::size_t>(first + r)];
      budget = gather(instance, model, dots, first + r, dot.data() + r * keys,
                      weight.data() + r * keys, logits);
      if (budget.kind != RowKind::within_budget) continue;
      const LogitEffect effect = logit_effect(logits);
      const RowEvaluation evaluation = evaluate(algebra, logits);
      budget.loss_logits = effect.loss;
      budget.lse_logits = effect.lse;
      budget.loss_evaluation = evaluation.loss.error;
      budget.lse_evaluation = evaluation.lse.error;
      budget.loss = inflate_up(effect.loss + evaluation.loss.error);
      budget.lse = inflate_up(effect.lse + evaluation.lse.error);
      if (!(budget.loss < infinity && budget.lse < infinity)) budget.kind = RowKind::outside_domain;
    }
  }
  return budgets;
}

std::vector<Tracked> tracked_rows(const std::vector<Ends>& truth,
                                  const std::vector<double>& budget) {
  std::vector<Tracked> rows;
  for (std::size_t i = 0; i < truth.size(); ++i) rows.push_back(enclosed(truth[i], budget[i]));
  return rows;
}

double finite_or_infinite(double error) { return std::isfinite(error) ? error : infinity; }

class TiledOnlineLog1p final : public InfoNceAlgorithm {
 public:
  std::string name() const override { return "tiled-online-log1p"; }
  std::vector<std::string> hypotheses() const override {
    return {
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
  }
  std::vector<RowBudget> row_budgets(const InfoNceInstance& instance) const override {
    return budgets_of<ChainLogits>(instance, ErrorAlgebra(tiled_format()), evaluate_tiled);
  }
  double mean_budget(const std::vector<Ends>& truth,
                     const std::vector<double>& budget) const override {
    const ErrorAlgebra algebra(tiled_format());
    const std::vector<Tracked> rows = tracked_rows(truth, budget);
    constexpr std::size_t threads = 256;
    std::vector<Tracked> sums(threads);
    for (std::size_t i = 0; i < rows.size(); ++i)
      sums[i % threads] = algebra.add(sums[i % threads], rows[i]);
    for (std::size_t offset = threads / 2; offset > 0; offset /= 2)
      for (std::size_t t = 0; t < offset; ++t) sums[t] = algebra.add(sums[t], sums[t + offset]);
    const Tracked count = algebra.round(held(static_cast<double>(rows.size())));
    return finite_or_infinite(algebra.div(sums[0], count).error);
  }
};

class AnyOrder final : public InfoNceAlgorithm {
 public:
  AnyOrder() : algebra_(Format::with_ulps(f32, stranger_ulps, true)) {}
  std::string name() const override { return "any-order"; }
  std::vector<std::string> hypotheses() const override {
    return {
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
  }
  std::vector<RowBudget> row_budgets(const InfoNceInstance& instance) const override {
    return budgets_of<AnyOrderLogits>(instance, algebra_, evaluate_any_order);
  }
  double mean_budget(const std::vector<Ends>& truth,
                     const std::vector<double>& budget) const override {
    const Tracked sum = algebra_.sum_any_order(tracked_rows(truth, budget));
    const Tracked count = algebra_.round(held(static_cast<double>(truth.size())));
    const Tracked divided = algebra_.div(sum, count);
    const Tracked multiplied = algebra_.mul(sum, algebra_.div(held(1), count));
    return finite_or_infinite(std::max(divided.error, multiplied.error));
  }

 private:
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
  return {moved(loss, loss_most), moved(lse, lse_most)};
}

const InfoNceAlgorithm& tiled_online_log1p() {
  static const TiledOnlineLog1p algorithm;
  return algorithm;
}

const InfoNceAlgorithm& any_order() {
  static const AnyOrder algorithm;
  return algorithm;
}

}  // namespace assay::contract
