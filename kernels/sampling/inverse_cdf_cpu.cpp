// SPDX-License-Identifier: Apache-2.0
// Inverse CDF on one core: the indices of the kernel, from one pass of loops that vectorise.
//
// A row of arguments becomes a row of integer weights and their running sums inside tiles of 256
// columns; a draw is a bisection over the tiles and one inside a tile. Rows with more draws than
// columns get a guide table first: the column in which each of 2^g equal parts of the targets
// begins, so that a draw bisects between neighbours.
#include "kernels/sampling/inverse_cdf.cuh"
#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/view.hpp"

namespace assay::kernels::sampling {
namespace {

constexpr double infinity64 = math64_detail::infinity64;

/// One row at a time; buffers are kept between rows.
class RowSampler {
 public:
  explicit RowSampler(const View& v)
      : v_(v),
        tiles_(tiles_of(v.columns)),
        arguments_(static_cast<std::size_t>(tiles_ * tile_columns), -infinity64),
        sums_(arguments_.size()),
        ends_(static_cast<std::size_t>(tiles_)) {}

  /// Weights and sums of a row. \throws RowError
  void prepare(std::int64_t row) {
    fill_arguments(row);
    exclude(row);
    const RowSummary summary = summarise_row();
    if (const char* reason = objection(summary, 1)) throw RowError(row, reason);
    weigh(weight_scale(v_.tilt, summary.top));
  }
  /// W_j, after `prepare`.
  const std::vector<std::uint64_t>& weights() const { return sums_; }
  /// Weights become running sums inside tiles; ends become running sums of tiles.
  void accumulate() {
    Wide before = 0;
    for (std::int64_t t = 0; t < tiles_; ++t) {
      std::uint64_t* const tile = sums_.data() + t * tile_columns;
      for (int c = 1; c < tile_columns; ++c) tile[c] += tile[c - 1];
      before += tile[tile_columns - 1];
      ends_[static_cast<std::size_t>(t)] = before;
    }
  }
  /// The first column whose cumulative sum exceeds floor(u T / 2^bits).
  std::int64_t at(std::uint64_t u, int bits) const {
    const Wide target = target_of(u, bits, ends_.back());
    std::int64_t tile = 0;  // bisection without branches: tiles that end at or before the target
    for (std::int64_t count = tiles_; count > 1;) {
      const std::int64_t half = count / 2;
      tile = ends_[static_cast<std::size_t>(tile + half - 1)] > target ? tile : tile + half;
      count -= half;
    }
    return in_tile(tile, target);
  }

 private:
  std::int64_t in_tile(std::int64_t t, Wide target) const {
    const Wide before = t > 0 ? ends_[static_cast<std::size_t>(t - 1)] : Wide(0);
    const auto rest = static_cast<std::uint64_t>(target - before);
    const std::uint64_t* const tile = sums_.data() + t * tile_columns;
    int first = 0;
    for (int half = tile_columns / 2; half > 0; half /= 2)
      first = tile[first + half - 1] > rest ? first : first + half;
    return t * tile_columns + first;
  }

  void fill_arguments(std::int64_t row) {
    double* const t = arguments_.data();
    const Plain plain;
    if (v_.tilt == Tilt::uniform) {
      for (std::int64_t j = 0; j < v_.columns; ++j) t[j] = 0.0;
      return;
    }
    if (v_.scores != nullptr) {
      const float* const s = v_.scores + row * v_.score_stride;
      for (std::int64_t j = 0; j < v_.columns; ++j) t[j] = s[j];
    } else {
      for (std::int64_t j = 0; j < v_.columns; ++j) t[j] = score_of(v_, row, j);
    }
    if (v_.tilt == Tilt::exponential) {
      const double factor = exponent_factor(plain, v_);
      for (std::int64_t j = 0; j < v_.columns; ++j) t[j] *= factor;
    } else if (v_.tilt == Tilt::polynomial) {
      for (std::int64_t j = 0; j < v_.columns; ++j) t[j] = argument_of_score(plain, v_, t[j]);
    }
  }

