// SPDX-License-Identifier: Apache-2.0
// Runs of the CPU implementation of InfoNCE, and its statement step by step.
#include "tests/kernels/loss/info_nce_cpu_case.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <stdexcept>

#include "kernels/math.cuh"

namespace assay::kernels::testing {

Upstream make_upstream(const Input& input, std::uint64_t seed) {
  Upstream u;
  if (seed % 3 != 0) u.mean = 1.75f;
  if (seed % 3 == 1)
    for (std::int64_t i = 0; i < input.rows(); ++i)
      u.rows.push_back(static_cast<float>(i * 37 % 11 - 4) * 0.09375f);
  if (seed % 3 == 0) u.rows.push_back(-0.625f);
  return u;
}

bool same_bits(const CpuOutput& a, const CpuOutput& b) {
  const auto equal = [](const std::vector<float>& x, const std::vector<float>& y) {
    return x.size() == y.size() &&
           (x.empty() || std::memcmp(x.data(), y.data(), x.size() * sizeof(float)) == 0);
  };
  return same_bits(a.forward, b.forward) && equal(a.grad_a, b.grad_a) &&
         equal(a.grad_b, b.grad_b) &&
         std::memcmp(&a.grad_temperature, &b.grad_temperature, sizeof(float)) == 0;
}

CpuRun on_isa(const std::string& isa, int threads) {
  return [=](const InfoNceArguments* forward, const InfoNceBackwardArguments* backward) {
    info_nce_cpu(forward, backward, threads, isa);
  };
}
CpuRun on_code(const cpu::VectorCode& code, int threads) {
  return
      [&code, threads](const InfoNceArguments* forward, const InfoNceBackwardArguments* backward) {
        cpu::info_nce_on(code, forward, backward, threads);
      };
}

namespace {

/// An output between sentinels, itself filled with them.
class Guarded {
 public:
  explicit Guarded(std::int64_t count) : data_(static_cast<std::size_t>(count + 2), sentinel) {}
  float* get() { return &data_[1]; }
  std::vector<float> take() const {
    EXPECT_EQ(data_.front(), sentinel);
    EXPECT_EQ(data_.back(), sentinel);
    return {data_.begin() + 1, data_.end() - 1};
  }

