// SPDX-License-Identifier: Apache-2.0
// Generation and execution of cases of the InfoNCE backward, and its statement followed literally.
#include "tests/kernels/loss/info_nce_gradient_case.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>
#include <random>

#include "kernels/math.cuh"

namespace assay::kernels::testing {

UpstreamGradient make_upstream(const Input& input, UpstreamKind kind) {
  std::mt19937_64 bits(input.descriptor.seed * 7919 + static_cast<std::uint64_t>(kind));
  const auto uniform = [&] {
    return static_cast<float>(static_cast<std::int64_t>(bits() >> 39)) * 0x1p-24f - 1.0f;
  };
  UpstreamGradient upstream;
  if (kind == UpstreamKind::mean || kind == UpstreamKind::both) upstream.mean = uniform();
  if (kind == UpstreamKind::mean) return upstream;
  upstream.stride = kind == UpstreamKind::broadcast ? 0 : kind == UpstreamKind::strided ? 3 : 1;
  const std::int64_t numbers = (input.rows() - 1) * upstream.stride + 1;
  for (std::int64_t i = 0; i < numbers; ++i) upstream.per_row.push_back(uniform());
  return upstream;
}

bool same_bits(const Gradient& x, const Gradient& y) {
  const auto equal = [](const std::vector<float>& p, const std::vector<float>& q) {
    return p.size() == q.size() && std::memcmp(p.data(), q.data(), p.size() * sizeof(float)) == 0;
  };
  return equal(x.a, y.a) && equal(x.b, y.b) &&
         std::memcmp(&x.temperature, &y.temperature, sizeof(float)) == 0;
}

Gradient gradient_between_sentinels(
    const Input& input, const UpstreamGradient& upstream,
    const std::function<void(const InfoNceBackwardArguments&)>& run) {
  const auto elements = static_cast<std::size_t>(input.descriptor.n * input.descriptor.d);
  std::vector<float> a(elements + 2, sentinel), b(elements + 2, sentinel), temperature(3, sentinel);
  InfoNceBackwardArguments q;
  q.a = input.a.data();
  q.b = input.b.data();
  q.n = input.descriptor.n;
  q.d = input.descriptor.d;
  q.a_stride = q.b_stride = input.stride;
  q.temperature = input.temperature;
  q.form = input.descriptor.form;
  q.grad_row_loss = upstream.per_row.empty() ? nullptr : upstream.per_row.data();
  q.grad_row_loss_stride = upstream.stride;
  q.grad_loss = upstream.mean;
  q.grad_a = &a[1];
  q.grad_b = &b[1];
  q.grad_temperature = &temperature[1];
  run(q);
  for (const std::vector<float>* v : {&a, &b, &temperature}) {
    EXPECT_EQ(v->front(), sentinel) << to_string(input.descriptor);
    EXPECT_EQ(v->back(), sentinel) << to_string(input.descriptor);
  }
  return {{a.begin() + 1, a.end() - 1}, {b.begin() + 1, b.end() - 1}, temperature[1]};
}

Gradient run_emulated(Input& input, const UpstreamGradient& upstream, const std::string& schedule,
                      Planted fault) {
  return gradient_between_sentinels(input, upstream, [&](const InfoNceBackwardArguments& q) {
    info_nce_backward_emulated(q, schedule, fault);
  });
}

namespace {

constexpr float minus_infinity = -std::numeric_limits<float>::infinity();

/// A statement in progress: the logits are stored, since nothing here has to be fast.
struct Statement {
  const Input& input;
  float inv_tau;
  std::vector<float> logits;  ///< rows x rows
  struct Row {
    float shift, weight, positive_weight, positive;
  };
  std::vector<Row> rows;

