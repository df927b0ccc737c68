// SPDX-License-Identifier: Apache-2.0
// Views against the ideal map on their words, and against the law of their projections.
#include <algorithm>
#include <cmath>
#include <limits>

#include "properties/contract/sampler/augmentation.hpp"
#include "properties/contract/sampler/probe.hpp"
#include "properties/engine/statistics/plug_in.hpp"
#include "reference/loss/upward.hpp"
#include "reference/sampler/gaussian_cells.hpp"

namespace assay::contract {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

std::uint64_t number(std::span<const std::uint32_t> words, std::size_t c) {
  return std::uint64_t{words[2 * c]} << 32 | words[2 * c + 1];
}

// The largest |y - x| for x in the cell, relative to the smallest |x| + deviation; upward.
double distance_to(Ends cell, double deviation, double y) {
  if (!std::isfinite(y) || !std::isfinite(cell.lo) || !std::isfinite(cell.hi)) return infinity;
  const double most = reference::next_up(std::max({cell.hi - y, y - cell.lo, 0.0}));
  const double nearest = cell.lo > 0 ? cell.lo : cell.hi < 0 ? -cell.hi : 0;
  const double scale = reference::next_down(nearest + deviation);
  if (cell.lo == y && cell.hi == y) return 0;
  return scale > 0 ? reference::next_up(most / scale) : infinity;
}

}  // namespace

double view_distance(const SamplerProblem& problem, std::span<const std::uint32_t> words,
                     std::span<const float> view) {
  reference::GaussianCoordinate c;
  c.variance = problem.variance;
  c.inverted = problem.random_signs && words.back() >> 31 != 0;
  const double deviation = reference::next_down(std::sqrt(problem.variance));
  double largest = 0;
  for (std::size_t a = 0; a < view.size(); ++a) {
    c.x = problem.scores[a];
    c.i = number(words, a / 2 * 2) >> 12;
    c.j = number(words, a / 2 * 2 + 1) >> 11;
    c.second = a % 2 != 0;
    const Ends cell =
        problem.variance == 0 ? exactly(c.inverted ? -c.x : c.x) : reference::augmented_cell(c);
    largest = std::max(largest, distance_to(cell, deviation, static_cast<double>(view[a])));
  }
  return largest;
}

std::vector<std::vector<int>> projections_of(std::int64_t dimension) {
  constexpr std::size_t most_coordinates = 8;
  const auto d = static_cast<std::size_t>(dimension), few = std::min(d, most_coordinates);
  std::vector<std::vector<int>> all;
  const auto add = [&](std::size_t a, std::size_t b, int sign) {
    all.emplace_back(d, 0);
    all.back()[a] = 1;
    if (b < d) all.back()[b] = sign;
  };
  for (std::size_t a = 0; a < few; ++a) add(a, d, 0);
  if (d > few) add(d - 1, d, 0);  // the tail of a loop is the last coordinate
  for (std::size_t a = 0; a + 1 < few; ++a)
    for (const int sign : {1, -1}) add(a, a + 1, sign);
  if (d > 2) {
    all.emplace_back(d, 1);
    all.emplace_back(d, 1);
    for (std::size_t a = 1; a < d; a += 2) all.back()[a] = -1;
  }
  return all;
}

Ends projection_distance(const SamplerProblem& problem, std::span<const int> projection,
                         std::span<const float> views) {
  const std::size_t d = projection.size();
  std::vector<double> values;
  for (std::size_t at = 0; at < views.size(); at += d) {
    double value = 0;
    for (std::size_t a = 0; a < d; ++a) value += projection[a] * static_cast<double>(views[at + a]);
    if (!std::isfinite(value)) return {1, 1};
    values.push_back(value);
  }
  std::sort(values.begin(), values.end());
  double mean = 0, squares = 0;
  for (std::size_t a = 0; a < d; ++a) {
    mean += projection[a] * problem.scores[a];
    squares += std::abs(projection[a]);
  }
  const double deviation = std::sqrt(problem.variance * squares);
  const reference::NormalTable& phi = reference::NormalTable::get();
  // The roundings of a value, a mean and a quotient are far below a step of the table.
  const auto at = [&](double value, double centre) { return phi.at((value - centre) / deviation); };
  std::vector<Ends> distribution;
  for (const double value : values) {
    Ends f = at(value, mean);
    if (problem.random_signs) {
      const Ends g = at(value, -mean);
      f = {(f.lo + g.lo) / 2, (f.hi + g.hi) / 2};
    }
    distribution.push_back({std::max(0.0, f.lo - 0x1p-30), std::min(1.0, f.hi + 0x1p-30)});
  }
  return engine::kolmogorov_distance(distribution);
}

std::vector<float> ask_for_views(Candidate& candidate, const engine::Case& call,
                                 const std::string& source) {
  const Observation o = candidate.observe(call, {sampler_output(call)});
  if (o.conduct == Conduct::unsupported || o.conduct == Conduct::unavailable)
    throw SamplerBreach{"", o.conduct, o.detail};
  if (o.conduct != Conduct::returned)
    throw SamplerBreach{"conduct", o.conduct,
                        std::string(name_of(o.conduct)) + ": " + o.detail + " (" + source + ")"};
  const Tensor& views = o.outputs.at(0);
  return {views.as<float>(), views.as<float>() + views.count()};
}

}  // namespace assay::contract
