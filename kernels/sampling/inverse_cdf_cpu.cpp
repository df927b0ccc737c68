// SPDX-License-Identifier: Apache-2.0
// Inverse CDF on one core: the indices of the kernel, from one pass of loops that vectorise.
//
// A row of arguments becomes a row of integer weights and their running sums inside tiles of 256
// columns; a draw is a bisection over the tiles and one inside a tile. Rows with at least as many
// draws as columns get a guide table first: the tile in which each of 2^g equal parts of the
// numbers begins, so that a draw bisects between neighbours.
#include "kernels/sampling/inverse_cdf_cpu.hpp"

#include <algorithm>
#include <limits>
#include <type_traits>

#include "kernels/sampling/inverse_cdf.cuh"
#include "kernels/sampling/memory.hpp"
#include "kernels/sampling/view.hpp"

namespace assay::kernels::sampling {
namespace {

constexpr double infinity64 = math64_detail::infinity64;
/// Trials that are drawn together.
constexpr int side_by_side = 16;

/// One row at a time; buffers are kept between rows. Scores stay in the format they came in
/// (binary32 from a matrix, binary64 from inner products).
template <class Score>
class RowSampler {
 public:
  explicit RowSampler(const View& v)
      : v_(v),
        tiles_(tiles_of(v.columns)),
        scores_(static_cast<std::size_t>(tiles_ * tile_columns), -lowest),
        sums_(scores_.size()),
        ends_(static_cast<std::size_t>(tiles_)) {}

  /// The row's scores, [columns], to be filled in before `prepare`.
  Score* scores() { return scores_.data(); }
  /// Weights and their sums. \throws RowError
  void prepare(std::int64_t row) {
    exclude(row);
    const RowSummary summary = summarise_row();
    if (const char* reason = objection(summary, 1)) throw RowError(row, reason);
    const double scale = weight_scale(v_.tilt, summary.top);
    Wide before = 0;
    for (std::int64_t t = 0; t < tiles_; ++t) {
      weigh(t, scale);
      std::uint64_t* const tile = sums_.data() + t * tile_columns;
      std::uint64_t sum = 0;  // in a register: not through memory from column to column
      for (int c = 0; c < tile_columns; ++c) tile[c] = sum += tile[c];
      ends_[static_cast<std::size_t>(t)] = before += sum;
    }
  }
  /// The tile in which each of 2^g parts of the numbers begins; pays off for many draws.
  void build_guide(int bits) {
    for (guide_bits_ = 1; guide_bits_ < bits && tiles_ >> guide_bits_ != 0;) ++guide_bits_;
    guide_.resize((std::size_t{1} << guide_bits_) + 1);
    std::int64_t tile = 0;
    for (std::size_t part = 0; part + 1 < guide_.size(); ++part) {
      const Wide target = target_of(part, guide_bits_, ends_.back());
      while (ends_[static_cast<std::size_t>(tile)] <= target) ++tile;
      guide_[part] = tile;
    }
    guide_.back() = tiles_ - 1;
  }
  /// W_j, after `prepare`.
  std::vector<std::uint64_t> weights() const {
    std::vector<std::uint64_t> w(sums_);
    for (std::size_t j = w.size(); j-- > 0;)
      if (j % tile_columns != 0) w[j] -= w[j - 1];
    w.resize(static_cast<std::size_t>(v_.columns));
    return w;
  }
  /// Of each u: the first column whose cumulative sum exceeds floor(u T / 2^bits). Bisections side
  /// by side, without branches, so that they wait for memory together.
  void find(const std::uint64_t (&u)[side_by_side], int bits,
            std::int64_t (&column)[side_by_side]) const {
    Wide target[side_by_side];
    std::int64_t tile[side_by_side] = {};  // tiles that end at or before the target
    for (int l = 0; l < side_by_side; ++l) target[l] = target_of(u[l], bits, ends_.back());
    for (std::int64_t count = guide_.empty() ? tiles_ : 1; count > 1; count -= count / 2) {
      const std::int64_t half = count / 2;
      for (int l = 0; l < side_by_side; ++l)
        tile[l] += half & -static_cast<std::int64_t>(
                              ends_[static_cast<std::size_t>(tile[l] + half - 1)] <= target[l]);
    }
    for (int l = 0; l < side_by_side && !guide_.empty(); ++l) {
      const std::int64_t* const part = guide_.data() + (u[l] >> (bits - guide_bits_));
      tile[l] = part[0];
      for (std::int64_t count = part[1] - part[0] + 1; count > 1; count -= count / 2)
        tile[l] +=
            ends_[static_cast<std::size_t>(tile[l] + count / 2 - 1)] > target[l] ? 0 : count / 2;
    }
    const std::uint64_t* sums[side_by_side];
    std::uint64_t rest[side_by_side];
    for (int l = 0; l < side_by_side; ++l) {
      const Wide before = tile[l] > 0 ? ends_[static_cast<std::size_t>(tile[l] - 1)] : Wide(0);
      rest[l] = static_cast<std::uint64_t>(target[l] - before);
      sums[l] = sums_.data() + tile[l] * tile_columns;
    }
    for (std::int64_t half = tile_columns / 2; half > 0; half /= 2)
      for (int l = 0; l < side_by_side; ++l)
        sums[l] += half & -static_cast<std::int64_t>(sums[l][half - 1] <= rest[l]);
    for (int l = 0; l < side_by_side; ++l) column[l] = sums[l] - sums_.data();
  }

