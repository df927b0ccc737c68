// SPDX-License-Identifier: Apache-2.0
// Definitions of the InfoNCE family's gradients; included by the .cpp files that instantiate them.
#pragma once

#include "reference/loss/info_nce_family_formula_impl.hpp"
#include "reference/loss/info_nce_gradient_formula_impl.hpp"

namespace assay::reference {
namespace detail {

/// Adds up G_ij ds_ij over rows and keys; with nu the norms and sigma the scale,
///   dx_i = sigma sum_j G_ij y_j / (nu_i nu_j) - (sum_j G_ij s_ij) grad nu_i / nu_i
/// for dot products. For distances of u_i = x_i / nu_i, with h_i = sigma sum_j G_ij grad sim_ij,
///   dx_i = h_i / nu_i - <h_i, u_i> grad nu_i / nu_i.
template <class Number>
class FamilyGradientSum {
 public:
  FamilyGradientSum(const InfoNceSetting& setting, const InfoNceFamilyProblem& problem,
                    const FamilyVectors<Number>& vectors)
      : setting_(setting),
        vectors_(vectors),
        problem_(problem),
        log_scale_(vectors.context().from_integer(0)) {
    const Context<Number>& context = vectors.context();
    entries_ = entries_of(context, problem.a, problem.n, problem.d, problem.a_stride);
    if (problem.b != nullptr)
      for (auto& y : entries_of(context, problem.b, problem.n, problem.d, problem.b_stride))
        entries_.push_back(std::move(y));
    sums_.assign(entries_.size(), std::vector<Number>(at(problem.d), context.from_integer(0)));
    radial_.assign(entries_.size(), context.from_integer(0));
  }

  void add_row(VectorId row, const RowKeys& keys, const RowLogits<Number>& s,
               const RowDerivative<Number>& derivative, const Number& upstream) {
    const Number& pivot = s.positives.front();  // the zero-sum part may be counted from anywhere
    for (std::size_t j = 0; j < keys.positives.size(); ++j) {
      Number g = upstream * derivative.positives[j];
      if (j != 0) log_scale_ += g * (s.positives[j] - pivot);
      if (!derivative.excess.empty()) {
        const Number more = upstream * derivative.excess[j];
        log_scale_ += more * s.positives[j];
        g += more;
      }
      add_pair(row, keys.positives[j], g, s.positives[j]);
    }
    for (std::size_t j = 0; j < keys.negatives.size(); ++j) {
      const Number g = upstream * derivative.negatives[j];
      log_scale_ += g * (s.negatives[j] - pivot);
      add_pair(row, keys.negatives[j], g, s.negatives[j]);
    }
  }

  /// Adds `slope` times the derivative of sim(x_i, x_j), with the scale left alone.
  void add_similarity(VectorId i, VectorId j, const Number& slope) {
    add_pair(i, j, vectors_.unscaled(slope), vectors_.logit(i, j));
  }

  void add_to_log_scale(const Number& x) { log_scale_ += x; }

  InfoNceGradients result() const {
    InfoNceGradients out;
    for (VectorId i = 0; i < vectors_.count(); ++i) {
      auto& to = i < problem_.n ? out.a : out.b;
      const Number radial = radial_of(i);
      for (std::size_t k = 0; k < at(problem_.d); ++k) to.push_back(entry(i, k, radial));
    }
    out.temperature = to_interval(log_scale_ * vectors_.log_scale_slope()).ends();
    return out;
  }

 private:
  void add_pair(VectorId row, VectorId key, const Number& g, const Number& logit) {
    if (setting_.similarity != Similarity::dot) return add_distance(row, key, g);
    Number factor = g;
    if (vectors_.normalised()) {
      factor /= vectors_.divisor(row, key);
      add_radial(row, key, g * logit);
    }
    add_multiple(sums_[at(row)], factor, entries_[at(key)]);
    add_multiple(sums_[at(key)], factor, entries_[at(row)]);
  }

  void add_distance(VectorId row, VectorId key, const Number& g) {
    if (row == key) return;  // the distance from itself is 0 wherever a vector goes
    const std::vector<Number> slope = negative_distance_gradient(
        vectors_.context(), setting_.similarity, vectors_.difference_of(row, key));
    add_multiple(sums_[at(row)], g, slope);
    add_multiple(sums_[at(key)], -g, slope);
  }

