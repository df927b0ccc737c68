// SPDX-License-Identifier: Apache-2.0
// Error budgets of InfoNCE backward: from the coefficients of all rows to every gradient element.
#include "properties/contract/loss/info_nce_gradient_budget.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_gradient_sums.hpp"
#include "properties/contract/loss/info_nce_held_logits.hpp"

namespace assay::contract {

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
constexpr double eta = f32.half_subnormal;

/// Coefficients of all rows, and which rows are judged.
struct Coefficients {
  std::vector<RowCoefficients> rows;
  std::vector<RowKind> kinds;
  bool all_judged = true;

  bool judged(std::int64_t row) const {
    return kinds[static_cast<std::size_t>(row)] == RowKind::within_budget;
  }
  double centre(std::int64_t row, std::int64_t key) const {
    return rows[static_cast<std::size_t>(row)].centre[static_cast<std::size_t>(key)];
  }
  const RowCoefficients& row(std::int64_t i) const { return rows[static_cast<std::size_t>(i)]; }
  /// Variance of one coefficient alone, with what its row shares.
  double variance_alone(std::int64_t i, std::int64_t key, bool positive) const {
    const double c = centre(i, key);
    return variance(i, key) + (positive ? 0 : row(i).shared * c * c);
  }
  double variance(std::int64_t i, std::int64_t key) const {
    return row(i).variance[static_cast<std::size_t>(key)];
  }
  double slope(std::int64_t i, std::int64_t key) const {
    return row(i).slope[static_cast<std::size_t>(key)];
  }
  double error(std::int64_t row, std::int64_t key) const {
    return rows[static_cast<std::size_t>(row)].error[static_cast<std::size_t>(key)];
  }
};

/// g_i = grad_row_loss_i + grad_loss / rows, as binary32 operations.
Tracked upstream_of(const ErrorAlgebra& algebra, const InfoNceInstance& instance,
                    std::int64_t row) {
  const Tracked mean =
      algebra.div(held(instance.upstream_mean), held(static_cast<double>(instance.rows())));
  return algebra.add(held(instance.upstream[static_cast<std::size_t>(row)]), mean);
}

template <class RowFunction>
Coefficients coefficients_of(const InfoNceInstance& instance, LogitModel model,
                             const ErrorAlgebra& algebra, RowFunction row_coefficients) {
  Coefficients all;
  for_each_row(instance, model, [&](std::int64_t row, RowBudget& budget, const RowLogits& logits) {
    all.kinds.push_back(budget.kind);
    all.rows.emplace_back();
    if (budget.kind != RowKind::within_budget) {
      all.all_judged = false;
      return;
    }
    all.rows.back() =
        row_coefficients(algebra, logits, upstream_of(algebra, instance, row), instance.keys());
  });
  return all;
}

/// Terms of the gradient of vector `o` of z, in the order in which the kernel adds them.
std::vector<Term> terms_of(const InfoNceInstance& instance, const Coefficients& all,
                           std::int64_t o) {
  std::vector<Term> terms;
  for (std::int64_t t = 0; t < instance.keys(); ++t) {
    if (!instance.joint()) {
      const bool as_row = o < instance.n;
      const std::int64_t row = as_row ? o : t, key = as_row ? t : o - instance.n;
      const double c = all.centre(row, key);
      const bool positive = instance.positive(row) == key;
      terms.push_back({c, all.error(row, key), std::fabs(c), as_row ? instance.n + t : t,
                       as_row ? all.variance(row, key) : all.variance_alone(row, key, positive),
                       as_row && !positive ? c : 0, all.slope(row, key)});
    } else if (t != o) {
      const double own = all.centre(o, t), other = all.centre(t, o);
      const bool positive = instance.positive(o) == t;
      const double size = std::fabs(own) + std::fabs(other);
      const double parts = inflate_up(all.error(o, t) + all.error(t, o));
      const double top = inflate_up(size + parts);
      const double rounding = top == 0 ? 0 : u * power_below(top) + eta;
      const double error = top <= f32.largest ? inflate_up(parts + rounding) : infinity;
      terms.push_back({own + other, error, size, t,
                       all.variance(o, t) + all.variance_alone(t, o, positive) +
                           rounding * rounding * (1.0 / 3),
                       positive ? 0 : own, all.slope(o, t) + all.slope(t, o)});
    }
  }
  return terms;
}

/// True when the element depends on finite vectors and judged rows only.
bool depends_on_judged(const InfoNceInstance& instance, const Coefficients& all, std::int64_t o) {
  if (instance.joint()) return all.all_judged && instance.all_finite();
  const std::int64_t first = o < instance.n ? instance.n : 0;
  for (std::int64_t v = first; v < first + instance.n; ++v)
    if (!instance.finite[static_cast<std::size_t>(v)]) return false;
  return o < instance.n ? all.judged(o) : all.all_judged;
}

template <class Sum>
void fill_vectors(const InfoNceInstance& instance, const Coefficients& all, double factor,
                  GradientBudget& budget, Sum sum) {
  const auto elements = static_cast<std::size_t>(instance.n * instance.d);
  for (std::vector<double>* part : {&budget.a, &budget.b, &budget.a_modelled, &budget.b_modelled})
    part->assign(elements, infinity);
  for (std::int64_t o = 0; o < 2 * instance.n; ++o) {
    if (!depends_on_judged(instance, all, o)) continue;
    const bool of_a = o < instance.n;
    const std::int64_t first = o % instance.n * instance.d;
    const Factors factors{factor, instance.joint() || of_a ? all.row(o).shared : 0};
    sum(instance, terms_of(instance, all, o), factors, (of_a ? budget.a : budget.b).data() + first,
        (of_a ? budget.a_modelled : budget.b_modelled).data() + first);
  }
  for (std::vector<double>* part : {&budget.a, &budget.b})
    for (double& b : *part)
      if (!std::isfinite(b)) b = infinity;
}

/// What the common factor does to the sum of all rows' temperature terms.
double temperature_slope(const Coefficients& all) {
  double slope = 0;
  for (const RowCoefficients& row : all.rows) slope += row.temperature_slope;
  return slope;
}

bool temperature_is_judged(const InfoNceInstance& instance, const Coefficients& all) {
  return all.all_judged && instance.all_finite();
}

class TiledGradient final : public InfoNceGradientAlgorithm {
 public:
  explicit TiledGradient(LogitModel model) : model_(model) {}
  std::string name() const override { return forward().name(); }
  std::vector<std::string> hypotheses() const override {
    std::vector<std::string> all = forward().hypotheses();
    all.pop_back();  // the mean of the losses is not computed
    all.insert(
        all.end(),
        {"row i keeps its shift M (the larger of the positive and the largest negative), and "
         "g_i / sum exp(s - M), and -(sum over the negatives) times that for the positive",
         "a coefficient is exp(s - M) times g_i / sum; in the joint block the two rows' "
         "coefficients of a pair are added before they multiply a vector",
         "every coordinate of a gradient is a chain of fused multiply-adds over increasing "
         "vectors from 0, times the rounded reciprocal of the temperature",
         "the derivative by the temperature sums coefficient times (logit - positive logit) over "
         "the negatives, in 32 lanes, and rows as the mean of the losses"});
    return all;
  }
  GradientBudget budget(const InfoNceInstance& instance) const override {
    const ErrorAlgebra algebra(tiled_format());
    const Coefficients all = coefficients_of(instance, model_, algebra, tiled_coefficients);
    const double factor = inverse_temperature_error(instance, model_);
    GradientBudget budget;
    fill_vectors(instance, all, factor, budget, chain_budget);
    budget.temperature = budget.temperature_modelled = infinity;
    if (temperature_is_judged(instance, all))
      add_temperature(budget, algebra, instance, all, factor);
    return budget;
  }