 private:
  static constexpr Score lowest = std::numeric_limits<Score>::infinity();

  /// Excluded columns get the score -inf, whatever they had.
  void exclude(std::int64_t row) {
    Score* const s = scores_.data();
    if (v_.tilt == Tilt::weights)  // a negative weight must not pass for an exclusion
      for (std::int64_t j = 0; j < v_.columns; ++j) s[j] = s[j] < 0 ? lowest : s[j];
    if (v_.self != nullptr && v_.self[row] >= 0) s[v_.self[row]] = -lowest;
    if (v_.positive != nullptr && v_.positive[row] >= 0) s[v_.positive[row]] = -lowest;
    if (v_.row_labels == nullptr) return;
    const std::int32_t label = v_.row_labels[row];
    for (std::int64_t j = 0; j < v_.columns; ++j)
      s[j] = v_.column_labels[j] == label ? -lowest : s[j];
  }

  /// The argument of a score that may be an exclusion.
  double argument(Score s) const {
    if (s == -lowest) return -infinity64;
    return argument_of_score(Plain(), v_, static_cast<double>(s));
  }

  /// Arguments do not decrease with the score, nor do their roundings: the top belongs to the
  /// largest score.
  RowSummary summarise_row() const {
    constexpr std::size_t lanes = 32;
    const Score* const s = scores_.data();
    Score top[lanes];
    std::int32_t bad[lanes] = {};
    for (Score& x : top) x = -lowest;
    for (std::size_t j = 0; j < scores_.size(); j += lanes)
      for (std::size_t l = 0; l < lanes; ++l) {
        const Score x = s[j + l];
        top[l] = x > top[l] ? x : top[l];
        bad[l] |= x < lowest ? 0 : 1;
      }
    RowSummary all{-infinity64, 0, 0};
    Score largest = -lowest;
    for (std::size_t l = 0; l < lanes; ++l) {
      largest = top[l] > largest ? top[l] : largest;
      all.bad |= bad[l];
    }
    all.top = argument(largest);
    all.bad |= is_bad(all.top) ? 1 : 0;
    all.support = has_weight(v_.tilt, all.top) ? 1 : 0;
    return all;
  }

