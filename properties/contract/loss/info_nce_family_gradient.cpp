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

AllCoefficients coefficients_of(const FamilyInstance& instance, const ErrorAlgebra& algebra,
                                const FamilyVectors& vectors, const FamilyScale& scale) {
  AllCoefficients all;
  for (std::size_t i = 0; i < instance.rows.size(); ++i) {
    const FamilyRow& row = instance.rows[i];
    const auto keys = static_cast<std::size_t>(instance.blocks[row.block].keys);
    all.rows.emplace_back(keys);
    all.levers.emplace_back();
    if (row.fate != RowFate::counts) continue;
    const FamilyLogits logits = logits_of(instance, vectors, scale, FamilyArithmetic::tiled, row);
    if (!logits.in_domain) {
      all.rows.back().assign(keys, {0, infinity, infinity});
      all.levers.back() = {0, infinity, infinity};
      continue;
    }
    const Tracked g = upstream_of(algebra, instance, static_cast<Index>(i));
    const FamilyCoefficients found =
        tiled_family_coefficients(algebra, instance.setting, logits, g);
    for (std::size_t j = 0; j < logits.size(); ++j)
      all.rows.back()[static_cast<std::size_t>(logits.column[j])] = found.terms[j];
    all.levers.back() = found.lever;
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
std::vector<Tracked> chains(const FamilyInstance& instance, const FamilyVectors& vectors,
                            const FamilyScale& scale, const Pairs& pairs, Index o) {
  const auto d = static_cast<std::size_t>(instance.d);
  std::vector<double> partial(d), radius(d), error(d);
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
      const double step = std::max(scales ? 0 : u * power_below(top), top > 0 ? eta : 0);
      error[k] = top <= f32.largest ? (before + step) * (1 + 0x1p-50) : infinity;
    }
  }
  std::vector<Tracked> gradient;
  for (std::size_t k = 0; k < d; ++k) {
    const double size = inflate_up((std::fabs(partial[k]) + radius[k]) * scale.exact);
    const double held_scale = scale.held * (1 + scale.held_spread) * (1 + 0x1p-50);
    const double top = inflate_up((std::fabs(partial[k]) + radius[k] + error[k]) * held_scale);
    const double step =
        scale.held_spread == 0 && is_power_of_two(scale.held) ? 0 : u * power_below(top);
    const double rounding = std::max(step, top > 0 ? eta : 0);
    const double moved = error[k] * held_scale + size * (scale.common + 0x1p-50) + rounding;
    gradient.push_back({partial[k] * scale.exact,
                        inflate_up(radius[k] * scale.exact + size * (scale.exact_slack + 0x1p-50)),
                        top <= f32.largest ? inflate_up(moved) : infinity});
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

/// The derivative by the parameter as it is given (B5).
double parameter_budget(const FamilyInstance& instance, const ErrorAlgebra& algebra,
                        const FamilyScale& scale, const std::vector<Tracked>& levers) {
  const Tracked sum = sum_by_threads(algebra, levers);
  Tracked out = sum;
  double systematic = 0;
  switch (instance.setting.temperature_as) {
    case TemperatureAs::temperature:
      out = algebra.mul(sum, held(scale.held));
      systematic = sum.magnitude() * scale.exact * (scale.common + 0x1p-50);
      break;
    case TemperatureAs::scale:
      out = algebra.div(sum, {scale.exact, 0, std::fabs(scale.held - scale.exact)});
      break;
    case TemperatureAs::log_scale: break;
  }
  const double total = inflate_up(out.error + systematic);
  return std::isfinite(total) ? total : infinity;
}

}  // namespace

FamilyGradientBudget tiled_family_gradient_budget(const FamilyInstance& instance) {
  const ErrorAlgebra algebra(tiled_format());
  const FamilyVectors vectors = vectors_of(instance, algebra, FamilyArithmetic::tiled);
  const FamilyScale scale = scale_of(instance, FamilyArithmetic::tiled);
  const AllCoefficients all = coefficients_of(instance, algebra, vectors, scale);
  const Pairs pairs(algebra, instance, all);
  FamilyGradientBudget budget;
  for (Index o = 0; o < 2 * instance.n; ++o) {
    std::vector<Tracked> gradient = chains(instance, vectors, scale, pairs, o);
    if (instance.normalised()) gradient = through_norm(algebra, instance, vectors, o, gradient);
    for (const Tracked& g : gradient)
      (o < instance.n ? budget.a : budget.b)
          .push_back(std::isfinite(g.error) ? inflate_up(g.error) : infinity);
  }
  budget.parameter = parameter_budget(instance, algebra, scale, all.levers);
  return budget;
}

}  // namespace assay::contract
