// SPDX-License-Identifier: Apache-2.0
// Norms, dot products and logits of an InfoNCE setting over the error algebra
// (docs/loss/info_nce-family-budget.md, "The vectors" and "The logits").
#include "properties/contract/loss/info_nce_family_logits.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace assay::contract {

namespace {

using reference::Normalisation;
using reference::TemperatureAs;
using Index = std::int64_t;

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr Rounding f32 = rounding_of(Dtype::f32);
constexpr double u = f32.roundoff;
constexpr double eta = f32.half_subnormal;

/// Bound of |held / exact - 1| where exact is known within the relative `slack`.
double ratio_error(double held, double exact, double slack) {
  return inflate_up(std::fabs(held - exact) / exact + slack + 0x1p-51);
}

/// The exponential of a log-scale: what a C library returns in binary64 is assumed to lie within
/// 2^-43 of it; the two binary32 numbers next to that bracket are taken into account.
FamilyScale exponential_scale(double log_scale) {
  FamilyScale s;
  constexpr double library = 0x1p-43;
  s.exact = exp_near(log_scale);
  s.exact_slack = near_slack;
  const double low = static_cast<float>(s.exact * (1 - library));
  const double high = static_cast<float>(s.exact * (1 + library));
  s.held = low;
  s.held_spread = low > 0 ? (high - low) / low : infinity;
  s.common =
      std::max(ratio_error(low, s.exact, near_slack), ratio_error(high, s.exact, near_slack));
  return s;
}

/// Norm and normalised entries of one vector as the stated algorithm computes them (F0): binary32
/// operations on the inputs, 32 lanes and a tree.
struct StatedNorm {
  float square = 0, length = 0, norm = 0;
};
StatedNorm stated_norm(const double* x, Index d, const reference::InfoNceSetting& setting) {
  std::array<float, 32> lanes{};
  for (Index k = 0; k < d; ++k) {
    const float entry = static_cast<float>(x[k]);
    float& lane = lanes[static_cast<std::size_t>(k % 32)];
    lane = std::fma(entry, entry, lane);
  }
  for (std::size_t offset = 16; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) lanes[l] = lanes[l] + lanes[l + offset];
  StatedNorm s;
  const float eps = static_cast<float>(setting.normalisation_eps);
  s.square = lanes[0];
  s.length = std::sqrt(s.square);
  s.norm = s.length;
  if (setting.normalisation == Normalisation::maximum && s.length <= eps) s.norm = eps;
  if (setting.normalisation == Normalisation::added) s.norm = s.length + eps;
  if (setting.normalisation == Normalisation::inside_root) s.norm = std::sqrt(s.square + eps);
  return s;
}

/// An exact number known through the double `near`, held as `value`.
Tracked known_held(double near, double slack, double value) {
  const double radius = inflate_up(slack * std::fabs(near));
  if (!std::isfinite(value)) return {near, radius, infinity};
  return {near, radius, inflate_up(std::fabs(value - near) + radius)};
}

/// |x| and nu in double.
void exact_norm(const double* x, Index d, const reference::InfoNceSetting& setting, double& length,
                double& norm) {
  double square = 0;
  for (Index k = 0; k < d; ++k) square += x[k] * x[k];
  const double eps = setting.normalisation_eps;
  length = std::sqrt(square);
  norm = length;
  if (setting.normalisation == Normalisation::maximum) norm = std::max(length, eps);
  if (setting.normalisation == Normalisation::added) norm = length + eps;
  if (setting.normalisation == Normalisation::inside_root) norm = std::sqrt(square + eps);
}

/// One vector of the stated algorithm: what is held is computed, not bounded.
void normalise_as_stated(const double* x, const FamilyInstance& instance, FamilyVectors& out) {
  const StatedNorm stated = stated_norm(x, instance.d, instance.setting);
  double length, norm;
  exact_norm(x, instance.d, instance.setting, length, norm);
  out.length.push_back(known_held(length, out.slack, stated.length));
  out.norm.push_back(known_held(norm, out.slack, stated.norm));
  out.held_length.push_back(stated.length);
  out.held_norm.push_back(stated.norm);
  out.common.push_back(0);
  const bool in_domain = std::isfinite(stated.norm) && stated.norm > 0 && norm > 0;
  out.in_domain.push_back(in_domain);
  for (Index k = 0; k < instance.d; ++k) {
    out.y.push_back(in_domain ? x[k] / norm : 0);
    out.held.push_back(in_domain ? static_cast<float>(x[k]) / stated.norm : 0.0f);
  }
}

Tracked squares_in_any_order(const ErrorAlgebra& algebra, const double* x, Index d) {
  std::vector<Tracked> terms;
  for (Index k = 0; k < d; ++k) terms.push_back(algebra.mul(held(x[k]), held(x[k])));
  return algebra.sum_any_order(terms);
}

/// nu from the sum of squares.
Tracked norm_from(const ErrorAlgebra& algebra, const reference::InfoNceSetting& setting,
                  const Tracked& square, const Tracked& length, double ulps) {
  const double exact = setting.normalisation_eps, rounded = static_cast<float>(exact);
  const Tracked eps{exact, 0, std::fabs(rounded - exact)};
  switch (setting.normalisation) {
    case Normalisation::maximum: return algebra.max(length, eps);
    case Normalisation::added: return algebra.add(length, eps);
    case Normalisation::inside_root: return square_root(algebra, algebra.add(square, eps), ulps);
    case Normalisation::none:
    case Normalisation::product_maximum: break;  // the latter is refused when the case is read
  }
  return held(1);
}

/// One vector of a stranger: divided by its norm, or multiplied by a reciprocal (two more
/// roundings), or by a reciprocal square root of 4 units.
void normalise_in_any_order(const double* x, const FamilyInstance& instance,
                            const ErrorAlgebra& algebra, FamilyVectors& out) {
  constexpr double ulps = 4;
  const Tracked square = squares_in_any_order(algebra, x, instance.d);
  out.length.push_back(square_root(algebra, square, ulps));
  Tracked nu = norm_from(algebra, instance.setting, square, out.length.back(), ulps);
  if (!(nu.radius <= nu.centre * out.slack * 0.25)) nu.error = infinity;
  out.norm.push_back(nu);
  const double low = (std::fabs(nu.centre) - nu.radius) * (1 - 0x1p-48);
  const double held_low = (low - nu.error) * (1 - 0x1p-48);
  const bool usable = std::isfinite(nu.error) && held_low >= 4 * f32.smallest_normal;
  out.common.push_back(usable ? inflate_up(nu.error / held_low + 16 * u) : infinity);
  // The norm, and the reciprocal that may take its place. A rounded eps is no random number, and
  // the same for every vector: no model.
  const double reciprocal = 2 * u;
  const bool random = usable && (nu.variance > 0 || nu.error == 0);
  out.spread.push_back(
      random ? std::sqrt(nu.variance / (low * low) + reciprocal * reciprocal * (1.0 / 3))
             : infinity);
  bool in_domain = usable;
  for (Index k = 0; k < instance.d; ++k) {
    const double y = usable ? x[k] / nu.centre : 0;
    const double top = inflate_up(std::fabs(y) * (1 + out.slack) * (1 + out.common.back()));
    out.y.push_back(y);
    out.rounding.push_back(
        x[k] == 0 || !usable ? 0 : std::max(u * power_below(top), f32.smallest_normal));
    in_domain = in_domain && top <= f32.largest;
  }
  out.in_domain.push_back(in_domain);
}

/// Error of a sum of products of two held vectors against the exact one: what the vectors carry in
/// (`operands`) and what the sum adds (`sum`).
struct DotProduct {
  double centre = 0, slack = 0, operands = 0, sum = 0, size = 0;
  bool is_exact = false;  ///< the held number is `on_held`: nothing was rounded
  double on_held = 0;
  // Modelled: the known part of held - centre; the variance of the sum's roundings and of what the
  // rounded entries of either vector carry in.
  double known = 0, variance = 0, of_row = 0, of_key = 0;
};

/// The chain of the stated algorithm: each partial sum of its entries is rounded once.
DotProduct chain(const FamilyVectors& v, Index row, Index key) {
  const double *x = v.entries(row), *y = v.entries(key);
  const double *hx = v.held_entries(row), *hy = v.held_entries(key);
  const double relative = 2 * v.slack + static_cast<double>(v.d + 4) * 0x1p-52;
  DotProduct p;
  double on_held = 0, held_size = 0;
  for (Index k = 0; k < v.d; ++k) {
    const double product = hx[k] * hy[k];
    p.centre += x[k] * y[k];
    p.size += std::fabs(x[k] * y[k]);
    on_held += product;
    held_size += std::fabs(product);
    const double top = (std::fabs(on_held) + relative * held_size + p.sum) * (1 + 0x1p-40);
    if (product == 0) continue;
    if (held_size == std::fabs(product)) {  // the first one: 0 is added to a known number
      p.known = static_cast<float>(product) - product;
      p.sum = std::fabs(p.known);
      continue;
    }
    const double step = std::max(u * power_below(top) * (1 + 0x1p-50), eta);
    p.sum += step;
    p.variance += step * step * (1.0 / 3);
  }
  p.on_held = on_held;
  p.is_exact = p.sum == 0;
  p.known += on_held - p.centre;
  p.slack = inflate_up(relative * p.size);
  p.operands = v.held.empty()
                   ? 0
                   : inflate_up(std::fabs(on_held - p.centre) + p.slack + relative * held_size);
  p.sum = inflate_up(p.sum * (1 + relative));
  return p;
}

/// What the entries of a stranger carry into a dot product.
DotProduct with_carried(const FamilyVectors& v, Index row, Index key) {
  const double *x = v.entries(row), *y = v.entries(key);
  const double cx = v.common[static_cast<std::size_t>(row)];
  const double cy = v.common[static_cast<std::size_t>(key)];
  const double both = inflate_up(cx + cy + cx * cy);
  const double relative = 2 * v.slack + static_cast<double>(v.d + 4) * 0x1p-52;
  DotProduct p;
  double residual = 0;
  for (Index k = 0; k < v.d; ++k) {
    const double product = x[k] * y[k];
    p.centre += product;
    p.size += std::fabs(product);
    const double rx = v.rounding_of(row, k), ry = v.rounding_of(key, k);
    residual += std::fabs(x[k]) * (1 + cx) * ry + std::fabs(y[k]) * (1 + cy) * rx + rx * ry;
    p.of_row += y[k] * y[k] * rx * rx * (1.0 / 3);
    p.of_key += x[k] * x[k] * ry * ry * (1.0 / 3);
  }
  p.slack = inflate_up(relative * p.size);
  p.operands = inflate_up(both * (std::fabs(p.centre) + p.slack) + residual * (1 + relative));
  return p;
}

/// Any order, fused or not; the scale before or after it.
DotProduct in_any_order(const FamilyVectors& v, Index row, Index key, double scale) {
  DotProduct p = with_carried(v, row, key);
  const double gamma = Gamma(v.d + 1, u).up();
  double ones = 0;
  for (Index k = 0; k < v.d; ++k)
    ones += std::fabs(v.entries(row)[k]) + std::fabs(v.entries(key)[k]);
  const double terms = 2 * static_cast<double>(v.d);
  // Flushed: entries scaled first, products and sums, before or after scaling, in units of a
  // logit.
  const double flushed =
      f32.smallest_normal * (1 + gamma) * (terms + (terms + 1 + 2 * ones) / scale);
  p.sum = inflate_up(gamma * (1 + gamma) * (p.size + p.operands) + flushed);
  const double step = u * p.size;  // d roundings of partial sums that are no larger than all terms
  p.variance = (static_cast<double>(v.d) * step * step + flushed * flushed) * (1.0 / 3);
  return p;
}

/// What the modelled column knows of a logit. A stranger's scale may round twice on the way.
void add_model(const FamilyVectors& vectors, const FamilyScale& scale, bool tiled, Index row,
               Index key, const DotProduct& dot, double rounding, FamilyLogits& logits) {
  const double t = std::fabs(dot.centre * scale.held);
  const double own = tiled ? rounding * rounding : 2 * (u * t) * (u * t);
  logits.known.push_back(dot.known * scale.held + dot.centre * (scale.held - scale.exact));
  logits.variance.push_back(dot.variance * scale.held * scale.held + own * (1.0 / 3));
  if (vectors.spread.empty()) return;
  const auto noise = [&](Index vector, double of_entries) {
    return t * vectors.spread[static_cast<std::size_t>(vector)] +
           scale.held * std::sqrt(of_entries);
  };
  logits.row_noise.push_back(noise(row, dot.of_row));
  logits.key_noise.push_back(noise(key, dot.of_key));
}

}  // namespace