 private:
  const InfoNceAlgorithm& forward() const {
    return model_ == LogitModel::chain ? tiled_online_log1p() : tiled_mma_log1p();
  }
  static void add_temperature(GradientBudget& budget, const ErrorAlgebra& algebra,
                              const InfoNceInstance& instance, const Coefficients& all,
                              double factor) {
    constexpr std::size_t threads = 256;
    std::vector<Tracked> sums(threads);
    for (std::size_t i = 0; i < all.rows.size(); ++i)
      sums[i % threads] = algebra.add(sums[i % threads], all.rows[i].temperature);
    for (std::size_t offset = threads / 2; offset > 0; offset /= 2)
      for (std::size_t t = 0; t < offset; ++t) sums[t] = algebra.add(sums[t], sums[t + offset]);
    const double inverse = static_cast<float>(1.0 / instance.temperature);
    const Tracked product = algebra.mul(sums[0], held(inverse));
    if (!std::isfinite(product.error)) return;
    const double scaling = sums[0].magnitude() / instance.temperature * (factor + double_slack);
    budget.temperature = inflate_up(product.error + scaling);
    budget.temperature_modelled =
        modelled_error(scaling + factor * std::fabs(temperature_slope(all)) * inverse,
                       product.variance, budget.temperature);
  }

