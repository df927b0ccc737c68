// SPDX-License-Identifier: Apache-2.0
// The bounds of docs/loss/info_nce-split.md as upward-rounded arithmetic.
#include "reference/loss/info_nce_split_terms.hpp"

#include <cmath>
#include <limits>

namespace assay::reference::split {
namespace {

constexpr double u = unit_roundoff;
constexpr double pair_error = pair_error_in_square_roundoffs * u * u;

/// (1 + u)^k - 1 from above while k u <= 1/2.
double gamma_up(double k) {
  const double ku = multiply_up(k, u);
  return multiply_up(ku, add_up(1.0, multiply_up(2.0, ku)));
}

/// Bound of the low part of an inner product.
double low_up(const OperandFacts& f) {
  return add_up(multiply_up(f.rest_norm, f.fine_norm_up()),
                multiply_up(f.row_norm, f.left_out_norm));
}

/// Below this the positive is not worth exponentiating: the loss is R / e_p < N 2^-900.
constexpr double farthest_positive = 900.0;

}  // namespace

double Terms::log_exponential_up() const { return add_up(add_up(gram, logit), exponential); }
double Terms::log_ratio_up() const {
  const double both = multiply_up(2.0, log_exponential_up());
  return add_up(add_up(add_up(both, sum), ratio), cut);
}
double Terms::log_total_up() const {
  return add_up(add_up(add_up(log_exponential_up(), sum), ratio), cut);
}

double logit_size_up(const Scale& s) {
  return divide_up(multiply_up(s.facts.product_up(), 1.0 + 0x1p-20), s.temperature);
}

Terms terms_of(const Scale& s) {
  const double low = low_up(s.facts);
  const auto n = static_cast<double>(s.facts.low_terms);
  const double gram = multiply_up(multiply_up(n - 1, u), low);
  const double low_computed = divide_up(add_up(low, gram), s.temperature);
  // Section "logit": what multiplying and adding the low parts loses, and what they leave out.
  constexpr double low_roundoffs = 4.3, high_square_roundoffs = 16.0;
  const double high = multiply_up(multiply_up(high_square_roundoffs * u, u), logit_size_up(s));
  const double additions = gamma_up(static_cast<double>(low_additions(s.rows, s.keys)));
  constexpr double largest_tail = 0x1p-43;  // |w| <= 2^-43 v
  const auto rows = static_cast<double>(s.rows);

  Terms terms;
  terms.gram = divide_up(gram, s.temperature);
  terms.logit = add_up(add_up(multiply_up(low_roundoffs * u, low_computed), high), smallest_double);
  terms.exponential = log_from_relative_up(multiply_up(exp2_split_error_in_roundoffs, u));
  terms.sum = log_from_relative_up(multiply_up(additions, add_up(additions, largest_tail)));
  terms.ratio = log_from_relative_up(pair_error);
  terms.logarithm = u;
  if (s.shifted) {
    constexpr double two_at_lowest = 0x1p-998;  // R >= 1/2; e and its replacement are below 2^-999
    terms.cut = multiply_up(static_cast<double>(s.keys), two_at_lowest);
    terms.shift = multiply_up(multiply_up(4 * pair_error, 2.0), add_up(1.0, logit_size_up(s)));
  }
  const double joins = gamma_up(2 * rows);
  const double mean = add_up(2 * pair_error, multiply_up(joins, add_up(joins, 2 * u)));
  terms.mean = mean;
  return terms;
}

std::optional<BoundedPair> row_loss_of(const RowSum& row, const Terms& terms) {
  constexpr double useful = 0x1p-6;  // also keeps e^y <= 1 + 2 y
  const double log_ratio = terms.log_ratio_up();
  if (!(log_ratio <= useful) || !std::isfinite(row.negatives.high)) return std::nullopt;
  BoundedPair loss;
  if (row.negatives.high == 0) return loss;  // no negatives: the loss is 0, exactly
  const double t = row.positive_logit.high;
  if (t > farthest_positive) {  // 0 < loss <= x: the negatives are below rows * 2^1
    loss.radius =
        multiply_up(row.negatives.high, std::ldexp(1.0, -static_cast<int>(farthest_positive) + 2));
    return loss;
  }
  if (t < -farthest_positive) {  // log(1 + x) with x > 2^899: log x, and 1/x more
    const Pair log_2{exp2_coefficients[1], log_2_low};
    const Pair log_sum = log_split(row.negatives);
    const Pair distance = negate(multiply(fast_two_sum(t, row.positive_logit.low), log_2));
    loss.value = add(log_sum, distance);
    const double evaluation = multiply_up(terms.logarithm, split_log_error_weight_up(log_sum.high));
    const double pairs = multiply_up(4 * pair_error, add_up(1.0, loss.value.high));
    loss.radius = add_up(add_up(log_ratio, next_up(evaluation)), add_up(pairs, u * pair_error));
    return loss;
  }
  const Pair x = divide(row.negatives, row.positive);
  if (!(x.high < 0x1p1000)) return std::nullopt;
  loss.value = log1p_split(x);
  // Mean value theorem for y -> log(1 + e^y), whose derivative x / (1 + x) grows with x.
  const double x_up = multiply_up(next_up(x.high), add_up(1.0, multiply_up(2.0, log_ratio)));
  const double slope = std::min(1.0, divide_up(x_up, next_down(1.0 + x_up)));
  const double evaluation =
      multiply_up(terms.logarithm, split_log_error_weight_up(loss.value.high));
  loss.radius = add_up(multiply_up(log_ratio, slope), next_up(evaluation));
  return loss;
}

std::optional<BoundedPair> row_lse_of(const RowSum& row, const Terms& terms) {
  constexpr double useful = 0x1p-6;
  const double log_total = terms.log_total_up();
  if (!(log_total <= useful)) return std::nullopt;
  BoundedPair lse;
  double beside = 0;  // what is neglected
  // 17 u^2 |shift| in the product, 16 u^2 of both sides in the sum.
  const Pair shift = detail::times_log_2(row.shift);
  if (row.positive_logit.high > farthest_positive) {
    const Pair log_2{exp2_coefficients[1], log_2_low};
    lse.value = multiply(fast_two_sum(row.positive_logit.high, row.positive_logit.low), log_2);
    beside = u * pair_error;
  } else {
    const Pair total = add(row.negatives, row.positive);
    if (!(total.high < 0x1p1000)) return std::nullopt;
    lse.value = log_split(total);
  }
  const double evaluation = multiply_up(terms.logarithm, split_log_error_weight_up(lse.value.high));
  if (row.shift != 0) lse.value = add(lse.value, shift);
  lse.radius = add_up(add_up(log_total, next_up(evaluation)), add_up(terms.shift, beside));
  return lse;
}

BoundedPair mean_of(const std::vector<BoundedPair>& rows, const Terms& terms) {
  Pair sum;
  double radius = 0;
  for (const BoundedPair& row : rows) {
    join(sum, row.value);
    radius = row.radius == 0 ? radius : add_up(radius, row.radius);
  }
  const auto count = static_cast<double>(rows.size());
  BoundedPair mean;
  mean.value = divide(fast_two_sum(sum.high, sum.low), {count, 0.0});
  if (radius == 0 && mean.value.high == 0) return mean;  // every row is exactly 0
  mean.radius = add_up(divide_up(radius, count), multiply_up(terms.mean, next_up(mean.value.high)));
  return mean;
}

std::optional<Sums> sums_of(const InfoNceProblem& problem) {
  constexpr double far = 0x1p400;
  constexpr std::int64_t largest_size = std::int64_t{1} << 26;
  if (!(problem.temperature < far) || !(problem.temperature > 1 / far)) return std::nullopt;
  if (problem.rows() > largest_size) return std::nullopt;
  auto operands = cut(problem);
  if (!operands) return std::nullopt;
  Scale scale{operands->facts, problem.temperature, problem.rows(), problem.rows(), false};
  const double size = logit_size_up(scale);
  if (!(size < largest_logit)) return std::nullopt;
  scale.shifted = !(size < largest_unshifted_logit);
  Sums out{std::move(*operands),
           logit_scale(problem.temperature),
           {},
           RowSums(problem.rows()),
           terms_of(scale)};
  if (scale.shifted) out.shifts = shifts_of(out.operands, out.scale);
  batch::NoProbe probe;
  SumPass<batch::NoProbe>(out.operands, out.scale, scale.shifted ? &out.shifts : nullptr, out.rows,
                          probe)
      .run();
  if (!scale.shifted) return out;
  // The shifts are what they are meant to be: no exponential was cut from above, R is not tiny.
  constexpr double lowest = 0.5, highest = 0x1p60;
  for (const Pair& sum : out.rows.negatives)
    if (problem.n > 1 && !(sum.high >= lowest && sum.high <= highest)) return std::nullopt;
  return out;
}

}  // namespace assay::reference::split
