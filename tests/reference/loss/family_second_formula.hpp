// SPDX-License-Identifier: Apache-2.0
// A second, plain way to the losses and gradients of the InfoNCE family: the definitions of
// docs/loss/info_nce-family.md as they stand there, with logarithms of sums of exponentials and
// derivatives carried along every operation. Shares nothing with the first way but the intervals.
#pragma once

#include <optional>
#include <vector>

#include "reference/arithmetic/number.hpp"
#include "reference/loss/info_nce_family.hpp"

namespace assay::testing {

/// A number with its derivative by one variable.
struct Dual {
  reference::MpfiNumber value, slope;
};
inline Dual operator+(const Dual& x, const Dual& y) {
  return {x.value + y.value, x.slope + y.slope};
}
inline Dual operator-(const Dual& x, const Dual& y) {
  return {x.value - y.value, x.slope - y.slope};
}
inline Dual operator*(const Dual& x, const Dual& y) {
  return {x.value * y.value, x.slope * y.value + x.value * y.slope};
}
inline Dual operator/(const Dual& x, const Dual& y) {
  const reference::MpfiNumber quotient = x.value / y.value;
  return {quotient, (x.slope - quotient * y.slope) / y.value};
}
inline Dual exp(const Dual& x) { return {exp(x.value), x.slope * exp(x.value)}; }
inline Dual log(const Dual& x) { return {log(x.value), x.slope / x.value}; }
inline Dual sqrt(const Dual& x) {
  const reference::MpfiNumber root = sqrt(x.value);
  return {root, x.slope / (root + root)};
}

/// \pre rows have positives, and negatives where the denominator needs them; every row has an
/// upstream gradient of `mean` alone; nothing lies at a kink; sums and means only
class SecondFormula {
 public:
  SecondFormula(const reference::InfoNceSetting& setting,
                const reference::InfoNceFamilyProblem& problem)
      : s_(setting), p_(problem) {}

  /// The loss and its derivative by entry `variable` of a, then b; by the parameter for -1.
  Dual loss(std::int64_t variable) const {
    const std::vector<std::vector<Dual>> x = vectors(variable);
    const Dual scale = scale_of(constant(p_.parameter, variable == -1 ? 1 : 0));
    const std::vector<Dual> weights = weights_of(x);
    using enum reference::Directions;
    Dual total = number(0);
    if (s_.directions == joint_block) {
      total = block(x, x, 0, 0, scale, weights);
    } else {
      const auto middle = x.begin() + p_.n;
      const std::vector<std::vector<Dual>> a(x.begin(), middle), b(middle, x.end());
      total = block(a, b, 0, p_.n, scale, weights);
      if (s_.directions != one) total = total + block(b, a, p_.n, 0, scale, weights);
      if (s_.directions == half_sum) total = total / number(2);
    }
    const Dual outer = constant(s_.outer_value, 0);
    if (s_.outer == reference::OuterFactor::constant) return outer * total;
    return total / (scale * outer);
  }

 private:
  using Number = reference::MpfiNumber;
  Dual constant(double x, int slope) const { return {at_.exactly(x), at_.from_integer(slope)}; }
  Dual number(long long x) const { return {at_.from_integer(x), at_.from_integer(0)}; }
  Dual detached(const Dual& x) const { return {x.value, at_.from_integer(0)}; }
  static bool greater(const Dual& x, const Dual& y) {
    return reference::midpoint_of(x.value) > reference::midpoint_of(y.value);
  }
  Dual dot(const std::vector<Dual>& x, const std::vector<Dual>& y) const {
    Dual sum = number(0);
    for (std::size_t k = 0; k < x.size(); ++k) sum = sum + x[k] * y[k];
    return sum;
  }

  std::vector<std::vector<Dual>> vectors(std::int64_t variable) const {
    std::vector<std::vector<Dual>> all;
    for (std::int64_t i = 0; i < (p_.b == nullptr ? p_.n : 2 * p_.n); ++i) {
      const double* x = i < p_.n ? p_.a + i * p_.a_stride : p_.b + (i - p_.n) * p_.b_stride;
      std::vector<Dual>& to = all.emplace_back();
      for (std::int64_t k = 0; k < p_.d; ++k)
        to.push_back(constant(x[k], variable == i * p_.d + k ? 1 : 0));
      const std::optional<Dual> norm = norm_of(to);
      for (Dual& entry : to)
        if (norm) entry = entry / *norm;
    }
    return all;
  }

  std::optional<Dual> norm_of(const std::vector<Dual>& x) const {
    using enum reference::Normalisation;
    const Dual eps = constant(s_.normalisation_eps, 0);
    switch (s_.normalisation) {
      case none:
      case product_maximum: return std::nullopt;
      case maximum: {
        const Dual length = sqrt(dot(x, x));
        return greater(length, eps) ? length : eps;
      }
      case added: return sqrt(dot(x, x)) + eps;
      case inside_root: return sqrt(dot(x, x) + eps);
    }
    return std::nullopt;
  }