 private:
  std::vector<float> data_;
};

void describe(const Input& input, InfoNceInputs& q) {
  q.a = input.a.data();
  q.b = input.b.data();
  q.n = input.descriptor.n;
  q.d = input.descriptor.d;
  q.a_stride = q.b_stride = input.stride;
  q.temperature = input.temperature;
  q.form = input.descriptor.form;
}

}  // namespace

CpuOutput run_cpu(const Input& input, const Upstream& upstream, const CpuRun& run, Passes passes) {
  const std::int64_t elements = input.descriptor.n * input.descriptor.d;
  Guarded row_loss(input.rows()), row_lse(input.rows()), loss(1);
  Guarded grad_a(elements), grad_b(elements), grad_temperature(1);
  InfoNceArguments forward;
  InfoNceBackwardArguments backward;
  describe(input, forward);
  describe(input, backward);
  forward.row_loss = row_loss.get();
  forward.row_lse = row_lse.get();
  forward.loss = loss.get();
  backward.grad_loss = upstream.mean;
  backward.grad_row_loss = upstream.rows.empty() ? nullptr : upstream.rows.data();
  backward.grad_row_loss_stride = upstream.rows.size() == 1 && input.rows() > 1 ? 0 : 1;
  backward.grad_a = grad_a.get();
  backward.grad_b = grad_b.get();
  backward.grad_temperature = grad_temperature.get();
  run(passes == Passes::backward ? nullptr : &forward,
      passes == Passes::forward ? nullptr : &backward);
  CpuOutput out;
  if (passes != Passes::backward) out.forward = {row_loss.take(), row_lse.take(), loss.take()[0]};
  if (passes != Passes::forward) {
    out.grad_a = grad_a.take();
    out.grad_b = grad_b.take();
    out.grad_temperature = grad_temperature.take()[0];
  }
  return out;
}

std::vector<std::string> available_isas() {
  std::vector<std::string> found = {"generic"};
  Input input = make_input({1, 1, InfoNceForm::one_direction, 0});
  for (const char* isa : {"avx2", "avx512"}) try {
      run_cpu(input, {}, on_isa(isa, 1));
      found.emplace_back(isa);
    } catch (const std::invalid_argument&) {
    }
  return found;
}

namespace {

constexpr std::int64_t lanes = 16, block_keys = 256, panel_rows = 96;
constexpr float infinity = std::numeric_limits<float>::infinity();

float tree(float* x, int count) {
  for (int offset = count / 2; offset > 0; offset /= 2)
    for (int i = 0; i < offset; ++i) x[i] += x[i + offset];
  return x[0];
}

float sum_over_rows(const std::vector<float>& x) {
  float partial[256] = {};
  for (std::size_t i = 0; i < x.size(); ++i) partial[i % 256] += x[i];
  return tree(partial, 256);
}

float logit(const Input& input, std::int64_t i, std::int64_t j, float inv_tau) {
  float c = 0;
  for (std::int64_t k = 0; k < input.descriptor.d; ++k)
    c = std::fma(input.row(i)[k], input.key(j)[k], c);
  return c * inv_tau;
}

/// Steps 2 to 5, 7, 8 and 12 for one row; the row of weights, as one direction has them, and what
/// the joint block makes its own of.
struct Row {
  float loss = 0, lse = 0, moment = 0;
  std::vector<float> weights, logits;
  float maximum = 0, omega = 0, positive_weight = 0;
};

Row state_row(const Input& input, std::int64_t i, float inv_tau, float g) {
  const std::int64_t columns = input.rows();
  const std::int64_t filled = (columns + lanes - 1) / lanes * lanes;
  const float p = logit(input, i, input.positive(i), inv_tau);
  float m = p, sum[lanes] = {}, moment[lanes] = {};
  std::vector<float> s(static_cast<std::size_t>(filled), -infinity), e(s), then;
  for (std::int64_t j = 0; j < columns; ++j)
    if (input.is_negative(i, j)) s[j] = logit(input, i, j, inv_tau);
  for (std::int64_t first = 0; first < filled; first += block_keys) {
    const std::int64_t last = std::min(first + block_keys, filled);
    const float top = *std::max_element(&s[first], &s[first] + (last - first));
    if (top > m) {
      for (float& x : sum) x *= exp_f32(m - top);
      for (float& x : moment) x *= exp_f32(m - top);
      m = top;
    }
    then.push_back(m);
    for (std::int64_t j = first; j < last; ++j) {
      e[j] = exp_f32(s[j] - m);
      sum[j % lanes] += e[j];
      moment[j % lanes] = std::fma(e[j], e[j] > 0 ? s[j] - p : 0.0f, moment[j % lanes]);
    }
  }
  Row row;
  const float r = tree(sum, lanes);
  const float denominator = m > p ? r + exp_f32(p - m) : r + 1.0f;
  row.loss = m > p ? (m - p) + log_f32(denominator) : log1p_f32(r) + (p - p);
  row.lse = m > p ? m + log_f32(denominator) : p + log1p_f32(r);
  const float omega = g / denominator;
  for (std::int64_t j = 0; j < columns; ++j)
    row.weights.push_back(e[j] * (exp_f32(then[j / block_keys] - m) * omega));
  row.weights[input.positive(i)] = row.positive_weight = -(r * omega);
  row.logits = s;
  row.maximum = m;
  row.omega = omega;
  row.moment = omega * tree(moment, lanes);
  return row;
}

/// Step 8 of the joint block: w_ij.
float pair_weight(const Input& input, const std::vector<Row>& rows, std::int64_t i,
                  std::int64_t j) {
  if (i == j) return 0;
  if (j == input.positive(i)) return rows[i].positive_weight + rows[j].positive_weight;
  const float s = rows[i].logits[j];
  const float own = exp_f32(s - rows[i].maximum) * rows[i].omega;
  const float other = exp_f32(s - rows[j].maximum) * rows[j].omega;
  return own + other;
}

/// total + the chain over `at` in [first, last) of factor(at) * vector(at)[c].
template <class Factor, class Vector>
float add_chain(float total, std::int64_t first, std::int64_t last, std::int64_t c, Factor factor,
                Vector vector) {
  float acc = 0;
  for (std::int64_t at = first; at < last; ++at) acc = std::fma(factor(at), vector(at)[c], acc);
  return total + acc;
}

}  // namespace

CpuOutput follow_cpu_statement(const Input& input, const Upstream& upstream) {
  const std::int64_t rows = input.rows(), d = input.descriptor.d, n = input.descriptor.n;
  const auto inv_tau = static_cast<float>(1.0 / input.temperature);
  const float mean_part = upstream.mean / static_cast<float>(rows);
  CpuOutput out;
  std::vector<Row> stated;
  std::vector<float> moments;
  for (std::int64_t i = 0; i < rows; ++i) {
    float g = mean_part;
    if (!upstream.rows.empty()) g += upstream.rows[upstream.rows.size() == 1 ? 0 : i];
    stated.push_back(state_row(input, i, inv_tau, g));
    out.forward.row_loss.push_back(stated.back().loss);
    out.forward.row_lse.push_back(stated.back().lse);
    moments.push_back(stated.back().moment);
  }
  out.forward.loss = sum_over_rows(out.forward.row_loss) / static_cast<float>(rows);
  out.grad_temperature = -(sum_over_rows(moments) * inv_tau);
  const bool joint = input.descriptor.form == InfoNceForm::joint_block;
  out.grad_a.resize(static_cast<std::size_t>(n * d));
  out.grad_b = out.grad_a;
  for (std::int64_t z = 0; z < rows; ++z)  // row z and key z
    for (std::int64_t c = 0; c < d; ++c) {
      float x = 0, y = 0;
      // In the joint block a pair is taken once, by the later panel; inside a panel by both.
      const std::int64_t panel_end = std::min(z / panel_rows * panel_rows + panel_rows, rows);
      const std::int64_t last_key = joint ? panel_end : rows, first_row = joint ? panel_end : 0;
      const auto weight = [&](std::int64_t i, std::int64_t j) {
        return joint ? pair_weight(input, stated, i, j) : stated[i].weights[j];
      };
      for (std::int64_t first = 0; first < last_key; first += block_keys)
        x = add_chain(
            x, first, std::min(first + block_keys, last_key), c,
            [&](std::int64_t j) { return weight(z, j); },
            [&](std::int64_t j) { return input.key(j); });
      for (std::int64_t first = first_row; first < rows; first += panel_rows)
        y = add_chain(
            y, first, std::min(first + panel_rows, rows), c,
            [&](std::int64_t i) { return weight(i, z); },
            [&](std::int64_t i) { return input.row(i); });
      if (joint) {
        (z < n ? out.grad_a[z * d + c] : out.grad_b[(z - n) * d + c]) = (x + y) * inv_tau;
      } else {
        out.grad_a[z * d + c] = x * inv_tau;
        out.grad_b[z * d + c] = y * inv_tau;
      }
    }
  return out;
}

}  // namespace assay::kernels::testing