  void exclude(std::int64_t row) {
    double* const t = arguments_.data();
    if (v_.tilt == Tilt::weights)  // a negative weight must not pass for an exclusion
      for (std::int64_t j = 0; j < v_.columns; ++j)
        if (t[j] < 0.0) t[j] = infinity64;
    if (v_.self != nullptr && v_.self[row] >= 0) t[v_.self[row]] = -infinity64;
    if (v_.positive != nullptr && v_.positive[row] >= 0) t[v_.positive[row]] = -infinity64;
    if (v_.row_labels == nullptr) return;
    const std::int32_t label = v_.row_labels[row];
    for (std::int64_t j = 0; j < v_.columns; ++j)
      t[j] = v_.column_labels[j] == label ? -infinity64 : t[j];
  }

  RowSummary summarise_row() const {
    constexpr int lanes = 8;
    const double* const t = arguments_.data();
    double top[lanes];
    std::int64_t bad[lanes] = {};
    for (double& x : top) x = -infinity64;
    for (std::size_t j = 0; j < arguments_.size(); j += lanes)
      for (int l = 0; l < lanes; ++l) {
        const double x = t[j + static_cast<std::size_t>(l)];
        top[l] = x > top[l] ? x : top[l];
        bad[l] |= x < infinity64 ? 0 : 1;
      }
    RowSummary all{top[0], 0, 0};
    for (int l = 0; l < lanes; ++l) {
      all.top = top[l] > all.top ? top[l] : all.top;
      all.bad |= static_cast<int>(bad[l]);
    }
    all.support = has_weight(v_.tilt, all.top) ? 1 : 0;
    return all;
  }

  void weigh(double scale) {
    const double* const t = arguments_.data();
    std::uint64_t* const w = sums_.data();
    const std::size_t count = sums_.size();
    if (v_.tilt == Tilt::exponential) {
      for (std::size_t j = 0; j < count; ++j) w[j] = scaled_exp_f64(t[j] - scale);
    } else {
      for (std::size_t j = 0; j < count; ++j) w[j] = integer_weight(v_.tilt, v_.power, t[j], scale);
    }
  }

  const View& v_;
  std::int64_t tiles_;
  std::vector<double> arguments_;    // padded with -inf
  std::vector<std::uint64_t> sums_;  // padded with 0
  std::vector<Wide> ends_;
};

template <class Words>
void draw_rows(const Request& request, const View& v, const Words& words, std::int64_t* out) {
  RowSampler sampler(v);
  for (std::int64_t row = 0; row < v.rows; ++row) {
    sampler.prepare(row);
    sampler.accumulate();
    for (std::int64_t trial = 0; trial < request.k; ++trial) {
      const Stream stream = stream_of(Plain(), row, trial, request.words.first_row);
      out[row * request.k + trial] =
          sampler.at(leading_bits(words, stream, 0, request.bits), request.bits);
    }
  }
}

}  // namespace

void sample_cpu(const Request& request, std::int64_t* out) {
  check(request, out);
  if (request.method != Method::inverse_cdf)
    throw std::invalid_argument("sampling: on the CPU only inverse_cdf, not " +
                                std::string(name_of(request.method)));
  HostMemory memory;
  const View v = view_of(request.population, memory);
  const WordSource& w = request.words;
  if (w.given != nullptr)
    draw_rows(request, v,
              GivenWords{w.given, std::uint64_t(request.k), std::uint64_t(words_per_trial(request)),
                         std::uint32_t(w.first_row)},
              out);
  else
    draw_rows(request, v, PhiloxWords{w.seed, std::uint32_t(w.call), std::uint32_t(request.method)},
              out);
}

std::vector<std::uint64_t> integer_weights(const Population& population, std::int64_t row) {
  Request request;
  request.population = population;
  std::int64_t nowhere = 0;
  check(request, &nowhere);
  if (row < 0 || row >= population.rows)
    throw std::invalid_argument("sampling: row " + std::to_string(row) + " does not exist");
  HostMemory memory;
  const View v = view_of(population, memory);
  RowSampler sampler(v);
  sampler.prepare(row);
  std::vector<std::uint64_t> weights = sampler.weights();
  weights.resize(static_cast<std::size_t>(population.columns));
  return weights;
}

}  // namespace assay::kernels::sampling