FamilyScale scale_of(const FamilyInstance& instance, FamilyArithmetic arithmetic) {
  FamilyScale s;
  const double p = instance.parameter;
  switch (instance.setting.temperature_as) {
    case TemperatureAs::temperature:
      s.exact = 1 / p;
      s.exact_slack = 0x1p-52;
      s.held = static_cast<float>(1 / p);
      s.common = inflate_up(std::fabs(std::fma(s.held, p, -1.0)));
      break;
    case TemperatureAs::scale:
      s.exact = p;
      s.held = static_cast<float>(p);
      s.common = ratio_error(s.held, p, 0);
      break;
    case TemperatureAs::log_scale: s = exponential_scale(p); break;
  }
  if (arithmetic == FamilyArithmetic::any_order) {
    // T or its reciprocal rounded, a division by either, a binary32 exponential of 4 units of a
    // rounded argument.
    const bool is_log = instance.setting.temperature_as == TemperatureAs::log_scale;
    s.common = inflate_up(is_log ? 9 * u + u * std::fabs(p) * 2 : 4 * u);
    s.held = s.exact;
    s.held_spread = s.common;
  }
  s.unknown = s.held_spread;
  s.usable = s.held >= f32.smallest_normal * 4 && s.held <= f32.largest / 4 && s.common <= 0x1p-10;
  return s;
}

