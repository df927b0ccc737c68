// SPDX-License-Identifier: Apache-2.0
// Budgets of "tiled-family", backward: from the coefficients of all rows to every element.
#include "properties/contract/loss/info_nce_family_gradient.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "properties/contract/loss/info_nce_budget.hpp"
#include "properties/contract/loss/info_nce_family_rows.hpp"

namespace assay::contract {

namespace {

using reference::Directions;
using reference::Normalisation;
using reference::OverAnchors;
using reference::RowFate;
using reference::TemperatureAs;
using Index = std::int64_t;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
constexpr double eta = f32.half_subnormal;

/// The arithmetic of each step: binary32, or exact where the step's term is left out.
class Steps {
 public:
  explicit Steps(std::optional<GradientTerm> without)
      : without_(without), algebra_(tiled_format()), exact_(exact_format()) {}
  bool has(GradientTerm term) const { return without_ != term; }
  const ErrorAlgebra& at(GradientTerm term) const { return has(term) ? algebra_ : exact_; }

 private:
  static Format exact_format() {
    Format format;
    format.rounding = f32;
    format.rounding.roundoff = format.rounding.half_subnormal = 0;
    format.exp_of_zero_is_one = true;
    return format;
  }
  std::optional<GradientTerm> without_;
  ErrorAlgebra algebra_, exact_;
};

/// Coefficients of all rows by column; rows that do not count have zeros.
struct AllCoefficients {
  std::vector<std::vector<Tracked>> rows;
  std::vector<Tracked> levers;
};

/// The upstream gradient of a row (B1).
Tracked upstream_of(const ErrorAlgebra& algebra, const FamilyInstance& instance, Index i) {
  const FamilyRow& row = instance.row(i);
  Tracked up = held(instance.upstream_mean);
  const double outer = instance.setting.outer_value, rounded = static_cast<float>(outer);
  if (outer != 1) up = algebra.mul(up, {outer, 0, std::fabs(rounded - outer)});
  if (instance.setting.directions == Directions::half_sum) up = algebra.mul(up, held(0.5));
  const Index total = instance.block_counts[row.block];
  if (instance.setting.over != OverAnchors::sum && total != 0)
    up = algebra.div(up, algebra.round(held(static_cast<double>(total))));
  const auto count = static_cast<double>(row.count);
  if (count != 1) up = count == 0 ? held(0) : algebra.mul(up, held(count));
  return algebra.add(held(instance.upstream[static_cast<std::size_t>(i)]), up);
}

/// Modelled: held minus exact upstream gradient of a row. All that G1 works with is known.
double upstream_error(const FamilyInstance& instance, Index i) {
  const FamilyRow& row = instance.row(i);
  float up = static_cast<float>(instance.upstream_mean);
  const double outer = instance.setting.outer_value;
  if (outer != 1) up = up * static_cast<float>(outer);
  if (instance.setting.directions == Directions::half_sum) up = up * 0.5f;
  const Index total = instance.block_counts[row.block];
  if (instance.setting.over != OverAnchors::sum && total != 0) up = up / static_cast<float>(total);
  const double own = instance.upstream[static_cast<std::size_t>(i)];
  up = up * static_cast<float>(row.count);
  const float held = static_cast<float>(own) + up;
  return held - (own + instance.upstream_mean * weight_in_loss(instance, row));
}

/// The logits without their errors; the enclosures of the held ones stay.
void forget_errors(FamilyLogits& logits) {
  logits.common = logits.unknown_common = 0;
  for (std::vector<double>* part : {&logits.deviation, &logits.known, &logits.variance})
    part->assign(logits.size(), 0.0);
}

AllCoefficients coefficients_of(const FamilyInstance& instance, const Steps& steps,
                                const FamilyVectors& vectors, const FamilyScale& scale,
                                FamilyGradientModel& model) {
  AllCoefficients all;
  for (std::size_t i = 0; i < instance.rows.size(); ++i) {
    const FamilyRow& row = instance.rows[i];
    const auto keys = static_cast<std::size_t>(instance.blocks[row.block].keys);
    all.rows.emplace_back(keys);
    all.levers.emplace_back();
    if (row.fate != RowFate::counts) continue;
    FamilyLogits logits = logits_of(instance, vectors, scale, FamilyArithmetic::tiled, row);
    if (!steps.has(GradientTerm::logits)) forget_errors(logits);
    if (!logits.in_domain) {
      all.rows.back().assign(keys, {0, infinity, infinity});
      all.levers.back() = {0, infinity, infinity};
      model.add_unknown_row(static_cast<Index>(i));
      continue;
    }
    const auto at = static_cast<Index>(i);
    const bool rounded = steps.has(GradientTerm::upstream);
    const Tracked g = upstream_of(steps.at(GradientTerm::upstream), instance, at);
    const FamilyCoefficients found =
        tiled_family_coefficients(steps.at(GradientTerm::evaluation), instance.setting, logits, g);
    for (std::size_t j = 0; j < logits.size(); ++j)
      all.rows.back()[static_cast<std::size_t>(logits.column[j])] = found.terms[j];
    all.levers.back() = found.lever;
    model.add_row(at, logits, g.centre, rounded ? upstream_error(instance, at) : 0, found.noise);
  }
  return all;
}

/// What multiplies vector t in the gradient of vector o: the coefficient of t in row o, of o in
/// row t, or their rounded sum.
class Pairs {
 public:
  Pairs(const ErrorAlgebra& algebra, const FamilyInstance& instance, const AllCoefficients& all)
      : algebra_(algebra), instance_(instance), all_(all) {}