  void weigh(std::int64_t tile, double scale) {
    const Score* const s = scores_.data() + tile * tile_columns;
    std::uint64_t* const w = sums_.data() + tile * tile_columns;
    if (v_.tilt == Tilt::exponential) {
      const double factor = exponent_factor(Plain(), v_);
      for (int c = 0; c < tile_columns; ++c)
        w[c] = scaled_exp_f64(static_cast<double>(s[c]) * factor - scale);
    } else {
      for (int c = 0; c < tile_columns; ++c)
        w[c] = integer_weight(v_.tilt, v_.power, argument(s[c]), scale);
    }
  }

  const View& v_;
  std::int64_t tiles_;
  std::vector<Score> scores_;        // padded with -inf
  std::vector<std::uint64_t> sums_;  // running sums inside tiles
  std::vector<Wide> ends_;
  std::vector<std::int64_t> guide_;
  int guide_bits_ = 0;
};

/// The scores of a row, as they enter the sampler.
void fill(const View& v, std::int64_t row, float* scores) {
  if (v.tilt == Tilt::uniform) {
    std::fill_n(scores, v.columns, 0.0f);
    return;
  }
  std::copy_n(v.scores + row * v.score_stride, v.columns, scores);
}
void fill(const View& v, std::int64_t row, double* scores) {
  for (std::int64_t j = 0; j < v.columns; ++j) scores[j] = score_of(v, row, j);
}

/// Rows whose inner products are formed together, so that a column is read and widened once.
constexpr int rows_together = 4;

/// The sums of `inner_product`, in its order, of one column with several widened rows.
void add_products(const double* x, std::int64_t dimension, const float* y, std::int64_t at,
                  double (&lane)[rows_together][8]) {
  double wide[8];
  for (int l = 0; l < 8; ++l) wide[l] = static_cast<double>(y[at + l]);
  for (int r = 0; r < rows_together; ++r)
    for (int l = 0; l < 8; ++l)
      lane[r][l] = std::fma(x[r * dimension + at + l], wide[l], lane[r][l]);
}

/// Scores of a view's rows, so many together; the same numbers as `score_of`.
class BlockOfScores {
 public:
  explicit BlockOfScores(const View& v)
      : v_(v),
        x_(static_cast<std::size_t>(rows_together * v.dimension)),
        scores_(static_cast<std::size_t>(v.scores == nullptr ? rows_together * v.columns : 0)) {}

  /// [columns], valid until the next call.
  const double* row(std::int64_t row) {
    if (row / rows_together != block_) compute(row / rows_together);
    return scores_.data() + row % rows_together * v_.columns;
  }

 private:
  void compute(std::int64_t block) {
    block_ = block;
    const std::int64_t d = v_.dimension;
    for (std::int64_t r = 0; r < rows_together; ++r) {
      const std::int64_t row = std::min(block * rows_together + r, v_.rows - 1);
      std::copy_n(v_.x + row * d, d, x_.begin() + r * d);
    }
    for (std::int64_t j = 0; j < v_.columns; ++j) {
      const float* const y = v_.y + j * d;
      double lane[rows_together][8] = {};
      std::int64_t a = 0;
      for (; a + 8 <= d; a += 8) add_products(x_.data(), d, y, a, lane);
      for (int l = 0; a + l < d; ++l)
        for (int r = 0; r < rows_together; ++r)
          lane[r][l] = std::fma(x_[static_cast<std::size_t>(r * d + a + l)],
                                static_cast<double>(y[a + l]), lane[r][l]);
      for (int r = 0; r < rows_together; ++r) {
        const double* const s = lane[r];
        scores_[static_cast<std::size_t>(r * v_.columns + j)] =
            ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
      }
    }
  }