Tracked square_root(const ErrorAlgebra& algebra, const Tracked& z, double ulps) {
  if (z.is_zero()) return z;
  if (!std::isfinite(z.error)) return {0, infinity, infinity};
  const double low = std::max(0.0, (z.centre - z.radius) * (1 - 0x1p-48));
  // |sqrt a - sqrt b| is |a - b| / (sqrt a + sqrt b), and at most sqrt |a - b|.
  const auto moved = [&](double by) {
    if (by == 0) return 0.0;
    const double root = std::sqrt(by) * (1 + 0x1p-50);
    return low > 0 ? std::min(root, inflate_up(by / std::sqrt(low))) : root;
  };
  const double centre = std::sqrt(std::max(z.centre, 0.0));
  const double radius = inflate_up(moved(z.radius) + 0x1p-52 * centre);
  const double error = moved(z.error);
  const double top = inflate_up(centre + radius + error);
  const double units = 2 * ulps * algebra.format().rounding.roundoff;
  const double own = units * (ulps > 1 ? top : power_below(top));
  const double variance = low > 0 ? z.variance / (4 * low) + own * own * (1.0 / 3) : infinity;
  return {centre, radius, inflate_up(error + own), variance};
}

double FamilyVectors::error(std::int64_t v, std::int64_t k) const {
  const double size = std::fabs(entries(v)[k]) * (1 + slack);
  if (!held.empty())
    return inflate_up(std::fabs(held_entries(v)[k] - entries(v)[k]) + slack * size);
  return inflate_up(common[static_cast<std::size_t>(v)] * size + rounding_of(v, k));
}

