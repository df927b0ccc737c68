// SPDX-License-Identifier: Apache-2.0
// The gradient bounds of docs/loss/info_nce-split.md as upward-rounded arithmetic.
#include "reference/loss/info_nce_split_gradient_terms.hpp"

#include <algorithm>
#include <cmath>

namespace assay::reference::split {
namespace {

constexpr double u = unit_roundoff;
constexpr double pair_error = pair_error_in_square_roundoffs * u * u;

double gamma_up(double k) {
  const double ku = multiply_up(k, u);
  return multiply_up(ku, add_up(1.0, multiply_up(2.0, ku)));
}

constexpr double one_over_log_2_up = 1.45;  ///< 1/log 2 = 1.4427...

}  // namespace

Pair mean_share(const InfoNceUpstream& upstream, std::int64_t rows) {
  return divide({upstream.mean, 0.0}, {static_cast<double>(rows), 0.0});
}

Pair upstream_of(const InfoNceUpstream& upstream, Pair mean, std::int64_t row) {
  return add({upstream.row == nullptr ? 0.0 : upstream.row[row * upstream.stride], 0.0}, mean);
}

std::optional<GradientFactors> gradient_factors(const InfoNceProblem& problem,
                                                const InfoNceUpstream& upstream, const Sums& sums) {
  constexpr double largest = 0x1p100, smallest = 0x1p-200, lost = 0x1p-44;
  const auto rows = static_cast<std::size_t>(problem.rows());
  const Pair mean = mean_share(upstream, problem.rows());
  if (mean.high == 0 && upstream.mean != 0) return std::nullopt;  // it underflowed
  GradientFactors out;
  out.rows.kappa.resize(rows);
  out.rows.q.resize(rows);
  bool positive = false, negative = false;
  Pair logits;
  for (std::size_t i = 0; i < rows; ++i) {
    const auto at = static_cast<std::int64_t>(i);
    const double own = upstream.row == nullptr ? 0.0 : upstream.row[at * upstream.stride];
    const Pair g = upstream_of(upstream, mean, at);
    const double size = std::fabs(g.high);
    const double error =
        mean.high == 0 ? 0.0 : 2 * pair_error * (std::fabs(own) + std::fabs(mean.high));
    if (!(size <= largest) || (size < smallest && (size != 0 || error != 0))) return std::nullopt;
    if (size != 0) out.upstream = std::max(out.upstream, divide_up(next_up(error), size));
    out.largest = std::max(out.largest, size);
    positive |= g.high > 0;
    negative |= g.high < 0;
    const RowSum row = sums.row(i);
    const Pair total = add(row.negatives, row.positive);
    const Pair kappa = divide(g, total);
    const Pair q = multiply(g, divide(row.negatives, total));
    out.rows.kappa[i] = kappa.high;
    out.rows.q[i] = q.high;
    const Pair weighted =
        multiply(q, fast_two_sum(row.positive_logit.high, row.positive_logit.low));
    join(logits, weighted);
    out.positive_logit_sizes = add_up(out.positive_logit_sizes, std::fabs(weighted.high));
    out.q_sizes = add_up(out.q_sizes, std::fabs(q.high));
  }
  out.positive_logits = fast_two_sum(logits.high, logits.low);
  out.one_sign = !(positive && negative);
  if (!(out.upstream <= lost)) return std::nullopt;
  return out;
}

GradientTerms gradient_terms(const Sums& sums, const GradientFactors& factors, std::int64_t rows,
                             double largest_entry) {
  const Terms& t = sums.terms;
  const auto count = static_cast<double>(rows);
  constexpr double roundings = 4, pair_operations = 8;
  // An exponential over the full sum: each carries the errors of its steps.
  const double quotient = multiply_up(2.0, add_up(add_up(t.log_exponential_up(), t.sum), t.cut));
  const double rounding =
      add_up(log_from_relative_up(gamma_up(roundings)), pair_operations * pair_error);
  GradientTerms out;
  out.coefficient = relative_from_log_up(
      add_up(add_up(quotient, rounding), log_from_relative_up(factors.upstream)));
  out.product = gamma_up(static_cast<double>(product_depth));
  const double chunks = 2 * (count / static_cast<double>(product_depth) + 2) +
                        2 * static_cast<double>(most_joins(rows, rows));
  out.join = multiply_up(gamma_up(chunks), gamma_up(chunks));
  // The product m t, t without its tail, the sum of a column; columns are joined.
  const double columns = count * (count / static_cast<double>(row_tile) + 2);
  out.weighted = add_up(gamma_up(static_cast<double>(weighted_sum_height + 1)),
                        multiply_up(gamma_up(columns), gamma_up(columns)));
  out.logit = multiply_up(one_over_log_2_up, add_up(t.gram, t.logit));
  constexpr double far_positive = 0x1p-830, underflow = 0x1p-990;
  out.absolute = multiply_up(multiply_up(count, add_up(1.0, largest_entry)),
                             add_up(multiply_up(factors.largest, far_positive), underflow));
  constexpr double last_roundings = 3;  // high + low, the division, the difference to the truth
  out.rounding = last_roundings * u;
  out.pairs = 4 * pair_error;
  out.inflation = 1 + 0x1p-16;
  return out;
}

double GradientTerms::radius_up(double size, double value, double temperature) const {
  const double relative = add_up(add_up(coefficient, product), join);
  const double error = add_up(multiply_up(multiply_up(size, inflation), relative), absolute);
  const double last = add_up(multiply_up(rounding, std::fabs(value)), smallest_double);
  return add_up(divide_up(error, temperature), last);
}

Pair temperature_derivative(const WeightedLogits& logits, const GradientFactors& factors,
                            double temperature) {
  const Pair log_2{exp2_coefficients[1], log_2_low};
  const Pair negatives = fast_two_sum(logits.sum.high, logits.sum.low);
  const Pair difference = add(factors.positive_logits, negate(negatives));
  return divide(multiply(log_2, difference), {temperature, 0.0});
}

Ends temperature_ends(const WeightedLogits& logits, const GradientFactors& factors, double weight,
                      const GradientTerms& terms, double temperature) {
  if (factors.largest == 0) return exactly(0.0);
  const Pair value = temperature_derivative(logits, factors, temperature);
  const double sizes =
      multiply_up(terms.inflation, add_up(logits.sizes, factors.positive_logit_sizes));
  const double weights = multiply_up(terms.inflation, add_up(weight, factors.q_sizes));
  const double relative = add_up(terms.coefficient, terms.weighted);
  double error = add_up(multiply_up(relative, sizes), multiply_up(terms.logit, weights));
  error = add_up(error, multiply_up(terms.pairs, sizes));
  error = add_up(error, multiply_up(terms.absolute, 0x1p20));
  const double last = multiply_up(u * u * 0x1p6, std::fabs(value.high));
  return ends_around(value, add_up(divide_up(error, temperature), last));  // log 2 < 1
}

}  // namespace assay::reference::split
