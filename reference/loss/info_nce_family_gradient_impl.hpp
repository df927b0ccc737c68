// SPDX-License-Identifier: Apache-2.0
// Definitions of the InfoNCE family's gradients; included by the .cpp files that instantiate them.
#pragma once

#include "reference/loss/info_nce_family_formula_impl.hpp"
#include "reference/loss/info_nce_gradient_formula_impl.hpp"

namespace assay::reference {
namespace detail {

/// Adds up G_ij ds_ij over rows and keys; with nu the norms and sigma the scale,
///   dx_i = sigma sum_j G_ij y_j / (nu_i nu_j) - (sum_j G_ij s_ij) grad nu_i / nu_i.
template <class Number>
class FamilyGradientSum {
 public:
  FamilyGradientSum(const InfoNceFamilyProblem& problem, const FamilyVectors<Number>& vectors)
      : vectors_(vectors), problem_(problem), log_scale_(vectors.context().from_integer(0)) {
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

  void add_to_log_scale(const Number& x) { log_scale_ += x; }

  InfoNceGradients result() const {
    InfoNceGradients out;
    for (VectorId i = 0; i < vectors_.count(); ++i) {
      auto& to = i < problem_.n ? out.a : out.b;
      for (std::size_t k = 0; k < at(problem_.d); ++k) to.push_back(entry(i, k));
    }
    out.temperature = to_interval(log_scale_ * vectors_.log_scale_slope()).ends();
    return out;
  }

 private:
  void add_pair(VectorId row, VectorId key, const Number& g, const Number& logit) {
    Number factor = g;
    if (vectors_.normalised()) {
      factor /= vectors_.norm(row).norm * vectors_.norm(key).norm;
      radial_[at(row)] += g * logit;
      radial_[at(key)] += g * logit;
    }
    add_multiple(sums_[at(row)], factor, entries_[at(key)]);
    add_multiple(sums_[at(key)], factor, entries_[at(row)]);
  }

  Ends entry(VectorId i, std::size_t k) const {
    const Number direct = vectors_.scaled(sums_[at(i)][k]);
    if (!vectors_.normalised()) return to_interval(direct).ends();
    const VectorNorm<Number>& norm = vectors_.norm(i);
    const Number radial = radial_[at(i)] * norm.gradient_factor * entries_[at(i)][k] / norm.norm;
    return to_interval(direct - radial).ends();
  }

  const FamilyVectors<Number>& vectors_;
  const InfoNceFamilyProblem& problem_;
  std::vector<std::vector<Number>> entries_, sums_;
  std::vector<Number> radial_;  // sum_j G_ij s_ij
  Number log_scale_;
};

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
  detail::FamilyGradientSum<Number> sum(problem, vectors);
  for (VectorId row = 0; row < family_rows(setting, problem); ++row) {
    const std::size_t i = detail::at(row);
    const double own = upstream.row == nullptr ? 0.0 : upstream.row[row * upstream.stride];
    if (values.fate[i] != RowFate::counts || (own == 0 && upstream.mean == 0)) continue;
    const RowLogits<Number> s = vectors.logits(row, values.keys[i], weights);
    sum.add_row(row, values.keys[i], s, RowTerms<Number>(context, setting, s).derivative(),
                context.exactly(own) + of_mean * values.share[i]);
  }
  // T / base is exp(-log scale) / base.
  if (setting.outer == OuterFactor::temperature_over_base)
    sum.add_to_log_scale(-(of_mean * values.mean_loss));
  return sum.result();
}

}  // namespace assay::reference