  Tracked of(Index o, Index t) const { return algebra_.add(in_row(o, t), in_row(t, o)); }

 private:
  Tracked in_row(Index row, Index key) const {
    if (row >= static_cast<Index>(instance_.rows.size())) return {};
    const reference::FamilyBlock& block = instance_.blocks[instance_.row(row).block];
    const Index column = key - block.first_key;
    if (column < 0 || column >= block.keys) return {};
    return all_.rows[static_cast<std::size_t>(row)][static_cast<std::size_t>(column)];
  }

  const ErrorAlgebra& algebra_;
  const FamilyInstance& instance_;
  const AllCoefficients& all_;
};

/// The derivative by y_o: chains of fused multiply-adds over the other vectors, times the scale.
std::vector<Tracked> chains(const FamilyInstance& instance, const Steps& steps,
                            const FamilyVectors& vectors, const FamilyScale& scale,
                            const Pairs& pairs, Index o) {
  const double of_chain = steps.has(GradientTerm::chain) ? 1 : 0;
  const double of_product = steps.has(GradientTerm::product) ? 1 : 0;
  const auto d = static_cast<std::size_t>(instance.d);
  std::vector<double> partial(d), radius(d), error(d), variance(d);
  for (Index t = 0; t < 2 * instance.n; ++t) {
    if (t == o) continue;
    const Tracked c = pairs.of(o, t);
    if (c.is_zero()) continue;
    const double* y = vectors.entries(t);
    for (std::size_t k = 0; k < d; ++k) {
      const double size = std::fabs(y[k]), carried = vectors.error(t, static_cast<Index>(k));
      if (size == 0 && carried == 0 && c.error < infinity) continue;  // nothing is added
      // The first product, with a power of two, is not rounded.
      const bool scales = partial[k] == 0 && radius[k] == 0 && error[k] == 0 && carried == 0 &&
                          is_power_of_two(size);
      partial[k] += c.centre * y[k];
      radius[k] += c.radius * size +
                   (0x1p-50 + vectors.slack) * (std::fabs(c.centre) + c.radius) * size +
                   0x1p-52 * std::fabs(partial[k]);
      const double before = error[k] + c.error * (size + carried) * (1 + vectors.slack) +
                            (std::fabs(c.centre) + c.radius) * carried;
      const double top = (std::fabs(partial[k]) + radius[k] + before) * (1 + 0x1p-40);
      const double step = of_chain * std::max(scales ? 0 : u * power_below(top), top > 0 ? eta : 0);
      error[k] = top <= f32.largest ? (before + step) * (1 + 0x1p-50) : infinity;
      const double random =
          of_chain * std::max(scales ? 0 : u * power_below(std::fabs(partial[k])), eta);
      variance[k] += random * random * (1.0 / 3);
    }
  }
  std::vector<Tracked> gradient;
  for (std::size_t k = 0; k < d; ++k) {
    const double size = inflate_up((std::fabs(partial[k]) + radius[k]) * scale.exact);
    const double held_scale = scale.held * (1 + scale.held_spread) * (1 + 0x1p-50);
    const double top = inflate_up((std::fabs(partial[k]) + radius[k] + error[k]) * held_scale);
    const double step =
        scale.held_spread == 0 && is_power_of_two(scale.held) ? 0 : u * power_below(top);
    const double rounding = of_product * std::max(step, top > 0 ? eta : 0);
    const double moved = error[k] * held_scale + size * (scale.common + 0x1p-50) + rounding;
    gradient.push_back({partial[k] * scale.exact,
                        inflate_up(radius[k] * scale.exact + size * (scale.exact_slack + 0x1p-50)),
                        top <= f32.largest ? inflate_up(moved) : infinity,
                        variance[k] * scale.held * scale.held + rounding * rounding * (1.0 / 3)});
  }
  return gradient;
}

/// What the part along the vector is multiplied by (B6): derivative of the norm times |x|.
Tracked radial_of(const ErrorAlgebra& algebra, const FamilyInstance& instance,
                  const FamilyVectors& vectors, Index o) {
  const Tracked& length = vectors.length[static_cast<std::size_t>(o)];
  const Tracked& norm = vectors.norm[static_cast<std::size_t>(o)];
  switch (instance.setting.normalisation) {
    case Normalisation::none:
    case Normalisation::product_maximum: return held(0);  // refused when the case is read
    case Normalisation::inside_root: return held(1);
    case Normalisation::added: return length.is_zero() ? held(0) : algebra.div(norm, length);
    case Normalisation::maximum: break;
  }
  const double eps = instance.setting.normalisation_eps, rounded = static_cast<float>(eps);
  const double fog = inflate_up(length.radius + length.error + std::fabs(rounded - eps));
  if (length.centre - eps > inflate_up(fog)) return held(1);
  if (eps - length.centre > inflate_up(fog)) return held(0);
  return {0, infinity, infinity};  // which of the two cannot be told
}

/// (dy - y <y, dy> radial) / nu.
std::vector<Tracked> through_norm(const ErrorAlgebra& algebra, const FamilyInstance& instance,
                                  const FamilyVectors& vectors, Index o,
                                  const std::vector<Tracked>& gradient) {
  std::array<Tracked, 32> lanes{};
  for (std::size_t k = 0; k < gradient.size(); ++k)
    lanes[k % 32] =
        algebra.fma(vectors.tracked(o, static_cast<Index>(k)), gradient[k], lanes[k % 32]);
  for (std::size_t offset = 16; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) lanes[l] = algebra.add(lanes[l], lanes[l + offset]);
  const Tracked radial = radial_of(algebra, instance, vectors, o);
  Tracked along = held(0);
  if (!radial.is_zero())
    along = radial.centre == 1 && radial.error == 0 ? lanes[0] : algebra.mul(lanes[0], radial);
  along.centre = -along.centre;
  std::vector<Tracked> out;
  const Tracked& norm = vectors.norm[static_cast<std::size_t>(o)];
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    const Tracked y = vectors.tracked(o, static_cast<Index>(k));
    const Tracked rest = along.is_zero() ? gradient[k] : algebra.fma(along, y, gradient[k]);
    out.push_back(algebra.div(rest, norm));
  }
  return out;
}

/// What is known of the last steps on exact coefficients: what held vectors, scale and norm make of
/// them, minus what the exact ones do. Per coordinate; `exact` is the latter.
struct KnownSteps {
  std::vector<double> exact, difference;
};
KnownSteps known_steps(const FamilyInstance& instance, const FamilyVectors& vectors,
                       const FamilyScale& scale, const Pairs& pairs, Index o, double radial,
                       double held_radial) {
  const auto d = static_cast<std::size_t>(instance.d);
  const auto steps = [&](bool is_held) {
    const auto of = [&](Index v) { return is_held ? vectors.held_entries(v) : vectors.entries(v); };
    std::vector<double> out(d);
    for (Index t = 0; t < 2 * instance.n; ++t) {
      const double c = t == o ? 0 : pairs.of(o, t).centre;
      for (std::size_t k = 0; k < d; ++k) out[k] += c * of(t)[k];
    }
    const double factor = is_held ? scale.held : scale.exact,
                 along = is_held ? held_radial : radial;
    double dot = 0, norm = 1;
    for (std::size_t k = 0; k < d; ++k) dot += out[k] * of(o)[k];
    if (instance.normalised()) {
      const Tracked& nu = vectors.norm[static_cast<std::size_t>(o)];
      norm = is_held ? vectors.held_norm[static_cast<std::size_t>(o)] : nu.centre;
    }
    for (std::size_t k = 0; k < d; ++k) out[k] = (out[k] - along * dot * of(o)[k]) * factor / norm;
    return out;
  };
  KnownSteps found{steps(false), steps(true)};
  for (std::size_t k = 0; k < d; ++k) found.difference[k] -= found.exact[k];
  return found;
}

/// The modelled column of vector o; `gradient` carries the variances of the sums and what follows.
std::vector<double> modelled_vector(const FamilyInstance& instance, const FamilyVectors& vectors,
                                    const FamilyScale& scale, const Pairs& pairs,
                                    const FamilyGradientModel& model, Index o, double radial,
                                    const std::vector<Tracked>& gradient) {
  if (!model.usable()) return std::vector<double>(gradient.size(), infinity);
  const auto at = static_cast<std::size_t>(o);
  const bool normalised = instance.normalised();
  double held_radial = radial, factor = scale.exact;
  if (normalised) {
    factor /= vectors.norm[at].centre;
    if (instance.setting.normalisation == Normalisation::added && radial != 0)
      held_radial = vectors.held_norm[at] / vectors.held_length[at];
  }
  const KnownSteps steps = known_steps(instance, vectors, scale, pairs, o, radial, held_radial);
  const std::vector<ModelledSum> sums = model.of_vector(o, radial);
  std::vector<double> modelled;
  for (std::size_t k = 0; k < gradient.size(); ++k) {
    const ModelledSum& m = sums[k];
    const double known = m.known * factor + steps.difference[k];
    const double unknown =
        scale.unknown * (std::fabs(m.slope * factor) + std::fabs(steps.exact[k]));
    const double variance = m.variance * factor * factor + m.ties * gradient[k].variance;
    const double total = std::fabs(known) + unknown + m.remainder * std::fabs(factor) +
                         modelled_deviations * std::sqrt(variance);
    modelled.push_back(total);
  }
  return modelled;
}

/// The scale as if it were held exactly.
FamilyScale exact_scale(FamilyScale scale) {
  scale.held = scale.exact;
  scale.common = scale.unknown = scale.held_spread = 0;
  return scale;
}

/// The vectors as the steps after the coefficients see them.
FamilyVectors vectors_after(const Steps& steps, FamilyVectors vectors) {
  if (!steps.has(GradientTerm::carried) && !vectors.held.empty()) vectors.held = vectors.y;
  if (steps.has(GradientTerm::norm)) return vectors;
  for (std::size_t v = 0; v < vectors.norm.size(); ++v) {
    vectors.norm[v].error = vectors.length[v].error = 0;
    vectors.held_norm[v] = vectors.norm[v].centre;
    vectors.held_length[v] = vectors.length[v].centre;
  }
  return vectors;
}

/// The derivative by the parameter as it is given (B5).
ModelledBudget parameter_budget(const FamilyInstance& instance, const Steps& steps,
                                FamilyScale scale, const std::vector<Tracked>& levers,
                                const ModelledSum& model) {
  const Tracked sum = sum_by_threads(steps.at(GradientTerm::parameter_sum), levers);
  const ErrorAlgebra& algebra = steps.at(GradientTerm::parameter_scale);
  if (!steps.has(GradientTerm::parameter_scale)) scale = exact_scale(scale);
  Tracked out = sum;
  double systematic = 0, slope = 1, known = 0, unknown = 0;
  const double off = scale.held / scale.exact - 1;
  switch (instance.setting.temperature_as) {
    case TemperatureAs::temperature:
      out = algebra.mul(sum, held(scale.held));
      systematic = sum.magnitude() * scale.exact * (scale.common + 0x1p-50);
      slope = scale.exact;
      known = off * sum.centre * slope;
      break;
    case TemperatureAs::scale:
      out = algebra.div(sum, {scale.exact, 0, std::fabs(scale.held - scale.exact)});
      slope = 1 / scale.exact;
      known = -off * sum.centre * slope;
      break;
    case TemperatureAs::log_scale: break;
  }
  const double total = inflate_up(out.error + systematic);
  if (!std::isfinite(total)) return {infinity, infinity};
  unknown = scale.unknown * std::fabs(model.slope) * slope;
  const double modelled =
      std::fabs(model.known * slope + known) + unknown + model.remainder * slope +
      modelled_deviations * std::sqrt(model.variance * slope * slope + model.ties * out.variance);
  return {total, modelled};
}

}  // namespace

