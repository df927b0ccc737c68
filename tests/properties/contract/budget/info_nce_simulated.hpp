// SPDX-License-Identifier: Apache-2.0
// What the plain binary32 implementations of InfoNCE, forward and backward, share.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "core/tensor.hpp"
#include "info_nce_simulations.hpp"
#include "kernels/half.cuh"
#include "kernels/math.cuh"
#include "properties/engine/case.hpp"

namespace assay::testing {

inline constexpr float infinity = std::numeric_limits<float>::infinity();

/// Rows and keys of a case.
struct Problem {
  explicit Problem(const engine::Case& c)
      : a(c.input("a")),
        b(c.input("b")),
        n(a.shape[0]),
        d(a.shape[1]),
        joint(c.options.at("directions") == "joint-block"),
        temperature(c.scalars.at("temperature")) {}
  const Tensor &a, &b;
  std::int64_t n, d;
  bool joint;
  double temperature;

  std::int64_t rows() const { return joint ? 2 * n : n; }
  const float* row(std::int64_t i) const {
    return i < n ? a.as<float>() + i * a.strides[0] : b.as<float>() + (i - n) * b.strides[0];
  }
  const float* key(std::int64_t j) const {
    return joint ? row(j) : b.as<float>() + j * b.strides[0];
  }
  std::int64_t positive(std::int64_t i) const { return joint ? (i + n) % (2 * n) : i; }
};

struct Lane {
  float maximum = -infinity, sum = 0;
};

inline void push(Lane& lane, float v, Defect defect) {
  if (defect == Defect::no_maximum) {
    lane.sum += kernels::exp_f32(v);
  } else if (v > lane.maximum) {
    lane.sum = std::fma(lane.sum, kernels::exp_f32(lane.maximum - v), 1.0f);
    lane.maximum = v;
  } else if (v != -infinity) {
    lane.sum += kernels::exp_f32(v - lane.maximum);
  }
  if (defect == Defect::half_row_sum) lane.sum = kernels::round_to_half(lane.sum);
}

/// Threads t, t + 256, ... and their tree.
inline float strided_sum(const std::vector<float>& v) {
  std::array<float, 256> sums{};
  for (std::size_t i = 0; i < v.size(); ++i) sums[i % 256] += v[i];
  for (std::size_t offset = 128; offset > 0; offset /= 2)
    for (std::size_t t = 0; t < offset; ++t) sums[t] += sums[t + offset];
  return sums[0];
}

inline float strided_mean(const std::vector<float>& v) {
  return strided_sum(v) / static_cast<float>(v.size());
}

inline float add_up(std::vector<float> v, Style::Order order) {
  if (v.empty()) return 0;
  if (order == Style::Order::reverse) std::reverse(v.begin(), v.end());
  if (order == Style::Order::pairwise) {
    for (; v.size() > 1; v.resize((v.size() + 1) / 2))
      for (std::size_t i = 0; i < v.size(); i += 2)
        v[i / 2] = i + 1 < v.size() ? v[i] + v[i + 1] : v[i];
    return v[0];
  }
  float sum = v[0];
  for (std::size_t i = 1; i < v.size(); ++i) sum += v[i];
  return sum;
}

}  // namespace assay::testing
