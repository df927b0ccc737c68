// SPDX-License-Identifier: Apache-2.0
// Definitions of the InfoNCE family's values; included by the .cpp files that instantiate them.
#pragma once

#include "reference/loss/info_nce_family_formula.hpp"

namespace assay::reference {

template <class Number>
FamilyVectors<Number>::FamilyVectors(const InfoNceSetting& setting, const InfoNceFamilyProblem& p,
                                     int bits)
    : setting_(setting),
      problem_(p),
      context_(bits + extra_bits_for(setting, p)),
      effective_(effective_scale(setting, p.parameter)),
      by_division_(effective_.form == TemperatureAs::temperature),
      scale_(context_.exactly(effective_.value)) {
  if (effective_.form == TemperatureAs::log_scale) scale_ = exp(scale_);
  for (VectorId id = 0; id < vectors_of(p); ++id) {
    const double* x = entries_at(p, id);
    vectors_.push_back(context_.vector(x, p.d));
    if (normalised()) {
      norms_.push_back(norm_of(setting, context_, x, p.d));
      undefined_ |= norms_.back().missing;
    }
    if (!is_distance()) continue;
    std::vector<Number>& unit = units_.emplace_back();
    for (std::int64_t k = 0; k < p.d; ++k) {
      unit.push_back(context_.exactly(x[k]));
      if (normalised()) unit.back() /= norms_.back().norm;
    }
  }
}

template <class Number>
Against FamilyVectors<Number>::product_against_eps(VectorId i, VectorId j) const {
  const double eps = setting_.normalisation_eps;
  const Interval found = to_interval(norm(i).norm * norm(j).norm),
                 bound = to_interval(context_.exactly(eps));
  if (bound.less(found) == Truth::yes) return Against::above;
  if (found.less(bound) == Truth::yes) return Against::below;
  return exact_product_against(entries_at(problem_, i), entries_at(problem_, j), problem_.d, eps);
}

template <class Number>
Number FamilyVectors<Number>::divisor(VectorId i, VectorId j) const {
  if (setting_.normalisation == Normalisation::product_maximum &&
      product_against_eps(i, j) != Against::above)
    return context_.exactly(setting_.normalisation_eps);
  return norm(i).norm * norm(j).norm;
}

template <class Number>
std::vector<Number> FamilyVectors<Number>::difference_of(VectorId i, VectorId j) const {
  const double *x = entries_at(problem_, i), *y = entries_at(problem_, j);
  if (std::equal(x, x + problem_.d, y))  // 0, which the difference of two enclosures is not
    return std::vector<Number>(detail::at(problem_.d), context_.from_integer(0));
  return difference(unit(i), unit(j));
}

template <class Number>
Number FamilyVectors<Number>::similarity(VectorId i, VectorId j) const {
  if (is_distance()) return negative_distance(context_, setting_.similarity, difference_of(i, j));
  const Number dot = context_.dot(vectors_[detail::at(i)], vectors_[detail::at(j)]);
  return normalised() ? dot / divisor(i, j) : dot;
}

template <class Number>
std::vector<Number> FamilyVectors<Number>::pair_shares() const {
  const Number sigma = context_.exactly(setting_.weight_sigma);
  std::vector<Number> scores;
  for (std::int64_t i = 0; i < problem_.n; ++i)
    scores.push_back(similarity(i, i + problem_.n) / sigma);
  return LogSumExp<Number>(context_, scores).shares;
}

template <class Number>
std::vector<Number> FamilyVectors<Number>::pair_weights() const {
  if (setting_.positive_weight == PositiveWeight::one) return {};
  std::vector<Number> weights = pair_shares();
  const Number two = context_.from_integer(2), pairs = context_.from_integer(problem_.n);
  for (Number& w : weights) w = two - pairs * w;
  return weights;
}

template <class Number>
std::vector<Number> FamilyVectors<Number>::pair_weights_derivative(
    const std::vector<Number>& slopes) const {
  // dw_i/dsim_m = -(B / sigma) p_m (1[i = m] - p_i), with p the softmax.
  const std::vector<Number> p = pair_shares();
  Number mean = context_.from_integer(0);
  for (std::size_t i = 0; i < p.size(); ++i) mean += p[i] * slopes[i];
  const Number factor = context_.from_integer(problem_.n) / context_.exactly(setting_.weight_sigma);
  std::vector<Number> derivative;
  for (std::size_t m = 0; m < p.size(); ++m)
    derivative.push_back(factor * p[m] * (mean - slopes[m]));
  return derivative;
}

template <class Number>
RowLogits<Number> FamilyVectors<Number>::logits(VectorId row, const RowKeys& keys,
                                                const std::vector<Number>& pair_weights) const {
  RowLogits<Number> s;
  for (const VectorId key : keys.positives) s.positives.push_back(logit(row, key));
  for (const VectorId key : keys.negatives) s.negatives.push_back(logit(row, key));
  if (!pair_weights.empty()) s.weight = pair_weights[detail::at(row % problem_.n)];
  return s;
}

template <class Number>
Number FamilyVectors<Number>::outer_factor() const {
  const Number value = context_.exactly(setting_.outer_value);
  if (setting_.outer == OuterFactor::constant) return value;
  return by_division_ ? scale_ / value : context_.from_integer(1) / (scale_ * value);
}

namespace detail {

/// Whether a row belongs to the mean over positive losses.
template <class Number>
Truth has_positive_loss(const InfoNceSetting& setting, const RowKeys& keys, const Number& loss) {
  // With the positives in the denominator the loss is positive as soon as the logarithm has a
  // second term; no enclosure is needed to know.
  if (setting.positive_weight == PositiveWeight::one &&
      setting.denominator != Denominator::negatives && !keys.negatives.empty())
    return Truth::yes;
  const Interval found = to_interval(loss), zero = Interval::exactly(0.0);
  if (zero.less(found) == Truth::yes) return Truth::yes;
  if (found.less(zero) == Truth::yes || found.equal(zero) == Truth::yes) return Truth::no;
  return Truth::unknown;
}

/// How often each row of a block counts, and what the sum is divided by.
struct BlockCounts {
  std::vector<std::int64_t> row;
  std::int64_t total = 0;
};

template <class Number>
BlockCounts count_rows(const InfoNceSetting& setting, const FamilyBlock& block,
                       FamilyValues<Number>& values) {
  BlockCounts counts;
  for (VectorId row = block.first_row; row < block.first_row + block.rows; ++row) {
    const RowFate fate = values.fate[at(row)];
    const RowKeys& keys = values.keys[at(row)];
    std::int64_t count = fate == RowFate::counts || fate == RowFate::zero ? 1 : 0;
    if (setting.within == WithinAnchor::pairs)
      count *= static_cast<std::int64_t>(keys.positives.size());
    if (setting.over == OverAnchors::mean_of_positive_losses && count > 0) {
      const Truth positive = has_positive_loss(setting, keys, values.row_loss[at(row)]);
      if (fate == RowFate::zero || positive == Truth::no)
        count = 0;
      else if (positive == Truth::unknown)
        values.undecided = true;
    }
    counts.row.push_back(count);
    counts.total += count;
  }
  return counts;
}

/// Adds one direction to the mean loss.
template <class Number>
void add_block(const InfoNceSetting& setting, const FamilyBlock& block,
               const Context<Number>& context, FamilyValues<Number>& values) {
  const BlockCounts counts = count_rows(setting, block, values);
  const bool is_sum = setting.over == OverAnchors::sum;
  // PML's reducers answer 0 where nothing is left to average; a plain mean of no row is an error
  // unless the rows were declared to be 0 (a mean over pairs counts those 0 times).
  if (counts.total == 0 && setting.over == OverAnchors::mean && !values.loss_is_nan) {
    bool declared_zero = false;
    for (const RowFate fate : values.fate) declared_zero |= fate == RowFate::zero;
    if (!declared_zero)
      throw std::invalid_argument(
          "info_nce: every row is skipped, and a mean of none is asked for");
  }
  const Number divisor = context.from_integer((is_sum || counts.total == 0 ? 1 : counts.total) *
                                              (block.halved ? 2 : 1));
  Number sum = context.from_integer(0);
  for (std::int64_t i = 0; i < block.rows; ++i) {
    const std::size_t row = at(block.first_row + i);
    const Number count = context.from_integer(counts.row[at(i)]);
    values.share[row] = count / divisor;
    if (counts.row[at(i)] != 0) sum += count * values.row_loss[row];
  }
  values.mean_loss += sum / divisor;
}

}  // namespace detail

template <class Number>
FamilyValues<Number> family_values(const InfoNceSetting& setting,
                                   const InfoNceFamilyProblem& problem,
                                   const FamilyVectors<Number>& vectors) {
  const Context<Number>& context = vectors.context();
  const Number zero = context.from_integer(0);
  const std::size_t rows = detail::at(family_rows(setting, problem));
  FamilyValues<Number> values{{}, {}, {}, std::vector<Number>(rows, zero), zero, false, false};
  const std::vector<Number> weights = vectors.pair_weights();
  const std::vector<FamilyBlock> blocks = blocks_of(setting, problem);
  for (const FamilyBlock& block : blocks)
    for (VectorId row = block.first_row; row < block.first_row + block.rows; ++row) {
      values.keys.push_back(keys_of(setting, problem, block, row));
      const RowKeys& keys = values.keys.back();
      values.fate.push_back(fate_of(setting, keys, row));
      values.loss_is_nan |= values.fate.back() == RowFate::nan;
      if (values.fate.back() != RowFate::counts) {
        values.row_loss.push_back(zero);
        continue;
      }
      const RowLogits<Number> logits = vectors.logits(row, keys, weights);
      values.row_loss.push_back(RowTerms<Number>(context, setting, logits).loss());
    }
  for (const FamilyBlock& block : blocks) detail::add_block(setting, block, context, values);
  return values;
}

template <class Number>
InfoNceFamilyEnclosures InfoNceFamilyOnEngine<Number>::enclose(const InfoNceSetting& setting,
                                                               const InfoNceFamilyProblem& problem,
                                                               int bits) {
  const FamilyVectors<Number> vectors(setting, problem, bits);
  InfoNceFamilyEnclosures out;
  if (vectors.undefined()) {
    out.row_loss.resize(detail::at(family_rows(setting, problem)));  // whole lines
    out.fate.assign(out.row_loss.size(), RowFate::nan);
    out.loss_is_nan = true;
    return out;
  }
  const FamilyValues<Number> values = family_values(setting, problem, vectors);
  out.fate = values.fate;
  for (std::size_t i = 0; i < out.fate.size(); ++i)
    out.row_loss.push_back(out.fate[i] == RowFate::nan ? Ends{}
                                                       : to_interval(values.row_loss[i]).ends());
  out.loss_is_nan = values.loss_is_nan;
  if (!values.loss_is_nan && !values.undecided)
    out.loss = to_interval(vectors.outer_factor() * values.mean_loss).ends();
  return out;
}

template <class Number>
typename InfoNceFamilyOnEngine<Number>::Loss InfoNceFamilyOnEngine<Number>::loss(
    const InfoNceSetting& setting, const InfoNceFamilyProblem& problem, int bits) {
  const FamilyVectors<Number> vectors(setting, problem, bits);
  if (vectors.undefined()) return {Interval(), true};
  const FamilyValues<Number> values = family_values(setting, problem, vectors);
  if (values.loss_is_nan || values.undecided) return {Interval(), values.loss_is_nan};
  return {to_interval(vectors.outer_factor() * values.mean_loss), false};
}

}  // namespace assay::reference