  const View& v_;
  std::vector<double> x_;
  std::vector<double> scores_;
  std::int64_t block_ = -1;
};

/// What the scores of a view are held in.
bool in_double(const View& v) { return v.scores == nullptr && v.tilt != Tilt::uniform; }

/// The rounds of Philox side by side, in loops that vectorise.
void leading_bits_of(const PhiloxWords& words, Stream first, int bits,
                     std::uint64_t (&u)[side_by_side]) {
  using namespace philox_detail;
  std::uint32_t c0[side_by_side], c1[side_by_side], c2[side_by_side], c3[side_by_side];
  for (int l = 0; l < side_by_side; ++l) {
    c0[l] = 0;
    c1[l] = first.trial + static_cast<std::uint32_t>(l);
    c2[l] = first.row;
    c3[l] = words.call << 4 | words.purpose;
  }
  auto key_0 = static_cast<std::uint32_t>(words.seed);
  auto key_1 = static_cast<std::uint32_t>(words.seed >> 32);
  for (int i = 0; i < rounds; ++i, key_0 += weyl_0, key_1 += weyl_1)
    for (int l = 0; l < side_by_side; ++l) {
      const std::uint64_t p0 = std::uint64_t{multiplier_0} * c0[l];
      const std::uint64_t p1 = std::uint64_t{multiplier_1} * c2[l];
      c0[l] = static_cast<std::uint32_t>(p1 >> 32) ^ c1[l] ^ key_0;
      c1[l] = static_cast<std::uint32_t>(p1);
      c2[l] = static_cast<std::uint32_t>(p0 >> 32) ^ c3[l] ^ key_1;
      c3[l] = static_cast<std::uint32_t>(p0);
    }
  for (int l = 0; l < side_by_side; ++l) {
    const std::uint64_t word = std::uint64_t{c0[l]} << 32 | c1[l];
    u[l] = word >> (64 - bits);  // of up to 32 bits: those of the first word
  }
}
void leading_bits_of(const GivenWords& words, Stream first, int bits,
                     std::uint64_t (&u)[side_by_side]) {
  for (std::uint32_t l = 0; l < side_by_side && first.trial + l < words.trials; ++l)
    u[l] = leading_bits(words, {first.row, first.trial + l}, 0, bits);
}

template <class Score, class Words>
void draw_rows(const Request& request, const View& v, const Words& words, std::int64_t* out) {
  RowSampler<Score> sampler(v);
  [[maybe_unused]] BlockOfScores block(v);
  for (std::int64_t row = 0; row < v.rows; ++row) {
    if constexpr (std::is_same_v<Score, double>)
      std::copy_n(block.row(row), v.columns, sampler.scores());
    else
      fill(v, row, sampler.scores());
    sampler.prepare(row);
    if (request.k >= v.columns) sampler.build_guide(request.bits);
    std::int64_t* const mine = out + row * request.k;
    for (std::int64_t trial = 0; trial < request.k; trial += side_by_side) {
      std::uint64_t u[side_by_side] = {};
      leading_bits_of(words, stream_of(Plain(), row, trial, request.words.first_row), request.bits,
                      u);
      std::int64_t column[side_by_side];
      sampler.find(u, request.bits, column);
      std::copy_n(column, std::min<std::int64_t>(side_by_side, request.k - trial), mine + trial);
    }
  }
}

template <class Words>
void draw_all(const Request& request, const View& v, const Words& words, std::int64_t* out) {
  in_double(v) ? draw_rows<double>(request, v, words, out)
               : draw_rows<float>(request, v, words, out);
}

template <class Score>
std::vector<std::uint64_t> weights_of(const View& v, std::int64_t row) {
  RowSampler<Score> sampler(v);
  fill(v, row, sampler.scores());
  sampler.prepare(row);
  return sampler.weights();
}

}  // namespace

void inverse_cdf_on_one_core(const Request& request, std::int64_t* out) {
  HostMemory memory;
  const View v = view_of(request.population, memory);
  const WordSource& w = request.words;
  if (w.given != nullptr)
    draw_all(request, v,
             GivenWords{w.given, std::uint64_t(request.k), std::uint64_t(words_per_trial(request)),
                        std::uint32_t(w.first_row)},
             out);
  else
    draw_all(request, v, PhiloxWords{w.seed, std::uint32_t(w.call), std::uint32_t(request.method)},
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
  return in_double(v) ? weights_of<double>(v, row) : weights_of<float>(v, row);
}

}  // namespace assay::kernels::sampling