  LogitModel model_;
};

class AnyOrderGradient final : public InfoNceGradientAlgorithm {
 public:
  explicit AnyOrderGradient(bool online)
      : online_(online), algebra_(Format::with_ulps(f32, stranger_ulps, true)) {}
  std::string name() const override { return forward().name(); }
  std::vector<std::string> hypotheses() const override {
    std::vector<std::string> all = forward().hypotheses();
    all.pop_back();
    all.insert(
        all.end(),
        {"a weight is exp(logit - lse), exp((logit - max) - log sum) or exp(logit - max) / "
         "sum; the positive's coefficient is its weight minus one, before or after the upstream "
         "gradient multiplies; all are rounded to binary32",
         "the upstream gradient, one over the number of rows and one over the temperature "
         "multiply anywhere, rounded to binary32",
         "gradients are sums of coefficient times vector in any order and grouping, with or "
         "without fused multiply-add",
         online_ ? "the derivative by the temperature sums coefficient times logit over all pairs, "
                   "by rows, by columns, in blocks or as a tree: none meets more additions than "
                   "there are rows and keys"
                 : "the derivative by the temperature sums coefficient times logit over all "
                   "pairs, in any order"});
    return all;
  }
  GradientBudget budget(const InfoNceInstance& instance) const override {
    const std::int64_t rescalings = online_ ? online_rescalings(instance.keys()) : 0;
    const Coefficients all =
        coefficients_of(instance, LogitModel::any_order, algebra_,
                        [&](const ErrorAlgebra& algebra, const RowLogits& logits, const Tracked& g,
                            std::int64_t keys) {
                          return any_order_coefficients(algebra, logits, g, keys, rescalings);
                        });
    const double factor = inverse_temperature_error(instance, LogitModel::any_order);
    GradientBudget budget;
    fill_vectors(instance, all, factor, budget, any_order_budget);
    budget.temperature = budget.temperature_modelled = infinity;
    if (!temperature_is_judged(instance, all)) return budget;
    const Tracked sum = any_order_temperature(algebra_, all.rows, additions(instance));
    const double relative = factor + double_slack + 8 * u;
    const double scaling = relative * sum.held_magnitude();
    const double scale = (1 + relative) / instance.temperature;
    if (!(sum.held_magnitude() * std::max(1.0, scale) <= f32.largest)) return budget;
    budget.temperature = inflate_up((sum.error + scaling) * scale);
    budget.temperature_modelled =
        modelled_error((scaling + factor * std::fabs(temperature_slope(all))) * scale,
                       sum.variance * scale * scale, budget.temperature);
    return budget;
  }

 private:
  const InfoNceAlgorithm& forward() const { return online_ ? any_order_online() : any_order(); }

  /// At most how many additions a product meets in the sum over all pairs: any order allows one
  /// running sum; with online sums, by rows, by columns, in blocks or as a tree.
  std::int64_t additions(const InfoNceInstance& instance) const {
    const std::int64_t pairs = instance.rows() * instance.keys();
    return online_ ? std::min(instance.rows() + instance.keys(), pairs) : pairs;
  }

  bool online_;
  ErrorAlgebra algebra_;
};

}  // namespace

const InfoNceGradientAlgorithm& tiled_gradient() {
  static const TiledGradient algorithm(LogitModel::chain);
  return algorithm;
}

const InfoNceGradientAlgorithm& tiled_mma_gradient() {
  static const TiledGradient algorithm(LogitModel::tensor_core);
  return algorithm;
}

const InfoNceGradientAlgorithm& any_order_gradient() {
  static const AnyOrderGradient algorithm(false);
  return algorithm;
}

const InfoNceGradientAlgorithm& any_order_online_gradient() {
  static const AnyOrderGradient algorithm(true);
  return algorithm;
}

}  // namespace assay::contract
