// SPDX-License-Identifier: Apache-2.0
// InfoNCE problems for the benchmarks: random unit rows rounded to binary32.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "reference/loss/info_nce.hpp"

namespace assay::bench {

/// Random unit vectors rounded to binary32.
inline std::vector<double> unit_rows(std::int64_t rows, std::int64_t d, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x(static_cast<std::size_t>(rows * d));
  for (std::int64_t i = 0; i < rows; ++i) {
    double* row = x.data() + i * d;
    double square = 0;
    for (std::int64_t k = 0; k < d; ++k) {
      row[k] = normal(random);
      square += row[k] * row[k];
    }
    for (std::int64_t k = 0; k < d; ++k)
      row[k] = static_cast<double>(static_cast<float>(row[k] / std::sqrt(square)));
  }
  return x;
}

/// A problem with `rows` rows in all: N pairs in one direction, N/2 pairs in the joint block.
inline reference::InfoNceProblem problem_of(std::int64_t rows, std::int64_t d,
                                            reference::InfoNceForm form, double temperature) {
  static std::map<std::pair<std::int64_t, std::int64_t>, std::vector<double>> kept;
  std::vector<double>& data = kept[{rows, d}];
  if (data.empty()) data = unit_rows(2 * rows, d, static_cast<unsigned>(rows + d));
  reference::InfoNceProblem p;
  p.n = form == reference::InfoNceForm::joint_block ? rows / 2 : rows;
  p.a = data.data();
  p.b = data.data() + p.n * d;
  p.d = p.a_stride = p.b_stride = d;
  p.temperature = temperature;
  p.form = form;
  p.entries_are_float32 = true;
  return p;
}

/// Distance of neighbouring binary32 numbers at x.
inline double ulp32(double x) {
  constexpr int digits = 23, smallest_exponent = -126;
  const int exponent = x == 0 ? smallest_exponent : std::ilogb(std::fabs(x));
  return std::ldexp(1.0, std::max(exponent, smallest_exponent) - digits);
}

}  // namespace assay::bench
