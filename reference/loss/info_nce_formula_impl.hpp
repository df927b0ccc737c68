// SPDX-License-Identifier: Apache-2.0
// Definitions of the InfoNCE formulas; included by the .cpp files that instantiate them.
#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "reference/loss/info_nce_formula.hpp"

namespace assay::reference {
namespace detail {

/// True if a is larger than b, as far as the choice of a shift needs to know.
template <class Number>
bool above(const Number& a, const Number& b) {
  constexpr double doubles_decide = 0x1p50;  // below, midpoints are good to a quarter
  const double x = midpoint_of(a), y = midpoint_of(b);
  if (std::fabs(x) < doubles_decide && std::fabs(y) < doubles_decide) return x > y;
  if constexpr (encloses<Number>)
    return to_interval(b).less(to_interval(a)) == Truth::yes;
  else
    return a > b;
}

template <class Number>
std::vector<ExactVector<Number>> vectors_of(const Context<Number>& context, const double* x,
                                            std::int64_t n, std::int64_t d, std::int64_t stride) {
  std::vector<ExactVector<Number>> vectors;
  vectors.reserve(static_cast<std::size_t>(n));
  for (std::int64_t i = 0; i < n; ++i) vectors.push_back(context.vector(x + i * stride, d));
  return vectors;
}

inline std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

}  // namespace detail

template <class Number>
InfoNceFormula<Number>::InfoNceFormula(const InfoNceProblem& p, int bits)
    : context_(bits + extra_bits_for(p)),
      joint_(p.form == InfoNceForm::joint_block),
      n_(p.n),
      row_vectors_(detail::vectors_of(context_, p.a, p.n, p.d, p.a_stride)),
      temperature_(context_.exactly(p.temperature)) {
  auto b = detail::vectors_of(context_, p.b, p.n, p.d, p.b_stride);
  auto& target = joint_ ? row_vectors_ : only_key_vectors_;
  for (auto& vector : b) target.push_back(std::move(vector));
}

template <class Number>
Number InfoNceFormula<Number>::logit(std::int64_t row, std::int64_t key) const {
  const auto& keys = joint_ ? row_vectors_ : only_key_vectors_;
  return context_.dot(row_vectors_[detail::at(row)], keys[detail::at(key)]) / temperature_;
}

template <class Number>
std::vector<Number> InfoNceFormula<Number>::logits(std::int64_t row) const {
  std::vector<Number> all;
  all.reserve(detail::at(rows()));
  for (std::int64_t key = 0; key < rows(); ++key) all.push_back(logit(row, key));
  return all;
}

template <class Number>
std::int64_t InfoNceFormula<Number>::largest(const std::vector<Number>& logits,
                                             std::int64_t row) const {
  std::int64_t best = positive_of(row);
  for (std::int64_t key = 0; key < rows(); ++key)
    if (is_key_of(row, key) && detail::above(logits[detail::at(key)], logits[detail::at(best)]))
      best = key;
  return best;
}

template <class Number>
typename InfoNceFormula<Number>::Row InfoNceFormula<Number>::row(const std::vector<Number>& s,
                                                                 std::int64_t row) const {
  const std::int64_t q = largest(s, row);
  const std::int64_t p = positive_of(row);
  const Number& top = s[detail::at(q)];
  Number others = context_.from_integer(0);
  for (std::int64_t key = 0; key < rows(); ++key)
    if (key != q && is_key_of(row, key)) others += exp(s[detail::at(key)] - top);
  Number tail = log1p(others);
  Number lse = top + tail;
  if (q == p) return {std::move(tail), std::move(lse)};
  return {(top - s[detail::at(p)]) + tail, std::move(lse)};
}

template <class Number>
typename InfoNceFormula<Number>::Row InfoNceFormula<Number>::row_second_way(
    const std::vector<Number>& s, std::int64_t row) const {
  constexpr double integers = 0x1p62;
  const Number& top = s[detail::at(largest(s, row))];
  const double near = midpoint_of(top);
  const Number shift = std::fabs(near) < integers ? context_.from_integer(std::llround(near)) : top;
  Number sum = context_.from_integer(0);
  for (std::int64_t key = 0; key < rows(); ++key)
    if (is_key_of(row, key)) sum += exp(s[detail::at(key)] - shift);
  Number lse = shift + log(sum);
  return {lse - s[detail::at(positive_of(row))], lse};
}

template <class Number>
std::vector<Number> InfoNceFormula<Number>::weights(const std::vector<Number>& s,
                                                    std::int64_t row) const {
  const std::int64_t q = largest(s, row);
  const std::int64_t p = positive_of(row);
  Number negatives = context_.from_integer(0);
  std::vector<Number> weights(s.size(), negatives);
  for (std::int64_t key = 0; key < rows(); ++key) {
    if (!is_key_of(row, key)) continue;
    Number& e = weights[detail::at(key)];
    e = key == q ? context_.from_integer(1) : exp(s[detail::at(key)] - s[detail::at(q)]);
    if (key != p) negatives += e;
  }
  const Number total = negatives + weights[detail::at(p)];
  for (Number& e : weights) e /= total;
  weights[detail::at(p)] = -(negatives / total);
  return weights;
}

template <class Number>
LogitRows<Number>::LogitRows(const InfoNceFormula<Number>& formula, bool symmetric)
    : formula_(formula) {
  constexpr std::int64_t most_kept = std::int64_t{1} << 18;
  keep_ = symmetric && formula.rows() * formula.rows() / 4 <= most_kept;
  if (keep_) waiting_.resize(detail::at(formula.rows()));
}

template <class Number>
const std::vector<Number>& LogitRows<Number>::next() {
  const std::int64_t row = row_++;
  if (!keep_) return current_ = formula_.logits(row);
  current_ = std::move(waiting_[detail::at(row)]);
  for (std::int64_t key = row; key < formula_.rows(); ++key) {
    current_.push_back(formula_.logit(row, key));
    if (key > row) waiting_[detail::at(key)].push_back(current_.back());
  }
  return current_;
}

template <class Number>
InfoNceEnclosures InfoNceOnEngine<Number>::enclose(const InfoNceProblem& problem, int bits) {
  const InfoNceFormula<Number> formula(problem, bits);
  LogitRows<Number> logits(formula, problem.form == InfoNceForm::joint_block);
  InfoNceEnclosures out;
  Number sum = formula.context().from_integer(0);
  for (std::int64_t i = 0; i < formula.rows(); ++i) {
    const auto row = formula.row(logits.next(), i);
    sum += row.loss;
    out.row_loss.push_back(to_interval(row.loss).ends());
    out.row_lse.push_back(to_interval(row.lse).ends());
  }
  out.loss = to_interval(sum / formula.context().from_integer(formula.rows())).ends();
  return out;
}

template <class Number>
InfoNceRow InfoNceOnEngine<Number>::row(const InfoNceProblem& problem, std::int64_t row, int bits,
                                        bool second_way) {
  const InfoNceFormula<Number> formula(problem, bits);
  const std::vector<Number> logits = formula.logits(row);
  const auto result = second_way ? formula.row_second_way(logits, row) : formula.row(logits, row);
  return {to_interval(result.loss), to_interval(result.lse)};
}

template <class Number>
Interval InfoNceOnEngine<Number>::mean(const InfoNceProblem& problem, int bits) {
  const InfoNceFormula<Number> formula(problem, bits);
  LogitRows<Number> logits(formula, problem.form == InfoNceForm::joint_block);
  Number sum = formula.context().from_integer(0);
  for (std::int64_t i = 0; i < formula.rows(); ++i) sum += formula.row(logits.next(), i).loss;
  return to_interval(sum / formula.context().from_integer(formula.rows()));
}

}  // namespace assay::reference
