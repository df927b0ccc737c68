// SPDX-License-Identifier: Apache-2.0
// Plain C++ binary32 implementations of InfoNCE backward.
#include "info_nce_gradient_simulations.hpp"

#include <array>
#include <bit>
#include <cmath>

#include "core/float_format.hpp"
#include "info_nce_simulated.hpp"

namespace assay::testing {

namespace {

using Matrix = std::vector<std::vector<float>>;

float to_bf16(float x) { return static_cast<float>(rounded_to(Dtype::bf16, x)); }

contract::Observation observation_of(const Problem& q, const Matrix& gradients, float temperature) {
  std::vector<float> a, b;
  for (std::int64_t v = 0; v < 2 * q.n; ++v) {
    const std::vector<float>& row = gradients[static_cast<std::size_t>(v)];
    (v < q.n ? a : b).insert((v < q.n ? a : b).end(), row.begin(), row.end());
  }
  contract::Observation o;
  o.conduct = contract::Conduct::returned;
  o.outputs = {Tensor::of_floats("grad_a", {q.n, q.d}, a),
               Tensor::of_floats("grad_b", {q.n, q.d}, b),
               Tensor::of_floats("grad_temperature", {1}, {temperature})};
  return o;
}

/// Upstream gradient of every row.
std::vector<float> upstream_of(const engine::Case& c, std::int64_t rows) {
  const Tensor& g = c.input("grad_row_loss");
  const float mean = static_cast<float>(c.scalars.at("grad_loss")) / static_cast<float>(rows);
  std::vector<float> all;
  for (std::int64_t i = 0; i < rows; ++i) all.push_back(g.as<float>()[i * g.strides[0]] + mean);
  return all;
}

struct Row {
  float shift = 0, others = 0, total = 1, omega = 0, rho = 0, positive = 0;
  std::vector<float> logits;  // per key
};

float chain_logit(const Problem& q, const float* x, const float* y, float inverse) {
  float dot = 0;
  for (std::int64_t k = 0; k < q.d; ++k) dot = std::fma(x[k], y[k], dot);
  return dot * inverse;
}

Row statistics(const Problem& q, std::int64_t i, float g, float inverse) {
  Row row;
  std::array<Lane, 32> lanes;
  for (std::int64_t j = 0; j < q.rows(); ++j) {
    row.logits.push_back(chain_logit(q, q.row(i), q.key(j), inverse));
    const float v = row.logits.back();
    if (j == q.positive(i))
      row.positive = v;
    else if (!(q.joint && j == i))
      push(lanes[static_cast<std::size_t>(j % 32)], v, Defect::none);
  }
  const float p = row.positive;
  float m = -infinity;
  for (const Lane& lane : lanes) m = std::max(m, lane.maximum);
  std::array<float, 32> r{};
  for (std::size_t l = 0; l < 32; ++l)
    r[l] = lanes[l].sum == 0 ? 0 : lanes[l].sum * kernels::exp_f32(lanes[l].maximum - m);
  for (std::size_t offset = 16; offset > 0; offset /= 2)
    for (std::size_t l = 0; l < offset; ++l) r[l] += r[l + offset];
  if (q.n == 1 && m == -infinity) {
    row.shift = p;
  } else if (m <= p) {
    row.shift = p;
    row.others = r[0] * kernels::exp_f32(m - p);
    row.total = row.others + 1;
  } else {
    row.shift = m;
    row.others = r[0];
    row.total = r[0] + kernels::exp_f32(p - m);
  }
  row.omega = g / row.total;
  row.rho = -(row.others * row.omega);
  return row;
}

float coefficient(const Problem& q, const Row& row, std::int64_t i, std::int64_t j, float g,
                  GradientDefect defect) {
  const auto at = static_cast<std::size_t>(j);
  float w = 0;
  if (j != q.positive(i))
    w = kernels::exp_f32(row.logits[at] - row.shift) * row.omega;
  else if (defect == GradientDefect::positive_by_cancellation)
    w = (kernels::exp_f32(row.positive - row.shift) / row.total - 1) * g;
  else
    w = row.rho;
  return defect == GradientDefect::coefficient_in_bf16 ? to_bf16(w) : w;
}

}  // namespace

std::string name_of(GradientDefect defect) {
  switch (defect) {
    case GradientDefect::none: return "none";
    case GradientDefect::upstream_ignored: return "upstream_ignored";
    case GradientDefect::one_sided: return "one_sided";
    case GradientDefect::positive_by_cancellation: return "positive_by_cancellation";
    case GradientDefect::coefficient_in_bf16: return "coefficient_in_bf16";
    case GradientDefect::sum_in_bf16: return "sum_in_bf16";
    case GradientDefect::temperature_off: return "temperature_off";
    case GradientDefect::last_vector_lost: return "last_vector_lost";
    case GradientDefect::three_percent: return "three_percent";
    case GradientDefect::temperature_sign: return "temperature_sign";
    case GradientDefect::temperature_of_logits: return "temperature_of_logits";
  }
  return "?";
}

contract::Observation run_tiled_gradient(const engine::Case& c, GradientDefect defect) {
  const Problem q(c);
  float inverse = static_cast<float>(1.0 / q.temperature);
  if (defect == GradientDefect::temperature_off) inverse *= 1 + 0x1p-9f;
  std::vector<float> g = upstream_of(c, q.rows());
  if (defect == GradientDefect::upstream_ignored) std::fill(g.begin(), g.end(), 1.0f);
  std::vector<Row> rows;
  for (std::int64_t i = 0; i < q.rows(); ++i)
    rows.push_back(statistics(q, i, g[static_cast<std::size_t>(i)], inverse));
  const auto w = [&](std::int64_t i, std::int64_t j) {
    const auto at = static_cast<std::size_t>(i);
    return coefficient(q, rows[at], i, j, g[at], defect);
  };

  Matrix gradients;
  for (std::int64_t o = 0; o < 2 * q.n; ++o) {
    std::vector<float> sum(static_cast<std::size_t>(q.d));
    for (std::int64_t t = 0; t < q.rows(); ++t) {
      if (q.joint && t == o) continue;
      if (defect == GradientDefect::last_vector_lost && t == q.rows() - 1) continue;
      const bool as_row = o < q.n;
      float coefficient = 0;
      if (q.joint)
        coefficient = defect == GradientDefect::one_sided ? w(o, t) : w(o, t) + w(t, o);
      else
        coefficient = as_row ? w(o, t) : w(t, o - q.n);
      const float* x = q.joint || !as_row ? q.row(t) : q.key(t);
      for (std::size_t k = 0; k < sum.size(); ++k) {
        sum[k] = std::fma(coefficient, x[k], sum[k]);
        if (defect == GradientDefect::sum_in_bf16 && (t % 32 == 31 || t == q.rows() - 1))
          sum[k] = to_bf16(sum[k]);
      }
    }
    for (float& x : sum) {
      x *= inverse;
      if (defect == GradientDefect::three_percent) x *= 1.03f;
    }
    gradients.push_back(sum);
  }

  std::vector<float> terms;
  for (std::int64_t i = 0; i < q.rows(); ++i) {
    const Row& row = rows[static_cast<std::size_t>(i)];
    std::array<float, 32> lanes{};
    for (std::int64_t j = 0; j < q.rows(); ++j) {
      if (j == q.positive(i) || (q.joint && j == i)) continue;
      float& lane = lanes[static_cast<std::size_t>(j % 32)];
      const float v = row.logits[static_cast<std::size_t>(j)];
      const float gap = defect == GradientDefect::temperature_of_logits ? v : v - row.positive;
      lane = std::fma(w(i, j), gap, lane);
    }
    for (std::size_t offset = 16; offset > 0; offset /= 2)
      for (std::size_t l = 0; l < offset; ++l) lanes[l] += lanes[l + offset];
    terms.push_back(lanes[0]);
  }
  const float product = strided_sum(terms) * inverse;
  return observation_of(q, gradients,
                        defect == GradientDefect::temperature_sign ? product : -product);
}

contract::Observation run_stranger_gradient(const engine::Case& c, const Style& style,
                                            const GradientStyle& gradient) {
  const Problem q(c);
  const std::vector<float> g = upstream_of(c, q.rows());
  const auto tau = static_cast<float>(q.temperature);
  const auto off = [&](float x) {
    for (int i = 0; i < std::abs(style.ulps) && std::fabs(x) > 0; ++i)
      x = std::nextafter(x, style.ulps > 0 ? infinity : -infinity);
    return x;
  };
  const auto logit = [&](std::int64_t i, std::int64_t j) {
    std::vector<float> terms;
    const float *x = q.row(i), *y = q.key(j);
    for (std::int64_t k = 0; k < q.d; ++k) terms.push_back(x[k] * y[k]);
    const float dot = add_up(terms, style.order);
    return style.scale == Style::Scale::multiply ? dot * (1 / tau) : dot / tau;
  };

  Matrix s, w;
  for (std::int64_t i = 0; i < q.rows(); ++i) {
    std::vector<float> row, shifted;
    float top = -infinity;
    for (std::int64_t j = 0; j < q.rows(); ++j) {
      row.push_back(logit(i, j));
      if (!(q.joint && i == j)) top = std::max(top, row.back());
    }
    for (std::int64_t j = 0; j < q.rows(); ++j)
      if (!(q.joint && i == j))
        shifted.push_back(off(std::exp(row[static_cast<std::size_t>(j)] - top)));
    const float sum = add_up(shifted, style.order);
    const float log_sum = off(std::log(sum)), lse = top + log_sum;
    std::vector<float> coefficients;
    for (std::int64_t j = 0; j < q.rows(); ++j) {
      const float v = row[static_cast<std::size_t>(j)];
      if (q.joint && i == j) {
        coefficients.push_back(0);
        continue;
      }
      using Weight = GradientStyle::Weight;
      const float p = gradient.weight == Weight::by_lse   ? off(std::exp(v - lse))
                      : gradient.weight == Weight::by_log ? off(std::exp((v - top) - log_sum))
                                                          : off(std::exp(v - top)) / sum;
      const float upstream = g[static_cast<std::size_t>(i)];
      if (j != q.positive(i))
        coefficients.push_back(p * upstream);
      else if (gradient.upstream_first)
        coefficients.push_back(p * upstream - upstream);
      else
        coefficients.push_back((p - 1) * upstream);
    }
    s.push_back(row);
    w.push_back(coefficients);
  }

  Matrix gradients(static_cast<std::size_t>(2 * q.n),
                   std::vector<float>(static_cast<std::size_t>(q.d)));
  std::vector<float> products;
  const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
  for (const bool positives : {false, true})
    for (std::int64_t i = 0; i < q.rows(); ++i)
      for (std::int64_t j = 0; j < q.rows(); ++j)
        if (gradient.positives_last ? (j == q.positive(i)) == positives : !positives)
          products.push_back(w[at(i)][at(j)] * s[at(i)][at(j)]);
  for (std::int64_t v = 0; v < 2 * q.n; ++v)
    for (std::int64_t k = 0; k < q.d; ++k) {
      std::vector<float> terms;
      for (std::int64_t t = 0; t < q.rows(); ++t) {
        if (v < q.rows()) terms.push_back(w[at(v)][at(t)] * q.key(t)[k]);  // as a row
        const std::int64_t key = q.joint ? v : v - q.n;
        if (key >= 0) terms.push_back(w[at(t)][at(key)] * q.row(t)[k]);
      }
      const float sum = add_up(terms, style.order);
      gradients[at(v)][at(k)] = style.scale == Style::Scale::multiply ? sum * (1 / tau) : sum / tau;
    }
  return observation_of(q, gradients, -add_up(products, style.order) / tau);
}

std::vector<engine::OutputSpec> gradient_outputs_of(const engine::Case& c) {
  const Problem q(c);
  return {{"grad_a", Dtype::f32, {q.n, q.d}, true},
          {"grad_b", Dtype::f32, {q.n, q.d}, true},
          {"grad_temperature", Dtype::f32, {1}, false}};
}

}  // namespace assay::testing
