// SPDX-License-Identifier: Apache-2.0
// Definitions of the gradient of InfoNCE; included by the .cpp files that instantiate them.
#pragma once

#include "reference/loss/info_nce_formula_impl.hpp"
#include "reference/loss/info_nce_gradient_formula.hpp"

namespace assay::reference {
namespace detail {

template <class Number>
std::vector<std::vector<Number>> entries_of(const Context<Number>& context, const double* x,
                                            std::int64_t n, std::int64_t d, std::int64_t stride) {
  std::vector<std::vector<Number>> all(at(n));
  for (std::int64_t i = 0; i < n; ++i)
    for (std::int64_t k = 0; k < d; ++k) all[at(i)].push_back(context.exactly(x[i * stride + k]));
  return all;
}

template <class Number>
void add_multiple(std::vector<Number>& sum, const Number& factor, const std::vector<Number>& x) {
  for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += factor * x[k];
}

}  // namespace detail

template <class Number>
InfoNceGradientSum<Number>::InfoNceGradientSum(const InfoNceProblem& p,
                                               const InfoNceFormula<Number>& formula)
    : formula_(formula),
      joint_(p.form == InfoNceForm::joint_block),
      n_(p.n),
      temperature_(formula.context().exactly(p.temperature)),
      rows_(detail::entries_of(formula.context(), p.a, p.n, p.d, p.a_stride)),
      temperature_sum_(formula.context().from_integer(0)) {
  auto b = detail::entries_of(formula.context(), p.b, p.n, p.d, p.b_stride);
  auto& target = joint_ ? rows_ : only_keys_;
  for (auto& vector : b) target.push_back(std::move(vector));
  const std::vector<Number> zeros(detail::at(p.d), formula.context().from_integer(0));
  row_sums_.assign(rows_.size(), zeros);
  only_key_sums_.assign(only_keys_.size(), zeros);
}

template <class Number>
void InfoNceGradientSum<Number>::add_row(std::int64_t row, const std::vector<Number>& s,
                                         const Number& upstream) {
  const std::vector<Number> weights = formula_.weights(s, row);
  const std::int64_t p = formula_.positive_of(row);
  for (std::int64_t key = 0; key < formula_.rows(); ++key) {
    if (!formula_.is_key_of(row, key)) continue;
    const Number factor = upstream * weights[detail::at(key)];
    detail::add_multiple(row_sums_[detail::at(row)], factor, keys()[detail::at(key)]);
    detail::add_multiple(key_sums()[detail::at(key)], factor, rows_[detail::at(row)]);
    // sum_j W_ij s_ij with the positive's share spread over the others: no cancellation
    if (key != p) temperature_sum_ += factor * (s[detail::at(key)] - s[detail::at(p)]);
  }
}

template <class Number>
InfoNceGradients InfoNceGradientSum<Number>::result() const {
  InfoNceGradients out;
  const auto append = [this](std::vector<Ends>& to, const Vectors& from, std::int64_t first) {
    for (std::int64_t i = first; i < first + n_; ++i)
      for (const Number& sum : from[detail::at(i)])
        to.push_back(to_interval(sum / temperature_).ends());
  };
  append(out.a, row_sums_, 0);
  append(out.b, joint_ ? row_sums_ : only_key_sums_, joint_ ? n_ : 0);
  out.temperature = to_interval(-temperature_sum_ / temperature_).ends();
  return out;
}

template <class Number>
InfoNceGradients InfoNceGradientOnEngine<Number>::enclose(const InfoNceProblem& problem,
                                                          const InfoNceUpstream& upstream,
                                                          int bits) {
  const InfoNceFormula<Number> formula(problem, bits);
  const Context<Number>& context = formula.context();
  LogitRows<Number> logits(formula, problem.form == InfoNceForm::joint_block);
  InfoNceGradientSum<Number> sum(problem, formula);
  const Number of_mean = context.exactly(upstream.mean) / context.from_integer(formula.rows());
  for (std::int64_t i = 0; i < formula.rows(); ++i) {
    const std::vector<Number>& s = logits.next();
    const double own = upstream.row == nullptr ? 0.0 : upstream.row[i * upstream.stride];
    if (own == 0 && upstream.mean == 0) continue;  // nothing to add, exactly
    sum.add_row(i, s, context.exactly(own) + of_mean);
  }
  return sum.result();
}

}  // namespace assay::reference
