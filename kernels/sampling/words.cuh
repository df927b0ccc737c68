// SPDX-License-Identifier: Apache-2.0
// Where a sampler's random words come from: Philox, or words that the caller wrote down.
//
// A kernel takes the source as a template parameter `Words` and asks for word c of a stream,
// `word32(stream, c)`. A stream belongs to one trial of one row. Which words a method uses is a
// function of its arguments alone (`words_per_trial`), never of the data, except that a rejection
// may stop early. docs/sampling.md states the rule.
#pragma once

#include "kernels/sampling/philox.cuh"

namespace assay::kernels::sampling {

/// One trial of one row: 0 <= row, trial < 2^32.
struct Stream {
  std::uint32_t row, trial;
};

/// Word c of a stream is word c mod 4 of the block whose counter is
/// (c / 4, trial, row, 16 * call + purpose), low word first, under the key `seed`. The counter is
/// an injective function of (c, trial, row, call, purpose) for c < 2^34, call < 2^28, purpose < 16.
struct PhiloxWords {
  std::uint64_t seed;
  std::uint32_t call, purpose;

  /// The counter of block `index` of a stream: words 4 index .. 4 index + 3.
  __host__ __device__ PhiloxBlock counter(Stream stream, std::uint32_t index) const {
    return {{index, stream.trial, stream.row, call << 4 | purpose}};
  }
  __host__ __device__ PhiloxBlock block(Stream stream, std::uint32_t index) const {
    return philox4x32_10(counter(stream, index), static_cast<std::uint32_t>(seed),
                         static_cast<std::uint32_t>(seed >> 32));
  }
  __host__ __device__ std::uint32_t word32(Stream stream, std::uint64_t c) const {
    return block(stream, static_cast<std::uint32_t>(c >> 2)).word[c & 3];
  }
  /// Words 2c and 2c + 1, the first one high.
  __host__ __device__ std::uint64_t word64(Stream stream, std::uint64_t c) const {
    const PhiloxBlock b = block(stream, static_cast<std::uint32_t>(c >> 1));
    const unsigned first = 2u * static_cast<unsigned>(c & 1);
    return std::uint64_t{b.word[first]} << 32 | b.word[first + 1];
  }
};

/// Words in memory, [rows][trials][words per trial]; rows are counted from `first_row`.
struct GivenWords {
  const std::uint32_t* words;
  std::uint64_t trials, per_trial;
  std::uint32_t first_row;

  __host__ __device__ std::uint32_t word32(Stream stream, std::uint64_t c) const {
    const std::uint64_t row = stream.row - first_row;
    return words[(row * trials + stream.trial) * per_trial + c];
  }
  __host__ __device__ std::uint64_t word64(Stream stream, std::uint64_t c) const {
    return std::uint64_t{word32(stream, 2 * c)} << 32 | word32(stream, 2 * c + 1);
  }
};

/// The c-th number of `bits` bits of a stream: the leading bits of one word for up to 32 bits, of
/// two words for up to 64.
template <class Words>
__host__ __device__ std::uint64_t leading_bits(const Words& words, Stream stream, std::uint64_t c,
                                               int bits) {
  if (bits <= 32) return words.word32(stream, c) >> (32 - bits);
  return words.word64(stream, c) >> (64 - bits);
}

/// Words that one number of so many bits takes.
__host__ __device__ constexpr int words_of(int bits) { return bits <= 32 ? 1 : 2; }

}  // namespace assay::kernels::sampling
