// SPDX-License-Identifier: Apache-2.0
// Draws with equal weights: indices, distinct indices, anchors with positives, permutations, and
// tuples by rejection. A trial is an object that is called with its number: by a thread each on a
// device and under the emulator, in a loop on one core.
//
// A number below n is floor(u n / 2^b). Of the 2^b values of u, each result gets floor(2^b / n) or
// one more, so that the law is within n 2^-b / 4 of uniform in total variation; b = 64 except for
// `uniform`, whose bits the caller chooses.
#pragma once

#include "kernels/sampling/allowed.hpp"
#include "kernels/sampling/population.cuh"

namespace assay::kernels::sampling {

inline constexpr int uniform_threads = 128;

/// AllowedSets where a kernel runs; `by_label` may be null.
struct Allowed {
  const std::int64_t* by_label;
  const Excluded* rows;

  /// The allowed column of a rank, in rising order.
  __host__ __device__ std::int64_t column(std::int64_t row, std::int64_t rank) const {
    const Excluded& e = rows[row];
    if (rank >= e.rank[0]) ++rank;
    if (rank >= e.rank[1]) ++rank;
    if (e.members == 0) return rank;
    // Members that come before it: those whose column less the members before them is <= rank.
    const std::int64_t* const members = by_label + e.class_first;
    std::int64_t low = 0, high = e.members;
    while (low < high) {
      const std::int64_t middle = low + (high - low) / 2;
      if (members[middle] - middle <= rank)
        low = middle + 1;
      else
        high = middle;
    }
    return rank + low;
  }
};

/// The number of this thread among those of a launch.
__device__ inline std::int64_t thread_number() {
  return static_cast<std::int64_t>(blockIdx.x) * uniform_threads + threadIdx.x;
}

/// One thread per trial.
template <class Trial>
static __global__ void __launch_bounds__(uniform_threads)
    run_trials(Trial trial, std::int64_t count) {
  const std::int64_t index = thread_number();
  if (index < count) trial(index);
}

/// Calls a trial with every number below `count`.
template <class Memory, class Trial>
void for_each_trial(Memory& memory, const Trial& trial, std::int64_t count) {
  if constexpr (Memory::launches) {
    const std::int64_t blocks = (count + uniform_threads - 1) / uniform_threads;
    launch(run_trials<Trial>, dim3(static_cast<unsigned>(blocks)), dim3(uniform_threads), 0, trial,
           count);
    memory.launched();
  } else {
    for (std::int64_t i = 0; i < count; ++i) trial(i);
  }
}

/// out[row][trial].
template <class Words, class Policy>
struct UniformTrial {
  Policy policy;
  Allowed allowed;
  Words words;
  std::int64_t first_row, k;
  int bits;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t index) const {
    const std::int64_t row = index / k;
    const auto n = static_cast<std::uint64_t>(allowed.rows[row].allowed);
    if (n == 0) return;
    const std::uint64_t u =
        leading_bits(words, stream_of(policy, row, index % k, first_row), 0, bits);
    out[index] = allowed.column(row, static_cast<std::int64_t>(rank_of(u, n)));
  }

 private:
  __host__ __device__ std::uint64_t rank_of(std::uint64_t u, std::uint64_t n) const {
    if (policy.is(Fault::modulo_biased)) return u % n;
    if (policy.is(Fault::modulo_of_eight_bits) && bits > 8) return (u >> (bits - 8)) % n;
    return scaled_to(u, bits, n);
  }
};

/// A step of a Fisher-Yates shuffle that was carried out: place `place` was exchanged with this
/// one, and received `moved`, what had been at the step's own place.
struct Exchange {
  std::int64_t place, moved;
};

/// What is at a place after so many exchanges; places below `count` are never asked for again.
__host__ __device__ inline std::int64_t value_at(const Exchange* done, std::int64_t count,
                                                 std::int64_t place) {
  for (std::int64_t i = count - 1; i >= 0; --i)
    if (done[i].place == place) return done[i].moved;
  return place;
}

/// out[row][k], a partial Fisher-Yates shuffle of ranks; `exchanges` [rows][k].
template <class Words, class Policy>
struct DistinctTrial {
  Policy policy;
  Allowed allowed;
  Words words;
  std::int64_t first_row, k;
  Exchange* exchanges;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t row) const {
    const std::int64_t n = allowed.rows[row].allowed;
    if (n < k) return;
    const Stream stream = stream_of(policy, row, 0, first_row);
    Exchange* const mine = exchanges + row * k;
    for (std::int64_t i = 0; i < k; ++i) {
      const std::uint64_t u = words.word64(stream, word_of_place(policy, i));
      const auto step =
          static_cast<std::int64_t>(scaled_to(u, 64, static_cast<std::uint64_t>(n - i)));
      const std::int64_t here = value_at(mine, i, i), there = value_at(mine, i, i + step);
      mine[i] = {policy.is(Fault::duplicates) ? std::int64_t{-1} : i + step, here};
      out[row * k + i] = allowed.column(row, there);
    }
  }
};

/// Anchors where a kernel runs.
struct AnchorView {
  const std::int64_t *column, *first, *count, *class_first;
  std::int64_t anchors, classes;
};

/// out[row][trial][2]: an anchor, every one alike, and another member of its class, all alike.
template <class Words, class Policy>
struct PairTrial {
  Policy policy;
  AnchorView v;
  Words words;
  std::int64_t first_row, k;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t index) const {
    const Stream stream = stream_of(policy, index / k, index % k, first_row);
    const std::uint64_t u = words.word64(stream, 0);
    auto anchor =
        static_cast<std::int64_t>(scaled_to(u, 64, static_cast<std::uint64_t>(v.anchors)));
    if (policy.is(Fault::anchor_by_class)) {
      const std::int64_t first =
          v.class_first[scaled_to(u, 64, static_cast<std::uint64_t>(v.classes))];
      const std::uint64_t rest = u * static_cast<std::uint64_t>(v.classes);
      anchor = first + static_cast<std::int64_t>(
                           scaled_to(rest, 64, static_cast<std::uint64_t>(v.count[first])));
    }
    const bool itself = policy.is(Fault::positive_equals_anchor);
    const std::int64_t others = v.count[anchor] - (itself ? 0 : 1);
    std::int64_t partner =
        v.first[anchor] + static_cast<std::int64_t>(scaled_to(words.word64(stream, 1), 64,
                                                              static_cast<std::uint64_t>(others)));
    if (partner >= anchor && !itself) ++partner;
    out[2 * index] = v.column[anchor];
    out[2 * index + 1] = v.column[partner];
  }
};

/// out[row][columns]: a permutation by Fisher-Yates, in place.
template <class Words, class Policy>
struct ShuffleTrial {
  Policy policy;
  Words words;
  std::int64_t first_row, columns;
  std::int64_t* out;

  __host__ __device__ void operator()(std::int64_t row) const {
    const Stream stream = stream_of(policy, row, 0, first_row);
    std::int64_t* const mine = out + row * columns;
    for (std::int64_t i = 0; i < columns; ++i) mine[i] = i;
    for (std::int64_t i = 0; i < columns; ++i) {
      const std::int64_t from = policy.is(Fault::batches_biased) ? 0 : i;
      const std::uint64_t u = words.word64(stream, word_of_place(policy, i));
      const std::int64_t other = from + static_cast<std::int64_t>(scaled_to(
                                            u, 64, static_cast<std::uint64_t>(columns - from)));
      const std::int64_t moved = mine[i];
      mine[i] = mine[other];
      if (!policy.is(Fault::duplicates)) mine[other] = moved;
    }
  }
};

}  // namespace assay::kernels::sampling