Tracked FamilyVectors::tracked(std::int64_t v, std::int64_t k) const {
  const double y = entries(v)[k];
  return {y, inflate_up(slack * std::fabs(y)), error(v, k)};
}

FamilyVectors vectors_of(const FamilyInstance& instance, const ErrorAlgebra& algebra,
                         FamilyArithmetic arithmetic) {
  FamilyVectors out;
  out.d = instance.d;
  const Index count = 2 * instance.n;
  if (!instance.normalised()) {
    out.y = instance.z;
    out.common.assign(static_cast<std::size_t>(count), 0.0);
    out.in_domain.assign(static_cast<std::size_t>(count), 1);
    return out;
  }
  out.slack = static_cast<double>(instance.d + 16) * 0x1p-52;
  for (Index v = 0; v < count; ++v) {
    if (arithmetic == FamilyArithmetic::tiled)
      normalise_as_stated(instance.vector(v), instance, out);
    else
      normalise_in_any_order(instance.vector(v), instance, algebra, out);
  }
  return out;
}

FamilyLogits logits_of(const FamilyInstance& instance, const FamilyVectors& vectors,
                       const FamilyScale& scale, FamilyArithmetic arithmetic,
                       const FamilyRow& row) {
  FamilyLogits logits;
  logits.positives = row.keys.positives.size();
  logits.common = scale.common;
  logits.unknown_common = scale.unknown;
  logits.in_domain = scale.usable && vectors.in_domain[static_cast<std::size_t>(row.vector)] &&
                     static_cast<double>(vectors.d) * u <= 0.25;
  const bool tiled = arithmetic == FamilyArithmetic::tiled;
  const auto take = [&](Index key) {
    if (!vectors.in_domain[static_cast<std::size_t>(key)]) logits.in_domain = false;
    if (!logits.in_domain) return;
    const DotProduct dot = tiled ? chain(vectors, row.vector, key)
                                 : in_any_order(vectors, row.vector, key, scale.held);
    const double error = inflate_up(dot.operands + dot.sum + dot.slack);
    const double largest_partial = inflate_up(dot.size * (1 + 0x1p-10) + error);
    const double top = inflate_up((std::fabs(dot.centre) + error) * scale.held * (1 + 8 * u));
    const bool scales = scale.held_spread == 0 && is_power_of_two(scale.held);
    const double step = scales ? 0 : u * power_below(top);
    const double rounding = tiled ? std::max(step, eta) : 4 * u * top + f32.smallest_normal;
    if (!(largest_partial * std::max(1.0, tiled ? 1.0 : 2 * scale.held) <= f32.largest &&
          top <= f32.largest)) {
      logits.in_domain = false;
      return;
    }
    const double t = dot.centre * scale.exact;
    const double slack =
        inflate_up(dot.slack * scale.exact + (scale.exact_slack + 0x1p-52) * std::fabs(t));
    const double deviation =
        inflate_up(((dot.operands + dot.sum) * scale.held + rounding) * (1 + scale.held_spread));
    const double number = dot.on_held * scale.held;
    const bool known =
        dot.known && tiled && scales && (number == 0 || std::fabs(number) >= f32.smallest_normal);
    const double centre = dot.centre * scale.held;
    logits.ideal.push_back(t);
    logits.ideal_slack = std::max(logits.ideal_slack, slack);
    logits.deviation.push_back(deviation);
    logits.held.push_back(known ? held(number)
                                : known_within(centre, inflate_up(deviation + 2 * slack +
                                                                  (scale.held_spread + 0x1p-51) *
                                                                      std::fabs(centre))));
    logits.column.push_back(instance.column(row, key));
    add_model(vectors, scale, tiled, row.vector, key, dot, rounding, logits);
  };
  for (const Index key : row.keys.positives) take(key);
  for (const Index key : row.keys.negatives) take(key);
  return logits;
}

}  // namespace assay::contract
