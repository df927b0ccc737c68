// SPDX-License-Identifier: Apache-2.0
// The bounds of docs/loss/info_nce-enclosure.md as upward-rounded arithmetic.
#include "reference/loss/info_nce_a_priori_terms.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

#include "reference/loss/batch_exp.hpp"
#include "reference/loss/batch_log.hpp"
#include "reference/loss/upward.hpp"

namespace assay::reference {
namespace {

constexpr double u = unit_roundoff;

/// (1 + u)^k - 1 from above: k u / (1 - k u) <= k u (1 + 2 k u) while k u <= 1/2.
double gamma_up(double k) {
  const double ku = multiply_up(k, u);
  return multiply_up(ku, add_up(1.0, multiply_up(2.0, ku)));
}

/// Error of a sum of k nonnegative numbers by TwoSum, before the two parts are added: the low part
/// collects at most k errors of at most k u each, and its own additions lose k u of that.
double compensated_up(double k) {
  const double ku = gamma_up(k);
  return multiply_up(ku, ku);
}

/// |s^ - s|: Jeannerod and Rump's (d-1) u sum |x_k y_k| when products are exact; otherwise every
/// product and every addition may round, d deep, and every product or fma may underflow.
double gram_error_up(const AprioriScale& scale, double product_up) {
  const auto d = static_cast<double>(scale.d);
  if (scale.exact_products) return multiply_up(multiply_up(d - 1, u), product_up);
  const double underflow = multiply_up(d, smallest_double);
  return add_up(multiply_up(gamma_up(d), product_up), underflow);
}

}  // namespace

double AprioriTerms::log_ratio_up() const {
  const double per_exponential = add_up(add_up(gram, logit), exponential);
  return add_up(add_up(multiply_up(2.0, per_exponential), sum), ratio);
}

double AprioriTerms::log_total_up() const {
  return add_up(add_up(add_up(add_up(gram, logit), exponential), sum), ratio);
}

AprioriScale scale_of(const InfoNceProblem& p, bool exact_products) {
  // There are as many keys as rows, in both forms.
  return {p.d,
          p.rows(),
          p.temperature,
          exact_products,
          batch::largest_sum_height(p.rows(), p.rows()),
          batch::most_joins(p.rows(), p.rows())};
}

AprioriTerms a_priori_terms(const AprioriScale& scale, double product_up) {
  const double gram = gram_error_up(scale, product_up);
  const double largest_product = add_up(product_up, gram);  // bound of |s^|
  // scale^ = log2(e)^ / temperature: 0.13 u for the constant, u for the division; u for the product
  // with s^. Together 2.13 u + O(u^2) <= 2.14 u. A subnormal t^ is wrong by half a smallest double.
  constexpr double scale_error_in_roundoffs = 2.14;
  const double logit_size = divide_up(largest_product, scale.temperature);
  const auto joins = static_cast<double>(scale.joins);
  const auto height = static_cast<double>(scale.sum_height);
  const auto rows = static_cast<double>(scale.rows);

  AprioriTerms terms;
  terms.gram = divide_up(gram, scale.temperature);
  terms.logit =
      add_up(multiply_up(multiply_up(scale_error_in_roundoffs, u), logit_size), smallest_double);
  terms.exponential = log_from_relative_up(multiply_up(exp2_error_in_roundoffs, u));
  // Inside a block, joining blocks, adding the low part.
  terms.sum = log_from_relative_up(add_up(add_up(gamma_up(height), u), compensated_up(joins)));
  terms.ratio = log_from_relative_up(u);
  terms.logarithm = u;
  // Compensated sum, adding the low part, dividing by the number of rows.
  const double mean_parts = add_up(multiply_up(2.0, u), compensated_up(rows));
  terms.mean = relative_from_log_up(log_from_relative_up(mean_parts));
  return terms;
}

Ends Bounded::ends(double floor) const {
  if (radius == 0) return exactly(value);
  return {std::max(floor, subtract_down(value, radius)), add_up(value, radius)};
}

std::optional<Bounded> row_loss_of(double x, const AprioriTerms& terms) {
  constexpr double useful = 0x1p-6;  // also keeps e^y <= 1 + 2 y
  const double log_ratio = terms.log_ratio_up();
  if (!(log_ratio <= useful) || !(x < std::numeric_limits<double>::max() / 4)) return std::nullopt;
  Bounded loss;
  if (x == 0) return loss;  // no negatives: the loss is 0, exactly
  loss.value = log1p_proved(x);
  // Mean value theorem for y -> log(1 + e^y), whose derivative x / (1 + x) grows with x.
  const double x_up = multiply_up(x, add_up(1.0, multiply_up(2.0, log_ratio)));
  const double slope = std::min(1.0, divide_up(x_up, next_down(1.0 + x_up)));
  const double evaluation = multiply_up(terms.logarithm, log_error_weight_up(loss.value));
  loss.radius = add_up(multiply_up(log_ratio, slope), evaluation);
  return loss;
}

std::optional<Bounded> row_lse_of(double total, const AprioriTerms& terms) {
  const double log_total = terms.log_total_up();
  if (!std::isfinite(log_total) || !std::isfinite(total)) return std::nullopt;
  Bounded lse;
  lse.value = log_proved(total);
  lse.radius = add_up(log_total, multiply_up(terms.logarithm, log_error_weight_up(lse.value)));
  return lse;
}

Bounded mean_of(const std::vector<Bounded>& rows, const AprioriTerms& terms) {
  double high = 0, low = 0, radius = 0;
  for (const Bounded& row : rows) {
    batch::JoinExactly::join(high, low, row.value);
    radius = row.radius == 0 ? radius : add_up(radius, row.radius);
  }
  const auto count = static_cast<double>(rows.size());
  Bounded mean;
  mean.value = (high + low) / count;
  if (radius == 0 && mean.value == 0) return mean;  // every row is exactly 0
  mean.radius = add_up(divide_up(radius, count), multiply_up(terms.mean, mean.value));
  return mean;
}

ColumnFacts facts_of(const Eigen::MatrixXd& columns) {
  constexpr std::uint64_t beyond_24_bits = (std::uint64_t{1} << 29) - 1;
  constexpr double smallest = 0x1p-500, largest = 0x1p500;  // products neither under- nor overflow
  const std::int64_t d = columns.rows();
  // Every square and every addition loses at most a factor 1 - u; every square may underflow.
  const double inflation = add_up(1.0, gamma_up(static_cast<double>(d + 1)));
  const double underflow = multiply_up(static_cast<double>(d), smallest_double);
  ColumnFacts facts;
  facts.norms_up.reserve(static_cast<std::size_t>(columns.cols()));
  std::uint64_t low_bits = 0, outside = 0;
  for (Eigen::Index i = 0; i < columns.cols(); ++i) {
    const double* x = columns.col(i).data();
    for (std::int64_t k = 0; k < d; ++k) {
      const double magnitude = std::fabs(x[k]);
      low_bits |= std::bit_cast<std::uint64_t>(x[k]);
      outside |= static_cast<std::uint64_t>((magnitude != 0) & (magnitude < smallest)) |
                 static_cast<std::uint64_t>(magnitude > largest);
    }
    const double square = multiply_up(columns.col(i).squaredNorm(), inflation);
    facts.norms_up.push_back(sqrt_up(add_up(square, underflow)));
  }
  facts.products_exact = (low_bits & beyond_24_bits) == 0 && outside == 0;
  return facts;
}

}  // namespace assay::reference
