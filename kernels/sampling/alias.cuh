// SPDX-License-Identifier: Apache-2.0
// Draws from alias tables: words (0, 1) choose the column, words (2, 3) keep it or give way.
#pragma once

#include "kernels/sampling/uniform.cuh"

namespace assay::kernels::sampling {

/// out[row][trial]; accept and other are [rows][columns].
template <class Words, class Policy>
struct AliasTrial {
  Policy policy;
  Words words;
  std::int64_t columns, first_row, k;
  const std::uint64_t* accept;
  const std::int64_t* other;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t index) const {
    const std::int64_t row = index / k;
    const Stream stream = stream_of(policy, row, index % k, first_row);
    const std::uint64_t column =
        scaled_to(words.word64(stream, 0), 64, static_cast<std::uint64_t>(columns));
    const std::uint64_t v = words.word64(stream, 1);
    const std::int64_t at = row * columns + static_cast<std::int64_t>(column);
    const bool keeps = (v < accept[at]) != policy.is(Fault::alias_inverted);
    std::int64_t result = keeps ? static_cast<std::int64_t>(column) : other[at];
    if (!keeps && policy.is(Fault::alias_off_by_one)) result = (result + 1) % columns;
    out[index] = result;
  }
};

}  // namespace assay::kernels::sampling
