// SPDX-License-Identifier: Apache-2.0
// Generation and execution of InfoNCE kernel cases.
#include "tests/kernels/loss/info_nce_case.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/math.cuh"

namespace assay::kernels::testing {

std::string to_string(const Descriptor& c) {
  return "n=" + std::to_string(c.n) + " d=" + std::to_string(c.d) +
         " seed=" + std::to_string(c.seed) +
         (c.form == InfoNceForm::joint_block ? " joint" : " one-direction");
}

const float* Input::row(std::int64_t i) const {
  const std::int64_t n = descriptor.n;
  if (descriptor.form == InfoNceForm::one_direction || i < n) return &a[i * stride];
  return &b[(i - n) * stride];
}
const float* Input::key(std::int64_t j) const {
  if (descriptor.form == InfoNceForm::one_direction) return &b[j * stride];
  return row(j);
}
std::int64_t Input::positive(std::int64_t i) const {
  if (descriptor.form == InfoNceForm::one_direction) return i;
  return (i + descriptor.n) % (2 * descriptor.n);
}
bool Input::is_negative(std::int64_t i, std::int64_t j) const {
  return j != positive(i) && (descriptor.form == InfoNceForm::one_direction || j != i);
}

Input make_input(const Descriptor& c, std::int64_t padding) {
  Input input;
  input.descriptor = c;
  input.stride = c.d + padding;
  input.a.assign(static_cast<std::size_t>(c.n * input.stride), sentinel);
  input.b = input.a;
  std::mt19937_64 bits(c.seed * 1000003 + static_cast<std::uint64_t>(c.n * 131 + c.d));
  const auto uniform = [&] {  // in [-1, 1), with all 24 bits in use
    return static_cast<float>(static_cast<std::int64_t>(bits() >> 39)) * 0x1p-24f - 1.0f;
  };
  const float length = std::sqrt(3.0f / static_cast<float>(c.d));
  const int regime = static_cast<int>(c.seed % 3);
  input.temperature = regime == 0 ? 0.5 : 0.07;
  for (std::int64_t i = 0; i < c.n; ++i)
    for (std::int64_t k = 0; k < c.d; ++k) {
      const float x = uniform() * length, y = uniform() * length;
      input.a[i * input.stride + k] = x;
      input.b[i * input.stride + k] = regime == 0 ? y : regime == 1 ? x + 0.1f * y : 0.1f * y - x;
    }
  return input;
}

bool same_bits(const Output& a, const Output& b) {
  const auto equal = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() && std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0;
  };
  return equal(a.row_loss, b.row_loss) && equal(a.row_lse, b.row_lse) &&
         std::memcmp(&a.loss, &b.loss, sizeof(float)) == 0;
}

Output run_between_sentinels(const Input& input,
                             const std::function<void(const InfoNceArguments&)>& run) {
  const auto rows = static_cast<std::size_t>(input.rows());
  std::vector<float> row_loss(rows + 2, sentinel), row_lse(rows + 2, sentinel), loss(3, sentinel);
  InfoNceArguments q;
  q.a = input.a.data();
  q.b = input.b.data();
  q.n = input.descriptor.n;
  q.d = input.descriptor.d;
  q.a_stride = q.b_stride = input.stride;
  q.temperature = input.temperature;
  q.form = input.descriptor.form;
  q.row_loss = &row_loss[1];
  q.row_lse = &row_lse[1];
  q.loss = &loss[1];
  run(q);
  for (const std::vector<float>* v : {&row_loss, &row_lse, &loss}) {
    EXPECT_EQ(v->front(), sentinel) << to_string(input.descriptor);
    EXPECT_EQ(v->back(), sentinel) << to_string(input.descriptor);
  }
  return {{row_loss.begin() + 1, row_loss.end() - 1},
          {row_lse.begin() + 1, row_lse.end() - 1},
          loss[1]};
}

Output run_emulated(Input& input, const std::string& schedule, Planted fault) {
  return run_between_sentinels(
      input, [&](const InfoNceArguments& q) { info_nce_forward_emulated(q, schedule, fault); });
}

Output run_cuda(Input& input) {
  return run_between_sentinels(input, [](const InfoNceArguments& q) { info_nce_forward_cuda(q); });
}

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

struct RowResult {
  float loss, lse;
};

RowResult state_row(const Input& input, std::int64_t i, float inv_tau) {
  float m[32], sum[32], p = 0;
  for (int lane = 0; lane < 32; ++lane) m[lane] = minus_infinity, sum[lane] = 0;
  bool negatives = false;
  for (std::int64_t j = 0; j < input.rows(); ++j) {
    float c = 0;
    for (std::int64_t k = 0; k < input.descriptor.d; ++k)
      c = std::fma(input.row(i)[k], input.key(j)[k], c);
    const float v = c * inv_tau;
    if (j == input.positive(i)) p = v;
    if (!input.is_negative(i, j)) continue;
    negatives = true;
    float& lane_m = m[j % 32];
    float& lane_sum = sum[j % 32];
    if (v > lane_m) {
      lane_sum = std::fma(lane_sum, exp_f32(lane_m - v), 1.0f);
      lane_m = v;
    } else if (v != minus_infinity) {
      lane_sum += exp_f32(v - lane_m);
    }
  }
  const float undefined = p - p;  // NaN for an infinite positive logit
  if (!negatives) return {undefined, p};
  float top = m[0];
  for (float x : m) top = std::max(top, x);
  for (int lane = 0; lane < 32; ++lane)
    sum[lane] = sum[lane] == 0 ? 0 : sum[lane] * exp_f32(m[lane] - top);
  // Addition commutes bit for bit, so that the xor tree is the tree of halves.
  for (int offset = 16; offset > 0; offset /= 2)
    for (int lane = 0; lane < offset; ++lane) sum[lane] += sum[lane + offset];
  if (top <= p) {
    const float t = log1p_f32(sum[0] * exp_f32(top - p));
    return {t + undefined, p + t};
  }
  const float t = log_f32(sum[0] + exp_f32(p - top));
  return {(top - p) + t, top + t};
}

}  // namespace

Output follow_statement(const Input& input) {
  const auto inv_tau = static_cast<float>(1.0 / input.temperature);
  Output output;
  float partial[256] = {};
  for (std::int64_t i = 0; i < input.rows(); ++i) {
    const RowResult row = state_row(input, i, inv_tau);
    output.row_loss.push_back(row.loss);
    output.row_lse.push_back(row.lse);
    partial[i % 256] += row.loss;
  }
  for (int offset = 128; offset > 0; offset /= 2)
    for (int t = 0; t < offset; ++t) partial[t] += partial[t + offset];
  output.loss = partial[0] / static_cast<float>(input.rows());
  return output;
}

}  // namespace assay::kernels::testing
