// SPDX-License-Identifier: Apache-2.0
// A forward error bound of the InfoNCE kernel, in binary64 with every slack on the safe side.
//
// With u = 2^-24 and e(k) = k u / (1 - k u), for one row with C columns and L = ceil(C/32):
//  logits     |c^ - c| <= e(d) sum|x_k y_k| + d 2^-150 (chain of d fused operations), then two
//             roundings (1/tau, product): delta_j bounds |s^_j - s_j|.
//  ratio      X = sum_j exp(s_j - p). A term passes at most L + 3 exponentials and as many
//  roundings
//             twice, L + 5 additions, and subtractions whose rounding errors in the exponents add
//             up to u times their telescoped length D = max |s_j - p| + max s - min s: eta =
//             delta_p + max delta + (L + 3)(E_exp + 2) u + (L + 5) u + 3 D u, relative.
//             Underflowing terms lose at most C 2^-148 of a sum that is at least 1.
//  loss       ln(1 + X) moves by at most min(h, h ln(1 + X)) under X -> X (1 +- h), h = expm1(eta);
//             then E_log1p u loss, or (E_log (loss + ln(C + 1)) + 3 loss) u with the maximum apart.
// The binary64 computation obeys the same bound with 2^-52 for u; u is enlarged by that much.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math_bounds.hpp"
#include "tests/kernels/loss/info_nce_case.hpp"

namespace assay::kernels::testing {

namespace {

constexpr double u = 0x1p-24 + 0x1p-50;

struct Logit {
  double value, error;
};

Logit logit(const Input& input, std::int64_t i, std::int64_t j) {
  const std::int64_t d = input.descriptor.d;
  double sum = 0, magnitude = 0;
  for (std::int64_t k = 0; k < d; ++k) {
    const double product = static_cast<double>(input.row(i)[k]) * input.key(j)[k];
    sum += product;
    magnitude += std::fabs(product);
  }
  const double terms = static_cast<double>(d);
  const double chain = terms * u / (1 - terms * u) * magnitude + terms * 0x1p-150;
  const double value = sum / input.temperature;
  return {value, (chain / input.temperature) * (1 + 3 * u) + 3 * u * std::fabs(value) + 0x1p-149};
}

struct Bounded {
  double value, bound;
};

Bounded row_loss(const Input& input, std::int64_t i) {
  const std::int64_t columns = input.rows();
  const Logit p = logit(input, i, input.positive(i));
  double ratio = 0, error = 0, top = p.value, bottom = p.value;
  double top_negative = -std::numeric_limits<double>::infinity();
  for (std::int64_t j = 0; j < columns; ++j) {
    if (!input.is_negative(i, j)) continue;
    const Logit s = logit(input, i, j);
    ratio += std::exp(s.value - p.value);
    error = std::max(error, s.error);
    top = std::max(top, s.value);
    bottom = std::min(bottom, s.value);
    top_negative = std::max(top_negative, s.value);
  }
  const double loss = std::log1p(ratio);
  if (ratio == 0) return {0, 0};
  const double lanes = std::ceil(static_cast<double>(columns) / 32);
  const double eta = p.error + error + (lanes + 3) * (exp_error_u + 2) * u + (lanes + 5) * u +
                     3 * (top - bottom) * u + static_cast<double>(columns) * 0x1p-148;
  const double h = std::expm1(eta);
  double finish = log1p_error_u * loss;
  if (top_negative + error + p.error > p.value)  // the maximum may have been kept apart
    finish = std::max(finish, log_error_u * (loss + std::log(columns + 1.0)) + 3 * loss);
  return {loss, (std::min(h, h * loss) + finish * u) * (1 + 8 * u) + 0x1p-148};
}

double share(float got, const Bounded& want) {
  const double difference = std::fabs(static_cast<double>(got) - want.value);
  if (difference == 0) return 0;
  return difference / want.bound;
}

}  // namespace

double largest_share(const Input& input, const Output& output) {
  double worst = 0, sum = 0, sum_bound = 0;
  for (std::int64_t i = 0; i < input.rows(); ++i) {
    const Bounded want = row_loss(input, i);
    worst = std::max(worst, share(output.row_loss[i], want));
    if (!std::isfinite(output.row_loss[i])) return std::numeric_limits<double>::quiet_NaN();
    sum += want.value;
    sum_bound += want.bound;
  }
  // The mean: ceil(rows/256) + 8 additions of nonnegative numbers and a division.
  const double rows = static_cast<double>(input.rows());
  const double additions = std::ceil(rows / 256) + 9;
  const Bounded mean{sum / rows,
                     (sum_bound + additions * u * (sum + sum_bound)) / rows * (1 + 8 * u)};
  return std::max(worst, share(output.loss, mean));
}

}  // namespace assay::kernels::testing