  Dual similarity(const std::vector<Dual>& x, const std::vector<Dual>& y) const {
    if (s_.similarity == reference::Similarity::dot) {
      if (s_.normalisation != reference::Normalisation::product_maximum) return dot(x, y);
      const Dual lengths = sqrt(dot(x, x) * dot(y, y)), eps = constant(s_.normalisation_eps, 0);
      return dot(x, y) / (greater(lengths, eps) ? lengths : eps);
    }
    const Dual square = dot(x, x) - number(2) * dot(x, y) + dot(y, y);
    if (s_.similarity == reference::Similarity::negative_squared_euclidean)
      return number(0) - square;
    return number(0) - sqrt(square);
  }

  Dual clamped(const Dual& q) const {
    Dual bound = constant(s_.clamp_low, 0);
    if (!greater(bound, q)) {
      bound = constant(s_.clamp_high, 0);
      if (!greater(q, bound)) return q;
    }
    const bool stops = s_.clamp_gradient == reference::ClampGradient::stops;
    return stops ? bound : bound + (q - detached(q));
  }

  Dual scale_of(const Dual& t) const {
    using As = reference::TemperatureAs;
    using reference::Clamp;
    Dual scale = t;
    if (s_.temperature_as == As::temperature) scale = number(1) / t;
    if (s_.temperature_as == As::log_scale) scale = exp(t);
    if (s_.clamp == Clamp::temperature) return number(1) / clamped(number(1) / scale);
    if (s_.clamp == Clamp::scale) return clamped(scale);
    if (s_.clamp == Clamp::log_scale) return exp(clamped(log(scale)));
    return scale;
  }

  std::vector<Dual> weights_of(const std::vector<std::vector<Dual>>& x) const {
    std::vector<Dual> w;
    if (s_.positive_weight == reference::PositiveWeight::one) return w;
    const std::size_t n = static_cast<std::size_t>(p_.n);
    Dual sum = number(0);
    for (std::size_t i = 0; i < n; ++i) {
      w.push_back(exp(similarity(x[i], x[i + n]) / constant(s_.weight_sigma, 0)));
      sum = sum + w.back();
    }
    for (Dual& each : w) {
      each = number(2) - number(p_.n) * each / sum;
      if (s_.positive_weight == reference::PositiveWeight::von_mises_fisher_detached)
        each = detached(each);
    }
    return w;
  }

  bool positive(std::int64_t row, std::int64_t key) const {
    if (s_.positives == reference::Positives::other_view)
      return row != key && row % p_.n == key % p_.n;
    const auto label = [this](std::int64_t i) { return p_.a_labels[i % p_.n]; };
    return label(row) == label(key);
  }

  Dual row_loss(const std::vector<Dual>& positives, const std::vector<Dual>& negatives,
                const Dual& weight) const {
    using reference::Denominator, reference::WithinAnchor;
    const auto sum_exp = [this](const std::vector<Dual>& s) {
      Dual sum = number(0);
      for (const Dual& each : s) sum = sum + exp(each);
      return sum;
    };
    const Dual of_negatives = sum_exp(negatives), of_positives = sum_exp(positives);
    const auto denominator = [&](const Dual& s) {
      if (s_.denominator == Denominator::negatives) return log(of_negatives);
      if (s_.denominator == Denominator::positive_and_negatives) return log(exp(s) + of_negatives);
      return log(of_positives + of_negatives);
    };
    if (s_.within == WithinAnchor::sum_inside)
      return denominator(positives[0]) - weight * log(of_positives);
    Dual sum = number(0);
    for (const Dual& s : positives) sum = sum + denominator(s) - weight * s;
    return sum / number(static_cast<long long>(positives.size()));
  }

  Dual block(const std::vector<std::vector<Dual>>& rows, const std::vector<std::vector<Dual>>& keys,
             std::int64_t first_row, std::int64_t first_key, const Dual& scale,
             const std::vector<Dual>& weights) const {
    Dual sum = number(0);
    long long count = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      std::vector<Dual> positives, negatives;
      const std::int64_t row = first_row + static_cast<std::int64_t>(i);
      for (std::size_t j = 0; j < keys.size(); ++j) {
        const std::int64_t key = first_key + static_cast<std::int64_t>(j);
        if (key == row && !s_.self_pair_kept) continue;
        const Dual s = key == row && s_.similarity != reference::Similarity::dot
                           ? number(0)  // the distance from itself, whose root has no slope
                           : scale * similarity(rows[i], keys[j]);
        (positive(row, key) ? positives : negatives).push_back(s);
      }
      const bool pairs = s_.within == reference::WithinAnchor::pairs;
      const long long times = pairs ? static_cast<long long>(positives.size()) : 1;
      const Dual weight =
          weights.empty() ? number(1) : weights[static_cast<std::size_t>(row % p_.n)];
      sum = sum + number(times) * row_loss(positives, negatives, weight);
      count += times;
    }
    return s_.over == reference::OverAnchors::sum ? sum : sum / number(count);
  }

  const reference::InfoNceSetting& s_;
  const reference::InfoNceFamilyProblem& p_;
  reference::Context<Number> at_{320};
};

}  // namespace assay::testing
