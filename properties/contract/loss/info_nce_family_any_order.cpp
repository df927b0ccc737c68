// SPDX-License-Identifier: Apache-2.0
// Budgets of strangers on the InfoNCE settings: any order of every sum.
#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_budget.hpp"
#include "properties/contract/loss/info_nce_family_stranger_model.hpp"
#include "properties/contract/loss/info_nce_family_strangers.hpp"

namespace assay::contract {

namespace {

using reference::OverAnchors;
using reference::RowFate;
using Index = std::int64_t;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;

double finite_or_infinite(double x) { return std::isfinite(x) ? x : infinity; }

/// How many terms a loss adds up at most: every pair on its own.
Index terms_of_loss(const FamilyInstance& instance) {
  Index terms = static_cast<Index>(instance.rows.size());
  for (const Index count : instance.block_counts) terms += count;
  return terms;
}

/// The coefficients of all rows; rows that do not count have zeros.
struct StrangerRows {
  struct Entry {
    Tracked term;
    double parts = 0;
  };
  std::vector<std::vector<Entry>> rows;
  std::vector<Tracked> levers;
  double lever_parts = 0;
};

/// Sum of coefficient times vector for one vector, per coordinate: near `centre`; `error` without
/// the roundings of the sum, which are relative to `size`.
struct StrangerSum {
  std::vector<double> centre, radius, error, size, ones;
  double coefficients = 0;
  explicit StrangerSum(std::size_t d) : centre(d), radius(d), error(d), size(d), ones(d) {}
};

class AnyOrderFamily final : public FamilyAlgorithm {
 public:
  explicit AnyOrderFamily(bool online)
      : online_(online), algebra_(Format::with_ulps(f32, stranger_ulps, true)) {}
  std::string name() const override { return forward().name(); }

  std::vector<std::string> hypotheses(Operation operation) const override {
    std::vector<std::string> all = forward().hypotheses();
    all.pop_back();
    all.insert(
        all.end(),
        {"a norm is a root within 4 units in the last place of a sum of squares in any order; "
         "vectors are divided by it or multiplied by its rounded reciprocal",
         "a row loss is a difference of log-sum-exps and logits, a mean of such differences, a "
         "logarithm of a quotient of sums relative to one shift, or log1p of the negatives' sum "
         "relative to the positives'; means over positives in any order",
         "the loss adds row losses or pair losses in any order and divides by their number"});
    if (operation == Operation::backward)
      all.insert(all.end(),
                 {"a coefficient is a sum of softmax shares, of the row's denominator and of its "
                  "positives, and of 1 over the number of positives, times the upstream gradient "
                  "anywhere; all are rounded to binary32",
                  "gradients are sums of coefficient times vector in any order and grouping; the "
                  "part along the vector is taken off as y <y, dy>"});
    return all;
  }

  FamilyRowBudgets row_budgets(const FamilyInstance& instance) const override {
    const FamilyVectors vectors = vectors_of(instance, algebra_, FamilyArithmetic::any_order);
    const FamilyScale scale = scale_of(instance, FamilyArithmetic::any_order);
    FamilyRowBudgets rows{{}, {}, FamilyLossModel(instance)};
    for (const FamilyRow& row : instance.rows) {
      rows.budget.push_back(0);
      rows.modelled.push_back(0);
      if (row.fate != RowFate::counts) continue;
      rows.budget.back() = rows.modelled.back() = infinity;
      const FamilyLogits logits =
          logits_of(instance, vectors, scale, FamilyArithmetic::any_order, row);
      if (!logits.in_domain) continue;
      const Tracked loss =
          any_order_family_loss(algebra_, instance.setting, logits, rescalings(instance, row));
      rows.budget.back() =
          finite_or_infinite(inflate_up(family_effect(instance.setting, logits).loss + loss.error));
      const double modelled =
          rows.loss.add(instance, row, logits,
                        curvature_of(form_of(instance.setting, logits), logits), loss.variance);
      rows.modelled.back() = smaller(modelled, rows.budget.back());
    }
    return rows;
  }

