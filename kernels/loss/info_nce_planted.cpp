// SPDX-License-Identifier: Apache-2.0
// Implementation of the faults that take effect before a kernel starts.
#include "kernels/loss/info_nce_planted.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "kernels/half.cuh"
#include "kernels/loss/info_nce_arguments.hpp"

namespace assay::kernels {

namespace {

/// Elements from the first of a matrix to its last, gaps included.
std::int64_t extent(const InfoNceInputs& q, std::int64_t stride) {
  return (q.n - 1) * stride + q.d;
}

/// A dense copy whose rows start where `start(row)` says, in elements.
template <class Start>
std::vector<unsigned char> rows_from(const void* data, const InfoNceInputs& q, Start start) {
  const std::size_t size = size_of(q.input), row = static_cast<std::size_t>(q.d) * size;
  std::vector<unsigned char> copy(static_cast<std::size_t>(q.n) * row);
  for (std::int64_t i = 0; i < q.n; ++i)
    std::memcpy(&copy[static_cast<std::size_t>(i) * row],
                static_cast<const unsigned char*>(data) + static_cast<std::size_t>(start(i)) * size,
                row);
  return copy;
}

std::vector<unsigned char> distorted(const void* data, std::int64_t stride, const InfoNceInputs& q,
                                     Planted fault) {
  if (fault == Planted::stride_ignored)
    return rows_from(data, q, [&](std::int64_t i) { return i * std::min(stride, q.d); });
  if (fault == Planted::power_of_two_stride) {
    std::int64_t power = 1;
    while (power < q.d) power *= 2;
    // Read modulo the matrix: what lies behind it is not ours to touch.
    const std::int64_t starts = extent(q, stride) - q.d + 1;
    return rows_from(data, q, [&](std::int64_t i) { return i * power % starts; });
  }
  std::vector<unsigned char> copy = rows_from(data, q, [&](std::int64_t i) { return i * stride; });
  const std::size_t size = size_of(q.input);
  for (std::int64_t i = 0; i < q.n; ++i)
    for (std::int64_t k = 0; k < q.d; ++k) {
      unsigned char* element = &copy[static_cast<std::size_t>(i * q.d + k) * size];
      if (fault == Planted::coordinate_tail_dropped && k >= q.d / 4 * 4)
        std::memset(element, 0, size);
      if (fault == Planted::inputs_in_bf16 && q.input == Dtype::f32) {
        float x;
        std::memcpy(&x, element, sizeof x);
        x = round_to_bf16(x);
        std::memcpy(element, &x, sizeof x);
      }
    }
  return copy;
}

}  // namespace

SeenInputs::SeenInputs(const InfoNceInputs& given, Planted fault)
    : inputs(given), inv_tau(info_nce_inverse_temperature(given.temperature)) {
  if (fault == Planted::temperature_off) inv_tau = inv_tau * (1.0f + 0x1p-16f);
  if (fault == Planted::temperature_off_coarsely) inv_tau = inv_tau * (1.0f + 0x1p-9f);
  if (fault == Planted::temperature_forgotten) inv_tau = 1.0f;
  if (fault == Planted::wrong_direction && given.form == InfoNceForm::one_direction) {
    std::swap(inputs.a, inputs.b);
    std::swap(inputs.a_stride, inputs.b_stride);
    exchanged = true;
  }
  if (fault == Planted::stride_ignored || fault == Planted::power_of_two_stride ||
      fault == Planted::coordinate_tail_dropped || fault == Planted::inputs_in_bf16) {
    a_ = distorted(given.a, given.a_stride, given, fault);
    b_ = distorted(given.b, given.b_stride, given, fault);
    inputs.a = a_.data();
    inputs.b = b_.data();
    inputs.a_stride = inputs.b_stride = given.d;
  }
}

float seen_divisor(const InfoNceInputs& given, Planted fault) {
  const std::int64_t rows = info_nce_rows(given);
  if (fault == Planted::sum_for_mean) return 1.0f;
  if (fault == Planted::mean_over_padded_length) return static_cast<float>((rows + 31) / 32 * 32);
  return static_cast<float>(rows);
}

SeenUpstream::SeenUpstream(const InfoNceBackwardArguments& given, Planted fault)
    : per_row(given.grad_row_loss),
      stride(given.grad_row_loss_stride),
      mean_part(given.grad_loss / seen_divisor(given, fault)) {
  const std::int64_t rows = info_nce_rows(given);
  if (fault == Planted::upstream_ignored || fault == Planted::row_upstream_ignored)
    per_row = nullptr;
  if (fault == Planted::upstream_ignored) mean_part = 1.0f / static_cast<float>(rows);
  if (fault == Planted::mean_upstream_ignored) mean_part = 0.0f;
  if (fault == Planted::upstream_count_mismatch)
    mean_part = given.grad_loss / static_cast<float>(given.n);
  if (fault == Planted::unit_upstream_shortcut && per_row == nullptr && given.grad_loss == 1.0f)
    mean_part = 0.0f;
  if (fault == Planted::upstream_first_for_all) stride = 0;
  if (fault == Planted::upstream_stride_one && stride > 1) stride = 1;
  if (fault == Planted::upstream_averaged && per_row != nullptr) {
    float sum = 0;
    for (std::int64_t i = 0; i < rows; ++i) sum += per_row[i * stride];
    mean_part += sum / static_cast<float>(rows);
    per_row = nullptr;
  }
}

float seen_temperature_factor(float inv_tau, Planted fault) {
  if (fault == Planted::temperature_gradient_sign) return -inv_tau;
  if (fault == Planted::temperature_gradient_not_scaled) return 1.0f;
  if (fault == Planted::temperature_gradient_missing || fault == Planted::zero_gradient)
    return 0.0f;
  if (fault == Planted::half_gradient) return inv_tau * 0.5f;
  if (fault == Planted::gradient_three_percent) return inv_tau * 1.03f;
  return inv_tau;
}

}  // namespace assay::kernels