FamilyGradientBudget tiled_family_gradient_budget(const FamilyInstance& instance,
                                                  std::optional<GradientTerm> without) {
  const Steps steps(without);
  const FamilyVectors vectors =
      vectors_of(instance, ErrorAlgebra(tiled_format()), FamilyArithmetic::tiled);
  const FamilyScale scale = scale_of(instance, FamilyArithmetic::tiled);
  FamilyGradientModel model(instance, vectors, true, steps.has(GradientTerm::pair) ? u : 0);
  const AllCoefficients all = coefficients_of(instance, steps, vectors, scale, model);
  const Pairs pairs(steps.at(GradientTerm::pair), instance, all);
  const FamilyVectors after = vectors_after(steps, vectors);
  const FamilyScale last = steps.has(GradientTerm::scale) ? scale : exact_scale(scale);
  FamilyGradientBudget budget;
  for (Index o = 0; o < 2 * instance.n; ++o) {
    std::vector<Tracked> gradient = chains(instance, steps, after, last, pairs, o);
    double radial = 0;
    if (instance.normalised()) {
      const ErrorAlgebra& algebra = steps.at(GradientTerm::norm_steps);
      gradient = through_norm(algebra, instance, after, o, gradient);
      radial = radial_of(algebra, instance, after, o).centre;
    }
    for (Tracked& g : gradient) g.error = std::isfinite(g.error) ? inflate_up(g.error) : infinity;
    const std::vector<double> modelled =
        modelled_vector(instance, after, last, pairs, model, o, radial, gradient);
    for (const Tracked& g : gradient) (o < instance.n ? budget.a : budget.b).push_back(g.error);
    auto& to = o < instance.n ? budget.a_modelled : budget.b_modelled;
    to.insert(to.end(), modelled.begin(), modelled.end());
  }
  const ModelledBudget parameter =
      parameter_budget(instance, steps, scale, all.levers, model.of_parameter());
  budget.parameter = parameter.budget;
  budget.parameter_modelled = parameter.modelled;
  return budget;
}

}  // namespace assay::contract