  ModelledBudget loss_budget(const FamilyInstance& instance, const std::vector<Ends>& truth,
                             const FamilyRowBudgets& rows) const override {
    double error = 0, size = 0, plain = 0;
    for (std::size_t i = 0; i < truth.size(); ++i) {
      const double weight = std::fabs(weight_in_loss(instance, instance.rows[i]));
      if (weight == 0) continue;
      const Tracked row = enclosed(truth[i], rows.budget[i]);
      error += weight * row.error;
      size += weight * row.held_magnitude();
      plain += static_cast<double>(instance.rows[i].count) * row.held_magnitude();
    }
    const Index terms = terms_of_loss(instance);
    if (!(plain * 2 <= f32.largest)) return {infinity, infinity};
    const double flushed = static_cast<double>(terms + 8) * f32.smallest_normal * 2;
    const double budget = finite_or_infinite(
        inflate_up((error + Gamma(terms + 8, u).up() * size + flushed) * (1 + 0x1p-30)));
    const double rounding = static_cast<double>(terms + 8) * (u * size) * (u * size);
    return {budget, smaller(rows.loss.of_loss((rounding + flushed * flushed) * (1.0 / 3)), budget)};
  }

  FamilyGradientBudget gradient_budget(const FamilyInstance& instance) const override {
    const FamilyVectors vectors = vectors_of(instance, algebra_, FamilyArithmetic::any_order);
    const FamilyScale scale = scale_of(instance, FamilyArithmetic::any_order);
    FamilyGradientModel model(instance, vectors, false, u);
    const StrangerRows rows = rows_of(instance, vectors, scale, model);
    FamilyGradientBudget budget;
    for (Index o = 0; o < 2 * instance.n; ++o) {
      const VectorBudget found = vector_budget(instance, vectors, scale, rows, model, o);
      const bool of_a = o < instance.n;
      auto& to = of_a ? budget.a : budget.b;
      to.insert(to.end(), found.budget.begin(), found.budget.end());
      auto& modelled = of_a ? budget.a_modelled : budget.b_modelled;
      modelled.insert(modelled.end(), found.modelled.begin(), found.modelled.end());
    }
    const ModelledBudget parameter = parameter_budget(instance, scale, rows, model.of_parameter());
    budget.parameter = parameter.budget;
    budget.parameter_modelled = parameter.modelled;
    budget.cut_off();
    return budget;
  }

 private:
  const InfoNceAlgorithm& forward() const { return online_ ? any_order_online() : any_order(); }
  std::int64_t rescalings(const FamilyInstance& instance, const FamilyRow& row) const {
    return online_ ? online_rescalings(instance.blocks[row.block].keys) : 0;
  }

  Tracked upstream_of(const FamilyInstance& instance, const FamilyRow& row, Index i) const {
    const double own = instance.upstream[static_cast<std::size_t>(i)];
    const double mean = instance.upstream_mean * weight_in_loss(instance, row);
    const double size = inflate_up(std::fabs(own) + std::fabs(mean));
    constexpr double roundings = 8;
    return {own + mean, size * 0x1p-50,
            inflate_up(size == 0 ? 0 : roundings * (u * size + f32.smallest_normal))};
  }

  StrangerRows rows_of(const FamilyInstance& instance, const FamilyVectors& vectors,
                       const FamilyScale& scale, FamilyGradientModel& model) const {
    StrangerRows all;
    for (std::size_t i = 0; i < instance.rows.size(); ++i) {
      const FamilyRow& row = instance.rows[i];
      const auto keys = static_cast<std::size_t>(instance.blocks[row.block].keys);
      all.rows.emplace_back(keys);
      all.levers.emplace_back();
      if (row.fate != RowFate::counts) continue;
      const FamilyLogits logits =
          logits_of(instance, vectors, scale, FamilyArithmetic::any_order, row);
      if (!logits.in_domain) {
        all.rows.back().assign(keys, {{0, infinity, infinity}, infinity});
        all.levers.back().error = infinity;
        model.add_unknown_row(static_cast<Index>(i));
        continue;
      }
      const Tracked g = upstream_of(instance, row, static_cast<Index>(i));
      const StrangerCoefficients found = any_order_family_coefficients(
          algebra_, instance.setting, logits, g, rescalings(instance, row));
      model.add_row(static_cast<Index>(i), logits, g.centre, 0, found.noise);
      for (std::size_t j = 0; j < logits.size(); ++j)
        all.rows.back()[static_cast<std::size_t>(logits.column[j])] = {found.terms[j],
                                                                       found.parts[j]};
      all.levers.back() = found.lever;
      all.lever_parts += found.lever_parts;
    }
    return all;
  }

