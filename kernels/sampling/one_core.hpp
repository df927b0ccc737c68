// SPDX-License-Identifier: Apache-2.0
// What warps and blocks do together, done by one core: the same operations on the same numbers, so
// that the indices are those of the kernels.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/sampling/inverse_cdf.cuh"
#include "kernels/sampling/keys.cuh"

namespace assay::kernels::sampling::one_core {

/// As `summarise`: out[row].
template <class Policy>
void summarise(const Policy& policy, const View& v, RowSummary* out) {
  for (std::int64_t row = 0; row < v.rows; ++row) {
    RowSummary all{-math64_detail::infinity64, 0, 0};
    for (std::int64_t j = 0; j < v.columns; ++j) {
      const double t = argument_of(policy, v, row, j);
      all.top = t > all.top ? t : all.top;
      all.support += has_weight(v.tilt, t) ? 1 : 0;
      all.bad |= is_bad(t) ? 1 : 0;
    }
    out[row] = all;
  }
}

/// As `tile_up` and `draw`, with faults; without any, inverse_cdf_cpu.cpp is faster. The first
/// column whose cumulative sum lies beyond the target is the first one of the first such tile.
template <class Words, class Policy>
void inverse_cdf(const Policy& policy, const View& v, const Words& words, std::int64_t first_row,
                 std::int64_t k, int bits, const RowSummary* summaries, std::int64_t* out) {
  std::vector<std::uint64_t> weights(static_cast<std::size_t>(v.columns));
  std::vector<Wide> ends(weights.size());
  for (std::int64_t row = 0; row < v.rows; ++row) {
    const double scale = weight_scale(v.tilt, summaries[row].top);
    Wide sum = 0;
    for (std::int64_t j = 0; j < v.columns; ++j) {
      const auto at = static_cast<std::size_t>(j);
      weights[at] = weight_at(policy, v, scale, row, j);
      ends[at] = sum += weights[at];
    }
    const auto weight = [&](std::int64_t j) { return weights[static_cast<std::size_t>(j)]; };
    for (std::int64_t trial = 0; trial < k; ++trial) {
      const std::uint64_t u =
          leading_bits(words, stream_of(policy, row, trial, first_row), 0, bits);
      std::int64_t& column = out[row * k + trial];
      if (policy.is(Fault::float_cumulative_sum)) {
        column = draw_from_floats(weight, v.columns, u, bits);
        continue;
      }
      const Wide chosen = policy.is(Fault::open_closed_swapped) ? static_cast<Wide>(u) + 1 : u;
      const Wide target = target_of(chosen, bits, sum);
      column = std::partition_point(ends.begin(), ends.end(),
                                    [&](Wide end) { return !is_beyond(policy, end, target); }) -
               ends.begin();
    }
  }
}

/// The words of a stream one after the other, so that a block of Philox is formed once.
inline void read_words(const PhiloxWords& words, Stream stream, std::vector<std::uint32_t>& into) {
  for (std::size_t c = 0; c < into.size(); c += 4) {
    const PhiloxBlock block = words.block(stream, static_cast<std::uint32_t>(c / 4));
    std::copy_n(block.word, std::min<std::size_t>(4, into.size() - c),
                into.begin() + static_cast<std::ptrdiff_t>(c));
  }
}
inline void read_words(const GivenWords& words, Stream stream, std::vector<std::uint32_t>& into) {
  for (std::size_t c = 0; c < into.size(); ++c) into[c] = words.word32(stream, c);
}

/// The winners of one trial in order, from the keys of the columns that have one.
template <class Policy>
void winners(const Policy& policy, const std::vector<Keyed>& keys, bool skip, std::int64_t count,
             std::int64_t* out) {
  Keyed last{0.0, -1};
  for (std::int64_t place = skip ? -1 : 0; place < count; ++place) {
    Keyed best{0.0, -1};
    for (const Keyed& mine : keys) {
      const bool open =
          last.column < 0 || comes_before(policy, last, mine) || policy.is(Fault::duplicates);
      if (open && comes_before(policy, mine, best)) best = mine;
    }
    last = best;
    if (place >= 0) out[place] = best.column;
  }
}

/// As `draw_keys`.
template <class Words, class Policy>
void keys(const Policy& policy, const View& v, const Words& words, Method method,
          std::int64_t first_row, std::int64_t trials, std::int64_t count, int bits,
          const RowSummary* summaries, std::int64_t* out) {
  const bool draws = method != Method::top_k, skip = skips_the_first(policy, method);
  const auto per_trial = static_cast<std::size_t>(draws ? v.columns * words_of(bits) : 0);
  std::vector<std::uint32_t> buffer(per_trial);
  const GivenWords read{buffer.data(), 1, per_trial, 0};
  std::vector<Keyed> strengths, keyed;
  for (std::int64_t row = 0; row < v.rows; ++row) {
    strengths.clear();
    for (std::int64_t j = 0; j < v.columns; ++j) {
      const Keyed s = strength_of(policy, v, method, summaries[row].top, row, j);
      if (s.column >= 0) strengths.push_back(s);
    }
    keyed = strengths;
    for (std::int64_t trial = 0; trial < trials; ++trial) {
      if (draws) read_words(words, stream_of(policy, row, trial, first_row), buffer);
      for (std::size_t i = 0; draws && i < strengths.size(); ++i) {
        const double e = exponential_variate(policy, read, {0, 0}, strengths[i].column, bits);
        keyed[i].key = key_from(method, strengths[i].key, e);
      }
      winners(policy, keyed, skip, count, out + (row * trials + trial) * count);
    }
  }
}

}  // namespace assay::kernels::sampling::one_core
