// SPDX-License-Identifier: Apache-2.0
// Populations with owned arrays, words to force, and ways to run a request.
#pragma once

#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "kernels/sampling/sampling.hpp"

namespace assay::kernels::sampling::testing {

/// A request whose arrays live here.
struct Case {
  Request request;
  std::vector<float> scores, x, y;
  std::vector<std::int64_t> self, positive;
  std::vector<std::int32_t> row_labels, column_labels;
  std::vector<std::uint32_t> words;

  /// With pointers to the arrays that are not empty.
  const Request& view() {
    Population& p = request.population;
    const auto pointer = [](const auto& v) { return v.empty() ? nullptr : v.data(); };
    p.scores = pointer(scores);
    if (p.score_stride == 0) p.score_stride = p.columns;
    p.x = pointer(x);
    p.y = pointer(y);
    p.self = pointer(self);
    p.positive = pointer(positive);
    p.row_labels = pointer(row_labels);
    p.column_labels = pointer(column_labels);
    request.words.given = pointer(words);
    request.words.given_count = static_cast<std::int64_t>(words.size());
    return request;
  }
};

/// Scores in [-size, size], on a grid that makes ties where `steps` is small.
inline Case random_case(std::int64_t rows, std::int64_t columns, Tilt tilt, unsigned seed,
                        int steps = 1 << 20) {
  Case c;
  std::mt19937 generator(seed);
  const auto number = [&] {
    const auto i = static_cast<int>(generator() % static_cast<unsigned>(2 * steps + 1)) - steps;
    return static_cast<float>(i) / static_cast<float>(steps);
  };
  c.request.population.rows = rows;
  c.request.population.columns = columns;
  c.request.population.tilt = tilt;
  for (std::int64_t i = 0; i < rows * columns; ++i)
    c.scores.push_back(tilt == Tilt::weights ? std::abs(number()) : number());
  return c;
}

/// Rows and columns of inner products.
inline Case fused_case(std::int64_t rows, std::int64_t columns, std::int64_t dimension, Tilt tilt) {
  Case c;
  Population& p = c.request.population;
  p.rows = rows, p.columns = columns, p.dimension = dimension, p.tilt = tilt;
  p.beta = 2, p.inv_tau = 1.5f, p.power = 4;
  std::mt19937 generator(static_cast<unsigned>(dimension));
  std::normal_distribution<float> normal(0, 1 / std::sqrt(static_cast<float>(dimension)));
  for (std::int64_t i = 0; i < rows * dimension; ++i) c.x.push_back(normal(generator));
  for (std::int64_t i = 0; i < columns * dimension; ++i) c.y.push_back(normal(generator));
  return c;
}

/// Self is column `row`, the positive the one after, and there are three classes.
inline void exclude_some(Case& c) {
  const Population& p = c.request.population;
  for (std::int64_t row = 0; row < p.rows; ++row) {
    c.self.push_back(row % p.columns);
    c.positive.push_back(row % 2 == 0 ? (row + 1) % p.columns : -1);
    c.row_labels.push_back(static_cast<std::int32_t>(row % 4) - 1);
  }
  for (std::int64_t j = 0; j < p.columns; ++j)
    c.column_labels.push_back(static_cast<std::int32_t>((j * 7 / 3) % 3));
}

inline std::vector<std::int64_t> emulated(const Request& request,
                                          const std::string& schedule = "greedy") {
  std::vector<std::int64_t> out(
      static_cast<std::size_t>(request.population.rows * outputs_per_row(request)), -77);
  sample_emulated(request, out.data(), schedule);
  return out;
}

inline std::vector<std::int64_t> planted(const Request& request, Fault fault) {
  std::vector<std::int64_t> out(
      static_cast<std::size_t>(request.population.rows * outputs_per_row(request)), -77);
  sample_planted(request, fault, out.data());
  return out;
}

inline std::vector<std::int64_t> planted_on_cpu(const Request& request, Fault fault) {
  std::vector<std::int64_t> out(
      static_cast<std::size_t>(request.population.rows * outputs_per_row(request)), -77);
  sample_planted_cpu(request, fault, out.data());
  return out;
}

inline std::vector<std::int64_t> on_cpu(const Request& request) {
  std::vector<std::int64_t> out(
      static_cast<std::size_t>(request.population.rows * outputs_per_row(request)), -77);
  sample_cpu(request, out.data());
  return out;
}

/// Every word of `bits` leading bits once, as trials of one row.
inline void enumerate_words(Case& c, int bits) {
  c.request.bits = bits;
  c.request.k = std::int64_t{1} << bits;
  for (std::uint64_t i = 0; i < std::uint64_t{1} << bits; ++i)
    c.words.push_back(static_cast<std::uint32_t>(i << (32 - bits)));
}

/// How often each column was drawn.
inline std::vector<std::int64_t> histogram(const std::vector<std::int64_t>& draws,
                                           std::int64_t columns) {
  std::vector<std::int64_t> counts(static_cast<std::size_t>(columns), 0);
  for (const std::int64_t j : draws)
    if (j >= 0 && j < columns) ++counts[static_cast<std::size_t>(j)];
  return counts;
}

}  // namespace assay::kernels::sampling::testing