  void add_terms(const FamilyInstance& instance, const FamilyVectors& vectors,
                 const StrangerRows& rows, Index row, Index key, Index t, StrangerSum& sum) const {
    if (row >= static_cast<Index>(instance.rows.size())) return;
    const reference::FamilyBlock& block = instance.blocks[instance.row(row).block];
    const Index column = key - block.first_key;
    if (column < 0 || column >= block.keys) return;
    const auto& entry = rows.rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
    const Tracked& c = entry.term;
    if (c.is_zero() && entry.parts == 0) return;
    sum.coefficients += entry.parts + c.held_magnitude();
    for (std::size_t k = 0; k < sum.centre.size(); ++k) {
      const double y = vectors.entries(t)[k], carried = vectors.error(t, static_cast<Index>(k));
      const double size = std::fabs(y) * (1 + vectors.slack) + carried;
      sum.centre[k] += c.centre * y;
      sum.radius[k] += (c.radius + (vectors.slack + 0x1p-50) * std::fabs(c.centre)) * std::fabs(y);
      sum.error[k] += c.error * size + (std::fabs(c.centre) + c.radius) * carried;
      sum.size[k] += std::max(entry.parts, c.held_magnitude()) * size;
      sum.ones[k] += size;
    }
  }

  struct VectorBudget {
    std::vector<double> budget, modelled;
  };

  /// The gradient by y_o, then by x_o.
  VectorBudget vector_budget(const FamilyInstance& instance, const FamilyVectors& vectors,
                             const FamilyScale& scale, const StrangerRows& rows,
                             const FamilyGradientModel& model, Index o) const {
    const auto d = static_cast<std::size_t>(instance.d);
    StrangerSum sum(d);
    for (Index t = 0; t < 2 * instance.n; ++t) {
      if (t == o) continue;
      add_terms(instance, vectors, rows, o, t, t, sum);
      add_terms(instance, vectors, rows, t, o, t, sum);
    }
    const auto count = static_cast<double>(4 * instance.n + 16);
    const double gamma = Gamma(4 * instance.n + 16, u).up();
    StrangerModel random(d, count);
    const double factor = scale.exact * (1 + scale.common + 8 * u);
    double most_upstream = std::fabs(instance.upstream_mean * instance.setting.outer_value);
    for (const double g : instance.upstream) most_upstream = std::max(most_upstream, std::fabs(g));
    for (std::size_t k = 0; k < d; ++k) {
      // A flushed result may still be multiplied by a coefficient, by g and by the scale.
      const double flushed = f32.smallest_normal * (1 + gamma) *
                             (sum.ones[k] + count + sum.coefficients) * (1 + most_upstream) *
                             (1 + factor);
      const double most = inflate_up(sum.size[k]) * (1 + count * 0x1p-50);
      const double total = (sum.error[k] + gamma * most) * factor +
                           (scale.common + 8 * u + 0x1p-42) * most * factor + flushed;
      const bool in_range =
          std::max(most, sum.coefficients) * std::max(1.0, factor) <= f32.largest / 4;
      sum.error[k] = in_range ? inflate_up(total) : infinity;
      sum.radius[k] = inflate_up(sum.radius[k] * factor + 0x1p-44 * most * factor);
      sum.size[k] = most * factor;
      sum.centre[k] *= scale.exact;
      random.flushed[k] = flushed;
    }
    random.size = sum.size;
    random.centre = sum.centre;
    double radial = 0;
    if (instance.normalised()) radial = through_norm(instance, vectors, o, sum);
    for (double& error : sum.error) error = finite_or_infinite(error);
    return {sum.error, random.modelled(instance, vectors, scale, model, o, radial)};
  }

