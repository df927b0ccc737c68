// SPDX-License-Identifier: Apache-2.0
// InfoNCE logits as a stated kernel or a stranger holds them.
#include "properties/contract/loss/info_nce_held_logits.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/mma_bounds.hpp"

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
  double deviation;  ///< 0: the centre is the number
  double variance;   ///< of the modelled column
};

/// fma chain in order, then one multiplication by the rounded reciprocal of the temperature.
class ChainLogits {
 public:
  static constexpr DotWeight weight = DotWeight::partial_sums;
  static constexpr bool known_factor = true;
  static constexpr bool recomputed = false;
  explicit ChainLogits(const InfoNceInstance& instance)
      : instance_(instance),
        inverse_(static_cast<float>(1.0 / instance.temperature)),
        usable_(static_cast<double>(instance.d) * u <= 0.25 && std::isfinite(inverse_)) {}

  bool usable() const { return usable_; }
  double common() const { return factor_error(inverse_, instance_.temperature); }
  HeldLogit hold(std::int64_t row, std::int64_t key, double dot, double weight, double squares,
                 double slack) const {
    const double partial = instance_.norm[static_cast<std::size_t>(row)] *
                           instance_.norm[static_cast<std::size_t>(key)];
    const double of_one = error_of_one_product(row, key);
    const double chained = u * weight + static_cast<double>(instance_.d) * eta;
    const double error = (of_one < chained ? of_one : chained) + slack;
    const double top = inflate_up((std::fabs(dot) + error) * inverse_);
    const double step = is_power_of_two(inverse_) ? 0 : u * power_below(top);
    const double rounding = std::max(step, eta);
    if (!usable_ || !(inflate_up(partial + error) <= f32.largest) || !(top <= f32.largest))
      return {0, infinity, 0};
    const double logit = std::fabs(dot * inverse_);
    if (of_one == 0 && step == 0 && (logit == 0 || logit >= f32.smallest_normal))
      return {dot * inverse_, 0, 0};  // known: nothing was rounded, here or there
    if (of_one < chained) squares = 0;
    const double underflow = static_cast<double>(instance_.d) * eta * eta;
    const double chain = (u * u * squares + underflow) * inverse_ * inverse_;
    return {dot * inverse_, inflate_up(error * inverse_ + rounding),
            (chain + rounding * rounding) * (1.0 / 3)};
  }
  /// An infinite entry times a small one stays infinite: products of binary32 are formed exactly.
  bool keeps_infinities(double) const { return inverse_ >= f32.smallest_normal; }

 private:
  /// The chain's error where at most one product is not zero: one known number is rounded once, and
  /// adding zeros rounds nothing. Infinite elsewhere; looked at for short vectors only.
  double error_of_one_product(std::int64_t row, std::int64_t key) const {
    constexpr std::int64_t short_vector = 4;
    if (instance_.d > short_vector) return infinity;
    const double *x = instance_.vector(row), *y = instance_.vector(key);
    double one = 0;
    for (std::int64_t k = 0; k < instance_.d; ++k) {
      const double product = x[k] * y[k];  // exact: 48 bits
      if (product != 0 && one != 0) return infinity;
      if (product != 0) one = product;
    }
    return std::fabs(static_cast<float>(one) - one);
  }

  const InfoNceInstance& instance_;
  double inverse_;
  bool usable_;
};

/// ceil(d / 16) tensor-core instructions in order, each wrong by at most `mma_error_device` times
/// the magnitudes that it adds; then as the chain.
class TensorCoreLogits {
 public:
  static constexpr DotWeight weight = DotWeight::products;
  static constexpr bool known_factor = true;
  static constexpr bool recomputed = true;
  explicit TensorCoreLogits(const InfoNceInstance& instance)
      : instance_(instance), inverse_(static_cast<float>(1.0 / instance.temperature)) {
    const double steps = static_cast<double>((instance.d + 15) / 16);
    growth_ = expm1_up(inflate_up(steps * kernels::mma_error_device));
    usable_ = growth_ <= 0.25 && std::isfinite(inverse_);
  }
  bool usable() const { return usable_; }
  double common() const { return factor_error(inverse_, instance_.temperature); }
  HeldLogit hold(std::int64_t, std::int64_t, double dot, double weight, double squares,
                 double slack) const {
    const double lost = static_cast<double>(instance_.d) * f32.smallest_normal;  // if it flushes
    const double error = growth_ * weight + lost + slack;
    const double top = inflate_up((std::fabs(dot) + error) * inverse_);
    const double rounding = std::max(u * power_below(top), eta);
    if (!usable_ || !(inflate_up(weight + error) <= f32.largest) || !(top <= f32.largest))
      return {0, infinity, 0};
    // No random rounding is assumed of the unit: its bound, spread over its steps.
    const double unit = (growth_ * weight + lost) * inverse_;
    static_cast<void>(squares);
    return {dot * inverse_, inflate_up(error * inverse_ + rounding),
            (unit * unit + rounding * rounding) * (1.0 / 3)};
  }
  bool keeps_infinities(double) const { return false; }

 private:
  const InfoNceInstance& instance_;
  double inverse_, growth_ = 0;
  bool usable_ = true;
};

/// Dot product in any order, fused or not; the temperature applied before or after it, as a divisor
/// or as a rounded reciprocal; results below the smallest normal number kept or flushed.
class AnyOrderLogits {
 public:
  static constexpr DotWeight weight = DotWeight::products;
  static constexpr bool known_factor = false;
  static constexpr bool recomputed = false;
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

