// SPDX-License-Identifier: Apache-2.0
// One-direction InfoNCE, forward and backward, with every stored tensor in bfloat16.
#include "properties/contract/loss/info_nce_kill_matrix_baseline.hpp"

#include <algorithm>
#include <cmath>

#include "core/float_format.hpp"
#include "properties/contract/loss/info_nce_logits.hpp"

namespace assay::contract {
namespace {

using Matrix = std::vector<float>;

float stored(float x) { return static_cast<float>(rounded_to(Dtype::bf16, x)); }

/// sum over k of x[k * x_step] y[k * y_step] in binary32, stored.
float stored_dot(const float* x, std::size_t x_step, const float* y, std::size_t y_step,
                 std::size_t count) {
  float sum = 0;
  for (std::size_t k = 0; k < count; ++k) sum += x[k * x_step] * y[k * y_step];
  return stored(sum);
}

float log_sum_exp(const float* row, std::size_t count) {
  const float top = *std::max_element(row, row + count);
  float sum = 0;
  for (std::size_t j = 0; j < count; ++j) sum += std::exp(row[j] - top);
  return top + std::log(sum);
}

std::vector<double> doubles(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

}  // namespace

std::map<std::string, std::vector<double>> low_precision_info_nce(const engine::Case& backward) {
  const InfoNceInstance instance = InfoNceInstance::from(backward);
  const auto n = static_cast<std::size_t>(instance.n), d = static_cast<std::size_t>(instance.d);
  const Matrix z(instance.z.begin(), instance.z.end());
  const float *a = z.data(), *b = a + n * d;
  const auto temperature = static_cast<float>(instance.temperature);
  const float mean_upstream =
      stored(static_cast<float>(instance.upstream_mean) / static_cast<float>(n));

  Matrix scaled(n * n);  // H, the coefficients of the vectors
  std::vector<float> row_loss(n), t(n);
  float loss_sum = 0, temperature_sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j)
      t[j] = stored(stored_dot(a + i * d, 1, b + j * d, 1, d) / temperature);
    const float lse = log_sum_exp(t.data(), n);
    row_loss[i] = stored(lse - t[i]);
    loss_sum += row_loss[i];
    const float g = stored(static_cast<float>(instance.upstream[i]) + mean_upstream);
    for (std::size_t j = 0; j < n; ++j) {
      const float p = stored(std::exp(t[j] - lse));
      const float coefficient = stored((p - (i == j ? 1.0f : 0.0f)) * g);
      temperature_sum += coefficient * t[j];
      scaled[i * n + j] = stored(coefficient / temperature);
    }
  }
  std::vector<float> grad_a(n * d), grad_b(n * d);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t k = 0; k < d; ++k) {
      grad_a[i * d + k] = stored_dot(&scaled[i * n], 1, b + k, d, n);
      grad_b[i * d + k] = stored_dot(&scaled[i], n, a + k, d, n);
    }
  return {{"row_loss", doubles(row_loss)},
          {"loss", {stored(loss_sum / static_cast<float>(n))}},
          {"grad_a", doubles(grad_a)},
          {"grad_b", doubles(grad_b)},
          {"grad_temperature", {stored(-temperature_sum / temperature)}}};
}

}  // namespace assay::contract
