// SPDX-License-Identifier: Apache-2.0
// A forward error bound of the InfoNCE backward kernels, in binary64, generous on purpose: it tells
// a wrong gradient from a rounded one. The budgets of the contract are sharper.
//
// With u = 2^-24, for row i with C columns, L = ceil(C/32), logits in error by at most delta, and D
// the largest difference between its logits:
//  coefficient  exp(s - M)/D: a term of the denominator passes at most L + 3 exponentials, twice as
//  many
//               roundings and L + 5 additions, and the exponents telescope (info_nce_bound.cpp);
//               the numerator adds one exponential, three roundings and D u. Relative error at
//               most h = expm1(4 delta + 2 (L + 6)(E_exp + 2) u + 2 (L + 8) u + 6 D u); terms that
//               underflow lose less than C 2^-120.
//  gradient     a chain of C terms of relative error h + 4 u: |error| <= (h + (C + 6) u)
//               sum |coefficient x| / tau.
//  temperature  sum w (s - p): every term in error by w ((h + (C + 6) u) |s - p| + 2 delta + D u),
//               then the additions over the rows.
#include <algorithm>
#include <cmath>
#include <limits>

#include "kernels/math_bounds.hpp"
#include "tests/kernels/loss/info_nce_gradient_case.hpp"

namespace assay::kernels::testing {

namespace {

constexpr double u = 0x1p-24 + 0x1p-50;

struct Matrix {
  std::int64_t rows;
  std::vector<double> values;
  double& at(std::int64_t i, std::int64_t j) { return values[i * rows + j]; }
};

/// Coefficients dL/ds_ij of all pairs, in binary64, with a bound of their errors.
struct Exact {
  Matrix logits, coefficients, errors;
  double temperature = 0, temperature_error = 0;
};

Exact exact_coefficients(const Input& input, const UpstreamGradient& upstream) {
  const std::int64_t rows = input.rows(), d = input.descriptor.d;
  const auto entries = static_cast<std::size_t>(rows * rows);
  Exact e{{rows, std::vector<double>(entries)},
          {rows, std::vector<double>(entries)},
          {rows, std::vector<double>(entries)}};
  const double terms = static_cast<double>(d), columns = static_cast<double>(rows);
  const double mean_part = upstream.mean / static_cast<float>(rows);
  double sum = 0, sum_error = 0, sum_magnitude = 0;
  for (std::int64_t i = 0; i < rows; ++i) {
    double delta = 0, top = -std::numeric_limits<double>::infinity(), bottom = -top;
    for (std::int64_t j = 0; j < rows; ++j) {
      if (j != input.positive(i) && !input.is_negative(i, j)) continue;
      double c = 0, magnitude = 0;
      for (std::int64_t k = 0; k < d; ++k) {
        const double product = static_cast<double>(input.row(i)[k]) * input.key(j)[k];
        c += product;
        magnitude += std::fabs(product);
      }
      const double s = c / input.temperature;
      delta = std::max(delta, (terms + 2) * u * magnitude / input.temperature * (1 + 4 * u) +
                                  3 * u * std::fabs(s) + terms * 0x1p-140);
      top = std::max(top, s);
      bottom = std::min(bottom, s);
      e.logits.at(i, j) = s;
    }
    const double p = e.logits.at(i, input.positive(i)), spread = top - bottom;
    double total = 0;
    for (std::int64_t j = 0; j < rows; ++j)
      if (j == input.positive(i) || input.is_negative(i, j))
        total += std::exp(e.logits.at(i, j) - top);
    const double lanes = std::ceil(columns / 32), exp_u = exp_error_u + 2;
    const double h =
        std::expm1(4 * delta + 2 * (lanes + 6) * exp_u * u + 2 * (lanes + 8) * u + 6 * spread * u);
    const float g_float = upstream.of_row(i) + static_cast<float>(mean_part);
    const double g = g_float, lost = columns * 0x1p-120 * std::fabs(g);
    double others = 0, others_error = 0;
    for (std::int64_t j = 0; j < rows; ++j) {
      if (!input.is_negative(i, j)) continue;
      const double w = g * std::exp(e.logits.at(i, j) - top) / total;
      const double lever = e.logits.at(i, j) - p;
      const double error = (h + (columns + 6) * u) * std::fabs(w) + lost;
      e.coefficients.at(i, j) = w;
      e.errors.at(i, j) = error;
      others += w;
      others_error += error;
      sum += w * lever;
      sum_magnitude += std::fabs(w * lever);
      sum_error += error * (std::fabs(lever) + 2 * delta) +
                   std::fabs(w) * (2 * delta + spread * u) + 0x1p-140;
    }
    e.coefficients.at(i, input.positive(i)) = -others;
    e.errors.at(i, input.positive(i)) = others_error;
  }
  e.temperature = -sum / input.temperature;
  e.temperature_error = (sum_error + (columns / 256 + 16) * u * (sum_magnitude + sum_error)) /
                            input.temperature * (1 + 8 * u) +
                        0x1p-140;
  return e;
}

double share(double got, double want, double bound) {
  if (!std::isfinite(got)) return std::numeric_limits<double>::quiet_NaN();
  return got == want ? 0 : std::fabs(got - want) / bound;
}

}  // namespace

double largest_share(const Input& input, const UpstreamGradient& upstream, const Gradient& got) {
  Exact e = exact_coefficients(input, upstream);
  const std::int64_t n = input.descriptor.n, d = input.descriptor.d, rows = input.rows();
  const bool joint = input.descriptor.form == InfoNceForm::joint_block;
  const double terms = static_cast<double>(rows);
  double worst = share(got.temperature, e.temperature, e.temperature_error);
  for (std::int64_t o = 0; o < 2 * n; ++o)
    for (std::int64_t k = 0; k < d; ++k) {
      const std::int64_t own = joint || o < n ? o : o - n;  // index among rows or keys
      double sum = 0, magnitude = 0, error = 0;
      for (std::int64_t t = 0; t < rows; ++t) {
        if (joint && t == own) continue;
        double c = 0, c_error = 0;
        if (joint || o < n) c += e.coefficients.at(own, t), c_error += e.errors.at(own, t);
        if (joint || o >= n) c += e.coefficients.at(t, own), c_error += e.errors.at(t, own);
        const double x = joint || o < n ? input.key(t)[k] : input.row(t)[k];
        sum += c * x;
        magnitude += (std::fabs(c) + c_error) * std::fabs(x);
        error += c_error * std::fabs(x);
      }
      const double bound = (error + (terms + 6) * u * magnitude) / input.temperature * (1 + 8 * u) +
                           terms * 0x1p-140;
      const float g = o < n ? got.a[o * d + k] : got.b[(o - n) * d + k];
      const double one = share(g, sum / input.temperature, bound);
      if (!(one <= worst)) worst = one;  // also NaN
      if (std::isnan(worst)) return worst;
    }
  return worst;
}

}  // namespace assay::kernels::testing