  bool usable() const { return usable_; }
  double common() const { return common_; }
  HeldLogit hold(std::int64_t row, std::int64_t key, double dot, double weight, double squares,
                 double slack) const {
    const double ones = instance_.norm_one[static_cast<std::size_t>(row)] +
                        instance_.norm_one[static_cast<std::size_t>(key)];
    const double terms = 2 * static_cast<double>(instance_.d);
    const double flushed = f32.smallest_normal * (1 + gamma_) * (terms * scale_ + terms + 1 + ones);
    const double deviation = (gamma_ * (1 + gamma_) * weight + slack) * scale_ + flushed;
    const double sum = inflate_up(weight * (1 + gamma_) + flushed);
    const double scaled = inflate_up((weight + ones) * scale_ * (1 + gamma_) + flushed);
    if (!usable_ || !(sum <= f32.largest) || !(scaled <= f32.largest)) return {0, infinity, 0};
    const double logit = dot / instance_.temperature;  // scaled and rounded on the way
    const double spread = u * u * (squares * scale_ * scale_ + 2 * logit * logit);
    return {logit, inflate_up(deviation), (spread + flushed * flushed) * (1.0 / 3)};
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
                 std::int64_t row, const double* dot, const double* weight, const double* squares,
                 RowLogits& logits) {
  RowBudget budget;
  const std::int64_t keys = instance.keys(), positive = instance.positive(row);
  budget.kind = kind_of_logits(dot, keys, positive, instance, row);
  for (std::int64_t j = 0; j < keys; ++j)
    if (!instance.left_out(row, j) && !std::isfinite(dot[j])) budget.all_finite = false;
  if (budget.kind != RowKind::within_budget) return budget;

  logits.ideal.clear();
  logits.held_logit.clear();
  logits.deviation.clear();
  logits.variance.clear();
  logits.column.clear();
  logits.common = model.common();
  logits.recomputed = Model::recomputed;
  logits.ideal_slack = 0;
  const auto take = [&](std::int64_t j) {
    const std::int64_t key = instance.key_vector(j);
    if (!std::isfinite(dot[j])) {
      const BesideInfinity beside =
          beside_infinity(instance.vector(row), instance.vector(key), instance.d);
      return beside.in_range && model.keeps_infinities(beside.smallest_factor);
    }
    const double slack = dots.slack(row, j);
    const HeldLogit v = model.hold(row, key, dot[j], weight[j], squares[j], slack);
    if (!std::isfinite(v.deviation)) return false;
    const double t = dot[j] / instance.temperature;
    const double t_slack = inflate_up(slack / instance.temperature + 0x1p-52 * std::fabs(t));
    logits.ideal.push_back(t);
    logits.ideal_slack = std::max(logits.ideal_slack, t_slack);
    const double off_centre = logits.common * std::fabs(t) + t_slack;
    // Held = factor * exact + deviation: around factor * exact for a known factor (its centre is
    // given), around the exact one for an unknown factor.
    const double spread = Model::known_factor ? t_slack : off_centre;
    logits.held_logit.push_back(
        v.deviation == 0 ? held(v.centre)
                         : known_within(v.centre, inflate_up(v.deviation + spread +
                                                             0x1p-51 * std::fabs(v.centre))));
    logits.deviation.push_back(v.deviation);
    logits.variance.push_back(v.variance);
    logits.column.push_back(j);
    return true;
  };
  bool in_range = take(positive);
  for (std::int64_t j = 0; j < keys && in_range; ++j)
    if (j != positive && !instance.left_out(row, j)) in_range = take(j);
  if (!in_range) budget.kind = RowKind::outside_domain;
  return budget;
}

template <class Model>
void visit(const InfoNceInstance& instance,
           const std::function<void(std::int64_t, RowBudget&, const RowLogits&)>& use) {
  const Model model(instance);
  const InfoNceDots dots(instance, Model::weight);
  const std::int64_t rows = instance.rows(), keys = instance.keys(), panel = 16;
  std::vector<double> dot, weight, squares;
  RowLogits logits;
  for (std::int64_t first = 0; first < rows; first += panel) {
    const std::int64_t count = std::min(panel, rows - first);
    dots.compute(first, count, dot, weight, squares);
    for (std::int64_t r = 0; r < count; ++r) {
      RowBudget budget = gather(instance, model, dots, first + r, dot.data() + r * keys,
                                weight.data() + r * keys, squares.data() + r * keys, logits);
      use(first + r, budget, logits);
    }
  }
}

}  // namespace

void for_each_row(const InfoNceInstance& instance, LogitModel model,
                  const std::function<void(std::int64_t, RowBudget&, const RowLogits&)>& use) {
  if (model == LogitModel::chain)
    visit<ChainLogits>(instance, use);
  else if (model == LogitModel::tensor_core)
    visit<TensorCoreLogits>(instance, use);
  else
    visit<AnyOrderLogits>(instance, use);
}

double inverse_temperature_error(const InfoNceInstance& instance, LogitModel model) {
  if (model == LogitModel::chain) {
    const ChainLogits chain(instance);
    return chain.usable() ? chain.common() : infinity;
  }
  if (model == LogitModel::tensor_core) {
    const TensorCoreLogits unit(instance);
    return unit.usable() ? unit.common() : infinity;
  }
  const AnyOrderLogits any(instance);
  return any.usable() ? any.common() : infinity;
}

}  // namespace assay::contract