  float logit(std::int64_t i, std::int64_t j) const { return logits[i * input.rows() + j]; }
  float coefficient(std::int64_t i, std::int64_t j) const {
    if (j == input.positive(i)) return rows[i].positive_weight;
    return exp_f32(logit(i, j) - rows[i].shift) * rows[i].weight;
  }
};

Statement::Row state_statistics(const Statement& s, std::int64_t i, float g) {
  float m[32], sum[32];
  for (int lane = 0; lane < 32; ++lane) m[lane] = minus_infinity, sum[lane] = 0;
  bool negatives = false;
  for (std::int64_t j = 0; j < s.input.rows(); ++j) {
    if (!s.input.is_negative(i, j)) continue;
    negatives = true;
    const float v = s.logit(i, j);
    if (v > m[j % 32]) {
      sum[j % 32] = std::fma(sum[j % 32], exp_f32(m[j % 32] - v), 1.0f);
      m[j % 32] = v;
    } else if (v != minus_infinity) {
      sum[j % 32] += exp_f32(v - m[j % 32]);
    }
  }
  float top = m[0];
  for (float x : m) top = std::max(top, x);
  for (int lane = 0; lane < 32; ++lane)
    sum[lane] = sum[lane] == 0 ? 0 : sum[lane] * exp_f32(m[lane] - top);
  for (int offset = 16; offset > 0; offset /= 2)
    for (int lane = 0; lane < offset; ++lane) sum[lane] += sum[lane + offset];

  const float p = s.logit(i, s.input.positive(i));
  float shift = p, others = 0, total = 1;
  if (negatives && top <= p) {
    others = sum[0] * exp_f32(top - p);
    total = others + 1.0f;
  } else if (negatives) {
    shift = top;
    others = sum[0];
    total = others + exp_f32(p - top);
  }
  const float weight = g / total;
  return {shift, weight, -(others * weight), p};
}

/// B4 for one vector: o as a row, as a key, or (joint) both.
void state_gradient(const Statement& s, std::int64_t o, bool as_key, float* out) {
  const bool joint = s.input.descriptor.form == InfoNceForm::joint_block;
  const std::int64_t d = s.input.descriptor.d;
  for (std::int64_t k = 0; k < d; ++k) out[k] = 0;
  for (std::int64_t t = 0; t < s.input.rows(); ++t) {
    if (joint && t == o) continue;
    float c = as_key ? s.coefficient(t, o) : s.coefficient(o, t);
    if (joint) c = s.coefficient(o, t) + s.coefficient(t, o);
    const float* x = as_key ? s.input.row(t) : s.input.key(t);
    for (std::int64_t k = 0; k < d; ++k) out[k] = std::fma(c, x[k], out[k]);
  }
  for (std::int64_t k = 0; k < d; ++k) out[k] *= s.inv_tau;
}

/// B5.
float state_temperature(const Statement& s) {
  float partial[256] = {};
  for (std::int64_t i = 0; i < s.input.rows(); ++i) {
    float lanes[32] = {};
    for (std::int64_t j = 0; j < s.input.rows(); ++j)
      if (s.input.is_negative(i, j))
        lanes[j % 32] =
            std::fma(s.coefficient(i, j), s.logit(i, j) - s.rows[i].positive, lanes[j % 32]);
    for (int offset = 16; offset > 0; offset /= 2)
      for (int lane = 0; lane < offset; ++lane) lanes[lane] += lanes[lane + offset];
    partial[i % 256] += lanes[0];
  }
  for (int offset = 128; offset > 0; offset /= 2)
    for (int t = 0; t < offset; ++t) partial[t] += partial[t + offset];
  return -(partial[0] * s.inv_tau);
}

}  // namespace

Gradient follow_statement(const Input& input, const UpstreamGradient& upstream) {
  const std::int64_t rows = input.rows(), n = input.descriptor.n, d = input.descriptor.d;
  Statement s{input, static_cast<float>(1.0 / input.temperature), {}, {}};
  s.logits.resize(rows * rows);
  for (std::int64_t i = 0; i < rows; ++i)
    for (std::int64_t j = 0; j < rows; ++j) {
      float c = 0;
      for (std::int64_t k = 0; k < d; ++k) c = std::fma(input.row(i)[k], input.key(j)[k], c);
      s.logits[i * rows + j] = c * s.inv_tau;
    }
  const float mean_part = upstream.mean / static_cast<float>(rows);
  for (std::int64_t i = 0; i < rows; ++i)
    s.rows.push_back(state_statistics(s, i, upstream.of_row(i) + mean_part));
  Gradient gradient;
  gradient.a.resize(n * d);
  gradient.b.resize(n * d);
  const bool joint = input.descriptor.form == InfoNceForm::joint_block;
  for (std::int64_t i = 0; i < n; ++i) {
    state_gradient(s, i, false, &gradient.a[i * d]);
    state_gradient(s, joint ? i + n : i, !joint, &gradient.b[i * d]);
  }
  gradient.temperature = state_temperature(s);
  return gradient;
}

}  // namespace assay::kernels::testing