  /// dx = (dy - y <y, dy> r) / nu with r the norm's slope: every part with some roundings relative
  /// to the magnitudes that it adds up.
  /// Returns r.
  double through_norm(const FamilyInstance& instance, const FamilyVectors& vectors, Index o,
                      StrangerSum& sum) const {
    const auto at = static_cast<std::size_t>(o);
    const Tracked &length = vectors.length[at], &nu = vectors.norm[at];
    const double eps = instance.setting.normalisation_eps;
    const double fog = inflate_up(length.radius + length.error + 16 * u * eps);
    const bool maximum = instance.setting.normalisation == reference::Normalisation::maximum;
    double radial = 1, radial_error = 8 * u;
    if (maximum && eps - length.centre > fog)
      radial = radial_error = 0;
    else if (maximum && !(length.centre - eps > fog))
      radial_error = infinity;
    else if (instance.setting.normalisation == reference::Normalisation::added)
      radial = length.is_zero() ? 0 : nu.centre / length.centre,
      radial_error =
          length.is_zero() ? 0 : radial * (8 * u + (nu.error + length.error) / length.centre * 2);
    const double gamma = Gamma(instance.d + 16, u).up();
    double along = 0, along_error = 0;
    for (std::size_t k = 0; k < sum.error.size(); ++k) {
      const double y = std::fabs(vectors.entries(o)[k]);
      const double carried = vectors.error(o, static_cast<Index>(k));
      along += (y + carried) * sum.size[k];
      along_error += (y + carried) * (sum.error[k] + sum.radius[k]) + carried * sum.size[k];
    }
    along_error = inflate_up((along_error + gamma * along) * radial + along * radial_error);
    along = inflate_up(along * (radial + (radial > 0 ? 8 * u : 0)));
    const double low = (nu.centre - nu.radius - nu.error) * (1 - 0x1p-40);
    for (std::size_t k = 0; k < sum.error.size(); ++k) {
      const double y = std::fabs(vectors.entries(o)[k]) * (1 + vectors.slack);
      const double carried = vectors.error(o, static_cast<Index>(k));
      const double size = sum.size[k] + sum.error[k] + (y + carried) * (along + along_error);
      const double error = sum.error[k] + sum.radius[k] + (y + carried) * along_error +
                           carried * along + 32 * u * size + 16 * f32.smallest_normal;
      const double relative = nu.error / low + 16 * u;
      const double total =
          (error + size * relative) / low * (1 + 16 * u) + 16 * f32.smallest_normal;
      // The gradient may be divided by the norm up to three times on the way.
      const bool in_range = low > 0 && size / std::min(1.0, low * low * low) <= f32.largest / 4;
      sum.error[k] = in_range ? inflate_up(total) : infinity;
    }
    return radial;
  }

  ModelledBudget parameter_budget(const FamilyInstance& instance, const FamilyScale& scale,
                                  const StrangerRows& rows, const ModelledSum& model) const {
    const Index keys = instance.blocks.front().keys, count = static_cast<Index>(rows.rows.size());
    const Index additions = (online_ ? std::min(count + keys, count * keys) : count * keys) + 16;
    if (static_cast<double>(additions) * u >= 0.5) return {infinity, infinity};
    double centre = 0, error = 0;
    for (const Tracked& lever : rows.levers) {
      centre += std::fabs(lever.centre) + lever.radius;
      error += lever.error;
    }
    const double parts = inflate_up(rows.lever_parts * (1 + 0x1p-30));
    error += Gamma(additions, u).up() * parts +
             2 * static_cast<double>(count * keys + 8) * f32.smallest_normal;
    double slope = 1;
    if (instance.setting.temperature_as == reference::TemperatureAs::temperature)
      slope = scale.exact;
    if (instance.setting.temperature_as == reference::TemperatureAs::scale) slope = 1 / scale.exact;
    const double relative = scale.common + 16 * u;
    if (!(parts * std::max({1.0, slope, scale.exact, slope * slope}) <= f32.largest / 4))
      return {infinity, infinity};
    const double budget = finite_or_infinite(
        inflate_up((error + relative * (centre + error)) * slope * (1 + relative) * (1 + 0x1p-40)));
    // The sum of the levers themselves is known: the scale is off by as much, then 16 roundings.
    double sum = 0;
    for (const Tracked& lever : rows.levers) sum += lever.centre;
    const double step = u * parts, last = u * sum;
    const double variance = model.variance +
                            model.ties * static_cast<double>(additions) * step * step / 3 +
                            16 * last * last / 3;
    const double unknown = scale.unknown * (std::fabs(model.slope) + std::fabs(sum));
    const double modelled =
        (unknown + model.remainder + modelled_deviations * std::sqrt(variance)) * slope;
    return {budget, modelled};
  }

  bool online_;
  ErrorAlgebra algebra_;
};

}  // namespace

const FamilyAlgorithm& any_order_family() {
  static const AnyOrderFamily algorithm(false);
  return algorithm;
}

const FamilyAlgorithm& any_order_online_family() {
  static const AnyOrderFamily algorithm(true);
  return algorithm;
}

}  // namespace assay::contract