  /// The share of a norm's change in the change of a logit.
  void add_radial(VectorId row, VectorId key, const Number& share) {
    Number part = share;
    if (setting_.normalisation == Normalisation::product_maximum) {
      const Against side = vectors_.product_against_eps(row, key);
      if (side == Against::below) return;
      if (side == Against::at) part = hull(vectors_.context().from_integer(0), share);
    }
    radial_[at(row)] += part;
    radial_[at(key)] += part;
  }

  /// sum_j G_ij s_ij, or <h_i, u_i>.
  Number radial_of(VectorId i) const {
    if (setting_.similarity == Similarity::dot) return radial_[at(i)];
    Number sum = vectors_.context().from_integer(0);
    for (std::size_t k = 0; k < at(problem_.d); ++k)
      sum += vectors_.scaled(sums_[at(i)][k]) * vectors_.unit(i)[k];
    return sum;
  }

  Ends entry(VectorId i, std::size_t k, const Number& radial) const {
    Number direct = vectors_.scaled(sums_[at(i)][k]);
    if (!vectors_.normalised()) return to_interval(direct).ends();
    const VectorNorm<Number>& norm = vectors_.norm(i);
    if (setting_.similarity != Similarity::dot) direct /= norm.norm;
    if (norm.never_divides) return to_interval(direct).ends();
    return to_interval(direct - radial * norm.gradient_factor * entries_[at(i)][k] / norm.norm)
        .ends();
  }

  const InfoNceSetting& setting_;
  const FamilyVectors<Number>& vectors_;
  const InfoNceFamilyProblem& problem_;
  std::vector<std::vector<Number>> entries_, sums_;
  std::vector<Number> radial_;  // sum_j G_ij s_ij, of dot products
  Number log_scale_;
};

/// Adds what moves the weights of the positives: w_i takes its positive's logit from row i's loss.
template <class Number>
void add_pair_weights(const InfoNceFamilyProblem& problem, const FamilyVectors<Number>& vectors,
                      const std::vector<Number>& slopes, FamilyGradientSum<Number>& sum) {
  const std::vector<Number> derivative = vectors.pair_weights_derivative(slopes);
  for (std::int64_t m = 0; m < problem.n; ++m)
    sum.add_similarity(m, m + problem.n, derivative[at(m)]);
}

/// Whole lines everywhere.
inline InfoNceGradients no_gradient(const InfoNceFamilyProblem& p) {
  InfoNceGradients out;
  out.a.resize(at(p.n * p.d));
  if (p.b != nullptr) out.b.resize(at(p.n * p.d));
  return out;
}

}  // namespace detail

template <class Number>
InfoNceGradients InfoNceFamilyOnEngine<Number>::gradients(const InfoNceSetting& setting,
                                                          const InfoNceFamilyProblem& problem,
                                                          const InfoNceUpstream& upstream,
                                                          int bits) {
  const FamilyVectors<Number> vectors(setting, problem, bits);
  if (vectors.undefined()) return detail::no_gradient(problem);
  const FamilyValues<Number> values = family_values(setting, problem, vectors);
  if (values.loss_is_nan || values.undecided) return detail::no_gradient(problem);

  const Context<Number>& context = vectors.context();
  const std::vector<Number> weights = vectors.pair_weights();
  const Number outer = vectors.outer_factor();
  const Number of_mean = context.exactly(upstream.mean) * outer;
  detail::FamilyGradientSum<Number> sum(setting, problem, vectors);
  std::vector<Number> weight_slopes(detail::at(problem.n), context.from_integer(0));
  for (VectorId row = 0; row < family_rows(setting, problem); ++row) {
    const std::size_t i = detail::at(row);
    const double own = upstream.row == nullptr ? 0.0 : upstream.row[row * upstream.stride];
    if (values.fate[i] != RowFate::counts || (own == 0 && upstream.mean == 0)) continue;
    const RowLogits<Number> s = vectors.logits(row, values.keys[i], weights);
    const Number upstream_of_row = context.exactly(own) + of_mean * values.share[i];
    sum.add_row(row, values.keys[i], s, RowTerms<Number>(context, setting, s).derivative(),
                upstream_of_row);
    if (setting.positive_weight == PositiveWeight::von_mises_fisher)  // one positive in every row
      weight_slopes[detail::at(row % problem.n)] -= upstream_of_row * s.positives.front();
  }
  if (setting.positive_weight == PositiveWeight::von_mises_fisher)
    detail::add_pair_weights(problem, vectors, weight_slopes, sum);
  // T / base is exp(-log scale) / base.
  if (setting.outer == OuterFactor::temperature_over_base)
    sum.add_to_log_scale(-(of_mean * values.mean_loss));
  return sum.result();
}

}  // namespace assay::reference
